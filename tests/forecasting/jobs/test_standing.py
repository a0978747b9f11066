"""What ends nothing: a store that does not answer, a server that is killed, a clock that is set back."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from forecasting.jobs import heartbeats, pool, worker
from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.heartbeats import HEARTBEAT_TIMEOUT, HeartbeatObserver
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.queue import RESTARTS, JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.tables import jobs
from forecasting.jobs.worker import work_on
from forecasting.messages import Message
from tests.forecasting.jobs.test_runs import channel, report, row, said, settings
from tests.support.locks import locked
from tests.support.processes import alive, wait_for

ROOT = Path(__file__).parents[3]
ROUND = 0.01  # seconds


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class ByHand(Executor):
    """An executor whose jobs end when the test says so."""

    def __init__(self) -> None:
        self.futures: list[Future] = []

    def submit(self, *work) -> Future:
        self.futures += [Future()] if len(work) > 1 else []  # else it only starts the worker
        return self.futures[-1] if self.futures else Future()

    def shutdown(self, **_how) -> None:
        pass


@pytest.fixture
def executors() -> list[ByHand]:
    """All that a pool has made."""
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(store, executors, clock, monkeypatch) -> Iterator[WorkerPool]:
    """One slot, and rounds that follow each other at once."""
    monkeypatch.setattr(pool, "STORE_SECONDS", ROUND)

    def by_hand() -> ByHand:
        executors.append(ByHand())
        return executors[-1]

    workers = WorkerPool(
        url_of(store.engine), slots=1, executor=by_hand, observer=HeartbeatObserver(clock=clock), round_seconds=ROUND
    )
    yield workers
    workers.close()


@pytest.fixture
def queue(store) -> JobQueue:
    return JobQueue(store.engine)


def submitted(store: RunStore, epochs: int = 3, name: str = "run") -> str:
    return store.submit("me", channel(), settings(epochs=epochs), name=name)


def status(store: RunStore, run_id: str) -> str:
    return store.run("me", run_id).status


def beats_of(queue: JobQueue, run_id: str) -> int:
    return queue.beats().get(run_id, 0)


def rounds(queue: JobQueue, run_id: str, count: int = 3) -> None:
    """Wait for so many rounds of the server that has the run."""
    begun = beats_of(queue, run_id)
    wait_for(lambda: beats_of(queue, run_id) >= begun + count)


# A store that does not answer


@pytest.mark.both_databases
def test_a_slot_is_freed_though_the_store_is_locked_when_its_worker_dies(store, server, executors, store_url):
    first = submitted(store)
    wait_for(lambda: status(store, first) == "running" and executors[0].futures)
    with locked(store_url):
        executors[0].futures[0].set_exception(OSError("it broke"))
        wait_for(lambda: server.trouble)
        second = store.run("me", first).id
        assert second == first and status(store, first) == "running"  # nobody could write it down
    wait_for(lambda: status(store, first) == "failed")
    assert "it broke" in said(store, first)
    after = submitted(store, epochs=4)
    wait_for(lambda: status(store, after) == "running")
    assert server.trouble is None


@pytest.mark.both_databases
def test_a_store_that_does_not_answer_is_said_and_said_no_more(store, server, store_url, monkeypatch, caplog):
    rounds_lost = []
    monkeypatch.setattr(server._observer, "forget", lambda: rounds_lost.append(1))
    wait_for(lambda: server.trouble is None)
    with locked(store_url):
        wait_for(lambda: len(rounds_lost) > 3)
        assert "does not answer" in server.trouble.message.translated()
    wait_for(lambda: server.trouble is None)
    told = [record for record in caplog.records if record.name == "forecasting.jobs.pool"]
    assert [record.getMessage().split(".")[0] for record in told] == [
        "The store of channels and runs does not answer",
        "The store of channels and runs answers again",
    ]
    assert not any(record.exc_info for record in told)


@pytest.mark.both_databases
def test_nothing_is_taken_over_because_nobody_could_give_a_heartbeat(store, queue, server, clock, store_url):
    """Its worker could not write either."""
    run_id = submitted(store)
    wait_for(lambda: status(store, run_id) == "running")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("update jobs set worker = 1")
    with locked(store_url):
        wait_for(lambda: server.trouble)
        clock.now += 2 * HEARTBEAT_TIMEOUT
        wait_for(lambda: server.trouble)
    rounds(queue, run_id)
    assert status(store, run_id) == "running"


def test_a_run_goes_on_where_a_locked_store_let_it_stand(store, queue, store_url, monkeypatch):
    """Its epochs are those of a run that was never disturbed."""
    undisturbed = submitted(store)
    queue.claim_next()
    work_on(url_of(store.engine), undisturbed)
    run_id = store.submit("you", channel(), settings(epochs=3), name="run")
    queue.claim_next()
    impatient(monkeypatch)
    tried, reporting = threading.Event(), JobQueue.report

    def report_and_tell(*given, **more) -> None:
        try:
            reporting(*given, **more)
        except Exception:
            tried.set()
            raise

    monkeypatch.setattr(JobQueue, "report", report_and_tell)
    with contextlib.ExitStack() as lock:
        monkeypatch.setattr("forecasting.jobs.worker._exhaust", locking(lock, store_url))
        worker = threading.Thread(target=work_on, args=(url_of(store.engine), run_id))
        worker.start()
        assert tried.wait(60)
    worker.join(60)
    assert store.run("you", run_id).status == "finished"
    for name in ("epoch", "train_loss", "held_out_loss"):
        assert np.array_equal(getattr(store.history(run_id), name), getattr(store.history(undisturbed), name))


def locking(lock: contextlib.ExitStack, store_url: str):
    """A worker's loop that locks the store before it begins."""
    from forecasting.jobs.worker import _exhaust

    done = threading.Event()

    def exhaust(work, task, report) -> None:
        restore = task.runs.restore

        def restore_and_lock(run_id: str):
            found = restore(run_id)
            if not done.is_set():
                done.set()
                lock.enter_context(locked(store_url))
            return found

        task.runs.restore = restore_and_lock
        _exhaust(work, task, report)

    return exhaust


