"""Charts of days to come: a forecast drawn on from the last real views, and what Auto tried."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from forecasting.charts.marks import (
    BASELINE,
    HEIGHT,
    PREDICTED,
    REAL,
    VALIDATION,
    WEEKDAYS,
    colour_by,
    day_tip,
    hover,
    in_role,
    layered,
    views_ticks,
    views_tip,
)
from forecasting.messages import N_, Translate, english
from forecasting.models.registry import SKILL_BASELINE, label_of

SHOWN_BEFORE = 56  # days of real views
LEGEND_LINE = 20  # pixels
LINES = {  # column -> role, name in the tooltip, dash
    "real": (REAL, REAL, None),
    "baseline": (BASELINE, label_of(SKILL_BASELINE), [6, 4]),
    "predicted": (PREDICTED, PREDICTED, None),
    "without": (PREDICTED, N_("Without the holidays"), [2, 3]),
}
EDGES = {"lower_90": N_("90 %, from"), "upper_90": N_("90 %, to")}


def forecast_frame(
    views: pd.Series, baseline: np.ndarray, forecast: pd.DataFrame | None = None, *, without: Sequence[float] = ()
) -> pd.DataFrame:
    """What `forecast_chart` draws: day, real, baseline, predicted, and the edges of the intervals."""
    past = views[-SHOWN_BEFORE:].rename("real").to_frame()
    ahead = pd.date_range(views.index[-1], periods=len(baseline) + 1)[1:]
    columns = pd.DataFrame({"baseline": baseline}, index=ahead)
    if forecast is not None:
        columns = columns.join(forecast.rename(columns={"forecast": "predicted"}))
    if len(without):
        columns["without"] = list(without)
    return pd.concat([past, columns]).rename_axis("day").reset_index()


def forecast_chart(
    views: pd.Series,
    baseline: np.ndarray,
    forecast: pd.DataFrame | None = None,
    *,
    translate: Translate = english,
    weekdays: Sequence[str] = WEEKDAYS,
    without: Sequence[float] = (),
) -> alt.LayerChart:
    """The last weeks of real views, then the `baseline` (days,), dashed, and the `forecast` once there is one.

    `forecast` is what Forecast.to_frame gives, its 50 and 90 % intervals are bands; `without` is the forecast without
    the holidays that were assumed, dotted.
    """
    frame = forecast_frame(views, baseline, forecast, without=without)
    frame["weekday"] = [weekdays[day] for day in frame["day"].dt.day_of_week]
    roles = (REAL, PREDICTED, BASELINE) if forecast is not None else (REAL, BASELINE)
    base, colour, alone = alt.Chart(frame), colour_by(translate, roles), len(baseline) == 1
    layers = [
        in_role(PREDICTED, _band(base, level, opacity, alone, colour, translate), translate)
        for level, opacity in ((90, 0.15), (50, 0.25))
        if f"lower_{level}" in frame
    ]
    for column, (role, _name, dash) in LINES.items():
        if column in frame:
            style = {"strokeDash": dash, "strokeWidth": 1.5} if dash else {"strokeWidth": 2}
            line = base.mark_line(point=alone and column != "real", **style)
            layers.append(
                in_role(role, line.encode(x=_days(translate), y=_views(column, translate), color=colour), translate)
            )
    tips = [day_tip(translate), alt.Tooltip("weekday:N", title=translate(N_("Weekday")))]
    tips += [views_tip(column, translate(name)) for column, (_role, name, _dash) in LINES.items() if column in frame]
    tips += [views_tip(edge, translate(name)) for edge, name in EDGES.items() if edge in frame]
    return layered(*layers, hover("day:T", tips).properties(data=frame), height=HEIGHT)


def _band(
    base: alt.Chart, level: int, opacity: float, alone: bool, colour: alt.Color, translate: Translate
) -> alt.Chart:
    """An interval; of a single day a bar, because an area of one day has no width."""
    mark = base.mark_bar(opacity=opacity, width=8) if alone else base.mark_area(opacity=opacity)
    known = mark.transform_filter(f"isValid(datum['lower_{level}'])")
    return known.encode(x=_days(translate), y=_views(f"lower_{level}", translate), y2=f"upper_{level}:Q", color=colour)


def _days(translate: Translate) -> alt.X:
    return alt.X("day:T", title=translate(N_("Day")), axis=alt.Axis(format="%m-%d", tickCount=8, grid=False))


def _views(column: str, translate: Translate) -> alt.Y:
    axis = views_ticks(translate, 6)
    return alt.Y(f"{column}:Q", title=translate(N_("Views a day")), scale=alt.Scale(zero=False), axis=axis)


def reveal_chart(
    views: pd.Series,
    hidden: pd.DatetimeIndex,
    forecasts: pd.DataFrame | None = None,
    *,
    translate: Translate = english,
    weekdays: Sequence[str] = WEEKDAYS,
) -> alt.LayerChart:
    """The last weeks with the `hidden` days shaded: left out, or with `forecasts` (a row a day, a column a model)."""
    past = views[-max(14, 2 * len(hidden)) - len(hidden) :]  # so that few hidden days are wide enough
    frame = past.rename("views").rename_axis("day").reset_index().assign(role=translate(REAL))
    if forecasts is None:
        frame = frame[~frame["day"].isin(hidden)]
    names = [] if forecasts is None else list(forecasts)
    lines = frame if forecasts is None else pd.concat([frame, _long(forecasts)])
    lines = lines.assign(weekday=[weekdays[day] for day in lines["day"].dt.day_of_week])
    half = pd.Timedelta(hours=12)
    edges = pd.DataFrame({"first": [hidden[0] - half], "last": [hidden[-1] + half]})
    colour = colour_by(translate, (REAL, *names), names)
    shade = alt.Chart(edges).mark_rect(opacity=0.2).encode(x="first:T", x2="last:T", color=colour)
    tips = [alt.Tooltip("role:N", title=translate(N_("Model"))), day_tip(translate)]
    tips += [alt.Tooltip("weekday:N", title=translate(N_("Weekday"))), views_tip("views", translate(N_("Views a day")))]
    x, y = _days(translate), _views("views", translate)
    line = alt.Chart(lines).mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=30))
    layers = in_role(BASELINE, shade, translate), line.encode(x=x, y=y, color=colour, tooltip=tips)
    return layered(*layers, height=HEIGHT + LEGEND_LINE * len(names))


def _long(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Columns day, role and views."""
    return forecasts.rename_axis("day").reset_index().melt("day", var_name="role", value_name="views")


