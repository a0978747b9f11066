"""The text of a file -> its stretches of rows, between empty rows and comments."""

import csv
import io
import re
from collections.abc import Iterator

from forecasting.messages import N_, BadInput
from forecasting.reading.bounds import UPLOAD, Bounds

MAX_LINE = 1_000_000  # bytes
MAX_BLOCKS = 5_000  # stretches between empty rows
MAX_COLUMNS = 1_000
LONGEST_CELL = 1_000  # letters of a cell that anything looks at
TOO_MANY_PIECES = N_("The table falls into more than {limit} pieces; export it again.")
TOO_MANY_ROWS = N_("The file has more than {limit} million rows; upload a shorter period.")
ENDLESS_QUOTE = N_("The file has a quote that never ends; export it again.")

csv.field_size_limit(1 << 28)  # Python's own limit of 131 072 letters refuses a long note; check_size bounds the rest

# An empty row or a comment. A lone # heads a column of row numbers, #1001 is an order; a comment has words after it.
GAP = re.compile(rb"^(?:#(?!\d{0,12}[,;\t|]).*|[,;\t| ]*)$\n?", re.MULTILINE)


def check_size(text: bytes, bounds: Bounds = UPLOAD) -> None:
    """Raise BadInput for too many rows, or for a row that no table has."""
    if text.count(b"\n") > bounds.rows:
        raise BadInput(TOO_MANY_ROWS, limit=bounds.rows // 10**6)
    start = 0
    while len(text) - start > MAX_LINE:
        start = text.rfind(b"\n", start, start + MAX_LINE) + 1
        if not start:
            raise BadInput(N_("The file has a line without an end, so it is no table; export it again."))


def unify_ends(text: bytes, bounds: Bounds = UPLOAD) -> bytes:
    """Rows ended by one line feed. Python's csv on Windows writes two carriage returns, or an empty line after each."""
    if max(text.count(b"\n"), text.count(b"\r")) > 2 * bounds.rows:  # every other one may be empty
        raise BadInput(TOO_MANY_ROWS, limit=bounds.rows // 10**6)
    if b"\n" not in text:
        return text.replace(b"\r", b"\n")  # as old Macs end lines
    if b"\r\n" in text:
        text = text.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    if text.count(b"\n\n") > 0.4 * text.count(b"\n"):
        text = re.sub(rb"\n{2,}", b"\n", text)
    return text


def blocks(text: bytes, separator: str) -> Iterator[bytes]:
    """The stretches of rows. Raises BadInput where there are too many to be tables."""
    mark = b"\n" + separator.encode()
    if not text.startswith(b"#") and not any(gap in text for gap in (b"\n\n", b"\n#", mark + mark[1:], mark + b"\n")):
        yield text
        return
    pieces = 0
    for block in _quoted(text, separator) if b'"' in text else _unquoted(text):
        if block:
            yield block
            pieces += 1
        if pieces > MAX_BLOCKS:
            raise BadInput(TOO_MANY_PIECES, limit=MAX_BLOCKS)


def _unquoted(text: bytes) -> Iterator[bytes]:
    start = 0
    for gap in GAP.finditer(text):
        yield text[start : gap.start()]
        start = gap.end()
    yield text[start:]


def _quoted(text: bytes, separator: str) -> Iterator[bytes]:
    """As without quotes, except that a title may hold what looks like a gap."""
    block = io.BytesIO()
    for record, lines in records(text, separator):
        if not any(cell.strip() for cell in record) or GAP.fullmatch(lines[0].encode()):
            yield block.getvalue()
            block = io.BytesIO()
        else:
            block.writelines(line.encode() for line in lines)
    yield block.getvalue()


def records(text: bytes, separator: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each row's cells, with the lines it stands on: a quoted title may run over several.

    Of a long row the first MAX_COLUMNS cells and one more, each cut at LONGEST_CELL letters.
    """
    lines: list[str] = []

    def feed() -> Iterator[str]:
        for line in io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", errors="replace", newline=""):
            lines.append(line)
            yield line

    try:
        for record in csv.reader(feed(), delimiter=separator):
            long = sum(map(len, lines)) > LONGEST_CELL
            yield [cell[:LONGEST_CELL] for cell in record[: MAX_COLUMNS + 1]] if long else record, lines
            lines.clear()
    except csv.Error as error:
        raise BadInput(ENDLESS_QUOTE) from error
