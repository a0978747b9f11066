"""Stores as every released version wrote them, put into a database of today.

That of 0.1.0 holds an invented channel of 120 days, of two owners, and five runs in every state; that of 0.2.0 also
has answers of workers.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from forecasting.jobs.database import connect

FOLDER = Path(__file__).parents[1] / "forecasting" / "jobs"
RELEASED = {"0.1.0": FOLDER / "version_0_1" / "store.sql", "0.2.0": FOLDER / "version_0_2" / "store.db"}


def write_released(version: str, url: str) -> str:
    """Fill the empty database at `url` with the store of a version, and return the URL."""
    source = _in_memory(RELEASED[version])
    target = connect(url)
    with closing(source.raw_connection()), source.connect() as old, target.begin() as new:
        tables = _as_created_in(target, source)
        tables.create_all(new)
        for table in tables.sorted_tables:
            found = [row._asdict() for row in old.execute(sa.select(table))]
            if found:
                new.execute(sa.insert(table), found)
    target.dispose()
    source.dispose()
    return url


def _in_memory(kept: Path) -> sa.Engine:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    memory = engine.raw_connection().driver_connection
    if kept.suffix == ".sql":
        memory.executescript(kept.read_text("utf-8"))
    else:
        with closing(sqlite3.connect(f"{kept.as_uri()}?mode=ro&immutable=1", uri=True)) as file:
            file.backup(memory)
    return engine


def _as_created_in(target: sa.Engine, source: sa.Engine) -> sa.MetaData:
    """The source's tables in the types of the target: what SQLite calls a BLOB is a bytea elsewhere."""
    tables = sa.MetaData()
    tables.reflect(source)
    if target.dialect.name != "sqlite":
        for table in tables.sorted_tables:
            for column in table.c:
                column.type = column.type.as_generic()
    return tables


def contents(url: str) -> dict[str, list]:
    """All that is in a database, by table, as it is kept."""
    engine, tables = connect(url), sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in tables.sorted_tables
        }
    engine.dispose()
    return found
