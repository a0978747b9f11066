"""What is usual for a channel, day by day: its level, how much it changes from week to week, the most that is usual.

No single day owns any of these: a value counts for at most CAP times the middle one in the means that they are. Each
rests on its own day and earlier ones alone.
"""

from dataclasses import dataclass

import numpy as np

RECENT = 56  # days that say what is usual
YEAR = 365  # days
WEEK = 7  # days
CAP = 5.0  # times the median of the positive values: the most that one value counts for in a mean
TO_NORMAL = 1.4826  # median absolute deviation -> standard deviation of normal values
FAR = 10.0  # units above the level, or the highest weekday's, that a day may lie and still be usual


@dataclass(frozen=True)
class TypicalRange:
    """In views, (days,) but for `week`."""

    level: np.ndarray  # mean of the recent days
    unit: np.ndarray  # mean difference from the same day a week before, never 0
    year_unit: np.ndarray  # the same of a year
    highest: np.ndarray  # of the usual weekdays; infinite in the first two weeks
    week: np.ndarray  # (days, 7): what is usual on the weekday of the day itself (last), the day before it (sixth) ...

    @property
    def limit(self) -> np.ndarray:
        """A day above it is extraordinary."""
        return self.highest + FAR * self.unit

    def ahead(self, places: np.ndarray, horizon: int) -> np.ndarray:
        """What is usual (places, horizon) on the weekdays of the days after each of `places`."""
        return self.week[places][:, (WEEK - 1 + np.arange(1, horizon + 1)) % WEEK]


def typical_range(known: np.ndarray) -> TypicalRange:
    """The range of each day of `known` views (days,), none of them missing."""
    padded = np.concatenate([np.full(RECENT + WEEK - 1, np.nan), known])
    recent = np.lib.stride_tricks.sliding_window_view(padded, RECENT + WEEK)
    level = capped_mean(recent[:, WEEK:])
    changes = np.abs(recent[:, WEEK:] - recent[:, :-WEEK])
    few = np.isfinite(changes).sum(axis=1) < WEEK  # in the first two weeks, how far days lie from their mean
    unrest = np.where(few, capped_mean(np.abs(recent[:, WEEK:] - level[:, None])), capped_mean(changes))
    weekdays = median(recent[:, WEEK:].reshape(len(known), RECENT // WEEK, WEEK).swapaxes(1, 2))
    weekdays = np.where(np.isfinite(weekdays), weekdays, level[:, None])
    # Four days of seven that are high are a new level, and no spike: the weekdays follow the median of the last seven.
    last_week, middle = median(recent[:, -WEEK:]), median(weekdays)
    moved = np.where(middle > 0, last_week / np.where(middle > 0, middle, 1), 1)[:, None]
    highest = np.maximum.reduce([level, weekdays.max(axis=1), last_week])
    least = 0.01 * level + 0.1
    year_unrest = np.where(few, unrest, _unrest_of_a_year(known))
    return TypicalRange(level, unrest + least, year_unrest + least, np.where(few, np.inf, highest), weekdays * moved)


def _unrest_of_a_year(known: np.ndarray) -> np.ndarray:
    """Mean difference (days,) from the same day a week before over a year through each day; 0 in the first week."""
    changes = np.abs(known[WEEK:] - known[:-WEEK])
    padded = np.concatenate([np.full(YEAR - 1 + len(known) - len(changes), np.nan), changes])
    return capped_mean(np.lib.stride_tricks.sliding_window_view(padded, YEAR))


def capped_mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of values from 0 on, NaN left out, each at most CAP times the median of the positive."""
    there, cap = np.isfinite(values), CAP * median(np.where(values > 0, values, np.nan))
    total = np.where(there, np.fmin(values, np.nan_to_num(cap)[..., None]), 0).sum(axis=-1)
    return total / np.maximum(there.sum(axis=-1), 1)


def median(values: np.ndarray) -> np.ndarray:
    """Median over the last axis, NaN left out; NaN where nothing is left. As numpy's own, which takes row by row."""
    ordered, count = np.sort(values, axis=-1), np.isfinite(values).sum(axis=-1, keepdims=True)  # NaN comes last
    middle = ((count - 1).clip(0) // 2, count // 2 * (count > 0))
    low, high = (np.take_along_axis(ordered, place.clip(0, values.shape[-1] - 1), axis=-1) for place in middle)
    return ((low + high) / 2)[..., 0]
