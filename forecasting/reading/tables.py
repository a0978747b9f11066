"""One file -> the tables in it: rows of text cells, each column as its distinct words and a code a row."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from forecasting.messages import N_, BadInput
from forecasting.reading import words
from forecasting.reading.containers import Part
from forecasting.reading.dialect import HEAD, SEPARATORS, delimiter
from forecasting.reading.encodings import to_utf8
from forecasting.reading.sections import ENDLESS_QUOTE, blocks, check_size, records, unify_ends
from forecasting.reading.shapes import look_like_dates

MAX_COLUMNS = 1_000
MAX_CELL_LINES = 20  # of a title
START = 65_536  # bytes that show which separator makes dates
HEAD_ROWS = 300  # rows in which the first date must stand
TORN_ROWS = N_("{rows} rows have another number of columns than the rest; put numbers that hold a separator in quotes.")
TORN = 0.02  # share of rows that may have another number of cells than the rest
NO_DATE = N_("The table has no column of dates; export the numbers by day.")
WORDS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Column:
    """The cells of one column: `words[codes]`, the words distinct, trimmed and in half-width letters."""

    words: pa.StringArray
    codes: np.ndarray  # int32, one a row


@dataclass(frozen=True)
class Table:
    """One table of a file. All columns are equally long."""

    name: str  # of the file or sheet it is from
    header: tuple[str, ...]
    columns: tuple[Column, ...]
    torn: int = 0  # rows left out because they had more or fewer cells
    separator: str = ","
    native: bool = False  # cells came typed, from a workbook

    @property
    def rows(self) -> int:
        return len(self.columns[0].codes)


def tables(part: Part) -> list[Table]:
    """The tables with a column that looks like dates, in the file's order. Raises BadInput for a file out of bounds."""
    text = to_utf8(part.data)
    text = unify_ends(text)
    check_size(text)
    separator = _separator(text if len(text) < START else text[:START].rsplit(b"\n", 1)[0])
    found: list[Table] = []
    complaints: list[BadInput] = []
    for block in _joined(blocks(text, separator), separator):
        try:
            found += _table(part.name, block, separator)
        except BadInput as complaint:
            if complaint.message.text != NO_DATE:
                raise
            complaints.append(complaint)
    if complaints and not found:
        raise complaints[0]
    return found


def _joined(pieces: Iterable[bytes], separator: str) -> Iterator[bytes]:
    """Stretches that go on with dates, without a header, put back to the one before: an empty row may part months."""
    whole: list[bytes] = []
    for piece in pieces:
        first = next(records(piece, separator), ([], []))[0]
        above = whole[-1].rstrip(b"\n").rsplit(b"\n", 1)[-1] if whole else b""
        width = len(next(records(above, separator), ([], []))[0])
        if whole and not (len(first) == width and look_like_dates(first).any()):
            yield b"".join(whole)
            whole = []
        whole.append(piece)
    yield b"".join(whole)


def _separator(start: bytes) -> str:
    """What the sniffer says, or another separator where only that makes dates: a title can mislead the sniffer."""
    sniffed = delimiter(start[:HEAD].decode(errors="ignore"))
    for separator in (sniffed, *(other for other in SEPARATORS if other != sniffed)):
        rows = islice(records(start, separator), HEAD_ROWS)
        if any(len(row) > 1 and look_like_dates(row).any() for row, _ in rows):
            return separator
    return sniffed


def _table(name: str, block: bytes, separator: str) -> list[Table]:
    """The table in a block; none where the block is no table. Raises BadInput where it has no dates or is torn."""
    head = [
        (record, sum(len(line.encode()) for line in lines))
        for record, lines in islice(records(block, separator), HEAD_ROWS)
    ]
    # Ties go to the wider: a title and a header tell less than the rows.
    width = max(
        Counter(len(record) for record, _ in head).items(), key=lambda item: (item[1], item[0]), default=(0, 0)
    )[0]
    if width > MAX_COLUMNS:
        raise BadInput(N_("The table has more than {limit} columns; upload fewer."), limit=MAX_COLUMNS)
    if width < 2:
        return []
    first = _first_date(head, width)
    if first is None:
        raise BadInput(NO_DATE)
    top = [record for record, _ in head[:first]]
    skip, header = _header(top, width)
    _check_header(header, [record for record, _ in head[first:] if len(record) == width])
    start = sum(size for _, size in head[:skip])
    columns, torn = _parse(pa.py_buffer(block).slice(start), separator, width, quoted=b'"' in block)
    return [Table(name, tuple((header + [""] * width)[:width]), columns, torn, separator)]


