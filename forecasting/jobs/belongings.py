"""All that one owner has in the store: how much it is, and how it goes."""

from dataclasses import dataclass

import sqlalchemy as sa

from forecasting.jobs.tables import channels, chapters, checkpoints, jobs, rows, runs
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
    mine = jobs.c.owner == owner
    with engine.connect() as connection:

        def count(table: sa.Table, *conditions) -> int:
            query = sa.select(sa.func.count()).select_from(table).where(table.c.owner == owner, *conditions)
            return connection.execute(query).scalar_one()

        newer = channels.alias()
        continued = sa.select(newer.c.continues).where(newer.c.owner == owner, newer.c.continues.is_not(None))
        sizes = (
            sa.select(_bytes(channels.c.views, channels.c.source)).where(channels.c.owner == owner),
            sa.select(_bytes(jobs.c.request, jobs.c.result, jobs.c.model)).where(mine),
            sa.select(_bytes(runs.c.predictions, runs.c.held_out_days)).join(jobs).where(mine),
            sa.select(_bytes(checkpoints.c.blob)).join(jobs).where(mine),
            sa.select(_bytes(rows.c.train_loss, rows.c.held_out_loss, rows.c.gradient_norm)).join(jobs).where(mine),
        )
        return Belongings(
            channels=count(channels, channels.c.fingerprint.not_in(continued)),
            runs=count(jobs, jobs.c.kind == "train"),
            forecasts=count(jobs, jobs.c.kind == "forecast", jobs.c.status == "finished"),
            active=count(jobs, jobs.c.status.in_(ACTIVE)),
            chapters=count(chapters),
            size=sum(int(connection.execute(query).scalar() or 0) for query in sizes),
        )


def delete_all(engine: sa.Engine, owner: str) -> None:
    """Delete all that the owner has, at once. What is worked on finds itself gone, stops, and reports to nobody."""
    with engine.begin() as connection:
        for table in (jobs, channels, chapters):
            connection.execute(sa.delete(table).where(table.c.owner == owner))


def _bytes(*columns: sa.Column):
    return sum((sa.func.coalesce(sa.func.sum(sa.func.length(column)), 0) for column in columns), sa.literal(0))
