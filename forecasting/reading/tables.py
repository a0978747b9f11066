"""One file -> the tables in it: rows of text cells, each column as its distinct words and a code a row."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from forecasting.messages import N_, BadInput
from forecasting.reading.bounds import UPLOAD, Bounds
from forecasting.reading.containers import Part
from forecasting.reading.dialect import HEAD, SEPARATORS, delimiter
from forecasting.reading.encodings import to_utf8
from forecasting.reading.heading import check_width, read_heading
from forecasting.reading.sections import (
    ENDLESS_QUOTE,
    LONGEST_CELL,
    MAX_COLUMNS,
    MAX_LINE,
    TOO_MANY_PIECES,
    blocks,
    check_size,
    records,
    unify_ends,
)
from forecasting.reading.shapes import look_like_dates, look_like_seconds
from forecasting.reading.words import INVISIBLE, LONGEST

MAX_TABLES = 200  # stretches of two columns or more in a file
FEW_LINES = 3  # of a cell, below which it is not looked at
MAX_LINES = 100  # of a cell that are looked at
MAX_LONG = 100  # cells of several lines that are looked at
MAX_NOTES = 20  # rows with another number of cells that are kept
BLOCK = 1 << 20  # bytes that are parsed at once; a row must fit
LONG_BLOCK = 1 << 24
START = 65_536  # bytes that show which separator makes dates
HEAD_ROWS = 300  # rows in which the first date must stand
HEAD_BYTES = 4_000_000  # and bytes
HEAD_CELLS = 20_000  # and cells
TORN_ROWS = N_("{rows} rows have another number of columns than the rest; put numbers that hold a separator in quotes.")
TORN = 0.02  # share of rows that may have another number of cells than the rest
NO_DATE = N_("The table has no column of dates; export the numbers by day.")
MAX_MARKS = 30  # on a letter
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
    header: tuple[str, ...]  # what stands over each column, "" for nothing
    names: tuple[str, ...]  # the same, told apart
    columns: tuple[Column, ...]
    caption: str = ""  # the line above the header
    line: int = 1  # of the file, on which the table begins
    torn: int = 0  # rows left out because they had more or fewer cells
    notes: tuple[str, ...] = ()  # some of them
    separator: str = ","

    @property
    def rows(self) -> int:
        return len(self.columns[0].codes)


def tables(part: Part, bounds: Bounds = UPLOAD) -> list[Table]:
    """The tables with a column that looks like dates, in the file's order. Raises BadInput for a file out of bounds."""
    text = to_utf8(part.data)
    text = unify_ends(text, bounds)
    check_size(text, bounds)
    start = text if len(text) < START else text[:START].rsplit(b"\n", 1)[0]
    separator = "," if part.native else _separator(start)  # as a sheet is written out
    found: list[Table] = []
    complaints: list[BadInput] = []
    lines = _Lines(text)
    wide = 0
    for block in _joined(blocks(text, separator), separator):
        head = _head(block, separator)
        if (width := _width(head)) < 2:
            continue
        if (wide := wide + 1) > MAX_TABLES:
            raise BadInput(TOO_MANY_PIECES, limit=MAX_TABLES)
        try:
            table = _table(part.name, block, separator, head=head, width=width)
            found.append(replace(table, line=lines.of(block)))
        except BadInput as complaint:
            if complaint.message.text != NO_DATE:
                raise
            complaints.append(complaint)
    if complaints and not found:
        raise complaints[0]
    return found


@dataclass
class _Lines:
    """The line on which each block begins; blocks are asked for in the file's order."""

    text: bytes
    place: int = 0
    line: int = 1

    def of(self, block: bytes) -> int:
        first = block[: block.find(b"\n") + 1 or None]
        found = self.text.find(first, self.place)
        if found < 0:
            return self.line
        begins = self.line + self.text.count(b"\n", self.place, found)
        self.place, self.line = found + len(first), begins + first.count(b"\n")
        return begins


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
        if any(len(row) > 1 and (look_like_dates(row) | look_like_seconds(row)).any() for row, _ in rows):
            return separator
    return sniffed


Head = list[tuple[list[str], int]]  # the first rows, each with the bytes that it takes


def _head(block: bytes, separator: str) -> Head:
    """The rows in which the first date must stand."""
    head: Head = []
    size = 0
    for record, lines in islice(records(block, separator), HEAD_ROWS):
        head.append((record, sum(len(line.encode()) for line in lines)))
        if (size := size + head[-1][1]) > HEAD_BYTES:
            break
    return head


def _width(head: Head) -> int:
    """How many cells most rows have. Ties go to the wider: a title and a header tell less than the rows."""
    return max(Counter(len(record) for record, _ in head).items(), key=lambda one: (one[1], one[0]), default=(0, 0))[0]


