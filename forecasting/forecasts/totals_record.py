"""Totals of the days to come and how such totals came out before: the next 7 and 28 days, this and the next month.

Each kind of total has past origins of its own: of 7 and of 28 days every so many days, so that no day is in two of
them; of a calendar month the same day of each past month. From each origin it is forecast as from the last day, by the
errors known there, and compared with what came.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import joined
from forecasting.evaluation.conformal import make_intervals
from forecasting.evaluation.scores import Scores, totals
from forecasting.forecasts.paths import draw_paths
from forecasting.formats import Views, format_percent
from forecasting.messages import N_, Message
from forecasting.models.registry import SKILL_BASELINE, baseline
from forecasting.series import Series

LEVEL = 0.9  # of the interval
FEWEST_TOTALS = 4  # past totals from which a track record is spoken of
DAY = pd.Timedelta(days=1)
VERDICT = N_(
    "{span} were off by {median} (median), at most {largest}, over {count} past totals. With “Same day last week”:"
    " {usual}, at most {usual_largest}. 90 % intervals held {held} of {intervals}."
)
CANNOT_TELL = N_(
    "{span}: cannot tell how far they are off, with {count} past total; {needed} are needed.",
    "{span}: cannot tell how far they are off, with {count} past totals; {needed} are needed.",
)
SPANS = {
    "days": N_("{days}-day totals"),
    "this month": N_("Month totals forecast on this day of the month"),
    "next month": N_("Totals of the following month forecast on this day of the month"),
}
SO_FAR = N_("{month} so far {so_far}, with the forecast {point}; 90 %: {low} to {high}.")
ALL_AHEAD = N_("{month}: {point}; 90 %: {low} to {high}.")
WITHOUT_INTERVAL = N_("{month} so far {so_far}, with the forecast {point}; interval: cannot tell.")
Kind = Literal["days", "this month", "next month"]


@dataclass(frozen=True)
class TotalsRecord:
    """How past totals of one kind came out. Errors are shares of what came, NaN where there is no total."""

    count: int  # past totals
    median_error: float
    largest_error: float
    held: int  # of them within their interval
    intervals: int  # of them that had one
    baseline_median: float  # of the same day last week, over the same totals
    baseline_largest: float

    @property
    def enough(self) -> bool:
        """Whether the totals are enough to say anything."""
        return self.count >= FEWEST_TOTALS


NO_RECORD = TotalsRecord(0, np.nan, np.nan, 0, 0, np.nan, np.nan)


@dataclass(frozen=True)
class JudgedTotal:
    """A total from `first` to `last`, in views, with a 90 % interval and its record. NaN edges: no interval known."""

    kind: Kind
    first: date
    last: date
    so_far: float  # measured already, of a calendar month
    point: float
    lower: float
    upper: float
    record: TotalsRecord

    @property
    def days(self) -> int:
        """From the first to the last."""
        return (self.last - self.first).days + 1

    def verdict(self) -> Message:
        """How such totals came out before."""
        span, record = Message(SPANS[self.kind], {"days": self.days}), self.record
        if not record.enough:
            return Message(CANNOT_TELL, {"span": span, "count": record.count, "needed": FEWEST_TOTALS})
        shares = {
            "median": record.median_error,
            "largest": record.largest_error,
            "usual": record.baseline_median,
            "usual_largest": record.baseline_largest,
        }
        facts: dict[str, object] = {"count": record.count, "held": record.held, "intervals": record.intervals}
        return Message(
            VERDICT, {"span": span} | facts | {name: format_percent(share) for name, share in shares.items()}
        )

    def sentence(self, month: str) -> Message:
        """A calendar month's total by the name of the `month`: what is there already, and with the forecast."""
        facts = {"month": month, "so_far": Views(self.so_far), "point": Views(self.point)}
        if np.isnan(self.lower):
            return Message(WITHOUT_INTERVAL, facts)
        facts |= {"low": Views(self.lower), "high": Views(self.upper)}
        return Message(SO_FAR if self.so_far else ALL_AHEAD, facts)


@dataclass(frozen=True)
class Window:
    """The days of a total as seen from an origin: from `first` to `last`, the days after the origin are forecast."""

    kind: Kind
    origin: pd.Timestamp
    first: pd.Timestamp
    last: pd.Timestamp

    @property
    def ahead(self) -> int:
        """Days that the farthest one is after the origin."""
        return (self.last - self.origin).days

    def within(self, daily: np.ndarray) -> np.ndarray:
        """Of columns (..., days) after the origin those of the total."""
        return daily[..., max((self.first - self.origin).days - 1, 0) : self.ahead]

    def so_far(self, views: pd.Series) -> float:
        """What was there by the origin."""
        return float(views.loc[self.first : self.origin].sum())


def judge_totals(series: Series, scores: Scores, predicted: np.ndarray) -> list[JudgedTotal]:
    """Every total that the `predicted` views (horizon,) of the days after the last one reach, with its record.

    `scores` are of forecasts as many days ahead that had not learnt from the days they are of.
    """
    scores, found = _with_now(scores, series.last, predicted), []
    for now in windows_at(series.last, scores.horizon):
        windows = [now, *past_windows(now, scores)]
        seen = forecast_totals(series, scores, windows)
        point, lower, upper = map(float, seen[0])
        found.append(
            JudgedTotal(
                now.kind,
                now.first.date(),
                now.last.date(),
                so_far=now.so_far(series.known),
                point=point,
                lower=lower,
                upper=upper,
                record=_record(series, windows[1:], seen[1:]),
            )
        )
    return found


