"""What a host sees of the queue, the workers and the store."""

import os
import time
from concurrent.futures import Executor, Future

import pytest

from forecasting.jobs import pool
from forecasting.jobs.database import url_of
from forecasting.jobs.kinds import JOB_KINDS
from forecasting.jobs.overview import QueueState, memory_of, queue_states, store_size, worker_states
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.store import JobStore
from forecasting.jobs.worker import work_on
from forecasting.server_log import JobEnd, ServerLog
from tests.forecasting.jobs.test_runs import channel, settings
from tests.support import job_kinds
from tests.support.job_kinds import Count
from tests.support.processes import wait_for


class Here(Executor):
    """Its worker is this process, and its one job ends when the test says so."""

    def __init__(self) -> None:
        self._processes, self.job = {os.getpid(): None}, Future()

    def submit(self, *work) -> Future:
        return self.job if len(work) > 1 else Future()

    def shutdown(self, **_how) -> None:
        pass


@pytest.fixture
def log(monkeypatch) -> ServerLog:
    log = ServerLog()
    monkeypatch.setattr(pool, "SERVER_LOG", log)
    return log


def test_an_empty_queue_has_no_lines(store):
    assert queue_states(store.engine) == []


def test_the_queue_by_kind_with_its_longest_wait(store):
    for epochs in (1, 2, 3):
        store.submit("me", channel(), settings(epochs=epochs), name="run")
    JobQueue(store.engine).claim_next()
    begun = time.time()
    (state,) = queue_states(store.engine)
    assert state == QueueState("train", waiting=2, running=1, oldest_wait=state.oldest_wait)
    assert 0 <= state.oldest_wait <= time.time() - begun + 60


def test_a_store_that_grows_is_seen_to(store):
    before = store_size(store.engine)
    store.submit("me", channel(), settings(), name="run")
    assert 0 < before < store_size(store.engine)


def test_a_process_that_is_gone_takes_nothing():
    assert memory_of(2**22 + 1) == 0
    assert memory_of(os.getpid()) > 10


def test_a_worker_is_seen_at_its_job_and_the_log_told_how_that_ended(store, log, monkeypatch):
    executor = Here()
    workers = WorkerPool(url_of(store.engine), slots=1, executor=lambda: executor, round_seconds=0.01)
    (idle,) = worker_states(workers)
    assert (idle.process, idle.kind, idle.seconds) == (os.getpid(), None, None)
    monkeypatch.setitem(JOB_KINDS, "count", job_kinds.KINDS["count"])
    job_id = JobStore(store.engine).submit("me", channel(), Count(to=3))
    workers.fill()
    wait_for(lambda: worker_states(workers)[0].kind == "count")
    assert worker_states(workers)[0].seconds >= 0
    ended: list[JobEnd] = []
    log.job = ended.append
    executor.job.set_result(work_on(url_of(store.engine), job_id))
    wait_for(lambda: ended)
    workers.close()
    assert (ended[0].kind, ended[0].result) == ("count", "finished")
    assert ended[0].memory > 10
