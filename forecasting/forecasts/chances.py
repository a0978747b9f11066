"""Chances to reach a total, and whether such chances came true: of goals said to be reached with 70 %, were 70 %?

A chance is the share of whole paths that reach the goal. Its record asks the same from past origins, for goals that
were known there: what is forecast to be left, at the pace of the last four weeks, times each of RATIOS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from forecasting.evaluation.scores import Scores
from forecasting.forecasts.paths import draw_paths
from forecasting.forecasts.totals_record import DAY, Kind, Window, actual_total, windows_at
from forecasting.series import Series

RATIOS = (0.8, 0.9, 1.0, 1.1, 1.25)  # of the pace of the last four weeks
PACE_DAYS = 28
MIDDLE = 15  # day of the month
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # chances that are counted together
FEWEST_TIMES = 8  # chances of a bin from which is said how many came true
FEWEST_WINDOWS = 4  # totals that these are of at least: goals for one total come true or fail together


@dataclass(frozen=True)
class PastChance:
    """A goal for a total, as seen from `origin`: how likely reaching it was said to be, and whether it was reached."""

    kind: Kind
    origin: date
    first: date
    goal: float  # views
    said: float
    came: bool


@dataclass(frozen=True)
class ChanceBin:
    """All past chances between `low` and `high`."""

    low: float
    high: float
    times: int
    windows: int  # different totals
    said: float  # mean, NaN for none
    came: float  # share

    @property
    def enough(self) -> bool:
        """Whether they are enough to say anything."""
        return self.times >= FEWEST_TIMES and self.windows >= FEWEST_WINDOWS


def chance(totals: np.ndarray, goal: float) -> float:
    """Share of drawn `totals` (paths,) that reach the goal."""
    return float((totals >= goal).mean())


def past_chances(series: Series, scores: Scores, windows: Sequence[Window]) -> list[PastChance]:
    """Chances of each goal for each of past `windows` whose days were all measured and whose paths can be drawn."""
    return [one for window in windows for one in _chances_of(series, scores, window)]


def record_windows(scores: Scores, last: pd.Timestamp) -> list[Window]:
    """Past totals to be judged by: of months from their eve and from their middle, and of 28 days every 28 days.

    All of their days lie before the day after `last`.
    """
    kept = scores.origins[np.isfinite(scores.predicted).all(axis=1) & (scores.origins < last)]
    whole = [one for origin in kept for one in windows_at(origin, scores.horizon) if one.last <= last]
    return [one for one in whole if _is_asked(one, last)]


def _is_asked(window: Window, last: pd.Timestamp) -> bool:
    on_the_eve = (window.origin + DAY).day == 1
    if window.kind == "days":
        return window.ahead == PACE_DAYS and (last - window.origin).days % PACE_DAYS == 0
    return on_the_eve or (window.kind == "this month" and window.origin.day == MIDDLE)


def _chances_of(series: Series, scores: Scores, window: Window) -> list[PastChance]:
    actual = actual_total(series, window)
    if np.isnan(actual):
        return []
    predicted = scores.predicted[scores.origins.get_loc(window.origin)]
    paths = draw_paths(series, scores, window.origin, predicted=predicted, days=window.ahead)
    if paths is None:
        return []
    so_far, days = window.so_far(series.known), window.within(predicted).size
    totals = so_far + window.within(paths).sum(axis=1)
    pace = float(series.known.loc[: window.origin].iloc[-PACE_DAYS:].mean())
    origin, first = window.origin.date(), window.first.date()
    goals = [so_far + ratio * days * pace for ratio in RATIOS]
    return [PastChance(window.kind, origin, first, goal, chance(totals, goal), actual >= goal) for goal in goals]


def in_bins(chances: Sequence[PastChance], borders: Sequence[float] = BINS) -> list[ChanceBin]:
    """The chances counted together between neighbouring `borders`, the last one included."""
    said = np.array([one.said for one in chances])
    places = np.clip(np.digitize(said, borders) - 1, 0, len(borders) - 2)
    found = []
    for place, (low, high) in enumerate(zip(borders, borders[1:], strict=False)):
        own = [one for one, at in zip(chances, places, strict=True) if at == place]
        found.append(
            ChanceBin(
                low,
                high,
                times=len(own),
                windows=len({(one.kind, one.origin) for one in own}),
                said=float(np.mean([one.said for one in own])) if own else np.nan,
                came=float(np.mean([one.came for one in own])) if own else np.nan,
            )
        )
    return found


def passing_days(paths: np.ndarray, left: float) -> np.ndarray:
    """Days (paths,) after which each of `paths` (paths, days) has brought `left` views in all; infinite where none."""
    reached = paths.cumsum(axis=1) >= left
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
