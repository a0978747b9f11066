"""Reveal, a part of chapter 5: a vote is counted, days are uncovered, and one sentence says how little they prove."""

from forecasting.evaluation.baselines import BESIDE_RUNS
from forecasting.models.registry import label_of
from forecasting.settings import BOUNDS
from tests.pages.test_pages import csv, train, wait_for

BASELINES = [label_of(slug) for slug in BESIDE_RUNS]


PAGE, PART = "walkthrough/deeper", {"part": "Reveal"}


def press(app, word):
    return next(button for button in app.button if button.label == word).click().run()


def candidates(app):
    return app.radio(key="voted").options


def test_baselines_stand_without_any_run(visit):
    app = visit(PAGE, **PART)
    assert candidates(app) == BASELINES
    press(app, "Reveal")
    assert not app.exception
    assert "Nobody voted" in app.info[0].value
    assert len(app.dataframe[0].value) == len(BASELINES)


def test_vote_and_uncover(visitor):
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(300)).run()
    train(visitor.go("train"), epochs=3, seeds=2, units=4, window=7)
    app = visitor.go(PAGE, **PART, hidden="3")
    run = next(name for name in candidates(app) if "ReLU" in name)
    app.radio(key="voted").set_value("Yesterday").run()
    press(app, "Vote")
    press(app, "Vote")
    assert not app.exception
    assert app.radio(key="voted").value == "Yesterday"
    assert any(caption.value.endswith("Yesterday 2") for caption in app.caption)
    press(app, "Reveal")
    wait_for(app, lambda: len(app.dataframe) > 0)
    table = app.dataframe[0].value.set_index("Model")
    assert set(table.index) == {run, *BASELINES}
    assert table.loc["Yesterday", "Votes"] == 2
    assert "The vote" in app.info[0].value and "prove little" in app.warning[0].value
    # Another number of days is another election.
    app.slider(key="hidden").set_value(5).run()
    assert not app.exception and not app.dataframe
    assert not [caption for caption in app.caption if caption.value.startswith("Votes")]


def test_as_many_days_as_can_be_hidden(visit):
    app = press(visit(PAGE, **PART, hidden="28"), "Reveal")
    assert not app.exception
    assert app.slider(key="hidden").value == 28 <= BOUNDS["horizon"][1]


def test_page_in_chinese(visit):
    app = visit(PAGE, part="揭晓", lang="中文")
    assert "上周同一天" in candidates(app)
