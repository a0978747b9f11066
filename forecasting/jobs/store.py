"""One owner's jobs in the store, as a page sees them. What was submitted before is not worked on again."""

import hashlib
import time
from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import NamedTuple

import sqlalchemy as sa

from forecasting.hosting import UNLIMITED, Hosting
from forecasting.jobs.blobs import file_of, keep_file
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.kinds import JOB_KINDS, kind_of
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.quotas import admit
from forecasting.jobs.tables import WAITING, channels, jobs, readable
from forecasting.jobs.work import refuse_too_much
from forecasting.json_records import to_json
from forecasting.messages import BadInput, Message
from forecasting.records import Job
from forecasting.series import Channel

ENDED = ("stopped", "failed")  # states that a job is queued again from


class JobState(NamedTuple):
    """How far a job is."""

    id: str
    fingerprint: str  # of the channel's views
    status: str  # a Status
    queued: float  # seconds since 1970
    share: float  # of the work that is done, 0 to 1
    seconds: float  # since its worker began


class JobStore:
    """Safe to use from several processes and threads at once. What is submitted is held to the host's `limits`."""

    def __init__(self, engine: sa.Engine, limits: Hosting = UNLIMITED) -> None:
        self.engine, self.limits = engine, limits

    def submit(self, owner: str, channel: Channel, request: object, *, model: bytes | None = None) -> str:
        """Put a job in the queue and return its id. One that is finished or under way is left as it is.

        `request` is a record of forecasting.jobs.requests; training runs are submitted to RunStore. `model` is the
        model file that is asked about; the request should tell model files apart.

        Raises BadInput, which says what to do, where the host does not allow one more or one so large.
        """
        refuse_too_much(request, self.limits)
        job_id = id_of(owner, channel.fingerprint, request)
        ChannelStore(self.engine).save_if_new(owner, channel)
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            status = connection.execute(sa.select(jobs.c.status).where(jobs.c.id == job_id)).scalar()
            if status in (None, *ENDED):
                admit(connection, owner, self.limits)
                _queue(connection, job_id, owner, channel.fingerprint, request, status=status)
            if model is not None and status in (None, *ENDED):
                keep_file(connection, job_id, "model", model)
        return job_id

    def submit_each(self, owner: str, asked: Sequence[tuple[str, object]]) -> tuple[Message | None, int]:
        """Put jobs in the queue, in order: each a kept channel's fingerprint and what is asked of it, as in `submit`.

        Those that are finished or under way are left as they are, and channels removed meanwhile are passed over.
        Returns why the host does not allow more, and how
        many at the end are not in the queue for that reason: None and 0 where all are.
        """
        mine = sa.select(jobs.c.id, jobs.c.status).where(jobs.c.owner == owner)
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            known = {found.id: found.status for found in connection.execute(mine)}
            kept = set(connection.execute(sa.select(channels.c.fingerprint).where(channels.c.owner == owner)).scalars())
            for place, (fingerprint, request) in enumerate(asked):
                job_id = id_of(owner, fingerprint, request)
                if fingerprint not in kept or (status := known.get(job_id)) not in (None, *ENDED):
                    continue
                try:
                    refuse_too_much(request, self.limits)
                    admit(connection, owner, self.limits)
                except BadInput as refusal:
                    return refusal.message, len(asked) - place
                _queue(connection, job_id, owner, fingerprint, request, status=status)
        return None, 0

    def states(self, owner: str, kind: str | None = None) -> list[JobState]:
        """How far the owner's jobs are, of one kind or of all, latest first: without what they are about."""
        query = sa.select(*(jobs.c[name] for name in JobState._fields)).where(jobs.c.owner == owner)
        query = query.where(jobs.c.kind == kind) if kind else query
        with self.engine.connect() as connection:
            return [JobState(*found) for found in connection.execute(query.order_by(jobs.c.queued.desc()))]

    def results(self, owner: str, job_ids: Collection[str]) -> dict[str, tuple[Job, str | None]]:
        """Jobs by id, in one query, with what is known so far of each as JSON."""
        columns = *(jobs.c[one.name] for one in fields(Job)), jobs.c.result
        query = sa.select(*columns).where(jobs.c.owner == owner, jobs.c.id.in_(job_ids))
        with self.engine.connect() as connection:
            found = readable(connection.execute(query), lambda row: (_job(row), row.result))
        return {job.id: (job, result) for job, result in found}

    def job(self, owner: str, job_id: str | None) -> Job | None:
        """The owner's job, or None."""
        found = self._jobs(owner, jobs.c.id == job_id)
        return found[0] if found else None

    def find(self, owner: str, fingerprint: str, request: object) -> Job | None:
        """The job of exactly this request, or None where it was not submitted."""
        return self.job(owner, id_of(owner, fingerprint, request))

    def jobs(self, owner: str, fingerprint: str, kind: str) -> list[Job]:
        """The owner's jobs of one kind on one channel, latest first."""
        return self.jobs_on(owner, [fingerprint], kind)

    def jobs_on(self, owner: str, versions: Sequence[str], kind: str) -> list[Job]:
        """The owner's jobs of one kind on any of these versions of a channel, by fingerprint; latest first."""
        return self._jobs(owner, jobs.c.fingerprint.in_(versions) & (jobs.c.kind == kind))

    def _jobs(self, owner: str, condition) -> list[Job]:
        query = sa.select(*(jobs.c[one.name] for one in fields(Job))).where(jobs.c.owner == owner, condition)
        with self.engine.connect() as connection:
            return readable(connection.execute(query.order_by(jobs.c.queued.desc())), _job)

    def result(self, owner: str, job_id: str) -> str | None:
        """What is known so far, as JSON; whole once the job has finished. None before there is anything."""
        query = sa.select(jobs.c.result).where(jobs.c.id == job_id, jobs.c.owner == owner)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar()

    def model(self, owner: str, job_id: str) -> bytes | None:
        """The model file that came with the result, else the one that was asked about, as safetensors."""
        query = sa.select(jobs.c.model).where(jobs.c.id == job_id, jobs.c.owner == owner)
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
            return (found.model or file_of(connection, job_id, "model")) if found else None

    def cancel(self, owner: str, job_id: str) -> None:
        """Ask for an end. What waits or is paused stops at once, a training run before its next update."""
        self.cancel_each(owner, [job_id])

    def cancel_each(self, owner: str, job_ids: Collection[str]) -> None:
        """The same of many."""
        self._ask(owner, job_ids, requested="stop", at_once="stopped")

    def pause(self, owner: str, run_id: str) -> None:
        """Ask a training run to stand aside, to go on later from where it stood."""
        self._ask(owner, [run_id], requested="pause", at_once="paused")

    def _ask(self, owner: str, job_ids: Collection[str], *, requested: str, at_once: str) -> None:
        mine = jobs.c.id.in_(job_ids) & (jobs.c.owner == owner)
        waiting = jobs.c.status.in_(("queued", "paused"))
        with self.engine.begin() as connection:
            connection.execute(sa.update(jobs).where(mine, waiting).values(status=at_once))
            connection.execute(sa.update(jobs).where(mine, jobs.c.status == "running").values(requested=requested))


def _queue(
    connection: sa.Connection, job_id: str, owner: str, fingerprint: str, request: object, *, status: str | None
) -> None:
    """A new job, or one that has ended with this `status`."""
    fresh = WAITING | {"queued": time.time(), "model": None}
    if status is None:
        record = {"id": job_id, "owner": owner, "kind": kind_of(request), "fingerprint": fingerprint}
        connection.execute(sa.insert(jobs), record | {"request": to_json(request)} | fresh)
    else:
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(fresh))


def _job(row: sa.Row) -> Job:
    values = {one.name: getattr(row, one.name) for one in fields(Job)}
    return Job(**values | {"request": JOB_KINDS[row.kind].read(row.request)})


def id_of(owner: str, fingerprint: str, request: object) -> str:
    """Twelve hex digits of all that is asked."""
    text = "\n".join((kind_of(request), to_json(request), fingerprint, owner))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
