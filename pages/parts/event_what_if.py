"""Events on Forecast: what they do, whether they help, and what more of them would change."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from forecasting.evaluation.event_wording import effect_of, value_of_events
from forecasting.events import KIND_NAMES, Event, EventKind
from forecasting.forecasts.report import ForecastReport
from forecasting.forecasts.what_if import EventsReport, WhatIf, assume_events, planned_on
from forecasting.formats import format_views
from forecasting.messages import N_
from pages.parts.links import escape_markdown
from pages.parts.session import Session

EVERY = "every-"  # an option that stands for every day of a weekday


def choose_events(session: Session, report: ForecastReport) -> tuple[Event, ...]:
    """Further events on days to come, where the forecast takes events into account."""
    if report.forecast is None or report.events is None or not report.events.used:
        return ()
    kind = _choose_kind(session, report.events)
    days = _choose_days(session, report.forecast.days, kind)
    there = {event.day for event in session.channel.events if event.kind == kind}
    return planned_on([day for day in days if day not in there], kind)


def _choose_kind(session: Session, events: EventsReport) -> EventKind:
    kinds = [kind.kind for kind in events.effects.kinds if kind.known]
    if len(kinds) == 1:
        return kinds[0]
    if st.session_state.get("event_kind") not in kinds:
        st.session_state.event_kind = kinds[0]
    names = {kind: session.translate(KIND_NAMES[kind]) for kind in kinds}
    label = session.translate(N_("Kind of event"))
    chosen = st.selectbox(label, kinds, format_func=names.__getitem__, key="event_kind", bind="query-params")
    return chosen or kinds[0]


def _choose_days(session: Session, ahead: Sequence[date], kind: EventKind) -> list[date]:
    """Days of those `ahead`, one by one or by their weekday."""
    names, translate = session.weekdays(), session.translate
    every = translate(N_("Every {weekday}"))
    options = {f"{EVERY}{day}": every.format(weekday=name) for day, name in enumerate(names)}
    options |= {str(day): f"{day} {names[day.weekday()]}" for day in ahead}
    if any(day not in options for day in st.session_state.get("assumed", [])):
        st.session_state.assumed = [day for day in st.session_state.assumed if day in options]
    label = N_("What if I publish on these days?") if kind == "upload" else N_("What if one came on these days?")
    why = translate(
        N_("In addition to the channel's own planned events, which the forecast takes into account anyway.")
    )
    chosen = set(
        st.multiselect(
            translate(label), options, format_func=options.__getitem__, key="assumed", help=why, bind="query-params"
        )
    )
    return [day for day in ahead if {str(day), f"{EVERY}{day.weekday()}"} & set(chosen)]


def assume(session: Session, report: ForecastReport, further: Sequence[Event]) -> WhatIf | None:
    """The forecast with `further` events, or with the planned ones, beside what it is without; None without either."""
    if report.forecast is None or report.events is None or not report.events.used:
        return None
    events, origin = session.channel.events, report.forecast.origin
    if not further and not any(event.day > origin for event in events):
        return None
    return assume_events(report.forecast, report.events.effects, events=events, further=further)


def say_change(session: Session, found: WhatIf) -> None:
    """By how much the events move the total of the forecast days."""
    translate = session.translate
    text = N_("These events change the {days} days by {change} views (90 %: {low} to {high}); dotted: without them.")
    if found.planned:
        text = N_(
            "Planned events change the {days} days by {change} views (90 %: {low} to {high}); dotted: without them."
        )
    numbers = {"change": found.change, "low": found.low, "high": found.high}
    signed = {name: ("+" if views > 0 else "") + format_views(views, translate) for name, views in numbers.items()}
    st.caption(translate(text).format(days=len(found.without), **signed))


def draw_events(session: Session, events: EventsReport) -> None:
    """Whether events help, and what each kind does."""
    translate = session.translate
    value, held_out = value_of_events(events.value), events.value.held_out
    helps = events.used and events.value.events and held_out is not None and held_out.answer == "better"
    show, icon = (st.success, ":material/trending_up:") if helps else (st.info, ":material/event:")
    show(escape_markdown(value.translated(translate)), icon=icon)
    with st.expander(translate(N_("What events do")), icon=":material/event:"):
        for kind in events.effects.kinds:
            st.markdown("- " + escape_markdown(effect_of(kind).translated(translate)))
        note = N_(
            "Estimated from all past days together with the level and the weekday. Compared by the mean of three quick"
            " methods with and without events."
        )
        st.caption(translate(note))