def impatient(monkeypatch) -> None:
    """A worker's connections give up at once, so that it has to try again by itself."""
    monkeypatch.setattr("forecasting.jobs.worker.open_engine", lambda url, **_how: open_engine(url, patience=ROUND))


@pytest.mark.both_databases
def test_rows_that_are_reported_twice_stand_once(store, queue):
    """The answer to the first report was lost."""
    run_id = submitted(store)
    queue.claim_next()
    queue.start(run_id, 1)
    for _time in range(2):
        report(queue, run_id, row(1), row(2))
    assert list(store.history(run_id).epoch) == [1, 2]


# Servers and workers that are gone


@pytest.mark.both_databases
def test_an_idle_server_takes_over_what_others_left_again_and_again(store, queue, server, clock, executors):
    for epochs in (1, 2):
        run_id = submitted(store, epochs)
        wait_for(lambda run_id=run_id: status(store, run_id) == "running")
        executors[0].futures[-1].set_result(None)  # this server has done its part, the run is another's
        wait_for(lambda epochs=epochs: pass_by(clock) and len(executors[0].futures) == 2 * epochs)
        queue.fail(run_id, Message("done"))  # before its slot is free: the clock has run, and it would be taken again
        executors[0].futures[-1].set_result(None)


def pass_by(clock: Clock) -> float:
    """Time in which a worker that is alive would have given a heartbeat."""
    clock.now += HEARTBEAT_TIMEOUT + 1
    return clock.now


def test_what_a_dead_server_left_waiting_is_begun_by_another(store, server):
    """Nobody tells this server that there is something new in the queue."""
    other = RunStore(open_engine(url_of(store.engine)))
    run_id = other.submit("me", channel(), settings(), name="run")
    wait_for(lambda: status(store, run_id) == "running")
    other.engine.dispose()


