"""Totals so far, as a counter shows them -> what was added from day to day."""

from dataclasses import dataclass

import numpy as np

from forecasting.messages import N_, BadInput
from forecasting.reading.choice import Choice, Question
from forecasting.reading.gaps import LONG_GAP
from forecasting.series import Correction

SAMPLED_CHANNELS = 20  # channels that say for all whether numbers are totals so far
RISES = 7  # steps upwards, without which days that never fall are chance
FALLS = 0.05  # share of steps that may go down: counts are corrected, or begin anew
ANEW = 0.5  # of the number before, below which a counter has begun anew

CUMULATIVE = N_("The numbers never or hardly ever fall ({example}), like totals so far; choose what they are.")
DIFFERENCES = N_("The numbers were read as totals so far, and the difference between days was taken.")
SHARES = N_("Days between two totals, given an equal share of the difference: {count}.")
FELL = N_("Days on which the total fell, taken as unknown: {count}.")
ANEW_ON = N_("Days on which the total began anew: {count}.")
OPTIONS = (("yes", N_("Totals so far: take the difference between days")), ("no", N_("The number of each day alone")))


@dataclass(frozen=True)
class _Readings:
    """The last number of each channel and day, by channel and day."""

    codes: np.ndarray  # the channel
    days: np.ndarray  # int64, since 1970
    last: np.ndarray  # the highest number of the day, which is the last of a total
    first: np.ndarray  # the lowest
    several: bool  # days have several different numbers

    @property
    def follows(self) -> np.ndarray:
        """Which readings have one of the same channel before."""
        return np.flatnonzero(self.codes[1:] == self.codes[:-1]) + 1


def check_cumulative(
    days: np.ndarray, counts: np.ndarray, codes: np.ndarray | None, *, choice: Choice, named: bool, clocks: bool
) -> bool:
    """Whether the numbers are totals so far. Raises Question where they look so and the user did not say.

    days: (rows,) datetime64[D]; counts: (rows,) floats; codes: (rows,) the channel of each row, None for one;
    `named` says that the header calls them totals so far, `clocks` that rows have a time of day.
    """
    if choice.cumulative is not None:
        return choice.cumulative == "yes"
    if codes is not None:
        often = np.argsort(-np.bincount(codes), kind="stable")[:SAMPLED_CHANNELS]
        kept = np.isin(codes, often)
        days, counts, codes = days[kept], counts[kept], codes[kept]
    readings = _readings(days, counts, codes)
    if not _looks_cumulative(readings, named=named, clocks=clocks):
        return False
    example = ", ".join(f"{number:,.0f}" for number in readings.last[:3])
    raise Question(CUMULATIVE, "cumulative", OPTIONS, example=example)


def _readings(days: np.ndarray, counts: np.ndarray, codes: np.ndarray | None) -> _Readings:
    known = np.isfinite(counts)
    days, counts = days[known].astype(np.int64), counts[known]
    codes = np.zeros(len(days), np.int64) if codes is None else codes[known]
    order = np.lexsort((counts, days, codes))
    days, counts, codes = days[order], counts[order], codes[order]
    begins = np.ones(len(days), bool)
    begins[1:] = (np.diff(days) != 0) | (np.diff(codes) != 0)
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(days))[: len(starts)] - 1
    first, last = counts[starts], counts[ends]
    return _Readings(codes[starts], days[starts], last, first, bool((first < last).any()))


def _looks_cumulative(readings: _Readings, *, named: bool, clocks: bool) -> bool:
    at = readings.follows
    steps = readings.last[at] - readings.last[at - 1]
    rises, falls = int((steps > 0).sum()), int((steps < 0).sum())
    if rises < 2 or falls > FALLS * (rises + falls):
        return False
    stacked = clocks and readings.several and bool((readings.first[at] >= readings.last[at - 1]).all())
    return rises >= RISES or named or stacked


def differences(
    days: np.ndarray, counts: np.ndarray, codes: np.ndarray | None, *, choice: Choice
) -> tuple[np.ndarray, np.ndarray, list[Correction]]:
    """What was added each day, over all channels: days, one row each, and counts, NaN where nobody knows."""
    readings = _readings(days, counts, codes)
    at = readings.follows
    if not len(at):
        raise BadInput(N_("Totals so far need at least two days; upload a longer period."))
    gaps = readings.days[at] - readings.days[at - 1]
    steps, anew = _steps(readings)
    shared = (gaps > 1) & (gaps <= LONG_GAP) & (choice.fill != "none")
    fell = readings.days[at][np.isnan(steps)]
    steps = np.where((gaps > 1) & ~shared, np.nan, steps / gaps)
    many = np.where(shared, gaps, 1)
    # Each day since the reading before, the day of the reading itself last.
    each = np.repeat(readings.days[at] - many + 1, many) + _count_up(many)
    found, summed = _sum_by_day(each, np.repeat(steps, many))
    corrections = [Correction(DIFFERENCES, option="cumulative")]
    for text, on, option in (
        (SHARES, each[np.repeat(many > 1, many)], "fill"),
        (FELL, fell, ""),
        (ANEW_ON, readings.days[at][anew], ""),
    ):
        if len(on):
            corrections.append(Correction(text, _dates(on), option=option))
    return found, summed, corrections


def _steps(readings: _Readings) -> tuple[np.ndarray, np.ndarray]:
    """What each reading has more than the one before, NaN where it has less; where the total began anew, all of it."""
    at = readings.follows
    steps = readings.last[at] - readings.last[at - 1]
    anew = readings.last[at] < ANEW * readings.last[at - 1]
    return np.where(anew, readings.last[at], np.where(steps < 0, np.nan, steps)), anew


def _sum_by_day(days: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days without repetition, and the sum of the known counts of each; NaN where none is known."""
    found, place = np.unique(days, return_inverse=True)
    known = np.bincount(place, ~np.isnan(counts))
    return found.astype("datetime64[D]"), np.where(known > 0, np.bincount(place, np.nan_to_num(counts)), np.nan)


def _count_up(many: np.ndarray) -> np.ndarray:
    """0, 1, 2 ... for each of `many`, one after the other."""
    return np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)


def _dates(days) -> tuple:
    return tuple(np.unique(np.asarray(days, np.int64)).astype("datetime64[D]").astype(object))
