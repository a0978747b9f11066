"""Chapter 6: the answer first, then what the diagnosis has found; nothing is trained or diagnosed twice."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from forecasting.diagnosis.report import ComparedLosses, Diagnosis, DiagnosisReport
from forecasting.jobs.queue import JobQueue
from forecasting.lectures.what_is_wrong import case_settings
from forecasting.messages import Message
from forecasting.records import Progress, Run
from forecasting.sample import sample_channel
from forecasting.split import default_split
from pages.parts import session
from pages.parts.diagnosis_panel import _request
from tests.pages.parts.test_diagnosis_panel import PROBABILITIES, visitors_view
from tests.pages.test_pages import train, wait_for
from tests.pages.walkthrough.test_chapters import MOST_CONTROLS, MOST_WORDS, controls, words_on
from tests.support.filled_store import chance, write

PAGE = "walkthrough/what_is_wrong"
FOUND = Diagnosis("overfitting", 0.93, ("mismatch",), (Message("Level of views"),), None, PROBABILITIES)
LOSSES = ComparedLosses(67.0, 616.0, 197.0, 0.04, "linear, 28 days, solved exactly", 289.0, 484.0)


def said(app: AppTest) -> str:
    kinds = ("success", "info", "warning", "caption", "markdown")
    return " ".join(element.value for kind in kinds for element in app.main.get(kind))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.main.button]


def trained(app: AppTest, case: str) -> Run:
    """Put the run of a case into the visitor's store as if it had been trained."""
    here, settings = visitors_view(app), case_settings(default_split(sample_channel().views))[case]
    queue = JobQueue(here.store.engine)
    run_id = here.store.submit(here.owner, sample_channel(), settings, name=f"Case {case}")
    write(queue.claim_next().id, queue, settings, chance(1))
    return here.store.run(here.owner, run_id)


def diagnosed(app: AppTest, run: Run, **facts: object) -> None:
    """Put a finished diagnosis of it there too."""
    here = visitors_view(app)
    job_id, queue = here.jobs.submit(here.owner, sample_channel(), _request(here, run)), JobQueue(here.store.engine)
    assert queue.claim_next() == (job_id, "diagnose")
    queue.start(job_id, 1)
    report = DiagnosisReport(FOUND.evidence, replace(FOUND, **facts), losses=LOSSES)
    queue.report(job_id, 1, Progress(1.0, report, status="finished"))


def test_one_trains_then_answers_and_only_then_sees_the_diagnosis(visitor):
    app = visitor.go(PAGE)
    assert "Train this model" in labels(app) and "Diagnose" not in labels(app)
    run = trained(app, "small")
    app = visitor.go(PAGE)
    assert "Drag the point to the branch that you expect" in said(app)
    assert not {"Train this model", "Diagnose"} & {*labels(app)}
    app = visitor.go(PAGE, answer_small="2")
    assert "Diagnose" in labels(app) and "Drag the point" not in said(app)
    diagnosed(app, run)
    app = visitor.go(PAGE)
    assert "Diagnose" not in labels(app)
    assert "You said “Overfitting”; the diagnosis is “Overfitting”, 93 % confidence" in app.success[0].value
    assert "Also likely: Mismatch" in said(app)
    assert "· 197 |" in said(app)
    assert len(words_on(app)) <= MOST_WORDS and len(controls(app)) <= MOST_CONTROLS


def test_a_diagnosis_that_is_known_waits_for_an_answer(visitor):
    app = visitor.go(PAGE)
    diagnosed(app, trained(app, "small"))
    app = visitor.go(PAGE)
    assert "confidence" not in said(app) and not app.success
    app = visitor.go(PAGE, answer_small="0")
    assert "Does not hold here" in app.warning[0].value


def test_cannot_tell_is_an_answer(visitor):
    app = visitor.go(PAGE)
    diagnosed(app, trained(app, "small"), branch="cannot tell", confidence=None, also_likely=())
    app = visitor.go(PAGE, answer_small="5")
    assert "Cannot tell" in app.info[0].value and "The likeliest is “Overfitting”, with 93 %" in app.info[0].value


def test_each_model_has_an_answer_of_its_own_and_train_gets_its_settings(visitor):
    app = visitor.go(PAGE)
    trained(app, "slow")
    app = visitor.go(PAGE, answer_small="1")
    app.button(key="preset-1").click().run()
    assert "Drag the point to the branch that you expect" in said(app)
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    for part in ("window=28", "units=64", "learning_rate=1e-05", "epochs=20", "run=Case+slow"):
        assert part in link.proto.query_string


def test_a_run_of_the_visitors_own_can_be_chosen(visitor):
    app = train(visitor.go("train"), epochs=2, seeds=1, units=4, window=7)
    run = app.selectbox(key="run").value
    app = visitor.go(PAGE)
    app.selectbox(key="model").select(run).run()
    assert "Drag the point to the branch that you expect" in said(app)
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "run=ReLU" in link.proto.query_string


def test_a_run_that_diverged_needs_no_worker(visitor):
    app = train(
        visitor.go("train"),
        family="linear", optimizer="sgd", loss="mse", learning_rate=1.0, epochs=999, seeds=2, window=7,
    )  # fmt: skip
    run = app.selectbox(key="run").value
    app = visitor.go(PAGE, **{f"answer_{run[:6]}": "1"})
    app.selectbox(key="model").select(run).run()
    assert not app.exception and "the diagnosis is “Optimization issue”" in app.success[0].value


@pytest.mark.parametrize("answer", ["nowhere", "nan", "-7", "99"])
def test_an_answer_that_is_none_does_no_harm(visitor, answer):
    app = visitor.go(PAGE)
    trained(app, "small")
    assert not visitor.go(PAGE, answer_small=answer).exception


def test_a_model_is_trained_and_diagnosed_by_the_queue(visitor):
    app = visitor.go(PAGE, answer_small="0")
    next(button for button in app.main.button if button.label == "Train this model").click().run()
    wait_for(app, lambda: "Diagnose" in labels(app))
    next(button for button in app.main.button if button.label == "Diagnose").click().run()
    wait_for(app, lambda: bool(app.success))
    assert "the diagnosis is “Model bias”" in app.success[0].value
    assert session.store().runs(visitors_view(app).owner)[0].settings.architecture.window == 1
