"""An .xlsx -> the tables in its sheets.

python-calamine reads it: it is kept up, and many times as fast as openpyxl. It lays a sheet out as a full rectangle, so
the corners of every sheet are looked up first: one cell in the last column of the last row would take all memory.
"""

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from forecasting.messages import N_, BadInput
from forecasting.reading.containers import DAMAGED, Part, open_zip, read_entry
from forecasting.reading.tables import Table, tables

MAX_CELLS = 1_000_000
MAX_SHEETS = 50
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{0,9})(\d{1,9})[\"']")


def sheets(data: bytes) -> list[Table]:
    """The tables of all sheets. Raises BadInput where the workbook is damaged or out of bounds."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 -- most uploads are no workbooks

    _check_cells(open_zip(data))
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = [(name, book.get_sheet_by_name(name).to_python()) for name in book.sheet_names[:MAX_SHEETS]]
    except (CalamineError, ValueError, OSError, KeyError) as error:
        raise BadInput(DAMAGED) from error
    return [replace(table, native=True) for name, grid in grids for table in _readable(name, grid)]


def _readable(name: str, grid: list[list[object]]) -> list[Table]:
    """The tables of a sheet, written out as CSV: from there on it is a file like any other."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_text(cell) for cell in row] for row in grid)
    text = out.getvalue().encode()
    return tables(Part(name, text)) if text.strip(b',"\n ') else []


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        text = str(int(cell)) if cell.is_integer() else repr(cell)
        # One zero more: 1.234 could be taken for a thousand and some.
        return text + "0" if re.fullmatch(r"-?\d+\.\d{3}", text) else text
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, timedelta):
        seconds = int(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _check_cells(archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        if not re.search(r"worksheets/[^/]+\.xml$", entry.filename, re.I):
            continue
        rows, columns = _corner(read_entry(archive, entry))
        if rows * columns > MAX_CELLS:
            raise BadInput(
                N_("A sheet has more than {limit} cells; upload only the table with the daily views."), limit=MAX_CELLS
            )


def _corner(sheet: bytes) -> tuple[int, int]:
    """The last row and column that any cell of a sheet can stand in."""
    rows, letters = {0}, {b"A"}
    for found in _REFERENCE.finditer(sheet):
        rows.add(int(found[2]))
        letters.add(found[1].upper())
    columns = max(_column(word) for word in letters)
    # Cells may come without a reference; then they stand one after the other.
    cells = len(re.findall(rb"<(?:\w+:)?c[\s/>]", sheet))
    return max(max(rows), len(re.findall(rb"<(?:\w+:)?row[\s/>]", sheet))), max(
        columns, min(cells, 1) if len(rows) > 1 else cells
    )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
