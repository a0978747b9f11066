"""What draws of the days to come say of a goal, and what came of such chances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.forecasts.chances import chance, in_bins, passing_days
from forecasting.forecasts.goals import FARTHEST, GoalsReport
from forecasting.forecasts.totals_record import Window, windows_at
from forecasting.formats import format_percent, format_probability, format_views
from forecasting.messages import N_, Translate
from forecasting.models.registry import method_in_words
from pages.parts.chart import draw_chart
from pages.parts.forecast_chart import last_week
from pages.parts.forecast_totals import month_name
from pages.parts.session import Session

BESIDE: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}  # a second line that is no change
SURE = 0.95  # of the paths: from so many on a day is an edge of the 90 % interval


@dataclass(frozen=True)
class Goal:
    """What is asked for, in views."""

    so_far: int  # in all, by the last day
    total: int  # in all
    target: int  # of a month, or of 28 days


def draw_figures(session: Session, goal: Goal, report: GoalsReport | None) -> None:
    """The day on which the total is passed, and the chances of the target."""
    translate = session.translate
    with st.grid(4, min_column_width=150):
        passed = _passed(goal, report) if report else None
        said = _day_or_not(passed, 0.5, report, translate) if report else "–"
        label = translate(N_("{goal} in all")).format(goal=format_views(goal.total, translate))
        st.metric(label, said, _interval(passed, report, translate) if report else None, **BESIDE)
        for name, window in _windows(session).items():
            _draw_chance(session, name, goal.target, window=window, report=report)


def _windows(session: Session) -> dict[str, Window]:
    """What the target can be of, by name."""
    found = {}
    for window in windows_at(session.channel.series.last, 400):
        if window.kind != "days":
            found[month_name(window.first.date(), session.language)] = window
        elif window.ahead == 28:
            found["28"] = window
    return found


def _draw_chance(session: Session, name: str, target: int, *, window: Window, report: GoalsReport | None) -> None:
    """The chance that the target is reached within a window."""
    translate = session.translate
    label = translate(N_("{target} in the next {name} days") if window.kind == "days" else N_("{target} in {name}"))
    label = label.format(target=format_views(target, translate), name=name)
    if report is None:
        st.metric(label, "–", **BESIDE)
        return
    if window.ahead > report.paths.shape[1]:
        note = translate(N_("forecast {days} days ahead")).format(days=report.paths.shape[1])
        st.metric(label, translate(N_("too far to say")), note, **BESIDE)
        return
    totals = _drawn_totals(session, window, report)
    low, middle, high = (format_views(edge, translate) for edge in np.quantile(totals, [0.05, 0.5, 0.95]))
    beside = translate(N_("{middle}; 90 %: {low} to {high}")).format(middle=middle, low=low, high=high)
    st.metric(label, format_probability(chance(totals, target)), beside, **BESIDE)


def _drawn_totals(session: Session, window: Window, report: GoalsReport) -> np.ndarray:
    """The window's total by each path."""
    return window.so_far(session.channel.series.known) + window.within(report.paths).sum(axis=1)


def _passed(goal: Goal, report: GoalsReport) -> np.ndarray:
    """Days to the goal of each path, in rising order."""
    return np.sort(passing_days(report.paths, goal.total - goal.so_far))


def _day(passed: np.ndarray, share: float, report: GoalsReport) -> date | None:
    """By when so large a share of the paths has passed the goal; None where it is not within the days drawn."""
    days = passed[min(int(share * len(passed)), len(passed) - 1)]
    return report.origin + timedelta(days=int(days)) if np.isfinite(days) else None


def _day_or_not(passed: np.ndarray | None, share: float, report: GoalsReport, translate: Translate) -> str:
    if passed is None:
        return "–"
    day = _day(passed, share, report)
    return str(day) if day else translate(N_("not within {days} days")).format(days=report.paths.shape[1])


def _interval(passed: np.ndarray | None, report: GoalsReport, translate: Translate) -> str | None:
    """The 90 % interval of the day."""
    if passed is None or not np.isfinite(passed[int((1 - SURE) * len(passed))]):
        return None
    facts = {
        "low": _day_or_not(passed, 1 - SURE, report, translate),
        "high": _day_or_not(passed, SURE, report, translate),
    }
    return translate(N_("90 %: {low} to {high}")).format(**facts)


