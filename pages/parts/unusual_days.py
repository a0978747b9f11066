"""Unusual days and changes of level on Data: found for the chart, and listed below it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from forecasting.diagnosis.level_shifts import LevelShift, cannot_tell_yet, level_shifts
from forecasting.diagnosis.unusual_days import (
    FEWEST_JUDGED,
    RATES,
    SETTLED,
    USUAL_RATE,
    UnusualDay,
    find_surprises,
    unusual_days,
)
from forecasting.formats import format_views
from forecasting.messages import N_, Translate
from forecasting.series import Channel
from pages.parts.folded import folded
from pages.parts.links import reset_if_unavailable, warn_invalid_query_param
from pages.parts.session import Session

TOO_FEW = N_("Too few days to say which are unusual: at least {days} are needed.")
NONE_FOUND = N_("No day is as unusual as that.")
ABOUT = N_(
    "Each day is forecast from the days before it in four simple ways. It is marked where it lies so far from the "
    "middle forecast that this happens by chance once in the time chosen. A change of level is named where chance "
    "would name one in ten years."
)


@dataclass(frozen=True)
class Unusual:
    """What the chart marks."""

    days: Sequence[UnusualDay]
    shifts: Sequence[LevelShift]


def show_unusual_days(session: Session) -> Unusual:
    """A folded list of the unusual days and changes of level, with the rate of false alarms to choose."""
    surprises, shifts = _found(session.channel, session.channel.fingerprint)
    label, icon = session.translate(N_("Unusual days")), ":material/notification_important:"
    part, opened = folded(label, key="unusual", icon=icon)
    with part:
        if surprises.empty:
            st.caption(session.translate(TOO_FEW).format(days=SETTLED + FEWEST_JUDGED))
            return Unusual((), ())
        days = unusual_days(surprises, _choose_rate(session.translate, len(surprises)))
        if opened:
            _list_days(session, days)
            for shift in shifts:
                st.text(shift.message.translated(session.translate))
            st.caption(cannot_tell_yet().translated(session.translate))
    return Unusual(days, shifts)


@st.cache_data(max_entries=64, show_spinner=False)
def _found(_channel: Channel, fingerprint: str) -> tuple[pd.DataFrame, tuple[LevelShift, ...]]:
    return find_surprises(_channel.series), level_shifts(_channel.series)


def _choose_rate(translate: Translate, judged: int) -> int:
    """Days for one false alarm; the value is in the URL."""
    offered = {days: translate(name) for days, name in RATES.items() if days <= 2 * judged}
    st.session_state.setdefault("worded", set()).add("false_alarms")
    warn_invalid_query_param("false_alarms", offered.values(), translate)
    usual = USUAL_RATE if USUAL_RATE in offered else min(offered)
    reset_if_unavailable("false_alarms", offered, usual)
    chosen = st.segmented_control(
        translate(N_("False alarms")),
        offered,
        format_func=offered.__getitem__,
        default=usual,
        required=True,
        key="false_alarms",
        bind="query-params",
        help=translate(ABOUT),
    )
    return chosen or usual


def _list_days(session: Session, days: Sequence[UnusualDay]) -> None:
    translate, names = session.translate, session.weekdays()
    if not days:
        st.caption(translate(NONE_FOUND))
        return
    rarest, usual = translate(N_("less than 1 day in {days}")), translate(N_("1 day in {days}"))
    rows = {
        translate(N_("Day")): [f"{found.day} ({names[found.day.weekday()]})" for found in days],
        translate(N_("Views")): [format_views(found.views, translate) for found in days],
        translate(N_("Expected")): [format_views(found.expected, translate) for found in days],
        translate(N_("How unlikely")): [
            (rarest if found.rarer else usual).format(days=f"{found.days:,}") for found in days
        ],
    }
    if named := _names_of_events(session):
        rows[translate(N_("Events"))] = [named.get(found.day, "") for found in days]
    key = f"unusual_{session.channel.fingerprint}_{len(days)}"
    st.caption(translate(N_("Choose a row to name its day under Events.")))
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key=key,
        on_select=lambda: _name_day(days, key),
        selection_mode="single-row",
    )


def _name_day(days: Sequence[UnusualDay], key: str) -> None:
    """The day of the row chosen becomes the day that Events is about to add."""
    for row in st.session_state[key].selection.rows:
        st.session_state.event_day = days[row].day


def _names_of_events(session: Session) -> dict:
    """Day -> the names of its events."""
    names: dict = {}
    for event in session.channel.series.events:
        names.setdefault(event.day, []).append(event.name)
    return {day: session.translate(N_(", ")).join(filter(None, said)) for day, said in names.items()}