def _table(name: str, block: bytes, separator: str, *, head: Head, width: int) -> Table:
    """The table in a block. Raises BadInput where it has no dates or is torn."""
    if width > MAX_COLUMNS:
        raise BadInput(N_("The table has more than {limit} columns; upload fewer."), limit=MAX_COLUMNS)
    first = _first_date(head, width)
    if first is None:
        raise BadInput(NO_DATE)
    heading = read_heading([record for record, _ in head[:first]], width)
    check_width(heading, [record for record, _ in head[first:] if len(record) == width], width)
    start = sum(size for _, size in head[: heading.skip])
    columns, torn = _parse(pa.py_buffer(block).slice(start), separator, width, quoted=b'"' in block)
    found = Table(name, heading.words, heading.names, columns, heading.caption)
    above = sum(len(record) > 2 and look_like_dates(record).any() for record, _ in head[: heading.skip])
    return replace(found, torn=torn.rows + int(above), notes=tuple(torn.notes), separator=separator)


def _first_date(head: Head, width: int) -> int | None:
    """The first row with a date; seconds since 1970 count only where nothing else does."""
    rows = [i for i, (record, _) in enumerate(head) if len(record) == width][: HEAD_CELLS // width]
    for looks in (look_like_dates, look_like_seconds):
        if (first := next((i for i in rows if looks(head[i][0]).any()), None)) is not None:
            return first
    return None


def _parse(block: pa.Buffer, separator: str, width: int, *, quoted: bool) -> tuple[tuple[Column, ...], "_Torn"]:
    """The columns of a table without its header, and the rows left out for their number of cells."""
    torn = _Torn()
    names = [str(i) for i in range(width)]
    csv = pyarrow.csv
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(use_threads=False, column_names=names, block_size=LONG_BLOCK if quoted else BLOCK),
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
    if torn.swallows or quoted and any(_swallows_rows(column.words) for column in columns):
        raise BadInput(ENDLESS_QUOTE)
    return columns, torn


@dataclass
class _Torn:
    """Rows that have too few or too many cells: how many, some of them, and whether one holds rows in its quotes."""

    rows: int = 0
    notes: list[str] = field(default_factory=list)
    swallows: bool = False

    def skip(self, row: pyarrow.csv.InvalidRow) -> str:
        self.rows += 1
        text = row.text or ""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(text[:LONGEST].strip())
            self.swallows |= _holds_rows(text)
        return "skip"


def _swallows_rows(texts: pa.StringArray) -> bool:
    """Whether a cell runs over rows of the table, so that a quote must be missing at its end."""
    lines = pc.count_substring(texts, "\n")
    long = texts.filter(pc.greater_equal(lines, FEW_LINES))
    return any(_holds_rows(text) for text in long[:MAX_LONG].to_pylist())


def _holds_rows(text: str) -> bool:
    """Whether most lines of a text hold a date and a separator, as rows do and a note does not."""
    lines = text[:MAX_LINE].split("\n")[1 : 1 + MAX_LINES]
    if len(lines) < FEW_LINES:
        return False
    cells = [[cell.strip("\"' ") for cell in re.split(r"[,;\t|]", line[:LONGEST])[:9]] for line in lines]
    return sum(len(row) > 1 and bool(look_like_dates(row).any()) for row in cells) > len(lines) / 2


def _bounded(texts: pa.StringArray) -> pa.StringArray:
    """Texts cut at LONGEST_CELL letters, with no more marks on a letter than Unicode's stream-safe text has.

    Normal forms put the marks in order, in a time that grows with the square of their number.
    """
    if not len(texts) or pc.max(pc.binary_length(texts)).as_py() <= MAX_MARKS:
        return texts
    texts = pc.utf8_slice_codeunits(texts, 0, LONGEST_CELL)
    return pc.replace_substring_regex(texts, rf"(\p{{M}}{{{MAX_MARKS}}})\p{{M}}+", r"\1")


def column(cells: pa.ChunkedArray) -> Column:
    """The column of dictionary-encoded cells, its words trimmed and made distinct again."""
    encoded = cells.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # as combine_chunks answers for no rows
        encoded = pa.array([], WORDS)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    distinct = _bounded(encoded.dictionary)
    if not pc.all(pc.string_is_ascii(distinct)).as_py():
        distinct = pc.replace_substring_regex(pc.utf8_normalize(distinct, "NFKC"), f"[{INVISIBLE}]", "")
    tidy = pc.utf8_trim(distinct, characters=" \t\r\n")
    if tidy.equals(encoded.dictionary):
        return Column(tidy, codes)
    again = tidy.dictionary_encode()
    return Column(again.dictionary, again.indices.to_numpy(zero_copy_only=False).astype(np.int32)[codes])
