"""One press that forecasts every channel: ordinary jobs, one a channel, with their progress as one and one stop."""

import time
from dataclasses import dataclass, field

import streamlit as st

from forecasting.jobs.requests import ForecastRequest
from forecasting.jobs.store import JobState
from forecasting.messages import N_, Message
from forecasting.models.registry import METHODS
from forecasting.records import ACTIVE
from pages.parts.channels_list import Listing, jobs_for, seconds_each
from pages.parts.job_progress import duration
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.polling import crowd
from pages.parts.session import Session, limits
from pages.parts.store_trouble import show_trouble_of_workers

DEFAULT_METHOD = "ets"
USUAL_SECONDS = {"auto": 25.0}  # of a forecast of one channel on an idle core, before any was made here
OTHER_SECONDS = 2.0  # of any other method's: most of it goes into judging it on past days
LOOK_SECONDS = 1.0  # between two looks at how far they are
REDRAWN_SECONDS = 5.0  # at the soonest, while forecasts come in


@dataclass
class Ordered:
    """What this browser session has asked for at once and is not in the queue yet: the host's limit came before."""

    asked: list[tuple[str, ForecastRequest]] = field(default_factory=list)  # fingerprint and request
    refusal: Message | None = None


def ordered() -> Ordered:
    """That of this browser session."""
    return st.session_state.setdefault("forecasts_ordered", Ordered())


class Forecasts:
    """The forecasts of all channels by one method."""

    def __init__(self, session: Session, listing: Listing, method: str) -> None:
        self.session, self.translate, self.listing, self.method = session, session.plain, listing, method
        self.jobs = jobs_for(session, listing, method)
        self.states = {state.id: state for state in listing.states}

    @property
    def missing(self) -> list[str]:
        """Ids of jobs that nobody has asked for, or that were stopped."""
        return [one for one in self.jobs if _status(self.states.get(one)) not in ("finished", "failed", *ACTIVE)]

    @property
    def failed(self) -> list[str]:
        """Ids of those that failed."""
        return [one for one in self.jobs if _status(self.states.get(one)) == "failed"]

    @property
    def active(self) -> bool:
        """Whether some are still to come."""
        return bool(ordered().asked) or any(state.status in ACTIVE for state in self.listing.states)

    def draw_button(self) -> None:
        """The press; once all has been tried, it tries again what failed."""
        count, again = len(self.missing), len(self.failed)
        label = N_("Forecast {count} channel", "Forecast all {count} channels")
        said = Message(label, {"count": count}) if count else Message(N_("Forecast all"))
        if again and not count:
            failed = N_("Try {count} failed forecast again", "Try {count} failed forecasts again")
            said = Message(failed, {"count": again})
        st.button(
            said.translated(self.translate),
            key="forecast_all",
            type="primary",
            icon=":material/online_prediction:",
            disabled=not (count or again) or self.active,
            on_click=self._submit,
        )

    def say_time(self) -> None:
        """How long it will take, before it is pressed."""
        translate, count = self.translate, len(self.missing)
        if count and not self.active:
            about = translate(N_("About {time}; what is forecast already is not done again."))
            st.caption(about.format(time=duration(self._seconds(count), translate)))
        elif self.jobs and not self.active and not self.failed:
            st.caption(translate(N_("All are forecast by this method, from their last days.")))

    def _seconds(self, count: float) -> float:
        each = seconds_each(self.listing, self.method) or USUAL_SECONDS.get(self.method, OTHER_SECONDS)
        return max(each * count / _at_once(self.session), 1.0)

    def _submit(self) -> None:
        order = ordered()
        order.asked = [self.jobs[job_id] for job_id in self.missing or self.failed]
        st.session_state.forecasts_total = len(order.asked)
        go_on(self.session, order)

    def show_progress(self) -> None:
        """While some are still to come."""
        if self.active:
            seconds = seconds_each(self.listing, self.method) or USUAL_SECONDS.get(self.method, OTHER_SECONDS)
            ended = sum(state.status not in ACTIVE for state in self.listing.states)
            st.fragment(_show_progress, run_every=LOOK_SECONDS * crowd())(
                self.session, time.monotonic(), ended=ended, seconds=seconds
            )


def go_on(session: Session, order: Ordered) -> None:
    """Queue what was asked for, as far as the host's limits go."""
    if not order.asked:
        return
    order.refusal, left = session.jobs.submit_each(session.owner, order.asked)
    order.asked = order.asked[len(order.asked) - left :]
    session.workers.fill()


def _show_progress(session: Session, drawn: float, *, ended: int, seconds: float) -> None:
    """`drawn` is when the table was, with so many jobs `ended`; `seconds` is what one takes."""
    translate, order = session.plain, ordered()
    go_on(session, order)
    states = session.jobs.states(session.owner, "forecast")
    active = [state for state in states if state.status in ACTIVE]
    now_ended = len(states) - len(active)
    left = len(active) + len(order.asked)
    if not left or (now_ended != ended and time.monotonic() - drawn > REDRAWN_SECONDS):
        st.rerun()
    total = st.session_state.setdefault("forecasts_total", left)
    if left > total:
        total = st.session_state.forecasts_total = left
    work = left - sum(state.share for state in active)
    text = translate(N_("{done} of {total} forecasts done, {left} left")).format(
        done=total - left, total=total, left=duration(max(work * seconds / _at_once(session), 1.0), translate)
    )
    st.progress(min(max(1 - work / total, 0.0), 1.0), text)
    show_trouble_of_workers(session)
    if order.refusal:
        said = order.refusal.translated(translate)
        st.caption(escape_markdown(said) + " " + translate(N_("The rest follow while this page is open.")))
    st.button(translate(N_("Stop all")), key="stop_forecasts", icon=":material/stop:", on_click=_stop, args=(session,))


def _stop(session: Session) -> None:
    ordered().asked.clear()
    active = [state.id for state in session.jobs.states(session.owner, "forecast") if state.status in ACTIVE]
    session.jobs.cancel_each(session.owner, active)


def _at_once(session: Session) -> int:
    return int(max(min(session.workers.slots, limits().at_once), 1))


def _status(state: JobState | None) -> str | None:
    return state.status if state else None


def choose_method(session: Session) -> str:
    """The control."""
    names = {slug: session.plain(method.label) for slug, method in METHODS.items()}
    names = {DEFAULT_METHOD: names[DEFAULT_METHOD]} | names
    st.session_state.setdefault("worded", set()).add("channels_method")
    warn_invalid_query_param("channels_method", names.values(), session.plain)
    label, why = session.plain(N_("Method")), session.plain(N_("Auto averages many models and takes longest."))
    return st.selectbox(
        label, names, format_func=names.__getitem__, key="channels_method", bind="query-params", help=why, width=230
    )
