"""One owner's training runs in the store: settings, an epoch's row after the other, checkpoints, predictions."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from statistics import mode

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting.hosting import UNLIMITED, Hosting
from forecasting.jobs.blobs import file_of, keep_file
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.quotas import admit
from forecasting.jobs.tables import (
    FLOATS,
    KEPT,
    PER_EPOCH,
    PER_REPLICA,
    WAITING,
    Json,
    checkpoints,
    jobs,
    parts,
    readable,
    rows,
    runs,
)
from forecasting.jobs.work import refuse_too_much
from forecasting.models.registry import run_name
from forecasting.names import clean_name
from forecasting.records import History, Run, TrainingProgress
from forecasting.series import Channel
from forecasting.settings import RunSettings

RESTING = ("paused", "stopped", "failed")  # states that a run is queued again from
LONGEST_TAG = 40  # letters
LARGEST_CHECKPOINT = 64 * 2**20  # bytes; a larger run can be trained, but not continued
LARGEST_LOGGED = 2 * 2**20  # bytes of weights kept at epoch 1, 2, 5, 10 and so on
RUN_COLUMNS = {  # by the names of Run's fields
    **jobs.c,
    **runs.c,
    "settings": sa.type_coerce(jobs.c.request, Json(RunSettings)),
    "pinned": sa.func.coalesce(runs.c.pinned, False),
}


class RunStore:
    """Safe to use from several processes and threads at once. What is submitted is held to the host's `limits`."""

    def __init__(self, engine: sa.Engine, limits: Hosting = UNLIMITED) -> None:
        self.engine, self.limits = engine, limits

    def submit(self, owner: str, channel: Channel, settings: RunSettings, *, name: str) -> str:
        """Put a run in the queue and return its id. One that is finished or under way is left as it is.

        A run that differs from an earlier one in having more epochs alone takes over its rows and goes on from there.
        A paused or stopped run goes on from its last checkpoint, a failed one begins afresh.

        Raises BadInput, which says what to do, where the host does not allow one more or one so large.
        """
        refuse_too_much(settings, self.limits)
        run_id = settings.run_id(channel.fingerprint, owner)
        ChannelStore(self.engine).save_if_new(owner, channel)
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            status = connection.execute(sa.select(jobs.c.status).where(jobs.c.id == run_id)).scalar()
            if status in (None, *RESTING):
                admit(connection, owner, self.limits, new_run=status is None)
            if status is None:
                _insert(connection, run_id, owner=owner, channel=channel, settings=settings, name=name)
            elif status in RESTING:
                _requeue(connection, run_id, afresh=status == "failed")
        return run_id

    def resume(self, owner: str, run_id: str) -> None:
        """Queue a paused, stopped or failed run again, from its last checkpoint. Raises BadInput as `submit` does."""
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            resting = jobs.c.status.in_(RESTING)
            if connection.execute(sa.select(jobs.c.id).where(_mine(owner, [run_id]), resting)).scalar():
                admit(connection, owner, self.limits)
                _requeue(connection, run_id, afresh=False)

    def resumable_epoch(self, run_id: str) -> int:
        """The epoch a run would go on from; 0 where it has no checkpoint."""
        with self.engine.connect() as connection:
            return connection.execute(_progress(checkpoints.c.epoch, run_id)).scalar() or 0

    def restore(self, run_id: str) -> bytes | None:
        """The progress that its worker goes on from, None at the very start. Rows after it go: they come again."""
        with self.engine.begin() as connection:
            kept = connection.execute(_progress(checkpoints, run_id)).one_or_none()
            connection.execute(sa.delete(rows).where(rows.c.job == run_id, rows.c.epoch > (kept.epoch if kept else 0)))
        return kept.blob if kept else None

    def checkpoint(self, owner: str, run_id: str) -> bytes | None:
        """The weights that a run ended with, as safetensors; None for one without."""
        wanted = (checkpoints.c.job == run_id) & (checkpoints.c.kind == "last")
        query = sa.select(checkpoints.c.blob).join(jobs).where(wanted, jobs.c.owner == owner)
        with self.engine.connect() as connection:
            found = connection.execute(query).scalar()
            return found if found is None else found or file_of(connection, run_id, "last")

    def run(self, owner: str, run_id: str) -> Run | None:
        """The owner's run, or None."""
        found = self._runs(owner, jobs.c.id == run_id)
        return found[0] if found else None

    def runs(self, owner: str) -> list[Run]:
        """The owner's runs, pinned ones first, then latest first."""
        return self._runs(owner, sa.true())

    def _runs(self, owner: str, condition) -> list[Run]:
        query = sa.select(*(RUN_COLUMNS[one.name].label(one.name) for one in fields(Run))).select_from(jobs).join(runs)
        with self.engine.connect() as connection:
            found = connection.execute(query.where(jobs.c.owner == owner, condition).order_by(jobs.c.queued.desc()))
            return sorted(readable(found, lambda row: Run(**row._asdict())), key=lambda run: not run.pinned)

    def history(self, run_id: str, after: int = 0) -> History:
        """The run's rows with an epoch above `after`, in order."""
        packed = (sa.type_coerce(rows.c[name], sa.LargeBinary).label(name) for name in PER_REPLICA)
        query = sa.select(*(rows.c[name] for name in PER_EPOCH), *packed)
        with self.engine.connect() as connection:
            found = connection.execute(query.where(rows.c.job == run_id, rows.c.epoch > after).order_by(rows.c.epoch))
            every = found.all()
        try:
            return _history(every)
        except ValueError:  # one row is damaged at least
            return _history(_alike(every))

    def epochs_done(self, run_id: str) -> int:
        """How many rows the run has."""
        with self.engine.connect() as connection:
            query = sa.select(sa.func.max(rows.c.epoch)).where(rows.c.job == run_id)
            return connection.execute(query).scalar() or 0

    def final_losses(self, owner: str, run_id: str | None = None) -> pd.DataFrame:
        """One line a run of the owner that has rows: run, epochs, seconds, mean train and held_out losses in views.

        Under early stopping they are those of the weights kept, not of the last row. `train_seeds` and `held_out_seeds`
        are the arrays (seeds,) that these are the means of. With `run_id` that run alone.
        """
        wanted = (jobs.c.owner == owner) & (jobs.c.id == run_id if run_id else sa.true())
        latest = rows.alias()  # a look-up in the key's index for each run; grouping would walk over all its rows
        last = sa.select(sa.func.max(latest.c.epoch)).where(latest.c.job == runs.c.job).correlate(runs)
        query = (
            sa.select(rows, *(runs.c[name] for name in KEPT))
            .select_from(jobs)
            .join(runs)
            .join(rows, (rows.c.job == runs.c.job) & (rows.c.epoch == last.scalar_subquery()))
            .where(wanted)
        )
        with self.engine.connect() as connection:
            lines = readable(connection.execute(query), _final_losses)
        names = ["run", "epochs", "seconds", "train", "held_out", "train_seeds", "held_out_seeds"]
        return pd.DataFrame(lines, columns=names)

    def has_predictions(self, run_id: str) -> bool:
        """Whether `predictions` gives any."""
        query = sa.select(runs.c.job).where(runs.c.job == run_id, runs.c.predictions.is_not(None))
        with self.engine.connect() as connection:
            return connection.execute(query).scalar() is not None

    def predictions(self, run_id: str) -> pd.DataFrame | None:
        """Predicted views over the held-out days, a column a replica; None until the run has finished or stopped."""
        query = sa.select(runs.c.held_out_days, runs.c.predictions).where(runs.c.job == run_id)
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        if found is None or found.predictions is None:
            return None
        days = pd.DatetimeIndex(found.held_out_days.astype("datetime64[D]"))
        return pd.DataFrame(found.predictions.reshape(-1, len(days)).T, index=days)

    def rename(self, owner: str, run_id: str, name: str) -> None:
        """Give the run a name of its owner's choice."""
        self._update(owner, [run_id], name=run_name(name))

    def pin(self, owner: str, run_ids: Sequence[str], pinned: bool) -> None:
        """Keep runs on top of the list, or let them go back to their places."""
        self._update(owner, run_ids, pinned=pinned)

    def _update(self, owner: str, run_ids: Sequence[str], **values: object) -> None:
        mine = sa.select(jobs.c.id).where(_mine(owner, run_ids))
        with self.engine.begin() as connection:
            connection.execute(sa.update(runs).where(runs.c.job.in_(mine)).values(values))

    def tag(self, owner: str, run_ids: Sequence[str], add: Iterable[str] = (), *, drop: Iterable[str] = ()) -> None:
        """Put tags on runs, and take some off; the others that a run has stay."""
        query = sa.select(runs.c.job, runs.c.tags).join(jobs).where(_mine(owner, run_ids))
        with self.engine.begin() as connection:
            for found in connection.execute(query).all():
                tags = {*found.tags, *(clean_name(word, LONGEST_TAG) for word in add)} - set(drop)
                new = sa.update(runs).where(runs.c.job == found.job)
                connection.execute(new.values(tags=sorted(tags)))

    def delete(self, owner: str, run_ids: Sequence[str]) -> None:
        """Forget runs and their rows. A running one finds itself gone and stops."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(jobs).where(_mine(owner, run_ids), jobs.c.kind == "train"))


def write_training(connection: sa.Connection, run_id: str, new: TrainingProgress) -> None:
    """Add rows, put checkpoints, keep predictions with the losses of the weights that made them."""
    if new.rows:  # a report whose answer was lost comes a second time
        again = (rows.c.job == run_id) & (rows.c.epoch >= new.rows[0].epoch)
        connection.execute(sa.delete(rows).where(again))
        connection.execute(sa.insert(rows), [{"job": run_id} | vars(row) for row in new.rows])
    for (kind, epoch), blob in new.checkpoints.items():
        if blob and len(blob) <= (LARGEST_LOGGED if kind == "epoch" else LARGEST_CHECKPOINT):
            in_parts = kind == "last"
            record = {"job": run_id, "kind": kind, "epoch": epoch, "blob": b"" if in_parts else blob}
            _replace_checkpoint(connection, record)
            if in_parts:
                keep_file(connection, run_id, kind, blob)
    if new.predictions is not None:
        days = new.predictions.index.to_numpy().astype("datetime64[D]").astype(float)
        values = {"held_out_days": days, "predictions": new.predictions.to_numpy().T}
        values |= dict(zip(KEPT, new.losses, strict=True))
        connection.execute(sa.update(runs).where(runs.c.job == run_id).values(values))


def _final_losses(row: sa.Row) -> tuple:
    kept = row.kept_train_loss, row.kept_held_out_loss
    losses = kept if kept[0] is not None else (row.train_loss, row.held_out_loss)
    return (row.job, row.epoch, row.seconds, *(loss.mean() for loss in losses), *losses)


def _history(every: Sequence[sa.Row]) -> History:
    columns = {name: np.array([getattr(row, name) for row in every]) for name in PER_EPOCH}
    losses = {name: _matrix([getattr(row, name) for row in every]) for name in PER_REPLICA}
    return History(**columns, **losses)


def _alike(every: Sequence[sa.Row]) -> list[sa.Row]:
    """Without the rows whose arrays are not as long as those of most."""
    sizes = [tuple(len(getattr(row, name) or b"") for name in PER_REPLICA) for row in every]
    usual = mode(sizes)
    return [row for row, size in zip(every, sizes, strict=True) if size == usual]


def _matrix(packed: Sequence[bytes | None]) -> np.ndarray:
    """(rows, replicas), or (rows, 0) where there is nothing; bytes of all rows at once are read twice as fast."""
    there = [row for row in packed if row is not None]
    return np.frombuffer(b"".join(there), FLOATS).reshape(len(there), -1) if there else np.empty((len(packed), 0))


def _replace_checkpoint(connection: sa.Connection, record: dict[str, object]) -> None:
    """Log-spaced weights stay one an epoch; of every other kind there is one."""
    old = (checkpoints.c.job == record["job"]) & (checkpoints.c.kind == record["kind"])
    if record["kind"] == "epoch":
        old &= checkpoints.c.epoch == record["epoch"]
    connection.execute(sa.delete(checkpoints).where(old))
    connection.execute(sa.insert(checkpoints), record)


def _mine(owner: str, run_ids: Sequence[str]):
    return jobs.c.id.in_(run_ids) & (jobs.c.owner == owner)


def _progress(what, run_id: str) -> sa.Select:
    return sa.select(what).where(checkpoints.c.job == run_id, checkpoints.c.kind == "progress")


def lineage_of(settings: RunSettings) -> RunSettings:
    """What runs have in common that differ in epochs alone."""
    return replace(settings, training=replace(settings.training, epochs=1))


def _insert(
    connection: sa.Connection, run_id: str, *, owner: str, channel: Channel, settings: RunSettings, name: str
) -> None:
    lineage = lineage_of(settings).run_id(channel.fingerprint, owner)
    job: dict[str, object] = {"id": run_id, "owner": owner, "kind": "train", "fingerprint": channel.fingerprint}
    job |= {"request": settings.to_json(), "queued": time.time()}
    connection.execute(sa.insert(jobs), job | WAITING)
    connection.execute(sa.insert(runs), {"job": run_id, "name": run_name(name), "lineage": lineage})
    if settings.training.schedule != "cosine":  # its rates depend on where it ends
        _inherit(connection, run_id, lineage, settings.training.epochs)


def _inherit(connection: sa.Connection, run_id: str, lineage: str, epochs: int) -> None:
    """Take over rows and progress of the longest run of the same lineage with fewer epochs."""
    best = (
        sa.select(checkpoints)
        .select_from(checkpoints)
        .join(jobs)
        .join(runs, runs.c.job == jobs.c.id)
        .where(runs.c.lineage == lineage, checkpoints.c.kind == "progress")
        .where(checkpoints.c.epoch <= epochs, jobs.c.status != "running")
        .order_by(checkpoints.c.epoch.desc())
        .limit(1)
    )
    found = connection.execute(best).one_or_none()
    if found is None:
        return
    connection.execute(sa.insert(checkpoints), found._asdict() | {"job": run_id})
    kept = [column for column in rows.c if column.name != "job"]
    earlier = sa.select(sa.literal(run_id), *kept).where(rows.c.job == found.job, rows.c.epoch <= found.epoch)
    connection.execute(sa.insert(rows).from_select(["job", *(column.name for column in kept)], earlier))


def _requeue(connection: sa.Connection, run_id: str, afresh: bool) -> None:
    """Queue a run again: afresh, or with the rows up to its progress and no later ones."""
    kept = 0 if afresh else connection.execute(_progress(checkpoints.c.epoch, run_id)).scalar() or 0
    connection.execute(sa.delete(rows).where(rows.c.job == run_id, rows.c.epoch > kept))
    if afresh:
        for table in (checkpoints, parts):
            connection.execute(sa.delete(table).where(table.c.job == run_id))
    nothing = dict.fromkeys(("predictions", "held_out_days", *KEPT))
    connection.execute(sa.update(runs).where(runs.c.job == run_id).values(nothing))
    connection.execute(sa.update(jobs).where(jobs.c.id == run_id).values(WAITING | {"queued": time.time()}))
