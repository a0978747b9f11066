"""Jobs that a worker does: submitted once, reported in steps, stopped when told."""

import json
import os
import signal
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.diagnosis.branches import BRANCH_NAMES
from forecasting.diagnosis.report import DiagnosisReport
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import url_of
from forecasting.jobs.kinds import JOB_KINDS
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import DiagnosisRequest, RunVersion
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.worker import work_on
from forecasting.json_records import from_json
from forecasting.networks.training import Row
from forecasting.records import Job, Progress, TrainingProgress
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Period, Split, default_split
from forecasting.windows import run_windows
from tests.forecasting.jobs.test_runs import worker_of
from tests.support import job_kinds
from tests.support.job_kinds import Count, Refuse, Weigh
from tests.support.processes import wait_for


def channel() -> Channel:
    index = pd.date_range("2020-01-01", periods=400)
    values = 100 + 10.0 * (np.arange(400) % 7) + np.random.default_rng(0).normal(size=400)
    return Channel("mine", pd.Series(values, index=index, name="views"))


@pytest.fixture
def jobs(store) -> JobStore:
    return JobStore(store.engine)


@pytest.fixture
def queue(jobs) -> JobQueue:
    return JobQueue(jobs.engine)


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for name, kind in job_kinds.KINDS.items():
        monkeypatch.setitem(JOB_KINDS, name, kind)


def done(jobs: JobStore, job_id: str) -> Job:
    """The job after this process has worked on it."""
    assert JobQueue(jobs.engine).claim_next().id == job_id
    work_on(url_of(jobs.engine), job_id)
    return jobs.job("me", job_id)


def result(jobs: JobStore, job: Job) -> dict | None:
    text = jobs.result("me", job.id)
    return json.loads(text) if text else None


def ended(store: RunStore, mine: Channel, run: RunSettings, predicted: np.ndarray, losses: np.ndarray) -> RunVersion:
    """A run of one epoch that has come to `predicted` (seeds, held-out days) and train `losses` (seeds,)."""
    queue, run_id = JobQueue(store.engine), store.submit("me", mine, run, name="run")
    assert queue.claim_next().id == run_id
    queue.start(run_id, 1)
    days = run_windows(mine.series, run).held_out.days
    rows = [Row(1, losses, losses, losses, 0.001, 0.1)]
    outcome = TrainingProgress(rows, predictions=pd.DataFrame(predicted.T, index=days), losses=(losses, losses))
    queue.report(run_id, 1, Progress(1.0, status="finished", training=outcome))
    return RunVersion(run_id, 1)


def test_result_and_its_model_come_back(jobs):
    job = done(jobs, jobs.submit("me", channel(), Count(3)))
    assert (job.status, job.share, job.kind, job.request) == ("finished", 1.0, "count", Count(3))
    assert result(jobs, job) == {"sum": float(channel().views[:3].sum())}
    assert jobs.model("me", job.id) == b"3"


def test_model_asked_about_goes_along_and_stays_unless_the_result_brings_one(jobs):
    job = done(jobs, jobs.submit("me", channel(), Weigh(), model=b"mine"))
    assert (result(jobs, job), job.request) == ({"model": "mine"}, Weigh())
    assert jobs.model("me", job.id) == b"another"
    job = done(jobs, jobs.submit("me", channel(), Weigh(keep=True), model=b"mine"))
    assert jobs.model("me", job.id) == b"mine"


def test_what_was_submitted_before_is_not_worked_on_again(jobs, queue):
    job = done(jobs, jobs.submit("me", channel(), Count(3)))
    assert jobs.submit("me", channel(), Count(3)) == job.id
    assert queue.claim_next() is None
    assert jobs.find("me", channel().fingerprint, Count(3)) == job
    assert jobs.find("me", channel().fingerprint, Count(4)) is None
    assert jobs.find("you", channel().fingerprint, Count(3)) is None
    assert jobs.submit("me", channel(), Count(4)) != job.id
    assert [known.id for known in jobs.jobs("me", channel().fingerprint, "count")][-1] == job.id
    assert jobs.jobs("me", channel().fingerprint, "weigh") == []


def test_nobody_sees_the_job_of_another(jobs):
    job = done(jobs, jobs.submit("me", channel(), Count(3)))
    assert jobs.job("you", job.id) is None
    assert jobs.result("you", job.id) is None
    assert jobs.model("you", job.id) is None
    assert jobs.submit("you", channel(), Count(3)) != job.id


