"""Which learning rates can be used: the train loss of networks over rates, after as many updates each.

A rate is usable where the loss comes most of the way from that of predicting the mean to the lowest of all that are
compared. How many powers of ten of rates are usable says how much care the choice takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name

import numpy as np

from forecasting.lectures.claims import ALIKE_DAYS, TOO_FEW_DAYS, Judgement, judge_pairs
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings
from forecasting.split import Split
from forecasting.windows import make_windows

NETWORK = Architecture("relu", 56, 3, 50)  # that the chapters train
SEEDS = 5
UPDATES = 200
WAY = 0.75  # from predicting the mean to the lowest loss: a rate that comes so far is usable
TIMES_LOWEST = 4  # the lowest loss, which a picture shows at least
MARGIN = 0.1  # decades: a smaller difference is of no use
FEWEST_TRAINING_DAYS = 28  # of training
DECADES = N_("decades")  # the unit: powers of ten


@dataclass(frozen=True)
class Sweep:
    """Train losses (runs, seeds) in views after the last update, infinite where one diverged; as many as are known."""

    losses: np.ndarray


def usable_decades(rates: Sequence[float], losses: np.ndarray, level: float) -> np.ndarray:
    """Over how many powers of ten of `rates` losses (rates, seeds) are at most `level`: (seeds,).

    Between two rates the logarithm of the loss is taken to be straight in that of the rate; beside a loss that is
    infinite nothing counts.

    >>> usable_decades([0.01, 0.1, 1], np.array([[100.0], [1.0], [100.0]]), 10.0)
    array([1.])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.log(np.sort(np.stack([losses[:-1], losses[1:]]), axis=0))
        shares = np.where(high <= np.log(level), 1.0, np.clip((np.log(level) - low) / (high - low), 0, 1))
    return (np.nan_to_num(shares) * np.diff(np.log10(rates))[:, None]).sum(axis=0)


def mean_loss(series: Series, split: Split, window: int) -> float:
    """MAE of predicting the mean of the training targets, in views; 0 where there are none."""
    try:
        targets = make_windows(series, split.train, window).targets
    except BadInput:
        return 0.0
    return float(np.abs(targets - targets.mean()).mean())


def usable_level(mean: float, *curves: np.ndarray) -> float:
    """The largest loss that is usable, where these (rates, seeds) are compared; `mean` is that of predicting the mean.

    >>> usable_level(300.0, np.array([[200.0, 200.0], [150.0, 50.0]]))
    150.0
    """
    lowest = min(float(curve.mean(axis=1).min()) for curve in curves)
    return lowest + (1 - WAY) * (mean - lowest)


def usable_widths(rates: Sequence[float], *curves: np.ndarray, mean: float) -> list[np.ndarray]:
    """Over how many powers of ten of `rates` each of some curves (rates, seeds) is usable: (seeds,) of each."""
    level = usable_level(mean, *curves)
    return [usable_decades(rates, curve, level) for curve in curves]


def judge_width(rates: Sequence[float], wide: np.ndarray, narrow: np.ndarray, *, mean: float) -> Judgement:
    """Whether more decades of rates are usable in one curve (rates, seeds) than in another, seed by seed."""
    first, second = usable_widths(rates, wide, narrow, mean=mean)
    return judge_pairs(first - second, MARGIN)


def highest_shown(means: np.ndarray) -> float:
    """How far up losses (curves, places) are worth drawing: to that of the first place, or some times the lowest."""
    finite = means[np.isfinite(means)]
    if not finite.size:
        return 1.0
    first = means[:, 0][np.isfinite(means[:, 0])]
    worth = max(TIMES_LOWEST * float(finite.min()), 1.2 * float(first.max(initial=0.0)))
    return min(1.1 * float(finite.max()), worth) or 1.0


def at_best_rate(losses: np.ndarray) -> np.ndarray:
    """Losses (seeds,) at the rate whose mean is lowest, from losses (rates, seeds)."""
    return losses[int(losses.mean(axis=1).argmin())]


def lacking(series: Series, split: Split, window: int) -> Message | None:
    """What a channel lacks to be trained on, None where nothing."""
    try:
        targets = make_windows(series, split.train, window).targets
        make_windows(series, split.held_out, window)
    except BadInput as unusable:
        return unusable.message
    if len(targets) < FEWEST_TRAINING_DAYS:
        return Message(TOO_FEW_DAYS, {"days": len(targets), "needed": FEWEST_TRAINING_DAYS})
    return None if np.ptp(targets) else Message(ALIKE_DAYS)


def trained(series: Series, runs: Sequence[RunSettings], updates: int = UPDATES) -> np.ndarray:
    """Losses (runs, seeds), for a worker: it loads torch."""
    final_losses: Callable = resolve_name("forecasting.evaluation.rate_sweep:final_losses")
    return np.array([final_losses(series, run, updates) for run in runs])
