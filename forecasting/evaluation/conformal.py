"""Intervals around any forecast, from errors it made on days it had not learnt from: conformal prediction.

A score is an error, actual less predicted, in units of what is usual at its origin (`scales`), so that an interval
follows the level and the unrest of the views. Columns are days ahead, each with its own scores, and totals of the next
days, whose errors are of the total itself: the edges of single days do not add up to it. Each side has its own scores,
so that an interval need not be centred.
"""

import math
from bisect import bisect_left, insort
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.windows import histories

LEVELS = (0.5, 0.9)
TOTALS = (7, 28)  # days
GAMMA = 0.01  # of the adaptive variant: how far a miss moves the rate of misses that is aimed at
SMOOTHING_RADIUS = 3  # days ahead on either side whose edges are averaged
CALIBRATION_SIZE = 365  # scores of a column that are kept, the latest ones
DEPENDENCE_EXPONENT = (
    0.5  # errors h days ahead share days with their neighbours: one in h to the power of this is independent
)
RECENT = 56  # days whose unrest is the unit of a score


@dataclass(frozen=True)
class Scores:
    """Scores (origins, columns), NaN where not known. One of a column with delay d is known d days after its origin."""

    origins: pd.DatetimeIndex
    values: np.ndarray
    delays: np.ndarray  # (columns,), days


def delays(horizon: int) -> np.ndarray:
    """Delays of all columns of forecasts up to `horizon` days ahead: the days, then the totals that fit into them."""
    return np.array([*range(1, horizon + 1), *(days for days in TOTALS if days <= horizon)])


def with_totals(daily: np.ndarray) -> np.ndarray:
    """Views (origins, horizon) with the totals of the next days as further columns; NaN where a day is not known."""
    sums = [daily[:, :days].sum(axis=1, keepdims=True) for days in TOTALS if days <= daily.shape[1]]
    return np.concatenate([daily, *sums], axis=1)


def scales(views: pd.Series, origins: pd.DatetimeIndex, predicted: np.ndarray) -> np.ndarray:
    """The unit of a score (origins, columns) in views, from nothing later than the origin.

    Recent differences from week to week, half as they are, half in proportion to how the day that is `predicted`
    (origins, horizon) compares with recent days.
    """
    recent = histories(views, origins, min(RECENT + 7, len(views.loc[: origins.min()])))
    unrest = np.abs(recent[:, 7:] - recent[:, :-7]).mean(axis=1, keepdims=True) if recent.shape[1] > 7 else 0.0
    level = recent.mean(axis=1, keepdims=True)
    unrest = unrest + 0.01 * level + 0.1
    horizon = predicted.shape[1]
    lengths = np.array([1] * horizon + [days for days in TOTALS if days <= horizon])
    share = with_totals(predicted) / lengths / (level + 1)
    return unrest * lengths * np.clip(0.5 + 0.5 * share, 0.25, 4)


def make_scores(views: pd.Series, origins: pd.DatetimeIndex, actual: np.ndarray, predicted: np.ndarray) -> Scores:
    """Scores of forecasts `predicted` (origins, horizon) of `actual`, both in views; `views` are all known."""
    values = (with_totals(actual) - with_totals(predicted)) / scales(views, origins, predicted)
    return Scores(origins, values, delays(predicted.shape[1]))


