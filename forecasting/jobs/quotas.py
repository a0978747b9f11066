"""What one owner may have: told before anything is queued or kept, in the transaction that does it.

Every job enters the queue through `admit`. It holds the owner's lock, so of two tabs that ask at the same instant the
second sees what the first has got.
"""

import math

import sqlalchemy as sa

from forecasting.hosting import Hosting
from forecasting.jobs.tables import blobs, channels, checkpoints, jobs, parts, rows, runs
from forecasting.messages import N_, BadInput
from forecasting.records import ACTIVE

MEGABYTE = 1e6
ROW_BYTES = 40  # of an epoch beside its losses

QUEUE = N_(
    "You have {count} job waiting or under way, the most that this server allows one person. Wait until it has ended, "
    "or stop it.",
    "You have {count} jobs waiting or under way, the most that this server allows one person. Wait until one has "
    "ended, or stop one.",
)
RUNS = N_(
    "You have {count} run, the most that this server keeps for one person. Remove it on Compare.",
    "You have {count} runs, the most that this server keeps for one person. Remove some on Compare.",
)
CHANNELS = N_(
    "You have {count} channel, the most that this server keeps for one person. Remove it on Data.",
    "You have {count} channels, the most that this server keeps for one person. Remove one on Data.",
)
STORAGE = N_(
    "Your channels and runs take {count} MB, the most that this server keeps for one person. Remove runs on Compare, "
    "or a channel on Data."
)

BEYOND = N_(
    "With it you would have {runs} runs, {channels} channels and {size} MB; this server keeps {most_runs}, "
    "{most_channels} and {most_size} MB for one person. Remove some, and open it again."
)


def admit(connection: sa.Connection, owner: str, limits: Hosting, *, new_run: bool = False) -> None:
    """Raises BadInput where the owner may not queue one more job. The caller has locked the owner."""
    _refuse(QUEUE, limits.queue, _count(connection, jobs, owner, jobs.c.status.in_(ACTIVE)))
    if new_run:
        _refuse(RUNS, limits.runs, _count(connection, jobs, owner, jobs.c.kind == "train"))
    refuse_full(connection, owner, limits)


def admit_channel(connection: sa.Connection, owner: str, limits: Hosting) -> None:
    """Raises BadInput where the owner may not keep one more channel. The caller has locked the owner."""
    _refuse(CHANNELS, limits.channels, _count(connection, channels, owner, _newest(owner)))
    refuse_full(connection, owner, limits)


def refuse_full(connection: sa.Connection, owner: str, limits: Hosting) -> None:
    """Raises BadInput where all that the owner keeps takes too many bytes."""
    if math.isfinite(limits.storage):
        _refuse(STORAGE, limits.storage, bytes_kept(connection, owner) / MEGABYTE)


def refuse_beyond(connection: sa.Connection, owner: str, limits: Hosting) -> None:
    """Raises BadInput where the owner has more than is allowed, after many things have come at once."""
    has = {
        "runs": _count(connection, jobs, owner, jobs.c.kind == "train"),
        "channels": _count(connection, channels, owner, _newest(owner)),
        "size": round(bytes_kept(connection, owner) / MEGABYTE),
    }
    most = {"runs": limits.runs, "channels": limits.channels, "size": limits.storage}
    if any(has[name] > most[name] for name in has):
        raise BadInput(BEYOND, **has, **{f"most_{name}": f"{limit:g}" for name, limit in most.items()})


def bytes_kept(connection: sa.Connection, owner: str) -> float:
    """Roughly the bytes of all that an owner has: channels with their files, results, weights and loss curves."""
    mine = jobs.c.owner == owner
    named = sa.select(parts.c.digest).join(jobs).where(mine)
    uploads = sa.select(channels.c.source_digest).where(channels.c.owner == owner)
    sizes = (
        sa.select(_length(blobs.c.data)).where(blobs.c.digest.in_(named.union(uploads))),
        sa.select(_length(channels.c.source, channels.c.views)).where(channels.c.owner == owner),
        sa.select(_length(jobs.c.request, jobs.c.result, jobs.c.model)).where(mine),
        sa.select(_length(checkpoints.c.blob)).select_from(checkpoints).join(jobs).where(mine),
        sa.select(_length(runs.c.predictions)).select_from(runs).join(jobs).where(mine),
        _curves().where(mine),
    )
    return float(sum(connection.execute(size).scalar() or 0 for size in sizes))


def _newest(owner: str) -> sa.ColumnElement[bool]:
    """The newest version of each channel that the owner brought in a file; the sample is everybody's."""
    newer = channels.alias()
    continued = sa.select(newer.c.continues).where(newer.c.owner == owner, newer.c.continues.is_not(None))
    return channels.c.fingerprint.not_in(continued) & channels.c.file.is_not(None)


def _curves() -> sa.Select:
    """Bytes of all rows, told from the last of each run: counting them would walk over all."""
    every = rows.alias()
    last = sa.select(sa.func.max(every.c.epoch)).where(every.c.job == runs.c.job).correlate(runs).scalar_subquery()
    each = rows.c.epoch * (3 * sa.func.length(_packed(rows.c.train_loss)) + ROW_BYTES)
    of_last = (rows.c.job == runs.c.job) & (rows.c.epoch == last)
    return sa.select(sa.func.sum(each)).select_from(jobs).join(runs).join(rows, of_last)


def _refuse(text: str | tuple[str, str], limit: float, has: float) -> None:
    if has >= limit:
        raise BadInput(text, count=round(has))


def _count(connection: sa.Connection, table: sa.Table, owner: str, condition: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.owner == owner, condition)
    return connection.execute(query).scalar_one()


def _length(*columns: sa.Column) -> sa.ColumnElement:
    """Of texts their letters, which are mostly bytes."""
    lengths = (sa.func.coalesce(sa.func.length(_packed(column)), 0) for column in columns)
    return sa.func.sum(sum(lengths, sa.literal(0)))


def _packed(column: sa.Column) -> sa.ColumnElement:
    """A column as the database has it, not as its type makes it."""
    return column if isinstance(column.type, sa.Text) else sa.type_coerce(column, sa.LargeBinary)
