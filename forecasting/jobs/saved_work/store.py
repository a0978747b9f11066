"""Saved work from the store and into it."""

import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from forecasting.hosting import UNLIMITED, Hosting
from forecasting.jobs.blobs import file_of
from forecasting.jobs.channels import LARGEST_SOURCE, packed_source
from forecasting.jobs.chapters import ChapterStore
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.quotas import refuse_beyond
from forecasting.jobs.requests import ForecastRequest, RunVersion
from forecasting.jobs.runs import RUN_COLUMNS, RunStore, lineage_of
from forecasting.jobs.saved_work.checks import OUTCOME
from forecasting.jobs.saved_work.records import SavedChannel, SavedForecast, SavedRun, SavedWork, part_of
from forecasting.jobs.store import id_of
from forecasting.jobs.tables import FLOATS, PER_EPOCH, PER_REPLICA, WAITING, Json, channels, checkpoints, jobs, readable
from forecasting.jobs.tables import rows as rows_table
from forecasting.jobs.tables import runs as runs_table
from forecasting.json_records import to_json
from forecasting.records import ACTIVE

REQUEST = sa.type_coerce(jobs.c.request, Json(ForecastRequest)).label("request")
UNFINISHED = ("paused", "stopped", "failed", "queued")


@dataclass(frozen=True)
class Merged:
    """How much came that was not there before."""

    channels: int = 0
    runs: int = 0
    forecasts: int = 0


# From the store


def collect(engine: sa.Engine, owner: str) -> SavedWork:
    """All that the owner has, but for what can be worked out again: answers of other jobs than runs and forecasts."""
    parts: dict[str, bytes] = {}
    with engine.connect() as connection:
        every = tuple(_channel(connection, found, parts) for found in _readable(connection, _channels_of(owner)))
        runs = tuple(_run(connection, found, parts) for found in _readable(connection, _runs_of(owner)))
        forecasts = tuple(_forecast(connection, found, parts) for found in _readable(connection, _forecasts_of(owner)))
    runs = tuple(_with_curves(RunStore(engine), run, parts) for run in runs)
    return SavedWork(every, runs, forecasts, ChapterStore(engine).tried(owner), parts)


def _readable(connection: sa.Connection, query: sa.Select) -> list[sa.Row]:
    return readable(connection.execute(query), lambda row: row)


def _channels_of(owner: str) -> sa.Select:
    return sa.select(channels).where(channels.c.owner == owner).order_by(channels.c.saved)


def _runs_of(owner: str) -> sa.Select:
    names = [one.name for one in fields(SavedRun) if one.name != "checkpoints"]
    query = sa.select(*(RUN_COLUMNS[name].label(name) for name in names)).select_from(jobs).join(runs_table)
    return query.where(jobs.c.owner == owner).order_by(jobs.c.queued)


def _forecasts_of(owner: str) -> sa.Select:
    names = ("id", "fingerprint", "queued", "seconds", "result", "model")
    query = sa.select(REQUEST, *(jobs.c[name] for name in names))
    done = (jobs.c.kind == "forecast") & (jobs.c.status == "finished") & jobs.c.result.is_not(None)
    return query.where(jobs.c.owner == owner, done).order_by(jobs.c.queued)


def _channel(connection: sa.Connection, found: sa.Row, parts: dict[str, bytes]) -> SavedChannel:
    values = {one.name: getattr(found, one.name) for one in fields(SavedChannel)}
    packed = packed_source(connection, found)
    saved = SavedChannel(**values | ({} if packed else {"said": None}))
    parts[part_of(saved, "views")] = np.ascontiguousarray(found.views, FLOATS).tobytes()
    if packed:
        parts[part_of(saved, "source")] = zlib.decompress(packed)
    return saved


def _run(connection: sa.Connection, found: sa.Row, parts: dict[str, bytes]) -> SavedRun:
    """What a finished run needs to go on from stays behind: it is three times as large as its weights."""
    waiting = found.status in ACTIVE
    saved = SavedRun(**found._asdict() | {"checkpoints": {}, "status": "paused" if waiting else found.status})
    kept = checkpoints.c.kind.in_(["last"] if found.status == "finished" else ["last", "progress"])
    for one in connection.execute(sa.select(checkpoints).where(checkpoints.c.job == found.id, kept)):
        saved.checkpoints[one.kind] = one.epoch
        parts[part_of(saved, one.kind)] = one.blob or file_of(connection, found.id, one.kind) or b""
    return saved