def test_refused_job_says_why_keeps_what_it_found_and_can_be_submitted_again(jobs):
    job = done(jobs, jobs.submit("me", channel(), Refuse()))
    assert (job.status, job.reason.translated(), result(jobs, job)) == ("failed", "no more than 5", {"half": True})
    again = jobs.job("me", jobs.submit("me", channel(), Refuse()))
    assert (again.id, again.status, again.reason, result(jobs, again)) == (job.id, "queued", None, None)


def test_waiting_job_stops_at_once(jobs, queue):
    job_id = jobs.submit("me", channel(), Count(3))
    jobs.cancel("you", job_id)
    assert jobs.job("me", job_id).active
    jobs.cancel("me", job_id)
    assert jobs.job("me", job_id).status == "stopped"
    assert queue.claim_next() is None


def test_all_kinds_wait_in_one_queue(jobs, store, queue):
    run = RunSettings(default_split(channel().views), Architecture("linear", window=7), Training(epochs=1))
    first = jobs.submit("me", channel(), Count(1))
    second = store.submit("me", channel(), run, name="run")
    yours = jobs.submit("you", channel(), Count(1))
    claims = [queue.claim_next() for _slot in range(4)]
    assert claims == [(first, "count"), (yours, "count"), (second, "train"), None]


def test_a_run_is_a_job_and_other_jobs_are_no_runs(jobs, store):
    run = RunSettings(default_split(channel().views), Architecture("linear", window=7), Training(epochs=1))
    run_id = store.submit("me", channel(), run, name="run")
    job_id = jobs.submit("me", channel(), Count(1))
    assert (jobs.job("me", run_id).kind, jobs.job("me", run_id).request) == ("train", run)
    assert [one.id for one in store.runs("me")] == [run_id]
    store.delete("me", [run_id, job_id])
    assert store.run("me", run_id) is None and jobs.job("me", job_id)


def test_what_a_worker_reports_after_its_job_is_gone_is_dropped(jobs, queue):
    job_id = jobs.submit("me", channel(), Count(1))
    queue.claim_next()
    queue.start(job_id, worker=1)
    queue.report(job_id, 2, Progress(0.5, {"from": "another worker"}))
    assert (jobs.result("me", job_id), jobs.job("me", job_id).share) == (None, 0.0)
    ChannelStore(jobs.engine).forget("me", channel().fingerprint)
    queue.report(job_id, 1, Progress(0.5, {"too": "late"}))
    assert jobs.job("me", job_id) is None and queue.requested(job_id, 1) == "stop"


def test_a_worker_is_not_stopped_for_what_it_has_just_ended(jobs, queue):
    """Its watchdog may look between the last report and its own end, and would take the process along."""
    job_id = jobs.submit("me", channel(), Count(1))
    queue.claim_next()
    queue.start(job_id, worker=1)
    jobs.cancel("me", job_id)
    assert queue.requested(job_id, 1) == "stop"
    queue.report(job_id, 1, Progress(1.0, status="finished"))
    assert queue.requested(job_id, 1) is None
    assert queue.requested(job_id, 2) == "stop"


def test_time_left_follows_from_the_work_done():
    job = Job("i", "count", "f", Count(1), "running", None, 0.0, share=0.25, seconds=5.0)
    assert job.seconds_left == pytest.approx(15.0)
    assert replace(job, share=0.0).seconds_left is None


def test_channel_is_forgotten_with_its_jobs(jobs):
    job_id = jobs.submit("me", channel(), Count(3))
    ChannelStore(jobs.engine).forget("me", channel().fingerprint)
    assert jobs.job("me", job_id) is None


def long_diagnosis(store: RunStore) -> DiagnosisRequest:
    """A diagnosis that no test outlasts."""
    run = RunSettings(
        default_split(channel().views), Architecture("relu", 28, 2, 100), Training(epochs=10_000, seeds=1)
    )
    days = len(run_windows(channel().series, run).held_out)
    return DiagnosisRequest(ended(store, channel(), run, np.zeros((1, days)), np.ones(1)))


