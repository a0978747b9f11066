"""The days to come: by Auto, by a trained run or by a model file, with intervals and how far to trust them."""

import json
import re

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.errors import BadInput
from forecasting.forecasts.forecast import Forecast, Judged
from forecasting.forecasts.hindsight import ladder_frame, what_it_is, what_others_cost
from forecasting.forecasts.methods import BASELINES, BUDGET
from forecasting.forecasts.packing import NO_WEIGHTS
from forecasting.forecasts.program import program_from_file, program_of
from forecasting.judging.baselines import Naive
from forecasting.runs import Study
from forecasting.sentences import in_views, percent
from forecasting.settings import BOUNDS, REFERENCES, RunSettings
from forecasting.windows import known_views
from pages.parts.export import offer
from pages.parts.following import ask, follow
from pages.parts.forecasters import AUTO, KIND, Forecasters
from pages.parts.session import SAMPLE, choose_split, note_bad_link, open_page, plain

USUAL = 28  # days ahead at first
WEEK = 7  # days ahead that the row of figures judges
BUDGETS = (10, 600)  # seconds
SAMPLE_FILE = "data/sample_channel.csv"

here = open_page()
_ = here.say


def of_auto() -> dict[str, object]:
    """What Auto alone is told, from its controls."""
    split = choose_split(here.channel.views, _)
    note_bad_link("budget", BUDGETS, _)
    label = _("Seconds for Auto")
    budget = st.number_input(label, *BUDGETS, int(BUDGET), step=10, key="budget", bind="query-params")
    return {AUTO: float(budget), "train": str(split.train), "held_out": str(split.held_out)}


def choose_holidays(settings: RunSettings | None, horizon: int) -> list[str]:
    """Days to take for holidays, where the run knows what a holiday does."""
    if settings is None or not settings.inputs.country or settings.architecture.family in REFERENCES:
        return []
    names, last = here.weekdays(), here.channel.views.index[-1]
    days = {
        str(day.date()): f"{day.date()} {names[day.day_of_week]}"
        for day in pd.date_range(last, periods=horizon + 1)[1:]
    }
    if any(day not in days for day in st.session_state.get("holidays", [])):
        st.session_state.holidays = [day for day in st.session_state.holidays if day in days]
    label, why = _("What if these were holidays?"), _("Beside the public holidays that the run knows anyway.")
    return st.multiselect(label, days, format_func=days.get, key="holidays", help=why, bind="query-params")


# What is known


def draw(study: Study) -> None:
    """The ladder while Auto climbs it, then the forecast."""
    answer = study.answer
    if "forecast" not in answer:
        draw_ladder(answer["ladder"])
        return
    forecast, judged = forecast_in(study)
    draw_chart(forecast, answer.get("without", ()))
    say_trust(forecast, judged)
    draw_days(forecast)
    if answer.get("ladder"):
        with st.expander(_("The ladder that Auto climbed"), icon=":material/stairs:"):
            draw_mixture(answer["shares"], len(forecast.days))
            draw_ladder(answer["ladder"])
    with st.expander(_("How far to trust it, by days ahead"), icon=":material/straighten:"):
        draw_judged(forecast)
    draw_take_away(study)


def forecast_in(study: Study | None) -> tuple[Forecast | None, list[Judged]]:
    """The forecast in an answer, once it is there, and how its method did on the held-out days."""
    if not (study and study.answer and "forecast" in study.answer):
        return None, []
    forecast = Forecast.from_json(json.dumps(study.answer["forecast"]))
    return forecast, [one for one in forecast.judged if one.method == forecast.method]


def draw_figures(forecast: Forecast | None, judged: list[Judged]) -> None:
    """Totals with their interval, coverage beside its nominal level, and skill."""
    beside = {"delta_color": "off", "delta_arrow": "off"}
    at = week_ahead(judged)
    with st.grid(4, min_column_width=150):
        for place, label in enumerate((_("Next 7 days, views"), _("Next 28 days, views"))):
            total = forecast.totals[place] if forecast else None
            st.metric(
                label, in_views(total.point) if total else "–", edges(total.bands[-1]) if total else None, **beside
            )
        held = _("Day {ahead} of {days} forecasts").format(ahead=at.horizon, days=at.origins) if at else None
        why = _("Share of the held-out days that lay within the 90 % interval they were given.")
        st.metric(_("90 % interval held"), percent(at.coverage[-1]) if at else "–", held, help=why, **beside)
        why = _("Share of the error of “Same day last week” on the held-out days that is gone.")
        st.metric(_("Skill"), percent(at.skill) if at else "–", held, help=why, **beside)


