"""A channel's daily views: what every later step works on."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Mend:
    """Something the file had wrong and the reader put right: what, on which days, what was done."""

    sentence: str  # translatable, with {facts}; {count} is the number of days
    days: tuple[date, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)
    switch: str = ""  # the field of `reading.Choice` that would have it otherwise, where a user may disagree

    def say(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the language of `translate` (gettext's function; English without)."""
        return translate(self.sentence).format(count=len(self.days), **self.facts)


@dataclass(frozen=True)
class Channel:
    """Daily views of one channel.

    `views` is a float Series on a gap-free daily DatetimeIndex; a day nobody knows is NaN.
    """

    name: str
    views: pd.Series
    mends: tuple[Mend, ...] = ()
    metric: str = "views"  # the file's own word where the numbers are not views
    others: tuple[str, ...] = ()  # the channels the same file holds, this one included

    @property
    def filled(self) -> pd.DatetimeIndex:
        """Days whose views were filled in from days before and after."""
        return pd.DatetimeIndex([day for mend in self.mends if mend.switch == "fill" for day in mend.days])

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits of the dates and views: equal exactly where the series are equal."""
        first = np.datetime64(self.views.index[0], "D").astype("<i8").tobytes()
        return hashlib.sha256(first + self.views.to_numpy("<f8").tobytes()).hexdigest()[:16]
