"""Where a method errs: by days ahead, by weekday and by month, beside the usual baseline."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from forecasting.charts.marks import BASELINE, PREDICTED, colour_by, views_ticks, views_tip
from forecasting.forecasts.track_record import ErrorGroup
from forecasting.formats import Views
from forecasting.messages import N_, Message, Translate, english

HEIGHT = 240  # pixels
FEWEST = {"ahead": 28, "day_of_week": 8, "month": 14}  # days that a mean error needs to say more than chance
TITLES = {"ahead": N_("Days ahead"), "day_of_week": N_("Weekday"), "month": N_("Month")}
FEW, ENOUGH = 0.35, 1.0  # how opaque
ERROR = N_("Mean absolute error, views a day")


def errors_frame(groups: Sequence[ErrorGroup], names: Sequence[str], translate: Translate = english) -> pd.DataFrame:
    """Columns group, role, error, days and opacity, a row a group and role; `names` are those of the groups."""
    rows = []
    for name, group in zip(names, groups, strict=True):
        seen = ENOUGH if group.days >= FEWEST[group.part] else FEW
        for role, error in ((PREDICTED, group.error), (BASELINE, group.usual)):
            rows.append((name, group.value, translate(role), error, group.days, seen))
    return pd.DataFrame(rows, columns=["group", "value", "role", "error", "days", "opacity"])


def errors_chart(groups: Sequence[ErrorGroup], names: Sequence[str], translate: Translate = english) -> alt.Chart:
    """Errors of the method and of the baseline: a line over the days ahead, else bars side by side.

    What rests on few days is pale. `groups` are all of one part, with their `names` in order.
    """
    frame, part = errors_frame(groups, names, translate), groups[0].part
    title = translate(TITLES[part])
    base: dict[str, Any] = {
        "y": alt.Y("error:Q", title=translate(ERROR), axis=views_ticks(translate, 5), scale=alt.Scale(zero=True)),
        "color": colour_by(translate, (PREDICTED, BASELINE)),
        "opacity": alt.Opacity("opacity:Q", scale=None, legend=None),
        "tooltip": [
            alt.Tooltip("group:N", title=title),
            alt.Tooltip("role:N", title=translate(N_("Model"))),
            views_tip("error", translate(ERROR), translate=translate),
            alt.Tooltip("days:Q", title=translate(N_("Days"))),
        ],
    }
    chart = alt.Chart(frame).properties(height=HEIGHT)
    if part == "ahead":
        x = alt.X("value:Q", title=title, axis=alt.Axis(tickMinStep=1, grid=False), scale=alt.Scale(nice=False))
        return (
            alt.Chart(frame).mark_line(point=alt.OverlayMarkDef(size=36)).encode(x=x, **base).properties(height=HEIGHT)
        )
    x = alt.X("group:N", title=title, sort=list(names), axis=alt.Axis(labelAngle=0))
    offset = alt.XOffset("role:N", sort=[translate(PREDICTED), translate(BASELINE)])
    return chart.mark_bar(cornerRadiusEnd=2).encode(x=x, xOffset=offset, **base)


def largest_group(groups: Sequence[ErrorGroup], names: Sequence[str]) -> Message:
    """Where the error is largest and smallest, of those groups that rest on enough days."""
    there = [(group, name) for group, name in zip(groups, names, strict=True) if group.days >= FEWEST[group.part]]
    if len(there) < 2:
        return Message(N_("Cannot tell where it errs most: too few days in each group."))
    (worst, its_name), (least, other) = (pick(there, key=lambda one: one[0].error) for pick in (max, min))
    facts = {"most": its_name, "least": other, "error": Views(worst.error), "smallest": Views(least.error)}
    return Message(N_("Largest error: {most} ({error} views a day). Smallest: {least} ({smallest})."), facts)