@pytest.mark.slow
def test_worker_is_stopped_in_the_middle_and_the_next_one_works(jobs, store):
    """A real worker: it knows the real kinds only."""
    request = long_diagnosis(store)
    workers = WorkerPool(url_of(jobs.engine), slots=1)
    try:
        job_id = jobs.submit("me", channel(), request)
        workers.fill()
        wait_for(lambda: jobs.job("me", job_id).status == "running")
        jobs.cancel("me", job_id)
        wait_for(lambda: jobs.job("me", job_id).status == "stopped")
        split = default_split(channel().views)
        linear = RunSettings(split, Architecture("linear", window=7), Training(optimizer="exact"))
        run_id = store.submit("me", channel(), linear, name="run")
        workers.fill()
        wait_for(lambda: store.run("me", run_id).status == "finished")
    finally:
        workers.close()


@pytest.mark.slow
def test_killed_worker_leaves_a_job_that_says_so_in_its_own_words(jobs, store):
    request = long_diagnosis(store)
    workers = WorkerPool(url_of(jobs.engine), slots=1)
    try:
        job_id = jobs.submit("me", channel(), request)
        workers.fill()
        wait_for(lambda: worker_of(jobs, job_id))
        os.kill(worker_of(jobs, job_id), signal.SIGKILL)
        wait_for(lambda: jobs.job("me", job_id).status == "failed")
        assert "killed" in jobs.job("me", job_id).reason.translated()
        assert "train" not in jobs.job("me", job_id).reason.translated()
    finally:
        workers.close()


def test_diagnosis_takes_what_the_run_came_to_and_tells_its_progress(jobs, store, queue, monkeypatch):
    run = RunSettings(default_split(channel().views), Architecture("linear", 1), Training(epochs=1))
    perfect = run_windows(channel().series, run).held_out.targets[None].repeat(2, axis=0)
    version = ended(store, channel(), run, perfect, np.array([3.0, 5.0]))
    reports, report = [], JobQueue.report
    monkeypatch.setattr(JobQueue, "report", lambda *given, **more: (reports.append(given[3]), report(*given, **more)))
    job = done(jobs, jobs.submit("me", channel(), DiagnosisRequest(version)))
    *steps, last, end = reports
    shares = [step.share for step in steps]
    assert shares == sorted(shares) and len(set(shares)) > 5
    assert [len(step.result.evidence) for step in steps] == list(range(1, len(steps) + 1))
    assert (last.share, end.status) == (1.0, "finished")
    found = from_json(DiagnosisReport, jobs.result("me", job.id))
    said = [message.translated() for message in found.evidence]
    assert said[0].startswith("Errors, in views: 4 on train") and said[0].endswith(", 0 on held-out.")
    assert found.diagnosis.branch in BRANCH_NAMES and found == last.result


def test_what_a_run_came_to_is_asked_for_as_it_stood(jobs, store):
    """A run that was trained on, or deleted, between the question and its worker is not taken for the one meant."""
    run = RunSettings(default_split(channel().views), Architecture("linear", 1), Training(epochs=1))
    days = len(run_windows(channel().series, run).held_out)
    version = ended(store, channel(), run, np.zeros((1, days)), np.ones(1))
    job = done(jobs, jobs.submit("me", channel(), DiagnosisRequest(replace(version, epochs=7))))
    assert (job.status, "trained on meanwhile" in job.reason.translated()) == ("failed", True)
    job_id = jobs.submit("me", channel(), DiagnosisRequest(version))
    store.delete("me", [version.id])
    job = done(jobs, job_id)
    assert (job.status, "has been deleted" in job.reason.translated()) == ("failed", True)


def test_a_channel_too_short_to_be_diagnosed_says_so(jobs, store):
    short = Channel("mine", channel().views[:120])
    split = Split(Period(date(2020, 3, 1), date(2020, 3, 3)), Period(date(2020, 3, 20), date(2020, 4, 20)))
    run = RunSettings(split, Architecture("linear", 1), Training(epochs=1))
    days = len(run_windows(short.series, run).held_out)
    version = ended(store, short, run, np.zeros((1, days)), np.ones(1))
    job = done(jobs, jobs.submit("me", short, DiagnosisRequest(version)))
    assert job.status == "failed" and "too few" in job.reason.translated()


def test_every_kind_can_be_loaded_and_takes_a_request_of_its_own():
    assert all(callable(kind.load()) for kind in JOB_KINDS.values())
    assert len({kind.request for kind in JOB_KINDS.values()}) == len(JOB_KINDS)
