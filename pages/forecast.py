"""The days to come: by Auto, by a trained run or by a model file, with intervals and how far to trust them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.evaluation.wording import ERROR_OF_MEAN, coverage_beside_level, days_ahead
from forecasting.forecasts.forecast import Forecast, HeldOutScore
from forecasting.forecasts.packing import NO_WEIGHTS
from forecasting.forecasts.program import program_from_file, program_of
from forecasting.forecasts.report import ForecastReport
from forecasting.formats import format_percent, format_views
from forecasting.jobs.requests import AutoSearch, ForecastRequest
from forecasting.messages import BadInput
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.ensemble.report import composition, regret_of_alternatives, trials_frame, work_of
from forecasting.models.registry import BUDGET, SKILL_BASELINE, baseline, label_of
from forecasting.records import Run
from forecasting.settings import BOUNDS, SKLEARN_FAMILIES, RunSettings
from forecasting.split import Period
from pages.parts.export import file_name, offer
from pages.parts.forecasters import AUTO, Forecasters
from pages.parts.homework import offer_homework
from pages.parts.job_progress import find, model_of, result_of, show_job, submit
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.look import controls_and_picture
from pages.parts.session import SAMPLE_KEY, open_page
from pages.parts.split_control import choose_split
from pages.parts.time_control import choose_time, draw_with_brush

DEFAULT_HORIZON = 28  # days ahead at first
HEADLINE_HORIZON = 7  # days ahead that the row of figures judges
BUDGETS = (10, 600)  # seconds
SAMPLE_FILE = "data/sample_channel.csv"

session = open_page()
translate = session.translate


@dataclass(frozen=True)
class Method:
    """What is to forecast, and how far: what the controls say."""

    name: str
    run: Run | None
    settings: RunSettings | None  # of the run, or of the run in the model file
    horizon: int  # days


def of_auto() -> AutoSearch:
    """What Auto is told, from its controls."""
    split = choose_split(session.channel.views, translate)
    warn_invalid_query_param("budget", BUDGETS, translate)
    label = translate("Seconds for Auto")
    budget = st.number_input(label, *BUDGETS, int(BUDGET), step=10, key="budget", bind="query-params")
    return AutoSearch(float(budget), split)


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


# What is known


def draw(method: Method, job_id: str, report: ForecastReport) -> None:
    """What Auto tries while it is at it, then the forecast."""
    if report.forecast is None:
        draw_trials(report.trials)
        return
    forecast = report.forecast
    draw_chart(forecast, report.without_holidays)
    say_trust(forecast, own_scores(forecast))
    draw_days(forecast)
    if report.trials:
        with st.expander(translate("Models tried"), icon=":material/checklist:"):
            draw_mixture(report, len(forecast.days))
            draw_trials(report.trials)
    with st.expander(translate("Reliability by days ahead"), icon=":material/straighten:"):
        draw_judged(forecast)
    draw_take_away(method, job_id)
    if method.run:
        offer_homework(session, method.run, session.channel)


def own_scores(forecast: Forecast | None) -> list[HeldOutScore]:
    """How the forecast's own method did on the held-out days; nothing before there is a forecast."""
    return [one for one in forecast.judged if one.method == forecast.method] if forecast else []


def draw_figures(forecast: Forecast | None, judged: list[HeldOutScore]) -> None:
    """Totals with their interval, coverage beside its nominal level, and skill."""
    beside: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}
    at = week_ahead(judged)
    with st.grid(4, min_column_width=150):
        for place, label in enumerate((translate("Next 7 days, views"), translate("Next 28 days, views"))):
            total = forecast.totals[place] if forecast and len(forecast.totals) > place else None
            st.metric(
                label,
                format_views(total.point, translate) if total else "–",
                edges(total.bands[-1]) if total else None,
                **beside,
            )
        held = (
            translate("{ahead} days ahead, over {days} past forecasts").format(ahead=at.horizon, days=at.origins)
            if at
            else None
        )
        why = translate("Share of the held-out days that were inside their 90 % interval.")
        st.metric(
            translate("90 % interval held"), format_percent(at.coverage[-1]) if at else "–", held, help=why, **beside
        )
        why = translate(
            "How much smaller the error is than with “Same day last week” on the held-out days; 0 % = no better."
        )
        st.metric(translate("Skill"), format_percent(at.skill) if at else "–", held, help=why, **beside)


def week_ahead(judged: list[HeldOutScore]) -> HeldOutScore | None:
    """The figures for a week ahead, or as far as it goes; None where nothing was held out."""
    near = [one for one in judged if one.horizon <= HEADLINE_HORIZON]
    return max(near, key=lambda one: one.horizon, default=None)


def edges(band: tuple[float, float, float]) -> str:
    """90 %: 36k to 49k."""
    level, low, high = band
    if np.isnan(low):
        return translate("Interval: cannot tell")
    return translate("{level}: {low} to {high}").format(
        level=format_percent(level), low=format_views(low, translate), high=format_views(high, translate)
    )


