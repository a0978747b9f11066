"""What a host looks at: the queue, the workers, and how much the store takes. Of nobody in particular."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from forecasting.jobs.machine import resident_memory
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.tables import jobs
from forecasting.records import ACTIVE


@dataclass(frozen=True)
class QueueState:
    """The jobs of one kind that are not done."""

    kind: str
    waiting: int
    running: int
    oldest_wait: float | None  # seconds that the first of those waiting has waited


@dataclass(frozen=True)
class WorkerState:
    """A place for one job at a time, and the process that does it."""

    process: int | None  # None where none is up: it starts with the next job
    memory: float  # MB
    kind: str | None  # of the job it is at
    seconds: float | None  # since when


def queue_states(engine: sa.Engine) -> list[QueueState]:
    """A line a kind that has any, whose longest wait comes first."""
    counted = sa.select(jobs.c.kind, jobs.c.status, sa.func.count().label("count"), sa.func.min(jobs.c.queued))
    with engine.connect() as connection:
        found = connection.execute(counted.where(jobs.c.status.in_(ACTIVE)).group_by(jobs.c.kind, jobs.c.status)).all()
    now = time.time()
    waiting = {kind: (count, max(now - oldest, 0.0)) for kind, status, count, oldest in found if status == "queued"}
    running = {kind: count for kind, status, count, _oldest in found if status == "running"}
    states = [
        QueueState(kind, waiting.get(kind, (0, None))[0], running.get(kind, 0), waiting.get(kind, (0, None))[1])
        for kind in sorted({*waiting, *running})
    ]
    return sorted(states, key=lambda state: -(state.oldest_wait or 0))


def worker_states(pool: WorkerPool) -> list[WorkerState]:
    """A line a slot of this server."""
    return [
        WorkerState(
            process=slot.process,
            memory=memory_of(slot.process) if slot.process else 0.0,
            kind=slot.claim.kind if slot.claim else None,
            seconds=time.monotonic() - slot.since if slot.claim else None,
        )
        for slot in pool.watched_slots()
    ]


def memory_of(process: int) -> float:
    """MB that a process of this machine takes; 0 where the system does not tell or it is gone."""
    return resident_memory(Path(f"/proc/{process}/statm")) / 1e6


def server_memory() -> float:
    """MB that this process takes."""
    return memory_of(os.getpid())


def store_size(engine: sa.Engine) -> float:
    """MB that the store takes: SQLite's files, else what the database server says; 0 where it cannot say."""
    if engine.dialect.name == "sqlite":
        database = Path(engine.url.database or "")
        parts = (database.with_name(database.name + ending) for ending in ("", "-wal", "-shm"))
        return sum(part.stat().st_size for part in parts if part.is_file()) / 1e6
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one() / 1e6
