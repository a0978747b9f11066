"""A database that others keep to themselves."""

import contextlib
from collections.abc import Iterator

from forecasting.jobs.database import connect
from forecasting.jobs.tables import metadata


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    """Nobody else can write the store meanwhile; reading goes on."""
    engine = connect(url, patience=60)
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    kept = {"sqlite": "BEGIN IMMEDIATE", "postgresql": f"LOCK TABLE {tables} IN EXCLUSIVE MODE"}
    with engine.connect() as other:
        other.exec_driver_sql(kept[engine.dialect.name])
        yield
    engine.dispose()
