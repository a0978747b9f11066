"""The rows of a table -> the channels they hold, one or several."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.messages import N_
from forecasting.names import SUM_OF_ALL, apart, distinct
from forecasting.reading import words
from forecasting.reading.calendar import SETTLED
from forecasting.reading.choice import Choice, Question
from forecasting.reading.sheets import Sheet
from forecasting.series import Correction

MAX_NAMES = 1_000  # channels of one file that are listed
MAX_PAIRS = 50_000_000  # of a day and a channel that fit in a table of bits
SEVERAL_ROWS = N_("{rows} rows are of a day and channel that other rows are of too; choose what to do.")


@dataclass(frozen=True)
class Keyed:
    """The rows of a long table that count, and the channel of each."""

    codes: np.ndarray  # (rows,)
    names: tuple[str, ...]
    single: bool  # a channel has one row a day; else several are parts of it
    kept: np.ndarray | slice  # of all rows
    corrections: tuple[Correction, ...]


def keyed(sheet: Sheet, counts: np.ndarray, choice: Choice) -> Keyed:
    """The channels of a long table, by the most readable column that has one row a day. May raise Question."""
    known = ~np.isnat(sheet.days.days)
    days = sheet.days.days[known].astype(np.int64)
    keys = [sheet.table.columns[i] for i in sheet.layout.keys]
    names = [
        name_channels(key.words.to_pylist(), sheet.table.names[i])
        for i, key in zip(sheet.layout.keys, keys, strict=True)
    ]
    for key, named in zip(keys, names, strict=True):
        if _is_single(days, key.codes[known], len(key.words)):
            return Keyed(key.codes, named, True, slice(None), ())
    kept: np.ndarray | slice = slice(None)
    corrections: tuple = ()
    if not sheet.days.clocks and sheet.layout.hour is None:
        kept, corrections = _distinct(sheet.days.days, [key.codes for key in keys], counts, choice)
    return Keyed(keys[0].codes[kept], names[0], False, kept, corrections)


def _is_single(days: np.ndarray, codes: np.ndarray, many: int) -> bool:
    days = days - days.min()
    if (days.max() + 1) * many > MAX_PAIRS:
        return not (np.diff(np.sort(days * many + codes)) == 0).any()
    present = np.zeros((days.max() + 1, many), bool)
    present[days, codes] = True
    return int(present.sum()) == len(days)


def _distinct(days, keys: list[np.ndarray], counts: np.ndarray, choice: Choice) -> tuple[np.ndarray | slice, tuple]:
    """Which rows to keep where the same day of the same channel stands more than once."""
    rows = pd.DataFrame({"day": days} | {str(place): key for place, key in enumerate(keys)})
    again = rows.duplicated(keep="last" if choice.duplicates == "last" else "first").to_numpy()
    if choice.duplicates == "sum" or not again.any():
        return slice(None), ()
    rows["count"] = counts
    if choice.duplicates is None and not rows.duplicated().to_numpy()[again].all():
        raise Question(SEVERAL_ROWS, "duplicates", SETTLED, rows=int(again.sum()))
    said = N_("Rows of a day and channel that other rows are of too, left out: {rows}.")
    return ~again, (Correction(said, facts={"rows": int(again.sum())}, option="duplicates"),)


@dataclass(frozen=True)
class Rows:
    """What one channel or several are made from: a row has a day, a count and, in a long table, a channel."""

    days: np.ndarray  # (rows,) datetime64[D]
    counts: list[np.ndarray]  # a (rows,) array for each value column
    names: tuple[str, ...]  # of the value columns, or of the long table's channels
    codes: np.ndarray | None  # (rows,) which channel a row is of, in a long table
    parts: bool  # the rows of a channel's day are its hours or segments
    adds: bool
    totals: tuple[float, ...]  # of each value column, as the total row says; NaN where none does

    def listed(self) -> tuple[str, ...]:
        """The channels, the most viewed of a long table first; with the sum of all where the rows add up."""
        names = self.names if self.codes is None else self._most_viewed()
        totals = tuple(name for name in names if words.is_total(name))
        if totals:
            return (*totals, *(name for name in names if name not in totals))
        if len(names) == 1 or not self.adds:
            return names
        return (*names, SUM_OF_ALL) if self.codes is None else (SUM_OF_ALL, *names)

    def _most_viewed(self) -> tuple[str, ...]:
        assert self.codes is not None, "the rows of a long table say which channel they are of"
        known = ~np.isnat(self.days)
        codes = self.codes[known]
        sums = np.bincount(codes, np.nan_to_num(self.counts[0][known]), len(self.names))
        present = np.bincount(codes, minlength=len(self.names)) > 0
        order = [i for i in np.argsort(-sums, kind="stable") if present[i]]
        return tuple(self.names[i] for i in order[:MAX_NAMES])

    def of(self, name: str) -> "Rows":
        """The rows of one channel, or all of them under the name of their sum."""
        if self.codes is None:
            at = [self.names.index(name)] if name in self.names else range(len(self.names))
            counts = self.counts[at[0]] if len(at) == 1 else np.sum([self.counts[i] for i in at], axis=0)
            total = float(np.sum([self.totals[i] for i in at]))
            return replace(self, counts=[counts], names=(name,), totals=(total,))
        if name not in self.names:
            return replace(self, names=(name,), parts=True)
        mine = self.codes == self.names.index(name)
        return Rows(self.days[mine], [self.counts[0][mine]], (name,), None, self.parts, self.adds, (np.nan,))

    def each(self) -> Iterator["Rows"]:
        """The rows of every channel in the table's order, in one pass, however many there are: no sum of them."""
        if self.codes is None:
            yield from map(self.of, self.names)
            return
        order = np.argsort(self.codes, kind="stable")
        days, counts = self.days[order], self.counts[0][order]
        ends = np.cumsum(np.bincount(self.codes, minlength=len(self.names)))
        for name, first, last in zip(self.names, (0, *ends), ends, strict=False):
            yield Rows(days[first:last], [counts[first:last]], (name,), None, self.parts, self.adds, (np.nan,))

    def dated(self) -> "Rows":
        """Without the rows that have no day."""
        known = ~np.isnat(self.days)
        if known.all():
            return self  # no copy of millions of rows
        codes = None if self.codes is None else self.codes[known]
        return replace(self, days=self.days[known], counts=[counts[known] for counts in self.counts], codes=codes)


def name_channels(names: list[str], column: str) -> tuple[str, ...]:
    """The names of channels in a column, all unlike each other and unlike those that the app gives, as their sum's."""
    return distinct(apart(name, column) for name in names)
