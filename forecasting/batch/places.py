"""What a folder, a glob, a file, a zip or a table of pandas comes to: its channels, as sources.

A file is one source, whatever it holds, unless it is large or the only one: then it is split into its channels at once,
in one pass.
"""

import zipfile
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path, PurePosixPath

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecasting.batch.sources import (
    FROM_FILE,
    Content,
    ExportSource,
    FileSource,
    Loaded,
    Refused,
    RowsSource,
    Source,
    open_archive,
)
from forecasting.messages import BadInput
from forecasting.reading import ChannelRows, Choice
from forecasting.reading.containers import is_workbook
from forecasting.reading.words import is_of_export

SPLIT_BYTES = 200_000  # from which a file is looked into at once: ten years of one channel take less
SUFFIXES = {".csv", ".tsv", ".tab", ".txt", ".xlsx", ".ods", ".xls", ".gz", ".zip", ".parquet"}
RESULT = ("channel", "file")  # how the columns of a batch's own table begin
PIECES = ".pieces"  # how the folder of what is done already ends
FRAME = "frame"  # what a pandas table stands as in the results
NO_FILES = "there is no table in {place}"
UNFORESEEN = "The file is out of the ordinary and cannot be read ({error})."
Place = str | Path


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


def _files(place: Path, choice: Choice) -> Iterator[FileSource | ExportSource]:
    """Every table at a place, those in zips too; an unpacked export is one."""
    found = list(_paths(place))
    if not found:
        raise BadInput(NO_FILES, place=place)
    exports = _exports(path for path, _file in found) if place.is_dir() else {}
    for path, file in found:
        if path.parent in exports:
            folder = place if path.parent == place else path.parent.relative_to(place)
            yield ExportSource(exports[path.parent], folder.as_posix(), choice)
            continue
        members = _members(path)
        if not members:
            yield FileSource(path, file, choice)
        yield from (FileSource(path, f"{file}:{member}", choice, member) for member in members)


def _exports(paths: Iterable[Path]) -> dict[Path, tuple[Path, ...]]:
    """Folders whose tables are all called like those of one channel's export, with these."""
    by_folder: dict[Path, list[Path]] = {}
    for path in paths:
        by_folder.setdefault(path.parent, []).append(path)
    return {
        folder: tuple(tables)
        for folder, tables in by_folder.items()
        if len(tables) > 1 and all(is_of_export(table.name) for table in tables)
    }


def _paths(place: Path) -> Iterator[tuple[Path, str]]:
    """Files, each with what it is called in the results: in a folder by its way from there."""
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            inside = path.relative_to(place)
            if path.is_file() and _is_table(PurePosixPath(inside)) and not _is_result(path):
                yield path, inside.as_posix()
    elif has_magic(str(place)) and not place.exists():
        for path in map(Path, sorted(glob(str(place), recursive=True))):
            if path.is_dir():
                yield from _paths(path)
            elif not _is_result(path):
                yield path, path.as_posix()
    else:
        yield place, place.as_posix()


def _members(path: Path) -> list[str]:
    """The tables in a zip, if each of them is a file of its own; none in a channel's export, which is one file."""
    if path.suffix.lower() != ".zip":
        return []
    try:
        if is_workbook(path.read_bytes()):
            return []
        names = [one.filename for one in open_archive(path).infolist() if not one.is_dir()]
    except (OSError, zipfile.BadZipFile):
        return []  # whoever reads it says why
    tables = [name for name in names if _is_table(PurePosixPath(name))]
    folders = {PurePosixPath(name).parent for name in tables}
    exported = len(folders) == 1 and all(is_of_export(PurePosixPath(name).name) for name in tables)
    return [] if exported else sorted(tables)


def _is_table(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" or part.endswith(PIECES) for part in path.parts)
    return not hidden and path.suffix.lower() in SUFFIXES


def _is_result(path: Path) -> bool:
    """Whether a batch has written it: it may lie in the folder that the batch reads."""
    try:
        if path.suffix.lower() == ".parquet":
            return tuple(pq.read_schema(path).names[: len(RESULT)]) == RESULT
        with path.open("rb") as file:
            return file.readline(100).startswith(",".join((*RESULT, "")).encode())
    except (OSError, pa.ArrowInvalid):
        return False  # whoever reads it says why


def _is_large(file: FileSource | ExportSource) -> bool:
    if isinstance(file, ExportSource):
        return False
    try:
        size = open_archive(file.path).getinfo(file.member).file_size if file.member else file.path.stat().st_size
    except (OSError, KeyError, zipfile.BadZipFile):
        return False
    return size > SPLIT_BYTES


def _split(file: Loaded) -> Iterator[Source]:
    """The channels of a file that is read now; a refusal where it cannot be."""
    if not isinstance(file, Content):
        yield file  # type: ignore[misc]  # a refusal, which is its own source
        return
    try:
        yield from [RowsSource(file.file, part) if isinstance(part, ChannelRows) else file for part in file.parts()]
    except BadInput as problem:
        yield Refused(file.file, problem)
    except Exception as error:
        yield Refused(file.file, BadInput(UNFORESEEN, error=f"{type(error).__name__}: {error}"))
