"""Training with several batch sizes, timed and looked at on the way. For workers: it needs torch.

What comes out, and what it says, is in batch_size.py.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from forecasting.lectures.batch_size import (
    LARGE,
    SEEDS,
    SMALL,
    BatchRun,
    BatchSizes,
    Sharpness,
    UpdateTime,
    claims,
    points_of,
    run_settings,
    sizes_for,
    too_few,
    training_windows,
    unjudged,
)
from forecasting.lectures.claims import Claim
from forecasting.lectures.curvature import sharpness, squared_error
from forecasting.messages import BadInput
from forecasting.models.fitting import build
from forecasting.networks.inputs import Prepared, prepared_periods
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import diverged, losses_in_views, train
from forecasting.networks.updates import Descent
from forecasting.series import Series
from forecasting.settings import Training
from forecasting.split import Split
from forecasting.windows import SplitWindows, run_windows

ROUNDS, TIMED_UPDATES, WARM_UP = 5, 40, 10
CLAIM_SIZES = (SMALL, LARGE)  # all that the claims about losses compare


@dataclass(eq=False)
class Watch:
    """Asked before every update whether to stop, it never does, but keeps the unknowns (seeds, n) after some."""

    network: StackedNetwork
    wanted: set[int]

    def __post_init__(self) -> None:
        self.updates, self.kept = 0, dict[int, torch.Tensor]()

    def __call__(self) -> bool:
        """An update is about to be made."""
        self.look()
        self.updates += 1
        return False

    def look(self) -> None:
        """Keep the unknowns if they are wanted."""
        if self.updates in self.wanted:
            self.kept[self.updates] = self.network.parameters.clone()


@dataclass(eq=False)
class Trained:
    """A run with its unknowns (seeds, n) at the run's `updates`, in their order."""

    run: BatchRun
    network: StackedNetwork
    kept: list[torch.Tensor]


def experiment(
    series: Series, split: Split, *, seeds: int, sizes: tuple[int, ...] | None = None
) -> Iterator[tuple[float, BatchSizes]]:
    """The share of the work done, with what is known so far. Raises BadInput where the channel is too short.

    `sizes` are batch sizes, 0 for all windows; as many as the channel has windows for where there are none.
    """
    timed = sizes_for(training_windows(series, split))
    data = run_windows(series, run_settings(split, LARGE, seeds, epochs=1))
    sizes = sizes or timed
    periods = prepared_periods(data)
    known = BatchSizes(len(data.train), len(sizes), tuple(update_times(periods["train"], split, timed)), (), ())
    yield 0.1, known
    trained: list[Trained] = []
    for size in sizes:
        trained.append(train_with(data, periods, split, size=size, seeds=seeds))
        known = replace(known, runs=tuple(one.run for one in trained))
        yield 0.1 + 0.6 * len(trained) / len(sizes), known
    compared = [one for one in trained if one.run.batch in (SMALL, len(data.train))]
    goals = np.max([one.run.train.min(axis=0) for one in compared], axis=0)
    for place, one in enumerate(trained):
        known = replace(known, sharpness=(*known.sharpness, sharpness_of(one, periods["train"], goals)))
        yield 0.7 + 0.3 * (place + 1) / len(trained), known


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """The chapter's claims about a channel, with ten seeds and two batch sizes."""
    try:
        short = too_few(training_windows(series, split))
        lacking = short.lacking if short else None
    except BadInput as unusable:
        lacking = unusable.message
    if lacking:
        yield from unjudged(lacking)
        return
    *_parts, (_share, known) = experiment(series, split, seeds=SEEDS, sizes=CLAIM_SIZES)
    yield from claims(known)


def update_times(fitted: Prepared, split: Split, sizes: tuple[int, ...]) -> Iterator[UpdateTime]:
    """Seconds of an update by batch size: rounds of them, one after the other, so that all meet the same load."""
    ways = {size: Descent(build(run_settings(split, size, 1, epochs=1)), training_of(split, size)) for size in sizes}
    for way in ways.values():
        _timed(way, fitted, WARM_UP)
    rounds = [[_timed(way, fitted, TIMED_UPDATES) for way in ways.values()] for _round in range(ROUNDS)]
    for size, seconds in zip(sizes, np.transpose(rounds), strict=True):
        yield UpdateTime(size or len(fitted), seconds)


def training_of(split: Split, size: int) -> Training:
    """The training settings of one seed."""
    return run_settings(split, size, 1, epochs=1).training


def _timed(way: Descent, fitted: Prepared, updates: int) -> float:
    """The lower quartile of the seconds of so many updates: what else the machine does makes some longer."""
    stamps: list[float] = []

    def enough() -> bool:
        stamps.append(time.perf_counter())
        return len(stamps) > updates

    while len(stamps) <= updates:
        way.epoch(fitted, way.training.learning_rate, enough)
    return float(np.quantile(np.diff(stamps), 0.25))


def train_with(data: SplitWindows, periods: dict[str, Prepared], split: Split, *, size: int, seeds: int) -> Trained:
    """A run with one batch size. Raises BadInput where it diverges."""
    points = points_of(len(data.train), size)
    settings = run_settings(split, size, seeds, epochs=points.epochs)
    network = build(settings)
    watch = Watch(network, {*points.updates})
    for row in train(network, data, settings.training, stop=watch):
        if not row.finite:
            raise diverged(row)
    watch.look()
    kept = [watch.kept[update] for update in points.updates]
    losses = [_losses(network, unknowns, periods, data) for unknowns in kept]
    train_losses, held_out = (np.stack([loss[name] for loss in losses]) for name in ("train_loss", "held_out_loss"))
    run = BatchRun(size or len(data.train), np.array(points.updates), train_losses, held_out)
    return Trained(run, network, kept)


def _losses(
    network: StackedNetwork, unknowns: torch.Tensor, periods: dict[str, Prepared], data: SplitWindows
) -> dict[str, np.ndarray]:
    network.parameters.copy_(unknowns)
    return losses_in_views([network], periods, data.scaler, loss="mse")


def sharpness_of(trained: Trained, fitted: Prepared, goals: np.ndarray) -> Sharpness:
    """The highest curvature of each seed after equal epochs, and where its loss first is at most its goal (seeds,)."""
    run, network = trained.run, trained.network
    loss = squared_error(network, fitted)
    at_epochs = run.place(run.updates_of_epochs(len(fitted)))
    reached = (run.train <= goals).any(axis=0)
    first = np.where(reached, (run.train <= goals).argmax(axis=0), run.train.argmin(axis=0))
    places = [np.full(len(first), at_epochs), first]
    found = [[sharpness(loss, trained.kept[place][seed].double()) for seed, place in enumerate(row)] for row in places]
    return Sharpness(run.batch, np.array(found[0]), np.array(found[1]), goals, np.array(reached))
