"""Every chapter: few words, few controls, what a link hides, and channels that are too short. `CHAPTERS` names them."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.chapters import CHAPTERS
from tests.pages.test_pages import csv

ROOT = Path(__file__).parent.parent.parent.parent
MOST_WORDS, MOST_CONTROLS, PRESETS = 180, 4, 3
CONTROLS = ("selectbox", "slider", "select_slider", "toggle", "number_input", "segmented_control", "radio", "checkbox")
TEXTS = (
    "title",
    "header",
    "subheader",
    "caption",
    "markdown",
    "success",
    "info",
    "warning",
    "error",
    "button",
    "metric",
)
every_chapter = pytest.mark.parametrize("slug", [entry.slug for entry in CHAPTERS])


def controls(app: AppTest) -> list:
    return [control for kind in CONTROLS for control in app.main.get(kind)]


def words_on(app: AppTest) -> list[str]:
    """All that a visitor reads in the page itself: formulas, figures and signs are no words."""
    elements = [element for kind in TEXTS for element in app.main.get(kind)] + controls(app)
    texts = [getattr(element, "label", "") or str(element.value) for element in elements]
    texts += [link.proto.label for link in app.main.get("page_link")]
    return [word for text in texts for word in re.findall(r"[^\W\d_]{2,}|\bI\b|\ba\b", text)]


@every_chapter
def test_a_chapter_has_few_words_few_controls_and_three_presets(visit, slug):
    app = visit(f"walkthrough/{slug}")
    assert len(words_on(app)) <= MOST_WORDS
    assert 1 <= len(controls(app)) <= MOST_CONTROLS
    assert len([button for button in app.main.button if str(button.key).startswith("preset-")]) == PRESETS


@every_chapter
def test_hidden_controls_keep_the_links_values_and_every_output(visitor, visit, slug):
    shown = visit(f"walkthrough/{slug}")
    names = [control.key for control in controls(shown)]
    hidden = type(visitor)().go(f"walkthrough/{slug}", hide=",".join(names))
    assert controls(hidden) == []
    for kind in ("markdown", "success", "info", "warning", "latex", "metric"):
        assert [element.value for element in hidden.main.get(kind)] == [
            element.value for element in shown.main.get(kind)
        ]


@every_chapter
def test_presets_run_and_change_something(visitor, slug):
    for place in range(PRESETS):
        app = type(visitor)().go(f"walkthrough/{slug}")
        app.button(key=f"preset-{place}").click().run()
        assert not app.exception


@every_chapter
def test_a_chapter_opens_after_the_controls_of_train(visitor, slug):
    app = visitor.go("train")
    assert "noise" in {control.key for control in controls(app)}  # pictures may be called so too
    assert not visitor.go(f"walkthrough/{slug}").exception


@every_chapter
@pytest.mark.parametrize("days", [20, 70, 400])
def test_a_short_channel_gets_a_sentence_and_no_verdict_of_luck(visitor, slug, days):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(days)).run()
    app = visitor.go(f"walkthrough/{slug}")
    assert app.main.get("warning") or app.main.get("info") or app.main.get("success")


@every_chapter
def test_a_chapter_is_in_the_contents_with_a_picture(visit, slug):
    app = visit("walkthrough/contents")
    entry = next(entry for entry in CHAPTERS if entry.slug == slug)
    assert entry.title in " ".join(link.proto.label for link in app.main.get("page_link"))
    assert "<svg" in (ROOT / entry.picture).read_text("utf-8")


def test_contents_shows_how_far_one_has_come(visitor):
    visitor.go("walkthrough/three_steps")
    app = visitor.go("walkthrough/contents")
    assert "Opened" in str([element.value for element in app.main.markdown])
    app = visitor.go("walkthrough/three_steps")
    app.select_slider(key="rate").set_value(0.1).run()
    app = visitor.go("walkthrough/contents")
    assert "Done" in str([element.value for element in app.main.markdown])
