"""Worker processes, so that a page never waits and a job that dies takes nothing with it."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future

from forecasting.jobs.database import open_engine
from forecasting.jobs.failures import failure
from forecasting.jobs.machine import worker_environment
from forecasting.jobs.queue import HEARTBEAT_TIMEOUT, Claim, JobQueue
from forecasting.jobs.watchdog import HEARTBEAT_SECONDS
from forecasting.jobs.worker import prepare, work_on
from forecasting.messages import Message

IDLE_SECONDS = 900  # after which a worker with nothing to do leaves


def one_worker() -> Executor:
    """An executor with a single worker process that has torch loaded."""
    from loky import ProcessPoolExecutor  # noqa: PLC0415  0.1 s, not needed to look at a page

    return ProcessPoolExecutor(max_workers=1, timeout=IDLE_SECONDS, initializer=prepare, env=worker_environment())


class WorkerPool:
    """Works off the store's queue on `slots` executors of one worker each.

    One worker an executor, because a process pool loses all its jobs when one of its workers dies.
    On a cluster pass that cluster's executor: `WorkerPool(url, slots=16, executor=client.get_executor)`.
    """

    def __init__(self, url: str, slots: int | None = None, executor: Callable[[], Executor] = one_worker) -> None:
        self.url = url
        self.queue = JobQueue(open_engine(url))
        self._new_executor = executor
        self._executors = [executor() for _ in range(slots or os.cpu_count() or 1)]
        self._running: dict[int, Claim] = {}  # by slot
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self.fill()
        # A job that a dead server left behind is silent by then.
        self._later = threading.Timer(HEARTBEAT_TIMEOUT + 1, self.fill)
        self._later.daemon = True
        self._later.start()
        threading.Thread(target=self._hold_claims, daemon=True).start()
        # loky waits for its jobs before the interpreter may end; a server that is told to stop shall not.
        threading.Thread(target=self._close_with_main_thread, daemon=True).start()

    @property
    def slots(self) -> int:
        """How many jobs it works on at once."""
        return len(self._executors)

    def warm(self) -> None:
        """Start the workers before the first job needs them."""
        for executor in self._executors:
            executor.submit(int)  # anything: the first job starts the worker, whose initializer does the rest

    def fill(self) -> None:
        """Give every free slot what is next."""
        self.queue.fail_silent()
        with self._lock:
            for slot in range(self.slots):
                if slot not in self._running and (claim := self.queue.claim_next()):
                    self._running[slot] = claim
                    self._submit(slot, claim)

    def close(self) -> None:
        """Stop the workers and what they do."""
        self._later.cancel()
        with self._lock:
            self._closed.set()
            for claim in self._running.values():
                self.queue.fail(claim.id, failure("closed", claim.kind))
            for executor in self._executors:
                executor.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]  # loky's

    def _hold_claims(self) -> None:
        """Give heartbeats for jobs whose workers still load torch, which takes a minute on a busy machine."""
        while not self._closed.wait(HEARTBEAT_SECONDS):
            with self._lock:
                claims = list(self._running.values())
            for claim in claims:
                self.queue.hold(claim.id)

    def _close_with_main_thread(self) -> None:
        threading.main_thread().join()
        self.close()

    def _submit(self, slot: int, claim: Claim) -> None:
        try:
            future = self._executors[slot].submit(work_on, self.url, claim.id)
        except RuntimeError:  # the slot's worker died while idle
            self._executors[slot] = self._new_executor()
            future = self._executors[slot].submit(work_on, self.url, claim.id)
        future.add_done_callback(lambda done: self._done(slot, claim, done))

    def _done(self, slot: int, claim: Claim, future: Future) -> None:
        error = None if future.cancelled() else future.exception()
        with self._lock:
            if self._closed.is_set():
                return
            if error is not None:
                self.queue.fail(claim.id, _reason(claim.kind, error))
                self._executors[slot] = self._new_executor()
                self._executors[slot].submit(int)  # start its worker now
            del self._running[slot]
        self.fill()


def _reason(kind: str, error: BaseException) -> Message:
    if type(error).__name__ == "TerminatedWorkerError":  # loky's, imported only with loky
        return failure("killed", kind)
    return failure("broken", kind, error=f"{type(error).__name__}: {error}")
