"""Whether a level has changed, told on the day from days through it alone.

`diagnosis.level_shifts` looks back, with four weeks on either side; a mixture has to know at once that what its members
did before says little of what they do now.
"""

import numpy as np
import pandas as pd

from forecasting.series import Series
from forecasting.typical_range import TO_NORMAL, WEEK

SIDE = 4 * WEEK  # days before the last week that it is compared with
LEAST = 2.0  # times as high or as low
DEVIATIONS = 6.0  # median absolute deviations of the same comparison on earlier days
LOOK_BACK = 52 * WEEK  # earlier days
FEWEST = 4 * WEEK  # of them, for their deviation to be known
QUIET = 2 * WEEK  # days for which one change is told once


def units_and_changes(series: Series, days: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """What is usual from week to week on `days` (days, 1), in views, and on which of them the level changes (days,)."""
    places = series.known.index.get_indexer(days)
    return series.typical.unit[places][:, None], changes_of_level(series, days)


def changes_of_level(series: Series, days: pd.DatetimeIndex) -> np.ndarray:
    """Whether on each of `days` (days,), known ones, a change of level first shows in the days through it."""
    known = series.without_spikes.known
    places = known.index.get_indexer(days)
    first = max(places.min() - QUIET, 0)
    ratios = _log_ratios(known.to_numpy(float)[: places.max() + 1])
    away = np.zeros(len(ratios), bool)
    for place in range(first, len(ratios)):
        away[place] = _is_far(ratios[max(place - WEEK + 1 - LOOK_BACK, 0) : place - WEEK + 1], ratios[place])
    return np.array([away[place] and not away[max(place - QUIET, 0) : place].any() for place in places])


def _log_ratios(values: np.ndarray) -> np.ndarray:
    """Of the last week's mean to that of the four weeks before, at each day (days,); NaN in the first weeks."""
    found = np.full(len(values), np.nan)
    if len(values) < SIDE + WEEK:
        return found
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(SIDE + WEEK, len(values) + 1)
    week = (sums[ends] - sums[ends - WEEK]) / WEEK
    before = (sums[ends - WEEK] - sums[ends - WEEK - SIDE]) / SIDE
    found[ends - 1] = np.log((week + 1) / (before + 1))
    return found


def _is_far(earlier: np.ndarray, now: float) -> bool:
    earlier = earlier[np.isfinite(earlier)]
    if len(earlier) < FEWEST:
        return False
    middle = np.median(earlier)
    usual = TO_NORMAL * np.median(np.abs(earlier - middle))
    return bool(abs(now - middle) > max(np.log(LEAST), DEVIATIONS * usual))
