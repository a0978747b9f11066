"""Stores of version 0.2, whose tables are read once and written as those of today.

That version had a table of runs and one of studies, which shared nine columns. Runs keep their ids, rows and
checkpoints. Studies become jobs, whose ids follow from their new requests, so that asking again finds them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from operator import itemgetter

import sqlalchemy as sa

from forecasting.jobs.kinds import kind_of
from forecasting.jobs.older_jobs import read_older_job
from forecasting.jobs.store import id_of
from forecasting.jobs.tables import channels, checkpoints, jobs, metadata, rows, runs
from forecasting.json_records import to_json
from forecasting.messages import Message
from forecasting.series import Correction

OLD = ("rows", "checkpoints", "runs", "studies", "channels")  # what refers to another comes first
NEW_NAMES = {"job": "run", "requested": "asked"}  # of columns, and what they were called
OF_RUNS = ("name", "lineage", "pinned", "tags", "held_out_days", "predictions", "kept_train_loss", "kept_held_out_loss")
OF_JOBS = ("id", "owner", "fingerprint", "status", "queued", "worker")


def migrate(connection: sa.Connection) -> None:
    """Bring an older store up to date; any other stays as it is."""
    if not _is_old(connection):
        return
    old = [name for name in OLD if sa.inspect(connection).has_table(name)]
    for name in old:
        connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO old_{name}"))
    metadata.create_all(connection)
    for name, copy in (("channels", _copy_channels), ("runs", _copy_runs), ("studies", _copy_older_jobs)):
        if name in old:
            copy(connection)
    for table in (rows, checkpoints):
        if table.name in old:
            _copy_columns(connection, table)
    for name in old:
        connection.execute(sa.text(f"DROP TABLE old_{name}"))


def _is_old(connection: sa.Connection) -> bool:
    """A run's status has moved to the table of jobs."""
    there = sa.inspect(connection)
    return there.has_table("runs") and "status" in {column["name"] for column in there.get_columns("runs")}


def _records(connection: sa.Connection, name: str) -> Sequence[Mapping]:
    return connection.execute(sa.text(f"SELECT * FROM old_{name}")).mappings().all()  # noqa: S608  names of this package


def _copy_columns(connection: sa.Connection, table: sa.Table) -> None:
    """All rows of a table whose columns mean what they meant."""
    there = {column["name"] for column in sa.inspect(connection).get_columns(f"old_{table.name}")}
    names = {column.name: NEW_NAMES.get(column.name, column.name) for column in table.c}
    names = {new: old for new, old in names.items() if old in there}
    columns, values = ", ".join(names), ", ".join(names.values())
    connection.execute(sa.text(f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM old_{table.name}"))  # noqa: S608  names of this package


def _insert(connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> None:
    """A row whose values are as a database has them: bytes and JSON, not what the columns make of them."""
    untyped = sa.table(table.name, *(sa.column(name) for name in row))
    connection.execute(sa.insert(untyped), row)


def _copy_channels(connection: sa.Connection) -> None:
    for old in _records(connection, "channels"):
        same = {column.name: old[column.name] for column in channels.c if column.name in old}
        changed = {"corrections": to_json(_corrections(old["mends"])), "channel_names": old["others"]}
        _insert(connection, channels, same | changed)


def _corrections(text: str) -> tuple[Correction, ...]:
    return tuple(
        Correction(said, tuple(map(date.fromisoformat, days)), facts, option)
        for said, days, facts, option in json.loads(text)
    )


def _copy_runs(connection: sa.Connection) -> None:
    for old in _records(connection, "runs"):
        job = _job(old) | {"kind": "train", "request": old["settings"], "share": 0.0, "seconds": 0.0}
        _insert(connection, jobs, job)
        _insert(connection, runs, {"job": old["id"]} | {name: old.get(name) for name in OF_RUNS})


def _copy_older_jobs(connection: sa.Connection) -> None:
    """Of two that have become one question the later; what cannot be read any more is left out, to be asked again."""
    known = _epochs_of_runs(connection)
    found = {}
    for old in sorted(_records(connection, "studies"), key=itemgetter("queued")):
        if (read := read_older_job(old, known)) is None:
            continue
        request, result = read
        job = _job(old) | {"share": old["share"], "seconds": old["seconds"], "model": old["weights"]}
        job |= {"id": id_of(old["owner"], old["fingerprint"], request), "kind": kind_of(request)}
        job |= {"request": to_json(request), "result": result and to_json(result)}
        found[job["id"]] = job
    for job in found.values():
        _insert(connection, jobs, job)


def _job(old: Mapping) -> dict[str, object]:
    """The columns that a run and a study had in common."""
    job = {name: old.get(name) for name in OF_JOBS}
    job |= {new: old.get(before) for new, before in NEW_NAMES.items() if new != "job"}
    text, facts = json.loads(old["reason"]) if old["reason"] else (None, {})
    return job | {"reason": to_json(Message(text, facts)) if text else None}


def _epochs_of_runs(connection: sa.Connection) -> dict[str, tuple[float, int]]:
    """When each run was queued, and how many epochs it has."""
    if not sa.inspect(connection).has_table("old_rows"):
        return {}
    query = "SELECT id, queued, (SELECT MAX(epoch) FROM old_rows WHERE run = old_runs.id) AS epochs FROM old_runs"
    return {run.id: (run.queued, run.epochs or 0) for run in connection.execute(sa.text(query))}
