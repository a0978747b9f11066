"""What the store need not keep any longer, and how the room comes back. Servers may do this at the same time.

What a committed run came to is never touched, but for owners that a host keeps for so many days only.
"""

import time

import sqlalchemy as sa

from forecasting import owners as whose
from forecasting.hosting import Hosting
from forecasting.jobs.blobs import let_go
from forecasting.jobs.owners import note_owners
from forecasting.jobs.tables import channels, chapters, checkpoints, jobs, owners, parts
from forecasting.records import ACTIVE

A_DAY = 86_400.0  # seconds
CONTINUED = 3  # finished runs of each owner that go on where more epochs are asked for; others begin anew
LARGEST_CONTINUED = 4_000_000  # bytes of what it takes to go on, that a host keeps of a finished run
LASTING = ("train", "forecast")  # kinds of jobs whose results are looked at again when newer days have come
FREE_PAGES = 256  # of SQLite's file that are worth giving back: 1 MB


def clean(engine: sa.Engine, limits: Hosting, now: float | None = None) -> None:
    """Remove what is kept for too long or twice, each in a transaction of its own, and give its room back."""
    before = (time.time() if now is None else now) - limits.days_kept * A_DAY
    _note_unknown_owners(engine)
    for owner in _gone(engine, before):
        _forget(engine, owner, before)
    for remove in (_old_answers(before), *_old_models(before), _finished_progress(limits.hosted)):
        with engine.begin() as connection:
            connection.execute(remove)
    with engine.begin() as connection:
        let_go(connection)
    give_room_back(engine)


def give_room_back(engine: sa.Engine) -> None:
    """Shorten SQLite's file by its free pages; other databases do that by themselves.

    The file of an older version cannot be shortened until it has been written anew, once.
    """
    if engine.dialect.name != "sqlite":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        if free < FREE_PAGES:
            return
        if connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() == 2:
            connection.connection.cursor().executescript("PRAGMA incremental_vacuum")  # whose every page is a step
        else:
            connection.exec_driver_sql("PRAGMA auto_vacuum = INCREMENTAL")
            connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()


def _note_unknown_owners(engine: sa.Engine) -> None:
    """Owners of a store of before count as seen now."""
    with engine.begin() as connection:
        every = sa.union(sa.select(channels.c.owner), sa.select(jobs.c.owner), sa.select(chapters.c.owner)).subquery()
        unknown = sa.select(every.c.owner).where(every.c.owner.not_in(sa.select(owners.c.owner)))
        note_owners(connection, list(connection.execute(unknown).scalars()))


def _gone(engine: sa.Engine, before: float) -> list[str]:
    """Owners who have not been seen for so long and cannot sign in."""
    with engine.connect() as connection:
        found = connection.execute(sa.select(owners.c.owner).where(owners.c.seen < before)).scalars().all()
    return [owner for owner in found if owner != whose.LOCAL and not whose.signs_in(owner)]


def _forget(engine: sa.Engine, owner: str, before: float) -> None:
    """Remove all that an owner has, unless they have come back just now."""
    with engine.begin() as connection:
        gone = sa.delete(owners).where(owners.c.owner == owner, owners.c.seen < before)
        if connection.execute(gone).rowcount:
            for table in (jobs, channels, chapters):
                connection.execute(sa.delete(table).where(table.c.owner == owner))


def _old_answers(before: float) -> sa.Delete:
    """Results that are worked out again when they are asked for."""
    ended = jobs.c.status.not_in(ACTIVE)
    return sa.delete(jobs).where(jobs.c.kind.not_in(LASTING), ended, jobs.c.queued < before)


def _old_models(before: float) -> tuple[sa.Delete, sa.Update]:
    """Model files of forecasts; what was forecast stays."""
    old = (jobs.c.kind == "forecast") & jobs.c.status.not_in(ACTIVE) & (jobs.c.queued < before)
    of_old = parts.c.job.in_(sa.select(jobs.c.id).where(old))
    of_older_stores = sa.update(jobs).where(old, jobs.c.model.is_not(None)).values(model=None)
    return sa.delete(parts).where(parts.c.kind == "model", of_old), of_older_stores


def _finished_progress(hosted: bool) -> sa.Delete:
    """Checkpoints to go on from, of finished runs but for the owner's latest; of large ones only on one's own machine.

    They are three times as large as the weights.
    """
    latest = sa.func.row_number().over(partition_by=jobs.c.owner, order_by=jobs.c.queued.desc()).label("place")
    finished = sa.select(jobs.c.id, latest).where(jobs.c.kind == "train", jobs.c.status == "finished").subquery()
    unneeded: sa.ColumnElement[bool] = checkpoints.c.job.in_(
        sa.select(finished.c.id).where(finished.c.place > CONTINUED)
    )
    if hosted:
        large = sa.func.length(checkpoints.c.blob) > LARGEST_CONTINUED
        unneeded |= checkpoints.c.job.in_(sa.select(finished.c.id)) & large
    return sa.delete(checkpoints).where(checkpoints.c.kind == "progress", unneeded)
