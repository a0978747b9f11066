"""One owner's channels in the store, with the files they were read from.

A channel is kept in versions, each named by the fingerprint of its views and events. Newer days or other events make
a new version that continues the one before, so that what was worked out on that one stays as it was. A version is
continued by one at most.
"""

import time
import zlib
from collections.abc import Collection, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

import pandas as pd
import sqlalchemy as sa

from forecasting.hosting import UNLIMITED, Hosting
from forecasting.jobs.blobs import blob, keep_blob
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.quotas import admit_channel
from forecasting.jobs.tables import channels, jobs, readable
from forecasting.names import clean_name
from forecasting.records import Source
from forecasting.series import Channel

OF_FILE = (channels.c.file, channels.c.source, channels.c.source_digest, channels.c.said)
OF_CHANNEL = (
    channels.c.fingerprint,
    channels.c.first_day,
    *(channels.c[one.name] for one in fields(Channel)),
)
LARGEST_SOURCE = 8 * 2**20  # bytes, packed; a larger upload is read once and not kept


class ChannelStore:
    """Safe to use from several processes and threads at once."""

    def __init__(self, engine: sa.Engine, limits: Hosting = UNLIMITED) -> None:
        self.engine, self.limits = engine, limits

    def save(self, owner: str, channel: Channel, source: Source | None = None, *, continues: str | None = None) -> None:
        """Keep the channel for its owner, with the file it came from where that is not too large.

        `continues` is the fingerprint of any earlier version of the same channel; the new one follows the newest of
        these, and keeps its file where no `source` is given. What is known already keeps its place.

        Raises BadInput, which says what to do, where the host does not allow one more channel.
        """
        fingerprint = channel.fingerprint
        record: dict[str, object] = {one.name: getattr(channel, one.name) for one in fields(Channel)}
        record |= {"owner": owner, "fingerprint": fingerprint, "saved": time.time()}
        record |= {name: clean_name(str(record[name])) for name in ("name", "metric")}
        record["first_day"] = channel.views.index[0].date()
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            before = _links(connection, owner)
            older = newest_version(before, continues) if continues in before else None
            if source and older is None and fingerprint not in before:
                admit_channel(connection, owner, self.limits)
            if older in (None, fingerprint):
                older = before.get(fingerprint)
            elif fingerprint in before:
                _take_out(connection, owner, fingerprint)
            record |= _packed(connection, source) if source else _file_of(connection, owner, (fingerprint, older))
            connection.execute(sa.delete(channels).where(_is(channels, owner, fingerprint)))
            connection.execute(sa.insert(channels), record | {"continues": older})

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
        query = sa.select(*OF_FILE).where(_is(channels, owner, fingerprint))
        with self.engine.connect() as connection:
            found = connection.execute(query).one_or_none()
            if found is None:
                return None
            packed = packed_source(connection, found)
        return Source(found.file, zlib.decompress(packed), found.said) if packed else None

    def versions(self, owner: str, fingerprint: str) -> list[str]:
        """Fingerprints of this version and of the earlier ones that it continues, newest first."""
        with self.engine.connect() as connection:
            return earlier_versions(_links(connection, owner), fingerprint)

    def newest(self, owner: str, fingerprint: str) -> str | None:
        """Fingerprint of the newest version of the channel that had this one; None where the channel is not known."""
        with self.engine.connect() as connection:
            links = _links(connection, owner)
        return newest_version(links, fingerprint) if fingerprint in links else None

    def newest_of_all(self, owner: str) -> dict[str, str]:
        """Fingerprint of every version of the owner's channels -> that of the newest of the same channel."""
        with self.engine.connect() as connection:
            links = _links(connection, owner)
        continued = set(links.values())
        newest = (fingerprint for fingerprint in links if fingerprint not in continued)
        return {version: last for last in newest for version in earlier_versions(links, last)}

    def forget(self, owner: str, fingerprint: str, unless_used: bool = False) -> None:
        """Delete all versions of the channel, with their runs and all other jobs.

        With `unless_used` only this version goes, and only where it has neither a run nor a forecast; the version that
        continued it then continues the one before.
        """
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            links = _links(connection, owner)
            if unless_used and not _used(connection, owner, fingerprint):
                _take_out(connection, owner, fingerprint)
                _delete(connection, owner, [fingerprint])
            elif not unless_used:
                _delete(connection, owner, earlier_versions(links, newest_version(links, fingerprint)))

    def channel(self, owner: str, fingerprint: str) -> Channel | None:
        """The owner's channel, or None."""
        return self.several(owner, [fingerprint]).get(fingerprint)

    def several(self, owner: str, fingerprints: Collection[str]) -> dict[str, Channel]:
        """These of the owner's channels, by fingerprint, in one query."""
        query = sa.select(*OF_CHANNEL).where(channels.c.owner == owner, channels.c.fingerprint.in_(fingerprints))
        with self.engine.connect() as connection:
            return dict(readable(connection.execute(query), lambda found: (found.fingerprint, _channel(found))))

    def channels(self, owner: str) -> dict[str, tuple[str, str | None]]:
        """Fingerprint of the newest version -> name and file of the owner's channels, latest first."""
        query = sa.select(channels.c.fingerprint, channels.c.name, channels.c.file, channels.c.continues)
        query = query.where(channels.c.owner == owner).order_by(channels.c.saved.desc())
        with self.engine.connect() as connection:
            every = connection.execute(query).all()
        continued = {found.continues for found in every}
        return {found.fingerprint: (found.name, found.file) for found in every if found.fingerprint not in continued}


