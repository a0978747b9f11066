"""What a method did from each day of the held-out period, small enough to be kept beside its forecast.

Two records of the same channel can be compared day by day, whoever made them and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import Backtest, errors_by
from forecasting.evaluation.scores import totals as totals_of
from forecasting.evaluation.scores import with_totals
from forecasting.metrics import coverage
from forecasting.models.registry import SKILL_BASELINE, baseline
from forecasting.series import Series
from forecasting.split import Period

PARTS = ("ahead", "day_of_week", "month")
LEVEL = 0.9  # of the intervals that are counted
DIGITS = 6  # of a stored error


@dataclass(frozen=True)
class ErrorGroup:
    """Mean absolute error, in views, of the days of one weekday, month or distance, beside the usual baseline's."""

    part: str  # one of PARTS
    value: int  # the days ahead, the weekday (0 is Monday), or the month (1 is January)
    error: float
    usual: float  # of the same day last week
    days: int  # so many days were predicted


@dataclass(frozen=True)
class TotalError:
    """How far totals of the next `days` days were off: the sum of errors over the sum of what came."""

    days: int
    share: float
    origins: int


@dataclass(frozen=True)
class TrackRecord:
    """Errors over the days 1 to `horizon` ahead, in views, from `first` and every day after it as origins."""

    horizon: int
    first: date  # the last day known to the first forecast
    errors: tuple[float, ...]  # (origins,), a mean over the days ahead whose views are known; NaN where none is
    usual: float  # in-sample error of the same day last week, which MASE divides by
    coverage: float  # share of the days within their 90 % interval
    totals: tuple[TotalError, ...] = ()
    groups: tuple[ErrorGroup, ...] = ()

    def by_origin(self) -> pd.Series:
        """The errors by origin, those alone that are known."""
        return pd.Series(self.errors, pd.date_range(self.first, periods=len(self.errors)), dtype=float).dropna()

    def groups_of(self, part: str) -> list[ErrorGroup]:
        """Those of one part, in order."""
        return [group for group in self.groups if group.part == part]


def track_record(series: Series, result: Backtest, held_out: Period, *, horizon: int) -> TrackRecord | None:
    """What `result`, forecasts from consecutive days of `series`, comes to in `held_out`; None without a day there."""
    whole = result.within(held_out)
    near = whole.up_to(horizon)
    known = np.isfinite(near.actual)
    if not known.any():
        return None
    off = np.abs(near.predicted - near.actual)
    errors = np.divide(
        np.nansum(off, axis=1), known.sum(axis=1), out=np.full(len(off), np.nan), where=known.any(axis=1)
    )
    trained = result.train_views
    return TrackRecord(
        horizon,
        near.origins[0].date(),
        tuple(_rounded(error) for error in errors),
        usual=_rounded(np.nanmean(np.abs(trained[7:] - trained[:-7]))) if len(trained) > 7 else np.nan,
        coverage=_coverage(near),
        totals=tuple(_totals(whole)),
        groups=tuple(_groups(near, _usual(series, near))),
    )


def _coverage(result: Backtest) -> float:
    low, high = result.lower[LEVEL], result.upper[LEVEL]
    there = np.isfinite(result.actual) & np.isfinite(low)
    return float(coverage(result.actual[there], low[there], high[there])) if there.any() else np.nan


def _totals(result: Backtest) -> Sequence[TotalError]:
    """Of the totals whose days are all known, from one origin at least."""
    found = []
    sums = [with_totals(views)[:, result.horizon :] for views in (result.predicted, result.actual)]
    for place, days in enumerate(totals_of(result.horizon)):
        predicted, actual = (views[:, place] for views in sums)
        there = np.isfinite(actual)
        if there.any() and actual[there].sum() > 0:
            share = np.abs(predicted - actual)[there].sum() / actual[there].sum()
            found.append(TotalError(days, _rounded(share), int(there.sum())))
    return found


def _usual(series: Series, result: Backtest) -> Backtest:
    """The usual baseline from the same days, without intervals."""
    predicted = baseline(SKILL_BASELINE).predict(series, result.origins, result.horizon)
    nothing: dict[float, np.ndarray] = {}
    return Backtest(
        SKILL_BASELINE,
        result.origins,
        predicted,
        result.actual,
        nothing,
        nothing,
        result.train_views,
        result.scores,
    )


def _groups(result: Backtest, usual: Backtest) -> list[ErrorGroup]:
    found = []
    for part in PARTS:
        mine, theirs = errors_by(result, part), errors_by(usual, part)["error"]
        found += [
            ErrorGroup(part, int(value), _rounded(row["error"]), _rounded(theirs[value]), int(row["days"]))
            for value, row in mine.iterrows()
        ]
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
