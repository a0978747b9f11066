"""Training in worker processes, so that a page never waits and a run that dies takes nothing with it."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import contextmanager

import numpy as np
import pandas as pd

from forecasting.errors import N_, BadInput
from forecasting.machine import use_one_thread, worker_environment
from forecasting.metrics import IN_VIEWS
from forecasting.runs import SILENCE, RunQueue

FLUSH = 0.1  # seconds between two writes of rows: a chart cannot show more
GLANCE = 0.05  # seconds between two looks at the cancel flag; a look costs about 0.1 ms, a small model's update no more
SIGN = 5.0  # seconds between two signs of life
KEEP = 10.0  # seconds between two checkpoints to go on from
IDLE = 900  # seconds after which a worker with nothing to do leaves


def one_worker() -> Executor:
    """An executor with a single worker process that has torch loaded."""
    from loky import ProcessPoolExecutor  # noqa: PLC0415  0.1 s, not needed to look at a page

    environment = worker_environment()
    return ProcessPoolExecutor(max_workers=1, timeout=IDLE, initializer=_prepare_worker, env=environment)


class Jobs:
    """Runs the store's queue on `slots` executors of one worker each.

    One worker an executor, because a process pool loses all its jobs when one of its workers dies.
    On a cluster pass that cluster's executor: `Jobs(url, slots=16, executor=client.get_executor)`.
    """

    def __init__(self, url: str, slots: int | None = None, executor: Callable[[], Executor] = one_worker) -> None:
        self.url = url
        self.queue = RunQueue(url)
        self._new_executor = executor
        self._executors = [executor() for _ in range(slots or os.cpu_count() or 1)]
        self._running: dict[int, str] = {}  # slot -> run
        self._lock = threading.RLock()
        self.closed = False
        self.fill()
        self._later = threading.Timer(SILENCE + 1, self.fill)  # a run that a dead server left behind is silent by then
        self._later.daemon = True
        self._later.start()
        # loky waits for its jobs before the interpreter may end; a server that is told to stop shall not.
        threading.Thread(target=self._close_with_main_thread, daemon=True).start()

    def warm(self) -> None:
        """Start the workers before the first run needs them."""
        for executor in self._executors:
            executor.submit(int)  # anything: the first job starts the worker, whose initializer does the rest

    def fill(self) -> None:
        """Give every free slot the run that is next."""
        self.queue.fail_silent()
        with self._lock:
            for slot in range(len(self._executors)):
                if slot not in self._running and (run_id := self.queue.claim_next()):
                    self._running[slot] = run_id
                    self._submit(slot, run_id)

    def close(self) -> None:
        """Stop the workers and what they train."""
        self._later.cancel()
        with self._lock:
            self.closed = True
            for run_id in self._running.values():
                self.queue.fail(
                    run_id, BadInput(N_("The server was stopped during training; press Train to start again."))
                )
            for executor in self._executors:
                executor.shutdown(wait=False, kill_workers=True)

    def _close_with_main_thread(self) -> None:
        threading.main_thread().join()
        self.close()

    def _submit(self, slot: int, run_id: str) -> None:
        try:
            future = self._executors[slot].submit(train_run, self.url, run_id)
        except RuntimeError:  # the slot's worker died while idle
            self._executors[slot] = self._new_executor()
            future = self._executors[slot].submit(train_run, self.url, run_id)
        future.add_done_callback(lambda done: self._done(slot, run_id, done))

    def _done(self, slot: int, run_id: str, future: Future) -> None:
        error = None if future.cancelled() else future.exception()
        with self._lock:
            if self.closed:
                return
            if error is not None:
                self.queue.fail(run_id, _reason(error))
                self._executors[slot] = self._new_executor()
                self._executors[slot].submit(int)  # start its worker now
            del self._running[slot]
        self.fill()


def train_run(url: str, run_id: str) -> None:
    """Train one run of the store at `url`, in this process, and write its rows as they come."""
    queue, worker = RunQueue(url), os.getpid()
    started = queue.start(run_id, worker)
    if started is None:
        return
    try:
        _train(queue, run_id, worker, *started)
    except BadInput as reason:
        queue.fail(run_id, reason)
    finally:
        queue.engine.dispose()


def _train(queue: RunQueue, run_id: str, worker: int, channel, settings, kept: bytes | None) -> None:
    from forecasting.checkpoints import load  # noqa: PLC0415  the server process never loads torch
    from forecasting.fitting import build, fit  # noqa: PLC0415
    from forecasting.progress import Progress  # noqa: PLC0415
    from forecasting.training import predict  # noqa: PLC0415
    from forecasting.windows import run_windows  # noqa: PLC0415

    data, model = run_windows(channel.views, settings, channel.filled), build(settings)
    progress = Progress(load(kept)[1] if kept else None)
    scribe = _Scribe(queue, run_id, worker, settings, model, progress)
    with _deaf(queue, run_id, worker, settings):
        for row in fit(model, data, settings, scribe.told_to_stop, progress):
            scribe.note(row)
            if not row.finite:
                scribe.write()
                raise diverged(row)
    state = {"pause": "paused", "stop": "stopped"}.get(scribe.told, "finished")
    if not (scribe.noted or progress.epoch):  # stopped before its first epoch: nothing is learnt, nothing to show
        queue.end(run_id, worker, state)
        return
    scribe.write(at_end=True)
    predicted = predict(model, data, data.held_out)
    # Of several days ahead the farthest is kept to be looked at.
    farthest = predicted.reshape(len(predicted), len(data.held_out), -1)[:, :, -1]
    days = data.held_out.days + pd.Timedelta(days=settings.architecture.horizon - 1)
    frame = pd.DataFrame(farthest.T, index=days)
    queue.end(
        run_id, worker, state, frame, [_losses(part, model, data, settings) for part in (data.train, data.held_out)]
    )


def _losses(windows, model, data, settings) -> np.ndarray:
    """Losses in views (replicas,) of the weights that were kept; under early stopping those of an earlier epoch."""
    from forecasting.training import predict  # noqa: PLC0415

    predicted = predict(model, data, windows)
    return IN_VIEWS[settings.training.loss](windows.targets.ravel(), predicted.reshape(len(predicted), -1))


@contextmanager
def _deaf(queue: RunQueue, run_id: str, worker: int, settings):
    """Speak and listen for a model that is solved in one go and hears nothing; told to stop, the worker ends."""
    if not settings.solved_at_once:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        spoke = time.monotonic()
        while not done.wait(GLANCE):
            if queue.asked(run_id, worker):
                queue.end(run_id, worker, "stopped")
                os._exit(1)  # a solver of scikit-learn's cannot be asked; the slot gets a new worker
            if time.monotonic() - spoke > SIGN:
                queue.write(run_id, worker, [], {})
                spoke = time.monotonic()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()


class _Scribe:
    """Writes rows and checkpoints for one worker, no oftener than anyone can look, and hears what the owner wants."""

    def __init__(self, queue: RunQueue, run_id: str, worker: int, settings, model, progress) -> None:
        self.queue, self.run_id, self.worker = queue, run_id, worker
        self.settings, self.model, self.progress = settings, model, progress
        self.rows: list = []
        self.noted = 0  # rows so far
        self.weights: dict[tuple[str, int], bytes | None] = {}
        self.told: str | None = None
        self.looked = self.kept = time.monotonic()
        self.wrote = 0.0  # the first row is written at once

    def told_to_stop(self) -> bool:
        """Asked before every update, however short that is."""
        now = time.monotonic()
        if now - self.looked > GLANCE:
            self.told, self.looked = self.queue.asked(self.run_id, self.worker), now
        if now - self.wrote > SIGN and self.wrote:
            self.write()
        return self.told is not None

    def note(self, row) -> None:
        """Take a row; write once there is enough to show."""
        from forecasting.checkpoints import is_logged, save_progress, save_weights  # noqa: PLC0415

        self.rows.append(row)
        self.noted += 1
        if self._is_network and is_logged(row.epoch):
            self.weights["epoch", row.epoch] = save_weights(self.settings, self.model)
        now = time.monotonic()
        if self.progress.record and now - self.kept > KEEP:
            self.weights["progress", row.epoch] = save_progress(self.settings, self.progress)
            self.kept = now
        if self.weights or now - self.wrote > FLUSH:
            self.write()

    def write(self, at_end: bool = False) -> None:
        """All that waits; at the end also the last and the best weights, and the progress."""
        from forecasting.checkpoints import best_weights, save_progress, save_weights  # noqa: PLC0415

        if at_end and self._is_network:
            epoch = self.progress.epoch
            self.weights["last", epoch] = save_weights(self.settings, self.model)
            if self.progress.record:
                self.weights["best", epoch] = best_weights(self.settings, self.progress)
                self.weights["progress", epoch] = save_progress(self.settings, self.progress)
        self.queue.write(self.run_id, self.worker, self.rows, self.weights)
        self.rows, self.weights, self.wrote = [], {}, time.monotonic()

    @property
    def _is_network(self) -> bool:
        """Whether the model has weights to keep; scikit-learn's have none of ours."""
        return hasattr(self.model, "parameters")


