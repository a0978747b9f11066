"""Studies in the store: asked by a page, answered by a worker. What is asked again is not worked out again."""

import hashlib
import json
import time

import sqlalchemy as sa

from forecasting.messages import BadInput
from forecasting.records import Study
from forecasting.runs.line import asked, cancel, close
from forecasting.runs.store import RunStore
from forecasting.runs.tables import channels, open_engine, studies, to_channel, to_study
from forecasting.series import Channel

FRESH = {"status": "queued", "share": 0.0, "seconds": 0.0}
FRESH |= dict.fromkeys(("reason", "seen", "asked", "worker", "answer", "weights"))


class StudyStore:
    """One owner's studies, as a page sees them."""

    def __init__(self, store: RunStore) -> None:
        self.store, self.engine = store, store.engine

    def ask(
        self, owner: str, channel: Channel, kind: str, request: dict[str, object], model: bytes | None = None
    ) -> str:
        """Put a study in the queue and return its id. One that is finished or under way is left as it is.

        `model` is the one it is about, as safetensors; `request` should tell models apart.
        """
        text, study_id = _named(owner, channel.fingerprint, kind, request)
        if self.store.channel(owner, channel.fingerprint) is None:
            self.store.save_channel(owner, channel)
        known = self.study(owner, study_id)
        if known is None:
            record = {"id": study_id, "owner": owner, "fingerprint": channel.fingerprint, "kind": kind, "request": text}
            with self.engine.begin() as connection:
                connection.execute(sa.insert(studies), record | FRESH | {"queued": time.time(), "weights": model})
        elif known.status in ("stopped", "failed"):
            with self.engine.begin() as connection:
                again = sa.update(studies).where(studies.c.id == study_id)
                connection.execute(again.values(FRESH | {"queued": time.time(), "weights": model}))
        return study_id

    def study(self, owner: str, study_id: str | None) -> Study | None:
        """The owner's study, or None."""
        found = self._studies(owner, studies.c.id == study_id)
        return found[0] if found else None

    def asked(self, owner: str, fingerprint: str, kind: str, request: dict[str, object]) -> Study | None:
        """The study of exactly this question, or None where it has not been asked."""
        return self.study(owner, _named(owner, fingerprint, kind, request)[1])

    def studies(self, owner: str, fingerprint: str, kind: str) -> list[Study]:
        """The owner's studies of one kind on one channel, latest first."""
        return self._studies(owner, (studies.c.fingerprint == fingerprint) & (studies.c.kind == kind))

    def _studies(self, owner: str, condition) -> list[Study]:
        kept_apart = ("weights",)
        query = sa.select(*(column for column in studies.c if column.name not in kept_apart))
        query = query.where(studies.c.owner == owner, condition).order_by(studies.c.queued.desc())
        with self.engine.connect() as connection:
            return [to_study(found) for found in connection.execute(query)]

    def weights(self, owner: str, study_id: str) -> bytes | None:
        """The model that came with the answer, else the one that was asked about, as safetensors."""
        query = sa.select(studies.c.weights).where(studies.c.id == study_id, studies.c.owner == owner)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar()

    def cancel(self, owner: str, study_id: str) -> None:
        """Ask the study to stop; a waiting one stops at once."""
        cancel(self.engine, studies, owner, study_id)


def _named(owner: str, fingerprint: str, kind: str, request: dict[str, object]) -> tuple[str, str]:
    """The request as text, and the study's id: twelve hex digits of all that is asked."""
    text = json.dumps(request, sort_keys=True, default=str)
    return text, hashlib.sha256("\n".join((kind, text, fingerprint, owner)).encode()).hexdigest()[:12]


class StudyQueue:
    """Studies as the worker that answers one sees them."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    def start(self, study_id: str, worker: int) -> tuple[Channel, str, dict] | None:
        """Channel, kind and request, in it as `model` the one asked about; None where another worker has the study."""
        free = (studies.c.id == study_id) & (studies.c.status == "running") & studies.c.worker.is_(None)
        mine = (studies.c.owner == channels.c.owner) & (studies.c.fingerprint == channels.c.fingerprint)
        with self.engine.begin() as connection:
            if not connection.execute(sa.update(studies).where(free).values(worker=worker, seen=time.time())).rowcount:
                return None
            found = connection.execute(
                sa.select(channels, studies.c.kind, studies.c.request, studies.c.weights)
                .join(studies, mine)
                .where(studies.c.id == study_id)
            ).one()
        return to_channel(found), found.kind, json.loads(found.request) | {"model": found.weights}

    def asked(self, study_id: str, worker: int) -> str | None:
        """What the owner wants of the worker."""
        return asked(self.engine, studies, study_id, worker)

    def tell(self, study_id: str, worker: int, **known: object) -> None:
        """Give a sign of life, and put down what is `known`: share, seconds, answer (a record), weights, status."""
        if "answer" in known:
            known["answer"] = json.dumps(known["answer"])
        mine = (studies.c.id == study_id) & (studies.c.worker == worker) & (studies.c.status == "running")
        with self.engine.begin() as connection:
            connection.execute(sa.update(studies).where(mine).values(known | {"seen": time.time()}))

    def fail(self, study_id: str, reason: BadInput) -> None:
        """Close a study that cannot go on, and say why."""
        close(self.engine, studies, study_id, "failed", reason)
