"""Connections to a PostgreSQL server, which may be far away, restarted or frozen: nobody waits for it for ever."""

from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from psycopg.generators import PQGen
from psycopg.types.string import StrDumper

from forecasting.jobs.tables import without_broken_letters
from forecasting.jobs.troubles import ADDRESS, StoreTrouble

ANSWER_SECONDS = 20.0  # for one statement with all that it sends and brings: 64 MB take 26 Mbit/s
CONNECT_SECONDS = 5
IDLE_SECONDS = 60  # that a transaction may be left open, as by a worker that stands still
RECYCLE_SECONDS = 1800  # firewalls forget connections that nobody uses


class ImpatientConnection(psycopg.Connection):
    """One that is closed when an answer does not come: a server that is frozen keeps its connections open."""

    def wait(self, gen: PQGen, interval: float = 0.1, timeout: float | None = None) -> Any:
        """What the generator comes to. Raises OperationalError after ANSWER_SECONDS."""
        try:
            return super().wait(gen, interval, timeout or ANSWER_SECONDS)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # it is not the server's word: the connection is of no use any more
                self.pgconn.finish()
            raise


class LetterDumper(StrDumper):
    """PostgreSQL refuses a text with U+0000 wherever it stands, as in the id of a run in a link."""

    def dump(self, text: str) -> Any:
        """As the server takes it."""
        return super().dump(without_broken_letters(text))


def create_engine(url: sa.URL, *, patience: float, connections: int) -> sa.Engine:
    """An engine for a postgresql URL, of so many connections at most. Raises StoreTrouble for options that are none.

    Later on, sqlalchemy's TimeoutError comes where no connection is free for `patience` seconds, and an
    OperationalError where a lock is not.
    """
    try:
        make_conninfo("", **{name: str(value) for name, value in url.query.items()})
    except psycopg.ProgrammingError:
        raise StoreTrouble(ADDRESS) from None
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=_at_first(url),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=patience,
        pool_pre_ping=True,  # a server that was started again has lost them all
        pool_recycle=RECYCLE_SECONDS,
    )
    sa.event.listen(engine, "do_connect", _connect)
    sa.event.listen(engine, "connect", partial(_tune, patience))
    return engine


def _at_first(url: sa.URL) -> dict[str, object]:
    """What libpq is told, except for what the URL says itself."""
    settings: dict[str, object] = {
        "application_name": "viewcast",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "tcp_user_timeout": int(ANSWER_SECONDS * 1000),
        "client_encoding": "utf8",
        "prepare_threshold": None,  # a pooler in between gives each transaction another connection
    }
    return {name: value for name, value in settings.items() if name not in url.query}


def _connect(_dialect: sa.Dialect, _record: object, given: list, named: dict[str, Any]) -> psycopg.Connection:
    return ImpatientConnection.connect(*given, **named)


def _tune(patience: float, connection: psycopg.Connection, _record: object) -> None:
    """Not as options of the connection, which poolers refuse."""
    connection.adapters.register_dumper(str, LetterDumper)
    for name, seconds in (
        ("lock_timeout", patience),
        ("statement_timeout", ANSWER_SECONDS),
        ("idle_in_transaction_session_timeout", IDLE_SECONDS),
    ):
        connection.execute("SELECT set_config(%s, %s, false)", (name, f"{1000 * seconds:.0f}"))
    connection.commit()
