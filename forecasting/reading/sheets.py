"""An upload -> its tables of dates and numbers, each with a name of its own, and the one that is wanted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from forecasting.messages import N_, BadInput
from forecasting.reading import columns, numbers, words
from forecasting.reading.bounds import UPLOAD, Bounds
from forecasting.reading.choice import Choice, Question
from forecasting.reading.containers import Part, unpack
from forecasting.reading.dates import COARSE_ROWS, Days, read_days
from forecasting.reading.tables import NO_DATE, Table, tables

NO_DAYS = N_("{rows} rows have no readable date; export the table again.")
NO_TABLE = N_("The file holds no table of dates and numbers; upload a CSV, an xlsx or the zip of an export.")
EACH_ITS_OWN = N_("Each row is of another “{column}”; choose what its date says.")
DATED = (("counted", N_("The day whose views were counted")), ("published", N_("The day on which it came out")))
FORGIVEN = (columns.PUBLISHED, COARSE_ROWS, NO_DAYS, columns.NO_NUMBER, NO_DATE)  # the most telling first
REPEATED = 0.5  # share of days with several rows that makes a table long
DISTINCT = 0.9  # share of rows with another title that makes each row a video
SCATTERED = 0.5  # share of days with a row, below which rows of different titles are no series of days
EVENTS = 1.5  # rows a day that can be single events


@dataclass(frozen=True)
class Sheet:
    """A table whose columns are known, with the days of its rows."""

    table: Table
    layout: columns.Layout
    days: Days
    name: str = ""

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """The smaller, the more wanted: with numbers, with views, without a split by content, by the file's name."""
        return not self.layout.values, not self.layout.views(self.table), self.long, words.file_rank(self.table.name)

    @cached_property
    def known(self) -> np.ndarray:
        """The days of the rows that have one, since 1970."""
        return self.days.days[~np.isnat(self.days.days)].astype(np.int64)

    @cached_property
    def long(self) -> bool:
        """Whether the rows of a day are told apart by a column, such as one that names videos."""
        if not self.layout.keys or not len(self.known):
            return False
        key = self.layout.keys[0]
        # A column of notes is no name, but videos that follow each other have no day together.
        if words.is_key(self.table.header[key]) and len(self.table.columns[key].words) > 1:
            return True
        rows = np.bincount(self.known - self.known.min())
        return (rows > 1).sum() >= REPEATED * (rows > 0).sum()

    @property
    def events(self) -> bool:
        """Whether each row can be one event, to be counted by day."""
        days = len(np.unique(self.known))
        if days < 2 or self.layout.views(self.table):
            return False
        several = len(self.known) >= EVENTS * days
        return self.days.clocks and several if self.layout.values else self.days.clocks or several

    @property
    def span(self) -> str:
        """The first and the last day."""
        first, last = np.array([self.known.min(), self.known.max()], "datetime64[D]").astype(str)
        return f"{first} – {last}"


def read_sheet(data: bytes, filename: str, choice: Choice, bounds: Bounds = UPLOAD) -> Sheet:
    """The table that is wanted. Raises Question where several are, or where its dates may be no days of counts."""
    sheet = _pick(_find(data, filename, choice, bounds), choice)
    title = _title(sheet)
    if title is None or choice.dated == "counted":
        return sheet
    name = sheet.table.names[title]
    if choice.dated == "published":
        raise BadInput(columns.PUBLISHED, column=sheet.table.names[sheet.layout.date])
    raise Question(EACH_ITS_OWN, "dated", DATED, column=name)


def _find(data: bytes, filename: str, choice: Choice, bounds: Bounds) -> list[Sheet]:
    """Every table of the upload that has dates and numbers. Raises the most telling complaint where none has."""
    found: list[Sheet] = []
    complaints: list[BadInput] = []
    for part in unpack(data, filename, bounds):
        try:
            found += _named(list(_sheets_of(part, choice, complaints, bounds=bounds)))
        except BadInput as complaint:
            _forgive(complaint, complaints)
    if not found:
        raise min(complaints, key=lambda one: FORGIVEN.index(one.message.text), default=BadInput(NO_TABLE))
    return found


def _sheets_of(part: Part, choice: Choice, complaints: list[BadInput], *, bounds: Bounds) -> Iterator[Sheet]:
    for table in tables(part, bounds):
        try:
            layout = columns.layout(table)
            days = read_days(table.columns[layout.date], choice.dates, part.native)
            sheet = Sheet(table, layout, days, table.name)
            _check(sheet, choice)
        except BadInput as complaint:
            _forgive(complaint, complaints)
            continue
        yield sheet


def _forgive(complaint: BadInput, complaints: list[BadInput]) -> None:
    """A table that is no series of days may stand beside one that is; one that cannot be read may be the one meant."""
    if complaint.message.text not in FORGIVEN:
        raise complaint
    complaints.append(complaint)


def _check(sheet: Sheet, choice: Choice) -> None:
    """Refuse a table without days or numbers, and rows of different titles whose dates lie far apart.

    Where a known word calls them dates, the user is asked.
    """
    if not len(sheet.known):
        raise BadInput(NO_DAYS, rows=sheet.table.rows)
    if not (sheet.layout.values or sheet.events):
        raise BadInput(columns.NO_NUMBER)
    date = sheet.layout.date
    if choice.dated == "counted" or words.is_date(sheet.table.header[date]) or _title(sheet) is None:
        return
    days = np.unique(sheet.known)
    if len(days) < SCATTERED * (days[-1] - days[0] + 1):
        raise BadInput(columns.PUBLISHED, column=sheet.table.names[date])


def _title(sheet: Sheet) -> int | None:
    """The column in which each row has another title, where rows may be videos and their dates those of publication."""
    if not any(sheet.table.header) or len(sheet.known) < 3 or not sheet.layout.values:
        return None
    called_date = words.is_date(sheet.table.header[sheet.layout.date])
    for key in sheet.layout.keys:
        column = sheet.table.columns[key]
        titles = column.codes[~np.isnat(sheet.days.days)]
        if called_date and not words.is_key(sheet.table.header[key]) or numbers.kind(column) is not None:
            continue
        if len(np.unique(titles)) >= max(3, DISTINCT * len(titles)):
            return key
    return None


def _named(sheets: list[Sheet]) -> list[Sheet]:
    """The tables of one file, told apart by caption, by what they count, or by the line on which they begin."""
    if len(sheets) < 2:
        return sheets
    for names in (
        [sheet.table.caption for sheet in sheets],
        [", ".join(sheet.table.names[i] for i in sheet.layout.values[:3]) for sheet in sheets],
        [f"{sheet.table.name}:{sheet.table.line}" for sheet in sheets],
    ):
        if all(names) and max(Counter(map(words.normalize, names)).values()) == 1:
            break
    return [replace(sheet, name=name) for sheet, name in zip(sheets, names, strict=True)]


def _pick(sheets: list[Sheet], choice: Choice) -> Sheet:
    if choice.table is not None:
        sheets = [sheet for sheet in sheets if words.normalize(sheet.name) == words.normalize(choice.table)]
        if not sheets:
            raise BadInput(N_("The file has no table {table}; choose another."), table=choice.table)
    best = min(sheet.rank for sheet in sheets)
    same = [sheet for sheet in sheets if sheet.rank == best]
    if len(same) > 1:
        options = tuple((sheet.name, f"{sheet.name}: {sheet.span}") for sheet in same)
        raise Question(N_("Several tables hold daily numbers; choose one."), "table", options)
    return same[0]
