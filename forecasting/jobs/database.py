"""Opening a store: the database behind a URL, with the tables of this version."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import sqlalchemy as sa

from forecasting.jobs.migration import migrate
from forecasting.jobs.tables import metadata

PATIENCE = 5.0  # seconds that a page waits for its turn to write


def open_engine(url: str, patience: float = PATIENCE) -> sa.Engine:
    """A database with these tables, behind any SQLAlchemy URL. What an older version wrote is brought up to date.

    Where others write, SQLite waits for its turn for `patience` seconds and then raises an OperationalError.
    """
    engine = sa.create_engine(url, pool_timeout=patience)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", partial(_tune_sqlite, patience))
    try:
        _bring_up_to_date(engine)
    except sa.exc.DBAPIError:  # another server has been faster, where the database makes none wait: look again
        _bring_up_to_date(engine)
    return engine


def url_of(engine: sa.Engine) -> str:
    """The URL that opens it in another process."""
    return engine.url.render_as_string(hide_password=False)


def _bring_up_to_date(engine: sa.Engine) -> None:
    with _exclusive(engine) as connection:
        migrate(connection)
        metadata.create_all(connection)
        _add_columns(connection)


@contextmanager
def _exclusive(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction, tables included. In SQLite it begins when nobody else writes; left to itself, Python's driver
    would begin it at the first row only."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            yield connection
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _add_columns(connection: sa.Connection) -> None:
    """Give the tables of an older database the columns that came later. Those are all nullable, so its rows stay."""
    for table in metadata.sorted_tables:
        there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
        for column in table.c:
            if column.name not in there:
                connection.execute(sa.text(added_column(column, connection.dialect)))


def added_column(column: sa.Column, dialect: sa.Dialect) -> str:
    """The statement that adds a column to its table."""
    return f"ALTER TABLE {column.table.name} ADD COLUMN {sa.schema.CreateColumn(column).compile(dialect=dialect)}"


def _tune_sqlite(patience: float, connection, _record) -> None:
    """Readers do not block the writer, a writer waits for its turn, and deleting a job takes its rows along."""
    for pragma in (
        f"busy_timeout = {patience * 1000:.0f}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "journal_size_limit = 16777216",
    ):
        connection.execute(f"PRAGMA {pragma}")
