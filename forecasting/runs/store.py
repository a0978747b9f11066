"""The store as a page sees it: one owner's channels, runs and rows."""

import json
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting.records import History, Run, Source
from forecasting.runs.tables import (
    KEPT,
    PER_REPLICA,
    channel_record,
    channels,
    checkpoints,
    open_engine,
    rows,
    runs,
    studies,
    to_array,
    to_channel,
    to_matrix,
    to_run,
)
from forecasting.series import Channel
from forecasting.settings import RunSettings

LONGEST_TAG = 40  # letters
LARGEST_SOURCE = 8 * 2**20  # bytes, packed; a larger upload is read once and not kept


class RunStore:
    """Channels, runs and rows behind one database URL. Safe to use from several processes and threads at once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)

    # Channels

    def save_channel(self, owner: str, channel: Channel, source: Source | None = None) -> None:
        """Keep the channel for its owner, with the file it came from where that is not too large."""
        record = channel_record(channel) | {"owner": owner, "saved": time.time()}
        packed = zlib.compress(source.data) if source else b""
        if source and len(packed) <= LARGEST_SOURCE:
            record |= {"file": source.file[:200], "source": packed, "said": json.dumps(source.said)}
        with self.engine.begin() as connection:
            connection.execute(sa.delete(channels).where(_is(channels, owner, channel.fingerprint)))
            connection.execute(sa.insert(channels), record)

    def said(self, owner: str, fingerprint: str) -> dict[str, object] | None:
        """What was said about the file the channel was read from; None where the file was not kept."""
        query = sa.select(channels.c.said).where(_is(channels, owner, fingerprint))
        with self.engine.connect() as connection:
            text = connection.execute(query).scalar()
        return json.loads(text) if text else None

    def source(self, owner: str, fingerprint: str) -> Source | None:
        """The file the owner's channel was read from, or None where it was not kept."""
        query = sa.select(channels.c.file, channels.c.source, channels.c.said).where(_is(channels, owner, fingerprint))
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        return (
            Source(found.file, zlib.decompress(found.source), json.loads(found.said))
            if found and found.source
            else None
        )

    def forget_channel(self, owner: str, fingerprint: str, unless_used: bool = False) -> None:
        """Delete the channel and its runs; with `unless_used` only a channel that has none."""
        mine = (runs.c.owner == owner) & (runs.c.fingerprint == fingerprint)
        with self.engine.begin() as connection:
            used = connection.execute(sa.select(runs.c.id).where(mine)).scalars().all()
            if used and unless_used:
                return
            _delete_runs(connection, mine)
            connection.execute(sa.delete(studies).where(_is(studies, owner, fingerprint)))
            connection.execute(sa.delete(channels).where(_is(channels, owner, fingerprint)))

    def channel(self, owner: str, fingerprint: str) -> Channel | None:
        """The owner's channel, or None."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(channels).where(_is(channels, owner, fingerprint))).one_or_none()
        return to_channel(found) if found else None

    def channels(self, owner: str) -> dict[str, tuple[str, str | None]]:
        """Fingerprint -> name and file of the owner's channels, latest first."""
        query = sa.select(channels.c.fingerprint, channels.c.name, channels.c.file)
        query = query.where(channels.c.owner == owner).order_by(channels.c.saved.desc())
        with self.engine.connect() as connection:
            return {found.fingerprint: (found.name, found.file) for found in connection.execute(query)}

    # Runs, as a page sees them

    def queue(self, owner: str, channel: Channel, settings: RunSettings, name: str) -> str:
        """Put a run in the queue and return its id. One that is finished or under way is left as it is.

        A run that differs from an earlier one in having more epochs alone takes over its rows and goes on from there.
        A paused or stopped run goes on from its last checkpoint, a failed one begins afresh.
        """
        run_id = settings.run_id(channel.fingerprint, owner)
        if self.channel(owner, channel.fingerprint) is None:
            self.save_channel(owner, channel)
        with self.engine.begin() as connection:
            status = connection.execute(sa.select(runs.c.status).where(runs.c.id == run_id)).scalar()
            if status is None:
                lineage = _lineage(settings).run_id(channel.fingerprint, owner)
                record = {"id": run_id, "owner": owner, "name": name, "fingerprint": channel.fingerprint}
                record |= {
                    "lineage": lineage,
                    "settings": settings.to_json(),
                    "status": "queued",
                    "queued": time.time(),
                }
                connection.execute(sa.insert(runs), record)
                _inherit(connection, run_id, lineage, settings)
            elif status in ("paused", "stopped", "failed"):
                _requeue(connection, run_id, afresh=status == "failed")
        return run_id

    def go_on(self, owner: str, run_id: str) -> None:
        """Queue a paused, stopped or failed run again, from its last checkpoint."""
        with self.engine.begin() as connection:
            mine = (runs.c.id == run_id) & (runs.c.owner == owner)
            resting = runs.c.status.in_(("paused", "stopped", "failed"))
            if connection.execute(sa.select(runs.c.id).where(mine, resting)).scalar():
                _requeue(connection, run_id, afresh=False)

    def can_go_on(self, run_id: str) -> int:
        """The epoch a run would go on from; 0 where it has no checkpoint."""
        query = sa.select(checkpoints.c.epoch).where(checkpoints.c.run == run_id, checkpoints.c.kind == "progress")
        with self.engine.connect() as connection:
            return connection.execute(query).scalar() or 0

    def checkpoint(
        self, owner: str, run_id: str, kind: Literal["last", "best", "epoch"], epoch: int = 0
    ) -> bytes | None:
        """Weights as safetensors, of the last epoch, of the best by validation loss, or of a log-spaced `epoch`."""
        wanted = (checkpoints.c.run == run_id) & (checkpoints.c.kind == kind)
        wanted &= checkpoints.c.epoch == epoch if kind == "epoch" else sa.true()
        query = sa.select(checkpoints.c.blob).join(runs).where(wanted, runs.c.owner == owner)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar()

    def run(self, owner: str, run_id: str) -> Run | None:
        """The owner's run, or None."""
        found = self._runs(owner, runs.c.id == run_id)
        return found[0] if found else None

    def runs(self, owner: str) -> list[Run]:
        """The owner's runs, pinned ones first, then latest first."""
        return self._runs(owner, sa.true())

    def _runs(self, owner: str, condition) -> list[Run]:
        names = ("id", "name", "fingerprint", "settings", "status", "reason", "queued", "pinned", "tags")
        query = sa.select(*(runs.c[name] for name in names)).where(runs.c.owner == owner, condition)
        with self.engine.connect() as connection:
            found = connection.execute(query.order_by(runs.c.queued.desc())).all()
        return sorted(map(to_run, found), key=lambda run: not run.pinned)

    def history(self, run_id: str, after: int = 0) -> History:
        """The run's rows with an epoch above `after`, in order."""
        query = sa.select(rows).where(rows.c.run == run_id, rows.c.epoch > after).order_by(rows.c.epoch)
        with self.engine.connect() as connection:
            found = connection.execute(query).all()
        losses = [to_matrix([getattr(row, name) for row in found]) for name in PER_REPLICA]
        names = "epoch", "learning_rate", "seconds"
        epoch, rate, seconds = (np.array([getattr(row, name) for row in found]) for name in names)
        return History(epoch, *losses, rate, seconds)

    def final_losses(self, owner: str, run_id: str | None = None) -> pd.DataFrame:
        """One line a run of the owner that has rows: run, epochs, seconds, mean train and held_out losses in views.

        Under early stopping they are those of the weights kept, not of the last row. `train_seeds` and `held_out_seeds`
        are the arrays (seeds,) that these are the means of. With `run_id` that run alone.
        """
        asked = (runs.c.owner == owner) & (runs.c.id == run_id if run_id else sa.true())
        others = rows.alias()  # a look-up in the key's index for each run; grouping would walk over all its rows
        last = sa.select(sa.func.max(others.c.epoch)).where(others.c.run == runs.c.id).correlate(runs).scalar_subquery()
        query = (
            sa.select(
                rows.c.run,
                rows.c.epoch,
                rows.c.train_loss,
                rows.c.held_out_loss,
                rows.c.seconds,
                *(runs.c[name] for name in KEPT),
            )
            .select_from(runs)
            .join(rows, (rows.c.run == runs.c.id) & (rows.c.epoch == last))
            .where(asked)
        )
        with self.engine.connect() as connection:
            found = connection.execute(query).all()
        lines = []
        for row in found:
            kept = row.kept_train_loss or row.train_loss, row.kept_held_out_loss or row.held_out_loss
            losses = [to_array(loss) for loss in kept]
            lines.append((row.run, row.epoch, row.seconds, *(loss.mean() for loss in losses), *losses))
        names = ["run", "epochs", "seconds", "train", "held_out", "train_seeds", "held_out_seeds"]
        return pd.DataFrame(lines, columns=names)

    def predictions(self, run_id: str) -> pd.DataFrame | None:
        """Predicted views over the held-out days, a column a replica; None until the run has finished or stopped."""
        query = sa.select(runs.c.held_out_days, runs.c.predictions).where(runs.c.id == run_id)
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        if found is None or found.predictions is None:
            return None
        days = pd.DatetimeIndex(to_array(found.held_out_days).astype("datetime64[D]"))
        return pd.DataFrame(to_array(found.predictions).reshape(-1, len(days)).T, index=days)

    def cancel(self, owner: str, run_id: str) -> None:
        """Ask the run to stop; a waiting one stops at once, a running one before its next update."""
        self._ask(owner, run_id, "stop", "stopped")

    def pause(self, owner: str, run_id: str) -> None:
        """Ask the run to stand aside, to go on later from where it stood."""
        self._ask(owner, run_id, "pause", "paused")

    def _ask(self, owner: str, run_id: str, what: str, at_once: str) -> None:
        mine = (runs.c.id == run_id) & (runs.c.owner == owner)
        waiting = runs.c.status.in_(("queued", "paused"))
        with self.engine.begin() as connection:
            connection.execute(sa.update(runs).where(mine, waiting).values(status=at_once))
            connection.execute(sa.update(runs).where(mine, runs.c.status == "running").values(asked=what))

    def rename(self, owner: str, run_id: str, name: str) -> None:
        """Give the run a name of its owner's choice."""
        with self.engine.begin() as connection:
            mine = (runs.c.id == run_id) & (runs.c.owner == owner)
            connection.execute(sa.update(runs).where(mine).values(name=name[:200]))

    def pin(self, owner: str, run_ids: Sequence[str], pinned: bool) -> None:
        """Keep runs on top of the list, or let them go back to their places."""
        with self.engine.begin() as connection:
            mine = runs.c.id.in_(run_ids) & (runs.c.owner == owner)
            connection.execute(sa.update(runs).where(mine).values(pinned=pinned))

    def tag(self, owner: str, run_ids: Sequence[str], add: Iterable[str] = (), drop: Iterable[str] = ()) -> None:
        """Put tags on runs, and take some off; the others that a run has stay."""
        mine = runs.c.id.in_(run_ids) & (runs.c.owner == owner)
        with self.engine.begin() as connection:
            for found in connection.execute(sa.select(runs.c.id, runs.c.tags).where(mine)).all():
                tags = {*json.loads(found.tags or "[]"), *(word[:LONGEST_TAG] for word in add)} - set(drop)
                new = sa.update(runs).where(runs.c.id == found.id)
                connection.execute(new.values(tags=json.dumps(sorted(tags), ensure_ascii=False)))

    def delete(self, owner: str, run_ids: Sequence[str]) -> None:
        """Forget runs and their rows. A running one finds itself gone and stops."""
        with self.engine.begin() as connection:
            _delete_runs(connection, runs.c.id.in_(run_ids) & (runs.c.owner == owner))


