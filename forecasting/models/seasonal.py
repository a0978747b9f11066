"""Forecasts of a level and what is usual around it: the weekday's share, and the course of the year before.

Like baselines they have nothing to fit; `registry.METHODS` makes each known everywhere. They see no spike.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.models.bounds import bounded
from forecasting.models.naive import last_days
from forecasting.series import Series
from forecasting.typical_range import WEEK, median

WEEKS = 8  # that say what share of its week a weekday has
LEAST_SHARE = 0.1  # of the mean weekday's: from a day with less no level is read
DAMPING = 0.97  # of each day's growth beside that of the day before
FASTEST = 0.03  # a day's growth, in logarithms
YEAR = 52 * WEEK  # days: the same weekday a year before
LEVEL = 4 * WEEK  # days whose mean is the level that is compared with that of a year before
FARTHEST = 5.0  # times up or down, what a year before says that a level may change


@dataclass(frozen=True)
class RecentLevel:
    """The median level of the last `days`, each weekday having its usual share of it."""

    days: int
    growing: bool = False  # goes on as the last four weeks did beside the four before, ever more slowly
    needs = WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        recent = last_days(series.without_spikes, origins, WEEKS * WEEK)
        shares = weekday_shares(recent)
        day_shares = np.tile(np.where(shares >= LEAST_SHARE, shares, np.nan), WEEKS)
        levels = recent / day_shares
        last, week = median(levels[:, -self.days :]), median(levels[:, -WEEK:])
        level = np.where(np.isfinite(last), last, week)[:, None]
        if self.growing:
            steps = np.cumsum(DAMPING ** np.arange(1, horizon + 1))
            level = level * np.exp(daily_growth(recent)[:, None] * steps)
        return bounded(level * _ahead(shares, horizon), series, origins)


class LastYear:
    """The course of the year before, as large as the last four weeks are beside theirs, on the usual weekdays.

    Where no year before is known, the level of the last four weeks.
    """

    needs = WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        days = last_days(series.without_spikes, origins, YEAR + LEVEL)
        level = np.nanmean(days[:, -LEVEL:], axis=1, keepdims=True)
        shares = _ahead(weekday_shares(days[:, -WEEKS * WEEK :]), horizon)
        return bounded(level * _course(days, horizon) * shares, series, origins)


def yesterdays_level() -> RecentLevel:
    """That of a single day."""
    return RecentLevel(1)


def level_of_two_weeks() -> RecentLevel:
    """That of two weeks."""
    return RecentLevel(2 * WEEK)


def growing_level() -> RecentLevel:
    """That of a single day, growing as of late."""
    return RecentLevel(1, growing=True)


def daily_growth(recent: np.ndarray) -> np.ndarray:
    """Of the logarithm of the level (origins,), from the second half of `recent` (origins, days) beside the first.

    0 where days or views are missing.
    """
    half = recent.shape[1] // 2
    now, then = recent[:, half:].mean(axis=1), recent[:, :half].mean(axis=1)
    known = (now > 0) & (then > 0)
    ratio = np.where(known, now, 1.0) / np.where(known, then, 1.0)
    return np.clip(np.log(ratio) / half, -FASTEST, FASTEST)


def weekday_shares(recent: np.ndarray) -> np.ndarray:
    """What each weekday usually is of its week's mean (origins, WEEK), the origin's own last; of mean 1.

    `recent` (origins, whole weeks of days), views, NaN before the first day; weeks without views say nothing.
    """
    weeks = recent.reshape(len(recent), -1, WEEK)
    means = weeks.mean(axis=2, keepdims=True)
    shares = median((weeks / np.where(means > 0, means, np.nan)).swapaxes(1, 2))
    total = shares.sum(axis=1, keepdims=True)
    there = np.isfinite(total) & (total > 0)
    return np.where(there, shares * WEEK / np.where(there, total, 1.0), 1.0)


def _ahead(shares: np.ndarray, horizon: int) -> np.ndarray:
    """The shares (origins, horizon) of the days ahead."""
    return shares[:, np.arange(horizon) % WEEK]


def _course(days: np.ndarray, horizon: int) -> np.ndarray:
    """A year ago's level around each day ahead (origins, horizon), beside that of the weeks before; 1 where unknown.

    `days` (origins, YEAR + LEVEL) through the origins: no week's mean reaches beyond. After a year the course repeats.
    """
    sums = np.concatenate([np.zeros((len(days), 1)), np.cumsum(days, axis=1)], axis=1)
    middle = LEVEL + np.arange(horizon) % YEAR
    first, last = middle - WEEK // 2, np.minimum(middle + WEEK // 2 + 1, days.shape[1])
    around = (sums[:, last] - sums[:, first]) / (last - first)
    before = days[:, :LEVEL].mean(axis=1, keepdims=True)
    known = before > 0  # not so where it is NaN
    return np.where(known, np.clip(around / np.where(known, before, 1.0), 1 / FARTHEST, FARTHEST), 1.0)
