"""The run store and the workers behind it."""

import os
import signal
import sqlite3
import threading
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadInput
from forecasting.jobs import Jobs, train_run
from forecasting.runs import SILENCE, RunStore, Source
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from forecasting.training import Row
from forecasting.views import Channel, Mend

DEADLINE = 60  # seconds to wait for a worker on a busy machine


def channel(days: int = 400, name: str = "mine") -> Channel:
    index = pd.date_range("2020-01-01", periods=days)
    values = 100 + 10.0 * (np.arange(days) % 7) + np.random.default_rng(0).normal(size=days)
    mend = Mend("{count} days were odd, such as {day}.", (index[3].date(),), {"day": "x"}, "fill")
    return Channel(name, pd.Series(values, index=index, name="views"), (mend,), "views", (name, "other"))


def settings(**training) -> RunSettings:
    return RunSettings(
        default_split(channel().views),
        Architecture("linear", window=7),
        Training(**{"epochs": 3, "seeds": 2} | training),
    )


def row(epoch: int) -> Row:
    losses = np.array([2.0 / epoch, 3.0 / epoch])
    return Row(epoch, losses, losses + 1, losses + 2, 0.001, epoch / 10)


@pytest.fixture
def store(tmp_path) -> RunStore:
    store = RunStore(f"sqlite:///{(tmp_path / 'runs.db').as_posix()}")
    yield store
    store.engine.dispose()


def test_channel_comes_back_as_it_was(store):
    store.save_channel("me", channel(), Source("a.csv", b"Date,Views", {"fill": "none"}))
    found = store.channel("me", channel().fingerprint)
    pd.testing.assert_series_equal(found.views, channel().views, check_freq=False)
    assert (found.name, found.mends, found.others) == ("mine", channel().mends, channel().others)
    assert store.source("me", channel().fingerprint) == Source("a.csv", b"Date,Views", {"fill": "none"})
    store.queue("me", channel(), settings(), "run")
    assert store.source("me", channel().fingerprint) is not None  # queueing keeps the file


def test_same_settings_and_views_are_the_same_run(store):
    first = store.queue("me", channel(), settings(), "one")
    assert store.queue("me", channel(), settings(), "two") == first
    assert store.queue("me", channel(), settings(epochs=4), "three") != first
    assert store.queue("me", channel(days=399), settings(), "four") != first
    assert [run.name for run in store.runs("me")][-1] == "one"


def test_nobody_sees_or_touches_another_owners_things(store):
    run_id = store.queue("me", channel(), settings(), "mine")
    store.cancel("you", run_id)
    store.rename("you", run_id, "yours")
    store.delete("you", [run_id])
    assert store.run("you", run_id) is None
    assert store.runs("you") == []
    assert store.channels("you") == {}
    assert store.channel("you", channel().fingerprint) is None
    assert store.run("me", run_id).name == "mine"
    assert store.run("me", run_id).status == "queued"


def test_rows_come_back_in_order_and_from_where_one_left_off(store):
    run_id = store.queue("me", channel(), settings(), "run")
    store.claim_next()
    store.append(run_id, [row(1), row(2)])
    store.append(run_id, [row(3)])
    history = store.history(run_id)
    assert list(history.epoch) == [1, 2, 3]
    assert history.train_loss[1] == pytest.approx([1.0, 1.5])
    later = store.history(run_id, after=2)
    assert list(later.epoch) == [3]
    joined = store.history(run_id, after=0)
    for name, values in vars(store.history(run_id, after=9).followed_by(joined)).items():
        assert np.array_equal(values, getattr(history, name))
    last = store.final_losses("me").iloc[0]
    assert (last["epochs"], last["train"], last["held_out"]) == (3, pytest.approx(2.5 / 3), pytest.approx(2.5 / 3 + 1))


def test_deleted_run_takes_its_rows_along_and_stops(store):
    run_id = store.queue("me", channel(), settings(), "run")
    store.claim_next()
    store.append(run_id, [row(1)])
    store.delete("me", [run_id])
    assert store.cancelled(run_id)
    store.append(run_id, [row(2)])  # the worker has not noticed yet
    assert len(store.history(run_id)) == 0


def test_failed_run_starts_afresh_when_queued_again(store):
    run_id = store.queue("me", channel(), settings(), "run")
    store.claim_next()
    store.append(run_id, [row(1)])
    store.fail(run_id, BadInput("it broke in epoch {epoch}", epoch=1))
    assert str(store.run("me", run_id).reason) == "it broke in epoch 1"
    assert store.queue("me", channel(), settings(), "run") == run_id
    again = store.run("me", run_id)
    assert (again.status, again.reason, len(store.history(run_id))) == ("queued", None, 0)


