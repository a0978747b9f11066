"""Worker processes, so that a page never waits and a job that dies takes nothing with it."""

import logging
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from forecasting.hosting import UNLIMITED, Hosting
from forecasting.jobs.cleaning import clean
from forecasting.jobs.database import open_engine
from forecasting.jobs.failures import failure
from forecasting.jobs.heartbeats import HEARTBEAT_SECONDS, HeartbeatObserver
from forecasting.jobs.machine import idle_seconds, usual_workers, worker_environment, worker_memory
from forecasting.jobs.queue import Claim, JobQueue
from forecasting.jobs.troubles import Trouble, if_answered, trouble_of
from forecasting.jobs.worker import prepare, work_on
from forecasting.messages import Message
from forecasting.server_log import SERVER_LOG, JobEnd

STORE_SECONDS = 2.0  # for a look at the store: what waits longer is tried again at the next round
SLOW_SECONDS = 1.0  # a store that takes longer to be written has kept others from their heartbeats
CLEANING_SECONDS = 600.0  # between two looks for what the store need not keep
CLOSING_SECONDS = 10.0  # for the round that a closing pool is in
LOG = logging.getLogger(__name__)


def one_worker(minutes: float = math.inf) -> Executor:
    """An executor with a single worker process that has torch loaded, and so long for a job."""
    from loky import ProcessPoolExecutor  # noqa: PLC0415  0.1 s, not needed to look at a page

    how = {"initializer": prepare, "initargs": (os.getpid(), worker_memory(), minutes), "env": worker_environment()}
    return ProcessPoolExecutor(max_workers=1, timeout=idle_seconds(), **how)


@dataclass
class Slot:
    """A place for one job at a time, with the worker that does it."""

    executor: Executor
    claim: Claim | None = None
    future: Future | None = None
    since: float = 0.0  # of the clock `monotonic`: when the claim was given
    warm: bool = False  # whether a worker was started

    @property
    def process(self) -> int | None:
        """Its worker's; None where none is up, or elsewhere than on this machine."""
        return next(iter(getattr(self.executor, "_processes", None) or ()), None)