def draw_chart(forecast: Forecast, without) -> None:
    """The forecast after the last weeks, beside the usual baseline."""
    frame = forecast.to_frame()
    with st.container(key="forecast_chart"):
        draw_time(
            frame, len(frame), translate("The last weeks of real views and the forecast with its intervals"), without
        )
    if len(without):
        change = sum(forecast.point) - sum(without)
        said = translate("These holidays change the {days} days by {change} views; the dotted line is without them.")
        st.caption(said.format(days=len(without), change=("+" if change > 0 else "") + format_views(change, translate)))


def draw_before(horizon: int) -> None:
    """The last weeks and the usual baseline, as long as there is no forecast."""
    draw_time(None, horizon, translate("The last weeks of real views, and the baseline drawn on"))


def draw_time(frame: pd.DataFrame | None, days: int, alt: str, without: Sequence[float] = ()) -> None:
    """Real views and `days` ahead, with the controls for time."""
    views = session.channel.views
    near = charts.first_shown(views, days)
    whole = Period(views.index[0].date(), near.last)
    time = choose_time(session, "shown_ahead", whole, near)
    chart = charts.forecast_chart(
        views,
        last_week(days),
        frame,
        translate=translate,
        weekdays=session.weekdays(),
        without=without,
        step=time.step,
        shown=time.shown,
        year_before=time.year_before,
    )
    draw_with_brush(session, "shown_ahead", chart, whole=whole, alt=alt)
    if frame is not None and time.step != "day":
        st.caption(translate("Intervals are of single days; choose Daily to see them."))


def last_week(horizon: int) -> np.ndarray:
    """The baseline's forecast (horizon,)."""
    series, usual = session.channel.series, baseline(SKILL_BASELINE)
    if len(series.known) < usual.needs:
        return np.full(horizon, np.nan)
    return usual.predict(series, series.views.index[-1:], horizon)[0]


def say_trust(forecast: Forecast, judged: list[HeldOutScore]) -> None:
    """Whether it beats the usual baseline, and where an interval cannot be had."""
    at = week_ahead(judged)
    if at is None:
        note = translate("Cannot tell how reliable this is: the model comes from the views of another channel.")
        st.info(note, icon=":material/help:")
    else:
        show, icon = {
            "better": (st.success, ":material/trending_up:"),
            "worse": (st.error, ":material/trending_down:"),
            "cannot tell": (st.info, ":material/help:"),
        }[at.comparison.answer]
        said = days_ahead(at.comparison, translate(label_of(SKILL_BASELINE)))
        show(said.translated(translate), icon=icon)
        held, level = at.coverage[-1], forecast.bands[-1].level
        if width := coverage_beside_level(held, level, origins=at.origins, ahead=at.horizon):
            st.info(width.translated(translate), icon=":material/straighten:")
    for sentence in forecast.notes:
        st.info(escape_markdown(sentence.translated(translate)), icon=":material/info:")
    without_interval = int(np.isnan(forecast.bands[-1].lower).sum())
    if without_interval:
        note = translate("No interval for {count} of {days} days: too few held-out days that far ahead.")
        st.info(note.format(count=without_interval, days=len(forecast.days)), icon=":material/help:")


def name_of(method: str) -> str:
    """A method's name; a run's is its own."""
    return translate(label_of(method))


def draw_days(forecast: Forecast) -> None:
    """A row a day, and the same as a file."""
    frame, names = forecast.to_frame(), session.weekdays()
    edges = {level: (frame[f"lower_{level}"].round(), frame[f"upper_{level}"].round()) for level in (90, 50)}
    between = {
        f"{level} %": ["–" if np.isnan(a) else f"{a:,.0f} – {b:,.0f}" for a, b in zip(low, high, strict=True)]
        for level, (low, high) in edges.items()
    }
    shown = pd.DataFrame(  # a phone shows the first three
        {translate("Day"): frame.index.date, translate("Forecast"): frame["forecast"].round().to_numpy()}
        | between
        | {translate("Weekday"): [names[day] for day in frame.index.day_of_week]}
        | {translate(label_of(SKILL_BASELINE)): last_week(len(frame)).round()}
    )
    counts = (translate("Forecast"), translate(label_of(SKILL_BASELINE)))
    st.dataframe(
        shown,
        hide_index=True,
        height=min(38 + 35 * len(shown), 320),
        column_config={name: st.column_config.NumberColumn(format="localized") for name in counts},
        alt=translate("The forecast day by day"),
    )
    offer(
        session,
        {"forecast": (translate("Forecast"), frame.reset_index())},
        {"forecast-chart": (translate("Chart"), "forecast_chart")},
        Period(frame.index[0].date(), frame.index[-1].date()),
    )


