"""The country whose public holidays explain a channel's unusual days best, and what each of its holidays does.

A day's deviation, in logarithms, from the same weekdays around it is regressed on holidays by ridge regression (Hoerl
& Kennard 1970): what any holiday does on a working day or at a weekend, and what each by its name adds to that. A
calendar counts by what it explains of holidays that the regression has not seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from forecasting.calendar_features import check_country, public_holidays, weekend_of
from forecasting.models.holiday_effects import FELT, FIND, LARGEST_EFFECT, NO_HOLIDAYS, HolidayEffects
from forecasting.series import Series
from forecasting.typical_range import TO_NORMAL, WEEK, YEAR, median

# Those with the most people online first; regions where their holidays differ.
CALENDARS = (
    *("US", "IN", "BR", "ID", "JP", "RU", "MX", "DE", "GB-ENG", "FR", "NG", "PH", "TR", "VN", "IR", "EG", "IT", "ES"),
    *("TH", "BD", "PK", "KR", "ZA", "CO", "AR", "CA", "PL", "SA", "UA", "MY", "MA", "AU-NSW", "KE", "PE", "NL", "TW"),
    *("RO", "CL", "KZ", "AE", "BE", "SE", "CZ", "GR", "PT", "HU", "CH", "AT", "IL", "AU-VIC", "DE-BY", "CA-QC"),
    *("HK", "SG", "DK", "FI", "NO", "SK", "IE", "NZ", "BG", "HR", "RS", "ES-CT", "GB-SCT", "AU-QLD", "EC", "LT", "SI"),
    *("LV", "EE", "IS"),
)
BESIDE = (-1, 0, 1)  # days from a holiday that it is felt on
PENALTIES = ((1.0, 1.0), (0.3, 1.0), (1.0, 3.0))  # of any holiday's effect and of one by its name, in days seen
AROUND = (-3, -2, -1, 1, 2, 3)  # weeks whose same weekdays a day is compared with
FARTHEST = 10.0  # noises that a day counts for at most
APART = 4  # days between holidays that are judged apart
FEWEST = 5  # holidays apart, for a calendar to be judged
LEAST_GAIN = 18.0  # noises by which a calendar brings days nearer to what they were
LEAST_SCORE = 1.8  # mean gain of a holiday, in standard errors
LIKELY = 0.5  # share of the largest gain under the first penalties with which a calendar is looked at closely
ALIKE = 0.9  # share of the largest gain with which a calendar that stands earlier is preferred
LONGEST = 10 * YEAR  # days back that are learnt from
YEARS_AHEAD = 3  # whose holidays a model knows
MOVED = re.compile(r" \((observed|estimated|substituted)[^)]*\)")  # what a name says of its day
Key = tuple[str, int, bool, bool]  # of a column: name or "", days from the holiday, weekend, holiday at a weekend


@dataclass(frozen=True)
class Deviations:
    """What each day of a channel deviates by from the same weekdays around it."""

    first: date
    logs: np.ndarray  # (days,)

    @classmethod
    def of(cls, series: Series) -> "Deviations":
        """Of the views as they were, spikes and all."""
        known = series.known.iloc[-LONGEST:]
        return cls(known.index[0].date(), np.log1p(known.to_numpy(float)))

    @cached_property
    def noise(self) -> float:
        """Of a usual day."""
        every = self.at(np.arange(len(self.logs)), np.zeros(len(self.logs), bool))
        return float(median(np.abs(every))) * TO_NORMAL + 1e-3

    def at(self, places: np.ndarray, felt: np.ndarray) -> np.ndarray:
        """The deviation (places,) from same weekdays that no holiday is `felt` on (days,); NaN where there are none."""
        around = places[:, None] + WEEK * np.array(AROUND)
        there = (around >= 0) & (around < len(self.logs))
        inside = around.clip(0, len(self.logs) - 1)
        return self.logs[places] - median(np.where(there & ~felt[inside], self.logs[inside], np.nan))


@dataclass(frozen=True)
class Fit:
    """A calendar's regression on some days."""

    calendar: str
    effects: dict[Key, float]
    gain: float  # of holidays left out of it, in noises
    score: float  # mean gain of a holiday in standard errors


def learn_holidays(series: Series, country: str = FIND) -> HolidayEffects:
    """The effects by the calendar that explains most; none where it explains too little, or in less than a year.

    Of a `country` that is known, its regions' among them, whatever they explain counts; of "" none are looked for.
    """
    calendars, found = calendars_of(country), country == FIND
    if not calendars or (found and series.measured_days < YEAR):
        return NO_HOLIDAYS
    deviations = Deviations.of(series)
    likely = _likely(calendars, deviations)
    fits = [fit for calendar in likely for fit in fits_of(calendar, deviations, PENALTIES)]
    least, score = (LEAST_GAIN, LEAST_SCORE) if found else (0.0, 0.0)
    sure = [fit for fit in fits if fit.gain > least and fit.score > score]
    if not sure:
        return NO_HOLIDAYS
    largest = max(fit.gain for fit in sure)
    first = next(fit.calendar for fit in sure if fit.gain >= ALIKE * largest)
    best = max((fit for fit in sure if fit.calendar == first), key=lambda fit: fit.gain)
    return _effects(best, series.known.index)


def _likely(calendars: Sequence[str], deviations: Deviations) -> list[str]:
    """Those that explain not much less than the one that explains most, by one regression each."""
    gains = {}
    for calendar in calendars:
        for fit in fits_of(calendar, deviations, PENALTIES[:1]):
            gains[calendar] = fit.gain
    largest = max(gains.values(), default=0.0)
    return [calendar for calendar, gain in gains.items() if gain >= LIKELY * largest]


