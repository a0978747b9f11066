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

from forecasting.jobs import Jobs, train_run
from forecasting.messages import BadInput
from forecasting.networks.training import Row
from forecasting.runs import SILENCE, Line, RunQueue, RunStore, Source
from forecasting.series import Channel, Correction
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split

DEADLINE = 60  # seconds to wait for a worker on a busy machine


def channel(days: int = 400, name: str = "mine") -> Channel:
    index = pd.date_range("2020-01-01", periods=days)
    values = 100 + 10.0 * (np.arange(days) % 7) + np.random.default_rng(0).normal(size=days)
    correction = Correction("{count} days were odd, such as {day}.", (index[3].date(),), {"day": "x"}, "fill")
    return Channel(name, pd.Series(values, index=index, name="views"), (correction,), "views", (name, "other"))


def settings(**training) -> RunSettings:
    return RunSettings(
        default_split(channel().views),
        Architecture("linear", window=7),
        Training(**{"epochs": 3, "seeds": 2} | training),
    )


def endless(rate: float = 0.001) -> RunSettings:
    """A run that no test outlasts."""
    return replace(
        settings(epochs=10_000, learning_rate=rate), architecture=Architecture(window=7, layers=6, units=256)
    )


def row(epoch: int) -> Row:
    losses = np.array([2.0 / epoch, 3.0 / epoch])
    return Row(epoch, losses, losses + 1, gradient_norm=losses + 2, learning_rate=0.001, seconds=epoch / 10)


@pytest.fixture
def store(tmp_path) -> RunStore:
    store = RunStore(f"sqlite:///{(tmp_path / 'runs.db').as_posix()}")
    yield store
    store.engine.dispose()


@pytest.fixture
def queue(store) -> RunQueue:
    queue = RunQueue(store.url)
    yield queue
    queue.engine.dispose()


@pytest.fixture
def line(store) -> Line:
    line = Line(store.url)
    yield line
    line.engine.dispose()


def begin(queue: RunQueue, line: Line) -> str:
    """Claim and start the next run as worker 1 does."""
    run_id = line.claim_next().id
    queue.start(run_id, worker=1)
    return run_id


def test_channel_comes_back_as_it_was(store):
    store.save_channel("me", channel(), Source("a.csv", b"Date,Views", {"fill": "none"}))
    found = store.channel("me", channel().fingerprint)
    pd.testing.assert_series_equal(found.views, channel().views)
    assert (found.name, found.corrections, found.channel_names) == (
        "mine",
        channel().corrections,
        channel().channel_names,
    )
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


def test_rows_come_back_in_order_and_from_where_one_left_off(store, queue, line):
    run_id = store.queue("me", channel(), settings(), "run")
    begin(queue, line)
    queue.write(run_id, 1, [row(1), row(2)], {})
    queue.write(run_id, 1, [row(3)], {})
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


def test_deleted_run_takes_its_rows_along_and_stops(store, queue, line):
    run_id = store.queue("me", channel(), settings(), "run")
    begin(queue, line)
    queue.write(run_id, 1, [row(1)], {})
    store.delete("me", [run_id])
    assert queue.asked(run_id, 1) == "stop"
    queue.write(run_id, 1, [row(2)], {})  # the worker has not noticed yet
    assert len(store.history(run_id)) == 0


def test_failed_run_starts_afresh_when_queued_again(store, queue, line):
    run_id = store.queue("me", channel(), settings(), "run")
    begin(queue, line)
    queue.write(run_id, 1, [row(1)], {})
    queue.fail(run_id, BadInput("it broke in epoch {epoch}", epoch=1))
    assert str(store.run("me", run_id).reason) == "it broke in epoch 1"
    assert store.queue("me", channel(), settings(), "run") == run_id
    again = store.run("me", run_id)
    assert (again.status, again.reason, len(store.history(run_id))) == ("queued", None, 0)


def test_longest_waiting_run_is_claimed_once(store, queue, line):
    ids = [store.queue("me", channel(), settings(epochs=epochs), str(epochs)) for epochs in (1, 2)]
    assert [line.claim_next(), line.claim_next(), line.claim_next()] == [*(("run", i) for i in ids), None]


def test_run_of_a_silent_worker_is_marked(store, queue, line, tmp_path):
    run_id = store.queue("me", channel(), settings(), "run")
    line.claim_next()
    line.fail_silent()
    assert store.run("me", run_id).status == "running"
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("update runs set seen = seen - ?", (SILENCE + 1,))
    line.fail_silent()
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


def test_run_in_this_process_writes_every_epoch_and_predictions(store, queue, line):
    run_id = store.queue("me", channel(), settings(), "run")
    line.claim_next()
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


def test_run_that_cannot_be_trained_says_why(store, queue, line):
    impossible = replace(settings(), architecture=Architecture("linear", window=365))
    run_id = store.queue("me", channel(), impossible, "run")
    line.claim_next()
    train_run(store.url, run_id)
    assert store.run("me", run_id).status == "failed"
    assert "365" in str(store.run("me", run_id).reason)


