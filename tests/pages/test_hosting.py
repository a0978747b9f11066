"""What a visitor sees of a host's limits."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import session
from tests.pages.conftest import Visitor


def test_a_limit_that_cannot_be_read_is_said_and_nothing_else_is_shown(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VIEWCAST_RUNS", "many")
    app = visitor.app.run()
    assert [error.value for error in app.error] == [
        r"VIEWCAST\_RUNS is “many”; give it a number above 0, or “none” for no limit."
    ]
    assert not app.title and not app.exception
    monkeypatch.setenv("VIEWCAST_RUNS", "5")
    assert visitor.app.run().title[0].value == "Data"


def press_train(app: AppTest, epochs: int) -> AppTest:
    app.number_input(key="epochs").set_value(epochs).run()
    next(button for button in app.button if button.label == "Train").click().run()
    assert not app.exception
    return app


def test_clicks_on_train_queue_up_to_the_limit_and_say_what_to_do(visit, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIEWCAST_QUEUE", "2")
    monkeypatch.setattr(session.workers(), "fill", lambda: None)  # nothing is begun
    app = visit("train")
    for epochs in (101, 102):
        assert not press_train(app, epochs).toast
    assert [bar.text for bar in app.get("progress")] == ["1 job before yours"]
    for epochs in (103, 104):
        assert [toast.value for toast in press_train(app, epochs).toast] == [
            "You have 2 jobs waiting or under way, the most that this server allows one person. "
            "Wait until one has ended, or stop one."
        ]
    assert len(app.selectbox(key="run").options) == 2