def _channel(found: sa.Row) -> Channel:
    days = pd.date_range(str(found.first_day), periods=len(found.views), freq="D", unit="us")
    values = {one.name: getattr(found, one.name) for one in fields(Channel)}
    return Channel(**values | {"views": pd.Series(found.views.copy(), index=days, name="views")})


def packed_source(connection: sa.Connection, found: sa.Row) -> bytes | None:
    """The bytes (zlib) of the file that a row of channels was read from, where they were kept."""
    return found.source or (blob(connection, found.source_digest) if found.source_digest else None)


def earlier_versions(links: Mapping[str, str | None], fingerprint: str) -> list[str]:
    """A version and those before it, newest first. `links` has each version's fingerprint -> the one it continues."""
    found: list[str] = []
    version: str | None = fingerprint
    while version is not None and version in links and version not in found:
        found.append(version)
        version = links[version]
    return found


def newest_version(links: Mapping[str, str | None], fingerprint: str) -> str:
    """The version that follows all others of the same channel."""
    later = {older: newer for newer, older in links.items()}
    seen = {fingerprint}
    while (follower := later.get(fingerprint)) and follower not in seen:
        fingerprint = follower
        seen.add(fingerprint)
    return fingerprint


def _links(connection: sa.Connection, owner: str) -> dict[str, str | None]:
    query = sa.select(channels.c.fingerprint, channels.c.continues).where(channels.c.owner == owner)
    return {found.fingerprint: found.continues for found in connection.execute(query)}


def _take_out(connection: sa.Connection, owner: str, fingerprint: str) -> None:
    """Have the version that continues this one continue the one before it."""
    before = sa.select(channels.c.continues).where(_is(channels, owner, fingerprint))
    followers = (channels.c.owner == owner) & (channels.c.continues == fingerprint)
    older = connection.execute(before).scalar()
    connection.execute(sa.update(channels).where(followers).values(continues=older))


def _used(connection: sa.Connection, owner: str, fingerprint: str) -> bool:
    lasting = jobs.c.kind.in_(("train", "forecast"))
    query = sa.select(jobs.c.id).where(_is(jobs, owner, fingerprint), lasting).limit(1)
    return connection.execute(query).scalar() is not None


def _delete(connection: sa.Connection, owner: str, versions: list[str]) -> None:
    for table in (jobs, channels):
        gone = (table.c.owner == owner) & table.c.fingerprint.in_(versions)
        connection.execute(sa.delete(table).where(gone))


def _packed(connection: sa.Connection, source: Source) -> dict[str, object]:
    """The columns of a file; none of one too large."""
    packed = _compressed(source.data)
    if len(packed) > LARGEST_SOURCE:
        return {}
    return {"file": clean_name(source.file), "source_digest": keep_blob(connection, packed), "said": source.said}


@lru_cache(maxsize=1)  # a file of many channels is kept with each of them
def _compressed(data: bytes) -> bytes:
    return zlib.compress(data)


def _file_of(connection: sa.Connection, owner: str, versions: tuple[str | None, ...]) -> dict[str, object]:
    """The columns of the file that the first of these versions that is known has."""
    query = sa.select(*OF_FILE)
    for version in filter(None, versions):
        if found := connection.execute(query.where(_is(channels, owner, version))).one_or_none():
            return found._asdict()
    return {}


def _is(table: sa.Table, owner: str, fingerprint: str):
    return (table.c.owner == owner) & (table.c.fingerprint == fingerprint)
