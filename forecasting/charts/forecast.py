"""Charts of days to come: a forecast drawn on from the last real views, and what Auto tried."""

from collections.abc import Sequence
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
    VALIDATION,
    WEEKDAYS,
    brush,
    colour_by,
    day_axis,
    day_tip,
    hover,
    in_role,
    layered,
    views_axis,
    views_tip,
)
from forecasting.charts.periods import (
    STARTS,
    VIEWS_A_DAY,
    YEAR_BEFORE,
    Step,
    a_year_before,
    clipped_to,
    mean_by,
    step_tips,
)
from forecasting.events import Event
from forecasting.messages import N_, Translate, english
from forecasting.models.registry import SKILL_BASELINE, label_of
from forecasting.split import Period

SHOWN_BEFORE = 56  # days of real views
LEGEND_LINE = 20  # pixels
WITHOUT_HOLIDAYS, WITHOUT_EVENTS = N_("Without the holidays"), N_("Without these events")
LINES: dict[str, tuple[str, str, dict[str, Any]]] = {  # column -> role, name in the tooltip, look
    "before": (YEAR_BEFORE, YEAR_BEFORE, {"strokeWidth": 1}),
    "real": (REAL, REAL, {"strokeWidth": 2}),
    "baseline": (BASELINE, label_of(SKILL_BASELINE), {"strokeWidth": 1.5, "strokeDash": [6, 4]}),
    "predicted": (PREDICTED, PREDICTED, {"strokeWidth": 2}),
    "without": (PREDICTED, WITHOUT_HOLIDAYS, {"strokeWidth": 1.5, "strokeDash": [2, 3]}),
}
EDGES = {"lower_90": N_("90 %, from"), "upper_90": N_("90 %, to")}


def forecast_frame(
    views: pd.Series,
    baseline: np.ndarray,
    forecast: pd.DataFrame | None = None,
    *,
    without: Sequence[float] = (),
    step: Step = "day",
    shown: Period | None = None,
    year_before: bool = False,
) -> pd.DataFrame:
    """What `forecast_chart` draws: day, real, baseline, predicted, and the edges of the days' intervals."""
    ahead = pd.date_range(views.index[-1], periods=len(baseline) + 1)[1:]
    columns = pd.DataFrame({"baseline": baseline}, index=ahead)
    if forecast is not None:
        columns = columns.join(forecast.rename(columns={"forecast": "predicted"}))
    if len(without):
        columns["without"] = list(without)
    if step != "day":
        columns = columns[[name for name in LINES if name in columns]]
    frame = mean_by(step, pd.concat([views.rename("real").to_frame(), columns]))
    if year_before:
        frame["before"] = a_year_before(step, frame["real"]).reindex(frame.index)
    return clipped_to(shown or first_shown(views, len(baseline)), frame).rename_axis("day").reset_index()


def first_shown(views: pd.Series, horizon: int) -> Period:
    """The days that are drawn at first: the last weeks and the days ahead."""
    last = views.index[-1]
    return Period(views.index[-SHOWN_BEFORE:][0].date(), (last + pd.Timedelta(days=horizon)).date())


