"""Work in a fork of this process, which has loaded what is slow to load."""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmark.mutants import HERE

OUTPUT = "output.txt"  # of the last tests, in the working folder


def in_process(do: Callable[..., None], copy: Path, *rest, limit: float | None = None) -> int | None:
    """The exit status of `do` in a fork of this process, which has loaded what is slow to load; None past `limit` s."""
    child = multiprocessing.get_context("fork").Process(target=_alone, args=(do, copy, *rest))
    child.start()
    child.join(limit)
    code = child.exitcode
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # it, and whatever it has started
    child.join()
    return code


def _alone(do: Callable[..., None], copy: Path, *rest) -> None:
    os.setsid()
    os.chdir(copy)
    sys.path[:] = [str(copy), *(place for place in sys.path if Path(place or ".").resolve() != HERE)]
    sys.argv = ["pytest"]
    os.environ["PYTHONPATH"] = str(copy)
    with open(copy.parent / OUTPUT, "w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    do(copy, *rest)
