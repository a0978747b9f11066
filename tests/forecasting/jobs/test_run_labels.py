"""Pins and tags of runs, and columns that came later."""

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from forecasting.jobs.database import added_column, open_engine
from forecasting.jobs.runs import RunStore
from forecasting.jobs.tables import runs
from tests.support.filled_store import fill


def names(store: RunStore) -> list[str]:
    return [run.name for run in store.runs("me")]


def test_pinned_runs_come_first_and_go_back(store):
    ids = fill(store, "me", 3, epochs=2)
    assert names(store) == ["Try 3", "Try 2", "Try 1"]
    store.pin("me", ids[:1], True)
    assert names(store) == ["Try 1", "Try 3", "Try 2"]
    store.pin("me", ids[:1], False)
    assert names(store) == ["Try 3", "Try 2", "Try 1"]


def test_tags_are_added_and_taken_off_without_touching_others(store):
    first, second = fill(store, "me", 2, epochs=2)
    store.tag("me", [first], add=["wide"])
    store.tag("me", [first, second], add=["课程", "wide"])
    store.tag("me", [second], drop=["wide", "never there"])
    assert {run.id: run.tags for run in store.runs("me")} == {first: ("wide", "课程"), second: ("课程",)}


def test_nobody_pins_or_tags_anothers_runs(store):
    (mine,) = fill(store, "me", 1, epochs=2)
    store.pin("you", [mine], True)
    store.tag("you", [mine], add=["mine"])
    run = store.run("me", mine)
    assert (run.pinned, run.tags) == (False, ())


@pytest.mark.both_databases
def test_a_column_that_came_later_is_added_and_stays_empty(store_url):
    store = RunStore(open_engine(store_url))
    (run_id,) = fill(store, "me", 1, epochs=2)
    for column in ("pinned", "tags"):
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE runs DROP COLUMN {column}")
    store.engine.dispose()
    store = RunStore(open_engine(store_url))
    assert (store.run("me", run_id).pinned, store.run("me", run_id).tags) == (False, ())
    store.tag("me", [run_id], add=["kept"])
    assert store.run("me", run_id).tags == ("kept",)
    store.engine.dispose()


def test_later_columns_have_a_name_in_every_dialect():
    assert added_column(runs.c.pinned, postgresql.dialect()) == "ALTER TABLE runs ADD COLUMN pinned BOOLEAN"
    assert added_column(runs.c.tags, sqlite.dialect()) == "ALTER TABLE runs ADD COLUMN tags TEXT"


def test_last_losses_are_those_of_the_last_row(store):
    ids = [run_id for epochs in (5, 2, 9) for run_id in fill(store, "me", 1, epochs)]
    last = store.final_losses("me").set_index("run")
    for run_id in ids:
        history = store.history(run_id)
        assert last.loc[run_id, "epochs"] == history.epoch.max()
        assert last.loc[run_id, "train"] == pytest.approx(history.train_loss[-1].mean())
    assert store.final_losses("you").empty
    assert store.final_losses("me", ids[1])["run"].tolist() == [ids[1]]
