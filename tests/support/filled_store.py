"""Stores full of runs that nobody had to train: settings that differ, curves that fall, held-out days predicted."""

from dataclasses import replace
from itertools import islice, product

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.tables import jobs
from forecasting.networks.training import Row
from forecasting.records import Progress, TrainingProgress
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import run_windows

WORKER = 1


def many_settings(runs: int, epochs: int = 100, seeds: int = 5) -> list[RunSettings]:
    """Different settings, as somebody would try them: windows, units, layers, rates."""
    tried = product(range(1, 100), (0.001, 0.003, 0.01, 0.03), (10, 30, 100), (7, 14, 28, 56))
    split = default_split(sample_channel().views)
    return [
        RunSettings(
            split,
            Architecture(window=window, units=units, layers=1 + round_ % 8),
            Training(learning_rate=rate, seeds=seeds, epochs=epochs + round_),
        )
        for round_, rate, units, window in islice(tried, runs)
    ]


def fill(store: RunStore, owner: str, runs: int, epochs: int = 100, seeds: int = 5) -> list[str]:
    """Put `runs` finished runs on the sample into the store; their ids, oldest first."""
    queue, ids = JobQueue(store.engine), []
    for place, settings in enumerate(many_settings(runs, epochs, seeds)):
        ids.append(store.submit(owner, sample_channel(), settings, name=f"Try {place + 1}"))
        _claim(store, ids[-1])
        write(ids[-1], queue, settings, chance(place))
    return ids


def _claim(store: RunStore, run_id: str) -> None:
    """Take this run out of the queue, whatever else waits there."""
    with store.engine.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == run_id).values(status="running", beats=1, worker=None))


def validated(settings: RunSettings) -> RunSettings:
    """The same with a validation part."""
    return replace(settings, regularisation=Regularisation(validation=0.2))


def chance(seed: int) -> np.random.Generator:
    """Where made-up numbers come from."""
    return np.random.default_rng(seed)


def write(run_id: str, queue: JobQueue, settings: RunSettings, draw: np.random.Generator) -> None:
    """Do a claimed run's work as a worker would, with made-up numbers."""
    channel = sample_channel()
    queue.start(run_id, WORKER)
    epoch, seeds = np.arange(1, settings.training.epochs + 1), settings.training.seeds
    floor = draw.uniform(300, 600)
    falling = floor + 800 * np.exp(-epoch[:, None] / 15) + draw.normal(0, 8, (len(epoch), seeds))
    held_out = falling + draw.uniform(10, 120) + draw.normal(0, 15, (len(epoch), seeds))
    validation = held_out + 20 if settings.regularisation.validation else [None] * len(epoch)
    rows = [
        Row(number, falling[at], held_out[at], falling[at] / 100, 0.001, number / 50, validation[at])
        for at, number in enumerate(epoch.tolist())
    ]
    judged = run_windows(channel.series, settings).held_out
    errors = draw.laplace(0, held_out[-1].mean(), (len(judged), 1)) + draw.normal(0, 20, (len(judged), seeds))
    predictions = pd.DataFrame(judged.targets[:, None] + errors, index=judged.days)
    done = TrainingProgress(rows, predictions=predictions, losses=(falling[-1], held_out[-1]))
    queue.report(run_id, WORKER, Progress(1.0, status="finished", training=done))
