"""Where a batch is computed: in processes of this machine, or on a Dask cluster.

Either is an Executor of `concurrent.futures`. What they are given are shares of a batch, which take seconds; a share
whose worker is lost is computed again.
"""

import ctypes
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from forecasting import __version__
from forecasting.jobs.machine import use_one_thread, usual_workers, worker_environment
from forecasting.jobs.watchdog import leave_with
from forecasting.messages import BadInput
from forecasting.networks.no_compiler import leave_compiler_out

TRIES = 3  # of a share: what ends three processes would end the fourth
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of mallopt, as malloc.h names them
CONNECT_SECONDS = 10  # for a scheduler to answer
Answer = TypeVar("Answer")


@contextmanager
def open_executor(workers: int | None = None, scheduler: str | None = None) -> Iterator["BatchExecutor"]:
    """A cluster where its `scheduler` is named, else `workers` processes of this machine (one a core).

    It knows its `workers`, shares at once, and the link of its `dashboard`, empty where there is none. What is not done
    when it is left is given up. Raises BadInput where the scheduler cannot be had.
    """
    executor: BatchExecutor = DaskCluster(scheduler) if scheduler else WorkerProcesses(workers or usual_workers())
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def is_lost(error: BaseException | None) -> bool:
    """Whether a share failed because its worker ended, each time that it was computed again."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"  # Dask's, imported only there


# Processes of this machine


class WorkerProcesses(Executor):
    """Processes of one thread, each an executor of its own that a thread of this process waits for.

    A pool of several loses all that it works on when one of its processes ends; here that is one share, which a new
    process computes again.
    """

    dashboard = ""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._processes = [_one_process() for _ in range(workers)]
        self._free: SimpleQueue[int] = SimpleQueue()
        for place in range(workers):
            self._free.put(place)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="share")
        self._closed = threading.Event()

    def submit(self, call: Callable[..., Answer], /, *arguments: Any, **options: Any) -> "Future[Answer]":
        """Have the next free process call it."""
        return self._threads.submit(self._computed, partial(call, *arguments, **options))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: at once, or after all that was submitted."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._closed.set()
        for process in self._processes:
            process.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]  # loky's

    def _computed(self, call: Callable[[], Answer]) -> Answer:
        place = self._free.get()
        try:
            for _try in range(TRIES - 1):
                try:
                    return self._processes[place].submit(call).result()
                except BrokenExecutor:
                    self._replace(place)
            return self._processes[place].submit(call).result()
        except BrokenExecutor:
            self._replace(place)
            raise
        finally:
            self._free.put(place)

    def _replace(self, place: int) -> None:
        """A new process for one that has ended by itself."""
        if self._closed.is_set():
            raise RuntimeError("the processes were ended")
        self._processes[place] = _one_process()


def _one_process() -> Executor:
    """It starts with what is first submitted."""
    from loky import ProcessPoolExecutor  # noqa: PLC0415  0.1 s, not needed to read the options of a command

    return ProcessPoolExecutor(1, initializer=_prepare, initargs=(os.getpid(),), env=worker_environment())


def _prepare(client: int) -> None:
    """Ctrl-C reaches all processes of a terminal: the client alone decides what ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_with(client)
    leave_compiler_out()


# A Dask cluster


class DaskCluster(Executor):
    """The workers of a Dask scheduler. A share travels with what it reads, and its rows come back.

    Dask gives a lost worker's share to another one, until `allowed-failures` (3) workers were lost with it.
    """

    def __init__(self, address: str) -> None:
        self._client = _connected(address)
        self._executor = self._client.get_executor(pure=False)
        try:
            self._check_versions(address)
        except (ImportError, AttributeError) as error:
            self._client.close()
            raise BadInput(NOT_INSTALLED_THERE, address=address, version=__version__, why=error) from None

    def _check_versions(self, address: str) -> None:
        versions = {"scheduler": self._client.run_on_scheduler(_version)} | self._client.run(_version)
        for process, there in versions.items():
            if there != __version__:
                raise BadInput(OTHER_VERSION, process=process, address=address, there=there, here=__version__)

    @property
    def workers(self) -> int:
        """Threads of all workers as they are now: a cluster grows and shrinks."""
        return sum(self._client.nthreads().values())

    @property
    def dashboard(self) -> str:
        """Link of the page that shows the cluster."""
        return self._client.dashboard_link

    def submit(self, call: Callable[..., Answer], /, *arguments: Any, **options: Any) -> "Future[Answer]":
        """Have a worker call it."""
        return self._executor.submit(_on_one_thread, partial(call, *arguments, **options))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster: at once, or after all that was submitted."""
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()


BatchExecutor: TypeAlias = WorkerProcesses | DaskCluster
NOT_INSTALLED_HERE = (
    "--scheduler takes Dask, which is not installed here. Install it: python -m pip install -r requirements-cluster.txt"
)
NO_ADDRESS = (
    "--scheduler takes the address that `dask scheduler` prints, such as tcp://10.0.0.5:8786, not {address} ({why})"
)
NO_SCHEDULER = (
    "No Dask scheduler answers at {address} ({why}). Start one with `dask scheduler`, and on each machine `dask worker "
    "{address} --nworkers -1 --nthreads 1`; or leave --scheduler out, to compute on this machine."
)
NOT_INSTALLED_THERE = (
    "The scheduler at {address} or a worker of it cannot load Viewcast ({why}). Install Viewcast {version} with "
    "requirements-cluster.txt on every machine of the cluster, and start both again."
)
OTHER_VERSION = (
    "{process} of the cluster {address} has Viewcast {there}, and here it is {here}. Install the same on every machine."
)


def _connected(address: str) -> Any:
    """A client of the scheduler. Raises BadInput where there is no Dask, or none answers."""
    try:
        from distributed import Client  # noqa: PLC0415  optional: requirements-cluster.txt
        from distributed.comm import get_address_host_port  # noqa: PLC0415
    except ImportError:
        raise BadInput(NOT_INSTALLED_HERE) from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # tracebacks of what is said in sentences
    try:
        _check_greeting(*get_address_host_port(address), address)
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except ValueError as problem:
        raise BadInput(NO_ADDRESS, address=address, why=problem) from None
    except OSError as problem:
        raise BadInput(NO_SCHEDULER, address=address, why=_short(problem)) from None


def _check_greeting(host: str, port: int, address: str) -> None:
    """Raises OSError. Dask's client prints a traceback where nobody answers, and waits for ever for others."""
    with socket.create_connection((host, port), CONNECT_SECONDS) as line:
        if address.removeprefix("tcp://") == f"{host}:{port}" and not line.recv(1):  # with TLS the client speaks first
            raise ConnectionError("it is no scheduler")


def _short(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__


def _version() -> str:
    """Viewcast's, where this is called."""
    return __version__


def _on_one_thread(call: Callable[[], Answer]) -> Answer:
    """A worker of Dask's has started long before, with as many threads as it liked."""
    leave_compiler_out()
    use_one_thread()
    _keep_memory()
    return call()


def _keep_memory() -> None:
    """Have the C library keep what arrays leave for the next ones, as it does by itself.

    Dask tells its workers to give it back at once, and to fetch it anew took a quarter of the time of a linear model.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option:  # not where the library is musl
        set_option(TRIM_THRESHOLD, 2**26)
        set_option(MMAP_THRESHOLD, 2**25)
