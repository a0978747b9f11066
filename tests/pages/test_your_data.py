"""One's own data: saved by one visitor and opened by another, deleted for good, and taken along on signing in."""

import pytest
from streamlit.testing.v1 import AppTest

from forecasting.jobs.belongings import belongings
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.saved_work.file import to_file
from forecasting.jobs.saved_work.store import collect
from forecasting.owners import browser, user
from forecasting.sample import sample_channel
from forecasting.series import Channel
from pages.parts import identity
from pages.parts.session import store
from tests.pages.conftest import Visitor
from tests.support.filled_store import fill

ANN = {"is_logged_in": True, "iss": "https://id.example", "sub": "ann", "name": "Ann", "iat": 1000}
THEIRS = user("https://id.example", "ann")


@pytest.fixture
def owner(visitor: Visitor) -> str:
    """A visitor's browser that has two runs."""
    visitor.app.session_state.token = "ab" * 16
    fill(store(), browser("ab" * 16), 2)
    return browser("ab" * 16)


def texts(app: AppTest) -> str:
    return "\n".join(
        str(one.value) for kind in ("markdown", "caption", "info", "success", "error") for one in app.get(kind)
    )


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_it_says_how_much_there_is_and_deletes_it_at_the_second_press(visitor: Visitor, owner: str) -> None:
    app = visitor.go("your_data")
    assert figures(app)["Runs"] == "2" and "runs: 2" in texts(app)
    app.button(key="delete_all").click().run()
    assert not app.exception and "have been deleted" in texts(app)
    assert figures(app)["Runs"] == "0" and not belongings(store().engine, owner)
    assert visitor.go("train").selectbox(key="run").options == []


def test_a_file_of_another_visitor_comes_in_once_and_a_strangers_is_one_sentence(visitor: Visitor, owner: str) -> None:
    packed, other = to_file(collect(store().engine, owner)), Visitor()
    app = other.go("your_data")
    for content, said in (
        (packed, "runs 2"),
        (packed, "here already"),
        (packed[:99], "damaged"),
        (b"x", "no saved work"),
    ):
        app.file_uploader(key="saved_work").upload("work.zip", content, "application/zip").run()
        assert not app.exception and said in texts(app)
        assert figures(app)["Runs"] == "2"
        app.file_uploader(key="saved_work").clear().run()
    assert len(other.go("train").selectbox(key="run").options) == 2


def test_work_from_before_is_taken_along_and_signing_out_leaves_nothing(visitor: Visitor, owner: str) -> None:
    visitor.go("your_data")
    visitor.app.user = ANN
    app = visitor.go("your_data")
    assert "Signed in as Ann" in texts(app) and "runs: 2" in texts(app) and figures(app)["Runs"] == "0"
    app.button(key="take_along").click().run()
    assert figures(app)["Runs"] == "2" and "before you signed in" not in texts(app)
    assert not belongings(store().engine, owner) and belongings(store().engine, THEIRS).runs == 2
    visitor.go("train", run="Try 1")
    app.session_state.private = "theirs"
    app.button(key="sign_out").click().run()
    assert "private" not in app.session_state and "run" not in app.query_params


@pytest.mark.parametrize(
    ("set_up", "installed", "said"),
    [(["default"], False, "lacks the package Authlib"), (["default"], True, "not set up completely"), ([], True, "")],
)
def test_signing_in_that_cannot_be_is_a_sentence(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, set_up: list[str], installed: bool, said: str
) -> None:
    monkeypatch.setattr(identity, "providers", lambda: set_up)
    monkeypatch.setattr(identity, "can_sign_in", lambda: installed)
    app = visitor.go("your_data")
    buttons = [button for button in app.button if button.label == "Sign in"]
    assert bool(buttons) == bool(set_up and installed)
    for button in buttons:
        button.click().run()  # no secrets are there
    assert not app.exception and said in texts(app)


def test_forged_state_and_parameters_show_nothing_of_another(owner: str) -> None:
    hidden = Channel("confidential", sample_channel().views[:600] + 1)
    ChannelStore(store().engine).save(owner, hidden)
    run_id = store().runs(owner)[0].id
    forged = {"channel": hidden.fingerprint, "run": run_id, "runs": [run_id], "forecaster": run_id}
    for page in ("train", "compare", "forecast"):
        other = Visitor()
        for key, value in forged.items():
            other.app.session_state[key] = value
        app = other.go(page, channel="confidential", run="Try 1", forecaster="Try 1")
        shown = "\n".join(repr(element) for element in (app.main, app.sidebar))
        for said in ("the channel “confidential”, which is not here", "the run “Try 1”, which"):
            shown = shown.replace(said, "")  # what the link itself has
        assert not [secret for secret in ("confidential", hidden.fingerprint, "Try 1") if secret in shown], page
