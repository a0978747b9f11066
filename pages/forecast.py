"""The days to come: by Auto, a run, a model file or one method, with intervals and how far to trust them."""

from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from forecasting.forecasts.report import ForecastReport
from forecasting.forecasts.what_if import WhatIf
from forecasting.jobs.requests import AutoSearch, ForecastRequest
from forecasting.messages import BadInput
from forecasting.models.registry import BUDGET
from forecasting.settings import BOUNDS, SKLEARN_FAMILIES, RunSettings
from forecasting.split import Split
from pages.parts.error_charts import draw_errors
from pages.parts.event_what_if import assume, choose_events, draw_events
from pages.parts.forecast_chart import draw_before, draw_chart
from pages.parts.forecast_details import (
    Method,
    draw_days,
    draw_judged,
    draw_mixture,
    draw_take_away,
    draw_trials,
    say_model,
)
from pages.parts.forecast_figures import draw_figures, say_trust
from pages.parts.forecast_holidays import choose_country, say_holidays
from pages.parts.forecast_provisional import say_provisional
from pages.parts.forecast_totals import draw_totals
from pages.parts.forecasters import AUTO, Forecasters
from pages.parts.homework import offer_homework
from pages.parts.job_progress import find, result_of, show_job, submit
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.look import controls_and_picture
from pages.parts.ranking_table import draw_ranking, was_taken
from pages.parts.session import open_page
from pages.parts.split_control import choose_split

DEFAULT_HORIZON = 28  # days ahead at first
BUDGETS = (10, 600)  # seconds

session = open_page()
translate = session.translate


def of_auto(split: Split) -> AutoSearch:
    """What Auto is told, from its control."""
    warn_invalid_query_param("budget", BUDGETS, translate)
    label = translate("Seconds for Auto")
    budget = st.number_input(label, *BUDGETS, int(BUDGET), step=10, key="budget", bind="query-params")
    return AutoSearch(float(budget), split, choose_country(session))


def choose_holidays(settings: RunSettings | None, horizon: int) -> tuple[date, ...]:
    """Days to take for holidays, where the run knows what a holiday does."""
    if settings is None or not settings.inputs.country or settings.architecture.family in SKLEARN_FAMILIES:
        return ()
    names, last = session.weekdays(), session.channel.views.index[-1]
    days = {
        str(day.date()): f"{day.date()} {names[day.day_of_week]}"
        for day in pd.date_range(last, periods=horizon + 1)[1:]
    }
    if any(day not in days for day in st.session_state.get("holidays", [])):
        st.session_state.holidays = [day for day in st.session_state.holidays if day in days]
    label, why = (
        translate("What if these were holidays?"),
        translate("In addition to the public holidays that the run already takes into account."),
    )
    chosen = st.multiselect(label, days, format_func=days.__getitem__, key="holidays", help=why, bind="query-params")
    return tuple(map(date.fromisoformat, chosen))


def draw(method: Method, job_id: str, drawn: ForecastReport, report: ForecastReport, *, what_if: WhatIf | None) -> None:
    """What Auto tries while it is at it, then the forecast and what is said of it; `drawn` is what the page shows."""
    if report.forecast is None:
        if report.provisional != drawn.provisional:
            st.rerun()
        draw_trials(session, report.trials)
        return
    forecast = what_if.forecast if what_if else report.forecast
    draw_chart(session, forecast, report.without_holidays, what_if)
    say_trust(session, forecast)
    if report.holidays:
        say_holidays(session, report.holidays)
    if report.events:
        draw_events(session, report.events)
    draw_totals(session, forecast)
    draw_days(session, forecast)
    if report.trials:
        with st.expander(translate("Models tried"), icon=":material/checklist:"):
            draw_mixture(session, report, len(forecast.days))
            draw_trials(session, report.trials)
    draw_errors(session, forecast)
    with st.expander(translate("Reliability by days ahead"), icon=":material/straighten:"):
        draw_judged(session, forecast)
    draw_take_away(session, method, job_id)
    if method.run:
        offer_homework(session, method.run, session.channel)


st.title(translate("Forecast"))
st.caption(translate("Next days' views with intervals, and how often such intervals held in the past."))
figures = st.container()
controls, picture = controls_and_picture(translate)

with controls:
    forecasters = Forecasters(session)
    chosen = forecasters.choose()
    warn_invalid_query_param("ahead", BOUNDS["horizon"], translate)
    horizon = st.slider(translate("Days ahead"), *BOUNDS["horizon"], DEFAULT_HORIZON, key="ahead", bind="query-params")
    settings: RunSettings | None = None
    request: ForecastRequest | None = None
    split: Split | None = None
    try:
        settings = forecasters.settings(chosen)
        holidays = choose_holidays(settings, horizon)
        split = choose_split(session.channel.views, translate) if forecasters.learns(chosen) else None
        forecaster = of_auto(split) if chosen == AUTO and split else forecasters.request(chosen, split)
        request = ForecastRequest(horizon, forecaster, holidays)
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
    job = find(session, request) if request else None
    report = result_of(session, job, ForecastReport) or ForecastReport()
    what_if = assume(session, report, choose_events(session, report))
    busy = bool(job and job.active)
    pressed = st.button(
        translate("Forecast"),
        type="primary",
        icon=":material/online_prediction:",
        width="stretch",
        disabled=request is None or busy,
    )
    if busy:
        st.caption(translate("This forecast is being made; stop it to make another."))
    wanted = request is not None and (pressed or was_taken(chosen) and not job)
    if wanted and submit(session, request, forecasters.model_file(chosen)):
        st.rerun()
    if settings:
        say_model(session, settings, horizon)
    forecasters.take_in()

with figures:
    if report.provisional:
        say_provisional(session, report.provisional, improves=busy)
    drawn = what_if.forecast if what_if else report.forecast
    draw_figures(session, drawn or (report.provisional.forecast if report.provisional else None))
with picture:
    if report.provisional:
        draw_chart(session, report.provisional.forecast, ())
    elif report.forecast is None:
        draw_before(session, horizon)
    if job:
        run = forecasters.runs.get(chosen)
        method = Method(chosen, forecasters.names()[chosen], run=run, settings=settings, horizon=horizon)
        show_job(session, job, ForecastReport, partial(draw, method, job.id, report, what_if=what_if))
    with st.container(key="ranking"):
        draw_ranking(session, forecasters, chosen, horizon=horizon, split=split)
