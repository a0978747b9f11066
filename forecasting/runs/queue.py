"""The store as a worker that trains a run sees it: where to begin, and what it writes while it trains."""

import time
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting.messages import BadInput
from forecasting.runs.line import asked, close
from forecasting.runs.tables import (
    KEPT,
    PER_REPLICA,
    channels,
    checkpoints,
    open_engine,
    rows,
    runs,
    to_bytes,
    to_channel,
)
from forecasting.series import Channel
from forecasting.settings import RunSettings

LARGEST_CHECKPOINT = 64 * 2**20  # bytes; a larger run can be trained, but not continued
LARGEST_LOGGED = 2 * 2**20  # bytes of weights kept at epoch 1, 2, 5, 10 and so on


class RunQueue:
    """Behind one database URL; safe to use from several processes and threads at once."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    def start(self, run_id: str, worker: int) -> tuple[Channel, RunSettings, bytes | None] | None:
        """Views, settings and the progress to go on from; None where the run was deleted or taken by another worker."""
        free = (runs.c.id == run_id) & (runs.c.status == "running") & runs.c.worker.is_(None)
        with self.engine.begin() as connection:
            if not connection.execute(sa.update(runs).where(free).values(worker=worker, seen=time.time())).rowcount:
                return None
            found = connection.execute(
                sa.select(channels, runs.c.settings)
                .join(runs, (runs.c.owner == channels.c.owner) & (runs.c.fingerprint == channels.c.fingerprint))
                .where(runs.c.id == run_id)
            ).one()
            progress = sa.select(checkpoints.c.epoch, checkpoints.c.blob)
            progress = progress.where(checkpoints.c.run == run_id, checkpoints.c.kind == "progress")
            kept = connection.execute(progress).one_or_none()
            # Rows after the checkpoint come again.
            connection.execute(sa.delete(rows).where(rows.c.run == run_id, rows.c.epoch > (kept.epoch if kept else 0)))
        return to_channel(found), RunSettings.from_json(found.settings), kept.blob if kept else None

    def asked(self, run_id: str, worker: int) -> Literal["pause", "stop"] | None:
        """What the run's owner wants of its worker; a run that is deleted or another worker's shall stop."""
        return asked(self.engine, runs, run_id, worker)

    def write(self, run_id: str, worker: int, new: Sequence, weights: dict[tuple[str, int], bytes | None]) -> None:
        """Add rows (learning.training.Row), put checkpoints by (kind, epoch), give a sign of life, all at once."""
        records = [_record(run_id, row) for row in new]
        with self.engine.begin() as connection:
            mine = (runs.c.id == run_id) & (runs.c.worker == worker) & (runs.c.status == "running")
            if not connection.execute(sa.update(runs).where(mine).values(seen=time.time())).rowcount:
                return
            if records:
                connection.execute(sa.insert(rows), records)
            for (kind, epoch), blob in weights.items():
                if blob and len(blob) <= (LARGEST_LOGGED if kind == "epoch" else LARGEST_CHECKPOINT):
                    _replace(connection, {"run": run_id, "kind": kind, "epoch": epoch, "blob": blob})

    def end(
        self,
        run_id: str,
        worker: int,
        status: Literal["finished", "stopped", "paused"],
        predictions: pd.DataFrame | None = None,
        losses: Sequence[np.ndarray] = (),
    ) -> None:
        """Close a run. `predictions` has held-out days as index and a column a replica; all in views.

        `losses`, on train and held-out (replicas,), are those of the same weights as the predictions.
        """
        values: dict[str, object] = {"status": status}
        if predictions is not None:
            values["held_out_days"] = to_bytes(predictions.index.to_numpy().astype("datetime64[D]").astype(float))
            values["predictions"] = to_bytes(predictions.to_numpy().T)
            values |= {name: to_bytes(loss) for name, loss in zip(KEPT, losses, strict=True)}
        mine = (runs.c.id == run_id) & (runs.c.worker == worker) & (runs.c.status == "running")
        with self.engine.begin() as connection:
            connection.execute(sa.update(runs).where(mine).values(values | {"asked": None}))

    def fail(self, run_id: str, reason: BadInput) -> None:
        """Close a run that cannot go on, and say why."""
        close(self.engine, runs, run_id, "failed", reason)


def _record(run_id: str, row) -> dict[str, object]:
    record = {"run": run_id, "epoch": row.epoch, "learning_rate": row.learning_rate, "seconds": row.seconds}
    for name in PER_REPLICA:
        values = getattr(row, name)
        record[name] = to_bytes(values) if values is not None else None
    return record


def _replace(connection: sa.Connection, record: dict[str, object]) -> None:
    """Log-spaced weights stay one an epoch; of every other kind there is one."""
    old = (checkpoints.c.run == record["run"]) & (checkpoints.c.kind == record["kind"])
    if record["kind"] == "epoch":
        old &= checkpoints.c.epoch == record["epoch"]
    connection.execute(sa.delete(checkpoints).where(old))
    connection.execute(sa.insert(checkpoints), record)
