"""Curvature along a training: gone through once more, with a look at some epochs. For workers: it needs torch."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from forecasting.lectures.claims import Claim
from forecasting.lectures.critical_points import (
    NETS,
    AlongTraining,
    Extremes,
    Look,
    Spectrum,
    claims,
    epochs_on_the_way,
    net_settings,
)
from forecasting.lectures.curvature import (
    MOST_EXACT,
    Loss,
    Snapshot,
    escape,
    extremes,
    gradient_norm,
    hessian,
    lowest_direction,
    plane,
    snapshots,
    spectrum,
    squared_error,
    step_lengths,
    unknowns,
)
from forecasting.networks.inputs import Prepared, prepared_periods
from forecasting.networks.network import StackedNetwork
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.split import Split
from forecasting.windows import run_windows

CURVE = 60  # epochs at which loss and gradient are measured
MOST_SEEDS = 5
DIGITS = 4  # of an eigenvalue: a store keeps thousands


def epochs_of_curve(total: int) -> list[int]:
    """Evenly spaced, those on the way among them."""
    return sorted(
        {*np.linspace(0, total, min(CURVE, total) + 1).round().astype(int).tolist(), *epochs_on_the_way(total)}
    )


def look_along(
    series: Series, settings: RunSettings, *, on_the_way: bool = True
) -> Iterator[tuple[float, AlongTraining]]:
    """The share of the work that is done, with what is known so far; a run of a network, with a loss to go down.

    Without `on_the_way` its seeds are looked at where they end alone.
    """
    settings = replace(settings, regularisation=replace(settings.regularisation, patience=0))
    fitted = prepared_periods(run_windows(series, settings))["train"]
    total = settings.training.epochs
    kept, known = yield from _gone_through(series, settings, fitted)
    first = [snapshot for snapshot in kept if on_the_way or snapshot.epoch == total]
    others = kept[-1].replicas[1:]
    looks = len(first) + len(others)
    for snapshot in first:
        known = replace(known, way=(*known.way, look(snapshot.replicas[0], fitted, snapshot.epoch)))
        yield 0.3 + 0.6 * len(known.way) / looks, known
    ends = known.way[-1:]
    for replica in others:
        ends = (*ends, look(replica, fitted, total))
        yield 0.3 + 0.6 * (len(first) + len(ends) - 1) / looks, replace(known, ends=ends)
    known = replace(known, ends=ends)
    if on_the_way:
        loss = squared_error(kept[-1].network, fitted)
        through = plane(loss, [snapshot.unknowns for snapshot in kept])
        known = replace(known, plane=replace(through, directions=np.empty((2, 0))))  # as long as the network is large
    yield 1.0, known


def _gone_through(
    series: Series, settings: RunSettings, fitted: Prepared
) -> Generator[tuple[float, AlongTraining], None, tuple[list[Snapshot], AlongTraining]]:
    """Reports of the curves; returns the snapshots on the way, and the curves."""
    total, seeds = settings.training.epochs, min(settings.training.seeds, MOST_SEEDS)
    way = {*epochs_on_the_way(total)}
    rows: list[tuple] = []
    kept: list[Snapshot] = []
    for snapshot in snapshots(series, settings, epochs_of_curve(total), seeds=slice(0, seeds)):
        measured = [_measured(replica, fitted) for replica in snapshot.replicas]
        rows.append((snapshot.epoch, *zip(*measured, strict=True), snapshot.batch_norms))
        if snapshot.epoch in way:
            kept.append(snapshot)
            yield 0.3 * snapshot.epoch / total, _curves(rows, settings.parameters, fitted)
    return kept, _curves(rows, settings.parameters, fitted)


def _measured(replica: StackedNetwork, fitted: Prepared) -> tuple[float, float]:
    loss, at = squared_error(replica, fitted), unknowns(replica)
    return float(loss(at)), gradient_norm(loss, at)


def _curves(rows: Sequence[tuple], unknown: int, fitted: Prepared) -> AlongTraining:
    epochs, losses, norms, batch_norms = (np.array(column, float) for column in zip(*rows, strict=True))
    mean_loss = float(np.nanvar(fitted.targets.double().numpy()))
    return AlongTraining(unknown, mean_loss, epochs, losses.T, norms.T, batch_norms.T)


def look(replica: StackedNetwork, fitted: Prepared, epoch: int) -> Look:
    """Where a network of one replica stands, by its squared error on prepared windows."""
    loss, at = squared_error(replica, fitted), unknowns(replica)
    curvature, direction = _curvature(loss, at)
    found = escape(loss, at, direction, lengths=step_lengths(at))
    return Look(epoch, found.before, gradient_norm(loss, at), curvature, found)


def _curvature(loss: Loss, at: torch.Tensor) -> tuple[Spectrum | Extremes, np.ndarray]:
    """All eigenvalues, or their ends where there are too many, and the direction of the lowest."""
    if len(at) > MOST_EXACT:
        return extremes(loss, at)
    matrix = hessian(loss, at)
    values = spectrum(matrix).eigenvalues
    return Spectrum(np.array([float(f"{value:.{DIGITS}g}") for value in values])), lowest_direction(matrix)


# The report card


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """The claims, of the chapter's first network. Raises BadInput where the channel is too short to train it."""
    *_reports, (_share, known) = look_along(series, net_settings(split, NETS["sigmoid"][1], "mse"), on_the_way=False)
    yield from claims(known)
