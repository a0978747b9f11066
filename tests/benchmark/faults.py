"""Workers killed at random while a queue of runs is trained: nothing may be lost, wedged or written twice.

    python -m tests.benchmark.faults [KILLS] [RUNS]

Kills a random training process 50 times during a queue of 20 runs, lets failed runs go on from their last checkpoint,
then looks at every run, every row and the database itself.
"""

import contextlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.runs import RunStore
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split

EPOCHS = 1500  # long enough for a worker to be caught at it
PATIENCE = 1200  # seconds for the whole of it


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


def training(store: RunStore) -> dict[str, int]:
    """Run -> process of the runs that have written a row since they were started."""
    query = "select id, worker from jobs where status = 'running' and worker is not null"
    with store.engine.connect() as connection:
        return dict(connection.exec_driver_sql(query).all())


def main(kills: int = 50, runs: int = 20) -> None:
    """Print how it went; fails loudly where anything is wrong."""
    chance, begun = random.Random(0), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(open_engine(f"sqlite:///{(Path(folder) / 'runs.db').as_posix()}"))
        ids, pool, killed, again = queue_runs(store, runs), WorkerPool(url_of(store.engine), slots=2), 0, 0
        while any(run.active or run.status == "failed" for run in store.runs("local")):
            assert time.monotonic() - begun < PATIENCE, "the queue is wedged"
            if killed < kills and (victims := training(store)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(sorted(victims.values())), signal.SIGKILL)
                    killed += 1
            for run in store.runs("local"):
                if run.status == "failed":
                    store.resume("local", run.id)
                    again += 1
            pool.fill()
            threading.Event().wait(chance.uniform(0.2, 1.5))
        pool.close()
        for run_id in ids:
            assert store.run("local", run_id).status == "finished"
            history = store.history(run_id)
            assert np.array_equal(history.epoch, np.arange(1, EPOCHS + 1)), run_id
        with store.engine.connect() as connection:
            sound = connection.execute(sa.text("pragma integrity_check")).scalar()
        assert sound == "ok"
        print(
            f"{killed} workers killed, {again} runs continued, {runs} of {runs} runs finished with {EPOCHS} rows each,"
        )
        print(f"integrity check {sound}, {time.monotonic() - begun:.0f} s")
        store.engine.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
