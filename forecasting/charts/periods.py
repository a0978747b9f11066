"""Time along the bottom of a channel's charts: days, weeks or months, a period of them, and the year before."""

from collections.abc import Sequence
from typing import Literal, cast

import altair as alt
import pandas as pd

from forecasting.charts.marks import day_tip
from forecasting.messages import N_, Translate
from forecasting.split import Period

Step = Literal["day", "week", "month"]
STEPS: dict[Step, str] = {"day": N_("Daily"), "week": N_("Weekly"), "month": N_("Monthly")}
STARTS: dict[Step, str] = {"day": N_("Day"), "week": N_("Week from"), "month": N_("Month")}  # what a point's day is
RULES = {"week": "W-MON", "month": "MS"}  # a week begins on Monday
VIEWS_A_DAY: dict[Step, str] = {
    "day": N_("Views a day"),
    "week": N_("Mean views a day, by week"),
    "month": N_("Mean views a day, by month"),
}
DAYS_NEEDED: dict[Step, int] = {"day": 0, "week": 28, "month": 120}  # of a channel, for a few points at least
KNOWN = 6 / 7  # share of its days that a week or month needs, because weekdays differ
YEAR_BEFORE = N_("A year before")
SAME_WEEKDAY = pd.Timedelta(weeks=52)


def mean_by(step: Step, views: pd.DataFrame) -> pd.DataFrame:
    """Means a day of every column, a row a step, at the step's first day; NaN where too few of its days are known."""
    if step == "day":
        return views
    steps = views.resample(RULES[step], closed="left", label="left")
    days = 7 if step == "week" else cast(pd.DatetimeIndex, steps.size().index).days_in_month
    return steps.mean().where(steps.count().div(days, axis=0) >= KNOWN)


def a_year_before(step: Step, views: pd.Series) -> pd.Series:
    """The same period a year before, at the day on which it is drawn: 52 weeks, so that weekdays meet, or 12 months."""
    return views.shift(freq=pd.DateOffset(years=1) if step == "month" else SAME_WEEKDAY)


def clipped_to(shown: Period | None, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a period; all without one."""
    return frame if shown is None else frame[str(shown.first) : str(shown.last)]


def step_tips(step: Step, frame: pd.DataFrame, *, weekdays: Sequence[str], translate: Translate) -> list[alt.Tooltip]:
    """When a point is, in a tooltip; of days the weekday too, which `frame` gets as a column."""
    when = day_tip(translate, STARTS[step], "%Y-%m" if step == "month" else "%Y-%m-%d")
    if step != "day":
        return [when]
    frame["weekday"] = [weekdays[day] for day in frame["day"].dt.day_of_week]
    return [when, alt.Tooltip("weekday:N", title=translate(N_("Weekday")))]
