"""The months of a year ahead: each as the same month of past years, times how the channel has changed since.

A forecast from day to day knows nothing of the year. Two years of days tell how months compare, and the same asked from
every past month's end tells how far such forecasts were off, each number of months ahead by itself.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from forecasting.evaluation.conformal import GRID, edges_of_scores, spacing_of
from forecasting.formats import format_percent
from forecasting.messages import N_, Message
from forecasting.series import Series

YEAR = 12  # months
YEARS = 3  # that are looked back at, at most
LEVEL_MONTHS = 3  # whose mean is the level of a month's end
TWO_YEARS = 730
FEWEST_ERRORS = 4  # past forecasts so many months ahead, from which an interval is spoken of
MEASURED = 0.9  # share of its days that a month's mean needs
LEVEL = 0.9  # of the interval
LATEST = 48  # months whose forecasts are judged
WIDEST = 10.0  # times the forecast, or as small a part of it: an interval that reaches farther says nothing
TOO_SHORT = N_("Too far to say: a year ahead needs {needed} measured days, and the channel has {days}.")
SOME_TOO_FAR = N_(
    "Too far to say from {month} on: too few past months were forecast so far ahead, or they were off by too much."
)
RECORD = N_(
    "Past months, forecast as far ahead, were off by {error} (median, {count} forecasts). The same month a year before:"
    " {usual}."
)


@dataclass(frozen=True)
class MonthAhead:
    """A month's total in views with its 90 % interval; NaN where it is too far to say, or was not measured."""

    first: date
    point: float
    lower: float
    upper: float
    year_before: float


@dataclass(frozen=True)
class YearAhead:
    """The months after the last whole one, as far as an interval can be had; errors are shares of what came."""

    months: tuple[MonthAhead, ...]
    too_far: date | None  # the first month of which nothing can be said; None where all twelve have an interval
    median_error: float  # of past forecasts as many months ahead
    usual_error: float  # of the same month a year before in their place
    count: int  # past forecasts

    def notes(self, measured_days: int) -> list[Message]:
        """How far past forecasts were off, and what is too far to say and why."""
        said = []
        if self.months:
            facts = {"error": format_percent(self.median_error), "usual": format_percent(self.usual_error)}
            said.append(Message(RECORD, facts | {"count": self.count}))
        elif measured_days < TWO_YEARS:
            said.append(Message(TOO_SHORT, {"needed": TWO_YEARS, "days": measured_days}))
        if self.too_far:
            said.append(Message(SOME_TOO_FAR, {"month": f"{self.too_far:%Y-%m}"}))
        return said


def year_ahead(series: Series) -> YearAhead:
    """From the last whole month of `series`; no months where its days do not suffice."""
    if series.measured_days < TWO_YEARS:
        return YearAhead((), None, np.nan, np.nan, 0)
    means = monthly_means(series)
    if not len(means):
        return YearAhead((), None, np.nan, np.nan, 0)
    values = np.where(means > 0, means, np.nan)
    errors = past_errors(values)
    edges = month_edges(errors)
    known = np.isfinite([estimate(values, len(values) - 1, ahead) for ahead in range(1, YEAR + 1)])
    reached = int((known & (np.abs(edges) <= np.log(WIDEST)).all(axis=1)).cumprod().sum())  # NaN is not
    months = tuple(_month(means, ahead, edges[ahead - 1]) for ahead in range(1, reached + 1))
    too_far = (means.index[-1] + reached + 1).start_time.date() if reached < YEAR else None
    if not reached:
        return YearAhead((), too_far, np.nan, np.nan, 0)
    judged = np.isfinite(errors[:, :reached])
    off, usual = (np.abs(np.expm1(-one[:, :reached][judged])) for one in (errors, past_errors(values, usual=True)))
    return YearAhead(months, too_far, float(np.median(off)), float(np.nanmedian(usual)), int(judged.sum()))


def monthly_means(series: Series) -> pd.Series:
    """Mean views a day of each whole month, by its period; NaN where too few of its days were measured."""
    months = series.measured.groupby(series.measured.index.to_period("M"))
    means, whole = months.mean(), months.size() == months.size().index.days_in_month
    return means[whole].where(months.count()[whole] >= MEASURED * months.size()[whole])


def estimate(values: np.ndarray, origin: int, ahead: int) -> float:
    """The mean of the month `ahead` months after the place `origin` in `values` (months,), from no later ones.

    The geometric mean, over past years, of the same month times how much the level has changed since.
    """
    found = []
    for before in range(YEAR, YEAR * YEARS + 1, YEAR):
        if origin - before - LEVEL_MONTHS + 1 >= 0:
            change = _level(values, origin) / _level(values, origin - before)
            found.append(values[origin - before + ahead] * change)
    known = np.log([one for one in found if np.isfinite(one)])
    return float(np.exp(known.mean())) if len(known) else np.nan


def _level(values: np.ndarray, origin: int) -> float:
    return float(values[origin - LEVEL_MONTHS + 1 : origin + 1].mean())


def past_errors(values: np.ndarray, *, usual: bool = False) -> np.ndarray:
    """Logarithms of what came over what was estimated (origins, YEAR): of the LATEST, each by the months before it.

    NaN where it had not come by the last month; `usual` estimates by the same month a year before.
    """
    errors = np.full((len(values), YEAR), np.nan)
    for origin in range(max(YEAR + LEVEL_MONTHS - 1, len(values) - LATEST), len(values)):
        for ahead in range(1, min(YEAR, len(values) - 1 - origin) + 1):
            guess = values[origin + ahead - YEAR] if usual else estimate(values, origin, ahead)
            errors[origin, ahead - 1] = np.log(values[origin + ahead] / guess)
    return errors


def month_edges(errors: np.ndarray) -> np.ndarray:
    """Edges (YEAR, 2) of the 90 % intervals in logarithms, wider with each month ahead; NaN for too few `errors`."""
    edges = np.full((YEAR, 2), np.nan)
    for place in range(YEAR):
        known = errors[np.isfinite(errors[:, place]), place]
        if len(known) < FEWEST_ERRORS:
            break
        rates = np.full((2, len(GRID)), (1 - np.array(GRID)) / 2)
        found = edges_of_scores(np.sort(known), np.array([LEVEL]), rates=rates, spacing=spacing_of(known, place + 1))[
            :, 0
        ]
        nearer = edges[place - 1] if place else np.zeros(2)
        edges[place] = min(found[0], nearer[0]), max(found[1], nearer[1])
    return edges


def _month(means: pd.Series, ahead: int, edges: np.ndarray) -> MonthAhead:
    """The total of a month in views."""
    period, before = means.index[-1] + ahead, means.index[-1] + ahead - YEAR
    point = estimate(means.to_numpy(float), len(means) - 1, ahead) * period.days_in_month
    lower, upper = point * np.exp(edges)
    usual = float(means.get(before, np.nan)) * before.days_in_month
    return MonthAhead(period.start_time.date(), point, float(lower), float(upper), usual)
