"""Weekdays, public holidays and events of the days that are predicted. All are known ahead, so nothing leaks."""

import warnings
from collections.abc import Sequence
from datetime import date, timedelta
from types import ModuleType

import numpy as np
import pandas as pd

from forecasting.events import KINDS, Event, EventKind
from forecasting.messages import N_, BadInput
from forecasting.settings import EVENT_DAYS, Inputs

ENGLISH = "en_US"
NEARBY = 3  # days from a holiday


def countries() -> list[str]:
    """ISO codes (two letters) of the countries whose holidays are known."""
    return sorted(code for code in _holidays().list_supported_countries(include_aliases=False) if len(code) == 2)


def calendar(
    days: pd.DatetimeIndex,
    horizon: int,
    inputs: Inputs,
    *,
    assumed: Sequence[pd.Timestamp] = (),
    events: Sequence[Event] = (),
) -> np.ndarray:
    """Calendar columns (days, columns) of 0 and 1: weekday of each of `days`, holidays around the predicted days.

    `assumed` days are taken for holidays whatever the country's calendar says: what if? Events of each kind stand in
    columns of their own, from EVENT_DAYS before the first predicted day to the last one.
    """
    columns = [np.empty((len(days), 0))]
    if inputs.weekday:
        columns.append(np.eye(7)[days.day_of_week])
    if inputs.country:
        reach = range(-1, horizon + 1)  # a low day is often a holiday's eve
        every = pd.date_range(days[0] - pd.Timedelta(days=1), days[-1] + pd.Timedelta(days=horizon))
        off = pd.Series(is_holiday(every, inputs.country) | every.isin(assumed), index=every)
        columns += [off[days + pd.Timedelta(days=ahead)].to_numpy(float)[:, None] for ahead in reach]
    if inputs.with_events:
        columns += [_event_columns(days, horizon, events, kind) for kind in KINDS]
    return np.concatenate(columns, axis=1)


def _event_columns(days: pd.DatetimeIndex, horizon: int, events: Sequence[Event], kind: EventKind) -> np.ndarray:
    """Whether there are events of a `kind` (days, EVENT_DAYS + horizon); what is not learnt from is none."""
    there = pd.DatetimeIndex([event.day for event in events if event.kind == kind and event.learn])
    reach = range(-EVENT_DAYS, horizon)
    return np.stack([(days + pd.Timedelta(days=ahead)).isin(there) for ahead in reach], axis=1).astype(float)


def is_holiday(days: pd.DatetimeIndex, country: str) -> np.ndarray:
    """Which of `days` are public holidays in `country` (ISO code)."""
    check_country(country)
    known = public_holidays(country, range(days[0].year, days[-1].year + 1))
    return np.array([day in known for day in days.date])


def public_holidays(country: str, years: range, *, region: str = "") -> dict[date, str]:
    """Day -> name of all public holidays in `years`, those of a `region` among them.

    In English where there is an English name: the country's own are in the language of the machine, if it has one.
    """
    calendar = getattr(_holidays(), country)
    language = ENGLISH if ENGLISH in calendar.supported_languages else None
    return dict(calendar(subdiv=region or None, years=years, language=language))


def weekend_of(country: str) -> frozenset[int]:
    """Days of the week on which most people there do not work, Monday being 0, as they are today."""
    return frozenset(getattr(_holidays(), country)().weekend)


def check_country(country: str) -> None:
    """Raise BadInput where no holidays are known."""
    if country not in countries():  # the package would take other names of its own for countries
        raise BadInput(N_("No holidays are known for “{country}”; choose another country."), country=country)


def nearby_holiday(day: pd.Timestamp, country: str) -> str:
    """The nearest public holiday within three days, by its name; "" for none, or for no country."""
    if not country:
        return ""
    known = public_holidays(country, range(day.year - 1, day.year + 2))
    reach = [day.date() + timedelta(days=step) for step in sorted(range(-NEARBY, NEARBY + 1), key=abs)]
    return next((known[near] for near in reach if near in known), "")


def _holidays() -> ModuleType:
    """The package of that name, which only those load who ask for holidays."""
    import holidays  # noqa: PLC0415  a quarter of a second

    # Some calendars begin late; it would say so on every stderr.
    warnings.filterwarnings("ignore", "Requested Holidays are available only", UserWarning)
    return holidays
