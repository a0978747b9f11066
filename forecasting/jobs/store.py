"""One owner's jobs in the store, as a page sees them. What was submitted before is not worked on again."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import fields

import sqlalchemy as sa

from forecasting.hosting import UNLIMITED, Hosting
from forecasting.jobs.blobs import file_of, keep_file
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.kinds import JOB_KINDS, kind_of
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.quotas import admit
from forecasting.jobs.tables import WAITING, jobs, readable
from forecasting.jobs.work import refuse_too_much
from forecasting.json_records import to_json
from forecasting.records import Job
from forecasting.series import Channel

ENDED = ("stopped", "failed")  # states that a job is queued again from


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
        fresh = WAITING | {"queued": time.time(), "model": None}
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            status = connection.execute(sa.select(jobs.c.status).where(jobs.c.id == job_id)).scalar()
            if status in (None, *ENDED):
                admit(connection, owner, self.limits)
            if status is None:
                record = {"id": job_id, "owner": owner, "kind": kind_of(request), "fingerprint": channel.fingerprint}
                connection.execute(sa.insert(jobs), record | {"request": to_json(request)} | fresh)
            elif status in ENDED:
                connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(fresh))
            if model is not None and status in (None, *ENDED):
                keep_file(connection, job_id, "model", model)
        return job_id

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
        self._ask(owner, job_id, requested="stop", at_once="stopped")

    def pause(self, owner: str, run_id: str) -> None:
        """Ask a training run to stand aside, to go on later from where it stood."""
        self._ask(owner, run_id, requested="pause", at_once="paused")

    def _ask(self, owner: str, job_id: str, *, requested: str, at_once: str) -> None:
        mine = (jobs.c.id == job_id) & (jobs.c.owner == owner)
        waiting = jobs.c.status.in_(("queued", "paused"))
        with self.engine.begin() as connection:
            connection.execute(sa.update(jobs).where(mine, waiting).values(status=at_once))
            connection.execute(sa.update(jobs).where(mine, jobs.c.status == "running").values(requested=requested))


def _job(row: sa.Row) -> Job:
    return Job(**row._asdict() | {"request": JOB_KINDS[row.kind].read(row.request)})


def id_of(owner: str, fingerprint: str, request: object) -> str:
    """Twelve hex digits of all that is asked."""
    text = "\n".join((kind_of(request), to_json(request), fingerprint, owner))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
