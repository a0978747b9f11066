"""What a reader process does: one reading after the other, each within limits that the system keeps where it can."""

import ctypes
import logging
import math
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from forecasting.jobs.watchdog import leave_with
from forecasting.messages import N_, BadInput

LOADED = ("forecasting.reading.events", "forecasting.reading.workbook", "pyarrow.csv", "clevercsv")  # before a file
BEGUN = "begun"  # what is sent once a reading is about to begin
TOO_LARGE_EXIT = 77  # exit code of a reader that has taken too much
SPARE_MEMORY = 64e6  # bytes beyond the limit: who watches from outside shall end a reading first, and say why
SPARE_SECONDS = 5  # of the processor likewise: it ends a reader whose server is gone
LOOK_SECONDS = 0.05  # between two looks at the memory, where the system keeps no limit on it
STATM = Path("/proc/self/statm")

TOO_LARGE = N_("Reading took more than {limit} MB of memory and was ended; bring a smaller or simpler file.")
UNFORESEEN = N_("The file cannot be read: something in it is out of the ordinary; save its table anew as CSV.")

LOG = logging.getLogger(__name__)
Call = tuple[Callable[..., Any], tuple]


@dataclass(frozen=True)
class Limits:
    """What one reading may take; math.inf where there is no limit."""

    seconds: float = 10.0  # by the clock, once a reader is at it
    memory: float = 500e6  # bytes, beside what the reader takes at rest

    @property
    def too_large(self) -> BadInput:
        """What is said of a reading that took more memory, or all that there is."""
        return BadInput(UNFORESEEN) if math.isinf(self.memory) else BadInput(TOO_LARGE, limit=round(self.memory / 1e6))


def serve(pipe: Connection, server: int, limits: Limits, idle_seconds: float) -> None:
    """Do what comes through the pipe, until nothing has come for long, or the process `server` is gone."""
    leave_with(server)
    for module in LOADED:
        import_module(module)
    while pipe.poll(idle_seconds):
        try:
            call: Call = pipe.recv()
        except EOFError:
            return
        keep_within(limits)
        pipe.send(BEGUN)
        pipe.send(said_plainly(call, limits))


def said_plainly(call: Call, limits: Limits) -> Any:
    """What a reading comes to: its answer, or a BadInput, whatever else it raised."""
    function, arguments = call
    try:
        return function(*arguments)
    except BadInput as refusal:
        return refusal
    except MemoryError:
        return limits.too_large
    except Exception as error:
        LOG.exception("A file was read in a way that nobody foresaw", exc_info=error)
        return BadInput(UNFORESEEN)


def keep_within(limits: Limits) -> None:
    """Have this process ended where it takes more than it may: by the system, or by a thread that looks at it."""
    try:
        import resource  # noqa: PLC0415  Windows has none
    except ImportError:
        return _watch_memory(limits.memory)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, used.ru_utime + used.ru_stime + limits.seconds + SPARE_SECONDS)
    if STATM.exists():
        _lower(resource.RLIMIT_DATA, _data_memory() + limits.memory + SPARE_MEMORY)
    else:  # macOS knows the limit and does not keep it
        _watch_memory(limits.memory)


def _lower(kind: int, value: float) -> None:
    import resource  # noqa: PLC0415  Windows has none

    hard = resource.getrlimit(kind)[1]
    if math.isfinite(value):
        soft = math.ceil(value)
        resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _data_memory() -> float:
    """Bytes of this process that RLIMIT_DATA counts."""
    return int(STATM.read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")


def _watch_memory(most: float) -> None:
    """End this process once its memory has grown by `most` bytes; for the reader's whole life."""
    if any(thread.name == "memory" for thread in threading.enumerate()):
        return
    at_rest = peak_memory()

    def watch() -> None:
        while peak_memory() - at_rest < most:
            threading.Event().wait(LOOK_SECONDS)
        os._exit(TOO_LARGE_EXIT)

    threading.Thread(target=watch, daemon=True, name="memory").start()


def peak_memory() -> float:
    """Bytes that this process has taken at most."""
    if sys.platform == "win32":
        return _peak_on_windows()
    import resource  # noqa: PLC0415  Windows has none

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _peak_on_windows() -> float:
    class Counters(ctypes.Structure):
        _fields_ = [
            ("size", ctypes.c_uint32),
            ("faults", ctypes.c_uint32),
            ("peak", ctypes.c_size_t),
            ("others", ctypes.c_size_t * 7),
        ]

    counters, kernel = Counters(size=ctypes.sizeof(Counters)), ctypes.windll.kernel32  # type: ignore[attr-defined]
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.K32GetProcessMemoryInfo.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32]
    kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size)
    return counters.peak
