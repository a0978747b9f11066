"""What the store need not keep goes, and its room comes back; what a run came to stays."""

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from safetensors.numpy import save

from forecasting import owners
from forecasting.hosting import UNLIMITED
from forecasting.jobs import cleaning
from forecasting.jobs.blobs import cut, file_of, keep_file
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.chapters import ChapterStore
from forecasting.jobs.cleaning import A_DAY, CONTINUED, clean
from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.kinds import JOB_KINDS
from forecasting.jobs.owners import note_visit
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.store import JobStore
from forecasting.jobs.tables import blobs
from forecasting.jobs.worker import work_on
from forecasting.records import Progress, Source
from forecasting.settings import Architecture, RunSettings, Training
from tests.forecasting.jobs.test_quotas import CHANNEL, SPLIT, submit
from tests.support import job_kinds
from tests.support.job_kinds import Count

HOSTED = replace(UNLIMITED, hosted=True, days_kept=30)


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for name, kind in job_kinds.KINDS.items():
        monkeypatch.setitem(JOB_KINDS, name, kind)


def weights(seed: int, count: int = 30_000) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=count).astype("<f4")


def model_file(seed: int, **own: np.ndarray) -> bytes:
    return save({"parameters": weights(seed), **own}, {"name": "forecast"})


def stored(store) -> int:
    """Bytes of all blobs."""
    with store.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.sum(sa.func.length(blobs.c.data)))).scalar() or 0


def finish(store, job_id: str, model: bytes | None = None) -> None:
    queue = JobQueue(store.engine)
    assert queue.claim_next().id == job_id
    queue.start(job_id, 1)
    queue.report(job_id, 1, Progress(1.0, {"known": 1}, model, status="finished"))


def answered(store, owner: str, number: int, model: bytes | None = None) -> str:
    job_id = JobStore(store.engine).submit(owner, CHANNEL, Count(number))
    finish(store, job_id, model)
    return job_id


# Files in parts


@pytest.mark.parametrize("data", [
    b"", b"no model", b"\xff" * 30, model_file(1), model_file(1)[:-7], model_file(1, small=weights(2, 10)),
    b"\x02" + bytes(7) + b"[]", b"\x30" + bytes(7) + b'{"a": {"data_offsets": [0, 99999999999]}}        ',
])  # fmt: skip
def test_parts_of_a_file_are_the_file_whatever_it_is(data):
    assert b"".join(cut(data)) == data


def test_weights_that_files_share_are_kept_once(store):
    """Four forecasts of one run, whose files differ in their scores: the size of one."""
    files = [model_file(7, scores=weights(100 + number, 500)) for number in range(4)]
    ids = [answered(store, "me", number, file) for number, file in enumerate(files)]
    jobs = JobStore(store.engine)
    assert [jobs.model("me", job_id) for job_id in ids] == files and jobs.model("you", ids[0]) is None
    assert stored(store) < weights(7).nbytes + 4 * 4000
    clean(store.engine, UNLIMITED)
    assert [jobs.model("me", job_id) for job_id in ids] == files
    ChannelStore(store.engine).forget("me", CHANNEL.fingerprint)
    clean(store.engine, UNLIMITED)
    assert stored(store) == 0


def test_weights_of_a_run_come_back_as_they_were_written(store):
    settings = RunSettings(SPLIT, Architecture(units=90), Training(epochs=1, seeds=2))
    run_id = store.submit("me", CHANNEL, settings, name="run")
    JobQueue(store.engine).claim_next()
    work_on(url_of(store.engine), run_id)
    before = store.checkpoint("me", run_id)
    clean(store.engine, HOSTED)
    assert len(before) > 2 * 4 * settings.parameters and store.checkpoint("me", run_id) == before


def test_an_upload_is_kept_once_for_all_versions_of_its_channel(store):
    channels, source = ChannelStore(store.engine), Source("views.csv", weights(3).tobytes(), {})
    channels.save("me", CHANNEL, source)
    size, newest = stored(store), CHANNEL
    for day in range(3):
        older, newest = newest, replace(CHANNEL, views=CHANNEL.views.iloc[: 390 + day])
        channels.save("me", newest, continues=older.fingerprint)
    assert stored(store) == size and channels.source("me", newest.fingerprint) == source


# What goes


def test_a_browser_that_stays_away_is_forgotten_and_nobody_else(store):
    user = owners.user("https://provider", "subject")
    everybody = ("gone", "back", owners.LOCAL, user)
    for owner in everybody:
        store.delete(owner, [])
        submit(store, owner, 1)
        ChapterStore(store.engine).note(owner, "depth", tried=True)
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE owners SET seen = :then"), {"then": time.time() - 31 * A_DAY})
    note_visit(store.engine, "back")
    clean(store.engine, UNLIMITED)
    assert all(len(store.runs(owner)) == 1 for owner in everybody)
    clean(store.engine, HOSTED)
    assert [len(store.runs(owner)) for owner in everybody] == [0, 1, 1, 1]
    assert ChannelStore(store.engine).channels("gone") == {} and ChapterStore(store.engine).tried("gone") == {}
    assert ChapterStore(store.engine).tried("back") == {"depth": True}


