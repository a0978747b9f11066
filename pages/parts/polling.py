"""How often a page looks at what workers are at: often where little is asked of the server, else less so.

Every look is a small rerun of its own. A job with others before it needs few; and the more visitors there are, the
fewer each of them gets, so that all looks together take a share of the server that does not grow with the visitors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from forecasting.jobs.queue import JobQueue
from forecasting.records import Job, Run
from forecasting.server_log import SERVER_LOG
from pages.parts.session import Session

CHART_SECONDS = 0.2  # at a live chart
JOB_SECONDS = 0.3  # at a job
TABLE_SECONDS = 0.5  # at a table of many runs
WAITING_SECONDS = 2.0  # at what waits for others
FEW_VISITORS = 6  # that a server bears at full pace


@dataclass(frozen=True)
class Polling:
    """How often to look at some jobs or runs."""

    seconds: float | None  # between two looks; None where none of them is under way
    far: bool = False  # all of them wait, and for others than these

    def is_over(self, now: Sequence[Job | Run]) -> bool:
        """Whether the page is to be drawn anew, for looks at another pace: what waited for others has begun."""
        return self.far and any(one.status == "running" for one in now)


def polling(session: Session, watched: Sequence[Job | Run], seconds: float) -> Polling:
    """How often to look at what is `watched`, every so many `seconds` where all is quiet."""
    active = [one for one in watched if one.active]
    if not active:
        return Polling(None)
    far = all(one.status == "queued" for one in active) and not _is_next(session, active)
    return Polling((max(seconds, WAITING_SECONDS) if far else seconds) * crowd(), far)


def crowd() -> float:
    """How much longer than on a quiet server to wait between two looks."""
    return max(1.0, SERVER_LOG.visitors() / FEW_VISITORS)


def _is_next(session: Session, waiting: Sequence[Job | Run]) -> bool:
    """Whether no other job is begun before these."""
    places = [JobQueue(session.store.engine).place(one.id) for one in waiting]
    return any(place is None or not place.before for place in places)
