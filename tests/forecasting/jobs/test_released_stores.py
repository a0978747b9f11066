"""A store of any released version becomes one of today, with all that was in it, whatever happens meanwhile."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import sqlalchemy as sa

from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import open_engine
from forecasting.jobs.runs import RunStore
from forecasting.jobs.tables import metadata
from forecasting.settings import RunSettings
from tests.support.older_stores import FOLDER, RELEASED, contents, write_released

pytestmark = pytest.mark.both_databases
SAID = json.loads((FOLDER / "version_0_1" / "answers.json").read_text("utf-8"))
STRIDE = 17  # of the statements of a migration each seventeenth is interrupted: a second, not twenty


@pytest.fixture(params=RELEASED)
def older(request, store_url) -> str:
    return write_released(request.param, store_url)


def open_and_close(url: str) -> None:
    open_engine(url).dispose()


class Interrupted(Exception):
    """The process could have been killed here."""


@contextmanager
def interrupted_at(statement: int) -> Iterator[None]:
    """Nothing comes after so many statements."""
    count = itertools.count()

    def interrupt(*_statement) -> None:
        if next(count) == statement:
            raise Interrupted

    sa.event.listen(sa.Engine, "before_cursor_execute", interrupt)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", interrupt)


def kept(found: dict[str, list], *parts: str) -> dict[str, list]:
    return {name: [tuple(map(bytes_of, row)) for row in found[name]] for name in parts}


def bytes_of(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_every_row_is_there_as_it_was(older):
    before = contents(older)
    open_and_close(older)
    after = contents(older)
    assert after.keys() == {table.name for table in metadata.sorted_tables}
    for table in ("rows", "checkpoints"):
        assert before[table] and kept(after, table) == kept(before, table)
    assert {run[0] for run in after["runs"]} == {run[0] for run in before["runs"]}
    jobs = len(before["runs"]) + len(before.get("studies", ()))
    assert len(after["jobs"]) == jobs and len(after["channels"]) == len(before["channels"])


def test_opening_it_again_changes_nothing(older):
    open_and_close(older)
    once = contents(older)
    open_and_close(older)
    assert contents(older) == once


def test_wherever_it_is_interrupted_all_is_as_before_and_comes_later(older):
    before = contents(older)
    for statement in itertools.count(0, STRIDE):
        try:
            with interrupted_at(statement):
                open_and_close(older)
        except Interrupted:
            assert contents(older) == before, statement
            continue
        break
    assert statement > STRIDE and "jobs" in contents(older)


@pytest.fixture
def first_release(store_url) -> Iterator[RunStore]:
    store = RunStore(open_engine(write_released("0.1.0", store_url)))
    yield store
    store.engine.dispose()


@pytest.mark.parametrize("what", SAID["runs"])
def test_runs_of_the_first_release_are_as_they_were(first_release, what):
    said, run_id, owner = SAID["runs"][what], SAID["ids"][what], "you" if what == "queued" else "me"
    run = first_release.run(owner, run_id)
    assert (run.name, run.status) == (said["name"], said["status"])
    assert run.settings == RunSettings.from_json(said["settings"]) and not run.pinned and run.tags == ()
    assert first_release.history(run_id).train_loss.tolist() == said["train"]
    assert first_release.resumable_epoch(run_id) == said["can go on from"]
    predicted = first_release.predictions(run_id)
    assert (None if predicted is None else predicted.to_numpy().tolist()) == said["predictions"]


def test_channel_of_the_first_release_is_as_it_was(first_release):
    said, channels = SAID["channel"], ChannelStore(first_release.engine)
    for owner, file in (("me", "mine.csv"), ("you", None)):
        assert channels.channels(owner) == {said["fingerprint"]: (said["name"], file)}
        assert np.array_equal(channels.channel(owner, said["fingerprint"]).views, said["views"])
    assert channels.source("me", said["fingerprint"]).data == b"date,views\n"


def test_a_run_of_the_first_release_is_found_when_it_is_asked_for_again(first_release):
    said = SAID["runs"]["finished"]
    channel = ChannelStore(first_release.engine).channel("me", SAID["channel"]["fingerprint"])
    again = first_release.submit("me", channel, RunSettings.from_json(said["settings"]), name="again")
    assert again == SAID["ids"]["finished"]
