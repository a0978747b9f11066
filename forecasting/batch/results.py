"""The table of a batch while it grows: pieces, one a share, each known by the identities of its channels.

A piece is written whole or not at all. Once all are there they become one file, in the order of the sources, and go;
what stands in that file is known to the next call.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from forecasting.batch.places import PIECES
from forecasting.batch.settings import Batch
from forecasting.csv_cells import plain_cell, write_rows
from forecasting.messages import BadInput

FIRST = {"channel": "string", "file": "string", "metric": "string"}
LAST = {"reason": "string", "corrections": "int64", "identity": "string"}
TAKEN = "another call has written {file} meanwhile; call again for what it lacks"
GROUP_ROWS = 100_000  # of a Parquet file that are read at once
LOST = "The process that worked on this channel ended, each time it was tried."
OTHER_TABLE = "{file} holds something else than a batch of task “{task}”; choose another name or delete it"


def schema_of(batch: Batch) -> pa.Schema:
    """The columns of the table: channel, file, the task's own, reason, corrections, identity."""
    columns = FIRST | dict(batch.work.columns) | LAST
    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in columns.items()])


def pieces_of(out: Path) -> Path:
    """The folder of what is done already, while the file `out` is not whole."""
    return out.with_name(out.name + PIECES)


@dataclass(frozen=True)
class Counts:
    """How far a batch is: channels with and without an answer, and sources (a file or channel each) of all."""

    answered: int = 0
    refused: int = 0
    sources: int = 0  # that are done
    known: int = 0  # of these, what an earlier call has done
    total: int = 0

    def __add__(self, more: "Counts") -> "Counts":
        return Counts(**{name: value + getattr(more, name) for name, value in vars(self).items()})

    @property
    def channels(self) -> int:
        """All that are done."""
        return self.answered + self.refused


@dataclass(frozen=True)
class _Known:
    """Where the rows of a source stand, and how many of its channels have an answer."""

    piece: int
    answered: int
    refused: int