def _with_now(scores: Scores, origin: pd.Timestamp, predicted: np.ndarray) -> Scores:
    """With the forecast of the last day, none of whose errors is known."""
    unknown = np.full((1, len(scores.delays)), np.nan)
    return joined(scores, Scores(pd.DatetimeIndex([origin]), unknown, scores.delays, predicted[None]))


def windows_at(origin: pd.Timestamp, horizon: int) -> list[Window]:
    """The totals that are forecast at `origin` and lie within `horizon` days; this month is that of the next day."""
    first = (origin + DAY).replace(day=1)
    after = first + pd.offsets.MonthBegin(1)
    found = [Window("days", origin, origin + DAY, origin + days * DAY) for days in totals(horizon)]
    found += [
        Window("this month", origin, first, after - DAY),
        Window("next month", origin, after, after + pd.offsets.MonthEnd(0)),
    ]
    return [one for one in found if one.ahead <= horizon]


def past_windows(now: Window, scores: Scores) -> list[Window]:
    """The same kind of total at the past origins of `scores` whose forecasts were kept, the latest first."""
    kept = scores.origins[np.isfinite(scores.predicted).all(axis=1)]
    kept = kept[kept < now.origin]
    if now.kind != "days":
        found = [_month_like(now, origin) for origin in kept[_same_day_of_month(kept, now.origin)][::-1]]
        return [one for one in found if one.ahead <= scores.horizon]
    length = (now.last - now.first).days + 1
    back = (now.origin - kept).days.to_numpy()
    return [Window("days", day, day + DAY, day + length * DAY) for day in kept[back % length == 0][::-1]]


def _same_day_of_month(origins: pd.DatetimeIndex, now: pd.Timestamp) -> np.ndarray:
    """As many days into the month of the next day; in a shorter month at least that month's last day is to come."""
    begun = (now + DAY).day - 1  # days of the month that are known
    following = origins + DAY
    return following.day - 1 == np.minimum(begun, following.days_in_month - 1)


def _month_like(now: Window, origin: pd.Timestamp) -> Window:
    return next(one for one in windows_at(origin, 400) if one.kind == now.kind)


def forecast_totals(series: Series, scores: Scores, windows: list[Window]) -> np.ndarray:
    """The total of each of `windows`, all of one kind, and the edges of its interval (windows, 3)."""
    if windows[0].kind == "days":
        return _by_own_scores(series, scores, windows)
    return np.array([_by_paths(series, scores, window) for window in windows])


def _by_own_scores(series: Series, scores: Scores, windows: list[Window]) -> np.ndarray:
    """Of totals that have scores of their own, with the adaptive intervals that the forecast shows."""
    kept = np.isfinite(scores.predicted).all(axis=1)
    origins, column = scores.origins[kept], scores.horizon + totals(scores.horizon).index(windows[0].ahead)
    later = Scores(origins, scores.values[kept], scores.delays)
    found = make_intervals(
        series,
        scores.predicted[kept],
        earlier=later.before(origins[0]),
        later=later,
        levels=[LEVEL],
        columns=[column],
    )
    places = origins.get_indexer(pd.DatetimeIndex([one.origin for one in windows]))
    return np.concatenate([found.centre, found.lower[LEVEL], found.upper[LEVEL]], axis=1)[places]


def _by_paths(series: Series, scores: Scores, window: Window) -> tuple[float, float, float]:
    """Of any other days: what is known of them already, and the rest of whole paths."""
    predicted = scores.predicted[scores.origins.get_loc(window.origin)]
    so_far, paths = (
        window.so_far(series.known),
        draw_paths(series, scores, window.origin, predicted=predicted, days=window.ahead),
    )
    if paths is None:
        return so_far + float(window.within(predicted).sum()), np.nan, np.nan
    low, middle, high = np.quantile(window.within(paths).sum(axis=1), [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    return so_far + float(middle), so_far + float(low), so_far + float(high)


def _record(series: Series, past: list[Window], seen: np.ndarray) -> TotalsRecord:
    """Of those of the `past` totals whose every day was measured; `seen` are their forecasts and edges (windows, 3)."""
    actual = np.array([actual_total(series, window) for window in past])
    judged = actual > 0
    if not judged.any():
        return NO_RECORD
    usual = np.array([usual_total(series, window) for window, there in zip(past, judged, strict=True) if there])
    actual, (point, lower, upper) = actual[judged], seen[judged].T
    errors, usual_errors = np.abs(point - actual) / actual, np.abs(usual - actual) / actual
    return TotalsRecord(
        len(actual),
        float(np.median(errors)),
        float(errors.max()),
        int(((lower <= actual) & (actual <= upper)).sum()),
        int(np.isfinite(lower).sum()),
        float(np.median(usual_errors)),
        float(usual_errors.max()),
    )


def actual_total(series: Series, window: Window) -> float:
    """What came; NaN unless every day was measured."""
    measured = series.measured.loc[window.first : window.last]
    whole = len(measured) == (window.last - window.first).days + 1
    return float(measured.sum(skipna=False)) if whole else np.nan


def usual_total(series: Series, window: Window) -> float:
    """What the baseline forecast; NaN in the first days."""
    usual, origin = baseline(SKILL_BASELINE), pd.DatetimeIndex([window.origin])
    if series.known.index.get_indexer(origin)[0] < usual.needs - 1:
        return np.nan
    return window.so_far(series.known) + float(window.within(usual.predict(series, origin, window.ahead)[0]).sum())
