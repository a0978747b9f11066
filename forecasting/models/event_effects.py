"""What events do to the views: by kind, on the day itself and on the days after. `event_regression` finds it.

An effect multiplies: on each day after an event the views are exp(effect) times what they would have been. Two events
on one day, or days after one that overlap with another, multiply as well; the second of the same kind on a day adds
half as much to the logarithm. The days of events are known before they come, like holidays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.events import KINDS, Event, EventKind
from forecasting.series import Series
from forecasting.windows import futures

LAGS = 14  # the day of an event and the days after it that an effect may reach
FEWEST = 5  # events of a kind whose effect is estimated
LARGEST_EFFECT = 3.0  # of an effect, in logarithms: no event is taken to multiply the views by more than 20
DRAWS = 1000
Reason = Literal["", "few", "weekday"]  # why it cannot be told: too few events, or always on the same weekday


@dataclass(frozen=True)
class KindEffect:
    """What one kind of event does, in logarithms of the views, on each of the LAGS days from the event on."""

    kind: EventKind
    count: int  # events that it was learnt from
    effect: tuple[float, ...] = (0.0,) * LAGS
    covariance: tuple[tuple[float, ...], ...] = ((0.0,) * LAGS,) * LAGS  # of the mean effect of such events
    spread: float = 0.0  # standard deviation, from event to event, of the sum over the LAGS days
    reason: Reason = ""

    def __post_init__(self) -> None:
        sizes = np.shape(self.effect), np.shape(self.covariance)
        if sizes != ((LAGS,), (LAGS, LAGS)) or not np.isfinite([self.effect, *self.covariance]).all():
            raise ValueError("an effect on other days, or by no finite numbers")

    @property
    def known(self) -> bool:
        """Whether it can be told at all; where not, it is left out of every forecast."""
        return not self.reason

    def draws(self, rng: np.random.Generator, count: int = DRAWS) -> np.ndarray:
        """The mean effect as far as it is known: (count, LAGS) draws with the tails of Student's t."""
        middle = np.array(self.effect)
        if not self.known:
            return np.tile(middle, (count, 1))
        freedom = max(self.count - 1, 2)
        wide = np.sqrt(freedom / rng.chisquare(freedom, (count, 1)))
        return middle + wide * rng.multivariate_normal(np.zeros(LAGS), self.covariance, count, method="eigh")

    def own_deviation(self, rng: np.random.Generator, count: int = DRAWS) -> np.ndarray:
        """By how much a single event differs from the mean one (count, LAGS): most where the effect is largest."""
        shape = np.abs(self.effect) + 1e-6
        return rng.normal(0, self.spread, (count, 1)) * shape / shape.sum()

    def gain(self, level: float = 0.9) -> tuple[float, float, float]:
        """What one event brings over the LAGS days, in usual days' views, and its interval."""
        found = np.expm1(np.array(self.effect)).sum()
        sums = np.expm1(np.clip(self.draws(np.random.default_rng(0)), -LARGEST_EFFECT, LARGEST_EFFECT)).sum(axis=1)
        low, high = np.quantile(sums, [(1 - level) / 2, (1 + level) / 2])
        return float(found), float(low), float(high)


@dataclass(frozen=True)
class EventEffects:
    """What each kind of event does, learnt from the days through `last`."""

    kinds: tuple[KindEffect, ...]
    last: pd.Timestamp

    @property
    def known(self) -> bool:
        """Whether any kind has an estimate."""
        return any(kind.known for kind in self.kinds)

    def log_factor(self, events: Sequence[Event], days: pd.DatetimeIndex) -> np.ndarray:
        """The logarithm (days,) of what the views of each of `days` are multiplied by because of `events`."""
        effects = [lagged(events, kind.kind, days) @ np.array(kind.effect) for kind in self.kinds]
        return np.clip(np.sum(effects, axis=0) if effects else np.zeros(len(days)), -LARGEST_EFFECT, LARGEST_EFFECT)

    def without(self, series: Series) -> Series:
        """The series as it would have been without its events, as far as their effect is known."""
        factor = np.exp(self.log_factor(series.events, series.views.index))
        return replace(series, views=series.views / factor, uncut=None)

    def ahead(self, events: Sequence[Event], origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """What forecasts without events (origins, horizon) are multiplied by."""
        days = pd.date_range(origins.min(), origins.max() + pd.Timedelta(days=horizon))
        return futures(pd.Series(np.exp(self.log_factor(events, days)), days), origins, horizon)

    def change(
        self, usual: np.ndarray, days: pd.DatetimeIndex, *, before: Sequence[Event], after: Sequence[Event]
    ) -> np.ndarray:
        """Draws (draws, days) of what changes with the events `after` in place of the events `before`, in views.

        `usual` (days,) are the views without any event. What single events differ by is part of it.
        """
        rng = np.random.default_rng(0)
        logs = np.zeros((2, DRAWS, len(days)))
        near = sorted(event for event in {*before, *after} if _reaches(event, days))
        for kind in self.kinds:
            mean = kind.draws(rng)
            own = {event: kind.own_deviation(rng) for event in near if event.kind == kind.kind}
            for place, events in enumerate((before, after)):
                logs[place] += mean @ lagged(events, kind.kind, days).T
                for event, deviation in own.items():
                    logs[place] += deviation @ lagged([event], kind.kind, days).T * (event in events)
        factors = np.exp(np.clip(logs, -LARGEST_EFFECT, LARGEST_EFFECT))
        return usual * (factors[1] - factors[0])


def lagged(events: Sequence[Event], kind: EventKind, days: pd.DatetimeIndex) -> np.ndarray:
    """How much (days, LAGS) there is of events of a `kind` on each day, the day before it and so on.

    One event counts 1, two on the same day 1.58, three 2: log2(1 + count). Days that are not learnt from have none.
    """
    every = pd.date_range(days[0] - pd.Timedelta(days=LAGS - 1), days[-1])
    counts = np.zeros(len(every))
    there = every.get_indexer(pd.DatetimeIndex([event.day for event in events if event.kind == kind and event.learn]))
    np.add.at(counts, there[there >= 0], 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.log2(1 + counts), LAGS)[:, ::-1]
    return windows[every[LAGS - 1 :].get_indexer(days)]


def _reaches(event: Event, days: pd.DatetimeIndex) -> bool:
    return days[0] - pd.Timedelta(days=LAGS - 1) <= pd.Timestamp(event.day) <= days[-1]


def kinds_of(events: Sequence[Event]) -> list[EventKind]:
    """The kinds that occur and are learnt from, in the order of KINDS."""
    return [kind for kind in KINDS if any(event.kind == kind and event.learn for event in events)]
