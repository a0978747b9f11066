"""What goes on beside a worker's work: heartbeats, an open ear where the work hears nothing, an end with the server."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forecasting.jobs.heartbeats import HEARTBEAT_SECONDS

POLL_SECONDS = 0.05  # between two looks at what the owner wants; a look takes 0.1 ms, no longer than a small update
PARENT_SECONDS = 1.0  # between two looks at whether the server is still there


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


def leave_with(server: int, seconds: float = PARENT_SECONDS) -> None:
    """End this process, whatever it does, once the process `server` that started it is gone.

    A killed server cannot tell its workers. Linux's own signal for it comes when the thread is gone that started the
    worker, and Windows leaves a child the number of a parent that is no more: there a worker goes when it is idle.
    """

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
