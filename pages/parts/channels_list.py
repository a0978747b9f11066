"""The owner's channels with their forecasts, as Channels lists them: few queries, and nothing worked out twice.

What is known of a channel is kept by its fingerprint and the state of its forecast, for the whole server.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import streamlit as st

from forecasting.evaluation.scores import TOTALS
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.past import PastForecast, past_forecast
from forecasting.forecasts.report import ForecastReport
from forecasting.forecasts.summary import URGENCY, ChannelSummary, Need, needs_of_past, summarize
from forecasting.jobs.requests import AutoSearch, ForecastRequest, MethodFit
from forecasting.jobs.store import JobState, id_of
from forecasting.jobs.tables import UNREADABLE
from forecasting.json_records import from_json
from forecasting.messages import BadInput, Message, Translate, english, join_sentences
from forecasting.models.registry import BUDGET
from forecasting.records import Job
from forecasting.series import Channel
from forecasting.split import Split, default_split
from pages.parts.channels_upload import Unread
from pages.parts.past_records import model_of
from pages.parts.session import Session, own_channels

HORIZON = 28  # days ahead of a forecast made here: that of the page Forecast, which then shows the same one
Fact = TypeVar("Fact")
MOST_REMEMBERED = 10_000  # facts, after which all are forgotten
ENDED = ("finished", "failed")


@dataclass(frozen=True)
class Made:
    """What a forecast job has come to."""

    fingerprint: str  # of the version of the channel
    request: ForecastRequest
    forecast: Forecast | None
    reason: Message | None  # why it failed
    queued: float  # seconds since 1970
    seconds: float


@dataclass(frozen=True)
class OfChannel:
    """Ids of a channel's forecast jobs."""

    latest: str = ""  # that is shown
    queued: float = 0.0  # when that was; one that failed may be tried again
    earlier: tuple[str, ...] = ()  # those of earlier versions, by which a model can be found stale


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
    forecasts = _by_channel(states, made, session.channels.newest_of_all(session.owner))
    keys = {one: ("row", one, forecasts.get(one), today) for one in names}

    def work_out(missing: list[str]) -> dict[str, dict[int, Row]]:
        known = {one: forecasts.get(one, OfChannel()) for one in missing}
        earlier = {made[job].fingerprint for one in known.values() for job in one.earlier}
        channels = session.channels.several(session.owner, {*missing, *earlier})
        return {one: _rows(channels, one, known[one], made, today) for one in missing if one in channels}

    found = _recalled(session.owner, keys, work_out)
    rows = [replace(row[days], name=names[one]) for one, row in found.items()]
    rows += [Row(one.name, needs=(Need("unread", one.reason),)) for one in unread]
    return Listing(tuple(sorted(rows, key=lambda row: row.urgency)), made, tuple(states))


def _rows(
    channels: Mapping[str, Channel], fingerprint: str, known: OfChannel, made: Mapping[str, Made], today: date
) -> dict[int, Row]:
    """Days ahead -> the channel's row."""
    channel, needs, split = channels[fingerprint], [], None
    try:
        split = default_split(channel.views)
    except BadInput as refusal:
        needs.append(Need("failed", refusal.message))
    latest = made.get(known.latest)
    if latest and latest.reason:
        needs.append(Need("failed", latest.reason))
    needs += needs_of_past(_past(made[job], channels, channel) for job in known.earlier)
    forecast, rows = latest.forecast if latest else None, {}
    for days in TOTALS:
        summary = summarize(channel, forecast, days=days, today=today, needs=needs)
        rows[days] = Row(channel.name, summary, fingerprint, split, summary.needs)
    return rows


def _past(made: Made, channels: Mapping[str, Channel], now: Channel) -> PastForecast | None:
    """A forecast of an earlier version of the channel, beside what has come since."""
    then = channels.get(made.fingerprint)
    if then is None or made.forecast is None:
        return None
    model, _name = model_of(made.request, {}, english)
    name = made.forecast.method
    return past_forecast(made.forecast, then=then.series, now=now.series, model=model, name=name)


def _made(session: Session, states: Collection[JobState]) -> dict[str, Made]:
    """What these jobs have come to; those that are not remembered are read in one query."""
    keys = {state.id: ("made", state.id, state.queued, state.seconds) for state in states}

    def work_out(missing: list[str]) -> dict[str, Made]:
        results = session.jobs.results(session.owner, missing)
        return {job_id: _of_job(job, result) for job_id, (job, result) in results.items()}

    return _recalled(session.owner, keys, work_out)


def _of_job(job: Job, result: str | None) -> Made:
    made = Made(job.fingerprint, job.request, None, job.reason, job.queued, job.seconds)
    if result and job.status == "finished":
        with suppress(*UNREADABLE):
            if forecast := from_json(ForecastReport, result).forecast:
                return replace(made, forecast=_slim(forecast))
    return made


def _slim(forecast: Forecast) -> Forecast:
    """Without what a list does not show: thousands are remembered."""
    own = tuple(score for score in forecast.judged if score.method == forecast.method)
    return replace(forecast, bands=forecast.bands[-1:], judged=own, judged_totals=(), record=None)


def _by_channel(
    states: Iterable[JobState], made: Mapping[str, Made], newest: Mapping[str, str]
) -> dict[str, OfChannel]:
    """The forecasts of each channel, by the fingerprint of its newest version.

    A forecast of days taken for holidays says what if and does not count.
    """
    jobs: dict[str, list[str]] = {}
    for state in states:
        if state.id in made and not made[state.id].request.holidays:
            jobs.setdefault(newest.get(state.fingerprint, state.fingerprint), []).append(state.id)
    return {channel: _of_channel(channel, ids, made) for channel, ids in jobs.items()}


def _of_channel(newest: str, jobs: list[str], made: Mapping[str, Made]) -> OfChannel:
    """`jobs` are the latest first; one that failed counts where no other was made."""
    whole = [job for job in jobs if made[job].forecast]
    now = [job for job in whole if made[job].fingerprint == newest]
    earlier = tuple(job for job in whole if made[job].fingerprint != newest)
    latest = (now or [*earlier] or jobs)[0]
    return OfChannel(latest, made[latest].queued, earlier)


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
