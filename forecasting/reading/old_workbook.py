"""How far the sheets of an .xls reach, read from its records without laying them out.

The file is a compound document (MS-CFB) whose stream "Workbook" holds records (MS-XLS): a type, a length and data.
"""

import struct
from collections.abc import Iterator

from forecasting.messages import N_, BadInput
from forecasting.reading.containers import DAMAGED

BEGIN, PASSWORD, SIZE = 0x0809, 0x002F, 0x0200
CELLS = {0x0203, 0x00FD, 0x027E, 0x0201, 0x0204, 0x0006, 0x0205, 0x00D6}  # a row and a column
SPANS = {0x00BD, 0x00BE}  # a row, a column, ... and the last column
STRINGS = 0x00FC
STREAM, ROOT = 2, 5  # kinds of entries in a directory
LAST_SECTOR = 0xFFFFFFFA  # higher numbers are marks
SMALL = 4096  # bytes of a stream below which it lies in the stream of small ones
HEADER_ENTRIES = 109  # of the table of tables, in the header


def extents(data: bytes, most: int) -> list[list[int]]:
    """Rows and columns of each sheet, the workbook's own part first. Raises BadInput for more than `most` records."""
    try:
        return _extents(_Document(data).workbook(), most)
    except (struct.error, IndexError, ValueError) as error:
        raise BadInput(DAMAGED) from error


def _extents(stream: bytes, most: int) -> list[list[int]]:
    found = [[0, 0]]
    for number, (kind, record) in enumerate(_records(stream)):
        if number > most:
            raise BadInput(
                N_("A sheet has more than {limit} cells; upload only the table with the daily views."), limit=most
            )
        if kind == PASSWORD:
            raise BadInput(N_("The workbook has a password; save it without one."))
        if kind == STRINGS and struct.unpack_from("<4xI", record)[0] > len(stream):
            raise BadInput(DAMAGED)
        if kind == BEGIN:
            found.append([0, 0])
        elif kind in CELLS or kind in SPANS:
            row, column = struct.unpack_from("<HH", record)
            if kind in SPANS:
                column = struct.unpack_from("<H", record, len(record) - 2)[0]
            found[-1] = [max(found[-1][0], row + 1), max(found[-1][1], column + 1)]
        elif kind == SIZE and len(record) >= 12:
            rows, columns = struct.unpack_from("<4xI2xH", record)
            found[-1] = [max(found[-1][0], rows), max(found[-1][1], columns)]
    return found


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


class _Document:
    """The streams of a compound document: chains of sectors, as its table says which follows which.

    All chains are followed once, for a reader that trusts them would go round one that bites its tail for ever. Raises
    ValueError where two share a sector, or where a size is larger than the file.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        shift, self.small_shift = struct.unpack_from("<HH", data, 30)
        if not (shift in (9, 12) and self.small_shift == 6):
            raise ValueError("sectors of an unknown size")
        self.size = 1 << shift
        self.sectors = len(data) // self.size
        if max(struct.unpack_from("<6xII16xI4xI", data, 34)) > self.sectors:
            raise ValueError("more sectors than there are")
        self.table = self._table()
        self.used: set[int] = set()
        self.directory = self._chain(struct.unpack_from("<I", data, 48)[0])
        packed = self._chain(struct.unpack_from("<I", data, 60)[0])
        self.small_table = struct.unpack(f"<{len(packed) // 4}I", packed)
        self.small_used: set[int] = set()
        self.root = b""
        self.streams = dict(self._streams())

    def workbook(self) -> bytes:
        """The stream of the workbook."""
        found = [self.streams[name] for name in ("Workbook", "Book") if name in self.streams]
        if not found:
            raise ValueError("no workbook in the document")
        return found[0]

    def _streams(self) -> Iterator[tuple[str, bytes]]:
        for at in range(0, len(self.directory) - 127, 128):
            entry = self.directory[at : at + 128]
            start, size = struct.unpack_from("<IQ" if self.size == 4096 else "<II", entry, 116)
            if entry[66] not in (STREAM, ROOT):
                continue
            if size > len(self.data):
                raise ValueError("a stream larger than the file")
            if entry[66] == ROOT:
                self.root = self._chain(start) if size else b""
            elif size:
                name = entry[: max(0, struct.unpack_from("<H", entry, 64)[0] - 2)].decode("utf-16-le", "replace")
                yield name, (self._small(start) if size < SMALL else self._chain(start))[:size]

    def _sector(self, number: int) -> bytes:
        return self.data[(number + 1) * self.size : (number + 2) * self.size]

    def _table(self) -> tuple[int, ...]:
        """For each sector the one that follows."""
        numbers = list(struct.unpack_from(f"<{HEADER_ENTRIES}I", self.data, 76))
        each = self.size // 4
        following, visited = struct.unpack_from("<I", self.data, 68)[0], set()
        while following < LAST_SECTOR:
            if following in visited:
                raise ValueError("a chain that bites its tail")
            visited.add(following)
            more = struct.unpack(f"<{each}I", self._sector(following))
            numbers += more[:-1]
            following = more[-1]
        whole = [self._sector(number) for number in numbers if number < self.sectors]
        return struct.unpack(f"<{each * len(whole)}I", b"".join(whole))

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in _follow(start, self.table, self.used))

    def _small(self, start: int) -> bytes:
        """A stream in the root's, whose sectors are smaller and have a table of their own."""
        numbers = _follow(start, self.small_table, self.small_used)
        return b"".join(self.root[n << self.small_shift : (n + 1) << self.small_shift] for n in numbers)


def _follow(start: int, table: tuple[int, ...], used: set[int]) -> Iterator[int]:
    """The chain of sectors from `start`, each of which is then used."""
    while start < len(table):
        if start in used:
            raise ValueError("a sector in two chains")
        used.add(start)
        yield start
        start = table[start]
