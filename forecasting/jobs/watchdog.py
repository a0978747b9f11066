"""Heartbeats and an open ear for work that is done in one go and hears nothing itself."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_SECONDS = 0.05  # between two looks at what the owner wants; a look takes 0.1 ms, no longer than a small update
HEARTBEAT_SECONDS = 5.0  # between two heartbeats


@contextmanager
def watched(
    requested: Callable[[], object], heartbeat: Callable[[], None], close: Callable[[], None]
) -> Iterator[None]:
    """Look at `requested` all the while and give heartbeats; told to stop, `close` and end the worker.

    A solver of scikit-learn's cannot be asked to stop; the slot gets a new worker.
    """
    done = threading.Event()

    def watch() -> None:
        last = time.monotonic()
        while not done.wait(POLL_SECONDS):
            if requested():
                close()
                os._exit(1)
            if time.monotonic() - last > HEARTBEAT_SECONDS:
                heartbeat()
                last = time.monotonic()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()
