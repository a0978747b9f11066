"""Workers and servers killed at random while a queue of runs is trained: nothing may be lost, wedged or written twice.

    python -m tests.benchmark.faults [KILLS] [RUNS]

Two servers work off a queue of RUNS runs. A worker or a whole server is killed KILLS times and a new server begun; runs
that failed go on from their last checkpoint. Then every run, every row, the processes and the database are looked at.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.heartbeats import HeartbeatObserver
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.worker import work_on
from forecasting.records import History
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from tests.support.processes import alive, wait_for

EPOCHS = 1500  # long enough for a worker to be caught at it
PATIENCE = 1800  # seconds for the whole of it
TIMEOUT = 15.0  # seconds without a heartbeat, shorter than in earnest: there are many kills
SERVERS = 0.3  # share of kills that take a whole server


def queue_runs(store: RunStore, count: int) -> list[str]:
    """Different runs of one size, so that each takes its time."""
    channel = sample_channel()
    split = default_split(channel.views)
    settings = [
        RunSettings(
            split, Architecture(window=7, units=32), Training(epochs=EPOCHS, seeds=2, learning_rate=1e-4 * (k + 1))
        )
        for k in range(count)
    ]
    return [store.submit("local", channel, one, name=str(k)) for k, one in enumerate(settings)]


def serve(url: str) -> None:
    """A server without pages, until it is killed."""
    WorkerPool(url, slots=1, observer=HeartbeatObserver(timeout=TIMEOUT), round_seconds=1.0)
    threading.Event().wait()


def start_server(url: str) -> subprocess.Popen:
    """A server in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "tests.benchmark.faults", "serve", url])


def training(store: RunStore) -> set[int]:
    """Processes of the workers that have begun a run and not ended it, as far as they are still there."""
    query = "select worker from jobs where status = 'running' and worker is not null"
    with store.engine.connect() as connection:
        return {worker for worker in connection.exec_driver_sql(query).scalars() if alive(worker)}


def resume_failed(store: RunStore) -> int:
    """How many runs had failed, and are queued again."""
    failed = [run.id for run in store.runs("local") if run.status == "failed"]
    for run_id in failed:
        store.resume("local", run_id)
    return len(failed)


def undisturbed(settings: RunSettings) -> History:
    """What the run comes to where nobody is killed."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(open_engine(f"sqlite:///{(Path(folder) / 'runs.db').as_posix()}"))
        run_id = store.submit("local", sample_channel(), settings, name="undisturbed")
        JobQueue(store.engine).claim_next()
        work_on(url_of(store.engine), run_id)
        history = store.history(run_id)
        store.engine.dispose()
    return history


def check(store: RunStore, ids: list[str]) -> str:
    """Fails loudly where a run or a row is missing, or other than it would have been; what SQLite says of the file."""
    for run_id in ids:
        assert store.run("local", run_id).status == "finished"
        assert np.array_equal(store.history(run_id).epoch, np.arange(1, EPOCHS + 1)), run_id
    expected, first = undisturbed(store.run("local", ids[0]).settings), store.history(ids[0])
    assert np.array_equal(first.train_loss, expected.train_loss)
    with store.engine.connect() as connection:
        return connection.exec_driver_sql("pragma integrity_check").scalar()


def main(kills: int = 50, runs: int = 20) -> None:
    """Print how it went; fails loudly where anything is wrong."""
    chance, begun = random.Random(0), time.monotonic()
    killed, again, seen = {"workers": 0, "servers": 0}, 0, set()
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(open_engine(f"sqlite:///{(Path(folder) / 'runs.db').as_posix()}"))
        ids, url = queue_runs(store, runs), url_of(store.engine)
        servers = [start_server(url) for _one in range(2)]
        while any(run.active or run.status == "failed" for run in store.runs("local")):
            assert time.monotonic() - begun < PATIENCE, "the queue is wedged"
            workers = training(store)
            seen |= workers
            if sum(killed.values()) < kills and workers and chance.random() < SERVERS:
                place = chance.randrange(2)
                servers[place].kill()
                servers[place].wait()
                servers[place] = start_server(url)
                killed["servers"] += 1
            elif sum(killed.values()) < kills and workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(sorted(workers)), signal.SIGKILL)
                    killed["workers"] += 1
            again += resume_failed(store)
            threading.Event().wait(chance.uniform(0.2, 3.0))
        for server in servers:
            server.kill()
            server.wait()
        wait_for(lambda: not any(map(alive, seen)))
        sound = check(store, ids)
        assert sound == "ok"
        store.engine.dispose()
    print(f"{killed['workers']} workers and {killed['servers']} servers killed, {again} failed runs continued,")
    print(f"{runs} of {runs} runs finished with {EPOCHS} rows each, the first row for row as undisturbed,")
    print(f"no worker left over, integrity check {sound}, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    else:
        main(*map(int, sys.argv[1:]))