@pytest.mark.both_databases
def test_servers_that_claim_and_take_over_at_once_do_so_once(store, queue):
    """Four servers on one store, each with connections of its own."""
    ids = {
        store.submit(f"owner {number % 3}", channel(), settings(epochs=number + 1), name="run") for number in range(12)
    }
    servers = [JobQueue(open_engine(url_of(store.engine), patience=60)) for _server in range(4)]
    with ThreadPoolExecutor(len(servers)) as at_once:
        claims = list(at_once.map(lambda number: servers[number % 4].claim_next(), range(16)))
        assert Counter(claim.id for claim in claims if claim) == Counter(ids)
        left = queue.beats()
        for run_id, beats in left.items():
            list(at_once.map(lambda server, run_id=run_id, beats=beats: server.take_over(run_id, beats), servers))
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(jobs.c.status, jobs.c.restarts)).all() == [("queued", 1)] * len(ids)
    for server in servers:
        server.engine.dispose()


@pytest.mark.both_databases
def test_a_run_that_was_left_goes_on_from_its_checkpoint_but_not_for_ever(store, queue):
    """One that takes its server along, as by all its memory, would do so each time."""
    run_id = submitted(store)
    for _time in range(RESTARTS):
        queue.claim_next()
        queue.take_over(run_id, beats_of(queue, run_id))
        assert status(store, run_id) == "queued"
    queue.claim_next()
    queue.take_over(run_id, beats_of(queue, run_id))
    assert status(store, run_id) == "failed" and "has stopped" in said(store, run_id)
    submitted(store)  # pressed again
    queue.claim_next()
    queue.take_over(run_id, beats_of(queue, run_id))
    assert status(store, run_id) == "queued"


def test_a_run_whose_worker_gives_a_heartbeat_after_all_is_left_to_it(store, queue):
    run_id = submitted(store)
    queue.claim_next()
    before = beats_of(queue, run_id)
    queue.start(run_id, 1)
    queue.take_over(run_id, before)
    assert status(store, run_id) == "running" and queue.requested(run_id, 1) is None


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_anew_neither_keeps_nor_ends_a_run(store, queue, clock, monkeypatch, hours):
    run_id, observer, real = submitted(store), HeartbeatObserver(clock=clock), time.time
    queue.claim_next()
    assert observer.silent(queue.beats()) == {}
    monkeypatch.setattr(time, "time", lambda: real() + 3600 * hours)
    queue.start(run_id, 1)
    clock.now += HEARTBEAT_TIMEOUT - 1
    assert observer.silent(queue.beats()) == {}
    clock.now += HEARTBEAT_TIMEOUT - 1
    assert observer.silent(queue.beats()) == {}  # a heartbeat has come in between
    clock.now += 2
    assert list(observer.silent(queue.beats())) == [run_id]


def test_an_observer_takes_over_within_a_minute():
    assert HEARTBEAT_TIMEOUT + 2 * heartbeats.HEARTBEAT_SECONDS < 60


def test_jobs_of_a_server_that_lives_are_held(store, queue, server, clock):
    """Its workers may load torch for a minute, or take as long for one update."""
    run_id = submitted(store)
    wait_for(lambda: status(store, run_id) == "running")
    for _minute in range(5):
        rounds(queue, run_id)
        clock.now += HEARTBEAT_TIMEOUT - 1
    assert status(store, run_id) == "running"


SERVER = """
import os, time
from loky import ProcessPoolExecutor
from forecasting.jobs.watchdog import leave_with

def main():
    executor = ProcessPoolExecutor(max_workers=1, initializer=leave_with, initargs=(os.getpid(), 0.05))
    print(executor.submit(os.getpid).result(), flush=True)
    executor.submit(time.sleep, 600).result()

main()
"""