def week_ahead(judged: list[Judged]) -> Judged | None:
    """The figures for a week ahead, or as far as it goes; None where nothing was held out."""
    near = [one for one in judged if one.horizon <= WEEK]
    return max(near, key=lambda one: one.horizon, default=None)


def edges(band: tuple[float, float, float]) -> str:
    """90 %: 36k to 49k."""
    level, low, high = band
    if np.isnan(low):
        return _("Interval: cannot tell")
    return _("{level}: {low} to {high}").format(level=percent(level), low=in_views(low), high=in_views(high))


def draw_chart(forecast: Forecast, without) -> None:
    """The forecast after the last weeks, beside the usual baseline."""
    views = here.channel.views
    frame = forecast.to_frame()
    chart = charts.forecast_chart(views, last_week(len(frame)), frame, _, here.weekdays(), without)
    with st.container(key="forecast_chart"):
        st.altair_chart(chart, alt=_("The last weeks of real views and the forecast with its intervals"))
    if len(without):
        change = sum(forecast.point) - sum(without)
        said = _("These holidays change the {days} days by {change} views; the dotted line is without them.")
        st.caption(said.format(days=len(without), change=("+" if change > 0 else "") + in_views(change)))


def draw_before() -> None:
    """The last weeks and the usual baseline, as long as there is no forecast."""
    chart = charts.forecast_chart(here.channel.views, last_week(horizon), None, _, here.weekdays())
    st.altair_chart(chart, key="before", alt=_("The last weeks of real views, and the baseline drawn on"))


def last_week(horizon: int) -> np.ndarray:
    """The baseline's forecast (horizon,)."""
    known = known_views(here.channel.views, here.channel.filled)
    if len(known) < WEEK:
        return np.full(horizon, np.nan)
    return Naive("last-week").predict(known, known.index[-1:], horizon)[0]


def say_trust(forecast: Forecast, judged: list[Judged]) -> None:
    """Whether it beats the usual baseline, and where an interval cannot be had."""
    at = week_ahead(judged)
    if at is None:
        note = _("Cannot tell how far to trust this: the model comes from other views than these.")
        st.info(note, icon=":material/help:")
    else:
        show, icon = {
            "better": (st.success, ":material/trending_up:"),
            "worse": (st.error, ":material/trending_down:"),
            "cannot tell": (st.info, ":material/help:"),
        }[at.answer]
        show(at.sentence(_("Same day last week")).say(_), icon=icon)
    unknown = int(np.isnan(forecast.bands[-1].lower).sum())
    if unknown:
        note = _("Cannot tell an interval for {count} of {days} days: too few such days were held out.")
        st.info(note.format(count=unknown, days=len(forecast.days)), icon=":material/help:")


def name_of(method: str) -> str:
    """A method's name; a run's is its own."""
    return _("Auto") if method == AUTO else _(BASELINES[method]) if method in BASELINES else method


def draw_days(forecast: Forecast) -> None:
    """A row a day, and the same as a file."""
    frame, names = forecast.to_frame(), here.weekdays()
    shown = pd.DataFrame({_("Day"): frame.index.date, _("Weekday"): [names[day] for day in frame.index.day_of_week]})
    shown[_("Forecast")] = frame["forecast"].round().to_numpy()
    for level in (50, 90):
        low, high = frame[f"lower_{level}"].round(), frame[f"upper_{level}"].round()
        shown[f"{level} %"] = ["–" if np.isnan(a) else f"{a:,.0f} – {b:,.0f}" for a, b in zip(low, high, strict=True)]
    shown[_("Same day last week")] = last_week(len(frame)).round()
    st.dataframe(shown, hide_index=True, height=min(38 + 35 * len(shown), 320), alt=_("The forecast day by day"))
    days = frame.reset_index()
    offer(here, {"forecast": (_("Forecast"), days)}, {"forecast-chart": (_("Chart"), "forecast_chart")})


