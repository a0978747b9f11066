"""The picture of Forecast: the last weeks of real views, the days to come, and the usual baseline."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.what_if import WhatIf
from forecasting.formats import format_views
from forecasting.messages import N_
from forecasting.models.registry import SKILL_BASELINE, baseline
from forecasting.split import Period
from pages.parts.event_what_if import say_change
from pages.parts.session import Session
from pages.parts.time_control import choose_time, draw_with_brush


def draw_chart(session: Session, forecast: Forecast, without: Sequence[float], change: WhatIf | None = None) -> None:
    """The forecast after the last weeks, beside the usual baseline, and as it is without holidays or events."""
    translate, frame = session.translate, forecast.to_frame()
    alt = translate(N_("The last weeks of real views and the forecast with its intervals"))
    with st.container(key="forecast_chart"):
        dotted, name = (change.without, charts.WITHOUT_EVENTS) if change else (without, charts.WITHOUT_HOLIDAYS)
        _draw_time(session, frame, days=len(frame), alt=alt, without=dotted, without_name=name)
    if change:
        say_change(session, change)
    elif len(without):
        more = sum(forecast.point) - sum(without)
        said = translate(
            N_("These holidays change the {days} days by {change} views; the dotted line is without them.")
        )
        st.caption(said.format(days=len(without), change=("+" if more > 0 else "") + format_views(more, translate)))


def draw_before(session: Session, horizon: int) -> None:
    """The last weeks and the usual baseline, as long as there is no forecast."""
    alt = session.translate(N_("The last weeks of real views, and the baseline drawn on"))
    _draw_time(session, None, days=horizon, alt=alt)


def last_week(session: Session, horizon: int) -> np.ndarray:
    """The baseline's forecast (horizon,)."""
    series, usual = session.channel.series, baseline(SKILL_BASELINE)
    if len(series.known) < usual.needs:
        return np.full(horizon, np.nan)
    return usual.predict(series, series.views.index[-1:], horizon)[0]


def _draw_time(
    session: Session,
    frame: pd.DataFrame | None,
    *,
    days: int,
    alt: str,
    without: Sequence[float] = (),
    without_name: str = charts.WITHOUT_HOLIDAYS,
) -> None:
    """Real views and `days` ahead, with the controls for time."""
    views = session.channel.views
    near = charts.first_shown(views, days)
    whole = Period(views.index[0].date(), near.last)
    time = choose_time(session, "shown_ahead", whole, near)
    chart = partial(
        charts.forecast_chart,
        views,
        last_week(session, days),
        frame,
        translate=session.translate,
        weekdays=session.weekdays(),
        without=without,
        without_name=without_name,
        events=session.channel.events,
        step=time.step,
        shown=time.shown,
        year_before=time.year_before,
    )
    draw_with_brush(session, "shown_ahead", chart, whole=whole, alt=alt)
    if frame is not None and time.step != "day":
        st.caption(session.translate(N_("Intervals are of single days; choose Daily to see them.")))
