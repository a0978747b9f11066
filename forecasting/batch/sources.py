"""Where channels come from: files that are read when their turn comes, and the rows of long tables.

A source is loaded where the batch was started, and read by a worker: what is sent has all that it takes, so that a
worker elsewhere needs none of the files. A file is one source, whatever it holds, unless it is large: then it is split
into its channels at once, in one pass.
"""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from glob import glob, has_magic
from pathlib import Path, PurePosixPath
from typing import Protocol

import pandas as pd

from forecasting.messages import BadInput
from forecasting.names import apart
from forecasting.reading import ChannelRows, Choice, split_channels
from forecasting.reading.containers import MAX_UNPACKED, is_workbook, read_entry
from forecasting.reading.words import file_rank

SPLIT_BYTES = 200_000  # from which a file is looked into at once: ten years of one channel take less
SUFFIXES = {".csv", ".tsv", ".tab", ".txt", ".xlsx", ".ods", ".xls", ".gz", ".zip"}
EXPORTS = file_rank("")  # of a file that is no part of an export
FROM_FILE = Choice()
FRAME = "frame"  # what a pandas table stands as in the results
NO_FILES = "there is no table in {place}"
NOT_OPENED = "cannot open {file}: {why}"

UNFORESEEN = "the file is out of the ordinary and cannot be read ({error})"
Place = str | Path


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

    def parts(self) -> Sequence[ChannelRows]:
        """Its channels, each to be read. Raises BadInput where there are none, or where it asks a question."""


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

    def parts(self) -> Sequence[ChannelRows]:
        """All that the file holds, but no sum of them."""
        return list(split_channels(self.data, self.file.rpartition(":")[2], self.choice))


@dataclass(frozen=True)
class FileSource:
    """A file, or one in a zip."""

    path: Path
    file: str  # as it is called in the results
    choice: Choice = Choice()
    member: str = ""

    def load(self) -> Loaded:
        """Its bytes."""
        try:
            data = _member(self.path, self.member) if self.member else self.path.read_bytes()
        except OSError as problem:
            return Refused(self.file, BadInput(NOT_OPENED, file=self.file, why=problem.strerror or problem))
        except BadInput as problem:
            return Refused(self.file, problem)
        return Content(self.file, data, self.choice)


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


def read(places: Place | pd.DataFrame | Iterable[Place], choice: Choice = FROM_FILE) -> list[Source]:
    """The channels of a folder, a glob, a file, a zip or several of these, in the order of their names.

    A single file is split into its channels, as is a table of pandas: columns such as unique_id, ds and y. Others are
    not opened yet. `choice` answers what files may ask. Raises BadInput where there is no file at all.
    """
    if isinstance(places, pd.DataFrame):
        return list(_split(Content(FRAME, places.to_csv(index=False).encode(), choice)))
    several = [places] if isinstance(places, str | Path) else list(places)
    files = list(dict.fromkeys(one for place in several for one in _files(Path(place), choice)))
    single = len(files) == 1
    return [source for file in files for source in (_split(file.load()) if single or _is_large(file) else (file,))]


def _files(place: Path, choice: Choice) -> Iterator[FileSource]:
    """Every table at a place, those in zips too."""
    found = list(_paths(place))
    if not found:
        raise BadInput(NO_FILES, place=place)
    for path, file in found:
        members = _members(path)
        if not members:
            yield FileSource(path, file, choice)
        yield from (FileSource(path, f"{file}:{member}", choice, member) for member in members)


def _paths(place: Path) -> Iterator[tuple[Path, str]]:
    """Files, each with what it is called in the results: in a folder by its way from there."""
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            inside = path.relative_to(place)
            hidden = any(part.startswith(".") for part in inside.parts)
            if path.is_file() and path.suffix.lower() in SUFFIXES and not hidden:
                yield path, inside.as_posix()
    elif has_magic(str(place)) and not place.exists():
        for name in sorted(glob(str(place), recursive=True)):
            yield from _paths(Path(name)) if Path(name).is_dir() else [(Path(name), Path(name).as_posix())]
    else:
        yield place, place.as_posix()


def _members(path: Path) -> list[str]:
    """The tables in a zip, if each of them is a file of its own; none in a channel's export, which is one file."""
    if path.suffix.lower() != ".zip":
        return []
    try:
        if is_workbook(path.read_bytes()):
            return []
        names = [one.filename for one in _archive(path).infolist() if not one.is_dir()]
    except (OSError, zipfile.BadZipFile):
        return []  # whoever reads it says why
    tables = [name for name in names if _is_table(PurePosixPath(name))]
    exported = any(file_rank(PurePosixPath(name).name) < EXPORTS for name in tables)
    return [] if exported else sorted(tables)


def _is_table(path: PurePosixPath) -> bool:
    junk = "__MACOSX" in path.parts or path.name.startswith(".")
    return not junk and path.suffix.lower() in SUFFIXES


@lru_cache(maxsize=1)
def _archive(path: Path) -> zipfile.ZipFile:
    """Opened once for all of its files: its directory may name thousands."""
    return zipfile.ZipFile(path)


def _member(path: Path, name: str) -> bytes:
    try:
        archive = _archive(path)
        entry = archive.getinfo(name)
    except (zipfile.BadZipFile, KeyError) as problem:
        raise OSError(str(problem)) from problem
    if entry.file_size > MAX_UNPACKED:
        raise BadInput("{name} unpacks to more than {limit} MB", name=name, limit=MAX_UNPACKED // 10**6)
    return read_entry(archive, entry)


def _is_large(file: FileSource) -> bool:
    try:
        size = _archive(file.path).getinfo(file.member).file_size if file.member else file.path.stat().st_size
    except (OSError, KeyError, zipfile.BadZipFile):
        return False
    return size > SPLIT_BYTES


def _split(file: Loaded) -> Iterator[Source]:
    """The channels of a file that is read now; a refusal where it cannot be."""
    if not isinstance(file, Content):
        yield file  # type: ignore[misc]  # a refusal, which is its own source
        return
    try:
        yield from [RowsSource(file.file, rows) for rows in split_channels(file.data, file.file, file.choice)]
    except BadInput as problem:
        yield Refused(file.file, problem)
    except Exception as error:
        yield Refused(file.file, BadInput(UNFORESEEN, error=f"{type(error).__name__}: {error}"))