class WorkerPool:
    """Works off the store's queue on `slots` executors of one worker each.

    One worker an executor, because a process pool loses all its jobs when one of its workers dies.
    On a cluster pass that cluster's executor: `WorkerPool(url, slots=16, executor=client.get_executor)`.

    One thread has the slots to itself. It makes a round whenever there is something to do, and every `round_seconds`:
    what a store did not answer in one round is done in a later one, and jobs of servers that are gone are taken over.
    """

    def __init__(
        self,
        url: str,
        slots: int | None = None,
        executor: Callable[[], Executor] | None = None,
        *,
        limits: Hosting = UNLIMITED,
        observer: HeartbeatObserver | None = None,
        round_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self.url = url
        engine = open_engine(url, patience=STORE_SECONDS, connections=2)  # rounds, closing
        self.queue = JobQueue(engine, at_once=limits.at_once)
        self.trouble: Trouble | None = None  # what was wrong with the store in the last round
        self._new_executor = executor or partial(one_worker, limits.job_minutes)
        self._slots = [Slot(self._new_executor()) for _ in range(slots or usual_workers())]
        self._failures: dict[str, Message] = {}  # jobs that have ended badly and are to be closed in the store
        self._observer = observer or HeartbeatObserver()
        self._due, self._closed = threading.Event(), threading.Event()
        self._limits, self._cleaned = limits, -math.inf
        self._warm_one()
        # loky waits for its jobs before the interpreter may end; a server that is told to stop shall not. What is
        # registered last is called first, and loky registers itself with its first worker.
        threading._register_atexit(self.close)  # type: ignore[attr-defined]
        self._rounds = threading.Thread(target=self._make_rounds, args=(round_seconds,), daemon=True)
        self._rounds.start()

    @property
    def slots(self) -> int:
        """How many jobs it works on at once."""
        return len(self._slots)

    def _warm_one(self) -> None:
        """Have a worker ready for the next job, and no more: each takes 0.3 GB before it does anything."""
        free = self._free_slots()
        if free and not free[0].warm:
            free[0].executor.submit(int)  # anything: the first job starts the worker, whose initializer does the rest
            free[0].warm = True

    def _free_slots(self) -> list[Slot]:
        """Those without a job, one with a worker first."""
        return sorted((slot for slot in self._slots if slot.claim is None), key=lambda slot: not slot.warm)

    def watched_slots(self) -> list[Slot]:
        """The slots as they are now, to look at: they go on changing."""
        return [replace(slot) for slot in self._slots]

    def fill(self) -> None:
        """Have every free slot take what is next, at once."""
        self._due.set()

    def close(self) -> None:
        """Stop the workers and what they do."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._due.set()
        self._rounds.join(CLOSING_SECONDS)  # it may be about to start a worker
        claims = [slot.claim for slot in self._slots if slot.claim]
        for slot in self._slots:
            slot.executor.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]  # loky's
        if_answered(lambda: self._say_closed(claims))

    def _say_closed(self, claims: list[Claim]) -> None:
        for claim in claims:
            self.queue.fail(claim.id, failure("closed", claim.kind))

    def _make_rounds(self, seconds: float) -> None:
        """Whatever goes wrong in one round, there is another."""
        while not self._closed.is_set():
            self._due.clear()
            try:
                self._make_round()
                self._note(None)
            except Exception as error:
                self._observer.forget()
                self._note(error)
            self._due.wait(seconds)

    def _note(self, error: Exception | None) -> None:
        """What was wrong in this round. A store's trouble is logged as it comes and as it goes, not at each round."""
        trouble = trouble_of(error) if error else None
        if error and trouble is None:
            LOG.warning("A round of the worker pool was cut short", exc_info=error)
        elif trouble and trouble != self.trouble:
            LOG.warning("%s", trouble.message.translated())
        elif self.trouble and not trouble:
            LOG.warning("The store of channels and runs answers again.")
        self.trouble = trouble

    def _make_round(self) -> None:
        for slot in self._slots:
            if slot.future and slot.future.done():
                self._free(slot)
        for job_id, reason in list(self._failures.items()):
            self.queue.fail(job_id, reason)
            del self._failures[job_id]
        self._hold_and_take_over()
        for slot in self._free_slots():
            if not self._closed.is_set() and (claim := self.queue.claim_next()):
                self._give(slot, claim)
        if not self._closed.is_set():
            self._warm_one()
        if monotonic() - self._cleaned > CLEANING_SECONDS and not self._closed.is_set():
            self._cleaned = monotonic()
            if_answered(lambda: clean(self.queue.engine, self._limits))

    def _free(self, slot: Slot) -> None:
        """The slot's job has ended, however. The store is not asked, so nothing can keep the slot."""
        claim, future = slot.claim, slot.future
        error = None if future is None or future.cancelled() else future.exception()
        ended = _ended(slot, error)
        slot.claim = slot.future = None
        if ended:
            SERVER_LOG.job(ended)
        if claim and error:
            self._failures[claim.id] = _reason(claim.kind, error)
            slot.executor, slot.warm = self._new_executor(), False

    def _hold_and_take_over(self) -> None:
        """Heartbeats for this server's jobs; those of others that have had none for long are queued again."""
        begun = monotonic()
        self.queue.hold([slot.claim.id for slot in self._slots if slot.claim])
        if monotonic() - begun > SLOW_SECONDS:
            self._observer.forget()
        for job_id, beats in self._observer.silent(self.queue.beats()).items():
            self.queue.take_over(job_id, beats)

    def _give(self, slot: Slot, claim: Claim) -> None:
        try:
            slot.future = self._submit(slot, claim)
        except Exception as error:  # no process could be started: say so, and leave the slot to the next job
            self._failures[claim.id] = _reason(claim.kind, error)
            self.fill()
            return
        slot.claim, slot.since, slot.warm = claim, monotonic(), True
        slot.future.add_done_callback(lambda _done: self.fill())

    def _submit(self, slot: Slot, claim: Claim) -> Future:
        try:
            return slot.executor.submit(work_on, self.url, claim.id)
        except RuntimeError:  # the slot's worker died while idle
            slot.executor = self._new_executor()
            return slot.executor.submit(work_on, self.url, claim.id)


def _ended(slot: Slot, error: BaseException | None) -> JobEnd | None:
    """How the slot's job ended: as its worker says, else by the error that ended the worker."""
    if slot.claim and error:
        return JobEnd(slot.claim.kind, monotonic() - slot.since, memory=0.0, result=type(error).__name__)
    said = slot.future.result() if slot.future and not slot.future.cancelled() else None
    return said if isinstance(said, JobEnd) else None


def _reason(kind: str, error: BaseException) -> Message:
    if type(error).__name__ == "TerminatedWorkerError":  # loky's, imported only with loky
        return failure("killed", kind)
    if trouble := trouble_of(error):
        return failure("store", kind) if trouble.passes else trouble.message
    return failure("broken", kind, error=f"{type(error).__name__}: {error}")
