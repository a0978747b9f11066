"""Opening a store: the database behind a URL, SQLite or PostgreSQL, with the tables of this version."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

from forecasting.jobs.migration import migrate
from forecasting.jobs.tables import SCHEMA_VERSION, metadata, schema_version
from forecasting.jobs.troubles import ADDRESS, DAMAGED, DRIVER, NEWER, StoreTrouble, trouble_of
from forecasting.messages import N_, Message

PATIENCE = 5.0  # seconds that a page waits for its turn to write
CONNECTIONS = 10  # of a server's pages at once; a PostgreSQL server has 100 for all by default
CREATING = 0x7669_6577  # the number of the lock under which a PostgreSQL server lets one create or change tables
SET_ASIDE = N_(
    "The store was damaged, and a new one has been begun. Channels and runs of before are in “{file}” beside it, "
    "as far as they can still be read."
)


def open_store(url: str) -> tuple[sa.Engine, Message | None]:
    """What `open_engine` gives, for a server that begins. A damaged SQLite file is set aside, and that is said."""
    address = parse_url(url)
    if address.get_backend_name() != "sqlite":  # it sees to its files itself
        return open_engine(url), None
    database = Path(address.database or "")
    found = database.stat().st_ino if database.is_file() else None
    try:
        return _open_whole(url), None
    except (sa.exc.DatabaseError, StoreTrouble) as error:
        trouble = trouble_of(error)
        if not (found and trouble and trouble.is_damage):
            raise
    if database.stat().st_ino != found:  # another server has set it aside and begun anew meanwhile
        return _open_whole(url), None
    said = Message(SET_ASIDE, {"file": _set_aside(database).name})
    return open_engine(url), said


def open_engine(url: str, patience: float = PATIENCE, connections: int = CONNECTIONS) -> sa.Engine:
    """A database with these tables. What an older version wrote is brought up to date.

    Where others write, one waits for its turn for `patience` seconds; then an OperationalError is raised.
    Raises StoreTrouble for a URL that is none, and where a newer version has written; that store is left as it is.
    """
    engine = connect(url, patience, connections)
    with _closed_on_error(engine):
        _bring_up_to_date(engine)
    return engine


def connect(url: str, patience: float = PATIENCE, connections: int = CONNECTIONS) -> sa.Engine:
    """A database as it is, with or without tables. Raises StoreTrouble for a URL that is none."""
    address = parse_url(url)
    if address.get_backend_name() == "postgresql":
        return _postgresql().create_engine(address, patience=patience, connections=connections)
    engine = sa.create_engine(address, pool_size=connections, max_overflow=0, pool_timeout=patience)
    sa.event.listen(engine, "connect", partial(_tune_sqlite, patience))
    return engine


def parse_url(url: str) -> sa.URL:
    """An SQLite or PostgreSQL URL. Raises StoreTrouble, which never repeats it: it may hold a password."""
    try:
        address = sa.make_url(url.strip())
    except (sa.exc.ArgumentError, ValueError):  # as of a port that is none, since a password has a colon
        raise StoreTrouble(ADDRESS) from None
    if address.get_backend_name() == "postgres":  # as some hosts write it
        address = address.set(drivername="postgresql")
    if address.get_backend_name() == "postgresql" and url.count("@") > 1:  # a part of the password would be the server
        raise StoreTrouble(ADDRESS)
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreTrouble(ADDRESS)
    return address


def _postgresql() -> ModuleType:
    """Loaded where it is needed only."""
    try:
        from forecasting.jobs import postgresql  # noqa: PLC0415  needs a package that SQLite does not
    except ImportError as error:
        raise StoreTrouble(DRIVER) from error
    return postgresql


def url_of(engine: sa.Engine) -> str:
    """The URL that opens it in another process."""
    return engine.url.render_as_string(hide_password=False)


def _open_whole(url: str) -> sa.Engine:
    """An SQLite file that is looked through."""
    engine = open_engine(url)
    with _closed_on_error(engine), engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if str(found).startswith("***"):  # a page; a row with an impossible value is no reason to begin anew
            raise StoreTrouble(DAMAGED)
    return engine


@contextmanager
def _closed_on_error(engine: sa.Engine) -> Iterator[None]:
    """A file that is still open keeps its name on Windows."""
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def _set_aside(database: Path) -> Path:
    """Rename a database file and what SQLite has beside it; nothing is ever written over. The file's new place."""
    name = stem = f"{database.name}.damaged-{time.strftime('%Y-%m-%d')}"
    number = 2
    while database.with_name(name).exists():
        name, number = f"{stem}-{number}", number + 1
    for ending in ("-wal", "-shm", ""):  # what belongs to the file first: a new one must not find it
        if (part := database.with_name(database.name + ending)).exists():
            part.rename(database.with_name(name + ending))
    return database.with_name(name)


def _bring_up_to_date(engine: sa.Engine) -> None:
    if engine.dialect.name == "postgresql" and _is_up_to_date(engine):
        return  # each job opens the store: without a lock, and without looking at each table by itself
    with _exclusive(engine) as connection:
        _refuse_newer(connection)
        migrate(connection)
        metadata.create_all(connection)
        _add_columns(connection)
        if not connection.execute(sa.select(schema_version)).all():
            connection.execute(sa.insert(schema_version), {"version": SCHEMA_VERSION})
        nothing = sa.update(schema_version).where(sa.false())  # SQLite says only at a write that it cannot
        connection.execute(nothing.values(version=SCHEMA_VERSION))


def _is_up_to_date(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        _refuse_newer(connection)
        return not _missing_columns(connection)


def _refuse_newer(connection: sa.Connection) -> None:
    """Stores of before had no number."""
    if not sa.inspect(connection).has_table(schema_version.name):
        return
    written = connection.execute(sa.select(sa.func.max(schema_version.c.version))).scalar()
    if written and written > SCHEMA_VERSION:
        raise StoreTrouble(NEWER)


@contextmanager
def _exclusive(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction, tables included, that begins when nobody else has one of these. Left to itself, Python's driver
    for SQLite would begin it at the first row only."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(CREATING)))
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
    for column in _missing_columns(connection):
        connection.execute(sa.text(added_column(column, connection.dialect)))


def _missing_columns(connection: sa.Connection) -> list[sa.Column]:
    tables = sa.inspect(connection).get_multi_columns().items()
    there = {(table, column["name"]) for (_schema, table), columns in tables for column in columns}
    return [column for table in metadata.sorted_tables for column in table.c if (table.name, column.name) not in there]


def added_column(column: sa.Column, dialect: sa.Dialect) -> str:
    """The statement that adds a column to its table."""
    return f"ALTER TABLE {column.table.name} ADD COLUMN {sa.schema.CreateColumn(column).compile(dialect=dialect)}"


def _tune_sqlite(patience: float, connection, _record) -> None:
    """Readers do not block the writer, a writer waits for its turn, and deleting a job takes its rows along."""
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # one bad letter costs no list of runs
    if not connection.execute("PRAGMA page_count").fetchone()[0]:  # a new file: its free pages can be given back
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    for pragma in (
        f"busy_timeout = {patience * 1000:.0f}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "journal_size_limit = 16777216",
    ):
        connection.execute(f"PRAGMA {pragma}")
