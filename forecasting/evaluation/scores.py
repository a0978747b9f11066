"""Scores of past forecasts: their errors in units of what is usual at their origins. Intervals rest on them.

A score is an error, actual less predicted, in units of what is usual at its origin (`scales`), so that an interval
follows the level and the unrest of the views. Columns are days ahead, each with its own scores, and totals of the next
days, whose errors are of the total itself: the edges of single days do not add up to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from forecasting.series import Series
from forecasting.typical_range import CAP, median
from forecasting.windows import futures

TOTALS = (7, 28)  # days
UNUSUAL = 5.0  # units above the highest weekday's: a forecast beyond says that something is extraordinary
REMEMBERED = 730  # latest errors a day ahead that say what is usual
HALF_LIFE = 2.0  # days after which an error a day ahead counts half in what errors have been of late
USUAL = 3.4  # weight of the usual error beside them, that of all together: 1 / (1 - 0.5 ** (1 / HALF_LIFE))
FEWEST_TOLD = 10  # errors a day ahead, below which nothing is said of late
FADES = 0.4  # h days ahead, errors of late count to the power h ** -FADES


@dataclass(frozen=True)
class Scores:
    """Scores (origins, columns), NaN where not known. One of a column with delay d is known d days after its origin."""

    origins: pd.DatetimeIndex
    values: np.ndarray
    delays: np.ndarray  # (columns,), days
    predicted: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (origins, horizon), views; NaN: not kept

    def __post_init__(self) -> None:
        if self.predicted.shape != (len(self.origins), self.horizon):
            object.__setattr__(self, "predicted", np.full((len(self.origins), self.horizon), np.nan))

    @property
    def horizon(self) -> int:
        """Days ahead; the columns after them are totals."""
        return days_in(self.delays)

    def before(self, day: pd.Timestamp) -> "Scores":
        """Of origins before `day`."""
        return self._of(self.origins < day)

    def since(self, day: pd.Timestamp) -> "Scores":
        """Of `day` and later origins."""
        return self._of(self.origins >= day)

    def of_columns(self, columns: Sequence[int] | np.ndarray) -> "Scores":
        """Of these columns alone; forecasts, whose columns are others, are not kept."""
        return Scores(self.origins, self.values[:, columns], self.delays[columns])

    def in_units(self, units: np.ndarray) -> "Scores":
        """The same in other units (origins, columns) of theirs."""
        return replace(self, values=self.values / units)

    def _of(self, kept: np.ndarray) -> "Scores":
        return Scores(self.origins[kept], self.values[kept], self.delays, self.predicted[kept])


def delays(horizon: int) -> np.ndarray:
    """Delays of all columns of forecasts up to `horizon` days ahead: the days, then the totals that fit into them."""
    return np.array([*range(1, horizon + 1), *totals(horizon)])


def horizon_of(columns: int) -> int:
    """The horizon whose days and totals make so many columns."""
    return next(horizon for horizon in range(columns, 0, -1) if horizon + len(totals(horizon)) <= columns)


def totals(horizon: int) -> list[int]:
    """Days of each total that fits into `horizon` days."""
    return [days for days in TOTALS if days <= horizon]


def with_totals(daily: np.ndarray) -> np.ndarray:
    """Views (origins, horizon) with the totals of the next days as further columns; NaN where a day is not known."""
    sums = [daily[:, :days].sum(axis=1, keepdims=True) for days in totals(daily.shape[1])]
    return np.concatenate([daily, *sums], axis=1)


def scales(series: Series, origins: pd.DatetimeIndex, predicted: np.ndarray) -> np.ndarray:
    """The unit of a score (origins, columns) in views, from nothing later than the origin.

    The typical difference from week to week, between that of late and that of a year, half as it is, half in
    proportion to how the day that is `predicted` (origins, horizon) compares with recent days.
    """
    places, typical = series.known.index.get_indexer(origins), series.typical
    lengths = np.array([1] * predicted.shape[1] + totals(predicted.shape[1]))
    share = with_totals(predicted) / lengths / (typical.level[places, None] + 1)
    unit = np.sqrt(typical.unit * typical.year_unit)[places, None]
    return unit * lengths * np.clip(0.5 + 0.5 * share, 0.25, 4)


def usual(series: Series, origins: pd.DatetimeIndex, predicted: np.ndarray) -> np.ndarray:
    """`predicted` (origins, horizon) with what is usual on the weekday in place of what lies far beyond.

    A forecast that repeats a viral day may be right, and may not: its interval is to reach back to what is usual.
    """
    places, typical = series.known.index.get_indexer(origins), series.typical
    far = typical.highest + UNUSUAL * typical.unit
    return np.where(predicted > far[places, None], typical.ahead(places, predicted.shape[1]), predicted)


def make_scores(series: Series, origins: pd.DatetimeIndex, predicted: np.ndarray) -> Scores:
    """Scores of forecasts `predicted` (origins, horizon), in views, of the measured days of `series` after `origins`.

    An extraordinary day is in as many totals as they have days: there it counts as the most that is usual.
    """
    horizon, expected = predicted.shape[1], usual(series, origins, predicted)
    daily = futures(series.measured, origins, horizon)
    sums = with_totals(futures(series.without_spikes.measured, origins, horizon))[:, horizon:]
    actual = np.concatenate([daily, sums], axis=1)
    values = (actual - with_totals(expected)) / scales(series, origins, expected)
    return Scores(origins, values, delays(horizon), predicted)


def known_since(series: Series, scores: Scores) -> Scores:
    """With the scores of days that have become known since they were made, where their forecasts are kept."""
    kept = np.isfinite(scores.predicted).all(axis=1)
    if not kept.any() or np.isfinite(scores.values).all():
        return scores
    values = scores.values.copy()
    again = make_scores(series, scores.origins[kept], scores.predicted[kept]).values
    values[kept] = np.where(np.isfinite(values[kept]), values[kept], again)
    return replace(scores, values=values)


def units_of_late(earlier: Scores, later: Scores) -> tuple[np.ndarray, np.ndarray]:
    """How large errors are of late, beside what is usual (origins, columns): of `earlier`, and of `later`.

    After large errors a day ahead the next are larger, far ahead only little; half is always what is usual.
    """
    origins = earlier.origins.append(later.origins)
    near = np.concatenate([_near(earlier), _near(later)])
    units = _of_late(origins, np.abs(near))[:, None] ** (later.delays**-FADES)
    return units[: len(earlier.origins)], units[len(earlier.origins) :]


def _near(scores: Scores) -> np.ndarray:
    """Scores (origins,) of the day after each origin; NaN where that is no column."""
    return scores.values[:, 0] if scores.horizon else np.full(len(scores.origins), np.nan)


def _of_late(origins: pd.DatetimeIndex, sizes: np.ndarray) -> np.ndarray:
    """The mean error a day ahead of late as a share of the usual one (origins,), from `sizes` (origins,) known by then.

    One day counts for CAP times the middle one at most.
    """
    found, days = np.ones(len(origins)), (origins - origins.min()).days.to_numpy()
    measured = np.isfinite(sizes)
    sizes, known_on = sizes[measured], days[measured] + 1
    for row, day in enumerate(days):
        last = np.searchsorted(known_on, day, side="right")
        known = sizes[max(last - REMEMBERED, 0) : last]
        if last < FEWEST_TOLD or not known.any():
            continue
        known = np.fmin(known, CAP * median(known[known > 0]))
        weights = 0.5 ** ((day - known_on[last - len(known) : last]) / HALF_LIFE)
        found[row] = (weights @ known / known.mean() + USUAL) / (weights.sum() + USUAL)
    return found


def days_in(delays: np.ndarray) -> int:
    """How many of the columns are single days."""
    return int((np.arange(1, len(delays) + 1) == delays).sum())
