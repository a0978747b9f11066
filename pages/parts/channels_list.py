"""The owner's channels with their forecasts, as Channels lists them: few queries, and nothing worked out twice.

What is known of a channel is kept by its fingerprint and the state of its forecast, for the whole server.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import streamlit as st

from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.report import ForecastReport
from forecasting.forecasts.summary import URGENCY, ChannelSummary, Need, summarize
from forecasting.jobs.requests import AutoSearch, ForecastRequest, MethodFit
from forecasting.jobs.store import JobState, id_of
from forecasting.json_records import from_json
from forecasting.messages import BadInput, Message, Translate, join_sentences
from forecasting.models.registry import BUDGET
from forecasting.records import Job
from forecasting.series import Channel
from forecasting.split import Split, default_split
from pages.parts.channels_upload import Unread
from pages.parts.session import Session, own_channels

HORIZON = 28  # days ahead of a forecast made here: that of the page Forecast, which then shows the same one
Fact = TypeVar("Fact")
MOST_REMEMBERED = 20_000  # facts, after which all are forgotten
ENDED = ("finished", "failed")


@dataclass(frozen=True)
class Made:
    """What a forecast job has come to."""

    request: ForecastRequest
    forecast: Forecast | None
    reason: Message | None  # why it failed
    seconds: float


@dataclass(frozen=True)
class Row:
    """A channel, or a file that could not be read."""

    name: str
    summary: ChannelSummary | None = None
    fingerprint: str = ""  # none of a file
    split: Split | None = None  # on which its forecasts are judged; None where it is too short for any
    needs: tuple[Need, ...] = ()

    @property
    def urgency(self) -> tuple[int, float, str]:
        """The smaller, the further up."""
        if self.summary:
            return self.summary.urgency
        return URGENCY.index(self.needs[0].kind), 0.0, self.name

    def reason(self, translate: Translate) -> str:
        """Why it needs attention, in words; nothing where it does not."""
        return join_sentences(need.reason.translated(translate) for need in self.needs)


@dataclass(frozen=True)
class Listing:
    """All of them, the most urgent first."""

    rows: tuple[Row, ...]
    made: dict[str, Made]  # by job
    states: tuple[JobState, ...]  # of the owner's forecast jobs, latest first

    @property
    def channels(self) -> list[Row]:
        """Those that are channels."""
        return [row for row in self.rows if row.fingerprint]


def list_channels(session: Session, unread: Iterable[Unread], *, days: int, today: date) -> Listing:
    """The owner's channels with their latest forecasts over `days` days, and files that could not be read."""
    names = own_channels(session.plain)
    states = session.jobs.states(session.owner, "forecast")
    made = _made(session, [state for state in states if state.status in ENDED])
    jobs = _latest(states, made, session.channels.newest_of_all(session.owner))
    keys = {one: ("row", one, jobs.get(one), days, today) for one in names}

    def work_out(missing: list[str]) -> dict[str, Row]:
        channels = session.channels.several(session.owner, missing)
        latest = {one: made.get(jobs.get(one, "")) for one in channels}
        return {one: _row(one, channel, latest[one], days=days, today=today) for one, channel in channels.items()}

    found = _recalled(session.owner, keys, work_out)
    rows = [replace(row, name=names[one]) for one, row in found.items()]
    rows += [Row(one.name, needs=(Need("unread", one.reason),)) for one in unread]
    return Listing(tuple(sorted(rows, key=lambda row: row.urgency)), made, tuple(states))


def _row(fingerprint: str, channel: Channel, made: Made | None, *, days: int, today: date) -> Row:
    needs, split = [], None
    try:
        split = default_split(channel.views)
    except BadInput as refusal:
        needs.append(Need("failed", refusal.message))
    if made and made.reason:
        needs.append(Need("failed", made.reason))
    forecast = made.forecast if made else None
    summary = summarize(channel, forecast, days=days, today=today, needs=needs)
    return Row(channel.name, summary, fingerprint, split, summary.needs)


def _made(session: Session, states: Collection[JobState]) -> dict[str, Made]:
    """What these jobs have come to; those that are not remembered are read in one query."""
    keys = {state.id: ("made", state.id, state.queued, state.seconds) for state in states}

    def work_out(missing: list[str]) -> dict[str, Made]:
        results = session.jobs.results(session.owner, missing)
        return {job_id: _of_job(job, result) for job_id, (job, result) in results.items()}

    return _recalled(session.owner, keys, work_out)


def _of_job(job: Job, result: str | None) -> Made:
    report = from_json(ForecastReport, result) if result and job.status == "finished" else None
    return Made(job.request, report.forecast if report else None, job.reason, job.seconds)


def _latest(states: Iterable[JobState], made: dict[str, Made], newest: dict[str, str]) -> dict[str, str]:
    """Fingerprint of the newest version of each channel -> the latest job that forecast it, or tried to.

    A forecast of days taken for holidays says what if, and one that failed counts where no other was made.
    """
    found: dict[str, str] = {}
    newest_first = sorted(states, key=lambda one: newest.get(one.fingerprint) != one.fingerprint)
    for whole in (True, False):
        for state in newest_first:
            one = made.get(state.id)
            if one and bool(one.forecast) is whole and not one.request.holidays:
                found.setdefault(newest.get(state.fingerprint, state.fingerprint), state.id)
    return found


def _recalled(
    owner: str, keys: Mapping[str, tuple], work_out: Callable[[list[str]], dict[str, Fact]]
) -> dict[str, Fact]:
    """The fact of each name, remembered by its key; those that nobody remembers are worked out together."""
    facts = _facts()
    found = {name: facts.get((owner, *key)) for name, key in keys.items()}
    missing = [name for name, fact in found.items() if fact is None]
    new = work_out(missing) if missing else {}
    if len(facts) > MOST_REMEMBERED:
        facts.clear()
    facts.update({(owner, *keys[name]): fact for name, fact in new.items()})
    return {name: fact for name, fact in (found | new).items() if fact is not None}


@st.cache_resource
def _facts() -> dict[tuple, Any]:
    """Once a server; records are frozen."""
    return {}


# Forecasting all of them


def request_for(method: str, split: Split) -> ForecastRequest:
    """The forecast by one method of METHODS, as the page Forecast asks for it."""
    forecaster = AutoSearch(BUDGET, split) if method == "auto" else MethodFit(method, split)
    return ForecastRequest(HORIZON, forecaster)


def jobs_for(session: Session, listing: Listing, method: str) -> dict[str, tuple[str, ForecastRequest]]:
    """Id of each channel's forecast by the method -> fingerprint and request."""
    splits = {row.fingerprint: row.split for row in listing.channels if row.split}

    def work_out(missing: list[str]) -> dict[str, tuple[str, ForecastRequest]]:
        requests = {one: request_for(method, splits[one]) for one in missing}
        return {one: (id_of(session.owner, one, request), request) for one, request in requests.items()}

    found = _recalled(session.owner, {one: ("asked", one, method) for one in splits}, work_out)
    return {job_id: (fingerprint, request) for fingerprint, (job_id, request) in found.items()}


def seconds_each(listing: Listing, method: str) -> float | None:
    """How long a forecast by the method took for one channel, in the middle; None where none was made."""
    took = sorted(one.seconds for one in listing.made.values() if one.forecast and _method_of(one) == method)
    return took[len(took) // 2] if took else None


def _method_of(made: Made) -> str:
    forecaster = made.request.forecaster
    return (
        forecaster.method if isinstance(forecaster, MethodFit) else "auto" if isinstance(forecaster, AutoSearch) else ""
    )