def calendars_of(country: str) -> Sequence[str]:
    """Of a country, with each of its regions that differ; all of CALENDARS to FIND one, none for "".

    Raises BadInput for a country whose holidays are not known.
    """
    if country in (FIND, ""):
        return CALENDARS if country else ()
    check_country(country)
    return [calendar for calendar in CALENDARS if calendar.partition("-")[0] == country] or [country]


def fits_of(calendar: str, deviations: Deviations, penalties: Sequence[tuple[float, float]]) -> list[Fit]:
    """The regression on a calendar under each of `penalties`; none where it has too few holidays."""
    found = columns_of(calendar, deviations.first, len(deviations.logs))
    felt = np.zeros(len(deviations.logs), bool)
    felt[list(found)] = True
    places = np.flatnonzero(felt)
    off = deviations.at(places, felt)
    places, off = places[np.isfinite(off)], off[np.isfinite(off)].clip(-LARGEST_EFFECT, LARGEST_EFFECT)
    apart = np.concatenate([[0], np.cumsum(np.diff(places) > APART)]) if len(places) else np.empty(0, int)
    if len(np.unique(apart)) < FEWEST:
        return []
    keys, columns = _matrix([found[place] for place in places])
    named = np.array([bool(name) for name, *_rest in keys])
    fits = []
    for every, own in penalties:
        effects, unseen = ridge(columns, off, np.where(named, own, every), apart)
        gain, score = _gain(off, unseen, apart, deviations.noise)
        fits.append(Fit(calendar, dict(zip(keys, effects.tolist(), strict=True)), gain, score))
    return fits


def _matrix(days: Sequence[Sequence[Key]]) -> tuple[list[Key], np.ndarray]:
    """All keys of `days`, and which of them each day has (days, keys)."""
    keys = list(dict.fromkeys(key for day in days for key in day))
    places = {key: place for place, key in enumerate(keys)}
    columns = np.zeros((len(days), len(keys)))
    for row, day in enumerate(days):
        columns[row, [places[key] for key in day]] = 1.0
    return keys, columns


def columns_of(calendar: str, first: date, days: int) -> dict[int, list[Key]]:
    """The columns that are 1 on each day that a holiday is felt on: place from the `first` day on -> keys."""
    holidays = holidays_by_ordinal(calendar, first.year - 1, (first + timedelta(days=days)).year + 1)
    weekend = weekend_days(calendar)
    found: dict[int, list[Key]] = {}
    for day, name in holidays.items():
        for beside in BESIDE:
            place = day + beside - first.toordinal()
            if 0 <= place < days and not (beside and day + beside in holidays):
                at_weekend, holiday_at_weekend = (when % WEEK in weekend for when in (day + beside, day))
                found.setdefault(place, [])
                found[place] += [("", beside, at_weekend, holiday_at_weekend), (name, beside, at_weekend, False)]
    return {place: list(dict.fromkeys(keys)) for place, keys in found.items()}


@lru_cache(1024)
def holidays_by_ordinal(calendar: str, first_year: int, last_year: int) -> dict[int, str]:
    """Ordinal of a day -> name of its holiday, in the order of days."""
    country, _, region = calendar.partition("-")
    known = public_holidays(country, range(first_year, last_year + 1), region=region)
    return {day.toordinal(): MOVED.sub("", name) for day, name in sorted(known.items())}


@lru_cache(1024)
def weekend_days(calendar: str) -> frozenset[int]:
    """Days of the weekend, by their ordinals modulo 7: Friday and Saturday in Egypt, say."""
    return frozenset((day + 1) % WEEK for day in weekend_of(calendar.partition("-")[0]))


def ridge(
    columns: np.ndarray, off: np.ndarray, penalties: np.ndarray, apart: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Effects (columns,), and for each row the prediction of a regression without the holiday it belongs to.

    What a regression would say without some rows follows from their errors in it (Cook & Weisberg 1982).
    """
    solved = np.linalg.solve(columns.T @ columns + np.diag(penalties), columns.T)
    effects = solved @ off
    errors, unseen = off - columns @ effects, np.empty(len(off))
    for rows in np.split(np.arange(len(off)), np.flatnonzero(np.diff(apart)) + 1):
        own = columns[rows] @ solved[:, rows]  # what the days of a holiday say of themselves
        unseen[rows] = off[rows] - np.linalg.solve(np.eye(len(rows)) - own, errors[rows])
    return effects, unseen


def _gain(off: np.ndarray, unseen: np.ndarray, apart: np.ndarray, noise: float) -> tuple[float, float]:
    """By how many noises `unseen` effects bring the days nearer, and the mean of a holiday in standard errors."""
    far = FARTHEST * noise
    nearer = (np.fmin(np.abs(off), far) - np.fmin(np.abs(off - unseen), far)) / noise
    each = np.bincount(apart, nearer)
    # Of a few holidays the spread may be small by chance: three more are added to it that are 2 noises apart.
    spread = (((each - each.mean()) ** 2).sum() + 4.0) / (len(each) + 3)
    return float(each.sum()), float(each.mean() / np.sqrt(spread / len(each)))


def _effects(fit: Fit, known: pd.DatetimeIndex) -> HolidayEffects:
    """Of the days that are `known`, and of some years after them."""
    first = known[0].date()
    found = columns_of(fit.calendar, first, len(known) + YEARS_AHEAD * YEAR)
    sums = {place: sum(fit.effects.get(key, 0.0) for key in keys) for place, keys in sorted(found.items())}
    felt = {place: log for place, log in sums.items() if abs(log) > FELT}
    days = tuple(first + timedelta(days=place) for place in felt)
    return HolidayEffects(fit.calendar, days, tuple(round(log, 4) for log in felt.values()))
