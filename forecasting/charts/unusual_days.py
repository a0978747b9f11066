"""Unusual days and changes of level in a channel's chart."""

from collections.abc import Sequence
from datetime import timedelta

import altair as alt
import pandas as pd

from forecasting.charts.marks import BASELINE, in_role
from forecasting.diagnosis.level_shifts import LevelShift
from forecasting.diagnosis.unusual_days import UnusualDay
from forecasting.messages import N_, Translate
from forecasting.split import Period

UNUSUAL = N_("Unusual day")
LABELS = 8  # of changes of level that have room beside each other, on a phone too


def unusual_tips(
    frame: pd.DataFrame, days: Sequence[UnusualDay], shifts: Sequence[LevelShift], *, translate: Translate
) -> list[alt.Tooltip]:
    """What is unusual about each day of `frame` in a tooltip; the frame gets it as a column `unusual`, "" for nothing.

    Nothing where no day of the frame is.
    """
    said = {pd.Timestamp(shift.day): shift.message.translated(translate) for shift in shifts}
    said |= {pd.Timestamp(day.day): day.message.translated(translate) for day in days}
    here = frame["day"].map(said)
    if not here.notna().any():
        return []
    frame["unusual"] = here.fillna("")
    return [alt.Tooltip("unusual:N", title=translate(N_("Unusual")))]


def unusual_marks(
    days: Sequence[UnusualDay], edges: Period, *, x: alt.X, y: alt.Y, colour: alt.Color, translate: Translate
) -> list[alt.Chart]:
    """A triangle on each unusual day between the edges: it points up where the day was high, down where it was low."""
    marks = []
    for shape, high in (("triangle-up", True), ("triangle-down", False)):
        shown = [day for day in days if (day.views > day.expected) is high and edges.first <= day.day <= edges.last]
        if shown:
            at = pd.DataFrame({"day": [pd.Timestamp(day.day) for day in shown], "views": [day.views for day in shown]})
            mark = alt.Chart(at).mark_point(shape=shape, size=90, filled=True, opacity=1)
            marks.append(in_role(UNUSUAL, mark.encode(x=x, y=y, color=colour), translate))
    return marks


def shift_marks(
    shifts: Sequence[LevelShift], edges: Period, *, colour: alt.Color, translate: Translate
) -> list[alt.Chart]:
    """A dashed rule on the first day of each new level between the edges, with how many times as high it is."""
    shown = [shift for shift in shifts if edges.first <= shift.day <= edges.last]
    if not shown:
        return []
    at = pd.DataFrame({"day": [pd.Timestamp(shift.day) for shift in shown], "times": _labels(shown, edges)})
    rule = alt.Chart(at).mark_rule(strokeDash=[6, 4], strokeWidth=1.5).encode(x=alt.X("day:T"), color=colour)
    text = alt.Chart(at).mark_text(align="left", baseline="top", dx=4)
    text = text.encode(x=alt.X("day:T"), y=alt.YValue(2), text=alt.Text("times:N"), color=colour)
    return [in_role(BASELINE, rule, translate), in_role(BASELINE, text, translate)]


def _labels(shifts: Sequence[LevelShift], edges: Period) -> list[str]:
    """How many times as high each new level is; "" where the label before would reach into it."""
    labels, free = [], edges.first
    for shift in shifts:
        labels.append(f"×{shift.times:.2g}" if shift.day >= free else "")
        if labels[-1]:
            free = shift.day + timedelta(days=edges.days // LABELS)
    return labels