def test_longest_waiting_run_is_claimed_once(store):
    ids = [store.queue("me", channel(), settings(epochs=epochs), str(epochs)) for epochs in (1, 2)]
    assert [store.claim_next(), store.claim_next(), store.claim_next()] == [*ids, None]


def test_run_of_a_silent_worker_is_marked(store, tmp_path):
    run_id = store.queue("me", channel(), settings(), "run")
    store.claim_next()
    store.fail_silent()
    assert store.run("me", run_id).status == "running"
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("update runs set seen = seen - ?", (SILENCE + 1,))
    store.fail_silent()
    assert "gone" in str(store.run("me", run_id).reason)


def test_channel_is_forgotten_with_its_runs(store):
    run_id = store.queue("me", channel(), settings(), "run")
    store.forget_channel("me", channel().fingerprint, unless_used=True)
    assert store.run("me", run_id)
    store.forget_channel("me", channel().fingerprint)
    assert store.run("me", run_id) is None
    assert store.channels("me") == {}


def test_settings_survive_the_store(store):
    wanted = settings(loss="mse", optimizer="sgd", learning_rate=0.003, batch_size=0)
    run_id = store.queue("me", channel(), wanted, "run")
    assert store.run("me", run_id).settings == wanted


def test_run_in_this_process_writes_every_epoch_and_predictions(store):
    run_id = store.queue("me", channel(), settings(), "run")
    store.claim_next()
    train_run(store.url, run_id)
    assert store.run("me", run_id).status == "finished"
    assert list(store.history(run_id).epoch) == [1, 2, 3]
    predictions = store.predictions(run_id)
    held_out = settings().split.held_out
    assert predictions.shape == (80, 2)
    assert (predictions.index[0].date(), predictions.index[-1].date()) == (held_out.first, held_out.last)
    real = channel().views[predictions.index].to_numpy()
    last = store.history(run_id).held_out_loss[-1]
    assert np.abs(predictions.to_numpy().T - real).mean(axis=1) == pytest.approx(last, rel=1e-5)


def test_run_that_cannot_be_trained_says_why(store):
    impossible = replace(settings(), architecture=Architecture("linear", window=365))
    run_id = store.queue("me", channel(), impossible, "run")
    store.claim_next()
    train_run(store.url, run_id)
    assert store.run("me", run_id).status == "failed"
    assert "365" in str(store.run("me", run_id).reason)


def test_diverging_run_names_its_epoch(store):
    run_id = store.queue("me", channel(), settings(optimizer="sgd", loss="mse", learning_rate=10.0, epochs=200), "run")
    store.claim_next()
    train_run(store.url, run_id)
    assert "learning rate below 10" in str(store.run("me", run_id).reason)


@pytest.fixture
def workers(store) -> Jobs:
    workers = Jobs(store, slots=2)
    yield workers
    workers.close()


def wait_for(condition) -> None:
    """Until `condition` holds; fails after DEADLINE seconds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        threading.Event().wait(0.05)


def test_worker_trains_stops_and_dies_without_taking_others_along(store, workers):
    quick = store.queue("me", channel(), settings(), "quick")
    workers.fill()
    wait_for(lambda: store.run("me", quick).status == "finished")

    stopped, killed = (store.queue("me", channel(), settings(epochs=9000 + k), str(k)) for k in range(2))
    waiting = store.queue("me", channel(), settings(epochs=5), "waiting")
    workers.fill()
    assert store.run("me", waiting).status == "queued"  # two slots, two runs
    wait_for(lambda: len(store.history(stopped)) and len(store.history(killed)))
    with store.engine.connect() as connection:
        pid = connection.exec_driver_sql("select worker from runs where id = ?", (killed,)).scalar()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: store.run("me", killed).status == "failed")
    assert "killed" in str(store.run("me", killed).reason)
    wait_for(lambda: store.run("me", waiting).status == "finished")  # its slot has a new worker
    assert store.run("me", stopped).status == "running"

    store.cancel("me", stopped)
    wait_for(lambda: store.run("me", stopped).status == "stopped")
    assert store.predictions(stopped) is not None
    assert 0 < len(store.history(stopped)) < 9000


def test_closing_marks_what_was_being_trained(store):
    workers = Jobs(store, slots=1)
    run_id = store.queue("me", channel(), settings(epochs=9000), "run")
    workers.fill()
    wait_for(lambda: len(store.history(run_id)))
    workers.close()
    assert "server was stopped" in str(store.run("me", run_id).reason)
