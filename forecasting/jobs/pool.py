"""Worker processes, so that a page never waits and a run that dies takes nothing with it."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future

import numpy as np
import pandas as pd

from forecasting.jobs.machine import use_one_thread, worker_environment
from forecasting.jobs.studies import answer_study
from forecasting.jobs.training import train_run
from forecasting.messages import N_, BadInput
from forecasting.runs import SILENCE, Line
from forecasting.runs.line import Work

IDLE = 900  # seconds after which a worker with nothing to do leaves
DO = {"run": train_run, "study": answer_study}
KILLED = {
    "run": N_("The worker process was killed or ran out of memory; try fewer units or seeds, or train again."),
    "study": N_("The worker process was killed or ran out of memory; start it again."),
}
BROKEN = {
    "run": N_("Training stopped with an error: {error}"),
    "study": N_("The work on this stopped with an error: {error}"),
}
CLOSED = {
    "run": N_("The server was stopped during training; press Train to start again."),
    "study": N_("The server was stopped before the answer was there; start it again."),
}


def one_worker() -> Executor:
    """An executor with a single worker process that has torch loaded."""
    from loky import ProcessPoolExecutor  # noqa: PLC0415  0.1 s, not needed to look at a page

    environment = worker_environment()
    return ProcessPoolExecutor(max_workers=1, timeout=IDLE, initializer=_prepare_worker, env=environment)


class Jobs:
    """Works off the store's line on `slots` executors of one worker each.

    One worker an executor, because a process pool loses all its jobs when one of its workers dies.
    On a cluster pass that cluster's executor: `Jobs(url, slots=16, executor=client.get_executor)`.
    """

    def __init__(self, url: str, slots: int | None = None, executor: Callable[[], Executor] = one_worker) -> None:
        self.url = url
        self.line = Line(url)
        self._new_executor = executor
        self._executors = [executor() for _ in range(slots or os.cpu_count() or 1)]
        self._running: dict[int, Work] = {}  # by slot
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
        """Give every free slot what is next."""
        self.line.fail_silent()
        with self._lock:
            for slot in range(len(self._executors)):
                if slot not in self._running and (work := self.line.claim_next()):
                    self._running[slot] = work
                    self._submit(slot, work)

    def close(self) -> None:
        """Stop the workers and what they do."""
        self._later.cancel()
        with self._lock:
            self.closed = True
            for work in self._running.values():
                self.line.fail(work, BadInput(CLOSED[work.kind]))
            for executor in self._executors:
                executor.shutdown(wait=False, kill_workers=True)

    def _close_with_main_thread(self) -> None:
        threading.main_thread().join()
        self.close()

    def _submit(self, slot: int, work: Work) -> None:
        try:
            future = self._executors[slot].submit(DO[work.kind], self.url, work.id)
        except RuntimeError:  # the slot's worker died while idle
            self._executors[slot] = self._new_executor()
            future = self._executors[slot].submit(DO[work.kind], self.url, work.id)
        future.add_done_callback(lambda done: self._done(slot, work, done))

    def _done(self, slot: int, work: Work, future: Future) -> None:
        error = None if future.cancelled() else future.exception()
        with self._lock:
            if self.closed:
                return
            if error is not None:
                self.line.fail(work, _reason(work.kind, error))
                self._executors[slot] = self._new_executor()
                self._executors[slot].submit(int)  # start its worker now
            del self._running[slot]
        self.fill()


def _prepare_worker() -> None:
    """Load torch and take one small step: the first update of a process loads as much again (0.7 s)."""
    use_one_thread()  # two processes with two threads each fight for two cores: up to 30 times slower
    from forecasting.networks.network import StackedNetwork  # noqa: PLC0415
    from forecasting.networks.training import train  # noqa: PLC0415
    from forecasting.scaling import Scaler  # noqa: PLC0415
    from forecasting.settings import Architecture, Training  # noqa: PLC0415
    from forecasting.windows import SplitWindows, Windows  # noqa: PLC0415

    few = Windows(np.eye(2), np.arange(2.0), pd.date_range("2021-01-01", periods=2))
    for _ in train(
        StackedNetwork(Architecture(window=2), [0]), SplitWindows(few, few, Scaler(0, 1)), Training(epochs=1, seeds=1)
    ):
        pass


def _reason(kind: str, error: BaseException) -> BadInput:
    if type(error).__name__ == "TerminatedWorkerError":  # loky's, imported only with loky
        return BadInput(KILLED[kind])
    return BadInput(BROKEN[kind], error=f"{type(error).__name__}: {error}")
