"""A forecast with further events: what if I publish on these days? No model is asked again, since effects multiply."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from forecasting.evaluation.conformal import LEVELS
from forecasting.evaluation.event_value import EventValue, judge_events
from forecasting.events import Event, EventKind
from forecasting.forecasts.forecast import Band, Forecast, Total
from forecasting.forecasts.totals_record import JudgedTotal
from forecasting.models.event_effects import EventEffects
from forecasting.models.registry import BASELINES
from forecasting.models.with_events import learn_effects
from forecasting.series import Series
from forecasting.split import Split

Edges = tuple[float, float, float]  # level of an interval, lower, upper


@dataclass(frozen=True)
class EventsReport:
    """What the events of a channel did, and whether they help to forecast it."""

    value: EventValue
    effects: EventEffects  # learnt from all days

    @property
    def used(self) -> bool:
        """Whether the forecast takes events into account."""
        return self.value.used and self.effects.known


@dataclass(frozen=True)
class WhatIf:
    """A forecast, the same without some of its events, and what they change in total, in views."""

    forecast: Forecast
    without: tuple[float, ...]
    change: float
    low: float  # the 90 % interval
    high: float
    planned: bool = False  # the channel's own events that are still to come, and no further ones


def report_on_events(series: Series, split: Split, method: str = "auto") -> EventsReport | None:
    """What there is to say of the events of `series` where a `method` forecasts it.

    None where it has none, and for baselines, which stay as they are: others are compared with them.
    """
    if not series.events or method in BASELINES:
        return None
    return EventsReport(judge_events(series, split), learn_effects(series))


def uses_events(report: EventsReport | None) -> bool:
    """Whether a forecast takes events into account."""
    return report is not None and report.used


def planned_on(days: Sequence[date], kind: EventKind) -> tuple[Event, ...]:
    """Events of a kind on these days."""
    return tuple(Event(day, kind=kind) for day in days)


def assume_events(
    forecast: Forecast, effects: EventEffects, *, events: Sequence[Event], further: Sequence[Event]
) -> WhatIf:
    """The `forecast`, which takes `events` into account, with `further` ones beside them.

    The change is that of the further ones; where there are none, of those of `events` that are still to come.
    """
    days = pd.DatetimeIndex(forecast.days)
    usual = np.array(forecast.point) / np.exp(effects.log_factor(events, days))
    before = events if further else [event for event in events if event.day <= forecast.origin]
    after = (*events, *further)
    without, point = (usual * np.exp(effects.log_factor(some, days)) for some in (before, after))
    draws = effects.change(usual, days, before=before, after=after)
    low, high = np.quantile(draws.sum(axis=1), [(1 - LEVELS[-1]) / 2, (1 + LEVELS[-1]) / 2])
    change = float((point - without).sum())
    found = _changed(forecast, point, draws) if further else forecast
    edges = float(min(low, change)), float(max(high, change))
    return WhatIf(found, tuple(map(float, without)), change, *edges, planned=not further)


def _changed(forecast: Forecast, point: np.ndarray, draws: np.ndarray) -> Forecast:
    """The forecast with other views (days,), its intervals widened by how little is known of the change."""
    before = np.array(forecast.point)
    grown = point / np.where(before > 0, before, 1.0)
    bands = []
    for band in forecast.bands:
        edges = (np.array(band.lower) - before) * grown, (np.array(band.upper) - before) * grown
        lower, upper = _widened(point, edges, draws, band.level)
        bands.append(Band(band.level, tuple(map(float, lower)), tuple(map(float, upper))))
    change = _Change(forecast.days, point - before, grown, draws)
    return replace(
        forecast,
        point=tuple(map(float, point)),
        bands=tuple(bands),
        totals=tuple(_changed_total(total, change) for total in forecast.totals),
        judged_totals=tuple(_changed_judged_total(total, change) for total in forecast.judged_totals),
    )


@dataclass(frozen=True)
class _Change:
    """What changes on the days of a forecast."""

    days: tuple[date, ...]
    views: np.ndarray  # (days,)
    grown: np.ndarray  # (days,), times
    draws: np.ndarray  # (draws, days), of views

    def total(
        self, first: date, last: date, *, point: float, bands: Sequence[Edges]
    ) -> tuple[float, tuple[Edges, ...]]:
        """A total from `first` to `last` and its intervals; of days beyond the forecast nothing changes."""
        within = np.array([first <= day <= last for day in self.days])
        changed = max(point + float(self.views[within].sum()), 0.0)
        scale, sums = float(self.grown[within].mean()) if within.any() else 1.0, self.draws[:, within].sum(axis=1)
        found = []
        for level, low, high in bands:
            edges = scale * (low - point), scale * (high - point)
            lower, upper = _widened(np.array(changed), edges, sums, level)
            found.append((level, float(lower), float(upper)))
        return changed, tuple(found)


def _changed_total(total: Total, change: _Change) -> Total:
    first = change.days[0]
    point, bands = change.total(first, first + timedelta(days=total.days - 1), point=total.point, bands=total.bands)
    return Total(total.days, point, bands)


def _changed_judged_total(total: JudgedTotal, change: _Change) -> JudgedTotal:
    edges = ((LEVELS[-1], total.lower, total.upper),)
    point, ((_level, lower, upper),) = change.total(total.first, total.last, point=total.point, bands=edges)
    return replace(total, point=point, lower=lower, upper=upper)


def _widened(middle: np.ndarray, edges: tuple, draws: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """`middle` with `edges` beside it, and the spread of `draws` on top: independent errors add up by their squares."""
    low, median, high = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0)
    below, above = np.hypot(edges[0], median - low), np.hypot(edges[1], high - median)
    return np.maximum(middle - below, 0), middle + above
