"""Who is next: runs and studies wait in one line, and whoever works on one is watched for signs of life."""

import time
from typing import NamedTuple

import sqlalchemy as sa

from forecasting.messages import N_, BadInput
from forecasting.records import ACTIVE
from forecasting.runs.tables import from_reason, open_engine, runs, studies

SILENCE = 60.0  # seconds without a sign of life after which a worker is taken for gone
TABLES = {"run": runs, "study": studies}
GONE = {
    "run": N_("The worker that trained this run is gone; press Train to start it again."),
    "study": N_("The worker that was on this is gone; start it again."),
}


class Work(NamedTuple):
    """What a worker is to do next."""

    kind: str  # run or study
    id: str


class Line:
    """Behind one database URL; safe to use from several processes and threads at once."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    def claim_next(self) -> Work | None:
        """Mark what is next as running and return it; None where nothing waits.

        Whoever has the least running is next, then who waits longest: a hundred runs of one do not block another.
        """
        while (work := self._next()) is not None:
            table = TABLES[work.kind]
            with self.engine.begin() as connection:
                claim = sa.update(table).where(table.c.id == work.id, table.c.status == "queued")
                if connection.execute(claim.values(status="running", seen=time.time(), worker=None)).rowcount:
                    return work  # else another server was faster, and the next one is due
        return None

    def _next(self) -> Work | None:
        everything = sa.union_all(
            *(
                sa.select(sa.literal(kind).label("kind"), *(table.c[name] for name in ("id", "owner", "queued")))
                .add_columns(table.c.status)
                .where(table.c.status.in_(ACTIVE))
                for kind, table in TABLES.items()
            )
        )
        mine, others = everything.subquery(), everything.subquery()
        busy = sa.select(sa.func.count()).where(others.c.owner == mine.c.owner, others.c.status == "running")
        waiting = sa.select(mine.c.kind, mine.c.id).where(mine.c.status == "queued")
        with self.engine.connect() as connection:
            found = connection.execute(waiting.order_by(busy.scalar_subquery(), mine.c.queued).limit(1)).one_or_none()
        return Work(*found) if found else None

    def fail(self, work: Work, reason: BadInput) -> None:
        """Close what cannot go on, and say why."""
        close(self.engine, TABLES[work.kind], work.id, "failed", reason)

    def fail_silent(self) -> None:
        """Close what has had no sign of life from its worker for SILENCE seconds, as after a restarted server."""
        for kind, table in TABLES.items():
            stale = (table.c.status == "running") & (table.c.seen < time.time() - SILENCE)
            with self.engine.connect() as connection:
                gone = connection.execute(sa.select(table.c.id).where(stale)).scalars().all()
            for work_id in gone:
                self.fail(Work(kind, work_id), BadInput(GONE[kind]))


def asked(engine: sa.Engine, table: sa.Table, work_id: str, worker: int) -> str | None:
    """What the owner wants of the worker; what is deleted or another worker's shall stop."""
    query = sa.select(table.c.asked, table.c.worker, table.c.status).where(table.c.id == work_id)
    with engine.connect() as connection:
        found = connection.execute(query).one_or_none()
    return found.asked if found and found.worker == worker and found.status == "running" else "stop"


def close(engine: sa.Engine, table: sa.Table, work_id: str, status: str, reason: BadInput) -> None:
    """End what is waiting or under way, and keep the reason."""
    with engine.begin() as connection:
        still = sa.update(table).where(table.c.id == work_id, table.c.status.in_(ACTIVE))
        connection.execute(still.values(status=status, reason=from_reason(reason)))


def cancel(engine: sa.Engine, table: sa.Table, owner: str, work_id: str) -> None:
    """Ask for an end; what waits ends at once."""
    mine = (table.c.id == work_id) & (table.c.owner == owner)
    with engine.begin() as connection:
        connection.execute(sa.update(table).where(mine, table.c.status == "queued").values(status="stopped"))
        connection.execute(sa.update(table).where(mine, table.c.status == "running").values(asked="stop"))
