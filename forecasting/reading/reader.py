"""The whole way: bytes -> tables -> date and value columns -> daily views and what was corrected."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from forecasting.messages import N_, BadInput
from forecasting.reading import columns, wikipedia, words
from forecasting.reading.calendar import daily
from forecasting.reading.channels import Keyed, Rows, Sheet, keyed
from forecasting.reading.choice import SUM_OF_ALL, Choice, Question
from forecasting.reading.containers import Part, bare, is_workbook, unpack
from forecasting.reading.dates import COARSE_ROWS, read_days
from forecasting.reading.numbers import Numbers, read_numbers
from forecasting.reading.tables import NO_DATE, Table, tables
from forecasting.series import Channel, Correction

FROM_FILE = Choice()
NO_TABLE = N_("The file holds no table of dates and numbers; upload a CSV, an xlsx or the zip of an export.")
UNDATED = 0.2  # share of rows that may stand there without a date


def read_views(data: bytes, filename: str, choice: Choice = FROM_FILE) -> Channel:
    """One channel's daily views from an uploaded file, with everything that was corrected.

    Without `choice.channel` it is the file's total, or the sum of all where the rows add up, or the first channel.
    Raises Question (a BadInput) where the file does not say, and BadInput where it cannot be read.
    """
    rows = _rows(data, filename, choice)
    names = rows.listed()
    name = _wanted(rows, names, choice)
    days, counts, parts = rows.of(name)
    known = ~np.isnat(days)
    if known.all():
        known = slice(None)  # no copy of millions of rows
    counted = rows.metric == "views"
    series, corrections = daily(days[known], counts[known], choice, parts=parts, adds=rows.adds, counted=counted)
    return Channel(name, series, (*rows.corrections, *_summed(rows, name), *corrections), rows.metric, names)


def list_channels(data: bytes, filename: str, choice: Choice = FROM_FILE) -> tuple[str, ...]:
    """The names that `Choice.channel` can take for this file. Raises like `read_views`."""
    return _rows(data, filename, choice).listed()


def _summed(rows: Rows, name: str) -> tuple[Correction, ...]:
    if name != SUM_OF_ALL or name in rows.names:
        return ()
    said = N_("The {channels} channels in the file were added up; a channel's own total may be higher.")
    return (Correction(said, facts={"channels": len(rows.names)}, option="channel"),)


def _wanted(rows: Rows, names: tuple[str, ...], choice: Choice) -> str:
    if choice.channel is None:
        return names[0]
    if choice.channel not in names and choice.channel not in rows.names:
        listed = ", ".join(names[:10])
        raise BadInput(
            N_("The file has no channel {channel}; choose one of: {names}."), channel=choice.channel, names=listed
        )
    return choice.channel


def _rows(data: bytes, filename: str, choice: Choice) -> Rows:
    if article := wikipedia.Article.named(filename):
        return wikipedia.rows(data, article)
    sheet = _pick(_sheets(data, filename, choice), choice)
    table, found = sheet.table, sheet.layout
    chosen, metric = columns.choose_values(table, found, choice, long=sheet.long, filename=table.name)
    read = [_numbers(table, i, metric, choice) for i in chosen]
    adds = not any(words.is_average(table.header[i]) or found.kinds[i] != "count" for i in chosen)
    parts = sheet.days.clocks or found.hour is not None
    corrections = _row_mends(sheet, read)
    counts = [numbers.values for numbers in read]
    if not (sheet.long and len(chosen) == 1):
        names = _column_names(table, chosen, metric, filename)
        return Rows(sheet.days.days, counts, names, None, parts, adds, metric, corrections)
    long = keyed(sheet, counts[0], choice)
    return _long_rows(sheet, counts[0], long, Rows((), [], long.names, long.codes, parts, adds, metric, corrections))


def _long_rows(sheet: Sheet, counts: np.ndarray, long: Keyed, rows: Rows) -> Rows:
    return replace(
        rows,
        days=sheet.days.days[long.kept],
        counts=[counts[long.kept]],
        parts=rows.parts or not long.single,
        corrections=(*rows.corrections, *long.corrections),
    )


def _numbers(table: Table, i: int, metric: str, choice: Choice) -> Numbers:
    return read_numbers(
        table.columns[i],
        table.header[i],
        views=metric == "views",
        separator=table.separator,
        decimal=choice.decimal,
    )


def _column_names(table: Table, chosen: list[int], metric: str, filename: str) -> tuple[str, ...]:
    """A name for each value column; the file's where a single one is just called views."""
    header = table.header[chosen[0]]
    if len(chosen) == 1 and (not header or metric != "views" or words.is_views(header) or words.is_neutral(header)):
        return (PurePosixPath(bare(filename)).stem or "views",)
    return tuple(columns.channel_names(table, chosen))