def test_a_worker_at_work_leaves_with_a_killed_server(tmp_path):
    (tmp_path / "server.py").write_text(SERVER)
    command, environment = [sys.executable, str(tmp_path / "server.py")], os.environ | {"PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    worker = int(server.stdout.readline())
    server.send_signal(signal.SIGKILL)
    server.wait()
    wait_for(lambda: not alive(worker))


STOPPED = """
import sys, time
from loky import ProcessPoolExecutor
from forecasting.jobs import pool

def work_for_long(url, job_id):
    time.sleep(600)

if __name__ == "__main__":
    pool.work_on = work_for_long
    workers = pool.WorkerPool(sys.argv[1], slots=1, executor=lambda: ProcessPoolExecutor(max_workers=1))
    while not workers.queue.beats():
        time.sleep(0.01)
"""


def test_a_server_that_is_told_to_stop_does_not_wait_for_its_jobs(store, tmp_path):
    run_id = submitted(store)
    (tmp_path / "server.py").write_text(STOPPED)
    command = [sys.executable, str(tmp_path / "server.py"), url_of(store.engine)]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, timeout=60)
    assert "server was stopped" in said(store, run_id)


@pytest.mark.both_databases
def test_closing_a_server_whose_store_is_locked_raises_nothing(store, server, store_url):
    run_id = submitted(store)
    wait_for(lambda: status(store, run_id) == "running")
    with locked(store_url):
        server.close()


def test_a_finished_job_is_not_taken_for_a_silent_one(store, queue, clock):
    observer, run_id = HeartbeatObserver(clock=clock), submitted(store)
    queue.claim_next()
    observer.silent(queue.beats())
    queue.fail(run_id, Message("over"))
    clock.now += 10 * HEARTBEAT_TIMEOUT
    assert observer.silent(queue.beats()) == {}
    assert JobStore(store.engine).job("me", run_id).status == "failed"


def test_a_store_of_before_has_no_counter_yet(store, queue, clock):
    observer, run_id = HeartbeatObserver(clock=clock), submitted(store)
    queue.claim_next()
    with store.engine.begin() as older:
        older.exec_driver_sql("update jobs set beats = null, restarts = null")
    observer.silent(queue.beats())
    clock.now += HEARTBEAT_TIMEOUT + 1
    for job_id, beats in observer.silent(queue.beats()).items():
        queue.take_over(job_id, beats)
    assert status(store, run_id) == "queued"


def test_a_worker_that_takes_too_much_ends_with_the_reason(store, queue, monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr("forecasting.jobs.worker._limit", 2e9)
    monkeypatch.setattr("forecasting.jobs.worker.resident_memory", lambda: 3e9)
    monkeypatch.setattr("forecasting.jobs.watchdog.os._exit", lambda _code: ended.set())
    run_id = submitted(store)
    queue.claim_next()
    monkeypatch.setattr("forecasting.jobs.worker._exhaust", lambda *_work: ended.wait(60))
    work_on(url_of(store.engine), run_id)
    assert ended.is_set() and "2.0 GB" in said(store, run_id)


def test_a_job_that_takes_too_long_ends_with_the_reason_and_the_next_has_its_own_time(store, queue, monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr("forecasting.jobs.worker._minutes", 0.002)
    monkeypatch.setattr("forecasting.jobs.watchdog.os._exit", lambda _code: ended.set())
    exhaust = worker._exhaust
    monkeypatch.setattr("forecasting.jobs.worker._exhaust", lambda *_work: ended.wait(60))
    run_id = submitted(store)
    queue.claim_next()
    work_on(url_of(store.engine), run_id)
    assert ended.is_set() and said(store, run_id) == (
        "Training took 0.002 minutes, the most that this server allows; continue it, or take fewer epochs."
    )
    monkeypatch.setattr("forecasting.jobs.worker._exhaust", exhaust)
    monkeypatch.setattr("forecasting.jobs.worker._minutes", 1.0)
    store.resume("me", run_id)
    queue.claim_next()
    work_on(url_of(store.engine), run_id)
    assert status(store, run_id) == "finished"


def test_a_run_too_large_for_a_worker_is_refused_in_a_sentence(store, queue, monkeypatch):
    monkeypatch.setenv("VIEWCAST_WORKER_MEMORY", "100")
    run_id = submitted(store)
    queue.claim_next()
    work_on(url_of(store.engine), run_id)
    assert status(store, run_id) == "failed" and "a worker has 0.1 GB" in said(store, run_id)
