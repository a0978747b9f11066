"""What small hostile files cost: seconds, memory of the process that asks, what is said, and how long others wait.

    python -m tests.benchmark.hostile [WORD...]

Without words all of `tests/support/hostile_files.py`, else those whose titles hold one. Linux only: memory is read from
/proc.
"""

import sys
import threading
import time
from pathlib import Path

from forecasting.jobs.machine import resident_memory
from forecasting.jobs.readers import ReaderPool
from forecasting.messages import BadInput
from forecasting.reading import read_views
from forecasting.sample import sample_channel
from tests.support import reader_calls
from tests.support.hostile_files import FILES, table

STEP = 0.01  # seconds that another visitor's work waits between two pieces
UPLOADS = 50


def read(pool: ReaderPool, data: bytes, name: str) -> str:
    """What came of it."""
    try:
        return f"{len(pool.run(read_views, data, name).views)} days"
    except BadInput as refusal:
        return str(refusal)


class Other:
    """Another visitor of the same process, who asks for a little every STEP: how late he is at worst."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Other":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._left.set()
        self._thread.join()

    def _ask(self) -> None:
        last = time.perf_counter()
        while not self._left.wait(STEP):
            self.worst = max(self.worst, time.perf_counter() - last - STEP)
            last = time.perf_counter()


def files(pool: ReaderPool, words: list[str]) -> None:
    """A line a file."""
    for title, (name, make) in FILES.items():
        if words and not any(word in title for word in words):
            continue
        data, before, begun = make(), resident_memory(), time.perf_counter()
        with Other() as other:
            said = read(pool, data, name)
        took, grown = time.perf_counter() - begun, resident_memory() - before
        others = f"others {1000 * other.worst:3.0f} ms"
        print(f"{title:36} {len(data) / 1e6:5.2f} MB {took:5.2f} s {grown / 1e6:+4.0f} MB {others}  {said}", flush=True)


def start_and_rest() -> None:
    """How long a reader takes to be ready, what it takes at rest, and an ordinary file here and there."""
    pool, begun = ReaderPool(), time.perf_counter()
    process = pool.run(reader_calls.process)
    print(f"ready after {time.perf_counter() - begun:.2f} s", end=", ")
    print(f"{resident_memory(Path(f'/proc/{process}/statm')) / 1e6:.0f} MB at rest")
    views = sample_channel().views
    data = "\n".join(["Date,Views", *(f"{day.date()},{count:.0f}" for day, count in views.items())]).encode()
    for place, reading in (("here", lambda: read_views(data, "x.csv")), ("there", lambda: read(pool, data, "x.csv"))):
        reading()
        begun = time.perf_counter()
        for _again in range(10):
            reading()
        print(f"the sample's {len(views)} days read {place}: {100 * (time.perf_counter() - begun):.0f} ms")
    before = resident_memory()
    for number in range(UPLOADS):
        read(pool, table() + b"# " + b"x" * 900 + b"\n" * 5_000_000 + b"%d" % number, "x.csv")
    print(f"{UPLOADS} uploads of 5 MB: {(resident_memory() - before) / 1e6:+.0f} MB here")
    pool.close()


if __name__ == "__main__":
    if not sys.argv[1:]:
        start_and_rest()
    everything = ReaderPool()
    everything.warm()
    files(everything, sys.argv[1:])
    everything.close()
