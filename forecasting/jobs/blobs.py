"""Files that the store keeps: model files, weights, uploads. What two of them share is there once, by its digest.

A file of safetensors is cut where its large tensors begin and end, so a run's weights are one part of its checkpoint
and of every model file that its forecasts bring.
"""

import hashlib
import json
import struct
from itertools import pairwise

import sqlalchemy as sa

from forecasting.jobs.owners import INSERTS
from forecasting.jobs.tables import blobs, channels, parts

SMALLEST_PART = 16_384  # bytes; smaller tensors stay with what is beside them


def keep_blob(connection: sa.Connection, data: bytes) -> str:
    """Keep bytes; the digest that they are found by. They stay as long as a part or a channel names them."""
    digest = hashlib.sha256(data).hexdigest()
    insert = INSERTS[connection.dialect.name](blobs).on_conflict_do_nothing()
    connection.execute(insert, {"digest": digest, "data": data})
    return digest


def blob(connection: sa.Connection, digest: str) -> bytes | None:
    """The bytes of a digest."""
    return connection.execute(sa.select(blobs.c.data).where(blobs.c.digest == digest)).scalar()


def keep_file(connection: sa.Connection, job_id: str, kind: str, data: bytes) -> None:
    """Keep a job's file, its `kind` being "model" or "last"; one of before is let go."""
    connection.execute(sa.delete(parts).where(_of(job_id, kind)))
    for place, part in enumerate(cut(data)):
        record = {"job": job_id, "kind": kind, "place": place, "digest": keep_blob(connection, part)}
        connection.execute(sa.insert(parts), record)


def file_of(connection: sa.Connection, job_id: str, kind: str) -> bytes | None:
    """A job's file, or None."""
    query = sa.select(blobs.c.data).join(parts, parts.c.digest == blobs.c.digest).where(_of(job_id, kind))
    found = connection.execute(query.order_by(parts.c.place)).scalars().all()
    return b"".join(found) if found else None


def cut(data: bytes) -> list[bytes]:
    """The file in parts, which joined are the file. One that is no safetensors is one part."""
    borders = sorted({0, len(data), *_borders(data)})
    return [data[first:last] for first, last in pairwise(borders)] or [data]


def let_go(connection: sa.Connection) -> None:
    """Remove what no part and no channel names any more. Nobody keeps a blob meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE blobs IN SHARE ROW EXCLUSIVE MODE"))
    of_channels = sa.select(channels.c.source_digest).where(channels.c.source_digest.is_not(None))
    unnamed = blobs.c.digest.not_in(sa.select(parts.c.digest)) & blobs.c.digest.not_in(of_channels)
    connection.execute(sa.delete(blobs).where(unnamed))


def _of(job_id: str, kind: str) -> sa.ColumnElement[bool]:
    return (parts.c.job == job_id) & (parts.c.kind == kind)


def _borders(data: bytes) -> list[int]:
    """Where large tensors begin and end: 8 bytes tell the header's length, the header where tensors are after it."""
    try:
        (length,) = struct.unpack("<Q", data[:8])
        offsets = [one["data_offsets"] for name, one in json.loads(data[8 : 8 + length]).items() if name[:2] != "__"]
        large = [(first, last) for first, last in offsets if last - first >= SMALLEST_PART]
        borders = [8 + length + border for pair in large for border in pair]
    except (struct.error, ValueError, TypeError, KeyError, AttributeError):
        return []
    return [border for border in borders if 0 < border < len(data)]
