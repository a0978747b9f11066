"""A channel's own charts: its days, and its weekdays."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from forecasting.charts.events import event_marks, event_tips
from forecasting.charts.marks import (
    BASELINE,
    HEIGHT,
    HELD_OUT,
    REAL,
    TRAIN,
    WEEKDAYS,
    brush,
    colour_by,
    day_axis,
    hover,
    in_role,
    layered,
    views_axis,
    views_ticks,
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
from forecasting.charts.unusual_days import UNUSUAL, shift_marks, unusual_marks, unusual_tips
from forecasting.diagnosis.level_shifts import LevelShift
from forecasting.diagnosis.unusual_days import UnusualDay
from forecasting.events import Event
from forecasting.messages import N_, Translate, english
from forecasting.series import Series
from forecasting.split import Period, Split


def views_over_time(
    views: pd.Series,
    split: Split,
    translate: Translate = english,
    *,
    weekdays: Sequence[str] = WEEKDAYS,
    corrected: dict | None = None,
    events: Sequence[Event] = (),
    unusual: Sequence[UnusualDay] = (),
    shifts: Sequence[LevelShift] = (),
    step: Step = "day",
    shown: Period | None = None,
    year_before: bool = False,
) -> alt.LayerChart:
    """Views a day with both periods of the split shaded, and a `brush` along the bottom for who draws it.

    `corrected`: day -> what was done there; it is marked where a point is a day, and so are `unusual` days. `events`
    are marked below the axis, `shifts` of the level by a rule; days that nothing is learnt from are shaded as unknown
    ones are. A point is the mean of a `step`; `shown` is the period that is drawn, all without it; `year_before` adds
    the same time a year before as a thin line.
    """
    frame = _views_frame(views, step=step, shown=shown, year_before=year_before)
    tips = [
        *step_tips(step, frame, weekdays=weekdays, translate=translate),
        views_tip("views", translate(REAL), translate=translate),
    ]
    tips += event_tips(frame, events, step=step, translate=translate)
    edges = shown or Period(views.index[0].date(), views.index[-1].date())
    unusual = unusual if step == "day" else ()
    tips += unusual_tips(frame, unusual, shifts if step == "day" else (), translate=translate)
    before = [translate(YEAR_BEFORE)] if year_before else []
    marked = [translate(UNUSUAL)] if unusual else []
    lines = [translate(YEAR_BEFORE), translate(UNUSUAL)]  # each has one colour, whichever are there
    colour = colour_by(translate, (REAL, TRAIN, HELD_OUT, *marked, *before), lines, in_rows=True)
    layers = _shades(views, split, edges, colour, translate)
    layers += _unlearnt(Series(views, events=tuple(events)), edges, colour, translate)
    x = day_axis(translate, frame["day"], STARTS[step], marked="event" in frame)

    def drawn(mark: alt.Chart, column: str = "views") -> alt.Chart:
        y = views_axis(translate, column, title=VIEWS_A_DAY[step], zero=True)
        return mark.encode(x=x, y=y, color=colour)

    base = alt.Chart(frame)
    if year_before:
        layers.append(in_role(YEAR_BEFORE, drawn(base.mark_line(strokeWidth=1), "before"), translate))
        tips.append(views_tip("before", *before, translate=translate))
    line = drawn(base.mark_line(strokeWidth=1 if step == "day" else 2))
    layers.append(in_role(REAL, line, translate).add_params(brush()))
    if corrected and step == "day":
        frame["correction"] = frame["day"].map(corrected).fillna("")
        tips.append(alt.Tooltip("correction:N", title=translate(N_("Corrected"))))
        marked = alt.Chart(frame[frame["correction"] != ""]).mark_point(size=36, strokeWidth=1.5)
        layers.append(in_role(REAL, drawn(marked), translate))
    layers += shift_marks(shifts, edges, colour=colour, translate=translate)
    y = views_axis(translate, title=VIEWS_A_DAY[step], zero=True)
    layers += unusual_marks(unusual, edges, x=x, y=y, colour=colour, translate=translate)
    layers += event_marks(step, frame, events, x=x, colour=colour, translate=translate)
    return layered(*layers, *hover("day:T", tips, frame), height=HEIGHT)


def _views_frame(views: pd.Series, *, step: Step, shown: Period | None, year_before: bool) -> pd.DataFrame:
    """Columns day, views and, with `year_before`, before; a row a step."""
    frame = mean_by(step, views.to_frame("views"))
    if year_before:
        frame["before"] = a_year_before(step, frame["views"]).reindex(frame.index)
    return clipped_to(shown, frame).rename_axis("day").reset_index()


def _shades(views: pd.Series, split: Split, edges: Period, colour: alt.Color, translate: Translate) -> list[alt.Chart]:
    """Both periods of the split, as far as they are shown."""
    shades = []
    for period, role in ((split.train.clip(views), TRAIN), (split.held_out.clip(views), HELD_OUT)):
        if period and period.first <= edges.last and period.last >= edges.first:
            shown = Period(max(period.first, edges.first), min(period.last, edges.last))
            shades.append(_shade(shown, role, colour, translate))
    return shades


def _shade(period: Period, role: str, colour: alt.Color, translate: Translate) -> alt.Chart:
    edges = pd.DataFrame(
        {"day": [pd.Timestamp(period.first)], "end": [pd.Timestamp(period.last) + pd.Timedelta(days=1)]}
    )
    shade = alt.Chart(edges).mark_rect(opacity=0.13).encode(x=alt.X("day:T"), x2=alt.X2("end:T"), color=colour)
    return in_role(role, shade, translate)


def _unlearnt(series: Series, edges: Period, colour: alt.Color, translate: Translate) -> list[alt.Chart]:
    """Stretches of days that nobody knows, or that nothing is learnt from, shaded grey."""
    missing = series.measured[str(edges.first) : str(edges.last)].isna()
    if not missing.any():
        return []
    stretches = missing.index.to_series().groupby((~missing).cumsum()[missing]).agg(["min", "max"])
    shaded = pd.DataFrame({"day": stretches["min"], "end": stretches["max"] + pd.Timedelta(days=1)})
    shade = alt.Chart(shaded).mark_rect(opacity=0.35).encode(x=alt.X("day:T"), x2=alt.X2("end:T"), color=colour)
    return [in_role(BASELINE, shade, translate)]


def weekday_means(
    views: pd.Series, split: Split, translate: Translate = english, *, weekdays: Sequence[str] = WEEKDAYS
) -> alt.LayerChart:
    """Mean views by weekday, the training and the held-out period side by side."""
    frames = []
    for role, period in ((TRAIN, split.train), (HELD_OUT, split.held_out)):
        part = views[str(period.first) : str(period.last)]
        means = part.groupby(part.index.day_of_week).mean()
        frames.append(
            pd.DataFrame(
                {"weekday": [weekdays[d] for d in means.index], "views": means.to_numpy(), "period": translate(role)}
            )
        )
    frame = pd.concat(frames)
    colour = colour_by(translate, (TRAIN, HELD_OUT), field="period")
    return (
        alt.Chart(frame)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("weekday:N", title=translate(N_("Weekday")), sort=list(weekdays), axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("period:N", sort=[translate(TRAIN), translate(HELD_OUT)]),
            y=alt.Y("views:Q", title=translate(N_("Mean views a day")), axis=views_ticks(translate, 5)),
            color=colour,
            tooltip=[
                alt.Tooltip("weekday:N"),
                alt.Tooltip("period:N", title=translate(N_("Period"))),
                views_tip("views", translate(N_("Mean views a day")), translate=translate),
            ],
        )
        .properties(height=260)
    )
