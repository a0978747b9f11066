"""All that one owner has in the store: how much it is, and how it goes."""

from dataclasses import dataclass

import sqlalchemy as sa

from forecasting.jobs.blobs import let_go
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.quotas import bytes_kept
from forecasting.jobs.tables import channels, chapters, jobs, owners
from forecasting.records import ACTIVE


@dataclass(frozen=True)
class Belongings:
    """How much an owner has."""

    channels: int = 0  # those with newer versions counted once
    runs: int = 0
    forecasts: int = 0
    active: int = 0  # jobs that wait or are worked on
    chapters: int = 0  # of the walkthrough, opened
    size: int = 0  # bytes, about

    def __bool__(self) -> bool:
        return bool(self.channels or self.runs or self.forecasts or self.active or self.chapters)


def belongings(engine: sa.Engine, owner: str) -> Belongings:
    """How much the owner has."""
    with engine.connect() as connection:

        def count(table: sa.Table, *conditions) -> int:
            query = sa.select(sa.func.count()).select_from(table).where(table.c.owner == owner, *conditions)
            return connection.execute(query).scalar_one()

        newer = channels.alias()
        continued = sa.select(newer.c.continues).where(newer.c.owner == owner, newer.c.continues.is_not(None))
        return Belongings(
            channels=count(channels, channels.c.fingerprint.not_in(continued)),
            runs=count(jobs, jobs.c.kind == "train"),
            forecasts=count(jobs, jobs.c.kind == "forecast", jobs.c.status == "finished"),
            active=count(jobs, jobs.c.status.in_(ACTIVE)),
            chapters=count(chapters),
            size=round(bytes_kept(connection, owner)),
        )


def delete_all(engine: sa.Engine, owner: str) -> None:
    """Delete all that the owner has, at once. What is worked on finds itself gone, stops, and reports to nobody."""
    with engine.begin() as connection:
        lock_owner(connection, owner)
        for table in (jobs, channels, chapters, owners):
            connection.execute(sa.delete(table).where(table.c.owner == owner))
        let_go(connection)
