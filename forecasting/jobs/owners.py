"""Whose the channels and jobs are: when each owner was last seen, and whose turn it is."""

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from forecasting.jobs.tables import owners

INSERTS: dict[str, Any] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}  # those that pass over a row that is there


def lock_owner(connection: sa.Connection, owner: str, **values: object) -> None:
    """Wait for one's turn to change what this owner has, and keep it until the transaction ends.

    To be called before anything is read in the transaction: what is read then stays true until it ends. `values` are
    columns to be set.
    """
    mine = sa.update(owners).where(owners.c.owner == owner).values(values or {"seen": time.time()})
    if not connection.execute(mine).rowcount:
        note_owners(connection, [owner])
        connection.execute(mine)


def note_owners(connection: sa.Connection, names: list[str]) -> None:
    """Put down owners, as seen just now; those that are known stay as they are."""
    insert = INSERTS[connection.dialect.name](owners).on_conflict_do_nothing()
    rows = [{"owner": name, "seen": time.time(), "turn": 0} for name in names]
    if rows:
        connection.execute(insert, rows)


def note_visit(engine: sa.Engine, owner: str) -> None:
    """The owner has opened a page."""
    with engine.begin() as connection:
        lock_owner(connection, owner)
