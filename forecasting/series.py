"""A channel's daily views: what every later step works on."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from forecasting.events import Event
from forecasting.messages import N_, BadInput, Message, Translate, english
from forecasting.typical_range import RECENT, WEEK, TypicalRange, typical_range


@dataclass(frozen=True)
class Correction:
    """Something the file had wrong and the reader put right: what, on which days, what was done."""

    text: str  # translatable, with {facts}; {count} is the number of days
    days: tuple[date, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)
    option: str = ""  # the field of `reading.Choice` that would have it otherwise, where a user may disagree

    def translated(self, translate: Translate = english) -> str:
        """The sentence in the language of `translate` (English without)."""
        return Message(self.text, {"count": len(self.days), **self.facts}).translated(translate)


@dataclass(frozen=True, eq=False)
class Series:
    """A channel's daily views, and which of them were measured.

    `views` is a float pandas Series on a gap-free daily DatetimeIndex, as it was read and filled in; NaN where nobody
    knows. `filled` are the days that were filled in from days before and after them, not measured. `events` are the
    days with a name, planned ones too: like holidays, they are known before they come.
    """

    views: pd.Series
    filled: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    uncut: "Series | None" = None  # the same before its spikes were cut
    events: tuple[Event, ...] = ()

    def __len__(self) -> int:
        return len(self.views)

    @property
    def first(self) -> pd.Timestamp:
        """The first day."""
        return self.views.index[0]

    @property
    def last(self) -> pd.Timestamp:
        """The last day."""
        return self.views.index[-1]

    @cached_property
    def measured(self) -> pd.Series:
        """The views with NaN where they were not measured: what a forecaster may learn as targets, or be judged on.

        A day that nothing is to be learnt from counts as not measured.
        """
        absent = self.filled.union(self.ignored)
        return self.views.mask(self.views.index.isin(absent)) if len(absent) else self.views

    @property
    def ignored(self) -> pd.DatetimeIndex:
        """The days that nothing is to be learnt from."""
        return pd.DatetimeIndex([event.day for event in self.events if not event.learn])

    @cached_property
    def inputs(self) -> pd.Series:
        """The views as a model may see them: as they are, but for days that nothing is to be learnt from.

        These are as `known` has them, from days before alone; before the first measured day they are unknown.
        """
        absent = self.ignored.intersection(self.views.index)
        if not len(absent):
            return self.views
        views = self.views.copy()
        views[absent] = self.known.reindex(absent) if self.measured_days else np.nan
        return views

    @property
    def measured_days(self) -> int:
        """How many days were measured: what every method counts when it says that it needs more."""
        return int(self.measured.notna().sum())

    @cached_property
    def known(self) -> pd.Series:
        """The views from the first measured day on, each other day from the level and the weekdays before it.

        What a forecaster sees: a value rests on its own day and earlier ones alone, whatever was filled in from later
        ones. Raises BadInput where no day was measured.
        """
        return _causal_fill(self.measured)

    @cached_property
    def typical(self) -> TypicalRange:
        """What is usual on each day of `known`."""
        return typical_range(self.known.to_numpy())

    @cached_property
    def without_spikes(self) -> "Series":
        """The same with what is usual in place of each extraordinary day: what models learn from and start from.

        A least-squares line or a smoothed level follows a single viral day for weeks.
        """
        if self.uncut is not None:
            return self
        known, typical = self.known, self.typical
        usual = pd.Series(typical.week[:, -1], known.index)[known.to_numpy() > typical.limit]
        views = self.views.copy()
        views[usual.index] = np.fmin(views[usual.index], usual)
        return replace(self, views=views, uncut=self)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits of the dates, views and events: equal exactly where a model would see the same."""
        first = np.datetime64(self.first, "D").astype("<i8").tobytes()
        said = "\n".join(sorted({f"{event.day} {event.kind} {event.learn}" for event in self.events}))
        return hashlib.sha256(first + self.views.to_numpy("<f8").tobytes() + said.encode()).hexdigest()[:16]

    def until(self, day: pd.Timestamp | date) -> "Series":
        """The days up to and with `day`."""
        day = pd.Timestamp(day)
        uncut = self.uncut and self.uncut.until(day)
        return replace(self, views=self.views.loc[:day], filled=self.filled[self.filled <= day], uncut=uncut)


def _causal_fill(measured: pd.Series) -> pd.Series:
    """From the first measured day on, each other day as the recent level times what is usual on its weekday.

    The level is the mean of the last measured week without its weekdays; a weekday never measured is like the others.
    Only measured days count, so that no copy is copied.
    """
    first = measured.first_valid_index()
    if first is None:
        raise BadInput(N_("The channel has no day of known views."))
    measured = measured.loc[first:]
    values, filled = measured.to_numpy(float), measured.to_numpy(float).copy()
    there = np.flatnonzero(np.isfinite(values))
    weekdays = measured.index.day_of_week.to_numpy()
    for place in np.flatnonzero(np.isnan(values)):
        recent = there[max(np.searchsorted(there, place) - RECENT, 0) : np.searchsorted(there, place)]
        shares = _weekday_shares(values[recent], weekdays[recent])
        last = recent[-WEEK:]
        filled[place] = (values[last] / shares[weekdays[last]]).mean() * shares[weekdays[place]]
    return pd.Series(filled, measured.index, name=measured.name)


def _weekday_shares(views: np.ndarray, weekdays: np.ndarray) -> np.ndarray:
    """What each weekday (7,) usually is of the level; 1 where it was never measured, or has no views or all of them."""
    usual = np.array([np.median(views[weekdays == day]) if (weekdays == day).any() else np.nan for day in range(WEEK)])
    level = np.nanmean(usual)
    shares = usual / level if level > 0 else np.ones(WEEK)
    return np.where(np.isfinite(shares) & (shares > 0), shares, 1.0)


@dataclass(frozen=True)
class Channel:
    """Daily views of one channel.

    `views` is a float Series on a gap-free daily DatetimeIndex; a day nobody knows is NaN.
    """

    name: str
    views: pd.Series
    corrections: tuple[Correction, ...] = ()
    metric: str = "views"  # the file's own word where the numbers are not views
    channel_names: tuple[str, ...] = ()  # the channels the same file holds, this one included
    metrics: tuple[str, ...] = ()  # what `reading.Choice.metric` can take for the same file, the one in use first
    events: tuple[Event, ...] = ()

    @cached_property
    def series(self) -> Series:
        """The views with the days that the reader filled in told apart."""
        fills = (correction for correction in self.corrections if correction.option == "fill")
        return Series(self.views, pd.DatetimeIndex([day for fill in fills for day in fill.days]), events=self.events)

    @property
    def fingerprint(self) -> str:
        """The series' own: what names the channel in the store."""
        return self.series.fingerprint
