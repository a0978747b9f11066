"""Jobs on many channels at once: one transaction, each once, as far as the host's limits go; and one stop for all."""

from dataclasses import replace

import pandas as pd
import pytest

from forecasting.hosting import UNLIMITED
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.kinds import JOB_KINDS
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.store import JobStore
from forecasting.records import Progress
from forecasting.series import Channel
from tests.support import job_kinds
from tests.support.job_kinds import Count

pytestmark = pytest.mark.both_databases

MINE, OTHERS = "mine", "other"


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for name, kind in job_kinds.KINDS.items():
        monkeypatch.setitem(JOB_KINDS, name, kind)


def keep(store, count: int) -> list[str]:
    found = []
    for place in range(count):
        views = pd.Series([float(place + day) for day in range(30)], pd.date_range("2024-01-01", periods=30))
        channel = Channel(f"channel {place}", views)
        ChannelStore(store.engine).save(MINE, channel)
        found.append(channel.fingerprint)
    return found


def finish_next(queue: JobQueue) -> None:
    claim = queue.claim_next()
    queue.start(claim.id, worker=1)
    queue.report(claim.id, 1, Progress(1.0, None, status="finished"))


def test_each_is_queued_once_in_order_and_what_is_done_is_not_done_again(store):
    jobs, fingerprints = JobStore(store.engine), keep(store, 3)
    asked = [(fingerprint, Count(3)) for fingerprint in fingerprints]
    assert jobs.submit_each(MINE, [*asked, ("0" * 16, Count(3))]) == (None, 0)  # the last one is of no channel
    assert sorted(state.fingerprint for state in jobs.states(MINE)) == sorted(fingerprints)
    finish_next(JobQueue(store.engine))
    before = {state.id: state.status for state in jobs.states(MINE)}
    assert sorted(before.values()) == ["finished", "queued", "queued"]
    assert next(one for one in jobs.states(MINE) if one.status == "finished").fingerprint == fingerprints[0]
    assert jobs.submit_each(MINE, asked) == (None, 0)
    assert {state.id: state.status for state in jobs.states(MINE)} == before


def test_what_the_host_does_not_allow_is_said_once_and_told_how_many_are_left(store):
    jobs, fingerprints = JobStore(store.engine, replace(UNLIMITED, queue=2)), keep(store, 5)
    asked = [(fingerprint, Count(3)) for fingerprint in fingerprints]
    refusal, left = jobs.submit_each(MINE, asked)
    assert "2 jobs" in refusal.translated() and left == 3
    finish_next(JobQueue(store.engine))
    assert jobs.submit_each(MINE, asked[-left:])[1] == 2
    assert len(jobs.states(MINE)) == 3


def test_one_stop_ends_what_waits_asks_what_runs_and_touches_nobody_elses(store):
    jobs, fingerprints = JobStore(store.engine), keep(store, 3)
    jobs.submit_each(MINE, [(fingerprint, Count(3)) for fingerprint in fingerprints])
    queue = JobQueue(store.engine)
    running = queue.claim_next().id
    queue.start(running, worker=1)
    ids = [state.id for state in jobs.states(MINE)]
    jobs.cancel_each(OTHERS, ids)
    assert queue.requested(running, worker=1) is None
    jobs.cancel_each(MINE, ids)
    assert queue.requested(running, worker=1) == "stop"
    assert sorted(state.status for state in jobs.states(MINE)) == ["running", "stopped", "stopped"]


def test_results_and_channels_come_in_one_query_and_only_ones_own(store):
    jobs, fingerprints = JobStore(store.engine), keep(store, 3)
    jobs.submit_each(MINE, [(fingerprint, Count(3)) for fingerprint in fingerprints])
    ids = [state.id for state in jobs.states(MINE)]
    found = jobs.results(MINE, ids[:2])
    assert set(found) == set(ids[:2]) and all(job.request == Count(3) for job, _result in found.values())
    assert jobs.results(OTHERS, ids) == {} and jobs.states(OTHERS) == []
    channels = ChannelStore(store.engine)
    assert {one.name for one in channels.several(MINE, fingerprints[1:]).values()} == {"channel 1", "channel 2"}
    assert channels.several(OTHERS, fingerprints) == {}
