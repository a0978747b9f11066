"""Days that no simple forecast foresaw, and how unlikely each was: anomaly detection one day ahead.

Each day is forecast from earlier days alone, in four ways; how far it lies from the median of the four, in units of
what such errors recently were, is its score. The chance of a score as large comes from the tail of all scores of the
channel, so that the rate of false alarms is the one asked for on noisy channels as on calm ones.
"""

from dataclasses import dataclass
from datetime import date
from math import floor, log10

import numpy as np
import pandas as pd

from forecasting.diagnosis.tails import tail_probabilities
from forecasting.formats import Views
from forecasting.messages import N_, Message
from forecasting.series import Series
from forecasting.typical_range import RECENT, WEEK, capped_mean, median

POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the views, 0 is their logarithm: the one whose errors are even on both sides
SMOOTHING = 0.3  # of the smoothed level
SETTLED = 35  # first days, from which nothing is judged yet
FEWEST_JUDGED = 100  # judged days below which a tail says nothing
TAIL = 0.03  # quantile at which the errors' two sides are compared
USUAL_RATE = 365
RATES = {  # days for one false alarm
    100: N_("One in 100 days"),
    365: N_("One a year"),
    1000: N_("One in 1,000 days"),
}
FARTHEST = 100  # times the judged days: nothing rarer is said
UNUSUAL = N_("{views} views, {expected} expected. A day so far off comes once in about {days} days.")
RAREST = N_("{views} views, {expected} expected. A day so far off comes less than once in {days} days.")


@dataclass(frozen=True)
class UnusualDay:
    """A measured day far from all that was expected of it."""

    day: date
    views: float
    expected: float
    days: int  # it is one day in so many, to one digit
    rarer: bool = False  # than that: as far as the channel's days can say

    @property
    def message(self) -> Message:
        """What was unusual about it."""
        facts = {"views": Views(self.views), "expected": Views(self.expected), "days": f"{self.days:,}"}
        return Message(RAREST if self.rarer else UNUSUAL, facts)


def unusual_days(surprises: pd.DataFrame, one_in: int) -> tuple[UnusualDay, ...]:
    """The days of `surprises` that are rarer than one in `one_in`, the rarest first."""
    found = surprises[surprises["probability"] < 1 / one_in].sort_values("probability")
    most = FARTHEST * len(surprises)
    return tuple(
        UnusualDay(
            day=row.Index.date(),
            views=row.views,
            expected=row.expected,
            days=_one_digit(min(1 / max(row.probability, 1e-300), most)),
            rarer=row.probability * most < 1,
        )
        for row in found.itertuples()
    )


def _one_digit(number: float) -> int:
    """As one says it: 5,000 and not 4,871."""
    size = 10 ** floor(log10(number))
    return int(number / size + 0.5) * size


def find_surprises(series: Series) -> pd.DataFrame:
    """Columns views, expected and probability, a row for each measured day that can be judged; none where days are few.

    `probability`: the chance of a day as far from what was expected, high or low.
    """
    if series.measured_days < SETTLED + FEWEST_JUDGED:
        return pd.DataFrame(columns=["views", "expected", "score", "probability"], dtype=float)
    known = series.known
    tried = [_errors(known, power) for power in powers_of(known.to_numpy())]
    expected, scores = min(tried, key=lambda errors: _lopsided(errors[1]))
    frame = pd.DataFrame({"views": series.measured.reindex(known.index), "expected": expected, "score": scores})
    frame = frame.iloc[SETTLED:].dropna()
    return frame.assign(probability=tail_probabilities(frame["score"].abs().to_numpy()))


def _errors(known: pd.Series, power: float) -> tuple[np.ndarray, np.ndarray]:
    """What was expected of each day, in views, and how far off it was, in units of recent errors; NaN at first."""
    scaled = scaled_views(known.to_numpy(float), power)
    weekdays = weekday_effects(scaled)
    level = _expected_level(scaled - weekdays)
    errors = scaled - weekdays - level
    unit = capped_mean(_before(np.abs(errors), RECENT))
    unit = unit + 1e-3 * np.median(unit) + 1e-9  # where all days were alike, any other one is far off
    least = 0 if (known >= 0).all() else -np.inf
    return _unscaled(level + weekdays, power).clip(least), errors / unit


def powers_of(views: np.ndarray) -> tuple[float, ...]:
    """The powers to try; where numbers are below 0, such as net subscribers, they stay as they are."""
    return POWERS if (views >= 0).all() else (1.0,)


def scaled_views(views: np.ndarray, power: float) -> np.ndarray:
    """A power of the views, 0 where they are 0; the power 0 is their logarithm."""
    return ((views + 1) ** power - 1) / power if power else np.log1p(views)


def _unscaled(scaled: np.ndarray, power: float) -> np.ndarray:
    """The views again."""
    if power == 1:
        return scaled
    return ((scaled * power + 1).clip(0) ** (1 / power) if power else np.exp(scaled)) - 1


def weekday_effects(scaled: np.ndarray) -> np.ndarray:
    """How far each day (days,) usually lies from its week, from the last eight of its weekday before it.

    A day's own week is centred on it, so that the latest one that counts ended before the day itself.
    """
    centred = np.full(len(scaled), np.nan)
    centred[3:-3] = scaled[3:-3] - np.lib.stride_tricks.sliding_window_view(scaled, WEEK).mean(axis=1)
    padded = np.concatenate([np.full(RECENT, np.nan), centred])
    earlier = np.stack([padded[RECENT - back : len(padded) - back] for back in range(WEEK, RECENT + 1, WEEK)], axis=-1)
    return np.nan_to_num(median(earlier))


def _expected_level(level: np.ndarray) -> np.ndarray:
    """The median of four forecasts (days,): the day before, a smoothed level, the medians of a week and of four."""
    smoothed = np.empty(len(level))
    last = level[0]
    for place, value in enumerate(level):
        smoothed[place] = last
        last += SMOOTHING * (value - last)
    medians = [median(_before(level, days)) for days in (WEEK, 4 * WEEK)]
    return median(np.stack([_before(level, 1)[:, 0], smoothed, *medians], axis=-1))


def _before(values: np.ndarray, days: int) -> np.ndarray:
    """The last `days` before each place (places, days), NaN before the first."""
    return np.lib.stride_tricks.sliding_window_view(np.concatenate([np.full(days, np.nan), values]), days)[:-1]


def _lopsided(scores: np.ndarray) -> float:
    """How uneven the two sides of the scores are, from 0 to 1."""
    low, middle, high = np.quantile(scores[SETTLED:], [TAIL, 0.5, 1 - TAIL])
    return float(abs(high + low - 2 * middle) / (high - low)) if high > low else 1.0
