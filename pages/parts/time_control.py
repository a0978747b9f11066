"""The controls for time in a channel's charts: days, weeks or months, the year before, and the period shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from forecasting.charts import DAYS_NEEDED, STEPS, Step
from forecasting.messages import N_
from forecasting.split import Period
from pages.parts.chart import draw_chart
from pages.parts.links import reset_if_unavailable, warn_invalid_query_param
from pages.parts.session import Session

NARROWEST = 7  # days that a brush shows at least


@dataclass(frozen=True)
class Time:
    """What the controls say; as keywords it goes to the chart."""

    step: Step
    year_before: bool
    shown: Period


def choose_time(session: Session, key: str, whole: Period, at_first: Period | None = None) -> Time:
    """A row of controls above a chart of `whole`; the period shown is kept under `key`, for `draw_with_brush`."""
    translate = session.translate
    steps = {step: translate(name) for step, name in STEPS.items() if whole.days >= DAYS_NEEDED[step]}
    st.session_state.setdefault("worded", set()).add("step")
    warn_invalid_query_param("step", steps.values(), translate)
    reset_if_unavailable("step", steps, "day")
    with st.container(horizontal=True, vertical_alignment="center"):
        step = st.segmented_control(
            translate(N_("A point is the mean of")),
            steps,
            format_func=steps.__getitem__,
            default="day",
            required=True,
            key="step",
            bind="query-params",
            label_visibility="collapsed",
        )
        before = st.toggle(translate(N_("A year before")), key="year_before", bind="query-params")
        shown = _shown(session, key, whole, at_first or whole)
        if shown != whole:
            icon = ":material/zoom_out_map:"
            label = translate(N_("Whole time"))
            st.button(label, icon=icon, type="tertiary", key=f"{key}_out", on_click=_show_all, args=(key, whole))
    return Time(step or "day", before, shown)


def draw_with_brush(session: Session, key: str, chart: partial, *, whole: Period, alt: str) -> None:
    """The chart; a period brushed in it is the one shown from then on, as is what the slider below says."""
    shown = st.session_state[key]
    name = f"{key}_{shown[0]}_{shown[1]}"  # another period is another chart: nothing is brushed in it yet
    zoom = _zoom(key, name, whole)
    draw_chart(session, chart, key=name, on_select=zoom, selection_mode=["brush"], alt=alt)
    label = session.translate(N_("Period shown; drag in the chart to zoom"))
    st.slider(label, whole.first, whole.last, key=key, format="YYYY-MM-DD")


def _shown(session: Session, key: str, whole: Period, at_first: Period) -> Period:
    """The period kept under `key`; that of another channel, or one that does not fit, is forgotten."""
    warn_invalid_query_param(key, (str(whole.first), str(whole.last)), session.translate)
    about = (session.channel.fingerprint, whole)
    kept = st.session_state.get(key)
    if kept is None or st.session_state.get(f"{key}_of", about) != about:
        st.session_state[key] = _linked(key, whole) or (at_first.first, at_first.last)
    st.session_state[f"{key}_of"] = about
    shown = Period(*st.session_state[key])
    if shown != at_first:
        st.query_params[key] = [str(shown.first), str(shown.last)]  # a bound slider would write microseconds
    elif key in st.query_params:
        del st.query_params[key]
    return shown


def _show_all(key: str, whole: Period) -> None:
    st.session_state[key] = (whole.first, whole.last)


def _linked(key: str, whole: Period) -> tuple[date, date] | None:
    """What the URL asks for, where it can be."""
    try:
        first, last = map(date.fromisoformat, st.query_params.get_all(key))
    except ValueError:
        return None
    return (first, last) if whole.first <= first < last <= whole.last else None


def _zoom(key: str, name: str, whole: Period) -> Callable[[], Any]:
    def zoom() -> None:
        brushed = st.session_state[name].selection.get("brush", {}).get("day")
        if brushed:
            st.session_state[key] = _days(brushed, whole)

    return zoom


def _days(brushed: list[float], whole: Period) -> tuple[date, date]:
    """The days of two places, which are milliseconds of the browser's clock; a few at least."""
    minutes = st.context.timezone_offset or 0
    first, last = ((pd.Timestamp(at, unit="ms") - pd.Timedelta(minutes=minutes)).date() for at in sorted(brushed))
    last = min(max(last, first + timedelta(NARROWEST)), whole.last)
    return max(min(first, last - timedelta(NARROWEST)), whole.first), last
