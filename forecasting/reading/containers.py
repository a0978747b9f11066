"""Uploaded bytes -> the files in them, each as bytes, within bounds. Nothing is ever written to disk."""

import gzip
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from forecasting.messages import N_, BadInput
from forecasting.reading.bounds import UPLOAD, Bounds
from forecasting.reading.words import visible

MAX_RATIO = 100  # unpacked to packed; a year of Chart data packs 10 to 20 to one
SMALL = 10_000_000  # unpacked bytes that are harmless whatever the ratio
MAX_FILES = 100  # in a zip that is an export
MAX_CHANNELS = 2_000  # files in a zip of which each may be a channel
MAX_MEMBERS = 1_000  # of a gzip
LONGEST_NAME = 255  # letters of a file's name, the last ones
CHUNK_BYTES = 1 << 20

FILLED = re.compile(rb"[^ \t\r\n\0\xef\xbb\xbf\xff\xfe]")  # more than white space and byte-order marks
TABLE_SUFFIXES = {".csv", ".tsv", ".tab", ".txt"}
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\1\0")
OLD = b"\xd0\xcf\x11\xe0"  # how documents of Office up to 2003 begin
DAMAGED = N_("The file is damaged or cut off; download it again.")
TOO_BIG = N_("The file unpacks to more than {limit} MB; upload only the table with the daily views.")


@dataclass(frozen=True)
class Part:
    """One file of an upload: its name without folders (Unicode NFC), and its bytes."""

    name: str
    data: bytes
    native: bool = False  # a sheet of a workbook, whose cells came typed


def unpack(data: bytes, filename: str, bounds: Bounds = UPLOAD) -> Iterator[Part]:
    """The tables in an upload, one at a time: itself, a workbook's sheets, or a zip's files. Raises BadInput."""
    if len(data) > bounds.packed:
        raise BadInput(N_("The file is larger than {limit} MB; upload a shorter period."), limit=bounds.packed // 10**6)
    if data[:2] == b"\x1f\x8b":
        name = bare(filename)
        yield Part(name[:-3] if name.lower().endswith(".gz") else name, _gunzip(data, bounds))
    elif is_workbook(data):
        from forecasting.reading.workbook import sheets  # noqa: PLC0415 -- most uploads are no workbooks

        yield from sheets(data)
    elif data[:4] in (b"PK\3\4", b"PK\5\6"):
        yield from _unzip(data)
    else:
        refuse_known(data)
        yield Part(bare(filename), data)


def bare(path: str) -> str:
    """The last part of a path, with composed letters: a Mac writes them apart."""
    return unicodedata.normalize("NFC", visible(PurePosixPath(path.replace("\\", "/")).name[-LONGEST_NAME:]))


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are an .xlsx, .ods or .xls, whatever the file is called."""
    if data[:2] == b"PK":
        return b"xl/workbook" in data or b"opendocument.spreadsheet" in data[:200]
    return data.startswith(OLD) and any(name.encode("utf-16-le") in data for name in ("Workbook", "Book"))


def refuse_known(data: bytes) -> None:
    """Raise BadInput for an empty file, and for kinds that are known by their first bytes and hold no table."""
    if not FILLED.search(data):
        raise BadInput(N_("The file is empty; export it again."))
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data.startswith(PICTURES) or start.startswith((b"<svg", b"%pdf")) or data[8:12] == b"WEBP":
        raise BadInput(N_("The file is a picture or a PDF; upload a table (CSV, xlsx or the zip of an export)."))
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<body", b"<table")):
        raise BadInput(N_("The file is a web page, often an error page saved as CSV; download the export again."))
    if data.startswith(OLD):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise BadInput(N_("The workbook has a password; save it without one."))
        raise BadInput(N_("The file is an old Office document; save its table as .xlsx or CSV."))


def _gunzip(data: bytes, bounds: Bounds) -> bytes:
    limit = _limit(len(data), bounds)
    if data.count(b"\x1f\x8b\x08") > MAX_MEMBERS + len(data) // 10**6:  # some stand there by chance
        raise BadInput(DAMAGED)
    unpacked = io.BytesIO()
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            while step := packed.read(CHUNK_BYTES):
                unpacked.write(step)
                if unpacked.tell() > limit:
                    raise BadInput(TOO_BIG, limit=limit // 10**6)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(DAMAGED) from error
    refuse_known(unpacked.getvalue())
    return unpacked.getvalue()


def files_in_zip(data: bytes) -> Iterator[tuple[str, bytes | BadInput]]:
    """Every file of a zip by its name, or why it cannot be unpacked. Raises BadInput where the zip cannot be opened."""
    archive = open_zip(data, MAX_CHANNELS)
    for entry in archive.infolist():
        if not _is_junk(entry):
            try:
                yield _entry_name(entry), read_entry(archive, entry)
            except BadInput as damaged:
                yield _entry_name(entry), damaged


def open_zip(data: bytes, most: int = MAX_FILES) -> zipfile.ZipFile:
    """The archive, after its directory was found to be small. Raises BadInput."""
    # Every entry of the directory starts with this mark, so no more of them can be than are counted.
    if data.count(b"PK\1\2") > most:
        raise BadInput(N_("The zip holds more than {limit} files; upload only the export."), limit=most)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BadInput(DAMAGED) from error
    if sum(entry.file_size for entry in archive.infolist()) > _limit(len(data)):
        raise BadInput(TOO_BIG, limit=_limit(len(data)) // 10**6)
    return archive


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One file of the archive. Raises BadInput where it is damaged or has a password."""
    if entry.flag_bits & 1:
        raise BadInput(N_("The zip has a password; unpack it and upload the table."))
    try:
        return archive.read(entry)  # reads no more than the size that was declared
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise BadInput(DAMAGED) from error


def _unzip(data: bytes) -> Iterator[Part]:
    archive = open_zip(data)
    tables = [entry for entry in archive.infolist() if _is_table(entry)]
    if not tables:
        if any(PurePosixPath(entry.filename).suffix.lower() in (".zip", ".gz") for entry in archive.infolist()):
            raise BadInput(N_("The zip holds another archive; unpack it and upload the table inside."))
        raise BadInput(N_("The zip holds no CSV file; upload the zip of the export."))
    for entry in tables:
        unpacked = read_entry(archive, entry)
        refuse_known(unpacked)
        yield Part(_entry_name(entry), unpacked)


def _is_table(entry: zipfile.ZipInfo) -> bool:
    suffix = PurePosixPath(entry.filename).suffix.lower()
    return not _is_junk(entry) and suffix in TABLE_SUFFIXES and entry.file_size > 0


def _is_junk(entry: zipfile.ZipInfo) -> bool:
    """A folder, or what a Mac adds."""
    path = PurePosixPath(entry.filename)
    return not entry.filename or entry.is_dir() or "__MACOSX" in path.parts or path.name.startswith(".")


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """A name stored as UTF-8 without saying so comes out of zipfile as cp437."""
    if entry.flag_bits & 0x800:
        return bare(entry.filename)
    try:
        return bare(entry.filename.encode("cp437").decode("utf-8"))
    except UnicodeError:
        return bare(entry.filename)


def _limit(packed: int, bounds: Bounds = UPLOAD) -> int:
    return min(bounds.unpacked, max(SMALL, MAX_RATIO * packed))