def draw_judged(forecast: Forecast) -> None:
    """A line a method and distance: error, skill, and shares of the held-out days within their intervals."""
    lines = [
        {
            translate("Method"): name_of(one.method),
            translate("Days ahead"): one.horizon,
            translate("Skill"): format_percent(one.skill),
            translate("MAE of the seeds' mean, views"): round(one.mae, 1),
            "MASE": round(one.mase, 3),
            translate("50 % interval held"): format_percent(one.coverage[0]),
            translate("90 % interval held"): format_percent(one.coverage[-1]),
            translate("Mean width of the 90 % interval, views"): round(one.width[-1]),
            translate("Better than last week, share of days"): format_percent(one.won),
            translate("Held-out days"): one.origins,
        }
        for one in sorted(forecast.judged, key=lambda one: one.horizon)
    ]
    if lines:
        mean = translate("MAE of the seeds' mean, views")
        st.dataframe(
            pd.DataFrame(lines),
            hide_index=True,
            column_config={mean: st.column_config.NumberColumn(format="localized", help=translate(ERROR_OF_MEAN))},
            alt=translate("Held-out errors by days ahead"),
        )
    st.caption(
        translate(
            "Every method forecasts from each held-out day, seeing only earlier days. Skill is relative to "
            "“Same day last week”."
        )
    )


def draw_trials(trials: Sequence[TrialResult]) -> None:
    """What Auto has tried so far, and what it would have cost to choose otherwise."""
    records = [asdict(trial) for trial in trials]
    frame = trials_frame(records, translate)
    st.altair_chart(
        charts.trials_chart(frame, translate),
        key="trials",
        alt=translate("Validation errors of the models that Auto tried"),
    )
    st.caption(translate("Dot: error of one model. Line: error of the average of all models so far."))
    st.caption(escape_markdown(regret_of_alternatives(records, translate).translated(translate)))
    st.caption(work_of(records).translated(translate))


def draw_mixture(report: ForecastReport, days: int) -> None:
    """What Auto is made of, tomorrow and on the last day."""
    for day in sorted({1, days}):
        for sentence in composition(report.shares, day, [asdict(trial) for trial in report.trials]):
            st.write(sentence.translated(translate))


def draw_take_away(method: Method, job_id: str) -> None:
    """The model as a file, and the program of its run."""
    with st.expander(translate("Take the model away"), icon=":material/output:"):
        file, said = file_of_channel()
        if method.settings and method.settings.architecture.family in SKLEARN_FAMILIES:
            st.caption(translate(NO_WEIGHTS))
        else:
            name = f"{file_name(session, method.name, session.channel.views.index[-1].date())}.safetensors"
            st.write(
                translate(
                    "One file with weights, settings and errors: it forecasts here, on a command line and in Python."
                )
            )
            st.download_button(
                translate("Model file"),
                lambda: model_of(session, job_id),
                name,
                "application/octet-stream",
                icon=":material/download:",
                on_click="ignore",  # a rerun would lose the file of a second click
            )
            st.code(program_from_file(file, name, method.horizon))
        if method.run:
            st.write(translate("Python code for this run:"))
            st.code(program_of(method.run.settings, file, said, horizon=method.horizon))


def say_model(settings: RunSettings, horizon: int) -> None:
    """How far the model has seen, and how it goes beyond its own horizon."""
    st.caption(translate("It was trained on the days to {last}.").format(last=settings.split.train.last))
    own = settings.architecture.horizon
    if own < horizon:
        note = translate("It predicts {own} days ahead; for later days its own forecasts are fed back in.")
        st.caption(note.format(own=own))


def file_of_channel() -> tuple[str, dict[str, object]]:
    """The file that the channel was read from, and what was said about it."""
    fingerprint = session.channel.fingerprint
    if st.session_state.get("channel") in (None, SAMPLE_KEY):
        return SAMPLE_FILE, {}
    _name, file = session.channels.channels(session.owner).get(fingerprint, ("", None))
    return (file, session.channels.said(session.owner, fingerprint) or {}) if file else ("views.csv", {})


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
    try:
        settings = forecasters.settings(chosen)
        holidays = choose_holidays(settings, horizon)
        forecaster = of_auto() if chosen == AUTO else forecasters.request(chosen)
        request = ForecastRequest(horizon, forecaster, holidays)
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
    job = find(session, request) if request else None
    report = result_of(session, job, ForecastReport) or ForecastReport()
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
    if pressed and request:
        submit(session, request, forecasters.model_file(chosen))
        st.rerun()
    if settings:
        say_model(settings, horizon)
    forecasters.take_in()

with figures:
    draw_figures(report.forecast, own_scores(report.forecast))
with picture:
    if report.forecast is None:
        draw_before(horizon)
    if job:
        method = Method(forecasters.names()[chosen], forecasters.runs.get(chosen), settings=settings, horizon=horizon)
        show_job(session, job, ForecastReport, partial(draw, method, job.id))
