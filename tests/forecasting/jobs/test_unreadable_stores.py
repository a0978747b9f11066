"""Stores that cannot be read as they are: damaged, of a newer version, not writable, or with a row that is wrong."""

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import open_engine, open_store, url_of
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.tables import SCHEMA_VERSION
from forecasting.jobs.troubles import StoreTrouble, trouble_of
from forecasting.records import Source
from tests.forecasting.jobs.test_runs import begin, channel, report, row, settings

pytestmark = pytest.mark.sqlite_only
HEADER, PAGE = 100, 4096  # bytes of an SQLite file


@pytest.fixture
def database(tmp_path) -> Path:
    return tmp_path / "runs.db"


@pytest.fixture
def url(database) -> str:
    return f"sqlite:///{database.as_posix()}"


@pytest.fixture
def filled(store) -> tuple[str, str]:
    """Two runs that have finished their first epochs, newest first."""
    ids = [store.submit("me", channel(), settings(epochs=epochs), name=f"run {epochs}") for epochs in (8, 9)]
    queue = JobQueue(store.engine)
    for run_id in ids:
        assert begin(queue) == run_id
        report(queue, run_id, *(row(epoch) for epoch in range(1, 6)))
    return ids[1], ids[0]


def write(database: Path, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement, values)


def said(error: BaseException) -> str:
    return trouble_of(error).message.translated()


# Damaged


def overwritten(database: Path, first: int, length: int) -> bytes:
    """Noise in the file; what it then holds."""
    content = bytearray(database.read_bytes())
    content[first : first + length] = np.random.default_rng(0).bytes(length)
    database.write_bytes(content)
    return bytes(content)


@pytest.mark.parametrize(("first", "length"), [(0, HEADER), (HEADER, 400), (2 * PAGE, 10 * PAGE)])
def test_a_damaged_store_is_set_aside_as_it_is_and_a_new_one_begun(store, filled, database, url, first, length):
    store.engine.dispose()
    content = overwritten(database, first, length)
    engine, message = open_store(url)
    (aside,) = database.parent.glob("runs.db.damaged-*")
    assert aside.name.removesuffix("-2") in message.translated() and aside.read_bytes() == content
    new = RunStore(engine)
    assert new.runs("me") == [] and new.submit("me", channel(), settings(), name="run")
    engine.dispose()
    assert open_store(url)[1] is None  # said once


def test_each_damaged_store_keeps_a_name_of_its_own(database, url):
    for content in (b"no database " * 500, b"nor this one " * 500):
        database.write_bytes(content)
        open_store(url)[0].dispose()
    kept = {path.read_bytes() for path in database.parent.glob("runs.db.damaged-*") if path.suffix != ".db"}
    assert {b"no database " * 500, b"nor this one " * 500} <= kept


def test_a_whole_store_is_left_in_its_place(store, filled, database, url):
    store.engine.dispose()
    engine, message = open_store(url)
    assert message is None and len(RunStore(engine).runs("me")) == 2
    assert [path.name for path in database.parent.glob("*damaged*")] == []
    engine.dispose()


def test_damage_found_at_work_says_what_to_do(url, store, filled, database):
    store.engine.dispose()
    overwritten(database, 2 * PAGE, 20 * PAGE)
    with pytest.raises(Exception) as caught:
        RunStore(open_engine(url)).runs("me")
    assert "sets the damaged file aside" in said(caught.value)


# Of another version


def test_a_store_of_a_newer_version_is_refused_and_not_written_to(store, filled, database, url):
    store.engine.dispose()
    write(database, "update schema_version set version = ?", SCHEMA_VERSION + 1)
    before = database.read_bytes()
    for opened in (open_engine, open_store):
        with pytest.raises(StoreTrouble) as caught:
            opened(url)
        assert "newer version" in said(caught.value)
    assert database.read_bytes() == before and [path.name for path in database.parent.iterdir()] == ["runs.db"]


