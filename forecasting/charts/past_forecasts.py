"""An earlier forecast over the views that came, among others of the same days."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from forecasting.charts.events import event_marks, event_tips
from forecasting.charts.marks import (
    BASELINE,
    HEIGHT,
    PREDICTED,
    REAL,
    WEEKDAYS,
    colour_by,
    day_axis,
    hover,
    in_role,
    layered,
    views_axis,
    views_tip,
)
from forecasting.charts.periods import step_tips
from forecasting.events import Event
from forecasting.messages import N_, Translate, english
from forecasting.models.registry import SKILL_BASELINE, label_of

SHOWN_BEFORE = 28  # days of real views before the forecast
COLUMNS = {"actual": "real", "forecast": "predicted", "usual": "baseline"}
LINES: dict[str, tuple[str, str, dict[str, Any]]] = {  # column -> role, name in the tooltip, look
    "baseline": (BASELINE, label_of(SKILL_BASELINE), {"strokeWidth": 1.5, "strokeDash": [6, 4]}),
    "predicted": (PREDICTED, PREDICTED, {"strokeWidth": 2}),
    "real": (REAL, REAL, {"strokeWidth": 2}),
}
EDGES = {"lower_90": N_("90 %, from"), "upper_90": N_("90 %, to")}


def past_frame(views: pd.Series, past: pd.DataFrame, origin: date) -> pd.DataFrame:
    """What is drawn: day, real, predicted, baseline and the edges; `past` is what PastForecast.to_frame gives."""
    first = pd.Timestamp(origin) - pd.Timedelta(days=SHOWN_BEFORE - 1)
    days = pd.date_range(max(first, views.index[0]), past.index[-1], name="day")
    frame = past.drop(columns="actual").rename(columns=COLUMNS).reindex(days)
    return frame.assign(real=views.reindex(days)).reset_index()


def past_chart(
    views: pd.Series,
    past: pd.DataFrame,
    origin: date,
    *,
    others: Sequence[pd.Series] = (),
    translate: Translate = english,
    weekdays: Sequence[str] = WEEKDAYS,
    events: Sequence[Event] = (),
) -> alt.LayerChart:
    """The forecast from `origin` in full with its intervals, `others` (forecasts by day) as thin lines, and the views.

    `views` are those known now, NaN where none were measured; `events` are marked below the axis.
    """
    frame = past_frame(views, past, origin)
    named = event_tips(frame, events, translate=translate)
    base, colour = alt.Chart(frame), colour_by(translate, (REAL, PREDICTED, BASELINE))
    x = day_axis(translate, frame["day"], marked=bool(named))
    layers = []
    for level, opacity in ((90, 0.15), (50, 0.25)):
        if f"lower_{level}" in frame:
            band = base.mark_area(opacity=opacity).transform_filter(f"isValid(datum['lower_{level}'])")
            band = band.encode(
                x=x, y=views_axis(translate, f"lower_{level}"), y2=alt.Y2(f"upper_{level}:Q"), color=colour
            )
            layers.append(in_role(PREDICTED, band, translate))
    thin = _within(frame, others)
    if len(thin):
        line = alt.Chart(thin).mark_line(strokeWidth=1, opacity=0.45)
        line = line.encode(x=x, y=views_axis(translate), detail=alt.Detail("forecast:N"), color=colour)
        layers.append(in_role(PREDICTED, line, translate))
    alone = len(past) == 1
    for column, (role, _name, look) in LINES.items():
        line = base.mark_line(point=alone, **look).encode(x=x, y=views_axis(translate, column), color=colour)
        layers.append(in_role(role, line, translate))
    layers += event_marks("day", frame, events, x=x, colour=colour, translate=translate)
    tips = step_tips("day", frame, weekdays=weekdays, translate=translate)
    tips += [
        views_tip(column, translate(name), translate=translate)
        for column, (_role, name, _look) in reversed(LINES.items())
    ]
    tips += [views_tip(edge, translate(name), translate=translate) for edge, name in EDGES.items() if edge in frame]
    return layered(*layers, *hover("day:T", [*tips, *named], frame), height=HEIGHT)


def _within(frame: pd.DataFrame, others: Sequence[pd.Series]) -> pd.DataFrame:
    """Columns day, views and forecast, of the days that the chart shows."""
    parts = [
        other[other.index.isin(frame["day"])].rename("views").rename_axis("day").reset_index().assign(forecast=place)
        for place, other in enumerate(others)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["day", "views", "forecast"])