def _first_date(head: list[tuple[list[str], int]], width: int) -> int | None:
    rows = (i for i, (record, _) in enumerate(head) if len(record) == width and look_like_dates(record).any())
    return next(rows, None)


def _header(top: list[list[str]], width: int) -> tuple[int, list[str]]:
    """How many of the rows above the first date to skip, and the column names among them."""
    rows = [
        i
        for i, record in enumerate(top)
        if len(record) >= 2 and sum(bool(cell.strip()) for cell in record) >= min(2, width)
    ]
    named = [i for i in rows if any(words.is_date(cell) for cell in top[i])]
    full = [i for i in rows if not any(_has_digits_only(cell) for cell in top[i])]
    if not (named or full):
        return 0, []
    main = (named or full)[-1]
    header = [cell.strip() for cell in top[main]]
    # Two header lines: the other one tells apart what the main one calls by one name.
    for other in (i for i in full if i != main and len(top[i]) == len(header)):
        twice = {cell for cell in header if header.count(cell) > 1}
        header = [f"{top[other][i].strip()} {cell}".strip() if cell in twice else cell for i, cell in enumerate(header)]
    return main + 1, header


def _has_digits_only(cell: str) -> bool:
    return bool(re.fullmatch(r"[\d.,:%\s]*\d[\d.,:%\s]*", cell))


def _check_header(header: list[str], rows: list[list[str]]) -> None:
    """Rows wider than their header are cut at a comma that is no separator, such as 1,234 without quotes."""
    if header and any(cell.strip() for row in rows for cell in row[len(header) :]):
        raise BadInput(
            N_("The rows have more columns than the header; put numbers and dates that hold a separator in quotes.")
        )


def _parse(block: pa.Buffer, separator: str, width: int, *, quoted: bool) -> tuple[tuple[Column, ...], int]:
    """The columns of a table without its header, and how many rows were left out for their number of cells."""
    torn = _Torn()
    names = [str(i) for i in range(width)]
    csv = pyarrow.csv
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(use_threads=False, column_names=names),
            csv.ParseOptions(delimiter=separator, newlines_in_values=quoted, invalid_row_handler=torn.skip),
            csv.ConvertOptions(column_types=dict.fromkeys(names, WORDS), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise BadInput(N_("The rows of the file cannot be told apart; export it again as CSV.")) from error
    if torn.rows > max(3, TORN * table.num_rows):
        raise BadInput(TORN_ROWS, rows=torn.rows)
    cells = table.unify_dictionaries().columns
    del table  # twice as many rows fit
    columns = tuple(column(cells.pop(0)) for _ in names)
    if torn.lines > MAX_CELL_LINES or quoted and any(_swallows_rows(column.words) for column in columns):
        raise BadInput(ENDLESS_QUOTE)
    return columns, torn.rows


@dataclass
class _Torn:
    """Rows that have too few or too many cells: how many, and the most lines that one of them runs over."""

    rows: int = 0
    lines: int = 0

    def skip(self, row: pyarrow.csv.InvalidRow) -> str:
        self.rows += 1
        self.lines = max(self.lines, (row.text or "").count("\n"))
        return "skip"


def _swallows_rows(texts: pa.StringArray) -> bool:
    """Whether a cell runs over so many lines that a quote must be missing at its end."""
    return (pc.max(pc.count_substring(texts, "\n")).as_py() or 0) > MAX_CELL_LINES


def column(cells: pa.ChunkedArray) -> Column:
    """The column of dictionary-encoded cells, its words trimmed and made distinct again."""
    encoded = cells.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # as combine_chunks answers for no rows
        encoded = pa.array([], WORDS)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    tidy = pc.utf8_trim(pc.utf8_normalize(encoded.dictionary, "NFKC"), characters=" \t\r\n\ufeff\u200e\u200f")
    if tidy.equals(encoded.dictionary):
        return Column(tidy, codes)
    again = tidy.dictionary_encode()
    return Column(again.dictionary, again.indices.to_numpy(zero_copy_only=False).astype(np.int32)[codes])
