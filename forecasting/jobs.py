"""Training in worker processes, so that a page never waits and a run that dies takes nothing with it."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future

import pandas as pd

from forecasting.errors import N_, BadInput
from forecasting.runs import SILENCE, RunStore

FLUSH = 0.1  # seconds between two writes of rows: a chart cannot show more
GLANCE = 0.05  # seconds between two looks at the cancel flag; a look costs about 0.1 ms, a small model's update no more
SIGN = 5.0  # seconds between two signs of life
IDLE = 900  # seconds after which a worker with nothing to do leaves


def one_worker() -> Executor:
    """An executor with a single worker process that has torch loaded."""
    from loky import ProcessPoolExecutor  # noqa: PLC0415  0.1 s, not needed to look at a page

    return ProcessPoolExecutor(max_workers=1, timeout=IDLE, initializer=_prepare_worker)


class Jobs:
    """Runs the store's queue on `slots` executors of one worker each.

    One worker an executor, because a process pool loses all its jobs when one of its workers dies.
    On a cluster pass that cluster's executor: `Jobs(store, slots=16, executor=client.get_executor)`.
    """

    def __init__(
        self, store: RunStore, slots: int | None = None, executor: Callable[[], Executor] = one_worker
    ) -> None:
        self.store = store
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
        """Give every free slot the longest-waiting run."""
        self.store.fail_silent()
        with self._lock:
            for slot in range(len(self._executors)):
                if slot not in self._running and (run_id := self.store.claim_next()):
                    self._running[slot] = run_id
                    self._submit(slot, run_id)

    def close(self) -> None:
        """Stop the workers and what they train."""
        self._later.cancel()
        with self._lock:
            self.closed = True
            for run_id in self._running.values():
                self.store.fail(
                    run_id, BadInput(N_("The server was stopped during training; press Train to start again."))
                )
            for executor in self._executors:
                executor.shutdown(wait=False, kill_workers=True)

    def _close_with_main_thread(self) -> None:
        threading.main_thread().join()
        self.close()

    def _submit(self, slot: int, run_id: str) -> None:
        try:
            future = self._executors[slot].submit(train_run, self.store.url, run_id)
        except RuntimeError:  # the slot's worker died while idle
            self._executors[slot] = self._new_executor()
            future = self._executors[slot].submit(train_run, self.store.url, run_id)
        future.add_done_callback(lambda done: self._done(slot, run_id, done))

    def _done(self, slot: int, run_id: str, future: Future) -> None:
        error = None if future.cancelled() else future.exception()
        with self._lock:
            if self.closed:
                return
            if error is not None:
                self.store.fail(run_id, _reason(error))
                self._executors[slot] = self._new_executor()
                self._executors[slot].submit(int)  # start its worker now
            del self._running[slot]
        self.fill()


def train_run(url: str, run_id: str) -> None:
    """Train one run of the store at `url`, in this process, and write its rows as they come."""
    store = RunStore(url)
    started = store.start(run_id, os.getpid())
    if started is None:
        return
    try:
        _train(store, run_id, *started)
    except BadInput as reason:
        store.fail(run_id, reason)
    finally:
        store.engine.dispose()


def _train(store: RunStore, run_id: str, channel, settings) -> None:
    from forecasting.models import StackedNetwork  # noqa: PLC0415  the server process never loads torch
    from forecasting.training import predict, train  # noqa: PLC0415
    from forecasting.windows import split_windows  # noqa: PLC0415

    data = split_windows(channel.views, settings.split, settings.architecture.window)
    network = StackedNetwork(settings.architecture, range(settings.training.seeds))
    watch = _Watch(store, run_id)
    waiting, flushed = [], 0.0
    for row in train(network, data, settings.training, stop=watch.stopped):
        waiting.append(row)
        if not row.finite:
            store.append(run_id, waiting)
            raise _diverged(row)
        if time.monotonic() - flushed > FLUSH:
            store.append(run_id, waiting)
            waiting, flushed = [], time.monotonic()
    store.append(run_id, waiting)
    predicted = pd.DataFrame(predict(network, data, data.held_out).T, index=data.held_out.days)
    store.end(run_id, "stopped" if watch.told else "finished", predicted)


class _Watch:
    """Looks at the cancel flag every GLANCE seconds, however short an update is."""

    def __init__(self, store: RunStore, run_id: str) -> None:
        self.store, self.run_id = store, run_id
        self.told = False
        self.looked = self.signed = time.monotonic()

    def stopped(self) -> bool:
        now = time.monotonic()
        if now - self.looked > GLANCE:
            self.told, self.looked = self.store.cancelled(self.run_id), now
        if now - self.signed > SIGN:
            self.store.append(self.run_id, [])
            self.signed = now
        return self.told


def _prepare_worker() -> None:
    """Load torch and take one small step: the first update of a process loads as much again (0.7 s)."""
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415  in the worker alone

    torch.set_num_threads(1)  # two processes with two threads each fight for two cores: up to 30 times slower
    from forecasting.models import StackedNetwork  # noqa: PLC0415
    from forecasting.settings import Architecture, Training  # noqa: PLC0415
    from forecasting.training import train  # noqa: PLC0415
    from forecasting.windows import Scaler, SplitWindows, Windows  # noqa: PLC0415

    few = Windows(np.eye(2), np.arange(2.0), pd.date_range("2021-01-01", periods=2))
    for _ in train(
        StackedNetwork(Architecture(window=2), [0]), SplitWindows(few, few, Scaler(0, 1)), Training(epochs=1, seeds=1)
    ):
        pass


def _diverged(row) -> BadInput:
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
