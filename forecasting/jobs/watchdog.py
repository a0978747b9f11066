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

    A solver of scikit-learn's cannot be asked to stop; the slot gets a new worker. What the worker does after this, the
    next job, is never ended: a last look may take longer than the rest of the work.
    """
    done, ending = threading.Event(), threading.Lock()

    def watch() -> None:
        last = time.monotonic()
        while not done.wait(POLL_SECONDS):
            if requested():
                with ending:
                    if not done.is_set():
                        close()
                        os._exit(1)
                return
            if time.monotonic() - last > HEARTBEAT_SECONDS:
                heartbeat()
                last = time.monotonic()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with ending:
            done.set()
