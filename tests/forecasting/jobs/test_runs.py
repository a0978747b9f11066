"""The run store and the workers behind it."""

import os
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from forecasting.jobs import tables
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import url_of
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore, write_training
from forecasting.jobs.store import JobStore
from forecasting.jobs.tables import checkpoints
from forecasting.jobs.worker import work_on
from forecasting.messages import Message
from forecasting.networks.training import Row
from forecasting.records import Progress, Source, TrainingProgress
from forecasting.series import Channel, Correction
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from tests.support.processes import wait_for


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
def queue(store) -> JobQueue:
    return JobQueue(store.engine)


@pytest.fixture
def jobs(store) -> JobStore:
    return JobStore(store.engine)


@pytest.fixture
def channels(store) -> ChannelStore:
    return ChannelStore(store.engine)


def begin(queue: JobQueue) -> str:
    """Claim and start the next run as worker 1 does."""
    run_id = queue.claim_next().id
    queue.start(run_id, worker=1)
    return run_id


def report(queue: JobQueue, run_id: str, *rows: Row, worker: int = 1) -> None:
    """Report rows as a worker does."""
    queue.report(run_id, worker, Progress(0.1, training=TrainingProgress(rows)))


def work_off(queue: JobQueue) -> str:
    """Do the next job in this process; its id."""
    job_id = queue.claim_next().id
    work_on(url_of(queue.engine), job_id)
    return job_id


def test_channel_comes_back_as_it_was(store, channels):
    channels.save("me", channel(), Source("a.csv", b"Date,Views", {"fill": "none"}))
    found = channels.channel("me", channel().fingerprint)
    pd.testing.assert_series_equal(found.views, channel().views)
    assert (found.name, found.corrections, found.channel_names) == (
        "mine",
        channel().corrections,
        channel().channel_names,
    )
    assert channels.source("me", channel().fingerprint) == Source("a.csv", b"Date,Views", {"fill": "none"})
    store.submit("me", channel(), settings(), name="run")
    assert channels.source("me", channel().fingerprint) is not None  # queueing keeps the file


def test_same_settings_and_views_are_the_same_run(store):
    first = store.submit("me", channel(), settings(), name="one")
    assert store.submit("me", channel(), settings(), name="two") == first
    assert store.submit("me", channel(), settings(epochs=4), name="three") != first
    assert store.submit("me", channel(days=399), settings(), name="four") != first
    assert [run.name for run in store.runs("me")][-1] == "one"


def test_nobody_sees_or_touches_another_owners_things(store, jobs, channels):
    run_id = store.submit("me", channel(), settings(), name="mine")
    jobs.cancel("you", run_id)
    store.rename("you", run_id, "yours")
    store.delete("you", [run_id])
    assert store.run("you", run_id) is None
    assert store.runs("you") == []
    assert channels.channels("you") == {}
    assert channels.channel("you", channel().fingerprint) is None
    assert store.run("me", run_id).name == "mine"
    assert store.run("me", run_id).status == "queued"


def test_rows_come_back_in_order_and_from_where_one_left_off(store, queue):
    run_id = store.submit("me", channel(), settings(), name="run")
    begin(queue)
    report(queue, run_id, row(1), row(2))
    report(queue, run_id, row(3))
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


def test_deleted_run_takes_its_rows_along_and_stops(store, queue):
    run_id = store.submit("me", channel(), settings(), name="run")
    begin(queue)
    report(queue, run_id, row(1))
    store.delete("me", [run_id])
    assert queue.requested(run_id, 1) == "stop"
    report(queue, run_id, row(2))  # the worker has not noticed yet
    assert len(store.history(run_id)) == 0


def test_failed_run_starts_afresh_when_queued_again(store, queue):
    run_id = store.submit("me", channel(), settings(), name="run")
    begin(queue)
    report(queue, run_id, row(1))
    queue.fail(run_id, Message("it broke in epoch {epoch}", {"epoch": 1}))
    assert said(store, run_id) == "it broke in epoch 1"
    assert store.submit("me", channel(), settings(), name="run") == run_id
    again = store.run("me", run_id)
    assert (again.status, again.reason, len(store.history(run_id))) == ("queued", None, 0)


