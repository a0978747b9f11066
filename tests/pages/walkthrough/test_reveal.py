"""Reveal, a part of chapter 5: a vote is counted, days are uncovered, and one sentence says how little they prove."""

from forecasting.evaluation.baselines import BESIDE_RUNS
from forecasting.jobs.failures import failure
from forecasting.jobs.queue import JobQueue
from forecasting.models.registry import label_of
from forecasting.settings import BOUNDS
from pages.parts import session
from tests.pages.test_pages import csv, train, wait_for

BASELINES = [label_of(slug) for slug in BESIDE_RUNS]


PAGE, PART = "walkthrough/deeper", {"part": "Reveal"}


def press(app, word):
    return next(button for button in app.button if button.label == word).click().run()


def candidates(app):
    """Names on the buttons that vote, without their counts."""
    return [button.label.split(" · ")[0] for button in app.button if (button.key or "").startswith("vote-")]


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
    press(app, "Yesterday")
    press(app, "Yesterday · 1")
    assert not app.exception
    assert any(button.label == "Yesterday · 2" for button in app.button)
    press(app, "Reveal")
    wait_for(app, lambda: len(app.dataframe) > 0)
    table = app.dataframe[0].value.set_index("Model")
    assert set(table.index) == {run, *BASELINES}
    assert table.loc["Yesterday", "Votes"] == 2
    assert "The vote" in app.info[0].value and "prove little" in app.warning[0].value
    assert not candidates(app)
    # Another number of days is another election, and so is a new one.
    app.slider(key="hidden").set_value(5).run()
    assert not app.exception and not app.dataframe
    assert set(candidates(app)) == {run, *BASELINES} and not any(" · 2" in button.label for button in app.button)
    app.slider(key="hidden").set_value(3).run()
    press(app, "Vote anew")
    assert not app.dataframe and not any(" · 2" in button.label for button in app.button)


def test_a_worker_that_died_can_be_tried_again_at_once(visitor, monkeypatch):
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(300)).run()
    train(visitor.go("train"), epochs=2, seeds=1, units=4, window=7)
    app = visitor.go(PAGE, **PART, hidden="4")
    with monkeypatch.context() as patch:  # nobody works, until the job has failed
        patch.setattr(session.workers(), "fill", lambda: None)
        press(app, "Reveal")
    queue = JobQueue(session.store().engine)
    queue.fail(queue.claim_next().id, failure("killed", "reveal"))
    app.run()
    assert "was killed" in app.error[0].value
    press(app, "Try again")
    wait_for(app, lambda: len(app.dataframe) > 0 and not app.error)
    assert len(app.dataframe[0].value) == 1 + len(BASELINES)


def test_as_many_days_as_can_be_hidden(visit):
    app = press(visit(PAGE, **PART, hidden="28"), "Reveal")
    assert not app.exception
    assert app.slider(key="hidden").value == 28 <= BOUNDS["horizon"][1]


def test_page_in_chinese(visit):
    app = visit(PAGE, part="揭晓", lang="中文")
    assert "上周同一天" in candidates(app)