def test_diverging_run_names_its_epoch(store, queue, line):
    run_id = store.queue("me", channel(), settings(optimizer="sgd", loss="mse", learning_rate=10.0, epochs=200), "run")
    line.claim_next()
    train_run(store.url, run_id)
    assert "learning rate below 10" in str(store.run("me", run_id).reason)


@pytest.fixture
def workers(store) -> Jobs:
    workers = Jobs(store.url, slots=2)
    yield workers
    workers.close()


def worker_of(store: RunStore, work_id: str, table: str = "runs") -> int | None:
    """The process that trains a run, or is on a study."""
    with store.engine.connect() as connection:
        return connection.exec_driver_sql(f"select worker from {table} where id = ?", (work_id,)).scalar()


def wait_for(condition) -> None:
    """Until `condition` holds; fails after DEADLINE seconds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        threading.Event().wait(0.05)


@pytest.mark.slow
def test_worker_trains_stops_and_dies_without_taking_others_along(store, workers):
    quick = store.queue("me", channel(), settings(), "quick")
    workers.fill()
    wait_for(lambda: store.run("me", quick).status == "finished")

    stopped, killed = (store.queue("me", channel(), endless(rate), "long") for rate in (0.002, 0.003))
    waiting = store.queue("me", channel(), settings(epochs=5), "waiting")
    workers.fill()
    assert store.run("me", waiting).status == "queued"  # two slots, two runs
    wait_for(lambda: len(store.history(stopped)) and len(store.history(killed)))
    os.kill(worker_of(store, killed), signal.SIGKILL)
    wait_for(lambda: store.run("me", killed).status == "failed")
    assert "killed" in str(store.run("me", killed).reason)
    wait_for(lambda: store.run("me", waiting).status == "finished")  # its slot has a new worker
    assert store.run("me", stopped).status == "running"

    store.cancel("me", stopped)
    wait_for(lambda: store.run("me", stopped).status == "stopped")
    assert store.predictions(stopped) is not None
    assert 0 < len(store.history(stopped)) < 10_000


@pytest.mark.slow
def test_closing_marks_what_was_being_trained(store):
    workers = Jobs(store.url, slots=1)
    run_id = store.queue("me", channel(), endless(), "run")
    workers.fill()
    wait_for(lambda: len(store.history(run_id)))
    workers.close()
    assert "server was stopped" in str(store.run("me", run_id).reason)


def rows_of(store: RunStore, run_id: str) -> list[np.ndarray]:
    """All of a run's rows but the time they took."""
    return [values for name, values in vars(store.history(run_id)).items() if name != "seconds"]


