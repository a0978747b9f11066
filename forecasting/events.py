"""Days that the owner of a channel has a name for: uploads, campaigns, outages, and what else moved the views."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from forecasting.messages import N_

EventKind = Literal["upload", "campaign", "outage", "other"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
KIND_NAMES: dict[EventKind, str] = {
    "upload": N_("Upload"),
    "campaign": N_("Campaign"),
    "outage": N_("Outage"),
    "other": N_("Other"),
}
MOST_EVENTS = 2_000  # events of a channel


@dataclass(frozen=True, order=True)
class Event:
    """One named day, in the past or planned. Several events may share a day."""

    day: date
    name: str = ""
    kind: EventKind = "other"
    learn: bool = True  # False: no model learns from that day, and none is judged on it


def merged(events: Iterable[Event], more: Iterable[Event]) -> tuple[Event, ...]:
    """Both in the order of days; of two with one day and one name the later stays. MOST_EVENTS stay, the first ones."""
    together = {(event.day, event.name): event for event in (*events, *more)}
    return tuple(sorted([*together.values()][:MOST_EVENTS]))
