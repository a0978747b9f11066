"""One owner's channels in the store, with the files they were read from."""

import time
import zlib
from dataclasses import fields
from typing import Any

import pandas as pd
import sqlalchemy as sa

from forecasting.jobs.tables import channels, jobs
from forecasting.records import Source
from forecasting.series import Channel

LONGEST_NAME = 200  # letters
LARGEST_SOURCE = 8 * 2**20  # bytes, packed; a larger upload is read once and not kept


class ChannelStore:
    """Safe to use from several processes and threads at once."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def save(self, owner: str, channel: Channel, source: Source | None = None) -> None:
        """Keep the channel for its owner, with the file it came from where that is not too large."""
        record: dict[str, object] = {one.name: getattr(channel, one.name) for one in fields(Channel)}
        record |= {"owner": owner, "fingerprint": channel.fingerprint, "saved": time.time()}
        record |= {name: str(record[name])[:LONGEST_NAME] for name in ("name", "metric")}
        record["first_day"] = channel.views.index[0].date()
        packed = zlib.compress(source.data) if source else b""
        if source and len(packed) <= LARGEST_SOURCE:
            record |= {"file": source.file[:200], "source": packed, "said": source.said}
        with self.engine.begin() as connection:
            connection.execute(sa.delete(channels).where(_is(channels, owner, channel.fingerprint)))
            connection.execute(sa.insert(channels), record)

    def save_if_new(self, owner: str, channel: Channel) -> None:
        """Keep a channel that is asked about; one that is known already keeps its file."""
        if self.channel(owner, channel.fingerprint) is None:
            self.save(owner, channel)

    def said(self, owner: str, fingerprint: str) -> dict[str, Any] | None:
        """What was said about the file the channel was read from; None where the file was not kept."""
        query = sa.select(channels.c.said).where(_is(channels, owner, fingerprint))
        with self.engine.connect() as connection:
            return connection.execute(query).scalar()

    def source(self, owner: str, fingerprint: str) -> Source | None:
        """The file the owner's channel was read from, or None where it was not kept."""
        query = sa.select(channels.c.file, channels.c.source, channels.c.said).where(_is(channels, owner, fingerprint))
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        return Source(found.file, zlib.decompress(found.source), found.said) if found and found.source else None

    def forget(self, owner: str, fingerprint: str, unless_used: bool = False) -> None:
        """Delete the channel, its runs and all other jobs; with `unless_used` only a channel that has no run."""
        mine = _is(jobs, owner, fingerprint)
        with self.engine.begin() as connection:
            used = connection.execute(sa.select(jobs.c.id).where(mine, jobs.c.kind == "train").limit(1)).scalar()
            if used and unless_used:
                return
            connection.execute(sa.delete(jobs).where(mine))
            connection.execute(sa.delete(channels).where(_is(channels, owner, fingerprint)))

    def channel(self, owner: str, fingerprint: str) -> Channel | None:
        """The owner's channel, or None."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(channels).where(_is(channels, owner, fingerprint))).one_or_none()
        if found is None:
            return None
        days = pd.date_range(str(found.first_day), periods=len(found.views), freq="D", unit="us")
        values = {one.name: getattr(found, one.name) for one in fields(Channel)}
        return Channel(**values | {"views": pd.Series(found.views.copy(), index=days, name="views")})

    def channels(self, owner: str) -> dict[str, tuple[str, str | None]]:
        """Fingerprint -> name and file of the owner's channels, latest first."""
        query = sa.select(channels.c.fingerprint, channels.c.name, channels.c.file)
        query = query.where(channels.c.owner == owner).order_by(channels.c.saved.desc())
        with self.engine.connect() as connection:
            return {found.fingerprint: (found.name, found.file) for found in connection.execute(query)}


def _is(table: sa.Table, owner: str, fingerprint: str):
    return (table.c.owner == owner) & (table.c.fingerprint == fingerprint)