def test_longest_waiting_run_is_claimed_once(store, queue):
    ids = [store.submit("me", channel(), settings(epochs=epochs), name=str(epochs)) for epochs in (1, 2)]
    assert [queue.claim_next(), queue.claim_next(), queue.claim_next()] == [*((i, "train") for i in ids), None]


def test_channel_is_forgotten_with_its_runs(store, channels):
    run_id = store.submit("me", channel(), settings(), name="run")
    channels.forget("me", channel().fingerprint, unless_used=True)
    assert store.run("me", run_id)
    channels.forget("me", channel().fingerprint)
    assert store.run("me", run_id) is None
    assert channels.channels("me") == {}


def test_settings_survive_the_store(store):
    wanted = settings(loss="mse", optimizer="sgd", learning_rate=0.003, batch_size=0)
    run_id = store.submit("me", channel(), wanted, name="run")
    assert store.run("me", run_id).settings == wanted


def test_a_run_of_a_week_ahead_is_judged_on_measured_days_alone(store, queue):
    views = channel().views
    sundays = tuple(day.date() for day in views.index[views.index.day_of_week == 6])
    closed = Channel("closed", views, (Correction("{count} days were filled.", sundays, option="fill"),))
    run = RunSettings(default_split(views), Architecture("linear", 7, horizon=7), Training(epochs=2, seeds=1))
    run_id = store.submit("me", closed, run, name="week")
    assert queue.claim_next().id == run_id
    work_on(url_of(store.engine), run_id)
    predictions = store.predictions(run_id)
    assert np.isfinite(predictions.to_numpy()).all() and set(predictions.index.day_of_week) == {0, 1, 2, 3, 4, 5}
    assert np.isfinite(store.history(run_id).held_out_loss).all()


def test_run_in_this_process_writes_every_epoch_and_predictions(store, queue):
    run_id = store.submit("me", channel(), settings(), name="run")
    work_off(queue)
    assert store.run("me", run_id).status == "finished"
    assert list(store.history(run_id).epoch) == [1, 2, 3]
    predictions = store.predictions(run_id)
    held_out = settings().split.held_out
    assert predictions.shape == (80, 2)
    assert (predictions.index[0].date(), predictions.index[-1].date()) == (held_out.first, held_out.last)
    real = channel().views[predictions.index].to_numpy()
    last = store.history(run_id).held_out_loss[-1]
    assert np.abs(predictions.to_numpy().T - real).mean(axis=1) == pytest.approx(last, rel=1e-5)


def test_run_that_cannot_be_trained_says_why(store, queue):
    impossible = replace(settings(), architecture=Architecture("linear", window=365))
    run_id = store.submit("me", channel(), impossible, name="run")
    work_off(queue)
    assert store.run("me", run_id).status == "failed"
    assert "365" in said(store, run_id)


def test_diverging_run_names_its_epoch(store, queue):
    run_id = store.submit(
        "me", channel(), settings(optimizer="sgd", loss="mse", learning_rate=10.0, epochs=200), name="run"
    )
    work_off(queue)
    assert "learning rate below 10" in said(store, run_id)


@pytest.fixture
def workers(store) -> WorkerPool:
    workers = WorkerPool(url_of(store.engine), slots=2)
    yield workers
    workers.close()


def worker_of(store: RunStore | JobStore, job_id: str) -> int | None:
    """The process that works on a job."""
    with store.engine.connect() as connection:
        return connection.execute(sa.select(tables.jobs.c.worker).where(tables.jobs.c.id == job_id)).scalar()


def said(store: RunStore, run_id: str) -> str:
    """Why a run failed."""
    return store.run("me", run_id).reason.translated()


@pytest.mark.slow
def test_worker_trains_stops_and_dies_without_taking_others_along(store, workers, jobs):
    quick = store.submit("me", channel(), settings(), name="quick")
    workers.fill()
    wait_for(lambda: store.run("me", quick).status == "finished")

    stopped, killed = (store.submit("me", channel(), endless(rate), name="long") for rate in (0.002, 0.003))
    waiting = store.submit("me", channel(), settings(epochs=5), name="waiting")
    workers.fill()
    assert store.run("me", waiting).status == "queued"  # two slots, two runs
    assert workers.slots == 2
    wait_for(lambda: len(store.history(stopped)) and len(store.history(killed)))
    os.kill(worker_of(store, killed), signal.SIGKILL)
    wait_for(lambda: store.run("me", killed).status == "failed")
    assert "killed" in said(store, killed)
    wait_for(lambda: store.run("me", waiting).status == "finished")  # its slot has a new worker
    assert store.run("me", stopped).status == "running"

    jobs.cancel("me", stopped)
    wait_for(lambda: store.run("me", stopped).status == "stopped")
    assert store.predictions(stopped) is not None
    assert 0 < len(store.history(stopped)) < 10_000


