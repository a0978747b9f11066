"""Chapter 10: what a batch size costs before and after training, and what is judged."""

from tests.pages.test_pages import csv, wait_for
from tests.pages.walkthrough.test_chapters import MOST_WORDS, words_on


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind)).replace("\\", "")


def judged(app) -> str:
    return " ".join(said(app, kind) for kind in ("success", "warning", "info"))


def labels(app) -> list[str]:
    return [button.label for button in app.main.button]


def test_updates_and_noise_stand_in_the_formula(visit):
    app = visit("walkthrough/batch_size", batch="1")
    assert "/ 1 \\rceil = 1770" in app.latex[0].value
    app.select_slider(key="batch").set_value(0).run()
    assert "= 1 \\\\" in app.latex[0].value
    assert "= 0" in app.latex[0].value
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "batch_size=0" in link.proto.query_string


def test_training_says_what_each_batch_size_comes_to(visitor):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(150)).run()
    app = visitor.go("walkthrough/batch_size", seeds="5")
    assert "Train with every batch size" in labels(app)
    assert "–" in said(app, "markdown")
    app.button(key="start").click().run()
    wait_for(app, lambda: "Stop" not in labels(app))
    found = judged(app)
    for claim in (
        "takes as long as one",
        "After equal epochs the large batch",
        "After equal epochs the small batch",
        "At equal training loss the small batch",
    ):
        assert claim in found
    assert "ms" in app.latex[0].value
    assert "Flatness is disputed" in said(app, "caption")
    assert len(words_on(app)) <= MOST_WORDS
    app.selectbox(key="equal").select("updates").run()
    assert "After equal updates the large batch" in judged(app)
    app.button(key="preset-0").click().run()
    assert app.select_slider(key="batch").value == 1
