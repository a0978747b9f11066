"""The whole way: bytes -> tables -> date and value columns -> daily views and what was mended."""

from dataclasses import dataclass

import numpy as np

from forecasting.errors import N_, BadInput
from forecasting.reading import columns, words
from forecasting.reading.calendar import daily
from forecasting.reading.choice import SUM_OF_ALL, Choice, Question
from forecasting.reading.containers import Part, is_workbook, unpack
from forecasting.reading.dates import Days, read_days
from forecasting.reading.numbers import read_numbers
from forecasting.reading.tables import Table, tables
from forecasting.views import Channel, Mend

FROM_FILE = Choice()
MAX_NAMES = 1_000  # channels of one file that are listed
NO_TABLE = N_("The file holds no table of dates and numbers; upload a CSV, an xlsx or the zip of an export.")
MAX_PAIRS = 50_000_000  # of a day and a channel that fit in a table of bits
UNDATED = 0.2  # share of rows that may stand there without a date


@dataclass(frozen=True)
class Sheet:
    """A table whose columns are known, with the days of its rows."""

    table: Table
    layout: columns.Layout
    days: Days

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """The smaller, the more wanted: with views, without a split by content, by the name of the file."""
        return not self.layout.views(self.table), self.long, words.file_rank(self.table.name)

    @property
    def long(self) -> bool:
        return bool(self.layout.keys) and columns.is_long(self.days.days)


@dataclass(frozen=True)
class Rows:
    """What one channel or several are made from: a row has a day, a count and, in a long table, a channel."""

    days: np.ndarray  # (rows,) datetime64[D]
    counts: list[np.ndarray]  # a (rows,) array for each value column
    names: tuple[str, ...]  # of the value columns, or of the long table's channels
    codes: np.ndarray | None  # (rows,) which channel a row is of, in a long table
    parts: bool  # the rows of a channel's day are its hours or segments
    adds: bool
    metric: str
    mends: tuple[Mend, ...]


def read_views(data: bytes, filename: str, choice: Choice = FROM_FILE) -> Channel:
    """One channel's daily views from an uploaded file, with everything that was mended.

    Without `choice.channel` it is the file's total, or the sum of all where the rows add up, or the first channel.
    Raises Question (a BadInput) where the file does not say, and BadInput where it cannot be read.
    """
    rows = _rows(data, filename, choice)
    names = _names(rows)
    name = _wanted(rows, names, choice)
    days, counts, parts = _of(rows, name)
    known = ~np.isnat(days)
    if known.all():
        known = slice(None)  # no copy of millions of rows
    series, mends = daily(
        days[known], counts[known], choice, parts=parts, adds=rows.adds, counted=rows.metric == "views"
    )
    extra = (
        Mend(
            N_("The {channels} channels in the file were added up; a channel's own total may be higher."),
            facts={"channels": len(rows.names)},
            switch="channel",
        ),
    )
    return Channel(name, series, (*rows.mends, *(extra if name == SUM_OF_ALL else ()), *mends), rows.metric, names)


def list_channels(data: bytes, filename: str, choice: Choice = FROM_FILE) -> tuple[str, ...]:
    """The names that `Choice.channel` can take for this file. Raises like `read_views`."""
    return _names(_rows(data, filename, choice))


def _rows(data: bytes, filename: str, choice: Choice) -> Rows:
    sheet = _pick(_sheets(data, filename, choice), choice)
    table, found = sheet.table, sheet.layout
    chosen, metric = columns.choose_values(table, found, choice, long=sheet.long, filename=table.name)
    read = [
        read_numbers(
            table.columns[i],
            table.header[i],
            views=metric == "views",
            separator=table.separator,
            decimal=choice.decimal,
        )
        for i in chosen
    ]
    keyed = _keyed(sheet) if sheet.long and len(chosen) == 1 else None
    codes, names = keyed or (None, tuple(columns.channel_names(table, chosen)))
    adds = not any(words.is_average(table.header[i]) or found.kinds[i] != "count" for i in chosen)
    parts = sheet.days.clocks or found.hour is not None
    return Rows(
        sheet.days.days,
        [numbers.values for numbers in read],
        names,
        codes,
        parts,
        adds,
        metric,
        _row_mends(sheet, read),
    )


def _sheets(data: bytes, filename: str, choice: Choice) -> list[Sheet]:
    """Every table of the upload that has dates and numbers. Raises the most telling complaint where none has."""
    found: list[Sheet] = []
    complaints: list[BadInput] = []
    for part in unpack(data, filename):
        try:
            for table in _tables(part):
                layout = columns.layout(table)
                found.append(Sheet(table, layout, read_days(table.columns[layout.date], choice.dates, table.native)))
        except BadInput as complaint:
            complaints.append(complaint)
    if not found:
        raise complaints[0] if complaints else BadInput(NO_TABLE)
    return found


