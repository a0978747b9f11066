"""Chapter 5: a guess before training, losses and claims after it, and old links that open its parts."""

import pytest

from forecasting import owners
from forecasting.jobs.queue import JobQueue
from forecasting.lectures.depth import depth_settings
from forecasting.sample import sample_channel
from forecasting.split import YEAR_2022, clipped
from pages.parts import session
from pages.parts.chapters import MOVED
from tests.pages.test_pages import csv
from tests.support.filled_store import chance, write

PAGE = "walkthrough/deeper"


def fill(app, along="layers") -> None:
    """Put the chapter's runs into the visitor's store as if they had been trained."""
    owner = owners.browser(app.session_state["token"])
    store, queue = session.store(), JobQueue(session.store().engine)
    split = clipped(YEAR_2022, sample_channel().views)
    for place, settings in enumerate(depth_settings(split, along, 5)):
        store.submit(owner, sample_channel(), settings, name=f"Net {place}")
        write(queue.claim_next().id, queue, settings, chance(place))


def said(app) -> str:
    kinds = ("success", "info", "warning", "caption", "markdown")
    return " ".join(element.value for kind in kinds for element in app.main.get(kind))


def labels(app) -> list[str]:
    return [button.label for button in app.main.button]


def test_one_guesses_first_and_what_was_trained_is_not_trained_again(visitor):
    app = visitor.go(PAGE)
    assert "Where will held-out loss be lowest?" in said(app)
    assert "Train these nets" in labels(app)
    fill(app)
    app = visitor.go(PAGE)
    assert "Train these nets" not in labels(app)
    assert "Lowest train loss" in said(app)
    for claim in ("one layer to three", "three layers to four", "Five layers train worse"):
        assert claim in said(app)
    assert "Largest miss of 3 layers of 100 ReLU: 2022-" in said(app)


def test_formula_figures_and_link_follow_the_handle(visitor):
    app = visitor.go(PAGE)
    fill(app)
    app = visitor.go(PAGE, at="4")
    assert "36{,}101" in app.latex[0].value and "a^{4}" in app.latex[0].value
    assert "Largest miss of 4 layers of 100 ReLU" in said(app)
    (table,) = [text.value for text in app.main.markdown if "Held-out MAE" in text.value]
    assert "| Held-out MAE | 440 |" in table
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "layers=4" in link.proto.query_string and "units=100" in link.proto.query_string


@pytest.mark.parametrize("at", ["nowhere", "nan", "-7"])
def test_a_place_that_is_none_is_one_of_the_nets(visit, at):
    assert visit(PAGE, at=at).latex


def test_deep_is_held_beside_a_net_as_wide_as_it_has_parameters(visitor):
    app = visitor.go(PAGE)
    app.button(key="preset-2").click().run()
    assert "25{,}985" in app.latex[0].value
    fill(app, "shape")
    app = visitor.go(PAGE)
    assert "deep beats wide" in said(app)


def test_a_hidden_split_is_the_links(visit):
    app = visit(PAGE, hide="split", split="2017–2020 / 2021 (lecture)")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "split=2017" in link.proto.query_string
    assert not visit(PAGE, hide="split", split="Magic").exception


@pytest.mark.parametrize("moved", MOVED, ids=lambda moved: moved.address)
def test_old_addresses_lead_to_parts_that_there_are(visit, moved):
    chapter = visit(f"walkthrough/{moved.chapter}", part=moved.part)
    assert not chapter.toast and not chapter.exception


def test_a_part_that_there_is_not_is_noted(visit):
    assert "part = Nowhere" in visit(PAGE, part="Nowhere").toast[0].value


@pytest.mark.parametrize("days", [30, 70, 130])
@pytest.mark.parametrize("part", ["Depth", "Lecture's table", "Reveal"])
def test_no_part_stumbles_over_a_short_channel(visitor, days, part):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(days)).run()
    assert not visitor.go(PAGE, part=part).exception
