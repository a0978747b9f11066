"""One file -> the tables in it: rows of text cells, each column as its distinct words and a code a row."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from forecasting.errors import N_, BadInput
from forecasting.reading import words
from forecasting.reading.containers import Part
from forecasting.reading.dialect import HEAD, delimiter
from forecasting.reading.encodings import to_utf8
from forecasting.reading.shapes import look_like_dates

MAX_ROWS = 5_000_000
MAX_COLUMNS = 1_000
MAX_BLOCKS = 100  # tables in a file, comments and titles between them included
MAX_CELL_LINES = 20  # of a title
MAX_LINE = 1_000_000  # bytes
HEAD_ROWS = 300  # rows in which the first date must stand
TORN = 0.02  # share of rows that may have another number of cells than the rest
TOO_MANY_ROWS = N_("The file has more than {limit} million rows; upload a shorter period.")
ENDLESS_QUOTE = N_("The file has a quote that never ends; export it again.")
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
    text = _unify_ends(text)
    _check_size(text)
    separator = delimiter(text[:HEAD].decode(errors="ignore"))
    found: list[Table] = []
    complaints: list[BadInput] = []
    for block in _blocks(text, separator):
        try:
            found += _table(part.name, block, separator)
        except BadInput as complaint:
            if complaint.sentence != NO_DATE:
                raise
            complaints.append(complaint)
    if complaints and not found:
        raise complaints[0]
    return found


def _check_size(text: bytes) -> None:
    """Raise BadInput for too many rows, or for a row that no table has."""
    if text.count(b"\n") > MAX_ROWS:
        raise BadInput(TOO_MANY_ROWS, limit=MAX_ROWS // 10**6)
    start = 0
    while len(text) - start > MAX_LINE:
        start = text.rfind(b"\n", start, start + MAX_LINE) + 1
        if not start:
            raise BadInput(N_("A line of the file is endless, so it is no table; export it again."))


def _unify_ends(text: bytes) -> bytes:
    """Rows ended by one line feed. Python's csv on Windows writes two carriage returns, or an empty line after each."""
    if max(text.count(b"\n"), text.count(b"\r")) > 2 * MAX_ROWS:  # every other one may be empty
        raise BadInput(TOO_MANY_ROWS, limit=MAX_ROWS // 10**6)
    if b"\n" not in text:
        return text.replace(b"\r", b"\n")  # as old Macs end lines
    if b"\r\n" in text:
        text = text.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    if text.count(b"\n\n") > 0.4 * text.count(b"\n"):
        text = re.sub(rb"\n{2,}", b"\n", text)
    return text


def _blocks(text: bytes, separator: str) -> Iterator[bytes]:
    """The stretches of rows between empty rows and comments."""
    mark = separator.encode()
    if not text.startswith(b"#") and not any(
        gap in text for gap in (b"\n\n", b"\n#", b"\n" + mark * 2, b"\n" + mark + b"\n")
    ):
        yield text
        return
    block = io.BytesIO()
    pieces = 0
    for record, lines in _records(text, separator):
        if not _is_gap(record):
            block.writelines(line.encode() for line in lines)
        elif block.tell():
            yield block.getvalue()
            block = io.BytesIO()
            pieces += 1
        if pieces > MAX_BLOCKS:
            raise BadInput(N_("The table falls into more than {limit} pieces; export it again."), limit=MAX_BLOCKS)
    if block.tell():
        yield block.getvalue()


def _is_gap(record: list[str]) -> bool:
    if not any(cell.strip() for cell in record):
        return True
    # A lone # heads a column of row numbers; a comment has words after it.
    first = record[0].strip()
    return first.startswith("#") and (len(first) > 1 or not any(cell.strip() for cell in record[1:]))


def _records(text: bytes, separator: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each row's cells, with the lines it stands on: a quoted title may run over several."""
    lines: list[str] = []

    def feed() -> Iterator[str]:
        for line in io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", errors="replace", newline=""):
            lines.append(line)
            yield line

    try:
        for record in csv.reader(feed(), delimiter=separator):
            yield record, lines
            lines.clear()
    except csv.Error as error:
        raise BadInput(ENDLESS_QUOTE) from error


def _table(name: str, block: bytes, separator: str) -> list[Table]:
    """The table in a block; none where the block is no table. Raises BadInput where it has no dates or is torn."""
    head = [
        (record, sum(len(line.encode()) for line in lines))
        for record, lines in islice(_records(block, separator), HEAD_ROWS)
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
    torn: list[str] = []
    names = [str(i) for i in range(width)]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(block),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=quoted,
                invalid_row_handler=lambda row: torn.append(row.text or "") or "skip",
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, WORDS), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise BadInput(N_("The rows of the file cannot be told apart; export it again as CSV.")) from error
    if len(torn) > max(3, TORN * table.num_rows):
        raise BadInput(
            N_(
                "{rows} rows have another number of columns than the rest; put numbers that hold a separator in quotes."
            ),
            rows=len(torn),
        )
    cells = table.unify_dictionaries().columns
    del table
    columns = tuple(column(cells.pop(0)) for _ in names)
    if quoted and any(_swallows_rows(column.words) for column in (*columns, Column(pa.array(torn, pa.string()), None))):
        raise BadInput(ENDLESS_QUOTE)
    return columns, len(torn)


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