def _tables(part: Part) -> list[Table]:
    if is_workbook(part.data):
        from forecasting.reading.workbook import sheets  # noqa: PLC0415 -- most uploads are no workbooks

        return sheets(part.data)
    return tables(part)


def _pick(sheets: list[Sheet], choice: Choice) -> Sheet:
    if choice.table is not None:
        sheets = [sheet for sheet in sheets if sheet.table.name == choice.table] or sheets
    best = min(sheet.rank for sheet in sheets)
    same = [sheet for sheet in sheets if sheet.rank == best]
    names = tuple(dict.fromkeys(sheet.table.name for sheet in same))
    if len(names) > 1:
        raise Question(
            N_("Several tables hold daily numbers; choose one."), "table", tuple((name, name) for name in names)
        )
    return same[0]


def _keyed(sheet: Sheet) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which channel each row of a long table is of: by the most readable column that has one row a day."""
    days = sheet.days.days.astype("datetime64[D]").astype(np.int64)
    known = ~np.isnat(sheet.days.days)
    keys = [sheet.table.columns[i] for i in sheet.layout.keys]
    single = [key for key in keys if _is_single(days[known], key.codes[known], len(key.words))]
    key = (single or keys)[0]
    return key.codes, tuple(key.words.to_pylist())


def _is_single(days: np.ndarray, codes: np.ndarray, many: int) -> bool:
    days = days - days.min()
    if (days.max() + 1) * many > MAX_PAIRS:
        return not (np.diff(np.sort(days * many + codes)) == 0).any()
    seen = np.zeros((days.max() + 1, many), bool)
    seen[days, codes] = True
    return int(seen.sum()) == len(days)


def _names(rows: Rows) -> tuple[str, ...]:
    """The channels, the most viewed of a long table first; with the sum of all where the rows add up."""
    if rows.codes is None:
        return (*rows.names, SUM_OF_ALL) if len(rows.names) > 1 and rows.adds else rows.names
    known = ~np.isnat(rows.days)
    sums = np.bincount(rows.codes[known], np.nan_to_num(rows.counts[0][known]), len(rows.names))
    present = np.bincount(rows.codes[known], minlength=len(rows.names)) > 0
    order = [i for i in np.argsort(-sums, kind="stable") if present[i]][:MAX_NAMES]
    names = tuple(rows.names[i] for i in order)
    totals = tuple(name for name in names if words.is_total(name))
    if totals:
        return (*totals, *(name for name in names if name not in totals))
    return (SUM_OF_ALL, *names) if rows.adds and len(names) > 1 else names


def _wanted(rows: Rows, names: tuple[str, ...], choice: Choice) -> str:
    if choice.channel is None:
        return names[0]
    if choice.channel not in names and choice.channel not in rows.names:
        raise BadInput(
            N_("The file has no channel {channel}; choose one of: {names}."),
            channel=choice.channel,
            names=", ".join(names[:10]),
        )
    return choice.channel


def _of(rows: Rows, name: str) -> tuple[np.ndarray, np.ndarray, bool]:
    """Days and counts of one channel; whether several rows of a day are parts of it."""
    if rows.codes is None:
        if name != SUM_OF_ALL or SUM_OF_ALL in rows.names:
            return rows.days, rows.counts[rows.names.index(name)], rows.parts
        return rows.days, np.sum(rows.counts, axis=0), rows.parts
    if name == SUM_OF_ALL:
        return rows.days, rows.counts[0], True
    mine = rows.codes == rows.names.index(name)
    return rows.days[mine], rows.counts[0][mine], rows.parts


def _row_mends(sheet: Sheet, read) -> tuple[Mend, ...]:
    """What was put right before the calendar."""
    mends = list(sheet.days.mends)
    undated = np.isnat(sheet.days.days)
    first = sheet.table.columns[sheet.layout.date]
    total = np.array([words.is_total(word) for word in first.words.to_pylist()], bool)
    blank = np.array([not word for word in first.words.to_pylist()], bool)
    totals = int((undated & total[first.codes]).sum())
    other = int(undated.sum()) - totals - sheet.days.failed - int((undated & blank[first.codes]).sum())
    if undated.all() or other + sheet.days.failed > max(3, UNDATED * len(undated)):
        raise BadInput(N_("{rows} rows have no readable date; export the table again."), rows=other + sheet.days.failed)
    for sentence, many in (
        (N_("{rows} rows with a total were left out."), totals),
        (N_("{rows} rows without a date were left out."), other),
        (N_("{rows} rows with an impossible date were left out."), sheet.days.failed),
        (N_("{rows} rows with too few or too many cells were left out."), sheet.table.torn),
        (N_("{rows} cells held no number; they count as unknown."), sum(numbers.junk for numbers in read)),
        (N_("{rows} numbers are rounded in the file, such as 1.2K."), sum(numbers.rounded for numbers in read)),
    ):
        if many:
            mends.append(Mend(sentence, facts={"rows": many}))
    if sheet.days.zones:
        mends.append(Mend(N_("Days are taken in the time zone of the file.")))
    return tuple(mends)
