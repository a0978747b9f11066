"""Who is next: jobs of all kinds wait in one queue, and whoever works on one gives heartbeats."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from forecasting.jobs.blobs import file_of, keep_file
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.failures import failure
from forecasting.jobs.kinds import JOB_KINDS
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.runs import write_training
from forecasting.jobs.tables import WAITING, jobs, owners
from forecasting.json_records import to_json
from forecasting.messages import Message
from forecasting.records import ACTIVE, Progress
from forecasting.series import Channel

RESTARTS = 2  # of a job whose worker and server are gone; one that takes its server along each time ends then
BEAT = sa.func.coalesce(jobs.c.beats, 0) + 1


class Claim(NamedTuple):
    """A job that is to be worked on now."""

    id: str
    kind: str


class Waiting(NamedTuple):
    """A job that waits."""

    id: str
    kind: str
    owner: str


class Place(NamedTuple):
    """Where a job stands in the queue."""

    before: int  # jobs that are begun earlier
    seconds: float | None  # until it is begun, where that is known


@dataclass(frozen=True)
class Started:
    """A job that a worker has begun, with all that it needs for it."""

    owner: str
    kind: str
    channel: Channel
    request: Any
    model: bytes | None


class JobQueue:
    """Safe to use from several processes and threads at once. No owner has more than `at_once` jobs running."""

    def __init__(self, engine: sa.Engine, at_once: float = math.inf) -> None:
        self.engine, self.at_once = engine, at_once

    def claim_next(self) -> Claim | None:
        """Mark what is next as running and return it; None where nothing waits, or whoever waits has enough running.

        Whoever has the least running is next, then whose last turn is longest ago: a hundred jobs of one owner keep
        nobody else waiting for more than one of them.
        """
        with self.engine.connect() as connection:
            waiting = serving_order(*_waiting(connection), at_once=self.at_once)
        return next(filter(None, map(self._claim, waiting)), None)

    def place(self, job_id: str) -> Place | None:
        """Where a job stands in the queue; None for one that does not wait."""
        with self.engine.connect() as connection:
            ids = [one.id for one in serving_order(*_waiting(connection))]
            running = connection.execute(sa.select(jobs.c.share, jobs.c.seconds).where(jobs.c.status == "running"))
            left = sorted(one.seconds / one.share * (1 - one.share) if one.share else math.inf for one in running)
        if job_id not in ids:
            return None
        before = ids.index(job_id)
        soon = left[before] if before < len(left) else math.inf  # as many end before a slot is free for it
        return Place(before, soon if math.isfinite(soon) else None)

    def _claim(self, one: Waiting) -> Claim | None:
        """None where another server was faster, or has given the owner enough to do meanwhile."""
        last = sa.select(sa.func.max(owners.c.turn) + 1).scalar_subquery()
        waiting = sa.update(jobs).where(jobs.c.id == one.id, jobs.c.status == "queued")
        with self.engine.begin() as connection:
            lock_owner(connection, one.owner, turn=sa.func.coalesce(last, 1))
            if _running(connection).get(one.owner, 0) >= self.at_once:
                return None
            claimed = connection.execute(waiting.values(status="running", beats=BEAT, worker=None)).rowcount
        return Claim(one.id, one.kind) if claimed else None

    def start(self, job_id: str, worker: int) -> Started | None:
        """What the worker needs; None where the job was deleted or taken by another worker."""
        free = (jobs.c.id == job_id) & (jobs.c.status == "running") & jobs.c.worker.is_(None)
        with self.engine.begin() as connection:
            begun = sa.update(jobs).where(free).values(worker=worker, beats=BEAT)
            if not connection.execute(begun).rowcount:
                return None
            names = (jobs.c[name] for name in ("owner", "kind", "fingerprint", "request", "model"))
            found = connection.execute(sa.select(*names).where(jobs.c.id == job_id)).one()
            model = found.model or file_of(connection, job_id, "model")
        channel = ChannelStore(self.engine).channel(found.owner, found.fingerprint)
        if channel is None:  # deleted just now, and the job with it
            return None
        return Started(found.owner, found.kind, channel, JOB_KINDS[found.kind].read(found.request), model)

    def requested(self, job_id: str, worker: int) -> str | None:
        """What the owner wants of the worker; what is deleted, given up or another worker's shall stop.

        Of a job that the worker itself has just ended nothing more is wanted.
        """
        query = sa.select(jobs.c.requested, jobs.c.worker, jobs.c.status).where(jobs.c.id == job_id)
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        return found.requested if found and found.worker == worker and found.status != "failed" else "stop"

    def hold(self, job_ids: Collection[str]) -> None:
        """Heartbeats for running jobs from the server whose workers have them, loading or at it.

        Waits for its turn to write even where there is none: whoever comes back from here knows that the store answers.
        """
        held = jobs.c.id.in_(job_ids) & (jobs.c.status == "running")
        with self.engine.begin() as connection:
            connection.execute(sa.update(jobs).where(held).values(beats=BEAT))

    def heartbeat(self, job_id: str, worker: int, **values: object) -> None:
        """The worker is alive."""
        with self.engine.begin() as connection:
            connection.execute(_beat(job_id, worker, values))

    def report(self, job_id: str, worker: int, progress: Progress, *, seconds: float = 0.0) -> None:
        """Put down all that is new, at once; nothing where the job is deleted or another worker's.

        `seconds` are those since the worker began.
        """
        values: dict[str, object] = {"share": progress.share, "seconds": seconds}
        if progress.result is not None:
            values["result"] = to_json(progress.result)
        if progress.status is not None:
            values |= {"status": progress.status, "requested": None}
        with self.engine.begin() as connection:
            if not connection.execute(_beat(job_id, worker, values)).rowcount:
                return
            if progress.model is not None:
                keep_file(connection, job_id, "model", progress.model)
            if progress.training:
                write_training(connection, job_id, progress.training)

    def fail(self, job_id: str, reason: Message) -> None:
        """Close what cannot go on, and say why."""
        active = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.status.in_(ACTIVE))
        with self.engine.begin() as connection:
            connection.execute(active.values(status="failed", reason=reason))

    def beats(self) -> dict[str, int]:
        """How many heartbeats each running job has had, by id."""
        query = sa.select(jobs.c.id, jobs.c.beats).where(jobs.c.status == "running")
        with self.engine.connect() as connection:
            return {found.id: found.beats or 0 for found in connection.execute(query)}

    def take_over(self, job_id: str, beats: int) -> None:
        """Queue a job again that its worker and its server have left, unless a heartbeat has come after `beats`.

        A training run goes on from its last checkpoint. One that was left more than RESTARTS times has failed.
        """
        left = (jobs.c.id == job_id) & (jobs.c.status == "running") & (sa.func.coalesce(jobs.c.beats, 0) == beats)
        with self.engine.begin() as connection:
            found = connection.execute(sa.select(jobs.c.kind, jobs.c.restarts).where(left)).one_or_none()
            if found is None:
                return
            restarts = (found.restarts or 0) + 1
            ended = {"status": "failed", "reason": failure("gone", found.kind)}
            values = WAITING | {"restarts": restarts} if restarts <= RESTARTS else ended
            connection.execute(sa.update(jobs).where(left).values(values))


def serving_order(
    waiting: Sequence[Waiting], running: Mapping[str, int], turns: Mapping[str, int], *, at_once: float = math.inf
) -> list[Waiting]:
    """Jobs as they will be begun: round-robin among owners, those first who have less running or had no turn for long.

    `waiting` are in the order in which they were queued; `running` and `turns` by owner. Left out are the jobs that
    their owner has too much running for.
    """
    found, queued = [], Counter[str]()
    for number, one in enumerate(waiting):
        rounds = running.get(one.owner, 0) + queued[one.owner]
        queued[one.owner] += 1
        if rounds < at_once:
            found.append(((rounds, turns.get(one.owner, 0), number), one))
    return [one for _key, one in sorted(found, key=itemgetter(0))]


def _waiting(connection: sa.Connection) -> tuple[list[Waiting], dict[str, int], dict[str, int]]:
    query = sa.select(jobs.c.id, jobs.c.kind, jobs.c.owner).where(jobs.c.status == "queued").order_by(jobs.c.queued)
    waiting = [Waiting(*found) for found in connection.execute(query)]
    known = sa.select(owners.c.owner, owners.c.turn).where(owners.c.owner.in_({one.owner for one in waiting}))
    return waiting, _running(connection), {found.owner: found.turn for found in connection.execute(known)}


def _running(connection: sa.Connection) -> dict[str, int]:
    """How many jobs of each owner are being worked on."""
    query = (
        sa.select(jobs.c.owner, sa.func.count().label("jobs")).where(jobs.c.status == "running").group_by(jobs.c.owner)
    )
    return {found.owner: found.jobs for found in connection.execute(query)}


def _beat(job_id: str, worker: int, values: dict[str, object]) -> sa.Update:
    mine = (jobs.c.id == job_id) & (jobs.c.worker == worker) & (jobs.c.status == "running")
    return sa.update(jobs).where(mine).values(values | {"beats": BEAT})
