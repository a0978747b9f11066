"""What a page's rerun and a worker ask of the store, on SQLite and on PostgreSQL side by side.

    python -m tests.benchmark.stores

Starts a PostgreSQL server with the settings of a lasting one, and fills a store in each with RUNS runs of 100 epochs.
Prints the middle of ROUNDS in milliseconds by the clock, the two by turns; the server's answers come from 127.0.0.1.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import open_engine
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.networks.training import Row
from forecasting.records import Progress, TrainingProgress
from forecasting.sample import sample_channel
from tests.support.filled_store import fill, many_settings
from tests.support.postgresql import LASTING, running

OWNER, WORKER = "me", 1
RUNS, ROUNDS = 30, 30


def questions(url: str) -> dict[str, Callable[[], object]]:
    """What is asked, by name, of a store that is filled first."""
    store = RunStore(open_engine(url))
    jobs, channels, queue = JobStore(store.engine), ChannelStore(store.engine), JobQueue(store.engine)
    shown = fill(store, OWNER, RUNS)[-4:]
    trained = store.submit(OWNER, sample_channel(), many_settings(RUNS + 1)[-1], name="trained")
    queue.claim_next()
    queue.start(trained, WORKER)
    losses = np.ones(5)
    rows = [Row(epoch, losses, losses, losses, 0.001, 1.0, None) for epoch in range(1, 11)]
    fingerprint = sample_channel().fingerprint
    return {
        "list of runs": lambda: store.runs(OWNER),
        "last losses of all runs": lambda: store.final_losses(OWNER),
        "curves of four runs": lambda: [store.history(run_id) for run_id in shown],
        "channels": lambda: channels.channels(OWNER),
        "a channel": lambda: channels.channel(OWNER, fingerprint),
        "jobs of a kind": lambda: jobs.jobs(OWNER, fingerprint, "forecast"),
        "a run's state": lambda: store.run(OWNER, trained),
        "a worker's look": lambda: queue.requested(trained, WORKER),
        "ten epochs reported": lambda: queue.report(trained, WORKER, Progress(0.5, training=TrainingProgress(rows))),
        "the store opened": lambda: open_engine(url).dispose(),
    }


def timed(ask: Callable[[], object]) -> float:
    """Milliseconds by the clock."""
    begun = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(LASTING) as server, server.database("stores") as url:
        asked = {"SQLite": questions(f"sqlite:///{Path(folder, 'runs.db').as_posix()}"), "PostgreSQL": questions(url)}
        print(f"{'':24}" + "".join(f"{name:>12}" for name in asked))
        for what in asked["SQLite"]:
            times: dict[str, list[float]] = {name: [] for name in asked}
            for _round in range(ROUNDS):
                for name in asked:
                    times[name].append(timed(asked[name][what]))
            print(f"{what:24}" + "".join(f"{statistics.median(found):12.1f}" for found in times.values()), flush=True)


if __name__ == "__main__":
    main()