def trials_chart(trials: pd.DataFrame, translate: Translate = english) -> alt.LayerChart:
    """What Auto tried, in order, from the top: `trials` is what ensemble.report.trials_frame makes."""
    y = alt.Y("name:N", title=None, sort=list(trials["name"]), axis=alt.Axis(labelLimit=210, labelOverlap=False))
    axis = alt.Axis(tickCount=5)
    x = alt.X(
        "alone:Q",
        title=translate(N_("Mean error in validation (MASE)")),
        scale=alt.Scale(zero=False, padding=12),
        axis=axis,
    )
    colour = colour_by(translate, (VALIDATION, PREDICTED))
    tips = [
        alt.Tooltip("name:N", title=translate(N_("Model"))),
        alt.Tooltip("alone:Q", title=translate(N_("This model")), format=".3f"),
        alt.Tooltip("mixed:Q", title=translate(N_("Average so far")), format=".3f"),
        alt.Tooltip("updates:Q", title=translate(N_("Updates of weights")), format=","),
        alt.Tooltip("seconds:Q", title=translate(N_("Seconds")), format=".1f"),
    ]
    base = alt.Chart(trials)
    alone = base.mark_point(filled=True, size=70, opacity=1).encode(x=x, y=y, color=colour, tooltip=tips)
    mixed = base.mark_line(strokeWidth=2, point=len(trials) == 1).encode(
        x=alt.X("mixed:Q"), y=y, color=colour, order="step:Q"
    )
    layers = in_role(PREDICTED, mixed, translate), in_role(VALIDATION, alone, translate)
    return layered(*layers, height=90 + 22 * len(trials))
