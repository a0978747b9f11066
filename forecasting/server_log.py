"""What a server remembers of its reruns and jobs, and with VIEWCAST_LOG=json writes to stderr, one JSON object a line.

How long, how much memory, how it ended; never whose it was, nor any name of a channel, a file or a run.
"""

import hashlib
import json
import logging
import secrets
import statistics
import sys
import threading
import time
import traceback
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial

from forecasting.hosting import writes_json
from forecasting.messages import BadInput

KEPT_A_PAGE = 500  # reruns that the percentiles of a page rest on, the latest
KEPT_TROUBLES = 50
PRESENT_SECONDS = 60.0  # after a session's latest rerun, while its visitor counts as present
_SALT = secrets.token_bytes(16)  # a session's name in the log says nothing once the server has ended


@dataclass(frozen=True)
class Rerun:
    """One run of a page's script."""

    page: str  # its address
    session: str  # by `session_name`
    seconds: float
    memory: float  # MB of the server afterwards
    result: str  # "done", or the class of the error


@dataclass(frozen=True)
class JobEnd:
    """A job that a worker is through with."""

    kind: str
    seconds: float
    memory: float  # MB of its worker afterwards
    result: str  # its status, or the class of the error that ended it


@dataclass(frozen=True)
class Trouble:
    """A rerun or a job that an error ended."""

    when: datetime
    where: str  # the page or the kind of job
    error: str  # its class


@dataclass(frozen=True)
class PageTimes:
    """How long a page's latest reruns took."""

    page: str
    reruns: int  # since the server began
    median: float  # seconds
    p95: float


class ServerLog:
    """Safe to use from several threads at once."""

    def __init__(self, write: Callable[[str], None] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.since = datetime.now(UTC)
        self._write = write
        self._lock = threading.Lock()
        self._seconds: dict[str, deque[float]] = defaultdict(partial(deque, maxlen=KEPT_A_PAGE))
        self._reruns: dict[str, int] = defaultdict(int)
        self._present: dict[str, float] = {}  # session -> when its latest rerun ended, the latest last
        self._troubles: deque[Trouble] = deque(maxlen=KEPT_TROUBLES)

    def rerun(self, rerun: Rerun) -> None:
        """A page's script has ended."""
        with self._lock:
            self._seconds[rerun.page].append(rerun.seconds)
            self._reruns[rerun.page] += 1
            self._present.pop(rerun.session, None)
            self._present[rerun.session] = self._clock()
        self._note("rerun", rerun, where=rerun.page, failed=rerun.result != "done")

    def job(self, job: JobEnd) -> None:
        """A worker is through with a job."""
        self._note("job", job, where=job.kind, failed=job.result[:1].isupper())

    def visitors(self) -> int:
        """How many sessions a page was drawn for within the last minute."""
        with self._lock:
            since = self._clock() - PRESENT_SECONDS
            for session, when in [*self._present.items()]:
                if when >= since:
                    break
                del self._present[session]
            return len(self._present)

    def pages(self) -> list[PageTimes]:
        """The slowest first, by the 95th percentile."""
        with self._lock:
            seconds = {page: sorted(latest) for page, latest in self._seconds.items()}
            reruns = dict(self._reruns)
        times = [
            PageTimes(page, reruns[page], statistics.median(latest), latest[int(0.95 * (len(latest) - 1) + 0.5)])
            for page, latest in seconds.items()
        ]
        return sorted(times, key=lambda one: -one.p95)

    def troubles(self) -> list[Trouble]:
        """The latest first."""
        with self._lock:
            return [*reversed(self._troubles)]

    def _note(self, event: str, ended: Rerun | JobEnd, *, where: str, failed: bool) -> None:
        now = datetime.now(UTC)
        if failed:
            with self._lock:
                self._troubles.append(Trouble(now, where, ended.result))
        if self._write:
            rounded = replace(ended, seconds=round(ended.seconds, 3), memory=round(ended.memory))
            self._write(_line(event, asdict(rounded), now))


def session_name(identity: str) -> str:
    """What the log calls a session: the same all through this server's life, and nobody's cookie or address."""
    return hashlib.blake2b(identity.encode(), key=_SALT, digest_size=6).hexdigest()


class JsonFormatter(logging.Formatter):
    """Python's own log records as lines of the same kind: what was said, without the values that were put into it."""

    def format(self, record: logging.LogRecord) -> str:
        """An error is told by its class and the places it went through: its text may hold a visitor's words."""
        facts: dict[str, object] = {"logger": record.name, "level": record.levelname, "message": str(record.msg)}
        if record.exc_info and (error := record.exc_info[1]):
            facts |= {"error": type(error).__name__, "places": _places(error)}
        return _line("log", facts, datetime.fromtimestamp(record.created, UTC))


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def lines_wanted() -> bool:
    """Whether the host has asked for lines; not where what was asked for cannot be read, which every page says."""
    try:
        return writes_json()
    except BadInput:
        return False


def write_json_lines() -> None:
    """Have what no other handler takes, as this package's warnings, written as JSON too, where lines are asked for."""
    if lines_wanted() and logging.lastResort:
        logging.lastResort.setFormatter(JsonFormatter())


def _line(event: str, facts: dict, when: datetime) -> str:
    """Escaped to ASCII: whatever a value holds, it stays inside its quotes and on its line."""
    return json.dumps({"time": when.isoformat(timespec="milliseconds"), "event": event} | facts)


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")  # in one write, so that no other line comes between
    sys.stderr.flush()


SERVER_LOG = ServerLog(_to_stderr if lines_wanted() else None)