def split_edges(earlier: Scores, origins: pd.DatetimeIndex, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest score (origins, columns) that the interval of `level` allows, the same at every origin.

    Finite-sample quantiles of the scores known at the first origin (Vovk et al. 2005), each side missing equally often.
    """
    lows, highs = [], []
    for column, delay in enumerate(earlier.delays):
        known = sorted(_known(earlier, column, origins[0] - pd.Timedelta(days=int(delay))))
        lows.append(_quantile(known, (1 - level) / 2, True, delay**DEPENDENCE_EXPONENT))
        highs.append(_quantile(known, (1 - level) / 2, False, delay**DEPENDENCE_EXPONENT))
    return tuple(np.tile(edge, (len(origins), 1)) for edge in (lows, highs))


def adaptive_edges(
    earlier: Scores, later: Scores, level: float, step: float = GAMMA, memory: int = CALIBRATION_SIZE
) -> tuple[np.ndarray, np.ndarray]:
    """The same for each origin of `later`, learning from every score once it is known (Gibbs and Candes 2021).

    After a miss the rate of misses aimed at falls by `step` times (1 - target), after a hit it rises by `step` times
    the target: in the long run as many are missed as should be, whatever the views do. Scores that become known also
    join the `memory` latest ones that quantiles are taken of. Days ahead that follow each other lend each other their
    edges: apart, a few misses make one day's interval twice as wide as the next one's.
    """
    lows, highs = np.empty_like(later.values), np.empty_like(later.values)
    for column in range(len(later.delays)):
        below, above = _adapt(earlier, later, column, (1 - level) / 2, step, memory)
        lows[:, column], highs[:, column] = below, above
    return smooth_over_horizon(lows, later.delays), smooth_over_horizon(highs, later.delays)


def edges_in_views(
    predicted: np.ndarray, scale: np.ndarray, lows: np.ndarray, highs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edges (origins, columns) in views, never below 0 and never beyond the forecast itself."""
    lower = np.maximum(predicted + np.minimum(lows, 0) * scale, 0)
    return lower, predicted + np.maximum(highs, 0) * scale


def _adapt(earlier: Scores, later: Scores, column: int, target: float, step: float, memory: int):
    """Edges of one column, from origin to origin."""
    delay = int(later.delays[column])
    first = later.origins[0] - pd.Timedelta(days=delay)
    latest = list(_known(earlier, column, first))[-memory:]
    known, rates = sorted(latest), [target, target]
    waiting = _arrivals(earlier, later, column, first)  # (day known, score, its row in `later` or None), in order
    edges = np.empty((2, len(later.origins)))
    for row, origin in enumerate(later.origins):
        while waiting and waiting[0][0] <= origin:
            _day, score, place = waiting.pop(0)
            if place is not None:
                missed = score < edges[0, place], score > edges[1, place]
                moved = (rate + step * (target - miss) for rate, miss in zip(rates, missed, strict=True))
                # Below 0 no score is far enough out; far days' misses come late, and would keep it there long after.
                rates = [max(rate, 0.0) for rate in moved]
            latest.append(score)
            insort(known, score)
            if len(latest) > memory:
                del known[bisect_left(known, latest.pop(0))]
        spacing = delay**DEPENDENCE_EXPONENT
        edges[:, row] = _quantile(known, rates[0], True, spacing), _quantile(known, rates[1], False, spacing)
    return edges


def smooth_over_horizon(edges: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """Each day ahead's edges (origins, columns) as the mean of its own and those up to REACH days before and after.

    As many on either side, so fewer near the first and the last day; totals stay as they are.
    """
    days = int((np.arange(1, len(delays) + 1) == delays).sum())
    evened = edges.copy()
    for day in range(days):
        reach = min(SMOOTHING_RADIUS, day, days - 1 - day)
        evened[:, day] = edges[:, day - reach : day + reach + 1].mean(axis=1)
    return evened


def _arrivals(earlier: Scores, later: Scores, column: int, first: pd.Timestamp) -> list:
    """Scores not known at the first origin, in the order in which they become known."""
    delay = pd.Timedelta(days=int(later.delays[column]))
    found = [
        (origin + delay, score, None)
        for origin, score in zip(earlier.origins, earlier.values[:, column], strict=True)
        if origin > first
    ]
    found += [
        (origin + delay, score, place)
        for place, (origin, score) in enumerate(zip(later.origins, later.values[:, column], strict=True))
    ]
    return [arrival for arrival in sorted(found, key=lambda one: one[0]) if np.isfinite(arrival[1])]


def _known(scores: Scores, column: int, last: pd.Timestamp) -> np.ndarray:
    """Scores of a column whose origin is `last` or earlier, in order."""
    values = scores.values[scores.origins <= last, column]
    return values[np.isfinite(values)]


def _quantile(ordered: list[float], rate: float, below: bool, spacing: float = 1.0) -> float:
    """The score that a new one passes with chance `rate` at most; the outermost one where there are too few for it.

    Only one score in `apart` counts as independent of those before it.
    """
    count = len(ordered)
    if not count:
        return 0.0
    place = min(max(math.ceil((count + spacing) * (1 - rate)), 1), count)
    return ordered[count - place] if below else ordered[place - 1]
