"""A channel's daily views: what every later step works on."""

import hashlib
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from forecasting.messages import Message, Translate


@dataclass(frozen=True)
class Correction:
    """Something the file had wrong and the reader put right: what, on which days, what was done."""

    text: str  # translatable, with {facts}; {count} is the number of days
    days: tuple[date, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)
    option: str = ""  # the field of `reading.Choice` that would have it otherwise, where a user may disagree

    def translated(self, translate: Translate = str) -> str:
        """The sentence in the language of `translate` (English without)."""
        return Message(self.text, {"count": len(self.days), **self.facts}).translated(translate)


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

    @property
    def filled(self) -> pd.DatetimeIndex:
        """Days whose views were filled in from days before and after."""
        return pd.DatetimeIndex(
            [day for correction in self.corrections if correction.option == "fill" for day in correction.days]
        )

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits of the dates and views: equal exactly where the series are equal."""
        first = np.datetime64(self.views.index[0], "D").astype("<i8").tobytes()
        return hashlib.sha256(first + self.views.to_numpy("<f8").tobytes()).hexdigest()[:16]