def test_owners_of_a_store_of_before_count_from_today_on(store):
    run_id = submit(store, "me", 1)
    with store.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM owners"))
        connection.execute(sa.text("UPDATE jobs SET queued = 0"))
    clean(store.engine, HOSTED)
    assert store.run("me", run_id)
    clean(store.engine, HOSTED, now=time.time() + 31 * A_DAY)
    assert store.run("me", run_id) is None


def test_old_answers_go_and_runs_forecasts_and_what_waits_stay(store, monkeypatch):
    monkeypatch.setattr(cleaning, "LASTING", ("train", "weigh"))
    jobs = JobStore(store.engine)
    old, lasting = answered(store, "me", 1), jobs.submit("me", CHANNEL, job_kinds.Weigh())
    finish(store, lasting)
    run_id, waiting = submit(store, "me", 1), jobs.submit("me", CHANNEL, Count(2))
    later = time.time() + 31 * A_DAY
    note_visit(store.engine, "me")
    clean(store.engine, replace(HOSTED, days_kept=32), now=later)
    assert jobs.job("me", old)
    with store.engine.begin() as connection:  # the owner is here, in a month
        connection.execute(sa.text("UPDATE owners SET seen = :now"), {"now": later})
    clean(store.engine, HOSTED, now=later)
    assert [bool(jobs.job("me", job_id)) for job_id in (old, lasting, run_id, waiting)] == [False, True, True, True]


def test_finished_runs_leave_what_it_takes_to_go_on_and_no_result(store, monkeypatch):
    ids = []
    for number in range(CONTINUED + 2):
        settings = RunSettings(SPLIT, Architecture(units=4), Training(epochs=2 + number, seeds=1))
        ids.append(store.submit("me", CHANNEL, settings, name=str(number)))
        JobQueue(store.engine).claim_next()
        work_on(url_of(store.engine), ids[-1])
    paused = submit(store, "me", 9)
    with store.engine.begin() as connection:
        row = {"job": paused, "kind": "progress", "epoch": 3, "blob": b"whole"}
        connection.execute(sa.text("INSERT INTO checkpoints VALUES (:job, :kind, :epoch, :blob)"), row)
    before = [(store.history(run_id).train_loss.tolist(), store.checkpoint("me", run_id)) for run_id in ids]
    clean(store.engine, UNLIMITED)
    assert [store.resumable_epoch(run_id) > 0 for run_id in ids] == [False] * 2 + [True] * CONTINUED
    assert store.resumable_epoch(paused) == 3
    monkeypatch.setattr(cleaning, "LARGEST_CONTINUED", 2)  # bytes: all of them are large
    clean(store.engine, HOSTED)
    assert [store.resumable_epoch(run_id) for run_id in (*ids, paused)] == [0] * len(ids) + [3]
    after = [(store.history(run_id).train_loss.tolist(), store.checkpoint("me", run_id)) for run_id in ids]
    assert after == before


# Room, and others who clean


def test_the_file_is_shortened_by_what_was_removed(tmp_path):
    file = tmp_path / "runs.db"
    engine = open_engine(f"sqlite:///{file.as_posix()}")
    _fill_and_empty(engine)
    clean(engine, UNLIMITED)
    assert file.stat().st_size < 0.5e6
    engine.dispose()


def test_the_file_of_an_older_version_is_shortened_too(tmp_path):
    """Its pages could not be given back: it is written anew once."""
    file = tmp_path / "runs.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE anything (a)")
    engine = open_engine(f"sqlite:///{file.as_posix()}")
    _fill_and_empty(engine)
    assert file.stat().st_size > 2e6
    clean(engine, UNLIMITED)
    assert file.stat().st_size < 0.5e6
    _fill_and_empty(engine)
    clean(engine, UNLIMITED)
    assert file.stat().st_size < 0.5e6
    engine.dispose()


def _fill_and_empty(engine: sa.Engine) -> None:
    channels = ChannelStore(engine)
    channels.save("me", CHANNEL, Source("views.csv", np.random.default_rng(5).bytes(3_000_000), {}))
    channels.forget("me", CHANNEL.fingerprint)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def test_two_servers_clean_while_others_keep_and_remove(store):
    """Nothing that is kept is ever missed by who reads it, and at the end only what is kept is there."""
    other, done, missed = open_engine(url_of(store.engine), patience=60), threading.Event(), []
    job_id = answered(store, "me", 1)

    def clean_on(engine: sa.Engine) -> None:
        while not done.is_set():
            clean(engine, HOSTED)

    cleaners = [threading.Thread(target=clean_on, args=(engine,)) for engine in (store.engine, other)]
    for cleaner in cleaners:
        cleaner.start()
    for turn in range(30):
        file = model_file(turn % 2)
        with store.engine.begin() as connection:
            keep_file(connection, job_id, "model", file)
        with store.engine.connect() as connection:
            missed += [turn] * (file_of(connection, job_id, "model") != file)
    done.set()
    for cleaner in cleaners:
        cleaner.join(60)
    other.dispose()
    clean(store.engine, HOSTED)
    assert not missed and stored(store) == len(model_file(1))
