"""Intervals around any forecast, from errors it made on days it had not learnt from: conformal prediction.

Errors are scores, in units of what is usual (`scores`), and of how large errors have been of late. Each day ahead, and
each total, has its own; so has each side, so that an interval need not be centred.

One extraordinary day owns neither the unit, nor an edge, nor a total (`typical_range`): it is one score of many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from forecasting.evaluation.scores import (
    Scores,
    days_in,
    known_since,
    scales,
    totals,
    units_of_late,
    usual,
    with_totals,
)
from forecasting.models.bounds import highest
from forecasting.series import Series
from forecasting.typical_range import capped_mean

LEVELS = (0.5, 0.9)
GRID = (0.5, 0.8, 0.9, 0.95, 0.99)  # levels whose rates of misses are followed; others lie between them
GAMMA = 0.01  # of the adaptive variant: how far a miss a day ahead moves the rate of misses that is aimed at
SMOOTHING_RADIUS = 14  # days ahead on either side whose edges are averaged
CALIBRATION_SIZE = 730  # scores of a column that are kept, the latest ones
FAR = 3.0  # times the score that a share `level` stays within, either side: an edge goes no farther
WIDEST = 2.5  # times the outermost score, where scores are too few for their level
BOTH_SIDES = 20  # scores below which both sides share them
FEWEST_SCORES = 5  # scores of a column that an edge can rest on; below it borrows from fewer days ahead
MARGIN = 0.5  # of what scores that are alike ask for beyond that: without it 28 days ahead too few are held
SHARED = 0.75  # of an edge is that of both sides together, which twice as many scores tell
HIGHEST_EDGE = 2.0  # times the largest views seen: no upper edge lies beyond, unless the forecast does
GROWN = 1.1  # times as many scores say anew how alike neighbours are
SHARE_OF_TOTAL = 0.8  # a total's score beside that of its last day, where it has to be borrowed


@dataclass(frozen=True)
class Intervals:
    """In views (origins, columns); edges are NaN where no error is known to rest them on."""

    centre: np.ndarray  # the forecasts, and of totals the expected sum
    lower: dict[float, np.ndarray]  # level -> views
    upper: dict[float, np.ndarray]


def make_intervals(
    series: Series,
    predicted: np.ndarray,
    *,
    earlier: Scores,
    later: Scores,
    levels: Sequence[float] = LEVELS,
    columns: Sequence[int] | None = None,
) -> Intervals:
    """Adaptive intervals of `levels` around `predicted` (origins, horizon), of the last so many origins of `later`.

    All columns, or some `columns` alone, which then borrow nothing of others.

    Intervals hold the forecast and each other, a wider level the narrower ones, and reach neither below 0 nor beyond
    HIGHEST_EDGE times the largest views seen, unless the forecast does. A total's centre is the sum of its days and
    the mean error that such sums had.
    """
    count, horizon = predicted.shape
    origins = later.origins[-count:]
    kept = np.arange(horizon + len(totals(horizon))) if columns is None else np.array(columns)
    earlier = known_since(series, earlier)
    edges = edges_of_late(earlier, later, levels, columns=kept)
    off = mean_errors(earlier.of_columns(kept), later.of_columns(kept))[-count:]
    lengths = np.array([1] * horizon + totals(horizon))[kept]
    limits = np.concatenate([highest(series, origins, int(days)) for days in lengths], axis=1)
    edge_limits = np.concatenate([highest(series, origins, int(days), times=HIGHEST_EDGE) for days in lengths], axis=1)
    expected = with_totals(predicted)[:, kept] + off * scales(series, origins, predicted)[:, kept]
    centre = np.clip(expected, 0, limits)
    lower, upper = {}, {}
    for level, (low, high) in edges_in_views(series, predicted, origins, edges=edges, columns=kept).items():
        lower[level] = np.clip(np.minimum(low, centre), 0, limits)
        upper[level] = np.maximum(np.clip(high, 0, edge_limits), centre)
    return Intervals(centre, lower, upper)


def edges_in_views(
    series: Series,
    predicted: np.ndarray,
    origins: pd.DatetimeIndex,
    *,
    edges: Mapping[float, tuple[np.ndarray, np.ndarray]],
    columns: np.ndarray,
) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """Lower and upper edges (origins, columns) of each level in views, from those in scores of these columns.

    Around `predicted` (origins, horizon) and around what is usual instead, whichever goes farther; even below 0.
    """
    sides = [
        (with_totals(daily)[:, columns], scales(series, origins, daily)[:, columns])
        for daily in (predicted, usual(series, origins, predicted))
    ]
    count = len(predicted)
    return {
        level: (
            np.minimum(*(middle + lows[-count:] * scale for middle, scale in sides)),
            np.maximum(*(middle + highs[-count:] * scale for middle, scale in sides)),
        )
        for level, (lows, highs) in edges.items()
    }


def edges_of_late(
    earlier: Scores, later: Scores, levels: Sequence[float], *, columns: np.ndarray
) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """The `adaptive_edges` of some `columns`, of scores in units of how large errors have been of late."""
    before, since = units_of_late(earlier, later)
    earlier, later = earlier.in_units(before).of_columns(columns), later.in_units(since).of_columns(columns)
    edges = adaptive_edges(earlier, later, levels)
    return {level: (lows * since[:, columns], highs * since[:, columns]) for level, (lows, highs) in edges.items()}


def adaptive_edges(
    earlier: Scores,
    later: Scores,
    levels: Sequence[float] = LEVELS,
    *,
    step: float = GAMMA,
    memory: int = CALIBRATION_SIZE,
) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """Lowest and highest score (origins, columns) that the interval of each level allows at each origin of `later`.

    At first they are finite-sample quantiles of the scores known by then (Vovk et al. 2005), each side missing equally
    often; then every score is learnt from once it is known (Gibbs and Candes 2021).

    After a miss the rate of misses aimed at falls by `step` times (1 - target), after a hit it rises by `step` times
    the target: in the long run as many are missed as should be, whatever the views do. Of a delay of many days it
    moves by as small a part: misses come late and together there. Scores that become known also
    join the `memory` latest ones that quantiles are taken of. Days ahead that follow each other lend each other their
    edges: apart, a few misses make one day's interval twice as wide as the next one's. A level's edges never lie
    within those of a smaller level, and are the same whichever others are asked for.
    """
    columns = range(len(later.delays))
    found = [_adapt(earlier, later, column, levels, step, memory) for column in columns]
    edges = np.stack([edge for edge, _counts in found], axis=-1)  # (sides and size, origins, levels, columns)
    counts = np.stack([counts for _edge, counts in found], axis=-1)  # (origins, columns)
    lows, highs, sizes = _lend_farther(edges, counts, later.delays)  # what is borrowed comes with its size

    def smooth(side: np.ndarray, place: int) -> np.ndarray:
        return smooth_over_horizon(side[:, place], sizes[:, place], later.delays)

    return {level: (smooth(lows, place), smooth(highs, place)) for place, level in enumerate(levels)}


def mean_errors(earlier: Scores, later: Scores, memory: int = CALIBRATION_SIZE) -> np.ndarray:
    """Mean score of totals known at each origin of `later` (origins, columns), 0 for single days.

    The forecast of a day is its median, and the sum of medians is less than the expected sum where days are skewed:
    on a channel of few views it may be 0. As many errors overlap, the mean is drawn towards 0 as far as chance may have
    made it (James and Stein 1961).
    """
    means = np.zeros(later.values.shape)
    for column in range(days_in(later.delays), len(later.delays)):
        delay = int(later.delays[column])
        origins = earlier.origins.append(later.origins)
        values = np.concatenate([earlier.values[:, column], later.values[:, column]])
        known_on = origins + pd.Timedelta(days=delay)
        for row, origin in enumerate(later.origins):
            known = values[(known_on <= origin) & np.isfinite(values)][-memory:]
            means[row, column] = _shrunk_mean(known, delay)
    return means


def _shrunk_mean(known: np.ndarray, delay: int) -> float:
    if len(known) < FEWEST_SCORES:
        return 0.0
    return _beyond_chance(float(known.mean()), known.var() * delay / len(known))


def _adapt(
    earlier: Scores, later: Scores, column: int, levels: Sequence[float], step: float, memory: int
) -> tuple[np.ndarray, np.ndarray]:
    """Edges of one column from origin to origin, and how many scores each rests on.

    Edges are (3, origins, levels): the lower and the upper ones, and the mean size of the scores that they rest on.
    """
    delay, first = int(later.delays[column]), later.origins[0]
    latest = list(_known(earlier, column, first)[-memory:])
    known, spacing, told_from = np.sort(latest), spacing_of(np.array(latest), delay), len(latest)
    every = np.array(sorted({*GRID, *levels}))
    target = (1 - np.array(GRID)) / 2
    rates = np.stack([target, target])
    reported, own = np.searchsorted(every, levels), np.searchsorted(every, GRID)
    waiting = _arrivals(earlier, later, column, first)  # (day known, score, its row in `later` or None), in order
    edges, counts = np.empty((3, len(later.origins), len(every))), np.empty(len(later.origins), int)
    for row, origin in enumerate(later.origins):
        while waiting and waiting[0][0] <= origin:
            _day, score, place = waiting.pop(0)
            if place is not None and counts[place]:
                missed = np.stack([score < edges[0, place, own], score > edges[1, place, own]])
                # Below 0 no score is far enough out; far days' misses come late, and would keep it there long after.
                rates = np.maximum(rates + step / delay * (target - missed), 0)
            latest.append(score)
            known = np.insert(known, np.searchsorted(known, score), score)
            if len(latest) > memory:
                known = np.delete(known, np.searchsorted(known, latest.pop(0)))
        counts[row] = len(known)
        if len(known) > GROWN * told_from:  # a run begins without any
            spacing, told_from = spacing_of(np.array(latest), delay), len(known)
        edges[:2, row] = edges_of_scores(known, every, rates=rates, spacing=spacing)
        edges[2, row] = capped_mean(np.abs(known)) if len(known) else np.nan
    return edges[:, :, reported], counts


def edges_of_scores(known: np.ndarray, levels: np.ndarray, *, rates: np.ndarray, spacing: float) -> np.ndarray:
    """Edges (sides, levels) from sorted scores and the rates of misses (sides, GRID) aimed at.

    Where fewer than a level needs are independent, one in `spacing`, it lies beyond the outermost.
    """
    if not len(known):
        return np.full((2, len(levels)), np.nan)
    if len(known) < BOTH_SIDES:  # too few to tell the sides apart: each error might have been on the other one
        known = np.sort(np.concatenate([known, -known]))
    falling = np.minimum.accumulate(rates, axis=1)  # a wider level misses no more
    # Between levels that are followed, in proportion; a level of 0 would miss half on either side, one of 1 none.
    below, above = (np.interp(levels, [0, *GRID, 1], [max(0.5, side[0]), *side, 0]) for side in falling)
    far = FAR * np.sort(np.abs(known))[np.clip(np.ceil(len(known) * levels), 1, len(known)).astype(int) - 1]
    low, high = _quantiles(known, below, above, spacing)
    found = np.stack([np.maximum(low, -far), np.minimum(high, far)])
    outward = np.array([found[0] < 0, found[1] > 0])
    return found * np.where(outward, _beyond_outermost(len(known), levels, spacing), 1)


def _beyond_outermost(count: int, levels: np.ndarray, spacing: float) -> np.ndarray:
    """How much farther than the outermost of `count` scores a normal error lies at each level; 1 where they suffice."""
    normal, reached = NormalDist(), count / (count + spacing)
    reach = max(normal.inv_cdf(reached), 1e-9)
    wanted = np.array([normal.inv_cdf((1 + min(level, 0.9999)) / 2) for level in levels])
    return np.clip(wanted / reach, 1, WIDEST)


def spacing_of(scores: np.ndarray, delay: int) -> float:
    """Origins from one independent score to the next, from how alike neighbours are; at most `delay`.

    Errors h days ahead share days with their neighbours. Where the level wanders they are much alike, where it does not
    they hardly are: (1 + r) / (1 - r) with the autocorrelation r, as for the mean of an autoregression of order one.
    """
    if len(scores) < FEWEST_SCORES:
        return float(delay)
    away = scores - np.median(scores)
    cut = FAR * np.quantile(np.abs(away), 0.9)
    away = np.clip(away, -cut, cut)
    if not away.any():
        return 1.0
    alike = np.clip((away[1:] * away[:-1]).mean() / (away**2).mean(), 0, 0.97)
    return float(np.clip((1 + alike) / (1 - alike), 1, delay))


def smooth_over_horizon(edges: np.ndarray, sizes: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """Each day ahead's edges (origins, columns), in `sizes` of its scores, as the mean of its own and those around it.

    Of SMOOTHING_RADIUS days before and after, fewer near the first day, and up to the last; totals stay as they are.
    """
    days, evened = days_in(delays), edges.copy()
    units = np.where(sizes > 0, sizes, 1)
    relative = edges / units
    for day in range(1, days):
        reach = min(SMOOTHING_RADIUS, day)
        near = relative[:, day - reach : min(day + reach + 1, days)]
        evened[:, day] = near.mean(axis=1) * units[:, day]
    return evened


def _lend_farther(edges: np.ndarray, counts: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """Edges and sizes (3, origins, levels, columns), those resting on too few of `counts` (origins, columns) borrowed.

    From the farthest day ahead that rests on enough, times the root of how many more weeks are ahead, as the errors of
    a seasonal random walk grow; a total borrows from its last day.
    """
    lent, enough = edges.copy(), counts >= np.minimum(FEWEST_SCORES, counts.max(axis=1, keepdims=True).clip(1))
    weeks, rows = np.ceil(delays / 7), np.arange(len(counts))
    for column, delay in enumerate(delays):
        days = np.arange(len(delays)) < min(delay, days_in(delays))
        near = np.where(enough & days, np.arange(len(delays)), 0).max(axis=1)
        grown = np.sqrt(weeks[column] / weeks[near]) * (1 if column < days_in(delays) else SHARE_OF_TOTAL)
        borrowed = edges[:, rows, :, near] * grown[:, None, None]  # (origins, sides, levels)
        lent[..., column] = np.where(enough[:, column, None], edges[..., column], np.moveaxis(borrowed, 1, 0))
    return lent


def _arrivals(earlier: Scores, later: Scores, column: int, first: pd.Timestamp) -> list:
    """Scores of a column not known on the day `first`, in the order in which they become known."""
    delay = pd.Timedelta(days=int(later.delays[column]))
    found: list[tuple[pd.Timestamp, float, int | None]] = [
        (origin + delay, score, None)
        for origin, score in zip(earlier.origins, earlier.values[:, column], strict=True)
        if origin + delay > first
    ]
    found += [
        (origin + delay, score, place)
        for place, (origin, score) in enumerate(zip(later.origins, later.values[:, column], strict=True))
    ]
    return [arrival for arrival in sorted(found, key=lambda one: one[0]) if np.isfinite(arrival[1])]


def _known(scores: Scores, column: int, day: pd.Timestamp) -> np.ndarray:
    """Scores of a column that are known on a day, in order."""
    known_on = scores.origins + pd.Timedelta(days=int(scores.delays[column]))
    values = scores.values[known_on <= day, column]
    return values[np.isfinite(values)]


def _quantiles(known: np.ndarray, below: np.ndarray, above: np.ndarray, spacing: float) -> np.ndarray:
    """Scores (sides, rates) that a new one passes with these chances at most; the outermost where there are too few.

    Partly those of the sorted `known` on either side, which may differ, partly those of both sides as one, around
    their median as far as it is no chance; one in `spacing` is independent of those before it.
    """
    asked = 1 + MARGIN * (spacing - 1)
    own = np.stack([known[len(known) - _place(known, below, asked) - 1], known[_place(known, above, asked)]])
    middle = _beyond_chance(float(np.median(known)), np.pi / 2 * known.var() / max(len(known) / spacing, 1))
    sizes = np.sort(np.abs(known - middle))
    both = sizes[_place(sizes, below + above, asked)]
    return (1 - SHARED) * own + SHARED * np.stack([middle - both, middle + both])


def _beyond_chance(middle: float, variance: float) -> float:
    """What is left of it drawn towards 0 as far as chance of this variance may have made it (James and Stein 1961)."""
    return middle * max(1 - variance / middle**2, 0) if middle else 0.0


def _place(ordered: np.ndarray, rates: np.ndarray, asked: float) -> np.ndarray:
    """Places (rates,) of the values that a new one passes with these chances (Vovk et al. 2005, where 1 is `asked`)."""
    return np.ceil((len(ordered) + asked) * (1 - rates)).astype(int).clip(1, len(ordered)) - 1