@pytest.mark.slow
def test_closing_marks_what_was_being_trained(store):
    workers = WorkerPool(url_of(store.engine), slots=1)
    run_id = store.submit("me", channel(), endless(), name="run")
    workers.fill()
    wait_for(lambda: len(store.history(run_id)))
    workers.close()
    assert "server was stopped" in said(store, run_id)


def rows_of(store: RunStore, run_id: str) -> list[np.ndarray]:
    """All of a run's rows but the time they took."""
    return [values for name, values in vars(store.history(run_id)).items() if name != "seconds"]


def test_paused_run_goes_on_to_the_same_rows(store, queue, jobs):
    whole = store.submit("me", channel(), settings(epochs=40, learning_rate=0.002), name="whole")
    work_off(queue)
    expected = rows_of(store, whole)
    store.delete("me", [whole])

    run_id = store.submit("me", channel(), settings(epochs=40, learning_rate=0.002), name="again")
    queue.claim_next()
    requested = iter([None] * 2 + ["pause"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecasting.jobs.kinds.train.POLL_SECONDS", 0.0)
        patch.setattr(JobQueue, "requested", lambda *_: next(requested, "pause"))
        work_on(url_of(store.engine), run_id)
    assert store.run("me", run_id).status == "paused"
    assert len(store.history(run_id)) < 40
    store.resume("me", run_id)
    work_off(queue)
    assert store.run("me", run_id).status == "finished"
    for one, other in zip(expected, rows_of(store, run_id), strict=True):
        assert np.array_equal(one, other)


def test_more_epochs_go_on_from_the_shorter_run(store, queue):
    short, long = settings(epochs=5), settings(epochs=9)
    first = store.submit("me", channel(), short, name="short")
    work_off(queue)
    second = store.submit("me", channel(), long, name="long")
    assert list(store.history(second).epoch) == [1, 2, 3, 4, 5]
    work_off(queue)
    fresh = store.submit("you", channel(), long, name="fresh")
    work_off(queue)
    for one, other in zip(rows_of(store, second), rows_of(store, fresh), strict=True):
        assert np.array_equal(one, other)
    assert len(store.history(first)) == 5


def test_cosine_schedule_is_not_continued_because_it_depends_on_its_end(store, queue):
    store.submit("me", channel(), settings(epochs=5, schedule="cosine"), name="short")
    work_off(queue)
    assert len(store.history(store.submit("me", channel(), settings(epochs=9, schedule="cosine"), name="long"))) == 0


def test_checkpoints_predict_what_the_run_predicted(store, queue):
    from forecasting.models.fitting import build
    from forecasting.networks.checkpoints import load, take_weights
    from forecasting.networks.training import predict
    from forecasting.windows import run_windows

    run_id = store.submit("me", channel(), settings(epochs=7), name="run")
    work_off(queue)
    kept, record = load(store.checkpoint("me", run_id))
    assert kept == settings(epochs=7)
    model, data = build(kept), run_windows(channel().series, kept)
    take_weights(model, record)
    assert np.array_equal(predict(model, data, data.held_out).T, store.predictions(run_id).to_numpy())
    assert store.checkpoint("you", run_id) is None


def test_weights_too_large_to_keep_are_left_out(store, queue, monkeypatch):
    monkeypatch.setattr("forecasting.jobs.runs.LARGEST_CHECKPOINT", 4)
    monkeypatch.setattr("forecasting.jobs.runs.LARGEST_LOGGED", 2)
    run_id = store.submit("me", channel(), settings(), name="run")
    kept = {("last", 2): b"four", ("best", 2): b"fiver", ("epoch", 1): b"to", ("epoch", 2): b"too", ("first", 1): b""}
    with store.engine.begin() as connection:
        write_training(connection, run_id, TrainingProgress(checkpoints=kept))
        found = connection.execute(sa.select(checkpoints.c.kind, checkpoints.c.epoch)).all()
    assert sorted(map(tuple, found)) == [("epoch", 1), ("last", 2)]


def test_a_tag_is_cut_at_forty_letters(store):
    run_id = store.submit("me", channel(), settings(), name="run")
    store.tag("me", [run_id], add=["x" * 40, "y" * 41])
    assert store.run("me", run_id).tags == ("x" * 40, "y" * 40)


def test_one_persons_many_runs_do_not_keep_another_waiting(store, queue):
    mine = [store.submit("me", channel(), settings(epochs=epochs), name=str(epochs)) for epochs in (1, 2, 3)]
    yours = store.submit("you", channel(), settings(), name="yours")
    assert [queue.claim_next().id for _slot in range(4)] == [mine[0], yours, mine[1], mine[2]]


def test_only_the_worker_that_has_the_run_may_write(store, queue):
    run_id = store.submit("me", channel(), settings(), name="run")
    begin(queue)
    report(queue, run_id, row(1), worker=2)
    assert len(store.history(run_id)) == 0
    assert queue.requested(run_id, 2) == "stop"
    assert queue.start(run_id, worker=2) is None


def test_shallow_references_and_exact_solutions_are_runs_too(store, queue):
    for family, optimizer in (("trees", "adam"), ("svr", "adam"), ("linear", "exact")):
        wanted = replace(settings(epochs=4, optimizer=optimizer), architecture=Architecture(family, window=7))
        run_id = store.submit("me", channel(), wanted, name=family)
        work_off(queue)
        assert store.run("me", run_id).status == "finished", store.run("me", run_id).reason
        assert np.isfinite(store.history(run_id).held_out_loss).all()
        assert store.predictions(run_id).shape == (80, 1)


def test_run_stopped_before_its_first_epoch_shows_nothing(store, queue, jobs):
    run_id = store.submit("me", channel(), settings(), name="run")
    queue.claim_next()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecasting.jobs.kinds.train.POLL_SECONDS", -1.0)
        patch.setattr(JobQueue, "requested", lambda *_: "stop")
        work_on(url_of(store.engine), run_id)
    assert store.run("me", run_id).status == "stopped"
    assert store.predictions(run_id) is None
    assert store.checkpoint("me", run_id) is None


@pytest.mark.slow
def test_what_is_solved_at_once_can_be_stopped(store, workers, jobs):
    slow = replace(settings(optimizer="exact"), architecture=Architecture("linear", window=250, horizon=30))
    run_id = store.submit("me", channel(900), replace(slow, split=default_split(channel(900).views)), name="slow")
    workers.fill()
    wait_for(lambda: worker_of(store, run_id))
    jobs.cancel("me", run_id)
    wait_for(lambda: store.run("me", run_id).status == "stopped")
    after = store.submit("me", channel(), settings(), name="after")
    workers.fill()
    wait_for(lambda: store.run("me", after).status == "finished")


def test_early_stopping_shows_the_losses_of_the_weights_it_keeps(store, queue):
    from forecasting.settings import Regularisation

    kept = Regularisation(validation=0.3, patience=2)
    run_id = store.submit(
        "me", channel(), replace(settings(epochs=60, learning_rate=0.3), regularisation=kept), name="run"
    )
    work_off(queue)
    predictions = store.predictions(run_id)
    real = channel().views[predictions.index].to_numpy()
    shown = store.final_losses("me").iloc[0]
    assert np.abs(predictions.to_numpy().T - real).mean() == pytest.approx(shown["held_out"])


def test_stopped_run_goes_on_and_does_not_begin_again(store, queue, jobs):
    run_id = store.submit("me", channel(), settings(epochs=30), name="run")
    queue.claim_next()
    requested = iter([None] * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecasting.jobs.kinds.train.POLL_SECONDS", -1.0)
        patch.setattr(JobQueue, "requested", lambda *_: next(requested, "stop" if len(store.history(run_id)) else None))
        work_on(url_of(store.engine), run_id)
    done = len(store.history(run_id))
    assert 0 < done < 30
    store.submit("me", channel(), settings(epochs=30), name="run")
    assert len(store.history(run_id)) == done


def test_paused_while_waiting_goes_on(store, jobs):
    run_id = store.submit("me", channel(), settings(), name="run")
    jobs.pause("me", run_id)
    assert store.run("me", run_id).status == "paused"
    store.submit("me", channel(), settings(), name="run")
    assert store.run("me", run_id).status == "queued"
