"""A database that others keep to themselves."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else can write the SQLite file meanwhile."""
    with contextlib.closing(sqlite3.connect(database, timeout=60, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()
