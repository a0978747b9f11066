"""What a test has workers compute, who load it by its name."""

import os
from pathlib import Path


def end_once(mark: Path) -> str:
    """End the process that calls it first, and answer to the next."""
    if mark.exists():
        return "done"
    mark.touch()
    os._exit(3)


def end() -> None:
    """End the process that calls it."""
    os._exit(3)


def thread_settings() -> list[str | None]:
    """How many threads the process may take for its products."""
    return [os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