def _with_curves(store: RunStore, saved: SavedRun, parts: dict[str, bytes]) -> SavedRun:
    arrays = {name: np.array(array, float) for name, array in vars(store.history(saved.id)).items()}
    outcome = sa.select(*(runs_table.c[name] for name in OUTCOME)).where(runs_table.c.job == saved.id)
    with store.engine.connect() as connection:
        found = connection.execute(outcome).one()
    if found.predictions is not None and found.kept_train_loss is not None:
        arrays |= {name: np.array(getattr(found, name)) for name in OUTCOME}
        arrays["predictions"] = arrays["predictions"].reshape(-1, len(arrays["held_out_days"]))
    parts[part_of(saved, "curves")] = save_arrays(arrays)
    return saved


def _forecast(connection: sa.Connection, found: sa.Row, parts: dict[str, bytes]) -> SavedForecast:
    saved = SavedForecast(**{one.name: getattr(found, one.name) for one in fields(SavedForecast)})
    parts[part_of(saved, "result")] = found.result.encode()
    if model := found.model or file_of(connection, found.id, "model"):
        parts[part_of(saved, "model")] = model
    return saved


# Into the store


def merge(engine: sa.Engine, owner: str, work: SavedWork, limits: Hosting = UNLIMITED) -> Merged:
    """Add what the owner does not have yet, all or nothing; what is there stays. Opened twice it brings nothing.

    Raises BadInput where the owner would have more than the host's `limits` allow.
    """
    with engine.begin() as connection:
        lock_owner(connection, owner)
        new_channels = _add_channels(connection, owner, work)
        new_runs, ids = _add_runs(connection, owner, work)
        new_forecasts = _add_forecasts(connection, owner, work, ids)
        if new_channels or new_runs or new_forecasts:
            refuse_beyond(connection, owner, limits)
    chapters = ChapterStore(engine)
    for slug, tried in work.chapters.items():
        chapters.note(owner, slug, tried=tried)
    return Merged(new_channels, new_runs, new_forecasts)


def _add_channels(connection: sa.Connection, owner: str, work: SavedWork) -> int:
    """A version that another one continues already is continued by no second one: what would, begins anew."""
    links: dict[str, str | None] = {found.fingerprint: found.continues for found in connection.execute(_links(owner))}
    added = 0
    for saved in sorted(work.channels, key=lambda one: one.saved):
        before = saved.continues if _may_continue(saved, links, work) else None
        if saved.fingerprint in links:
            if before and links[saved.fingerprint] is None:
                mine = (channels.c.owner == owner) & (channels.c.fingerprint == saved.fingerprint)
                connection.execute(sa.update(channels).where(mine).values(continues=before))
                links[saved.fingerprint] = before
            continue
        connection.execute(sa.insert(channels), _channel_row(owner, saved, before, work.parts))
        links[saved.fingerprint] = before
        added += 1
    return added


def _links(owner: str) -> sa.Select:
    return sa.select(channels.c.fingerprint, channels.c.continues).where(channels.c.owner == owner)


def _may_continue(saved: SavedChannel, links: Mapping[str, str | None], work: SavedWork) -> bool:
    """Whether the version before is there or comes, nobody else continues it, and no circle closes."""
    before: str | None = saved.continues
    if before is None or any(older == before and newer != saved.fingerprint for newer, older in links.items()):
        return False
    coming = {one.fingerprint: one.continues for one in work.channels}
    every, walked = {**coming, **links}, {saved.fingerprint}
    if before not in every:
        return False
    while before is not None:
        if before in walked:
            return False
        walked.add(before)
        before = every.get(before)
    return True


def _channel_row(owner: str, saved: SavedChannel, before: str | None, parts: Mapping[str, bytes]) -> dict[str, object]:
    row: dict[str, object] = {one.name: getattr(saved, one.name) for one in fields(SavedChannel)}
    source = parts.get(part_of(saved, "source"))
    packed = zlib.compress(source) if source is not None else None
    if packed is not None and len(packed) > LARGEST_SOURCE:
        packed = None
    views = np.frombuffer(parts[part_of(saved, "views")], FLOATS)
    row |= {"owner": owner, "continues": before, "views": views, "source": packed}
    return row | {"saved": min(saved.saved, time.time()), "said": saved.said if packed else None}


