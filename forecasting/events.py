"""Days that the owner of a channel has a name for: uploads, campaigns, outages, and what else moved the views."""

import unicodedata
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
LONGEST_NAME = 200  # letters
MOST_EVENTS = 2_000  # events of a channel
# Control characters, halves of letters, and marks that turn the direction of whatever text stands beside a name.
UNSEEN = ("Cc", "Cs", "Zl", "Zp")
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@dataclass(frozen=True, order=True)
class Event:
    """One named day, in the past or planned. Several events may share a day."""

    day: date
    name: str = ""
    kind: EventKind = "other"
    learn: bool = True  # False: no model learns from that day, and none is judged on it


def clean_name(name: str) -> str:
    """A name on one line, of at most LONGEST_NAME letters; emoji and every script stay as they are.

    >>> clean_name("  Episode\\t12\\n")
    'Episode 12'
    """
    shown = (" " if unicodedata.category(letter) in UNSEEN else letter for letter in name if letter not in TURNING)
    return " ".join("".join(shown).split())[:LONGEST_NAME].strip()


def merged(events: Iterable[Event], more: Iterable[Event]) -> tuple[Event, ...]:
    """Both in the order of days; of two with one day and one name the later stays. MOST_EVENTS stay, the first ones."""
    together = {(event.day, event.name): event for event in (*events, *more)}
    return tuple(sorted([*together.values()][:MOST_EVENTS]))
