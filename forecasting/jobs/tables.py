"""The store's tables, and how arrays, channels and runs are packed into them.

Arrays are kept as little-endian float64 bytes.
"""

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting.json_records import from_json, to_json
from forecasting.messages import Message
from forecasting.records import Run
from forecasting.series import Channel, Correction
from forecasting.settings import RunSettings

KEPT = ("kept_train_loss", "kept_held_out_loss")
PER_EPOCH = ("epoch", "learning_rate", "seconds")
PER_REPLICA = ("train_loss", "held_out_loss", "gradient_norm", "validation_loss")

metadata = sa.MetaData()
channels = sa.Table(
    "channels",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("fingerprint", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("metric", sa.String(200), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("views", sa.LargeBinary, nullable=False),
    sa.Column("corrections", sa.Text, nullable=False),
    sa.Column("channel_names", sa.Text, nullable=False),
    sa.Column("saved", sa.Float, nullable=False),
    sa.Column("file", sa.String(200)),  # the uploaded file's name, its bytes (zlib), and what the user said about it
    sa.Column("source", sa.LargeBinary),
    sa.Column("said", sa.Text),
    sa.Column("metrics", sa.Text),  # what else its file's numbers can be, the one in use first
)
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("kind", sa.String(32), nullable=False),  # a name in forecasting.jobs.kinds.JOB_KINDS
    sa.Column("fingerprint", sa.String(16), nullable=False),  # of the channel's views
    sa.Column("request", sa.Text, nullable=False),  # JSON of the record that the kind takes
    sa.Column("status", sa.String(8), nullable=False, index=True),
    sa.Column("reason", sa.Text),  # why it failed: JSON of a Message
    sa.Column("queued", sa.Float, nullable=False),  # seconds since 1970, like all times
    sa.Column("heartbeat_at", sa.Float),  # when its worker was last alive
    sa.Column("worker", sa.Integer),  # the process that may report on it
    sa.Column("requested", sa.String(8)),  # of the worker: to pause or to stop
    sa.Column("share", sa.Float, nullable=False),  # of the work that is done, 0 to 1
    sa.Column("seconds", sa.Float, nullable=False),  # since its worker began
    sa.Column("result", sa.Text),  # what is known so far, JSON
    sa.Column("model", sa.LargeBinary),  # safetensors: the model file asked about, then the one that the result brings
)
chapters = sa.Table(  # of the walkthrough, those that were opened
    "chapters",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("slug", sa.String(40), primary_key=True),
    sa.Column("tried", sa.Boolean, nullable=False),  # its experiment was played, not only looked at
)
runs = sa.Table(  # what a job of kind train has besides; its settings are the request
    "runs",
    metadata,
    sa.Column("job", sa.String(12), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("lineage", sa.String(12), nullable=False),  # shared by runs that differ in epochs alone
    sa.Column("pinned", sa.Boolean),  # kept on top of the list
    sa.Column("tags", sa.Text),  # JSON list of words
    sa.Column("held_out_days", sa.LargeBinary),  # days since 1970, (targets,)
    sa.Column("predictions", sa.LargeBinary),  # views, (replicas, targets)
    sa.Column("kept_train_loss", sa.LargeBinary),  # views, (replicas,), of the weights that predict
    sa.Column("kept_held_out_loss", sa.LargeBinary),
    sa.Index("runs_by_lineage", "lineage"),
)
rows = sa.Table(
    "rows",
    metadata,
    sa.Column("job", sa.String(12), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("train_loss", sa.LargeBinary, nullable=False),
    sa.Column("held_out_loss", sa.LargeBinary, nullable=False),
    sa.Column("gradient_norm", sa.LargeBinary, nullable=False),
    sa.Column("validation_loss", sa.LargeBinary),  # where a part of the training period is kept for choosing
    sa.Column("learning_rate", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)
checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("job", sa.String(12), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),  # progress (all it takes to go on), last, best, or epoch
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("blob", sa.LargeBinary, nullable=False),  # safetensors
)


WAITING = {  # the columns of a job that waits for a worker
    "status": "queued",
    "share": 0.0,
    "seconds": 0.0,
    **dict.fromkeys(("reason", "heartbeat_at", "worker", "requested", "result")),
}


def to_bytes(array) -> bytes:
    return np.ascontiguousarray(array, "<f8").tobytes()


def to_array(blob: bytes) -> np.ndarray:
    return np.frombuffer(blob, "<f8")


def to_matrix(blobs: list[bytes | None]) -> np.ndarray:
    """(rows, replicas), or (rows, 0) where there is nothing."""
    full = [blob for blob in blobs if blob is not None]
    return to_array(b"".join(full)).reshape(len(full), -1) if full else np.empty((len(blobs), 0))


def channel_record(channel: Channel) -> dict[str, object]:
    """The columns of `channels` that say what a channel is."""
    return {
        "fingerprint": channel.fingerprint,
        "name": channel.name[:200],
        "metric": channel.metric[:200],
        "first_day": channel.views.index[0].date(),
        "views": to_bytes(channel.views),
        "corrections": to_json(channel.corrections),
        "channel_names": to_json(channel.channel_names),
        "metrics": to_json(channel.metrics),
    }


def to_channel(found: sa.Row) -> Channel:
    """The channel of a row of `channels`."""
    values = to_array(found.views).copy()
    days = pd.date_range(str(found.first_day), periods=len(values), freq="D", unit="us")
    return Channel(
        found.name,
        pd.Series(values, index=days, name="views"),
        from_json(tuple[Correction, ...], found.corrections),
        found.metric,
        from_json(tuple[str, ...], found.channel_names),
        from_json(tuple[str, ...], found.metrics or "[]"),
    )


def to_run(found: sa.Row) -> Run:
    """The run of a row of `jobs` joined with `runs`."""
    return Run(
        found.id,
        found.name,
        found.fingerprint,
        RunSettings.from_json(found.request),
        found.status,
        to_reason(found.reason),
        found.queued,
        bool(found.pinned),
        from_json(tuple[str, ...], found.tags or "[]"),
    )


def to_reason(text: str | None) -> Message | None:
    """Why a job failed, where it did."""
    return from_json(Message, text) if text else None
