"""An .xlsx, .ods or .xls -> its sheets, written out as CSV: from there on a sheet is a file like any other.

python-calamine reads them: it is kept up, and many times as fast as openpyxl. It lays a sheet out as a full rectangle,
so the corners of every sheet are looked up first: one cell in the last column of the last row would take all memory.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from forecasting.messages import N_, BadInput
from forecasting.reading.containers import DAMAGED, Part, open_zip, read_entry
from forecasting.reading.old_workbook import extents

MAX_CELLS = 1_000_000  # of a sheet
MAX_ALL_CELLS = 3_000_000  # of all sheets
MAX_TEXT = 50_000_000  # bytes of the texts of all cells
MAX_ELEMENTS = 1_000_000  # of an .ods
MAX_SHEETS = 50
TOO_MANY_CELLS = N_("A sheet has more than {limit} cells; upload only the table with the daily views.")
ALL_TOO_MANY_CELLS = N_("The workbook has more than {limit} cells; upload only the table with the daily views.")
TOO_MUCH_TEXT = N_("The workbook holds more than {limit} MB of text; upload only the table with the daily views.")
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{0,9})(\d{1,9})[\"']")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_SHARED = re.compile(rb"\bt=[\"']s[\"'][^<>]{0,200}>\s{0,9}<(?:\w{1,9}:)?v>(\d{1,7})<")  # the number of a shared text
_TEXT_END = re.compile(rb"</(?:\w+:)?si>")


def sheets(data: bytes) -> Iterator[Part]:
    """All sheets with something in them. Raises BadInput where the workbook is damaged or out of bounds."""
    _check(data)
    with _told_plainly():
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names[:MAX_SHEETS]
    cells = 0
    for name in names:
        with _told_plainly():
            grid = book.get_sheet_by_name(name).to_python()
            text = _written_out(grid)
        if (cells := cells + len(grid) * max(map(len, grid), default=0)) > MAX_ALL_CELLS:
            raise BadInput(ALL_TOO_MANY_CELLS, limit=MAX_ALL_CELLS)
        if text.strip(b',"\n '):
            yield Part(name, text, native=True)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What python-calamine raises as BadInput; where its Rust code panics, that is no Exception."""
    try:
        yield
    except (CalamineError, ValueError, OSError, KeyError, OverflowError) as error:
        raise BadInput(DAMAGED) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise BadInput(DAMAGED) from error


def _written_out(grid: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_text(cell) for cell in row] for row in grid)
    return out.getvalue().encode(errors="replace")


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        text = str(int(cell)) if cell.is_integer() else repr(cell)
        # One zero more: 1.234 could be taken for a thousand and some.
        return text + "0" if re.fullmatch(r"-?\d{1,20}\.\d{3}", text) else text
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, timedelta):
        seconds = int(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _check(data: bytes) -> None:
    """Raise BadInput for a sheet larger than can be laid out."""
    if data[:2] != b"PK":
        rectangles = ((rows, columns) for rows, columns in extents(data, MAX_CELLS))
    else:
        archive = open_zip(data)
        if any(entry.filename.lower().endswith("workbook.bin") for entry in archive.infolist()):
            raise BadInput(N_("The workbook is a binary one (.xlsb); save it as .xlsx or CSV."))
        _check_text(archive)
        rectangles = (span for span in _rectangles(archive))
    for rows, columns in rectangles:
        if rows * columns > MAX_CELLS:
            raise BadInput(TOO_MANY_CELLS, limit=MAX_CELLS)


def _check_text(archive: zipfile.ZipFile) -> None:
    """Raise BadInput where cells that share long texts would hold too much, each its own copy."""
    parts = [(entry.filename.lower(), entry) for entry in archive.infolist()]
    texts = [read_entry(archive, entry) for name, entry in parts if name.endswith("sharedstrings.xml")]
    lengths = [len(text) for part in texts for text in _TEXT_END.split(part)]
    if not lengths:
        return
    total = 0
    for name, entry in parts:
        if not name.endswith("sharedstrings.xml"):
            found = (int(one) for one in _SHARED.findall(read_entry(archive, entry)))
            total += sum(lengths[one] for one in found if one < len(lengths))
    if total > MAX_TEXT:
        raise BadInput(TOO_MUCH_TEXT, limit=MAX_TEXT // 10**6)


def _rectangles(archive: zipfile.ZipFile) -> Iterator[tuple[int, int]]:
    """The rows and columns that each sheet spans, wherever in the archive it lies."""
    for entry in archive.infolist():
        part = read_entry(archive, entry)
        if entry.filename == "content.xml":
            yield from ((rows, columns) for rows, columns in _Spans().of(part))
        elif b"<" in part[:100] and _ROW.search(part):
            yield _corner(part)


def _corner(sheet: bytes) -> tuple[int, int]:
    """The last row and column that any cell of a sheet can stand in."""
    rows, letters, named = {0}, {b"A"}, 0
    for found in _REFERENCE.finditer(sheet):
        rows.add(int(found[2]))
        letters.add(found[1].upper())
        named += bool(found[1])
    columns = max(_column(word) for word in letters)
    if len(_CELL.findall(sheet)) > named:  # cells without a reference stand one after the other
        columns = max(columns, *(len(_CELL.findall(row)) for row in _ROW.split(sheet)))
    return max(max(rows), len(_ROW.findall(sheet))), columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class _Spans:
    """The sheets of an .ods, whose cells and rows say how often they repeat. Empty ones at the end do not count."""

    def __init__(self) -> None:
        self.found: list[list[int]] = []
        self.elements = self.row = self.column = self.repeated = self.text = 0
        self.times = 1  # that the cell is repeated in its row
        self.inside = False  # of a paragraph

    def of(self, content: bytes) -> list[list[int]]:
        """Rows and columns of each sheet. Raises BadInput where it is no XML, or too much of it."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._letters
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise BadInput(DAMAGED) from error
        return self.found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise BadInput(TOO_MANY_CELLS, limit=MAX_CELLS)
        if name == "table:table":
            self.found.append([0, 0])
            self.row = self.repeated = 0
        elif name == "table:table-row":
            self.row += self.repeated
            self.repeated, self.column = _times(attributes, "table:number-rows-repeated"), 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self.times = _times(attributes, "table:number-columns-repeated")
            self.column += self.times
            if "office:value-type" in attributes or "table:formula" in attributes:
                self._fill()
        elif name == "text:p":
            self.inside = True
            self._fill()

    def _end(self, name: str) -> None:
        self.inside = self.inside and name != "text:p"

    def _letters(self, text: str) -> None:
        """Each repetition of a cell has its own copy of its text."""
        if not self.inside:
            return
        self.text += len(text) * self.times * max(self.repeated, 1)
        if self.text > MAX_TEXT:
            raise BadInput(TOO_MUCH_TEXT, limit=MAX_TEXT // 10**6)

    def _fill(self) -> None:
        """There is something in the cell, and in all rows that repeat this one."""
        if self.found:
            rows, columns = self.found[-1]
            self.found[-1] = [max(rows, self.row + self.repeated), max(columns, self.column)]


def _times(attributes: dict[str, str], name: str) -> int:
    times = attributes.get(name, "1")
    return int(times) if times.isdecimal() and len(times) < 10 else MAX_CELLS + 1
