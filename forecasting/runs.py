"""The run store: what was trained, on which views, with every epoch's row. Workers write it, pages read it.

SQLite by default, any database by SQLAlchemy URL. Arrays are kept as little-endian float64 bytes.
"""

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting.errors import N_, BadInput
from forecasting.settings import RunSettings
from forecasting.views import Channel, Mend

Status = Literal["queued", "running", "finished", "stopped", "failed"]
ACTIVE = ("queued", "running")
LARGEST_SOURCE = 8 * 2**20  # bytes, packed; a larger upload is read once and not kept
SILENCE = 60.0  # seconds without a sign of life after which a run's worker is taken for gone

tables = sa.MetaData()
channels = sa.Table(
    "channels",
    tables,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("fingerprint", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("metric", sa.String(200), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("views", sa.LargeBinary, nullable=False),
    sa.Column("mends", sa.Text, nullable=False),
    sa.Column("others", sa.Text, nullable=False),
    sa.Column("saved", sa.Float, nullable=False),
    sa.Column("file", sa.String(200)),  # the uploaded file's name, its bytes (zlib), and what the user said about it
    sa.Column("source", sa.LargeBinary),
    sa.Column("said", sa.Text),
)
runs = sa.Table(
    "runs",
    tables,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("fingerprint", sa.String(16), nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("status", sa.String(8), nullable=False, index=True),
    sa.Column("reason", sa.Text),  # why it failed: sentence and facts
    sa.Column("queued", sa.Float, nullable=False),
    sa.Column("seen", sa.Float),  # the worker's last sign of life
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("worker", sa.Integer),  # process id, for looking into a stuck machine
    sa.Column("held_out_days", sa.LargeBinary),  # days since 1970, (targets,)
    sa.Column("predictions", sa.LargeBinary),  # views, (replicas, targets)
)
rows = sa.Table(
    "rows",
    tables,
    sa.Column("run", sa.String(12), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("train_loss", sa.LargeBinary, nullable=False),
    sa.Column("held_out_loss", sa.LargeBinary, nullable=False),
    sa.Column("gradient_norm", sa.LargeBinary, nullable=False),
    sa.Column("learning_rate", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)
PER_REPLICA = ("train_loss", "held_out_loss", "gradient_norm")


@dataclass(frozen=True)
class Source:
    """The file a channel was read from, kept so that it can be read another way."""

    file: str
    data: bytes
    said: dict[str, object]  # the fields of forecasting.reading.Choice


@dataclass(frozen=True)
class Run:
    """One run as the store knows it."""

    id: str
    name: str
    fingerprint: str  # of the channel's views
    settings: RunSettings
    status: Status
    reason: BadInput | None  # why it failed
    queued: float  # seconds since 1970

    @property
    def active(self) -> bool:
        """Whether more rows may come."""
        return self.status in ACTIVE


@dataclass(frozen=True)
class History:
    """A run's rows as arrays: per epoch (epochs,), losses and gradient norm (epochs, replicas). Losses in views."""

    epoch: np.ndarray
    train_loss: np.ndarray
    held_out_loss: np.ndarray
    gradient_norm: np.ndarray
    learning_rate: np.ndarray
    seconds: np.ndarray

    def __len__(self) -> int:
        return len(self.epoch)

    def followed_by(self, later: "History") -> "History":
        """These rows and then `later` ones."""
        parts = zip(vars(self).values(), vars(later).values(), strict=True)
        return (
            History(*(np.concatenate(pair) for pair in parts))
            if len(self) and len(later)
            else later
            if len(later)
            else self
        )


NOTHING_YET = History(*(np.empty(shape) for shape in ((0,), (0, 0), (0, 0), (0, 0), (0,), (0,))))


class RunStore:
    """Channels, runs and rows behind one database URL. Safe to use from several processes and threads at once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = sa.create_engine(url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _tune_sqlite)
        tables.create_all(self.engine)

    # Channels

    def save_channel(self, owner: str, channel: Channel, source: Source | None = None) -> None:
        """Keep the channel for its owner, with the file it came from where that is not too large."""
        record = _channel_record(channel) | {"owner": owner, "saved": time.time()}
        packed = zlib.compress(source.data) if source else b""
        if source and len(packed) <= LARGEST_SOURCE:
            record |= {"file": source.file[:200], "source": packed, "said": json.dumps(source.said)}
        with self.engine.begin() as connection:
            connection.execute(sa.delete(channels).where(_is(channels, owner, channel.fingerprint)))
            connection.execute(sa.insert(channels), record)

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
            connection.execute(sa.delete(rows).where(rows.c.run.in_(used)))
            connection.execute(sa.delete(runs).where(mine))
            connection.execute(sa.delete(channels).where(_is(channels, owner, fingerprint)))

    def channel(self, owner: str, fingerprint: str) -> Channel | None:
        """The owner's channel, or None."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(channels).where(_is(channels, owner, fingerprint))).one_or_none()
        return _channel(found) if found else None

    def channels(self, owner: str) -> dict[str, tuple[str, str | None]]:
        """Fingerprint -> name and file of the owner's channels, latest first."""
        query = sa.select(channels.c.fingerprint, channels.c.name, channels.c.file)
        query = query.where(channels.c.owner == owner).order_by(channels.c.saved.desc())
        with self.engine.connect() as connection:
            return {found.fingerprint: (found.name, found.file) for found in connection.execute(query)}

    # Runs, as a page sees them

    def queue(self, owner: str, channel: Channel, settings: RunSettings, name: str) -> str:
        """Put a run in the queue and return its id. One that is finished or under way is left as it is."""
        run_id = settings.run_id(channel.fingerprint, owner)
        fresh = {"status": "queued", "reason": None, "queued": time.time(), "seen": None, "cancelled": False}
        if self.channel(owner, channel.fingerprint) is None:
            self.save_channel(owner, channel)
        with self.engine.begin() as connection:
            status = connection.execute(sa.select(runs.c.status).where(runs.c.id == run_id)).scalar()
            if status is None:
                record = {"id": run_id, "owner": owner, "name": name, "fingerprint": channel.fingerprint}
                connection.execute(sa.insert(runs), record | {"settings": settings.to_json()} | fresh)
            elif status in ("stopped", "failed"):
                connection.execute(sa.delete(rows).where(rows.c.run == run_id))
                connection.execute(sa.update(runs).where(runs.c.id == run_id).values(fresh))
        return run_id

    def run(self, owner: str, run_id: str) -> Run | None:
        """The owner's run, or None."""
        found = self._runs(owner, runs.c.id == run_id)
        return found[0] if found else None

    def runs(self, owner: str) -> list[Run]:
        """The owner's runs, latest first."""
        return self._runs(owner, sa.true())

    def _runs(self, owner: str, condition) -> list[Run]:
        names = ("id", "name", "fingerprint", "settings", "status", "reason", "queued")
        query = sa.select(*(runs.c[name] for name in names)).where(runs.c.owner == owner, condition)
        with self.engine.connect() as connection:
            return [_run(found) for found in connection.execute(query.order_by(runs.c.queued.desc()))]

    def history(self, run_id: str, after: int = 0) -> History:
        """The run's rows with an epoch above `after`, in order."""
        query = sa.select(rows).where(rows.c.run == run_id, rows.c.epoch > after).order_by(rows.c.epoch)
        with self.engine.connect() as connection:
            found = connection.execute(query).all()
        losses = [_matrix([getattr(row, name) for row in found]) for name in PER_REPLICA]
        epoch, rate, seconds = (
            np.array([getattr(row, name) for row in found]) for name in ("epoch", "learning_rate", "seconds")
        )
        return History(epoch, *losses, rate, seconds)

    def final_losses(self, owner: str) -> pd.DataFrame:
        """One line a run of the owner that has rows: run, epochs, train and held_out (views, means over replicas)."""
        last = sa.select(rows.c.run, sa.func.max(rows.c.epoch).label("epoch")).group_by(rows.c.run).subquery()
        query = (
            sa.select(rows.c.run, rows.c.epoch, rows.c.train_loss, rows.c.held_out_loss, rows.c.seconds)
            .join(last, (rows.c.run == last.c.run) & (rows.c.epoch == last.c.epoch))
            .join(runs, runs.c.id == rows.c.run)
            .where(runs.c.owner == owner)
        )
        with self.engine.connect() as connection:
            found = connection.execute(query).all()
        lines = [
            (r.run, r.epoch, _array(r.train_loss).mean(), _array(r.held_out_loss).mean(), r.seconds) for r in found
        ]
        return pd.DataFrame(lines, columns=["run", "epochs", "train", "held_out", "seconds"])

    def predictions(self, run_id: str) -> pd.DataFrame | None:
        """Predicted views over the held-out days, a column a replica; None until the run has finished or stopped."""
        query = sa.select(runs.c.held_out_days, runs.c.predictions).where(runs.c.id == run_id)
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        if found is None or found.predictions is None:
            return None
        days = pd.DatetimeIndex(_array(found.held_out_days).astype("datetime64[D]"))
        return pd.DataFrame(_array(found.predictions).reshape(-1, len(days)).T, index=days)

    def cancel(self, owner: str, run_id: str) -> None:
        """Ask the run to stop; a queued one stops at once, a running one before its next update."""
        mine = (runs.c.id == run_id) & (runs.c.owner == owner)
        with self.engine.begin() as connection:
            connection.execute(sa.update(runs).where(mine, runs.c.status == "queued").values(status="stopped"))
            connection.execute(sa.update(runs).where(mine, runs.c.status == "running").values(cancelled=True))

    def rename(self, owner: str, run_id: str, name: str) -> None:
        """Give the run a name of its owner's choice."""
        with self.engine.begin() as connection:
            mine = (runs.c.id == run_id) & (runs.c.owner == owner)
            connection.execute(sa.update(runs).where(mine).values(name=name[:200]))

    def delete(self, owner: str, run_ids: Sequence[str]) -> None:
        """Forget runs and their rows. A running one finds itself gone and stops."""
        mine = runs.c.id.in_(run_ids) & (runs.c.owner == owner)
        with self.engine.begin() as connection:
            connection.execute(sa.delete(rows).where(rows.c.run.in_(sa.select(runs.c.id).where(mine))))
            connection.execute(sa.delete(runs).where(mine))

    # Runs, as the queue and its workers see them

    def claim_next(self) -> str | None:
        """Mark the longest-waiting run as running and return its id; None where none waits."""
        with self.engine.begin() as connection:
            oldest = sa.select(runs.c.id).where(runs.c.status == "queued").order_by(runs.c.queued).limit(1)
            run_id = connection.execute(oldest).scalar()
            claim = sa.update(runs).where(runs.c.id == run_id, runs.c.status == "queued")
            claimed = connection.execute(claim.values(status="running", seen=time.time())).rowcount
        return run_id if claimed else None

    def start(self, run_id: str, worker: int) -> tuple[Channel, RunSettings] | None:
        """The views and settings a worker needs; None where the run was deleted meanwhile."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values(worker=worker, seen=time.time()))
            found = connection.execute(
                sa.select(channels, runs.c.settings)
                .join(runs, (runs.c.owner == channels.c.owner) & (runs.c.fingerprint == channels.c.fingerprint))
                .where(runs.c.id == run_id)
            ).one_or_none()
        return (_channel(found), RunSettings.from_json(found.settings)) if found else None

    def cancelled(self, run_id: str) -> bool:
        """Whether the run shall stop: asked to, or deleted."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(runs.c.cancelled).where(runs.c.id == run_id)).scalar() in (True, None)

    def append(self, run_id: str, new: Sequence) -> None:
        """Add training rows (forecasting.training.Row) and a sign of life."""
        records = [
            {"run": run_id, "epoch": row.epoch, "learning_rate": row.learning_rate, "seconds": row.seconds}
            | {name: _bytes(getattr(row, name)) for name in PER_REPLICA}
            for row in new
        ]
        with self.engine.begin() as connection:
            alive = connection.execute(sa.update(runs).where(runs.c.id == run_id).values(seen=time.time())).rowcount
            if alive and records:
                connection.execute(sa.insert(rows), records)

    def end(self, run_id: str, status: Literal["finished", "stopped"], predictions: pd.DataFrame | None = None) -> None:
        """Close a run; `predictions` has held-out days as index and a column a replica, in views."""
        values = {"status": status}
        if predictions is not None:
            values["held_out_days"] = _bytes(predictions.index.to_numpy().astype("datetime64[D]").astype(float))
            values["predictions"] = _bytes(predictions.to_numpy().T)
        with self.engine.begin() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == run_id, runs.c.status == "running").values(values))

    def fail(self, run_id: str, reason: BadInput) -> None:
        """Close a run that cannot go on, and say why."""
        text = json.dumps([reason.sentence, reason.facts], default=str)
        with self.engine.begin() as connection:
            open_run = sa.update(runs).where(runs.c.id == run_id, runs.c.status.in_(ACTIVE))
            connection.execute(open_run.values(status="failed", reason=text))

    def fail_silent(self) -> None:
        """Mark running runs whose worker has given no sign of life for SILENCE seconds, as after a restarted server."""
        stale = (runs.c.status == "running") & (runs.c.seen < time.time() - SILENCE)
        with self.engine.connect() as connection:
            gone = connection.execute(sa.select(runs.c.id).where(stale)).scalars().all()
        for run_id in gone:
            self.fail(run_id, BadInput(N_("The worker that trained this run is gone; press Train to start it again.")))


def _tune_sqlite(connection, _record) -> None:
    """Readers do not block the writer, a writer waits for its turn, and deleting a run takes its rows along."""
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 10000", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _is(table: sa.Table, owner: str, fingerprint: str):
    return (table.c.owner == owner) & (table.c.fingerprint == fingerprint)


def _bytes(array) -> bytes:
    return np.ascontiguousarray(array, "<f8").tobytes()


def _array(blob: bytes) -> np.ndarray:
    return np.frombuffer(blob, "<f8")


def _matrix(blobs: list[bytes]) -> np.ndarray:
    return _array(b"".join(blobs)).reshape(len(blobs), -1) if blobs else np.empty((0, 0))


def _channel_record(channel: Channel) -> dict[str, object]:
    mends = [[m.sentence, [d.isoformat() for d in m.days], m.facts, m.switch] for m in channel.mends]
    return {
        "fingerprint": channel.fingerprint,
        "name": channel.name[:200],
        "metric": channel.metric[:200],
        "first_day": channel.views.index[0].date(),
        "views": _bytes(channel.views),
        "mends": json.dumps(mends, default=str),
        "others": json.dumps(channel.others),
    }


def _channel(found) -> Channel:
    values = _array(found.views).copy()
    days = pd.date_range(str(found.first_day), periods=len(values), freq="D", unit="us")
    views = pd.Series(values, index=days, name="views")
    mends = [
        Mend(sentence, tuple(map(date.fromisoformat, on)), facts, switch)
        for sentence, on, facts, switch in json.loads(found.mends)
    ]
    return Channel(found.name, views, tuple(mends), found.metric, tuple(json.loads(found.others)))


def _run(found) -> Run:
    sentence, facts = json.loads(found.reason) if found.reason else (None, {})
    reason = BadInput(sentence, **facts) if sentence else None
    return Run(
        found.id,
        found.name,
        found.fingerprint,
        RunSettings.from_json(found.settings),
        found.status,
        reason,
        found.queued,
    )
