"""The store's tables. Their columns take and give what records have: arrays, and records as JSON."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa

from forecasting.events import Event
from forecasting.json_records import from_json, to_json
from forecasting.messages import Message
from forecasting.names import LONGEST_NAME
from forecasting.series import Correction

LOG = logging.getLogger(__name__)
Record = TypeVar("Record")
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)  # of rows that are not as this version writes them
FLOATS = "<f8"  # how arrays are kept: little-endian float64
KEPT = ("kept_train_loss", "kept_held_out_loss")
PER_EPOCH = ("epoch", "learning_rate", "seconds")
PER_REPLICA = ("train_loss", "held_out_loss", "gradient_norm", "validation_loss")


class Floats(sa.TypeDecorator):
    """An array of any shape as the bytes of its values; it comes back flat and read-only."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        """Into the table."""
        return None if value is None else np.ascontiguousarray(value, FLOATS).tobytes()

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> np.ndarray | None:
        """Out of it."""
        return None if value is None else np.frombuffer(value, FLOATS)


class Name(sa.TypeDecorator):
    """A stranger's words, LONGEST_NAME letters at most, without those that are none: halves of a pair and U+0000."""

    impl = sa.String(LONGEST_NAME)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Into the table."""
        return None if value is None else without_broken_letters(str(value))[:LONGEST_NAME]


def without_broken_letters(text: str) -> str:
    """The text with a replacement character for what a database does not take."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


class Json(sa.TypeDecorator):
    """A record of `kind` as JSON text. Where there is none, as in rows older than the column, `missing` comes back."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: Any, missing: Any = None) -> None:
        super().__init__()
        self.kind, self.missing = kind, missing

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Into the table."""
        return None if value is None else without_broken_letters(to_json(value))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Out of it."""
        return from_json(self.kind, value) if value else self.missing


def readable(found: sa.Result, read: Callable[[sa.Row], Record]) -> list[Record]:
    """What `read` makes of each row. One that cannot be read, as of a damaged or a newer store, is left out alone."""
    records: list[Record] = []
    while True:
        try:
            if (row := found.fetchone()) is None:
                return records
            records.append(read(row))
        except UNREADABLE as error:
            LOG.warning("A row of the store cannot be read and is left out: %s", error)


WORDS = Json(tuple[str, ...], ())

SCHEMA_VERSION = 1  # goes up when a version before can no longer read, or would harm, what this one writes
metadata = sa.MetaData()
schema_version = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True))
channels = sa.Table(
    "channels",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("fingerprint", sa.String(16), primary_key=True),
    sa.Column("name", Name, nullable=False),
    sa.Column("metric", Name, nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("views", Floats, nullable=False),
    sa.Column("corrections", Json(tuple[Correction, ...]), nullable=False),
    sa.Column("channel_names", WORDS, nullable=False),
    sa.Column("saved", sa.Float, nullable=False),
    sa.Column("file", Name),  # the uploaded file's name, its bytes (zlib), and what the user said about it
    sa.Column("source", sa.LargeBinary),  # in older stores; the bytes are among the blobs now
    sa.Column("said", Json(dict[str, object])),
    sa.Column("metrics", WORDS),  # what else its file's numbers can be, the one in use first
    sa.Column("events", Json(tuple[Event, ...], ())),
    sa.Column("source_digest", sa.String(64)),  # of the file's bytes among the blobs
    sa.Column("continues", sa.String(16)),  # fingerprint of the same channel before newer days or events came
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
    sa.Column("reason", Json(Message)),  # why it failed
    sa.Column("queued", sa.Float, nullable=False),  # seconds since 1970, like all times
    sa.Column("beats", sa.Integer),  # heartbeats of whoever works on it; never set back
    sa.Column("restarts", sa.Integer),  # how often it was queued again because its server was gone
    sa.Column("worker", sa.Integer),  # the process that may report on it
    sa.Column("requested", sa.String(8)),  # of the worker: to pause or to stop
    sa.Column("share", sa.Float, nullable=False),  # of the work that is done, 0 to 1
    sa.Column("seconds", sa.Float, nullable=False),  # since its worker began
    sa.Column("result", sa.Text),  # what is known so far, JSON
    sa.Column("model", sa.LargeBinary),  # in older stores, whose model files were no parts
)
blobs = sa.Table(  # bytes of files, by their digest
    "blobs",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
parts = sa.Table(  # what a job's files are made of
    "parts",
    metadata,
    sa.Column("job", sa.String(12), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),  # model (asked about, then what the result brings) or last
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String(64), sa.ForeignKey("blobs.digest"), nullable=False, index=True),
)
owners = sa.Table(  # whose the rest is; none of them is named
    "owners",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("seen", sa.Float, nullable=False),  # when they last opened a page or asked for work
    sa.Column("turn", sa.Integer, nullable=False),  # counts up with each job that is begun: who had theirs last
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
    sa.Column("name", Name, nullable=False),
    sa.Column("lineage", sa.String(12), nullable=False),  # shared by runs that differ in epochs alone
    sa.Column("pinned", sa.Boolean),  # kept on top of the list
    sa.Column("tags", WORDS),  # the owner's words
    sa.Column("held_out_days", Floats),  # days since 1970, (targets,)
    sa.Column("predictions", Floats),  # views, (replicas, targets)
    sa.Column("kept_train_loss", Floats),  # views, (replicas,), of the weights that predict
    sa.Column("kept_held_out_loss", Floats),
    sa.Index("runs_by_lineage", "lineage"),
)
rows = sa.Table(
    "rows",
    metadata,
    sa.Column("job", sa.String(12), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("train_loss", Floats, nullable=False),
    sa.Column("held_out_loss", Floats, nullable=False),
    sa.Column("gradient_norm", Floats, nullable=False),
    sa.Column("validation_loss", Floats),  # where a part of the training period is kept for choosing
    sa.Column("learning_rate", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)
checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("job", sa.String(12), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),  # progress (all it takes to go on), last, best, or epoch
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("blob", sa.LargeBinary, nullable=False),  # safetensors; empty where it is kept in parts
)


WAITING = {  # the columns of a job that waits for a worker
    "status": "queued",
    "share": 0.0,
    "seconds": 0.0,
    **dict.fromkeys(("reason", "restarts", "worker", "requested", "result")),
}
