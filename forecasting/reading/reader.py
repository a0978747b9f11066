"""The whole way: bytes -> tables -> date and value columns -> daily views and what was corrected."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.names import NUMBER_OF_ROWS, SUM_OF_ALL, apart, clean_name
from forecasting.reading import wikipedia, words
from forecasting.reading.bounds import UPLOAD, Bounds
from forecasting.reading.calendar import daily
from forecasting.reading.channels import Rows, keyed, name_channels
from forecasting.reading.choice import Choice
from forecasting.reading.containers import bare
from forecasting.reading.cumulative import check_cumulative, differences
from forecasting.reading.gaps import Evidence
from forecasting.reading.heading import letter
from forecasting.reading.numbers import Numbers, read_numbers
from forecasting.reading.sheets import Sheet, read_sheet
from forecasting.reading.undated import corrections_of_rows, find_cut, sort_undated
from forecasting.reading.values import Values, choose_values
from forecasting.series import Channel, Correction

FROM_FILE = Choice()
SUMMED = N_("The {channels} channels in the file were added up; a channel's own total may be higher.")
RATES = ("percent", "duration")  # kinds of numbers that cannot be added up
COUNTED = N_("The {rows} rows of the file were counted by day.")


@dataclass(frozen=True)
class _Found:
    """All channels of a file."""

    rows: Rows
    metric: str  # "views", or the file's own word
    metrics: tuple[str, ...]  # what the user may take instead, the one taken first
    corrections: tuple[Correction, ...] = ()
    cut: bool = False  # the file holds its highest rows only
    counted: bool = False  # the numbers are counts of single days beyond doubt
    called_cumulative: bool = False  # a header calls them totals so far
    clocks: bool = False  # rows have a time of day


def read_views(data: bytes, filename: str, choice: Choice = FROM_FILE) -> Channel:
    """One channel's daily views from an uploaded file, with everything that was corrected.

    Without `choice.channel` it is the file's total, or the sum of all where the rows add up, or the first channel.
    Raises Question (a BadInput) where the file does not say, and BadInput where it cannot be read.
    """
    found = _find(data, filename, choice)
    names = found.rows.listed()
    name = _wanted(found.rows, names, choice)
    series, corrections = _series(found, found.rows.of(name).dated(), choice)
    if name == SUM_OF_ALL:
        summed = Correction(SUMMED, facts={"channels": len(found.rows.names)}, option="channel")
        corrections = [summed, *corrections]
    return Channel(
        name=name,
        views=series,
        corrections=(*found.corrections, *corrections),
        metric=found.metric,
        channel_names=names,
        metrics=found.metrics,
    )


@dataclass(frozen=True)
class ChannelRows:
    """One channel of a table that holds several, found but not read yet: small enough to be sent elsewhere."""

    name: str
    found: _Found  # of this channel's rows alone
    choice: Choice

    def read(self) -> Channel:
        """As `read_views` reads it, but for the names of the other channels. Raises like that."""
        series, corrections = _series(self.found, self.found.rows.dated(), self.choice)
        return Channel(
            name=self.name,
            views=series,
            corrections=(*self.found.corrections, *corrections),
            metric=self.found.metric,
            metrics=self.found.metrics,
        )

    @cached_property
    def digest(self) -> str:
        """Equal exactly where the same is read: hexadecimal."""
        rows = self.found.rows
        said = repr((self.name, self.choice, replace(self.found, rows=replace(rows, days=rows.days[:0], counts=[]))))
        return hashlib.sha256(rows.days.tobytes() + rows.counts[0].tobytes() + said.encode()).hexdigest()


def split_channels(
    data: bytes, filename: str, choice: Choice = FROM_FILE, bounds: Bounds = UPLOAD
) -> Iterator[ChannelRows]:
    """Every channel of a file, whose table is read once. Raises like `read_views`, which also names the sum of all."""
    found = _find(data, filename, choice, bounds)
    for rows in found.rows.each():
        if (~np.isnat(rows.days)).any():
            (name,) = rows.names
            yield ChannelRows(name, replace(found, rows=rows), choice)


def read_each(data: bytes, filename: str, choices: Iterable[Choice]) -> list[Channel | BadInput]:
    """The channel in each way to read a file, or why it cannot be read in that way."""
    return [_read_or_refused(data, filename, choice) for choice in choices]


def _read_or_refused(data: bytes, filename: str, choice: Choice) -> Channel | BadInput:
    try:
        return read_views(data, filename, choice)
    except BadInput as refusal:
        return refusal


def list_channels(data: bytes, filename: str, choice: Choice = FROM_FILE) -> tuple[str, ...]:
    """The names that `Choice.channel` can take for this file. Raises like `read_views`."""
    return _find(data, filename, choice).rows.listed()


def _series(found: _Found, rows: Rows, choice: Choice) -> tuple[pd.Series, list[Correction]]:
    """The daily views of one channel, and what was corrected on the way."""
    days, counts, parts = rows.days, rows.counts[0], rows.parts
    corrections: list[Correction] = []
    evidence = Evidence(None if np.isnan(rows.totals[0]) else rows.totals[0], found.cut)
    if _is_cumulative(found, rows, choice):
        days, counts, corrections = differences(days, counts, rows.codes, choice=choice)
        evidence, parts = Evidence(cut=found.cut), False
    whole = found.metric in ("views", NUMBER_OF_ROWS)
    series, more = daily(days, counts, choice, parts=parts, adds=rows.adds, counted=whole, evidence=evidence)
    return series, [*corrections, *more]


def _is_cumulative(found: _Found, rows: Rows, choice: Choice) -> bool:
    if found.counted or not rows.adds:
        return False
    named, clocks = found.called_cumulative, found.clocks
    return check_cumulative(rows.days, rows.counts[0], rows.codes, choice=choice, named=named, clocks=clocks)


def _wanted(rows: Rows, names: tuple[str, ...], choice: Choice) -> str:
    """The channel that was chosen, or the first."""
    if choice.channel is None:
        return names[0]
    wanted = words.visible(clean_name(choice.channel))
    for name in (*names, *rows.names):
        if words.visible(name) == wanted:
            return name
    listed = ", ".join(names[:10])
    raise BadInput(
        N_("The file has no channel {channel}; choose one of: {names}."), channel=choice.channel, names=listed
    )


def _find(data: bytes, filename: str, choice: Choice, bounds: Bounds = UPLOAD) -> _Found:
    if article := wikipedia.Article.named(filename):
        rows, corrections = wikipedia.rows(data, article)
        return _Found(rows, "views", (), corrections, counted=True)
    sheet = read_sheet(data, filename, choice, bounds)
    table, layout = sheet.table, sheet.layout
    values = choose_values(table, layout, choice, long=sheet.long, events=sheet.events, filename=table.name)
    if not values.columns:
        return _counted(sheet, values, filename)
    read = [_numbers(sheet, i, values.metric, choice) for i in values.columns]
    undated = sort_undated(sheet, read)
    corrections = corrections_of_rows(sheet, read, undated)
    cut = find_cut(sheet, read, undated)
    totals = [numbers.values[undated.totals] for numbers in read]
    rows = Rows(
        days=sheet.days.days,
        counts=[numbers.values for numbers in read],
        names=_column_names(sheet, values, filename),
        codes=None,
        parts=sheet.days.clocks or layout.hour is not None,
        adds=not any(words.is_average(table.header[i]) or layout.kinds[i] in RATES for i in values.columns),
        totals=tuple(float(total[0]) if len(total) == 1 else np.nan for total in totals),
    )
    found = _Found(
        rows=rows,
        metric=values.metric,
        metrics=values.offered,
        corrections=(*corrections, *cut),
        cut=bool(cut),
        called_cumulative=any(words.is_running(table.header[i]) for i in values.columns),
        clocks=sheet.days.clocks,
    )
    return _long(found, sheet, choice) if sheet.long and len(values.columns) == 1 else found


def _long(found: _Found, sheet: Sheet, choice: Choice) -> _Found:
    """With the channels that a column names."""
    rows, long = found.rows, keyed(sheet, found.rows.counts[0], choice)
    rows = replace(
        rows,
        days=rows.days[long.kept],
        counts=[rows.counts[0][long.kept]],
        names=long.names,
        codes=long.codes,
        parts=rows.parts or not long.single,
    )
    return replace(found, rows=rows, corrections=(*found.corrections, *long.corrections))


def _counted(sheet: Sheet, values: Values, filename: str) -> _Found:
    """Rows that are events: how many there are each day, none between the first and the last included."""
    first = sheet.known.min()
    counts = np.bincount(sheet.known - first).astype(float)
    days = (first + np.arange(len(counts))).astype("datetime64[D]")
    name = _name_of_file(filename) or NUMBER_OF_ROWS
    rows = Rows(days, [counts], (name,), None, parts=False, adds=True, totals=(np.nan,))
    said = Correction(COUNTED, facts={"rows": len(sheet.known)}, option="metric")
    return _Found(rows, values.metric, values.offered, (*sheet.days.corrections, said), counted=True)


def _numbers(sheet: Sheet, i: int, metric: str, choice: Choice) -> Numbers:
    table = sheet.table
    return read_numbers(
        table.columns[i],
        table.names[i],
        views=metric == "views",
        separator=table.separator,
        decimal=choice.decimal,
    )


def _column_names(sheet: Sheet, values: Values, filename: str) -> tuple[str, ...]:
    """A name for each value column; that of the file, or of the table in it, where a single one says nothing else."""
    table, columns = sheet.table, values.columns
    if len(columns) > 1:
        return tuple(name for i in columns for name in name_channels([table.names[i]], letter(i)))
    header = table.header[columns[0]]
    if header and values.metric == "views" and not words.is_views(header) and not words.is_neutral(header):
        return (table.names[columns[0]],)
    return (apart(sheet.name, filename) if sheet.name != table.name else _name_of_file(filename) or "views",)


def _name_of_file(filename: str) -> str:
    """What a channel is called after its file."""
    return apart(PurePosixPath(bare(filename)).stem, filename)
