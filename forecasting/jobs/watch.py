"""Speaking and listening for work that is done in one go and hears nothing itself."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

GLANCE = 0.05  # seconds between two looks at the cancel flag; a look costs about 0.1 ms, a small model's update no more
SIGN = 5.0  # seconds between two signs of life


@contextmanager
def watched(asked: Callable[[], object], speak: Callable[[], None], close: Callable[[], None]) -> Iterator[None]:
    """Look at `asked` all the while and `speak` now and then; told to stop, `close` and end the worker.

    A solver of scikit-learn's cannot be asked to stop; the slot gets a new worker.
    """
    done = threading.Event()

    def watch() -> None:
        spoke = time.monotonic()
        while not done.wait(GLANCE):
            if asked():
                close()
                os._exit(1)
            if time.monotonic() - spoke > SIGN:
                speak()
                spoke = time.monotonic()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()
