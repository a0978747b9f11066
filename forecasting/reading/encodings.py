"""Bytes in any of the usual encodings -> UTF-8 bytes."""

import codecs
import re

from forecasting.messages import N_, BadInput
from forecasting.reading.words import is_known

# The longer mark first: UTF-32's begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LEGACY = ("gb18030", "big5", "cp932", "cp1252")
UNIT = re.compile(r"\d[千万萬亿億]|\d年\d")  # of a count or a date
SAMPLED_BYTES = 65_536
CHUNK_BYTES = 1 << 20
NO_TEXT = N_("The file is not text; upload a table (CSV, xlsx or the zip of an export).")


def to_utf8(data: bytes) -> bytes:
    """The same text as UTF-8 without a byte-order mark. Raises BadInput where it is no text."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _recode(data[len(mark) :], encoding)
    wide = _wide(data)
    if wide:
        return _recode(data, wide)
    # Tab, line ends and form feed are text; other control characters are what a picture or a program is made of.
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", data[:SAMPLED_BYTES]) or b"\0" in data:
        raise BadInput(NO_TEXT)
    return data if _decodes(data, "utf-8") else _recode(data, _guess(data))


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of a table's digits and separators is zero."""
    head = data[:4096]
    half = len(head) // 2
    if half and head[1::2].count(0) > 0.6 * half and head[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and head[::2].count(0) > 0.6 * half and head[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _guess(data: bytes) -> str:
    """The old encoding in which the file reads: by a known header or unit where there is one, else by its letters."""
    lines = [line for line in data[: 64 * SAMPLED_BYTES].split(b"\n") if not line.isascii()]
    sample = b"\n".join(lines)[:SAMPLED_BYTES].rsplit(b"\n", 1)[0]
    fits = [name for name in LEGACY if _decodes(data, name)]
    for name in fits:
        text = sample.decode(name, "ignore")
        cells = re.split(r"[,;\t|\n]", text)
        if UNIT.search(text) or any(not cell.isascii() and is_known(cell) for cell in cells):
            return name
    from charset_normalizer import from_bytes  # noqa: PLC0415 -- most files are UTF-8

    best = from_bytes(sample, cp_isolation=[*fits, "euc_kr", "cp1251"]).best()
    if best is not None and _decodes(data, best.encoding):
        return best.encoding
    if not fits:
        raise BadInput(NO_TEXT)
    return fits[-1]


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        for _ in _steps(data, encoding):
            pass
    except UnicodeError:
        return False
    return True


def _recode(data: bytes, encoding: str) -> bytes:
    try:
        text = b"".join(step.encode() for step in _steps(data, encoding))
    except UnicodeError as error:
        raise BadInput(NO_TEXT) from error
    if b"\0" in text:
        raise BadInput(NO_TEXT)
    return text


def _steps(data: bytes, encoding: str):
    """Decoded a megabyte at a time: one emoji would make the whole file four bytes a letter."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), CHUNK_BYTES):
        yield decoder.decode(data[start : start + CHUNK_BYTES], final=start + CHUNK_BYTES >= len(data))