def _sheets(data: bytes, filename: str, choice: Choice) -> list[Sheet]:
    """Every table of the upload that has dates and numbers. Raises the first complaint where none has."""
    found: list[Sheet] = []
    complaints: list[BadInput] = []
    for part in unpack(data, filename):
        try:
            found += _sheets_of(part, choice, complaints)
        except BadInput as complaint:
            _forgive(complaint, complaints)
    if not found:
        raise complaints[0] if complaints else BadInput(NO_TABLE)
    return found


def _sheets_of(part: Part, choice: Choice, complaints: list[BadInput]) -> Iterator[Sheet]:
    seen: list[str] = []
    for table in _tables(part):
        try:
            layout = columns.layout(table)
            days = read_days(table.columns[layout.date], choice.dates, table.native)
        except BadInput as complaint:
            _forgive(complaint, complaints)
            continue
        seen.append(table.name)
        again = seen.count(table.name)
        yield Sheet(replace(table, name=f"{table.name} ({again})") if again > 1 else table, layout, days)


def _forgive(complaint: BadInput, complaints: list[BadInput]) -> None:
    """A table that is no series of days may stand beside one that is; one that cannot be read may be the one meant."""
    if complaint.message.text not in (NO_DATE, columns.NO_NUMBER, COARSE_ROWS):
        raise complaint
    complaints.append(complaint)


def _tables(part: Part) -> list[Table]:
    if is_workbook(part.data):
        from forecasting.reading.workbook import sheets  # noqa: PLC0415 -- most uploads are no workbooks

        return sheets(part.data)
    return tables(part)


def _pick(sheets: list[Sheet], choice: Choice) -> Sheet:
    if choice.table is not None:
        sheets = [sheet for sheet in sheets if sheet.table.name == choice.table]
        if not sheets:
            raise BadInput(N_("The file has no table {table}; choose another."), table=choice.table)
    best = min(sheet.rank for sheet in sheets)
    same = [sheet for sheet in sheets if sheet.rank == best]
    if len(same) > 1:
        options = tuple((sheet.table.name, sheet.table.name) for sheet in same)
        raise Question(N_("Several tables hold daily numbers; choose one."), "table", options)
    return same[0]


def _row_mends(sheet: Sheet, read: list[Numbers]) -> tuple[Correction, ...]:
    """What was put right before the calendar."""
    corrections = list(sheet.days.corrections)
    totals, undated = _undated(sheet, read)
    if np.isnat(sheet.days.days).all() or undated + sheet.days.failed > max(3, UNDATED * sheet.table.rows):
        many = undated + sheet.days.failed
        raise BadInput(N_("{rows} rows have no readable date; export the table again."), rows=many)
    for sentence, many in (
        (N_("Rows with a total, left out: {rows}."), totals),
        (N_("Rows without a date, left out: {rows}."), undated),
        (N_("Rows with an impossible date, left out: {rows}."), sheet.days.failed),
        (N_("Rows with too few or too many cells, left out: {rows}."), sheet.table.torn),
        (N_("Cells without a number, taken as unknown: {rows}."), sum(numbers.junk for numbers in read)),
        (N_("Numbers rounded in the file, such as 1.2K: {rows}."), sum(numbers.rounded for numbers in read)),
    ):
        if many:
            corrections.append(Correction(sentence, facts={"rows": many}))
    if sheet.days.zones:
        corrections.append(Correction(N_("Days are taken in the time zone of the file.")))
    return tuple(corrections)


def _undated(sheet: Sheet, read: list[Numbers]) -> tuple[int, int]:
    """How many rows without a date are totals, and how many others hold something."""
    dates = sheet.table.columns[sheet.layout.date]
    texts = dates.words.to_pylist()
    total = np.array([words.is_total(text) for text in texts], bool)[dates.codes]
    blank = np.array([not text for text in texts], bool)[dates.codes]
    none = np.isnat(sheet.days.days)
    for numbers in read:
        blank &= np.isnan(numbers.values)
    totals = int((none & total).sum())
    return totals, int((none & ~total & ~blank).sum()) - sheet.days.failed