def _prepare_worker() -> None:
    """Load torch and take one small step: the first update of a process loads as much again (0.7 s)."""
    use_one_thread()  # two processes with two threads each fight for two cores: up to 30 times slower
    from forecasting.models import StackedNetwork  # noqa: PLC0415
    from forecasting.settings import Architecture, Training  # noqa: PLC0415
    from forecasting.training import train  # noqa: PLC0415
    from forecasting.windows import Scaler, SplitWindows, Windows  # noqa: PLC0415

    few = Windows(np.eye(2), np.arange(2.0), pd.date_range("2021-01-01", periods=2))
    for _ in train(
        StackedNetwork(Architecture(window=2), [0]), SplitWindows(few, few, Scaler(0, 1)), Training(epochs=1, seeds=1)
    ):
        pass


def diverged(row) -> BadInput:
    """Why a run ends at a row that is not finite, and what to try."""
    return BadInput(
        N_("The loss left the numbers in epoch {epoch}; try a learning rate below {rate:g}."),
        epoch=row.epoch,
        rate=row.learning_rate,
    )


def _reason(error: BaseException) -> BadInput:
    if type(error).__name__ == "TerminatedWorkerError":  # loky's, imported only with loky
        return BadInput(
            N_("The worker process was killed or ran out of memory; try fewer units or seeds, or train again.")
        )
    return BadInput(N_("Training stopped with an error: {error}"), error=f"{type(error).__name__}: {error}")
