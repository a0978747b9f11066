"""Who is alive: a heartbeat counts a job's counter up, and whoever watches times the counter with a clock of its own.

A time written by one machine and read by another rests on both their clocks, and a clock may be set back.
"""

import time
from collections.abc import Callable, Mapping

HEARTBEAT_SECONDS = 5.0  # between two heartbeats
HEARTBEAT_TIMEOUT = 40.0  # seconds without a heartbeat after which a worker is taken for gone


class HeartbeatObserver:
    """`silent` is to be called every few seconds with the counters of all running jobs."""

    def __init__(self, timeout: float = HEARTBEAT_TIMEOUT, clock: Callable[[], float] = time.monotonic) -> None:
        self.timeout, self.clock = timeout, clock
        self._changed: dict[str, tuple[int, float]] = {}  # the counter, and when it was first seen to be that

    def silent(self, beats: Mapping[str, int]) -> dict[str, int]:
        """Those whose counter has not moved for `timeout` seconds of this clock."""
        now = self.clock()
        known = {job: self._changed.get(job, (None, now)) for job in beats}
        self._changed = {job: (count, known[job][1] if known[job][0] == count else now) for job, count in beats.items()}
        return {job: count for job, (count, since) in self._changed.items() if now - since > self.timeout}

    def forget(self) -> None:
        """Begin anew: while the store did not answer, nobody could give a heartbeat."""
        self._changed = {}
