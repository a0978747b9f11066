"""Processes that read what strangers bring: a file that hangs, swells or kills its reader ends that reading alone.

A reader is started anew, as loky starts a worker, and loads no torch. Processes of multiprocessing would import the
main module again, in whose place Streamlit puts the page. `tests/benchmark/hostile.py` has their times and memory.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forecasting.jobs.machine import idle_seconds, resident_memory, worker_environment
from forecasting.jobs.reader import BEGUN, LOOK_SECONDS, TOO_LARGE_EXIT, Call, Limits, serve
from forecasting.messages import N_, BadInput

PLACES = 2  # readings at once
MOST_WAITING = 50  # readings that wait for a place
START_SECONDS = 120.0  # within which a reader is ready; a busy machine takes long to start one
CLOSING_SECONDS = 5.0  # for a process that was told to end
USED_UP = 0.3  # share of the limit above which a reader that still holds so much is not used again
TIME_SIGNAL = getattr(signal, "SIGXCPU", None)  # how the system ends a process that took too long

TOO_LONG = N_("Reading took longer than {seconds} seconds and was ended; bring a smaller or simpler file.")
DIED = N_("The file made its reader fail; it is damaged, or no file that can be read here.")
STOPPED = N_("Reading was stopped.")
BUSY = N_("Many files are being read here; try again in a minute.")

LOG = logging.getLogger(__name__)


class LeftBefore(Exception):
    """A reader was gone before the reading began: it had been idle for too long."""


class Reading:
    """A reading that goes on."""

    def __init__(self) -> None:
        self._future: Future = Future()
        self._stopped = threading.Event()
        self._begun: float | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended, however."""
        return self._future.done()

    @property
    def seconds(self) -> float | None:
        """How long a reader has been at it; None while it waits for one."""
        return None if self._begun is None else time.monotonic() - self._begun

    def wait(self, seconds: float) -> bool:
        """Until it is done, at most `seconds`; whether it is."""
        with suppress(TimeoutError, BadInput):
            self._future.result(seconds)
        return self.done

    def result(self) -> Any:
        """What the function came to, waited for. Raises the BadInput that it raised, or that ended the reading."""
        return self._future.result()

    def stop(self) -> None:
        """End it soon, with STOPPED."""
        self._stopped.set()

    def begin(self) -> None:
        """A reader is at it."""
        self._begun = time.monotonic()

    def check(self, limits: Limits) -> None:
        """Raise BadInput where it was stopped, or has taken too long."""
        if self._stopped.is_set():
            raise BadInput(STOPPED)
        if self.seconds is not None and self.seconds > limits.seconds:
            raise BadInput(TOO_LONG, seconds=f"{limits.seconds:g}")

    def end(self, answer: Any) -> None:
        """With an answer, or with the BadInput that it is."""
        if isinstance(answer, BadInput):
            self._future.set_exception(answer)
        else:
            self._future.set_result(answer)


@dataclass
class ReaderPool:
    """Does readings in processes of their own, PLACES at a time. Safe to use from several threads at once."""

    limits: Limits = Limits()
    idle_seconds: float = field(default_factory=idle_seconds)  # after which a reader that nobody asks leaves
    _places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PLACES))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _idle: list["Reader"] = field(default_factory=list)
    _open: int = 0  # readings that wait or go on

    def start(self, function: Callable[..., Any], *arguments: Any) -> Reading:
        """Have a reader do `function`, which stands in a module. Raises BadInput where too many wait."""
        with self._lock:
            if self._open >= PLACES + MOST_WAITING:
                raise BadInput(BUSY)
            self._open += 1
        reading = Reading()
        threading.Thread(target=self._work, args=(reading, (function, arguments)), daemon=True).start()
        return reading

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The same, waited for."""
        return self.start(function, *arguments).result()

    def warm(self) -> None:
        """Have a reader ready before there is something to read."""
        with self._lock:
            self._idle = [reader for reader in self._idle if reader.alive]
            if not self._idle and not self._open:
                self._idle.append(self._new_reader())

    def close(self) -> None:
        """End the readers that are idle; others leave with the server."""
        with self._lock:
            for reader in self._idle:
                reader.end()
            self._idle.clear()

    def _new_reader(self) -> "Reader":
        return Reader(self.limits, self.idle_seconds)

    def _work(self, reading: Reading, call: Call) -> None:
        """In a thread of the reading's own: whatever goes wrong, the reading ends and its place is free."""
        try:
            while not self._places.acquire(timeout=LOOK_SECONDS):
                reading.check(self.limits)
            try:
                answer = self._answer(reading, call)
            finally:
                self._places.release()
        except BadInput as refusal:
            answer = refusal
        except Exception as error:
            LOG.exception("A reading ended badly", exc_info=error)
            answer = BadInput(DIED)
        with self._lock:
            self._open -= 1
        reading.end(answer)

    def _answer(self, reading: Reading, call: Call) -> Any:
        reader = self._idle_reader() or self._new_reader()
        try:
            try:
                answer = reader.answer(reading, call)
            except LeftBefore:
                reader = self._new_reader()
                answer = reader.answer(reading, call)
        except BaseException:
            reader.end()
            reader = self._new_reader()  # for the next file, at once
            raise
        finally:
            self._put_back(reader)
        return answer

    def _idle_reader(self) -> "Reader | None":
        with self._lock:
            while self._idle:
                if (reader := self._idle.pop()).alive:
                    return reader
        return None

    def _put_back(self, reader: "Reader") -> None:
        """To the idle ones; one that has kept much memory makes room for a new one."""
        if reader.grown > USED_UP * self.limits.memory:
            reader.end()
            reader = self._new_reader()
        with self._lock:
            self._idle.append(reader)


