"""Days that the owner of a channel has a name for: uploads, campaigns, outages, and what else moved the views."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

EventKind = Literal["upload", "campaign", "outage", "other"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
LONGEST_NAME = 200  # letters


@dataclass(frozen=True, order=True)
class Event:
    """One named day, in the past or planned. Several events may share a day."""

    day: date
    name: str = ""
    kind: EventKind = "other"
    learn: bool = True  # False: no model learns from that day, and none is judged on it