def _add_runs(connection: sa.Connection, owner: str, work: SavedWork) -> tuple[int, dict[str, str]]:
    """How many are new, and the id here of each by its id in the file."""
    there = {(run.fingerprint, run.settings): run for run in _readable(connection, _runs_of(owner))}
    ids, added = {}, 0
    for saved in work.runs:
        mine = there.get((saved.fingerprint, saved.settings))
        ids[saved.id] = mine.id if mine else saved.settings.run_id(saved.fingerprint, owner)
        if mine is None or (mine.status in UNFINISHED and saved.status == "finished"):
            _put_run(connection, owner, replace(saved, id=ids[saved.id]), work, before=mine, part=saved)
            added += 1
        else:
            _mark(connection, mine, saved)
    return added, ids


def _mark(connection: sa.Connection, mine: sa.Row, saved: SavedRun) -> None:
    marks = _marks(mine, saved)
    if marks != {"pinned": mine.pinned, "tags": mine.tags}:
        connection.execute(sa.update(runs_table).where(runs_table.c.job == mine.id).values(marks))


def _marks(mine: sa.Row, saved: SavedRun) -> dict[str, object]:
    """Pinned and tagged in one of the two is pinned and tagged."""
    return {"pinned": mine.pinned or saved.pinned, "tags": tuple(sorted({*mine.tags, *saved.tags}))}


def _put_run(
    connection: sa.Connection, owner: str, saved: SavedRun, work: SavedWork, *, before: sa.Row | None, part: SavedRun
) -> None:
    """Write a run in place of the less advanced one `before`; its parts are those of `part`."""
    marks: dict[str, object] = {"pinned": saved.pinned, "tags": saved.tags, "name": saved.name}
    if before:
        connection.execute(sa.delete(jobs).where(jobs.c.id == before.id))
        marks = _marks(before, saved) | {"name": before.name}
    job = WAITING | {name: getattr(saved, name) for name in ("id", "fingerprint", "status", "reason", "seconds")}
    job |= {"owner": owner, "kind": "train", "request": saved.settings.to_json(), "share": saved.share}
    connection.execute(sa.insert(jobs), job | {"queued": min(saved.queued, time.time())})
    arrays = load_arrays(work.parts[part_of(part, "curves")])
    lineage = lineage_of(saved.settings).run_id(saved.fingerprint, owner)
    outcome = {name: arrays.get(name) for name in OUTCOME}
    connection.execute(sa.insert(runs_table), {"job": saved.id, "lineage": lineage, **marks, **outcome})
    if lines := _rows(saved.id, arrays):
        connection.execute(sa.insert(rows_table), lines)
    for kind, epoch in saved.checkpoints.items():
        blob = work.parts[part_of(part, kind)]
        connection.execute(sa.insert(checkpoints), {"job": saved.id, "kind": kind, "epoch": epoch, "blob": blob})


def _rows(run_id: str, arrays: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    names = [name for name in (*PER_EPOCH, *PER_REPLICA) if arrays[name].size]
    lines = [{name: arrays[name][at] for name in names} for at in range(len(arrays["epoch"]))]
    single = {"epoch": int, "learning_rate": float, "seconds": float}
    return [
        {"job": run_id, "validation_loss": None, **line, **{name: kind(line[name]) for name, kind in single.items()}}
        for line in lines
    ]


def _add_forecasts(connection: sa.Connection, owner: str, work: SavedWork, ids: Mapping[str, str]) -> int:
    there = {(found.fingerprint, found.request) for found in _readable(connection, _forecasts_of(owner))}
    added = 0
    for saved in work.forecasts:
        request = _with_ids(saved.request, ids)
        job_id = id_of(owner, saved.fingerprint, request)
        if (saved.fingerprint, request) in there:
            continue
        connection.execute(sa.delete(jobs).where(jobs.c.id == job_id))  # one that has failed or was stopped
        job = WAITING | {"id": job_id, "owner": owner, "kind": "forecast", "fingerprint": saved.fingerprint}
        job |= {"request": to_json(request), "status": "finished", "share": 1.0, "seconds": saved.seconds}
        job |= {
            "result": work.parts[part_of(saved, "result")].decode(),
            "model": work.parts.get(part_of(saved, "model")),
        }
        result = work.parts[part_of(saved, "result")].decode()
        connection.execute(sa.insert(jobs), job | {"result": result, "queued": min(saved.queued, time.time())})
        added += 1
    return added


def _with_ids(request: ForecastRequest, ids: Mapping[str, str]) -> ForecastRequest:
    """The request with the run's id as it is here."""
    asked = request.forecaster
    if not isinstance(asked, RunVersion):
        return request
    return replace(request, forecaster=replace(asked, id=ids.get(asked.id, asked.id)))
