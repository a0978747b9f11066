"""Charts of goals: the running total with its draws and the goal, and how past chances came out."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from forecasting.charts.events import event_marks, event_tips
from forecasting.charts.marks import (
    BASELINE,
    HEIGHT,
    PREDICTED,
    REAL,
    colour_by,
    day_axis,
    day_tip,
    hover,
    in_role,
    layered,
    views_axis,
    views_tip,
)
from forecasting.charts.periods import YEAR_BEFORE
from forecasting.events import Event
from forecasting.messages import N_, Translate, english

SHOWN_BEFORE = 90  # days
SHARES = {"lower_90": 0.05, "lower_50": 0.25, "predicted": 0.5, "upper_50": 0.75, "upper_90": 0.95}
LINE = "luminance(background) > 0.4 ? '#4d575e' : '#b3bdc3'"  # of what is no role, as labels are
FAR = 3.0  # times the height of what is drawn below it: a goal farther up is not drawn, which would flatten all else
EDGES = {"lower_90": N_("90 %, from"), "upper_90": N_("90 %, to")}


def running_total_frame(
    views: pd.Series, paths: np.ndarray, usual: Sequence[float] | np.ndarray, *, so_far: float
) -> pd.DataFrame:
    """Day, real, predicted, edges of its intervals and baseline: totals that are `so_far` views on the last day.

    `views` are the channel's known ones, `paths` (paths, days) and `usual` (days,) those of the days after them.
    """
    before = views.iloc[-SHOWN_BEFORE:]
    real = so_far - before.sum() + before.cumsum()
    ahead = pd.date_range(views.index[-1], periods=paths.shape[1] + 1)
    running = np.pad(so_far + paths.cumsum(axis=1), ((0, 0), (1, 0)), constant_values=so_far)
    columns = dict(zip(SHARES, np.quantile(running, list(SHARES.values()), axis=0), strict=True))
    columns["baseline"] = so_far + np.concatenate([[0.0], np.cumsum(usual)])
    frame = pd.concat([real.rename("real"), pd.DataFrame(columns, index=ahead)], axis=1)
    return frame.rename_axis("day").reset_index()


def running_total_chart(
    frame: pd.DataFrame,
    goal: float,
    passed: date | None,
    *,
    translate: Translate = english,
    events: Sequence[Event] = (),
) -> alt.LayerChart:
    """`frame` is that of running_total_frame; the `goal` is a level line, and `passed` the day that is as likely as not
    to have passed it. `events` are marked below the axis."""
    named = event_tips(frame, events, translate=translate)
    base, roles = alt.Chart(frame), (REAL, PREDICTED, BASELINE)
    colour, x = colour_by(translate, roles), day_axis(translate, frame["day"], marked=bool(named))
    title = N_("Views in all")
    layers = [
        in_role(
            PREDICTED,
            base.mark_area(opacity=opacity)
            .transform_filter(f"isValid(datum['lower_{level}'])")
            .encode(
                x=x, y=views_axis(translate, f"lower_{level}", title=title), y2=alt.Y2(f"upper_{level}:Q"), color=colour
            ),
            translate,
        )
        for level, opacity in ((90, 0.15), (50, 0.25))
    ]
    looks: dict[str, tuple[str, dict[str, Any]]] = {
        "real": (REAL, {"strokeWidth": 2}),
        "baseline": (BASELINE, {"strokeWidth": 1.5, "strokeDash": [6, 4]}),
        "predicted": (PREDICTED, {"strokeWidth": 2}),
    }
    for column, (role, look) in looks.items():
        line = base.mark_line(**look).encode(x=x, y=views_axis(translate, column, title=title), color=colour)
        layers.append(in_role(role, line, translate))
    layers += event_marks("day", frame, events, x=x, colour=colour, translate=translate)
    tips = [
        day_tip(translate),
        views_tip("real", translate(REAL), translate=translate),
        views_tip("predicted", translate(PREDICTED), translate=translate),
    ]
    tips += [views_tip(edge, translate(name), translate=translate) for edge, name in EDGES.items()]
    lowest, highest = frame["real"].min(), frame["upper_90"].max()
    near = lowest <= goal <= highest + FAR * (highest - lowest)
    marks = _goal_marks(goal, passed, translate) if near else []
    return layered(*layers, *marks, *hover("day:T", [*tips, *named], frame), height=HEIGHT)


def year_chart(months: pd.DataFrame, *, translate: Translate = english) -> alt.LayerChart:
    """Bars of the months ahead with their 90 % intervals, beside the same months a year before.

    `months` has columns first (a day), point, lower, upper and year_before, in views.
    """
    names = {"point": translate(PREDICTED), "year_before": translate(YEAR_BEFORE)}
    month = months["first"].map(lambda day: f"{day:%Y-%m}")
    bars = months.assign(month=month)[["month", *names]].rename(columns=names)
    bars = bars.melt("month", var_name="role", value_name="views")
    colour = colour_by(translate, (PREDICTED, names["year_before"]), [names["year_before"]])
    x = alt.X("month:N", title=translate(N_("Month")), axis=alt.Axis(labelAngle=0, labelOverlap=True))
    beside = alt.XOffset("role:N", sort=list(names.values()))
    y = views_axis(translate, title=N_("Views in a month"), zero=True)
    tips = [alt.Tooltip("month:N", title=translate(N_("Month"))), alt.Tooltip("role:N", title=" ")]
    bar = (
        alt.Chart(bars)
        .mark_bar()
        .encode(
            x=x,
            xOffset=beside,
            y=y,
            color=colour,
            tooltip=[*tips, views_tip("views", translate(N_("Views")), translate=translate)],
        )
    )
    spans = months.assign(month=month, role=names["point"])
    tips = [
        tips[0],
        *(views_tip(edge, translate(EDGES[f"{edge}_90"]), translate=translate) for edge in ("lower", "upper")),
    ]
    span = (
        alt.Chart(spans)
        .mark_rule(strokeWidth=2, color=alt.expr(LINE))
        .encode(
            x=x,
            xOffset=beside,
            y=views_axis(translate, "lower", title=N_("Views in a month")),
            y2=alt.Y2("upper:Q"),
            tooltip=tips,
        )
    )
    return layered(bar, span, height=HEIGHT)


def _goal_marks(goal: float, passed: date | None, translate: Translate) -> list[alt.Chart]:
    """The goal as a level line with its name, and the day on which it is passed as an upright one."""
    level = alt.Chart(alt.Data(values=[{"goal": goal, "name": translate(N_("Goal"))}]))
    look: dict[str, Any] = {"strokeWidth": 1.5, "color": alt.expr(LINE), "aria": False}
    rule = level.mark_rule(**look).encode(y=alt.Y("goal:Q"))
    name = level.mark_text(align="left", baseline="bottom", dx=4, dy=-4, color=alt.expr(LINE)).encode(
        x=alt.XValue(0), y=alt.Y("goal:Q"), text=alt.Text("name:N")
    )
    found = [rule, name]
    if passed:
        day = alt.Chart(pd.DataFrame({"day": [pd.Timestamp(passed)]}))
        found.append(day.mark_rule(strokeDash=[2, 3], **look).encode(x=alt.X("day:T")))
    return found
