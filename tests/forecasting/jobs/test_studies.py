"""Questions that a worker answers: asked once, answered in steps, stopped when told."""

import json
import os
import signal
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting import studies
from forecasting.diagnosis.branches import NAMES
from forecasting.jobs import Jobs
from forecasting.jobs.studies import answer_study
from forecasting.messages import BadInput, Message
from forecasting.runs import Finding, Line, RunStore, Study, StudyStore
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Period, Split, default_split
from forecasting.windows import run_windows
from tests.forecasting.jobs.test_store import wait_for, worker_of


def channel() -> Channel:
    index = pd.date_range("2020-01-01", periods=400)
    values = 100 + 10.0 * (np.arange(400) % 7) + np.random.default_rng(0).normal(size=400)
    return Channel("mine", pd.Series(values, index=index, name="views"))


def counting(mine: Channel, request: dict):
    for step in range(1, request["to"] + 1):
        yield Finding(step / request["to"], {"sum": float(mine.views[:step].sum())}, b"%d" % step)


def refusing(_mine: Channel, _request: dict):
    yield Finding(0.5, {"half": True})
    raise BadInput("no more than {count}", count=5)


def weighing(_mine: Channel, request: dict):
    yield Finding(1.0, {"model": request["model"].decode()}, None if "keep" in request else b"another")


@pytest.fixture
def kept(tmp_path) -> StudyStore:
    store = RunStore(f"sqlite:///{(tmp_path / 'runs.db').as_posix()}")
    yield StudyStore(store)
    store.engine.dispose()


@pytest.fixture
def line(kept) -> Line:
    line = Line(kept.store.url)
    yield line
    line.engine.dispose()


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    monkeypatch.setitem(studies.KINDS, "counting", counting)
    monkeypatch.setitem(studies.KINDS, "refusing", refusing)
    monkeypatch.setitem(studies.KINDS, "weighing", weighing)


def answered(kept: StudyStore, line: Line, study_id: str) -> Study:
    """The study after this process has worked on it."""
    assert line.claim_next() == ("study", study_id)
    answer_study(kept.store.url, study_id)
    return kept.study("me", study_id)


def test_answer_and_its_model_come_back(kept, line):
    study = answered(kept, line, kept.ask("me", channel(), "counting", {"to": 3}))
    assert (study.status, study.share, study.request) == ("finished", 1.0, {"to": 3})
    assert study.answer == {"sum": float(channel().views[:3].sum())}
    assert kept.weights("me", study.id) == b"3"


def test_model_asked_about_goes_along_and_stays_unless_the_answer_brings_one(kept, line):
    study = answered(kept, line, kept.ask("me", channel(), "weighing", {}, b"mine"))
    assert (study.answer, study.request) == ({"model": "mine"}, {})
    assert kept.weights("me", study.id) == b"another"
    study = answered(kept, line, kept.ask("me", channel(), "weighing", {"keep": 1}, b"mine"))
    assert kept.weights("me", study.id) == b"mine"


def test_what_was_asked_before_is_not_worked_out_again(kept, line):
    study = answered(kept, line, kept.ask("me", channel(), "counting", {"to": 3}))
    assert kept.ask("me", channel(), "counting", {"to": 3}) == study.id
    assert line.claim_next() is None
    assert kept.asked("me", channel().fingerprint, "counting", {"to": 3}) == study
    assert kept.asked("me", channel().fingerprint, "counting", {"to": 4}) is None
    assert kept.asked("you", channel().fingerprint, "counting", {"to": 3}) is None
    assert kept.ask("me", channel(), "counting", {"to": 4}) != study.id
    assert [known.id for known in kept.studies("me", channel().fingerprint, "counting")][-1] == study.id


def test_nobody_sees_the_study_of_another(kept, line):
    study = answered(kept, line, kept.ask("me", channel(), "counting", {"to": 3}))
    assert kept.study("you", study.id) is None
    assert kept.weights("you", study.id) is None
    assert kept.ask("you", channel(), "counting", {"to": 3}) != study.id


def test_refused_study_says_why_keeps_what_it_found_and_can_be_asked_again(kept, line):
    study = answered(kept, line, kept.ask("me", channel(), "refusing", {}))
    assert (study.status, str(study.reason), study.answer) == ("failed", "no more than 5", {"half": True})
    again = kept.study("me", kept.ask("me", channel(), "refusing", {}))
    assert (again.id, again.status, again.reason, again.answer) == (study.id, "queued", None, None)