def draw_judged(forecast: Forecast) -> None:
    """A line a method and distance: error, skill, and shares of the held-out days within their intervals."""
    lines = [
        {
            _("Forecaster"): name_of(one.method),
            _("Days ahead"): one.horizon,
            _("MAE, views"): round(one.mae, 1),
            _("Skill"): percent(one.skill),
            "MASE": round(one.mase, 3),
            _("50 % interval held"): percent(one.coverage[0]),
            _("90 % interval held"): percent(one.coverage[-1]),
            _("Mean width of the 90 %, views"): round(one.width[-1]),
            _("Won against last week"): percent(one.won),
            _("Held-out days"): one.origins,
        }
        for one in sorted(forecast.judged, key=lambda one: one.horizon)
    ]
    if lines:
        st.dataframe(pd.DataFrame(lines), hide_index=True, alt=_("Held-out errors by days ahead"))
    st.caption(
        _("Each is asked from every day of the held-out period with the same days known. Skill is against last week.")
    )


def draw_ladder(ladder: list[dict]) -> None:
    """What Auto has tried so far, and what it would have cost to choose otherwise."""
    frame = ladder_frame(ladder, _)
    st.altair_chart(charts.ladder_chart(frame, _), key="ladder", alt=_("Errors in validation of what Auto tried"))
    st.caption(_("A dot is one alone, the line is the mixture of all down to there."))
    st.caption(plain(what_others_cost(ladder, _).say(_)))


def draw_mixture(shares: list, days: int) -> None:
    """What Auto is made of, tomorrow and on the last day."""
    for day in sorted({1, days}):
        for sentence in what_it_is(shares, day):
            st.write(sentence.say(_))


def draw_take_away(study: Study) -> None:
    """The model as a file, and the program of its run."""
    with st.expander(_("Take it away"), icon=":material/output:"):
        file, said = file_of_channel()
        if settings and settings.architecture.family in REFERENCES:
            st.caption(_(NO_WEIGHTS))
        else:
            name = re.sub(r"[^\w.-]+", "-", forecasters.names()[chosen]) + ".safetensors"
            st.write(
                _("One file with weights, settings and errors: it forecasts here, on a command line and in Python.")
            )
            st.download_button(
                _("Model file"),
                lambda: here.studies.weights(here.owner, study.id),
                name,
                "application/octet-stream",
                icon=":material/download:",
            )
            st.code(program_from_file(file, name, horizon))
        if chosen in forecasters.runs:
            st.write(_("Python code for this run:"))
            st.code(program_of(settings, file, said, horizon))


def say_model(settings: RunSettings) -> None:
    """How far the model has seen, and how it goes beyond its own horizon."""
    st.caption(_("It learnt from the days to {last}.").format(last=settings.split.train.last))
    own = settings.architecture.horizon
    if own < horizon:
        note = _("Its own horizon is {own}. Farther ahead, forecasts take the place of views.")
        st.caption(note.format(own=own))


def file_of_channel() -> tuple[str, dict[str, object]]:
    """The file that the channel was read from, and what was said about it."""
    fingerprint = here.channel.fingerprint
    if st.session_state.get("channel") in (None, SAMPLE):
        return SAMPLE_FILE, {}
    _name, file = here.store.channels(here.owner).get(fingerprint, ("", None))
    return (file, here.store.said(here.owner, fingerprint) or {}) if file else ("views.csv", {})


st.title(_("Forecast"))
st.caption(_("The days to come, how sure the forecast is of them, and how often it was right to be."))
figures = st.container()
controls, picture = st.columns([1, 3], gap="medium")

with controls:
    forecasters = Forecasters(here)
    chosen = forecasters.choose()
    note_bad_link("ahead", BOUNDS["horizon"], _)
    horizon = st.slider(_("Days ahead"), *BOUNDS["horizon"], USUAL, key="ahead", bind="query-params")
    settings, request = forecasters.settings(chosen), None
    try:
        request = {"horizon": horizon} | forecasters.request(chosen)
        request |= {"holidays": days} if (days := choose_holidays(settings, horizon)) else {}
        request |= of_auto() if chosen == AUTO else {}
    except BadInput as unusable:
        request = None
        st.warning(plain(unusable.say(_)), icon=":material/event_busy:")
    known = next((study for study in forecasters.asked if study.request == request), None)
    look = {"type": "primary", "icon": ":material/online_prediction:", "width": "stretch"}
    busy = bool(known and known.active)
    if st.button(_("Forecast"), **look, disabled=request is None or busy):
        ask(here, KIND, request, forecasters.weights(chosen))
        st.rerun()
    if settings:
        say_model(settings)
    forecasters.take_in()

with figures:
    draw_figures(*forecast_in(known))
with picture:
    if not (known and known.answer and "forecast" in known.answer):
        draw_before()
    if known:
        follow(here, known, draw)
