"""Channels that are not read yet: files that are loaded when their turn comes, and the rows of long tables.

A source is loaded where the batch was started, and read by a worker: what is sent has all that it takes, so that a
worker elsewhere needs none of the files.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from forecasting.messages import BadInput
from forecasting.names import apart
from forecasting.reading import ChannelRows, Choice, Question, read_views
from forecasting.reading.bounds import OWN_FILE
from forecasting.reading.containers import is_workbook, read_entry
from forecasting.reading.uploads import ZIP, channels_of
from forecasting.series import Channel

PARQUET = b"PAR1"
FROM_FILE = Choice()
NOT_OPENED = "The file cannot be opened: {why}."


class Loaded(Protocol):
    """A channel, or a file of some channels, that is in memory and not read yet. It can be sent to a worker."""

    @property
    def file(self) -> str:
        """Where it is from, as the results call it."""

    @property
    def name(self) -> str:
        """What it is called before it is read."""

    @property
    def digest(self) -> str:
        """Equal exactly where the same is read."""

    def parts(self) -> Sequence[ChannelRows | Channel]:
        """Its channels, each read or to be read. Raises BadInput where there are none, or where it asks a question."""


class Source(Protocol):
    """A channel, or a file of some channels, that can be loaded."""

    def load(self) -> Loaded:
        """Bring it into memory."""


@dataclass(frozen=True)
class Content:
    """A file's bytes."""

    file: str
    data: bytes
    choice: Choice

    @property
    def name(self) -> str:
        """What its channel is called while nobody knows better."""
        return apart(PurePosixPath(self.file.rpartition(":")[2]).stem, self.file)

    @property
    def digest(self) -> str:
        """Of the bytes, the name, and how they are to be read."""
        said = repr((self.file, self.choice)).encode()
        return hashlib.sha256(hashlib.sha256(self.data).digest() + said).hexdigest()

    def load(self) -> Loaded:
        """It is in memory."""
        return self

    def parts(self) -> Sequence[ChannelRows | Channel]:
        """All that the file holds, but no sum of them."""
        return _parts(self.data, self.file.rpartition(":")[2], self.choice)


@dataclass(frozen=True)
class FileSource:
    """A file, or one in a zip."""

    path: Path
    file: str  # as it is called in the results
    choice: Choice = FROM_FILE
    member: str = ""

    def load(self) -> Loaded:
        """Its bytes."""
        try:
            data = _member(self.path, self.member) if self.member else self.path.read_bytes()
        except OSError as problem:
            return _not_opened(self.file, problem)
        except BadInput as problem:
            return Refused(self.file, problem)
        return Content(self.file, data, self.choice)


@dataclass(frozen=True)
class ExportSource:
    """The export of one channel that was unpacked: the tables of a folder."""

    paths: tuple[Path, ...]
    file: str  # the folder
    choice: Choice = FROM_FILE

    def load(self) -> Loaded:
        """Packed again, as the reader knows it."""
        packed = io.BytesIO()
        try:
            with zipfile.ZipFile(packed, "w") as archive:
                for path in self.paths:
                    archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
        except OSError as problem:
            return _not_opened(self.file, problem)
        return Content(self.file, packed.getvalue(), self.choice)


@dataclass(frozen=True)
class RowsSource:
    """A channel of a table that was split."""

    file: str
    rows: ChannelRows

    @property
    def name(self) -> str:
        return self.rows.name

    @property
    def digest(self) -> str:
        """Of its rows, and the file's name."""
        return f"{self.rows.digest} {self.file}"

    def load(self) -> Loaded:
        """It is in memory."""
        return self

    def parts(self) -> Sequence[ChannelRows]:
        """The one channel."""
        return [self.rows]


@dataclass(frozen=True)
class Refused:
    """A file that cannot be read, with its reason."""

    file: str
    problem: BadInput

    @property
    def name(self) -> str:
        return apart(PurePosixPath(self.file).stem, self.file)

    @property
    def digest(self) -> str:
        """Of the reason."""
        return f"{self.file} {self.problem}"

    def load(self) -> Loaded:
        """There is nothing to bring."""
        return self

    def parts(self) -> Sequence[ChannelRows]:
        """Raises the reason."""
        raise self.problem


def open_archive(path: Path) -> zipfile.ZipFile:
    """Opened once for all of its files: its directory may name thousands."""
    return _opened(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _opened(path: Path, _written: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _member(path: Path, name: str) -> bytes:
    try:
        archive = open_archive(path)
        entry = archive.getinfo(name)
    except (zipfile.BadZipFile, KeyError) as problem:
        raise OSError(str(problem)) from problem
    if entry.file_size > OWN_FILE.unpacked:
        raise BadInput("{name} unpacks to more than {limit} MB.", name=name, limit=OWN_FILE.unpacked // 10**6)
    return read_entry(archive, entry)


def _not_opened(file: str, problem: OSError) -> Refused:
    return Refused(file, BadInput(NOT_OPENED, why=problem.strerror or problem))


def _without_parquet(data: bytes) -> bytes:
    """A Parquet file as CSV, so that there is one reader; anything else as it is."""
    if not data.startswith(PARQUET):
        return data
    try:
        table = pq.read_table(pa.BufferReader(data))
        text = pa.BufferOutputStream()
        pyarrow.csv.write_csv(table, text)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as problem:
        raise BadInput("The Parquet file cannot be read ({why}).", why=problem) from problem
    return text.getvalue().to_pybytes()


def _parts(data: bytes, filename: str, choice: Choice) -> Sequence[ChannelRows | Channel]:
    """The channels of a file. What it asks and there is but one answer to, such as its only column, is answered so."""
    try:
        if data.startswith(ZIP) and not is_workbook(data):
            return [read_views(data, filename, choice)]  # of one channel's export
        return channels_of(_without_parquet(data), filename, choice, OWN_FILE)
    except Question as question:
        if len(question.options) > 1:
            raise
        answered: dict[str, Any] = {question.asks: question.options[0][0]}
        return _parts(data, filename, replace(choice, **answered))