def forecast_chart(
    views: pd.Series,
    baseline: np.ndarray,
    forecast: pd.DataFrame | None = None,
    *,
    translate: Translate = english,
    weekdays: Sequence[str] = WEEKDAYS,
    without: Sequence[float] = (),
    without_name: str = WITHOUT_HOLIDAYS,
    events: Sequence[Event] = (),
    step: Step = "day",
    shown: Period | None = None,
    year_before: bool = False,
) -> alt.LayerChart:
    """The last weeks of real views, then the `baseline` (days,), dashed, and the `forecast` once there is one.

    `forecast` is what Forecast.to_frame gives, its 50 and 90 % intervals are bands; `without` is the forecast without
    what was assumed, called `without_name`, dotted. `events`, `step`, `shown` and `year_before` are as in
    views_over_time; a mean over a week or month has no interval, because those of its days do not add up to one.
    """
    time: dict[str, Any] = {"step": step, "shown": shown, "year_before": year_before}
    frame = forecast_frame(views, baseline, forecast, without=without, **time)
    before = [translate(YEAR_BEFORE)] if year_before else []
    roles = (REAL, *([PREDICTED] if forecast is not None else []), BASELINE, *before)
    tips = step_tips(step, frame, weekdays=weekdays, translate=translate)
    named = event_tips(frame, events, step=step, translate=translate)
    base, colour, alone = alt.Chart(frame), colour_by(translate, roles, before), len(baseline) == 1
    x = day_axis(translate, frame["day"], STARTS[step], marked=bool(named))
    layers = [
        in_role(PREDICTED, _band(base, level, opacity, alone, translate).encode(x=x, color=colour), translate)
        for level, opacity in ((90, 0.15), (50, 0.25))
        if f"lower_{level}" in frame
    ]
    shown_lines = {column: line for column, line in LINES.items() if column in frame}
    for column, (role, _name, look) in shown_lines.items():
        line = base.mark_line(point=alone and column in ("baseline", "predicted", "without"), **look)
        line = line.encode(x=x, y=views_axis(translate, column, title=VIEWS_A_DAY[step]), color=colour)
        layers.append(in_role(role, line, translate))
    layers[-1] = layers[-1].add_params(brush())
    layers += event_marks(step, frame, events, x=x, colour=colour, translate=translate)
    names = {column: name for column, (_role, name, _look) in shown_lines.items()} | {"without": without_name}
    tips += [views_tip(column, translate(names[column]), translate=translate) for column in shown_lines]
    tips += [views_tip(edge, translate(name), translate=translate) for edge, name in EDGES.items() if edge in frame]
    tips += named
    return layered(*layers, *hover("day:T", tips, frame), height=HEIGHT)


def _band(base: alt.Chart, level: int, opacity: float, alone: bool, translate: Translate) -> alt.Chart:
    """An interval; of a single day a bar, because an area of one day has no width."""
    mark = base.mark_bar(opacity=opacity, width=8) if alone else base.mark_area(opacity=opacity)
    known = mark.transform_filter(f"isValid(datum['lower_{level}'])")
    return known.encode(y=views_axis(translate, f"lower_{level}"), y2=alt.Y2(f"upper_{level}:Q"))


def reveal_chart(
    views: pd.Series,
    hidden: pd.DatetimeIndex,
    forecasts: pd.DataFrame | None = None,
    *,
    translate: Translate = english,
    weekdays: Sequence[str] = WEEKDAYS,
    events: Sequence[Event] = (),
) -> alt.LayerChart:
    """The last weeks with the `hidden` days shaded and left out; or, with `forecasts` (a row a day, a column a model),
    those days and a few before them, so that they fill the chart. `events` are marked below the axis.
    """
    before = max(14, 2 * len(hidden)) if forecasts is None else max(3, len(hidden) // 2)
    past = views[-before - len(hidden) :]
    frame = past.rename("views").rename_axis("day").reset_index().assign(role=translate(REAL))
    if forecasts is None:
        frame = frame[~frame["day"].isin(hidden)]
    names = [] if forecasts is None else list(forecasts)
    lines = frame if forecasts is None else pd.concat([frame, _long(forecasts)])
    lines = lines.assign(weekday=[weekdays[day] for day in lines["day"].dt.day_of_week])
    half = pd.Timedelta(hours=12)
    edges = pd.DataFrame({"first": [hidden[0] - half], "last": [hidden[-1] + half]})
    colour = colour_by(translate, (REAL, *names), names)
    shade = alt.Chart(edges).mark_rect(opacity=0.2).encode(x=alt.X("first:T"), x2=alt.X2("last:T"), color=colour)
    tips = [alt.Tooltip("role:N", title=translate(N_("Model"))), day_tip(translate)]
    tips += [
        alt.Tooltip("weekday:N", title=translate(N_("Weekday"))),
        views_tip("views", translate(N_("Views a day")), translate=translate),
    ]
    named = event_tips(lines, events, translate=translate)
    x, y = day_axis(translate, lines["day"], marked=bool(named)), views_axis(translate)
    line = alt.Chart(lines).mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=30))
    line = line.encode(x=x, y=y, color=colour, tooltip=[*tips, *named])
    marks = event_marks("day", lines, events, x=x, colour=colour, translate=translate)
    return layered(in_role(BASELINE, shade, translate), line, *marks, height=HEIGHT + LEGEND_LINE * len(names))


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
        x=alt.X("mixed:Q"), y=y, color=colour, order=alt.Order("step:Q")
    )
    layers = in_role(PREDICTED, mixed, translate), in_role(VALIDATION, alone, translate)
    return layered(*layers, height=90 + 22 * len(trials))
