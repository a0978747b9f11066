"""Processes of others: whether they are there, and waiting for what they do."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE = 300  # seconds to wait, however busy the machine


def wait_for(condition: Callable[[], object]) -> None:
    """Until `condition` holds; fails after DEADLINE seconds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        threading.Event().wait(0.05)


def alive(process: int) -> bool:
    """One that has ended, and that nobody has asked about since, is not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # not Linux
        return True