def _is(table: sa.Table, owner: str, fingerprint: str):
    return (table.c.owner == owner) & (table.c.fingerprint == fingerprint)


def _lineage(settings: RunSettings) -> RunSettings:
    """What runs have in common that differ in epochs alone."""
    return replace(settings, training=replace(settings.training, epochs=1))


def _inherit(connection: sa.Connection, run_id: str, lineage: str, settings: RunSettings) -> None:
    """Take over rows and progress of the longest run of the same lineage with fewer epochs."""
    if settings.training.schedule == "cosine":  # its rates depend on where it ends
        return
    best = (
        sa.select(checkpoints)
        .join(runs)
        .where(runs.c.lineage == lineage, checkpoints.c.kind == "progress")
        .where(checkpoints.c.epoch <= settings.training.epochs, runs.c.status.not_in(("running",)))
        .order_by(checkpoints.c.epoch.desc())
        .limit(1)
    )
    found = connection.execute(best).one_or_none()
    if found is None:
        return
    connection.execute(sa.insert(checkpoints), found._asdict() | {"run": run_id})
    kept = [column for column in rows.c if column.name != "run"]
    earlier = sa.select(sa.literal(run_id), *kept).where(rows.c.run == found.run, rows.c.epoch <= found.epoch)
    connection.execute(sa.insert(rows).from_select(["run", *(column.name for column in kept)], earlier))


def _requeue(connection: sa.Connection, run_id: str, afresh: bool) -> None:
    """Queue a run again: afresh, or with the rows up to its progress and no later ones."""
    progress = sa.select(checkpoints.c.epoch).where(checkpoints.c.run == run_id, checkpoints.c.kind == "progress")
    kept = 0 if afresh else connection.execute(progress).scalar() or 0
    connection.execute(sa.delete(rows).where(rows.c.run == run_id, rows.c.epoch > kept))
    if afresh:
        connection.execute(sa.delete(checkpoints).where(checkpoints.c.run == run_id))
    fresh = {"status": "queued", "reason": None, "queued": time.time(), "seen": None, "asked": None, "worker": None}
    fresh |= dict.fromkeys(("predictions", "held_out_days", *KEPT))
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(fresh))


def _delete_runs(connection: sa.Connection, condition) -> None:
    gone = sa.select(runs.c.id).where(condition)
    for table in (rows, checkpoints):
        connection.execute(sa.delete(table).where(table.c.run.in_(gone)))
    connection.execute(sa.delete(runs).where(condition))