def test_a_store_without_a_number_is_one_of_before(store, filled, database, url):
    store.engine.dispose()
    write(database, "drop table schema_version")
    engine, message = open_store(url)
    assert message is None and len(RunStore(engine).runs("me")) == 2
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select version from schema_version").all() == [(SCHEMA_VERSION,)]
    engine.dispose()


# Not writable


@pytest.mark.parametrize("place", ["nowhere/runs.db", "file:{}?mode=ro&uri=true"])
def test_a_store_that_cannot_be_written_says_what_to_do(store, filled, database, place):
    store.engine.dispose()
    with pytest.raises(Exception) as caught:
        open_store(f"sqlite:///{place.format(database.as_posix()) if 'file' in place else database.parent / place}")
    assert "cannot be written" in said(caught.value)


# One bad row

WRONG = {
    "settings that are none": ("update jobs set request = ? where id = ?", '{"window": "wide"}'),
    "text that is no JSON": ("update jobs set request = ? where id = ?", "{"),
    "a kind of a later version": ("update jobs set kind = ? where id = ?", "telepathy"),
    "tags that are none": ("update runs set tags = ? where job = ?", "7"),
    "a reason that is none": ("update jobs set reason = ? where id = ?", "[]"),
    "losses of half a number": ("update runs set kept_train_loss = ? where job = ?", b"1234567"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_one_bad_row_costs_that_row_alone(store, filled, database, wrong):
    bad, good = filled
    statement, value = WRONG[wrong]
    write(database, statement, value, bad)
    assert good in [run.id for run in store.runs("me")]
    assert good in [job.id for job in JobStore(store.engine).jobs("me", channel().fingerprint, "train")]
    assert good in list(store.final_losses("me")["run"])


def test_one_letter_that_is_none_costs_no_row(store, filled, database):
    bad, good = filled
    write(database, "update runs set name = cast(x'ff41' as text) where job = ?", bad)
    assert {run.id: run.name for run in store.runs("me")} == {bad: "\ufffdA", good: "run 8"}


def test_one_damaged_epoch_costs_that_epoch(store, filled, database):
    bad, good = filled
    whole = store.history(good)
    write(database, "update rows set held_out_loss = x'00' where job = ? and epoch = 3", bad)
    kept = [True, True, False, True, True]
    assert list(store.history(bad).epoch) == [1, 2, 4, 5]
    assert np.array_equal(store.history(bad).train_loss, whole.train_loss[kept])


def test_a_job_that_cannot_be_read_ends_and_the_next_one_is_worked_on(store, database):
    from forecasting.jobs.worker import work_on

    bad = store.submit("me", channel(), settings(epochs=1), name="bad")
    good = store.submit("me", channel(), settings(epochs=2), name="good")
    write(database, "update jobs set request = '{' where id = ?", bad)
    queue = JobQueue(store.engine)
    with pytest.raises(ValueError):
        work_on(url_of(store.engine), queue.claim_next().id)  # the pool then says that it broke
    work_on(url_of(store.engine), queue.claim_next().id)
    assert store.run("me", good).status == "finished"


# Letters that are none

ODD = {"a null": ("a\0b", "a b"), "half a pair": ("a\ud83db", "a b"), "too many": ("é" * 300, "é" * 200)}


@pytest.mark.both_databases
@pytest.mark.parametrize("odd", ODD)
def test_odd_letters_are_kept_as_far_as_they_can_be(store, odd):
    given, kept = ODD[odd]
    channels = ChannelStore(store.engine)
    channels.save("me", channel(name=given), Source(given, b"data", {"said": given.replace("\ud83d", "")}))
    run_id = store.submit("me", channel(), settings(), name=given)
    assert store.run("me", run_id).name == kept
    store.rename("me", run_id, given + "!")
    store.tag("me", [run_id], add=["a\0b"])
    assert store.run("me", run_id).name == (kept + "!")[:200] and store.run("me", run_id).tags == ("a b",)
    assert channels.channels("me") == {channel().fingerprint: (kept, kept)}


@pytest.mark.both_databases
def test_a_link_with_odd_letters_leads_nowhere(store):
    assert store.run("me", "a\0b") is None and ChannelStore(store.engine).newest("me", "\0" * 300) is None
