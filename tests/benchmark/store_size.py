"""How large the store of runs grows, and by what: runs as a class trains them, short ones, and forecasts.

    python -m tests.benchmark.store_size [--runs 30] [--short 233] [--forecasts 4] [--budget 20]

Each part has a store of its own in a temporary folder, is done by this process as a worker does it, and is then cleaned
as the pool's round does. Sizes are of SQLite's file with its log written back, in MB: after the work, after cleaning,
and after all of it was removed.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from forecasting.hosting import read_hosting
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.cleaning import clean
from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.machine import use_one_thread
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import AutoSearch, ForecastRequest, RunVersion
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.worker import work_on
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split

CHANNEL = sample_channel()
SPLIT = default_split(CHANNEL.views)
OWNER = "measured"
LIMITS = read_hosting(None, {})  # of a hosted server


def submit_runs(engine: sa.Engine, count: int) -> None:
    """Networks of the default size, as clicks on Train with other learning rates queue them."""
    for number in range(count):
        _submit(engine, RunSettings(SPLIT, training=Training(learning_rate=0.0005 + number * 1e-5)))


def submit_short(engine: sa.Engine, count: int) -> None:
    """Small networks of ten epochs and a seed, as a table of many runs has them."""
    for number in range(count):
        training = Training(epochs=10, seeds=1, learning_rate=0.0005 + number * 1e-6)
        _submit(engine, RunSettings(SPLIT, Architecture(units=20), training))


def submit_forecasts(engine: sa.Engine, count: int, budget: float) -> None:
    """Forecasts by Auto that differ in their days ahead alone."""
    for number in range(count):
        request = ForecastRequest(28 + number, AutoSearch(budget, SPLIT))
        JobStore(engine).submit(OWNER, CHANNEL, request)


def submit_forecasts_of_run(engine: sa.Engine, count: int) -> None:
    """A large network of eight seeds (19 MB), and forecasts with it that differ in their days ahead."""
    settings = RunSettings(SPLIT, Architecture(layers=4, units=430), Training(epochs=1, seeds=8))
    _submit(engine, settings)
    run_id = settings.run_id(CHANNEL.fingerprint, OWNER)
    _work(engine)
    for number in range(count):
        JobStore(engine).submit(OWNER, CHANNEL, ForecastRequest(7 * (number + 1), RunVersion(run_id, epochs=1)))


def measure(name: str, submit: Callable[[sa.Engine], None]) -> None:
    """Print one line, and what the bytes are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "runs.db")
        engine = open_engine(f"sqlite:///{file.as_posix()}")
        submit(engine)
        _work(engine)
        worked = _megabytes(engine, file)
        clean(engine, LIMITS)
        print(f"{name}: {worked:.1f} MB, cleaned {_megabytes(engine, file):.1f} MB")
        print("\n".join(f"    {part} {size / 1e6:.1f}" for part, size in _parts(engine)))
        ChannelStore(engine).forget(OWNER, CHANNEL.fingerprint)
        clean(engine, LIMITS)
        print(f"    removed: {_megabytes(engine, file):.1f} MB")
        engine.dispose()


def _work(engine: sa.Engine) -> None:
    """Do all that waits."""
    queue = JobQueue(engine)
    while claim := queue.claim_next():
        work_on(url_of(engine), claim.id)


def _submit(engine: sa.Engine, settings: RunSettings) -> None:
    RunStore(engine).submit(OWNER, CHANNEL, settings, name=str(settings.training.learning_rate))


def _megabytes(engine: sa.Engine, file: Path) -> float:
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size / 1e6


def _parts(engine: sa.Engine) -> list[tuple[str, float]]:
    """What the bytes are: by table, and the blobs of jobs and checkpoints by kind."""
    of = {
        "blobs": "SELECT SUM(LENGTH(data)) FROM blobs",
        "jobs.result": "SELECT SUM(LENGTH(result)) FROM jobs",
        "rows": "SELECT SUM(LENGTH(train_loss) * 3 + 24) FROM rows",
        "predictions": "SELECT SUM(LENGTH(predictions)) FROM runs",
        "free": "SELECT (SELECT * FROM pragma_freelist_count) * 4096.0",
    }
    with engine.connect() as connection:
        found = [(name, connection.execute(sa.text(query)).scalar() or 0.0) for name, query in of.items()]
        kinds = connection.execute(sa.text("SELECT kind, SUM(LENGTH(blob)), COUNT(*) FROM checkpoints GROUP BY kind"))
        return found + [(f"checkpoints.{kind} x {count}", size) for kind, size, count in kinds]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--short", type=int, default=233)
    parser.add_argument("--forecasts", type=int, default=4)
    parser.add_argument("--budget", type=float, default=20.0)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    use_one_thread()
    if options.short:
        measure(f"{options.short} short runs", lambda engine: submit_short(engine, options.short))
    if options.runs:
        measure(f"{options.runs} runs", lambda engine: submit_runs(engine, options.runs))
    if options.forecasts:
        measure(f"{options.forecasts} forecasts with a run", lambda e: submit_forecasts_of_run(e, options.forecasts))
        measure(
            f"{options.forecasts} forecasts by Auto", lambda e: submit_forecasts(e, options.forecasts, options.budget)
        )
