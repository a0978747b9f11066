"""What a reader can be asked for that goes wrong."""

import ctypes
import os
import re
import time

from forecasting.messages import BadInput

HOLD = "0" * 64 + "x"


def echo(value: object) -> object:
    """The same."""
    return value


def process() -> int:
    """The number of the reader's process."""
    return os.getpid()


def refuse() -> None:
    """Say what is wrong."""
    raise BadInput("no more than {count}", count=5)


def fail() -> None:
    """Raise what nobody foresaw."""
    raise ZeroDivisionError


def sleep() -> None:
    """Wait for ever, as for a lock."""
    time.sleep(3600)


def hold() -> None:
    """Keep the interpreter's lock for ever, as a pattern that backtracks does."""
    re.match(r"(0+)+$", HOLD)


def swell(chunk: int) -> None:
    """Take memory without end, in pieces of `chunk` bytes."""
    kept = []
    while True:
        kept.append(b"x" * chunk)


def crash() -> None:
    """Look at an address that is nobody's."""
    ctypes.string_at(1)


def abort() -> None:
    """End as a library does that gets no memory."""
    os.abort()


def loaded() -> list[str]:
    """Names of all modules of the reader."""
    import sys

    return list(sys.modules)