def draw_before(session: Session, goal: Goal) -> None:
    """The running total, the goal and the usual baseline drawn on, as long as nothing has been worked out."""
    usual = last_week(session, FARTHEST)
    _draw_total(session, goal, np.full((1, len(usual)), np.nan), usual)


def _draw_total(
    session: Session, goal: Goal, paths: np.ndarray, usual: Sequence[float] | np.ndarray, *, day: date | None = None
) -> None:
    """The running total by `paths` (paths, days), beside `usual` (days,), and the `day` on which the goal is passed."""
    translate, known = session.translate, session.channel.series.known
    frame = charts.running_total_frame(known, paths, usual, so_far=goal.so_far)
    chart = partial(
        charts.running_total_chart, frame, goal.total, day, translate=translate, events=session.channel.events
    )
    draw_chart(session, chart, alt=translate(N_("Views in all: real, forecast with its intervals, and the goal")))


def draw_passing(session: Session, goal: Goal, report: GoalsReport) -> None:
    """The running total with its intervals and the goal, and in words when it is passed."""
    translate, passed = session.translate, _passed(goal, report)
    with st.container(key="goals_chart"):
        _draw_total(session, goal, report.paths, report.usual, day=_day(passed, 0.5, report))
    facts = {"goal": format_views(goal.total, translate), "days": report.paths.shape[1]}
    facts |= {"chance": format_probability(float(np.isfinite(passed).mean()))}
    if goal.total <= goal.so_far:
        said = translate(N_("{goal} has been passed already."))
    else:
        said = translate(N_("Chance that {goal} is passed within {days} days: {chance}."))
    by = translate(N_("Drawn by “{method}”. Dashed: “Same day last week” drawn on."))
    st.write(said.format(**facts))
    st.caption(by.format(method=method_in_words(report.method, translate)))


def _say_bin(session: Session, goal: Goal, report: GoalsReport) -> None:
    """How many chances like those shown came true, of each bin that one of them is in."""
    within = [one for one in _windows(session).values() if one.ahead <= report.paths.shape[1]]
    shown = {chance(_drawn_totals(session, window, report), goal.target) for window in within}
    for one in in_bins(report.past):
        if not any(one.low <= said < one.high or said == one.high == 1 for said in shown):
            continue
        came = N_("Of chances from {low} to {high}, said {times} times on past days, {came} came true.")
        few = N_("Whether chances from {low} to {high} come true: cannot tell, they were said {times} times.")
        facts = {"low": format_percent(one.low), "high": format_percent(one.high), "times": one.times}
        said = session.translate(came if one.enough else few)
        st.write(said.format(**facts, came=format_percent(one.came)))


def draw_record(session: Session, goal: Goal, report: GoalsReport) -> None:
    """Chances said on past days beside how many came true."""
    translate = session.translate
    st.subheader(translate(N_("Did such chances come true?")))
    if not report.past:
        st.info(translate(N_("Cannot tell: no past month was forecast from days before it.")), icon=":material/help:")
        return
    _say_bin(session, goal, report)
    unknown = translate(N_("cannot tell"))
    rows = [
        {
            translate(N_("Chance said")): f"{100 * one.low:.0f} – {100 * one.high:.0f} %",
            translate(N_("Times")): one.times,
            translate(N_("Totals")): one.windows,
            translate(N_("Mean chance said")): format_percent(one.said),
            translate(N_("Came true")): format_percent(one.came) if one.enough else unknown,
        }
        for one in in_bins(report.past)
    ]
    alt = translate(N_("Past chances and how many came true"))
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=alt)
    first, last = report.past[0].origin, report.past[-1].origin
    st.caption(
        translate(
            N_(
                "Asked from past days, {first} to {last}, each seeing only earlier days: is a total of a month or of 28"
                " days reached at 80, 90, 100, 110 or 125 % of the pace of the four weeks before?"
            )
        ).format(first=min(first, last), last=max(first, last))
    )
