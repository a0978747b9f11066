"""The run store's tables, and how arrays, channels and runs are packed into them.

Arrays are kept as little-endian float64 bytes.
"""

import json
from datetime import date

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting.messages import BadInput
from forecasting.records import Run, Study
from forecasting.series import Channel, Correction
from forecasting.settings import RunSettings

KEPT = ("kept_train_loss", "kept_held_out_loss")
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
    sa.Column("others", sa.Text, nullable=False),
    sa.Column("saved", sa.Float, nullable=False),
    sa.Column("file", sa.String(200)),  # the uploaded file's name, its bytes (zlib), and what the user said about it
    sa.Column("source", sa.LargeBinary),
    sa.Column("said", sa.Text),
)
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("fingerprint", sa.String(16), nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("status", sa.String(8), nullable=False, index=True),
    sa.Column("reason", sa.Text),  # why it failed: sentence and facts
    sa.Column("queued", sa.Float, nullable=False),
    sa.Column("seen", sa.Float),  # the worker's last sign of life
    sa.Column("lineage", sa.String(12), nullable=False, index=True),  # shared by runs that differ in epochs alone
    sa.Column("asked", sa.String(8)),  # of its worker: to pause or to stop
    sa.Column("worker", sa.Integer),  # the process that may write rows
    sa.Column("held_out_days", sa.LargeBinary),  # days since 1970, (targets,)
    sa.Column("predictions", sa.LargeBinary),  # views, (replicas, targets)
    sa.Column("kept_train_loss", sa.LargeBinary),  # views, (replicas,), of the weights that predict
    sa.Column("kept_held_out_loss", sa.LargeBinary),
    sa.Column("pinned", sa.Boolean),  # kept on top of the list
    sa.Column("tags", sa.Text),  # JSON list of words
)
rows = sa.Table(
    "rows",
    metadata,
    sa.Column("run", sa.String(12), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("train_loss", sa.LargeBinary, nullable=False),
    sa.Column("held_out_loss", sa.LargeBinary, nullable=False),
    sa.Column("gradient_norm", sa.LargeBinary, nullable=False),
    sa.Column("validation_loss", sa.LargeBinary),  # where a part of the training period is kept for choosing
    sa.Column("learning_rate", sa.Float, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
)
studies = sa.Table(
    "studies",
    metadata,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("fingerprint", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("status", sa.String(8), nullable=False, index=True),
    sa.Column("reason", sa.Text),  # as of a run, like all down to worker
    sa.Column("queued", sa.Float, nullable=False),
    sa.Column("seen", sa.Float),
    sa.Column("asked", sa.String(8)),
    sa.Column("worker", sa.Integer),
    sa.Column("share", sa.Float, nullable=False),  # of the work that is done, 0 to 1
    sa.Column("seconds", sa.Float, nullable=False),  # since its worker began
    sa.Column("answer", sa.Text),  # what is known so far, as JSON
    sa.Column("weights", sa.LargeBinary),  # safetensors: the model asked about, then the one that the answer brings
)
checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("run", sa.String(12), sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),  # progress (all it takes to go on), last, best, or epoch
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("blob", sa.LargeBinary, nullable=False),  # safetensors
)


def open_engine(url: str) -> sa.Engine:
    """A database with these tables, behind any SQLAlchemy URL."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _tune_sqlite)
    metadata.create_all(engine)
    _add_columns(engine)
    return engine


def _add_columns(engine: sa.Engine) -> None:
    """Give the tables of an older database the columns that came later. Those are all nullable, so its rows stay."""
    for table in metadata.sorted_tables:
        there = _columns_of(engine, table)
        for column in table.c:
            if column.name in there:
                continue
            try:
                with engine.begin() as connection:
                    connection.execute(sa.text(added_column(column, engine.dialect)))
            except sa.exc.DBAPIError:
                if column.name not in _columns_of(engine, table):  # else another process was faster
                    raise


def added_column(column: sa.Column, dialect: sa.Dialect) -> str:
    """The statement that adds a column to its table."""
    return f"ALTER TABLE {column.table.name} ADD COLUMN {sa.schema.CreateColumn(column).compile(dialect=dialect)}"


def _columns_of(engine: sa.Engine, table: sa.Table) -> set[str]:
    return {column["name"] for column in sa.inspect(engine).get_columns(table.name)}


def _tune_sqlite(connection, _record) -> None:
    """Readers do not block the writer, a writer waits for its turn, and deleting a run takes its rows along."""
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "busy_timeout = 10000",
        "foreign_keys = ON",
        "journal_size_limit = 16777216",
    ):
        connection.execute(f"PRAGMA {pragma}")


def to_bytes(array) -> bytes:
    return np.ascontiguousarray(array, "<f8").tobytes()


def to_array(blob: bytes) -> np.ndarray:
    return np.frombuffer(blob, "<f8")


def to_matrix(blobs: list[bytes | None]) -> np.ndarray:
    """(rows, replicas), or (rows, 0) where there is nothing."""
    full = blobs and blobs[0] is not None
    return to_array(b"".join(blobs)).reshape(len(blobs), -1) if full else np.empty((len(blobs), 0))


def channel_record(channel: Channel) -> dict[str, object]:
    corrections = [[m.text, [d.isoformat() for d in m.days], m.facts, m.option] for m in channel.corrections]
    return {
        "fingerprint": channel.fingerprint,
        "name": channel.name[:200],
        "metric": channel.metric[:200],
        "first_day": channel.views.index[0].date(),
        "views": to_bytes(channel.views),
        "corrections": json.dumps(corrections, default=str),
        "others": json.dumps(channel.channel_names),
    }


def to_channel(found) -> Channel:
    values = to_array(found.views).copy()
    days = pd.date_range(str(found.first_day), periods=len(values), freq="D", unit="us")
    views = pd.Series(values, index=days, name="views")
    corrections = [
        Correction(text, tuple(map(date.fromisoformat, on)), facts, option)
        for text, on, facts, option in json.loads(found.corrections)
    ]
    return Channel(found.name, views, tuple(corrections), found.metric, tuple(json.loads(found.others)))


def to_run(found) -> Run:
    return Run(
        found.id,
        found.name,
        found.fingerprint,
        RunSettings.from_json(found.settings),
        found.status,
        _to_reason(found.reason),
        found.queued,
        bool(found.pinned),
        tuple(json.loads(found.tags or "[]")),
    )


def to_study(found) -> Study:
    return Study(
        found.id,
        found.fingerprint,
        found.kind,
        json.loads(found.request),
        found.status,
        _to_reason(found.reason),
        found.queued,
        found.share,
        found.seconds,
        json.loads(found.answer) if found.answer else None,
    )


def from_reason(reason: BadInput) -> str:
    return json.dumps([reason.message.text, dict(reason.message.facts)], default=str)


def _to_reason(text: str | None) -> BadInput | None:
    sentence, facts = json.loads(text) if text else (None, {})
    return BadInput(sentence, **facts) if sentence else None
