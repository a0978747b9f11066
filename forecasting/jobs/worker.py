"""What a worker process does with a job: work on it as its kind says, and report progress as it comes."""

import math
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pkgutil import resolve_name

from forecasting.jobs.database import open_engine
from forecasting.jobs.failures import failure
from forecasting.jobs.kinds import JOB_KINDS, Task
from forecasting.jobs.machine import lower_priority, resident_memory, use_one_thread
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.jobs.troubles import if_answered, patiently
from forecasting.jobs.watchdog import leave_with, watched
from forecasting.messages import BadInput, Message
from forecasting.networks.no_compiler import leave_compiler_out
from forecasting.records import Progress
from forecasting.server_log import JobEnd, write_json_lines

WORKER_CONNECTIONS = 3  # its work, a look at what the owner wants, a look at its memory
_limit = math.inf  # bytes that this process may take; only a worker has a limit
_minutes = math.inf  # that it may take for one job


def prepare(server: int, limit: float = math.inf, minutes: float = math.inf) -> None:
    """What a new worker of this server process does first: load torch, and take one small step."""
    global _limit, _minutes
    _limit, _minutes = limit, minutes
    leave_with(server)
    write_json_lines()
    lower_priority()
    leave_compiler_out()
    use_one_thread()  # two processes with two threads each fight for two cores: up to 30 times slower
    resolve_name("forecasting.jobs.kinds.train:warm_up")()


def work_on(url: str, job_id: str) -> JobEnd | None:
    """Work on one claimed job of the store at `url`, in this process, to its end. None where it was gone.

    While the store does not answer, the work waits. What it could not read it begins again: a run from its checkpoint.
    """
    engine = patiently(lambda: open_engine(url, connections=WORKER_CONNECTIONS))
    worker, begun = os.getpid(), time.perf_counter()
    queue = JobQueue(engine)

    def report(progress: Progress) -> None:
        patiently(lambda: queue.report(job_id, worker, progress, seconds=time.perf_counter() - begun))

    task, status = None, ""
    try:
        if task := patiently(lambda: _started(queue, job_id, worker)):
            kind = JOB_KINDS[task.kind]
            with _within_limits(queue, job_id, task.kind), nullcontext() if kind.listens else task.watchdog():
                status = patiently(lambda: _exhaust(kind.load(), task, report))
    except BadInput as reason:
        message, status = reason.message, "refused"
        patiently(lambda: queue.fail(job_id, message))
    finally:
        engine.dispose()
    memory, seconds = resident_memory() / 1e6, time.perf_counter() - begun
    return JobEnd(task.kind, seconds, memory, result=status) if task else None


def _within_limits(queue: JobQueue, job_id: str, kind: str) -> AbstractContextManager:
    """End the worker with a reason once it takes too much memory or time; the slot gets a new one."""
    end = time.monotonic() + 60 * _minutes

    def beyond() -> Message | None:
        if resident_memory() > _limit:
            return failure("memory", kind, limit=f"{_limit / 1e9:.1f}")
        return failure("time", kind, limit=f"{_minutes:g}") if time.monotonic() > end else None

    def close() -> None:
        if reason := beyond():
            patiently(lambda: queue.fail(job_id, reason))

    return watched(beyond, lambda: None, close)


def _exhaust(work: Callable, task: Task, report: Callable[[Progress], None]) -> str:
    """Report all that the work comes to; its status. It has finished, unless it says how else it ends."""
    last = Progress(0.0)
    for last in work(task):
        report(last)
    if last.status is None:
        report(Progress(1.0, status="finished"))
    return last.status or "finished"


def _started(queue: JobQueue, job_id: str, worker: int) -> Task | None:
    """The job with all that its kind may need; None where another worker has it."""
    started = queue.start(job_id, worker)
    if started is None:
        return None

    def requested() -> str | None:
        return if_answered(lambda: queue.requested(job_id, worker))

    def heartbeat() -> None:
        if_answered(lambda: queue.heartbeat(job_id, worker))

    def stop() -> None:
        patiently(lambda: queue.heartbeat(job_id, worker, status="stopped"))

    def watchdog() -> AbstractContextManager:
        return watched(requested, heartbeat, stop)

    return Task(
        job_id,
        **vars(started),
        runs=RunStore(queue.engine),
        requested=requested,
        heartbeat=heartbeat,
        watchdog=watchdog,
    )