def test_paused_run_goes_on_to_the_same_rows(store, queue, line):
    whole = store.queue("me", channel(), settings(epochs=40, learning_rate=0.002), "whole")
    line.claim_next()
    train_run(store.url, whole)
    expected = rows_of(store, whole)
    store.delete("me", [whole])

    run_id = store.queue("me", channel(), settings(epochs=40, learning_rate=0.002), "again")
    line.claim_next()
    asked = iter([None] * 2 + ["pause"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecasting.jobs.training.GLANCE", 0.0)
        patch.setattr(RunQueue, "asked", lambda *_: next(asked, "pause"))
        train_run(store.url, run_id)
    assert store.run("me", run_id).status == "paused"
    assert len(store.history(run_id)) < 40
    store.go_on("me", run_id)
    line.claim_next()
    train_run(store.url, run_id)
    assert store.run("me", run_id).status == "finished"
    for one, other in zip(expected, rows_of(store, run_id), strict=True):
        assert np.array_equal(one, other)


def test_more_epochs_go_on_from_the_shorter_run(store, queue, line):
    short, long = settings(epochs=5), settings(epochs=9)
    first = store.queue("me", channel(), short, "short")
    line.claim_next()
    train_run(store.url, first)
    second = store.queue("me", channel(), long, "long")
    assert list(store.history(second).epoch) == [1, 2, 3, 4, 5]
    line.claim_next()
    train_run(store.url, second)
    fresh = store.queue("you", channel(), long, "fresh")
    line.claim_next()
    train_run(store.url, fresh)
    for one, other in zip(rows_of(store, second), rows_of(store, fresh), strict=True):
        assert np.array_equal(one, other)
    assert len(store.history(first)) == 5


def test_cosine_schedule_is_not_continued_because_it_depends_on_its_end(store, queue, line):
    first = store.queue("me", channel(), settings(epochs=5, schedule="cosine"), "short")
    line.claim_next()
    train_run(store.url, first)
    assert len(store.history(store.queue("me", channel(), settings(epochs=9, schedule="cosine"), "long"))) == 0


def test_checkpoints_predict_what_the_run_predicted(store, queue, line):
    from forecasting.models.fitting import build
    from forecasting.networks.checkpoints import load, take_weights
    from forecasting.networks.training import predict
    from forecasting.windows import run_windows

    run_id = store.queue("me", channel(), settings(epochs=7), "run")
    line.claim_next()
    train_run(store.url, run_id)
    kept, record = load(store.checkpoint("me", run_id, "last"))
    assert kept == settings(epochs=7)
    model, data = build(kept), run_windows(channel().series, kept)
    take_weights(model, record)
    assert np.array_equal(predict(model, data, data.held_out).T, store.predictions(run_id).to_numpy())
    for epoch in (1, 2, 5):
        assert store.checkpoint("me", run_id, "epoch", epoch)
    assert store.checkpoint("me", run_id, "epoch", 3) is None
    assert store.checkpoint("you", run_id, "last") is None


def test_one_persons_many_runs_do_not_keep_another_waiting(store, queue, line):
    mine = [store.queue("me", channel(), settings(epochs=epochs), str(epochs)) for epochs in (1, 2, 3)]
    yours = store.queue("you", channel(), settings(), "yours")
    assert [line.claim_next().id for _slot in range(4)] == [mine[0], yours, mine[1], mine[2]]


def test_only_the_worker_that_has_the_run_may_write(store, queue, line):
    run_id = store.queue("me", channel(), settings(), "run")
    begin(queue, line)
    queue.write(run_id, 2, [row(1)], {})
    assert len(store.history(run_id)) == 0
    assert queue.asked(run_id, 2) == "stop"
    assert queue.start(run_id, worker=2) is None


def test_shallow_references_and_exact_solutions_are_runs_too(store, queue, line):
    for family, optimizer in (("trees", "adam"), ("svr", "adam"), ("linear", "exact")):
        wanted = replace(settings(epochs=4, optimizer=optimizer), architecture=Architecture(family, window=7))
        run_id = store.queue("me", channel(), wanted, family)
        line.claim_next()
        train_run(store.url, run_id)
        assert store.run("me", run_id).status == "finished", store.run("me", run_id).reason
        assert np.isfinite(store.history(run_id).held_out_loss).all()
        assert store.predictions(run_id).shape == (80, 1)


def test_run_stopped_before_its_first_epoch_shows_nothing(store, queue, line):
    run_id = store.queue("me", channel(), settings(), "run")
    line.claim_next()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecasting.jobs.training.GLANCE", -1.0)
        patch.setattr(RunQueue, "asked", lambda *_: "stop")
        train_run(store.url, run_id)
    assert store.run("me", run_id).status == "stopped"
    assert store.predictions(run_id) is None
    assert store.checkpoint("me", run_id, "last") is None


@pytest.mark.slow
def test_what_is_solved_at_once_can_be_stopped(store, workers):
    slow = replace(settings(optimizer="exact"), architecture=Architecture("linear", window=250, horizon=30))
    run_id = store.queue("me", channel(900), replace(slow, split=default_split(channel(900).views)), "slow")
    workers.fill()
    wait_for(lambda: worker_of(store, run_id))
    store.cancel("me", run_id)
    wait_for(lambda: store.run("me", run_id).status == "stopped")
    after = store.queue("me", channel(), settings(), "after")
    workers.fill()
    wait_for(lambda: store.run("me", after).status == "finished")


def test_early_stopping_shows_the_losses_of_the_weights_it_keeps(store, queue, line):
    from forecasting.settings import Regularisation

    kept = Regularisation(validation=0.3, patience=2)
    run_id = store.queue("me", channel(), replace(settings(epochs=60, learning_rate=0.3), regularisation=kept), "run")
    line.claim_next()
    train_run(store.url, run_id)
    predictions = store.predictions(run_id)
    real = channel().views[predictions.index].to_numpy()
    shown = store.final_losses("me").iloc[0]
    assert np.abs(predictions.to_numpy().T - real).mean() == pytest.approx(shown["held_out"])


def test_stopped_run_goes_on_and_does_not_begin_again(store, queue, line):
    run_id = store.queue("me", channel(), settings(epochs=30), "run")
    line.claim_next()
    asked = iter([None] * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecasting.jobs.training.GLANCE", -1.0)
        patch.setattr(RunQueue, "asked", lambda *_: next(asked, "stop" if len(store.history(run_id)) else None))
        train_run(store.url, run_id)
    done = len(store.history(run_id))
    assert 0 < done < 30
    store.queue("me", channel(), settings(epochs=30), "run")
    assert len(store.history(run_id)) == done


def test_paused_while_waiting_goes_on(store, queue):
    run_id = store.queue("me", channel(), settings(), "run")
    store.pause("me", run_id)
    assert store.run("me", run_id).status == "paused"
    store.queue("me", channel(), settings(), "run")
    assert store.run("me", run_id).status == "queued"
