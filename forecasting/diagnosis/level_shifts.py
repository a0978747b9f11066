"""Days on which a channel's level changed for good: moving sums before and after each day (MOSUM).

The difference between the means of the 28 days from a day on and of the 28 days before it is compared with the same
difference at all other days of the channel, by its median absolute deviation: trends, seasons and errors that hang
together widen both. Eichinger and Kirch, A MOSUM procedure for the estimation of multiple random change points,
Bernoulli 24 (2018), with a scale that changes themselves hardly move.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from forecasting.diagnosis.unusual_days import powers_of, scaled_views, weekday_effects
from forecasting.messages import N_, Message
from forecasting.series import Series
from forecasting.typical_range import TO_NORMAL, WEEK, median

SIDE = 28  # days before and after
SOON = WEEK  # days after a change that can tell of it, for the time being
# Units: one false change in ten years of calm days (`tests.benchmark.unusual_days`).
LIMIT, LIMIT_SOON = 3.38, 3.75
SMALLEST = 1.05  # times: nobody asks after a smaller change
NEAR = 15  # days around each that say what is extraordinary there
DEVIATIONS = 3.0  # beyond them a day counts as this far off only
CHANGED = N_("Since {day} the level is {times} times as high.")
MAYBE = N_("Since {day} the level seems to be {times} times as high; a few weeks will tell.")
OPEN = N_("Whether the level changed in the last {days} days cannot be told yet.")


@dataclass(frozen=True)
class LevelShift:
    """A lasting change of the level."""

    day: date  # the first one of the new level
    times: float  # the level after, in levels before
    certain: bool = True  # four weeks came after it

    @property
    def message(self) -> Message:
        """What changed, and when."""
        return Message(CHANGED if self.certain else MAYBE, {"day": self.day, "times": f"{self.times:.2g}"})


def level_shifts(series: Series) -> tuple[LevelShift, ...]:
    """All changes of the level, the first one first; none where the channel is too short to compare days with."""
    if series.measured_days < 4 * SIDE:
        return ()
    known = series.known
    calm = _winsorised(_weekdays_removed(known.to_numpy(float)))
    places = _places(_deviations(calm, SIDE), LIMIT, range(SIDE, len(calm) - SIDE + 1))
    last = max([len(calm) - SIDE, *(place + SIDE - 1 for place in places)])
    soon = _places(_deviations(calm, SOON), LIMIT_SOON, range(last + 1, len(calm) - SOON + 1))
    borders = _borders(sorted(places + soon), len(calm))
    found = [_shift(known, calm, before=before, place=place, after=after) for before, place, after in borders]
    # Of a level below 0 nothing is so many times as high.
    return tuple(shift for shift in found if shift.times >= SMALLEST or 0 <= shift.times <= 1 / SMALLEST)


def cannot_tell_yet() -> Message:
    """What the last days leave open."""
    return Message(OPEN, {"days": SOON - 1})


def _weekdays_removed(views: np.ndarray) -> np.ndarray:
    scaled = scaled_views(views, powers_of(views)[0])
    return scaled - weekday_effects(scaled)


def _winsorised(level: np.ndarray) -> np.ndarray:
    """Each day at most a few deviations from the median of the days around it: a single day is no level."""
    padded = np.pad(level, NEAR // 2, constant_values=np.nan)
    middle = median(np.lib.stride_tricks.sliding_window_view(padded, NEAR))
    farthest = DEVIATIONS * TO_NORMAL * np.median(np.abs(level - middle))
    return middle + (level - middle).clip(-farthest, farthest)


def _deviations(calm: np.ndarray, after: int) -> np.ndarray:
    """How far the mean of `after` days from each day on lies from that of the days before it, in usual deviations."""
    sums, places = np.concatenate([[0], np.cumsum(calm)]), np.arange(SIDE, len(calm) - after + 1)
    means = (sums[places + after] - sums[places]) / after, (sums[places] - sums[places - SIDE]) / SIDE
    differences = means[0] - means[1]
    off = differences - np.median(differences)
    found = np.zeros(len(calm))
    found[places[places < len(calm)]] = (off / max(TO_NORMAL * np.median(np.abs(off)), 1e-9))[places < len(calm)]
    return found


def _places(deviations: np.ndarray, limit: float, among: range) -> list[int]:
    """Where they are largest and beyond the limit, four weeks from each other."""
    left, found = np.zeros(len(deviations)), []
    left[list(among)] = np.abs(deviations[list(among)])
    while len(left) and left.max() >= limit:
        place = int(left.argmax())
        found.append(place)
        left[max(place - SIDE, 0) : place + SIDE + 1] = 0
    return found


def _borders(places: list[int], days: int) -> list[tuple[int, int, int]]:
    """Each place between the ends of the levels before and after it: its neighbours, or those of the days."""
    return list(zip([0, *places[:-1]], places, [*places[1:], days], strict=True)) if places else []


def _shift(known: pd.Series, calm: np.ndarray, *, before: int, place: int, after: int) -> LevelShift:
    """The change near `place`, on the day that best divides the four weeks on either side in two levels.

    The level after is that of eight weeks, where they have come: what has passed by then was no change of level.
    """
    first, last = max(place - SIDE, before), min(place + SIDE, after)
    least = min(WEEK, place - first, last - place)
    candidates = range(max(first + least, place - 2 * WEEK), min(last - least, place + 2 * WEEK) + 1)
    day = min(candidates, key=lambda at: calm[first:at].var() * (at - first) + calm[at:last].var() * (last - at))
    views = known.to_numpy(float)
    old = np.median(views[max(day - SIDE, 0) : day])
    new = np.median(views[day : min(day + 2 * SIDE, max(after, day + WEEK))])
    times = float(new / old) if old > 0 else float(new + 1) if old == 0 else np.nan
    return LevelShift(known.index[day].date(), times, certain=day + SIDE <= len(views))