class Results:
    """The rows that are known, in memory or, with `out`, in a folder beside that file until it is whole."""

    def __init__(self, batch: Batch, out: Path | None = None) -> None:
        self.batch, self.out, self.schema = batch, out, schema_of(batch)
        self._folder = out and pieces_of(out)
        self._pieces: list[pa.Table | tuple[Path, int]] = []  # a table, or a file and a group of its rows
        self._known: dict[str, _Known] = {}
        self._read = lru_cache(maxsize=4)(self._read_piece)
        if out and out.exists():
            self._open(out)
        if self._folder and self._folder.exists():
            for path in sorted(self._folder.glob("*.parquet")):
                self._open(path)

    def __contains__(self, identity: str) -> bool:
        return identity in self._known

    def add(self, piece: pa.Table) -> None:
        """Take the rows of a share. What is in a file is there whole once this returns."""
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{piece['identity'][0].as_py()}.parquet"
            _write_whole(path, piece)
            self._index(piece, (path, 0))
        else:
            self._index(piece, piece)

    def counts(self, identities: Sequence[str]) -> Counts:
        """Of these sources, which are known."""
        known = [self._known[one] for one in identities]
        return Counts(sum(one.answered for one in known), sum(one.refused for one in known), sources=len(known))

    def finish(self, identities: Sequence[str]) -> None:
        """Write the file, the rows of these sources in this order; the pieces go."""
        if self.out is None:
            return
        self.out.parent.mkdir(parents=True, exist_ok=True)
        new = self.out.with_name(self.out.name + ".new")
        (_write_csv if _is_csv(self.out) else _write_parquet)(new, self.schema, self.tables(identities))
        os.replace(new, self.out)
        if self._folder and self._folder.exists():
            shutil.rmtree(self._folder)

    def frame(self, identities: Sequence[str]) -> pd.DataFrame:
        """The rows of these sources in this order, once the file is written; days are datetimes."""
        if self.out is None:
            table = pa.concat_tables([self.schema.empty_table(), *self.tables(identities)])
        else:
            table = _read_csv(self.out, self.schema) if _is_csv(self.out) else pq.ParquetFile(self.out).read()
        return table.to_pandas(date_as_object=False).drop(columns="identity")

    def tables(self, identities: Sequence[str]) -> Iterator[pa.Table]:
        """The rows of these sources in this order, those of a piece together."""
        for piece, those in groupby(identities, key=lambda one: self._known[one].piece):
            table, rows = self._read(piece)
            yield table.take(np.concatenate([rows[one] for one in those]))

    def _read_piece(self, piece: int) -> tuple[pa.Table, dict[str, np.ndarray]]:
        """A piece, and the rows of each identity."""
        where = self._pieces[piece]
        try:
            table = where if isinstance(where, pa.Table) else pq.ParquetFile(where[0]).read_row_group(where[1])
        except FileNotFoundError as problem:
            raise BadInput(TAKEN, file=self.out) from problem
        return table, table["identity"].to_pandas().groupby(table["identity"].to_pandas()).indices

    def _index(self, piece: pa.Table, where: pa.Table | tuple[Path, int]) -> None:
        """Note whose rows a piece has."""
        self._pieces.append(where)
        answers = piece.select(["identity", "channel"]).append_column("answered", pc.is_null(piece["reason"]))
        by_channel = answers.to_pandas().groupby(["identity", "channel"], sort=False)["answered"].any()
        for identity, answered in by_channel.groupby("identity", sort=False):
            self._known[identity] = _Known(len(self._pieces) - 1, int(answered.sum()), int((~answered).sum()))

    def _open(self, path: Path) -> None:
        """Take what a file has that an earlier call has written. Raises BadInput where it is of another task."""
        refusal = BadInput(OTHER_TABLE, file=path, task=self.batch.task)
        try:
            if _is_csv(path):
                piece = _done(_read_csv(path, self.schema))
                self._index(piece, piece)
                return
            file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, ValueError) as problem:
            raise refusal from problem
        if file.schema_arrow.names != self.schema.names:
            raise refusal
        for group in range(file.num_row_groups):
            self._index(_done(file.read_row_group(group)), (path, group))


def _done(piece: pa.Table) -> pa.Table:
    """The rows that need not be worked out again: of a channel that lost its worker nobody knows."""
    return piece.filter(pc.fill_null(pc.not_equal(piece["reason"], LOST), True))


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _write_whole(path: Path, piece: pa.Table) -> None:
    """Under its name once it is whole, so that nobody ever reads half of it."""
    new = path.with_suffix(".new")
    pq.write_table(piece, new)
    os.replace(new, path)


def _write_parquet(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """In groups of GROUP_ROWS or more, however small the tables are."""
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, schema) as writer:
        for table in tables:
            waiting.append(table)
            if sum(one.num_rows for one in waiting) >= GROUP_ROWS:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def _write_csv(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Numbers with all their digits, every text safe for a spreadsheet."""
    with path.open("w", encoding="utf-8", newline="") as out:
        write_rows(out, [schema.names])
        for table in tables:
            write_rows(out, (row.values() for row in table.to_pylist()))


def _read_csv(path: Path, schema: pa.Schema) -> pa.Table:
    """What `_write_csv` wrote. Raises ValueError where it was something else."""
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    convert = pa.csv.ConvertOptions(column_types=schema, strings_can_be_null=True, null_values=[""])
    table = pa.csv.read_csv(path, parse_options=parse, convert_options=convert)
    if table.column_names != schema.names:
        raise ValueError("the columns are others")
    for place, field in enumerate(schema):
        if pa.types.is_string(field.type):
            plain = [cell and plain_cell(cell) for cell in table.column(place).to_pylist()]
            table = table.set_column(place, field, pa.array(plain, field.type))
    return table