def test_waiting_study_stops_at_once(kept, line):
    study_id = kept.ask("me", channel(), "counting", {"to": 3})
    kept.cancel("you", study_id)
    assert kept.study("me", study_id).active
    kept.cancel("me", study_id)
    assert kept.study("me", study_id).status == "stopped"
    assert line.claim_next() is None


def test_runs_and_studies_wait_in_one_line(kept, line):
    run = RunSettings(default_split(channel().views), Architecture("linear", window=7), Training(epochs=1))
    first = kept.ask("me", channel(), "counting", {"to": 1})
    second = kept.store.queue("me", channel(), run, "run")
    yours = kept.ask("you", channel(), "counting", {"to": 1})
    assert [line.claim_next() for _slot in range(4)] == [("study", first), ("study", yours), ("run", second), None]


def test_time_left_follows_from_the_work_done():
    study = Study("i", "f", "counting", {}, "running", None, 0.0, share=0.25, seconds=5.0, answer=None)
    assert study.left == pytest.approx(15.0)


def test_channel_is_forgotten_with_its_studies(kept):
    study_id = kept.ask("me", channel(), "counting", {"to": 3})
    kept.store.forget_channel("me", channel().fingerprint)
    assert kept.study("me", study_id) is None


@pytest.mark.slow
def test_worker_is_stopped_in_the_middle_and_the_next_one_works(kept):
    """A real worker: it knows the real kinds only."""
    run = RunSettings(default_split(channel().views), Architecture("relu", 28, 2, 100), Training(epochs=10_000))
    workers = Jobs(kept.store.url, slots=1)
    try:
        study_id = kept.ask("me", channel(), "diagnosis", {"settings": run.to_json()})
        workers.fill()
        wait_for(lambda: kept.study("me", study_id).status == "running")
        kept.cancel("me", study_id)
        wait_for(lambda: kept.study("me", study_id).status == "stopped")
        linear = RunSettings(run.split, Architecture("linear", window=7), Training(optimizer="exact"))
        run_id = kept.store.queue("me", channel(), linear, "run")
        workers.fill()
        wait_for(lambda: kept.store.run("me", run_id).status == "finished")
    finally:
        workers.close()


@pytest.mark.slow
def test_killed_worker_leaves_a_study_that_says_so_in_its_own_words(kept):
    run = RunSettings(default_split(channel().views), Architecture("relu", 28, 2, 100), Training(epochs=10_000))
    workers = Jobs(kept.store.url, slots=1)
    try:
        study_id = kept.ask("me", channel(), "diagnosis", {"settings": run.to_json()})
        workers.fill()
        wait_for(lambda: worker_of(kept.store, study_id, "studies"))
        os.kill(worker_of(kept.store, study_id, "studies"), signal.SIGKILL)
        wait_for(lambda: kept.study("me", study_id).status == "failed")
        assert "killed" in str(kept.study("me", study_id).reason)
        assert "train" not in str(kept.study("me", study_id).reason)
    finally:
        workers.close()


def test_diagnosis_takes_what_the_run_came_to_and_tells_its_progress():
    mine, run = channel(), RunSettings(default_split(channel().views), Architecture("linear", 1), Training(epochs=2))
    judged = run_windows(mine.series, run).held_out
    perfect = judged.targets[None].repeat(2, axis=0)
    request = {"settings": run.to_json(), "peers": [], "train_loss": [3.0, 5.0], "predicted": perfect.tolist()}
    *findings, last = studies.diagnosis(mine, json.loads(json.dumps(request)))
    shares = [finding.share for finding in findings]
    assert shares == sorted(shares) and len(set(shares)) > 5
    assert [len(finding.answer["evidence"]) for finding in findings] == list(range(1, len(findings) + 1))
    said = [Message.from_record(record).translated() for record in last.answer["evidence"]]
    assert said[0].startswith("It errs by 4 views on train") and said[0].endswith("and 0 on held-out.")
    assert last.share == 1 and last.answer["branch"] in NAMES and json.dumps(last.answer)


def test_a_channel_too_short_to_be_diagnosed_says_so(kept, line):
    short = Channel("mine", channel().views[:120])
    split = Split(Period(date(2020, 3, 1), date(2020, 3, 3)), Period(date(2020, 3, 20), date(2020, 4, 20)))
    run = RunSettings(split, Architecture("linear", 1), Training(epochs=1))
    study = answered(kept, line, kept.ask("me", short, "diagnosis", {"settings": run.to_json()}))
    assert study.status == "failed" and "too few" in str(study.reason)
