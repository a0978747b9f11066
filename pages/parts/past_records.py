"""The channel's earlier forecasts beside what came since, from the store. No page either."""

from collections.abc import Callable, Iterable
from datetime import date

import pandas as pd
import streamlit as st

from forecasting.forecasts.past import PastForecast, past_forecast
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.requests import ForecastRequest, MethodFit, ModelFile, RunVersion
from forecasting.json_records import from_json
from forecasting.messages import N_, Translate
from forecasting.models.registry import method_in_words
from forecasting.records import Job
from forecasting.series import Series
from pages.parts.links import unique_name
from pages.parts.session import Session

WHAT_IF = N_("{name}, what if")


def past_forecasts(session: Session) -> dict[str, PastForecast]:
    """Every finished forecast of any version of the channel whose days have come in part, by its job's id.

    The latest is first.
    """
    versions = session.versions()
    jobs = [job for job in session.jobs.jobs_on(session.owner, versions, "forecast") if job.status == "finished"]
    names = {run.id: run.name for run in session.store.runs(session.owner)}
    found = {job.id: _past(session, job, names) for job in jobs if job.fingerprint in versions[1:]}
    there = [(job_id, one) for job_id, one in found.items() if one and one.come]
    return dict(sorted(there, key=lambda entry: entry[1].forecast.origin, reverse=True))


def judged_since(past: Iterable[PastForecast], day: date) -> int:
    """How many of these have days after `day` that have come."""
    return sum(any(one.forecast.days[place] > day for place in one.measured.nonzero()[0]) for one in past)


def labels_of(session: Session, past: dict[str, PastForecast]) -> dict[str, str]:
    """What each is called in a choice, all unlike each other."""
    text = session.translate(N_("From {origin}, {days} days, {name}"))
    names: dict[str, str] = {}
    for key, one in past.items():
        label = text.format(origin=one.forecast.origin, days=len(one.actual), name=one.name)
        names[key] = unique_name(label, list(names.values()))
    return names


def _past(session: Session, job: Job, names: dict[str, str]) -> PastForecast | None:
    """The job's forecast beside the channel as it is now."""
    request: ForecastRequest = job.request
    model, name = model_of(request, names, session.plain)
    if request.holidays:
        model, name = f"{model}?", session.translate(WHAT_IF).format(name=name)
    state = job.queued, job.seconds
    return _read(_then, session, job, (job.id, state, session.channel.fingerprint), model, name)


def model_of(request: ForecastRequest, names: dict[str, str], translate: Translate) -> tuple[str, str]:
    """Which model is asked, and what it is called now."""
    asked = request.forecaster
    if isinstance(asked, RunVersion):
        return asked.id, names.get(asked.id, "")
    if isinstance(asked, ModelFile):
        return asked.digest, method_in_words(asked.name, translate)
    method = asked.method if isinstance(asked, MethodFit) else "auto"
    return method, method_in_words(method, translate)


@st.cache_resource(max_entries=512, show_spinner=False)
def _read(
    _load: Callable[[Session, str], Series | None], _session: Session, _job: Job, key: tuple, model: str, name: str
) -> PastForecast | None:
    text, then = _session.jobs.result(_session.owner, _job.id), _load(_session, _job.fingerprint)
    forecast = from_json(ForecastReport, text).forecast if text else None
    if forecast is None or then is None:
        return None
    now = _session.channel.series
    return past_forecast(forecast, then=then, now=now, model=model, name=name or forecast.method)


def _then(session: Session, fingerprint: str) -> Series | None:
    channel = session.channels.channel(session.owner, fingerprint)
    return channel.series if channel else None


def latest_judged(past: dict[str, PastForecast], days: int = 7) -> str:
    """The latest forecast of which a week has come, or the most."""
    enough = [key for key, one in past.items() if one.come >= min(days, len(one.actual))]
    return enough[0] if enough else max(past, key=lambda key: past[key].come)


def others_beside(past: Iterable[PastForecast], chosen: PastForecast) -> list[pd.Series]:
    """The other forecasts, by day."""
    return [
        pd.Series(one.forecast.point, pd.DatetimeIndex(one.forecast.days), dtype=float)
        for one in past
        if one is not chosen
    ]
