"""A channel's own charts: its days, and its weekdays."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from forecasting.charts.marks import (
    BASELINE,
    HEIGHT,
    HELD_OUT,
    REAL,
    TRAIN,
    WEEKDAYS,
    colour_by,
    day_axis,
    day_tip,
    hover,
    in_role,
    layered,
    views_axis,
    views_ticks,
    views_tip,
)
from forecasting.messages import N_, Translate, english
from forecasting.split import Period, Split


def views_over_time(
    views: pd.Series,
    split: Split,
    translate: Translate = english,
    *,
    weekdays: Sequence[str] = WEEKDAYS,
    corrected: dict | None = None,
) -> alt.LayerChart:
    """Daily views with both periods of the split shaded. `corrected`: day -> what was done there; it is marked."""
    frame = pd.DataFrame({"day": views.index, "views": views.to_numpy()})
    frame["weekday"] = [weekdays[d] for d in views.index.day_of_week]
    frame["correction"] = frame["day"].map(corrected or {}).fillna("") if corrected else ""
    shown = (REAL, TRAIN, HELD_OUT)
    tooltip = [
        day_tip(translate),
        alt.Tooltip("weekday:N", title=translate(N_("Weekday"))),
        views_tip("views", translate(REAL)),
    ]

    def drawn(mark: alt.Chart) -> alt.Chart:
        axes: dict[str, Any] = {"x": day_axis(translate, views.index), "y": views_axis(translate)}
        return in_role(REAL, mark.encode(**axes, color=colour_by(translate, shown)), translate)

    shades = [
        _shade(period, role, translate, shown)
        for period, role in ((split.train.clip(views), TRAIN), (split.held_out.clip(views), HELD_OUT))
        if period
    ]
    layers = [*shades, *_unknown(views, translate, shown), drawn(alt.Chart(frame).mark_line(strokeWidth=1))]
    if corrected:
        tooltip.append(alt.Tooltip("correction:N", title=translate(N_("Corrected"))))
        marked = alt.Chart(frame[frame["correction"] != ""])
        layers.append(drawn(marked.mark_point(size=36, strokeWidth=1.5)))
    return layered(*layers, hover("day:T", tooltip).properties(data=frame), height=HEIGHT)


def _unknown(views: pd.Series, translate: Translate, shown: Sequence[str]) -> list[alt.Chart]:
    """Stretches of days that nobody knows, shaded grey; no window reaches into them."""
    missing = views.isna()
    stretches = (
        views.index.to_series().groupby((~missing).cumsum()[missing]).agg(["min", "max"]) if missing.any() else None
    )
    if stretches is None:
        return []
    edges = pd.DataFrame({"day": stretches["min"], "end": stretches["max"] + pd.Timedelta(days=1)})
    shade = alt.Chart(edges).mark_rect(opacity=0.35).encode(x="day:T", x2="end:T", color=colour_by(translate, shown))
    return [in_role(BASELINE, shade, translate)]


def _shade(period: Period, role: str, translate: Translate, shown: Sequence[str]) -> alt.Chart:
    edges = pd.DataFrame(
        {"day": [pd.Timestamp(period.first)], "end": [pd.Timestamp(period.last) + pd.Timedelta(days=1)]}
    )
    shade = alt.Chart(edges).mark_rect(opacity=0.13).encode(x="day:T", x2="end:T", color=colour_by(translate, shown))
    return in_role(role, shade, translate)


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
            y=alt.Y(
                "views:Q",
                title=translate(N_("Mean views a day")),
                axis=views_ticks(translate, 5),
            ),
            color=colour,
            tooltip=[
                "weekday:N",
                alt.Tooltip("period:N", title=translate(N_("Period"))),
                views_tip("views", translate(N_("Mean views a day"))),
            ],
        )
        .properties(height=260)
    )