class Reader:
    """A process that reads one file after the other."""

    def __init__(self, limits: Limits, idle_seconds: float) -> None:
        from loky.backend import get_context  # noqa: PLC0415  0.1 s, not needed to look at a page
        from loky.backend.process import LokyProcess  # noqa: PLC0415

        self.limits = limits
        self._pipe, theirs = get_context("loky").Pipe()
        how = (theirs, os.getpid(), limits, idle_seconds)
        self._process = LokyProcess(target=serve, args=how, env=reader_environment(), daemon=True)
        self._process.start()
        theirs.close()
        self._at_rest: float | None = None  # bytes

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive()

    @property
    def grown(self) -> float:
        """Bytes that it takes more than before its first reading; 0 where the system does not tell."""
        return 0.0 if self._at_rest is None else self._memory() - self._at_rest

    def answer(self, reading: Reading, call: Call) -> Any:
        """What the reading comes to. Raises BadInput, and LeftBefore where it has not begun."""
        try:
            self._pipe.send(call)
            self._wait(lambda: reading.check(self.limits), START_SECONDS)
            assert self._pipe.recv() == BEGUN, "a reader says first that it begins"
        except (OSError, EOFError):
            raise LeftBefore from None
        self._at_rest = self._at_rest or self._memory()
        reading.begin()
        try:
            self._wait(lambda: self._check(reading))
            return self._pipe.recv()
        except (OSError, EOFError):
            raise self._reason() from None

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.terminate()
        self._process.join(CLOSING_SECONDS)
        self._pipe.close()

    def _wait(self, check: Callable[[], None], seconds: float = float("inf")) -> None:
        """Until something comes through the pipe, its end included, with a look at `check` all the while."""
        last = time.monotonic() + seconds
        while not self._pipe.poll(LOOK_SECONDS):
            check()
            if time.monotonic() > last:
                raise EOFError("no reader has begun")

    def _check(self, reading: Reading) -> None:
        reading.check(self.limits)
        if self.grown > self.limits.memory:
            raise self.limits.too_large

    def _memory(self) -> float:
        return resident_memory(Path(f"/proc/{self._process.pid}/statm"))

    def _reason(self) -> BadInput:
        """Why the process has ended."""
        self._process.join(CLOSING_SECONDS)
        code = self._process.exitcode
        LOG.warning("A reader ended with %s", code)
        if TIME_SIGNAL and code == -TIME_SIGNAL:
            return BadInput(TOO_LONG, seconds=f"{self.limits.seconds:g}")
        # A library that gets no more memory ends its process by abort().
        return self.limits.too_large if code in (TOO_LARGE_EXIT, -signal.SIGABRT) else BadInput(DIED)


def reader_environment() -> dict[str, str]:
    """Environment of a reader: one thread, and memory that goes back to the system and is counted as it is taken."""
    return worker_environment() | {"ARROW_DEFAULT_MEMORY_POOL": "system"}
