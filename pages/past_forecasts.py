"""How did it go? Every earlier forecast over the views that came, and whether its model has gone stale."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.forecasts.past import PastForecast, freshness, summary
from forecasting.formats import format_percent, format_views
from forecasting.models.registry import SKILL_BASELINE, label_of
from forecasting.split import Period
from pages.parts.chart import draw_chart
from pages.parts.export import offer
from pages.parts.links import escape_markdown, reset_if_unavailable, warn_invalid_query_param
from pages.parts.past_records import labels_of, latest_judged, others_beside, past_forecasts
from pages.parts.session import open_page

BESIDE: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}  # a second line that is no change
FEW_DAYS = 7  # that have come, below which it is said that these prove little

session = open_page()
translate = session.translate


def choose(past: dict[str, PastForecast]) -> PastForecast:
    """The forecast that is shown in full."""
    names = labels_of(session, past)
    st.session_state.setdefault("worded", set()).add("past")
    warn_invalid_query_param("past", names.values(), translate)
    reset_if_unavailable("past", names, latest_judged(past))
    chosen = st.selectbox(
        translate("Forecast shown in full"),
        names,
        index=[*names].index(latest_judged(past)),
        format_func=names.__getitem__,
        key="past",
        bind="query-params",
        width=460,
    )
    return past[chosen]


def draw_figures(one: PastForecast) -> None:
    """Total said and come, error beside the usual one, and how many days the interval held."""
    held, judged = one.held
    with st.grid(4, min_column_width=150):
        st.metric(translate("Views that came"), format_views(one.came, translate), said_in(one), **BESIDE)
        error = translate("{error} with “{baseline}”").format(
            error=format_views(one.usual_mae, translate), baseline=translate(label_of(SKILL_BASELINE))
        )
        st.metric(translate("Error a day (MAE)"), format_views(one.mae, translate), error, **BESIDE)
        level = format_percent(one.forecast.bands[-1].level)
        of = translate("{held} of {days} days").format(held=held, days=judged) if judged else "–"
        over = translate("{come} of {days} days have come").format(come=one.come, days=len(one.actual))
        st.metric(translate("{level} interval held").format(level=level), of, over, **BESIDE)
        gain = format_percent(one.skill) if np.isfinite(one.skill) else "–"
        why = translate("How much smaller the error is than with “Same day last week”; 0 % = no better.")
        st.metric(translate("Skill"), gain, help=why)


def said_in(one: PastForecast) -> str:
    """What was forecast for the same days, with its interval where there is one."""
    said = translate("forecast: {said}").format(said=format_views(one.said, translate))
    if edges := one.total_interval():
        between = translate("{said} ({low} to {high})")
        said = between.format(said=said, low=format_views(edges[0], translate), high=format_views(edges[1], translate))
    return said


def say_days(one: PastForecast) -> None:
    """That few days have come, or that the views are not all there."""
    if one.come < min(FEW_DAYS, len(one.actual)):
        note = translate("Only {come} of its {days} days have come: too few to judge a forecast by.")
        st.info(note.format(come=one.come, days=len(one.actual)), icon=":material/hourglass_top:")


def say_freshness(past: list[PastForecast]) -> None:
    """For each model, the latest first, whether it has gone stale; where one has, what to do."""
    found = [freshness([one for one in past if one.model == model]) for model in dict.fromkeys(o.model for o in past)]
    for one in sorted(found, key=lambda one: not one.stale):
        sentence = escape_markdown(one.message.translated(translate))
        if one.stale:
            st.warning(sentence, icon=":material/update:")
        else:
            st.caption(sentence)
    if any(one.stale for one in found):
        with st.container(horizontal=True, gap="medium"):
            st.page_link("pages/forecast.py", label=translate("Forecast it"), icon=":material/online_prediction:")
            st.page_link("pages/train.py", label=translate("Train a model"), icon=":material/model_training:")


def draw_table(past: list[PastForecast]) -> None:
    """A line a forecast."""
    frame = summary(past)
    held = [f"{one.held} / {one.of}" if one.of else "–" for one in frame.itertuples()]
    shown = pd.DataFrame(
        {
            translate("Forecast from"): frame["origin"],
            translate("Method"): list(frame["name"]),
            translate("Days that came"): [f"{one.come} / {one.days}" for one in frame.itertuples()],
            translate("Error a day (MAE)"): frame["mae"].round(1),
            translate("MAE of “Same day last week”"): frame["usual_mae"].round(1),
            translate("Views forecast"): frame["said"].round(),
            translate("Views that came"): frame["came"].round(),
            translate("90 % interval held"): held,
        }
    )
    numbers = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        shown,
        hide_index=True,
        column_config=dict.fromkeys(shown.select_dtypes("number"), numbers),
        alt=translate("Earlier forecasts with their errors"),
    )


st.title(translate("How did it go?"))
st.caption(translate("Earlier forecasts over the views that came since, with their errors."))
past = past_forecasts(session)
if not past:
    st.info(
        translate("No forecast can be judged yet. Make one, and bring a newer file once some of its days are over."),
        icon=":material/history:",
    )
    with st.container(horizontal=True, gap="medium"):
        st.page_link("pages/forecast.py", label=translate("Forecast it"), icon=":material/online_prediction:")
        st.page_link("pages/data.py", label=translate("Bring a newer file"), icon=":material/upload_file:")
    st.stop()
one = choose(past)
every = list(past.values())
draw_figures(one)
with st.container(key="past_chart"):
    chart = partial(
        charts.past_chart,
        session.channel.series.measured,
        one.to_frame(),
        one.forecast.origin,
        others=others_beside(every, one),
        translate=translate,
        weekdays=session.weekdays(),
        events=session.channel.events,
    )
    draw_chart(session, chart, alt=translate("An earlier forecast with its intervals over the views that came"))
say_days(one)
say_freshness(every)
st.subheader(translate("All earlier forecasts"))
draw_table(every)
table = summary(every)
days = one.to_frame().reset_index()
offer(
    session,
    {"past-forecasts": (translate("All earlier forecasts"), table), "past-days": (translate("Days shown"), days)},
    {"past-days": (translate("Forecast shown in full"), "past_chart")},
    Period(one.forecast.days[0], one.forecast.days[-1]),
)
