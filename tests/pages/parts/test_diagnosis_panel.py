"""The diagnosis of a run: asked for, worked out, shown, and followed by the next run."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from forecasting import owners
from forecasting.diagnosis.branches import BRANCH_NAMES
from forecasting.diagnosis.report import BetterReference, Diagnosis, DiagnosisReport, LargeError
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.store import JobStore
from forecasting.messages import Message, english
from forecasting.records import Progress
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from pages.parts import diagnosis_panel, session
from pages.parts.diagnosis_panel import _request
from pages.parts.run_settings import changes
from tests.pages.test_pages import csv, train, wait_for

PROBABILITIES = {"bias": 0.01, "optimization": 0.02, "overfitting": 0.93, "mismatch": 0.03, "fine": 0.01}


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption))


def verdicts(app: AppTest) -> list[str]:
    return next(list(table.value["Verdict"]) for table in app.dataframe if "Verdict" in table.value)


def visitors_view(app: AppTest) -> session.Session:
    return session.Session(
        translate=english,
        language="en",
        owner=owners.browser(app.session_state["token"]),
        store=session.store(),
        channels=session.channel_store(),
        jobs=JobStore(session.store().engine),
        workers=session.workers(),
        channel=sample_channel(),
    )


def fill(app: AppTest, single_seed: bool = False, better: BetterReference | None = None, **facts: object) -> None:
    """Put a finished diagnosis of the run shown into the store, without a worker."""
    here = visitors_view(app)
    run = here.store.run(here.owner, app.selectbox(key="run").value)
    said = (Message("Level of views"),) * 5
    diagnosis = replace(Diagnosis("overfitting", 0.93, (), said, None, PROBABILITIES), **facts)
    largest = (LargeError(pd.Timestamp("2022-12-26"), 4100.0, 5300.0),)
    job_id, queue = here.jobs.submit(here.owner, sample_channel(), _request(here, run)), JobQueue(here.store.engine)
    assert queue.claim_next() == (job_id, "diagnose")
    queue.start(job_id, 1)
    report = DiagnosisReport(said, diagnosis, single_seed, largest, better=better)
    queue.report(job_id, 1, Progress(1.0, report, status="finished"))


@pytest.fixture
def trained(visit: Callable[..., AppTest]) -> AppTest:
    return train(visit("train"), epochs=2, seeds=1, units=4, window=7)


def test_run_is_diagnosed_and_the_next_one_started(visit):
    app = visit()
    app.file_uploader[0].upload("mine.csv", csv()).run()
    app = train(visit("train"), epochs=2, seeds=2, family="linear", window=1)
    first = app.selectbox(key="run").value
    press(app, "Diagnose")
    wait_for(app, lambda: "% confidence" in words(app))
    assert any(f"#### {BRANCH_NAMES[name]}, " in words(app) for name in ("bias", "optimization"))
    assert "Errors, in views: " in words(app)
    assert "Diagnose" not in [button.label for button in app.button]
    press(app, "Try next")
    assert app.selectbox(key="run").value != first
    # The next run is another question.
    wait_for(app, lambda: "Diagnose" in [button.label for button in app.button])
    assert not app.exception


@pytest.mark.parametrize("language", ["English", "中文"])
@pytest.mark.parametrize("branch", BRANCH_NAMES)
def test_every_verdict_can_be_said(visit, branch, language):
    app = train(visit("train", lang=language), epochs=1, seeds=1, units=2, window=7)
    confidence = None if branch == "cannot tell" else 0.93
    fill(app, single_seed=True, branch=branch, also_likely=("mismatch",), confidence=confidence)
    app.run()
    assert not app.exception
    name = session.translator("zh")(BRANCH_NAMES[branch]) if language == "中文" else BRANCH_NAMES[branch]
    assert f"#### {name}" in words(app) and "93 %" in words(app)
    assert ("种子" if language == "中文" else "A single seed may be luck") in words(app)


def test_too_few_days_are_said_without_a_percentage(trained):
    fill(trained, branch="cannot tell", confidence=None, probabilities={})
    trained.run()
    assert "#### Cannot tell" in words(trained) and "too few days for a verdict" in words(trained)
    assert "%" not in words(trained)


def test_a_run_that_diverged_is_diagnosed_without_a_worker(visit):
    app = train(
        visit("train"), family="linear", optimizer="sgd", loss="mse", learning_rate=1.0, epochs=999, seeds=2, window=7
    )
    assert app.error and "#### Optimization issue" in words(app) and "It diverged in epoch" in words(app)
    first = app.selectbox(key="run").value
    train(app, learning_rate=0.001, epochs=2)
    ids = [run.id for run in visitors_view(app).store.runs(visitors_view(app).owner) if "exact" not in run.name]
    app = visit("compare", diagnosis="true", runs=ids)
    assert sorted(verdicts(app)) == ["Optimization issue", "–"]
    app.selectbox(key="diagnosed").select(first).run()
    assert "#### Optimization issue" in words(app)
    press(app, "Try next: Learning rate")
    assert app.title[0].value == "Train"
    assert app.selectbox(key="run").value not in ids


def test_a_better_reference_model_is_taken_with_one_press(trained):
    here = visitors_view(trained)
    first = trained.selectbox(key="run").value
    settings = here.store.run(here.owner, first).settings
    name = "linear, 7 days, solved exactly"
    exact = RunSettings(settings.split, Architecture("linear", 7), Training("mse", "exact"))
    fill(trained, better=BetterReference(name, exact, held_out=400.0, run_held_out=900.0, less=0.5))
    trained.run()
    said = f"“{name}” is better: its error is 50 % lower in validation, and on held-out 400 beside 900 views."
    assert said in words(trained)
    press(trained, f"Take “{name}” instead")
    taken = trained.selectbox(key="run").value
    assert taken != first and here.store.run(here.owner, taken).settings == exact


def test_next_run_is_not_called_what_the_run_itself_is(trained):
    here = visitors_view(trained)
    settings = here.store.run(here.owner, trained.selectbox(key="run").value).settings
    other = Training(settings.training.loss, learning_rate=0.003, epochs=60, seeds=5, schedule="cosine", batch_size=32)
    fill(trained, next_run=replace(settings, training=other))
    trained.run()
    (label,) = [button.label for button in trained.button if button.label.startswith("Try next")]
    assert label.startswith("Try next: Learning rate 0.003") and label.endswith("…")


def test_holidays_are_shown_for_a_country(trained):
    fill(trained)
    trained.run()
    table = trained.dataframe[0].value
    assert table.iloc[0].tolist() == ["2022-12-26 Mon", "4.10k", "5.30k"]
    box = next(box for box in trained.selectbox if box.label == "Show public holidays of")
    box.select("US").run()
    assert "Christmas" in trained.dataframe[0].value["Holiday within three days"][0]


def test_verdict_is_about_the_run_as_it_is(trained):
    """A smaller net that got further is news; a run on other windows is none."""
    fill(trained)
    trained.run()
    assert "#### Overfitting" in words(trained)
    shown = trained.selectbox(key="run").value
    train(trained, window=28, epochs=1)
    trained.selectbox(key="run").select(shown).run()
    assert "#### Overfitting" in words(trained)
    train(trained, window=7, family="linear")  # brings its exact solution along
    trained.selectbox(key="run").select(shown).run()
    wait_for(trained, lambda: "#### Overfitting" not in words(trained))
    here = visitors_view(trained)
    (nested,) = _request(here, here.store.run(here.owner, shown)).nested_runs
    assert here.store.run(here.owner, nested).settings.architecture.family == "linear"


def test_run_deleted_meanwhile_is_one_sentence(trained):
    here = visitors_view(trained)
    here.store.delete(here.owner, [trained.selectbox(key="run").value])
    press(trained, "Diagnose")
    assert "This run has been deleted" in trained.toast[0].value


def test_channel_too_short_to_diagnose_is_one_sentence(visit):
    app = visit()
    app.file_uploader[0].upload("short.csv", csv(days=72)).run()
    app = train(visit("train"), epochs=1, seeds=1, family="linear", window=1)
    press(app, "Diagnose")
    wait_for(app, lambda: bool(app.error))
    assert "too few" in app.error[0].value
    assert "Diagnose" in [button.label for button in app.button]


def test_stopped_run_is_judged_for_the_epochs_that_it_had(visit):
    app = visit("train")
    app.number_input(key="epochs").set_value(10_000)
    app.number_input(key="layers").set_value(4).run()
    press(app, "Train")
    wait_for(app, lambda: "left" in "".join(bar.text for bar in app.get("progress")))
    press(app, "Stop")
    wait_for(app, lambda: "Diagnose" in [button.label for button in app.button])
    here = visitors_view(app)
    run = here.store.run(here.owner, app.selectbox(key="run").value)
    assert _request(here, run).run.epochs == len(here.store.history(run.id)) < 10_000


def test_changes_are_named_in_words(trained):
    here = visitors_view(trained)
    settings = here.store.run(here.owner, trained.selectbox(key="run").value).settings
    kept = Regularisation(validation=0.2, patience=10)
    after = RunSettings(settings.split, settings.architecture, settings.training, regularisation=kept)
    assert changes(settings, after, str) == ["Validation part 0.2", "Early stopping (epochs) 10"]


def test_compare_diagnoses_all_ticked_runs_and_starts_the_next_one(visit):
    app = visit()
    app.file_uploader[0].upload("mine.csv", csv()).run()
    app = visit("train")
    train(app, epochs=2, seeds=2, units=4, window=1)
    train(app, epochs=1)
    app = visit("compare", diagnosis="true")
    press(app, "Diagnose these 2 runs")
    wait_for(app, lambda: "–" not in verdicts(app))
    assert len(verdicts(app)) == 2 and set(verdicts(app)) <= set(BRANCH_NAMES.values())
    assert "% confidence" in words(app)
    press(app, "Try next")
    assert app.title[0].value == "Train"
    assert len(app.selectbox(key="run").options) == 3


def test_next_run_is_shown_though_it_makes_the_answer_old(visit, monkeypatch):
    """A run that ends before the page is drawn again is evidence: the answer with its button is gone by then."""
    app = train(visit("train"), epochs=2, seeds=1, units=4, window=7)
    here = visitors_view(app)
    first = here.store.run(here.owner, app.selectbox(key="run").value)
    fill(app, next_run=replace(first.settings, architecture=Architecture("linear", 7)))
    app = visit("compare", diagnosis="true", runs=first.id)
    begin = diagnosis_panel._start

    def at_once(here, settings):
        begin(here, settings)
        monkeypatch.setattr(diagnosis_panel, "_nested_run", lambda *_run: ("another",))

    monkeypatch.setattr(diagnosis_panel, "_start", at_once)
    press(app.run(), "Try next")
    assert app.title[0].value == "Train"
    assert app.selectbox(key="run").value != first.id


def test_compare_says_so_when_nothing_has_ended(visit):
    app = visit("train")
    app.number_input(key="epochs").set_value(10_000)
    app.number_input(key="layers").set_value(4).run()
    press(app, "Train")
    wait_for(app, lambda: "left" in "".join(bar.text for bar in app.get("progress")))
    app = visit("compare", diagnosis="true")
    assert "Only a run that has ended" in words(app)
    press(visit("train"), "Stop")
