"""Draws of whole paths of the days to come: what chances, totals of any days, and passing days are read from.

Intervals of single days do not add up to that of their total, which depends on how their errors are correlated. A path
takes that from one past forecast, whose errors of all its days stay together, and how far each day may lie from the
edges of its intervals: each past error counts as its rank among those of its day ahead, and becomes the quantile of
that rank (the Schaake shuffle of Clark et al. 2004). From an origin nothing is used that came after it.
"""

import numpy as np
import pandas as pd

from forecasting.evaluation.conformal import CALIBRATION_SIZE, edges_in_views, edges_of_late
from forecasting.evaluation.scores import Scores, known_since
from forecasting.models.bounds import highest
from forecasting.series import Series

PATHS = 500  # that are drawn
FEWEST_ROWS = 8  # past forecasts whose days are all known, below which nobody can tell how days are correlated
PATH_LEVELS = (
    0.1,
    0.3,
    0.5,
    0.7,
    0.8,
    0.9,
    0.96,
    0.99,
)  # of intervals; their edges are a day's quantiles
SEED = 0


def draw_paths(
    series: Series, scores: Scores, origin: pd.Timestamp, *, predicted: np.ndarray, days: int = 0, count: int = PATHS
) -> np.ndarray | None:
    """Views (count, days) of the days after `origin`, by default as many as are `predicted` (horizon,).

    `scores` are those of past forecasts of as many days ahead. None where too few of them are known by the origin. The
    same is drawn whenever the same is asked.
    """
    days = days or len(predicted)
    rows = known_rows(scores, origin, days)
    if len(rows) < FEWEST_ROWS:
        return None
    quantiles = day_quantiles(series, scores, origin, predicted=predicted, days=days)
    return np.stack([_at(*one) for one in zip(draw_ranks(rows, count).T, quantiles, strict=True)], axis=1)


def known_rows(scores: Scores, origin: pd.Timestamp, days: int) -> np.ndarray:
    """The latest scores (origins, days) of forecasts of which all so many days are known at `origin`."""
    known = scores.values[scores.origins + pd.Timedelta(days=days) <= origin, :days]
    return known[np.isfinite(known).all(axis=1)][-CALIBRATION_SIZE:]


def draw_ranks(rows: np.ndarray, count: int, seed: int = SEED) -> np.ndarray:
    """Ranks between 0 and 1 (count, days) as the errors of whole `rows` (origins, days) have them, rows in turn.

    A path is as far within its ranks on all its days, so that the correlation of days is kept.
    """
    rng, length = np.random.default_rng(seed), len(rows)
    ranks = rows.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    turn = rng.permutation(count) * length // count
    return (ranks[turn] + rng.random((count, 1))) / length


def day_quantiles(
    series: Series, scores: Scores, origin: pd.Timestamp, *, predicted: np.ndarray, days: int
) -> np.ndarray:
    """Views (days, 2 levels) of the lower edges of each day's intervals, the widest first, then the upper ones.

    As `conformal.make_intervals` has them, but the forecast need not lie between them: a chance may not be drawn
    towards a forecast that has been off to one side.
    """
    now, columns, earlier = pd.DatetimeIndex([origin]), np.arange(days), known_since(series, scores.before(origin))
    asked = Scores(now, np.full((1, len(earlier.delays)), np.nan), earlier.delays)
    scored = edges_of_late(earlier, asked, PATH_LEVELS, columns=columns)
    edges = edges_in_views(series, predicted[None], now, edges=scored, columns=columns)
    lows = [edges[level][0] for level in reversed(PATH_LEVELS)]
    views = np.concatenate([*lows, *(edges[level][1] for level in PATH_LEVELS)]).T
    return np.clip(np.maximum.accumulate(views, axis=1), 0, highest(series, now))


def probabilities() -> np.ndarray:
    """What the columns of `day_quantiles` are quantiles of."""
    lower = (1 - np.array(PATH_LEVELS[::-1])) / 2
    return np.concatenate([lower, 1 - lower[::-1]])


def _at(ranks: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """The quantiles of one day at these ranks."""
    return np.interp(ranks, probabilities(), quantiles)
