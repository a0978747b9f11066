"""A whole store in another database: a backup in one SQLite file, and back into any store, as when one moves."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from forecasting.jobs.database import connect, open_engine, parse_url
from forecasting.jobs.tables import Floats, Json, metadata, schema_version
from forecasting.messages import BadInput

BATCH = 20  # rows at once; the largest have 64 MB
TABLES = [table for table in metadata.sorted_tables if table is not schema_version]


def back_up(url: str, file: Path) -> None:
    """Write the store at `url` to a new SQLite file, as it is at one moment; servers may go on meanwhile.

    An SQLite store is written as it is, whatever version of Viewcast it is of. Raises BadInput where there is such a
    file already.
    """
    if file.exists():
        raise BadInput("There is {file} already; a backup never writes over a file.", file=file)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    address = parse_url(url)
    if address.get_backend_name() == "sqlite":
        engine = sa.create_engine(address)  # as it is: what `connect` sets would change the file
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(part),))
    else:
        engine = open_engine(url)
        copy_rows(engine, _sqlite(part))
        _into_one_file(part)
    engine.dispose()
    os.replace(part, file)


def restore(file: Path, url: str) -> dict[str, int]:
    """Put all that a backup, or any SQLite store, holds into an empty store; rows by table. The file stays as it is.

    Raises BadInput where the file is none, or where the store holds something. Whole or not at all.
    """
    if not file.is_file():
        raise BadInput("There is no file {file}.", file=file)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "store.db")
        back_up(_sqlite(file), copy)  # which a newer version may bring up to date
        source = open_engine(_sqlite(copy))
        try:
            return copy_rows(source, url)
        finally:
            source.dispose()


def copy_rows(source: sa.Engine, target: str) -> dict[str, int]:
    """Copy every row, as it is at one moment, into the empty store at `target`; rows by table."""
    engine = open_engine(target)
    with _snapshot(source) as old, engine.begin() as new:
        if any(_count(new, table) for table in TABLES):
            raise BadInput("The store has channels or runs already. Name an empty one in VIEWCAST_STORE.")
        for table in TABLES:
            raw = _as_kept(table)
            for batch in old.execute(sa.select(raw), execution_options={"yield_per": BATCH}).partitions():
                new.execute(sa.insert(raw), [row._asdict() for row in batch])
        copied = {table.name: _count(new, table) for table in TABLES}
        if copied != {table.name: _count(old, table) for table in TABLES}:
            raise BadInput("Not every row has arrived; nothing was copied.")
    engine.dispose()
    return copied


@contextmanager
def _snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Whatever is read is of one moment."""
    level = {"sqlite": "AUTOCOMMIT", "postgresql": "REPEATABLE READ"}[engine.dialect.name]
    with engine.connect().execution_options(isolation_level=level) as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        yield connection
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")


def _as_kept(table: sa.Table) -> sa.TableClause:
    """The table with bytes and JSON as they lie there: what cannot be read is copied too."""
    kinds = {
        column.name: column.type.impl_instance if isinstance(column.type, Json | Floats) else column.type
        for column in table.c
    }
    return sa.table(table.name, *(sa.column(name, kind) for name, kind in kinds.items()))


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _sqlite(file: Path) -> str:
    return f"sqlite:///{file.absolute().as_posix()}"


def _into_one_file(database: Path) -> None:
    """Without the two files that SQLite has beside one in use."""
    engine = connect(_sqlite(database))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
    engine.dispose()
