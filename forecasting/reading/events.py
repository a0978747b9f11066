"""Lines that somebody typed, pasted or kept in a file -> days with a name; each line that is none is named."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecasting.csv_cells import plain_cell, write_rows
from forecasting.events import KINDS, MOST_EVENTS, Event, EventKind
from forecasting.messages import N_, BadInput, Message
from forecasting.names import clean_name
from forecasting.reading import words
from forecasting.reading.choice import Order, Question
from forecasting.reading.containers import unpack
from forecasting.reading.dates import ORDER_NAMES, days_of, orders_of
from forecasting.reading.encodings import to_utf8
from forecasting.reading.published import publications
from forecasting.reading.shapes import Shaped, shape
from forecasting.split import Period

MAX_LINE = 1_000  # letters of a line that are read
MAX_LINES = 20_000
LONGEST_DAY = 60  # letters of a line in which its day must end
SHOWN = 40  # letters of a line that a sentence quotes
PLANNED = 366  # days after a channel's last one that a plan reaches
SERIES = 10  # days with a number each that are no list of names
IN_ORDER = 4  # days that tell by standing in order how they are to be read
SEPARATORS = "\t,;|"
HEADER = ("Date", "Event", "Kind", "Learn")
# Words for kinds and answers, as a list has them in English and Chinese.
KIND_WORDS: dict[str, EventKind] = {
    **{kind: kind for kind in KINDS},
    **dict.fromkeys(("uploads", "video", "release", "发布", "發布", "發佈", "上传", "上傳", "影片", "视频"), "upload"),
    **dict.fromkeys(("promotion", "ad", "ads", "推广活动", "推廣活動", "推广", "推廣", "活动", "活動"), "campaign"),
    **dict.fromkeys(("outages", "down", "故障", "中断", "中斷"), "outage"),
    **dict.fromkeys(("其他", "其它"), "other"),
}
LEARN_WORDS = {
    **dict.fromkeys(("yes", "y", "true", "1", "learn", "是"), True),
    **dict.fromkeys(("no", "n", "false", "0", "ignore", "否", "不"), False),
}
_BULLET = re.compile(r"^\s*(?:[-*•·‣–—]\s+|\d{1,3}[.)]\s+(?=\S*\d{4}))?")
_CLOCK = re.compile(
    r"^(?:T| +)(?:(?:오전|오후|上午|下午|午前|午後)\s*)?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
    r"(?:\s*[AaPp]\.?[Mm]\b\.?)?(?:\s*(?:Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b))*"
)
_QUOTED = re.compile(r'^\s*"(?:[^"]|"")*"\s*(?:[\t,;|]|$)')
_NUMBER = re.compile(r"^[\d.,:%\s-]+$")
NO_DAY = N_("Line {line} has no day: {text}")
NO_SUCH_DAY = N_("Line {line}: {text} is no day of the calendar.")
TOO_MANY = N_("Only the first {limit} events were taken.")
NUMBERS = N_("These are days with numbers, not with names; write a day and a name on each line.")
WHICH_ORDER = N_("Days such as {example} can be read in more than one way; choose the order.")


@dataclass(frozen=True)
class EventList:
    """What a list says: its events in its order, and a sentence about each line that holds none."""

    events: tuple[Event, ...]
    complaints: tuple[Message, ...] = ()


@dataclass(frozen=True)
class _Line:
    number: int  # from 1
    text: str
    day: str = ""  # the word that is a day; "" where the line has none
    cells: tuple[str, ...] = ()  # the others


def read_events(
    text: str, order: Order | None = None, *, near: Period | None = None, kind: EventKind = "other"
) -> EventList:
    """An event a line: a day, then its name, or cells with name, kind and whether to learn from the day.

    Days may be written in any way that `dates` knows, one way throughout; a header, empty lines and bullets are passed
    over. `near` are the days of the channel: of several ways to read a list, one with more days there or soon after is
    likelier. `kind` is that of lines that say none. Raises Question where day and month could still be either, and
    BadInput for daily numbers.
    """
    lines = [line for line in _lines(text) if line.text]
    dated = [line for line in lines if line.day]
    days = _read_days([line.day for line in dated], order, near)
    by_number = {line.number: day for line, day in zip(dated, days, strict=True)}
    found = {number: day for number, day in by_number.items() if day is not None}
    events = [_event(found[line.number], line.cells, kind) for line in dated if line.number in found]
    complaints = [_complaint(line) for line in lines if line.number not in found and (line.day or not _is_header(line))]
    if len(events) >= SERIES and all(_NUMBER.match(event.name) for event in events):
        raise BadInput(NUMBERS)
    if len(events) > MOST_EVENTS:
        complaints.append(Message(TOO_MANY, {"limit": MOST_EVENTS}))
    return EventList(tuple(events[:MOST_EVENTS]), tuple(complaints))


def _complaint(line: _Line) -> Message:
    """What is wrong with a line that holds no event."""
    facts = {"line": line.number, "text": (line.day or line.text)[:SHOWN]}
    return Message(NO_SUCH_DAY if line.day else NO_DAY, facts)


def read_event_file(
    data: bytes,
    filename: str,
    order: Order | None = None,
    *,
    near: Period | None = None,
    kind: EventKind = "other",
) -> EventList:
    """The events of a file: when things were published, where a table says so, else its lines. Raises BadInput."""
    if published := publications(data, filename):
        return EventList(published)
    texts = [to_utf8(part.data).decode("utf-8", "replace") for part in unpack(data, filename)]
    found = [read_events(text, order, near=near, kind=kind) for text in texts]
    events = tuple(event for one in found for event in one.events)
    return EventList(events[:MOST_EVENTS], tuple(complaint for one in found for complaint in one.complaints))


def events_to_csv(events: Iterable[Event]) -> str:
    """A line an event, as `read_events` takes it and a spreadsheet can open it safely."""
    out = io.StringIO()
    lines = ([event.day.isoformat(), event.name, event.kind, "yes" if event.learn else "no"] for event in events)
    write_rows(out, [HEADER, *lines])
    return out.getvalue()


def _lines(text: str) -> list[_Line]:
    lines = text.lstrip("\ufeff").splitlines()[:MAX_LINES]
    return [_take_apart(number, line[:MAX_LINE].strip(" \r\n")) for number, line in enumerate(lines, 1)]


def _take_apart(number: int, text: str) -> _Line:
    """A line's day and its other cells: the day stands first, or in a cell of its own, or last."""
    bare = text[_BULLET.match(text).end() :]  # type: ignore[union-attr]  # it matches nothing at least
    if end := _day_at_start(bare):
        rest = bare[end:]
        if clock := _CLOCK.match(rest):
            rest = rest[clock.end() :]
        return _Line(number, text, bare[:end], _cells(rest))
    cells = _split(bare, next((separator for separator in SEPARATORS if separator in bare), ""))
    for place, cell in enumerate(cells):
        if (end := _day_at_start(cell)) and (cell[end:].strip() == "" or _CLOCK.fullmatch(cell[end:])):
            return _Line(number, text, cell[:end], (*cells[:place], *cells[place + 1 :]))
    if start := _day_at_end(bare):
        return _Line(number, text, bare[start:], (bare[:start].rstrip(" ,;:-–—"),))
    return _Line(number, text)


def _day_at_start(text: str) -> int:
    """Where the day with which a text begins ends, its weekday included; 0 where it begins with none."""
    ends = [at for at in range(6, min(len(text), LONGEST_DAY) + 1) if _ends_at(text, at)]
    for place, end in enumerate(ends):
        if _is_day(text[:end]):
            more = [at for at in ends[place + 1 : place + 3] if not any(map(str.isdigit, text[end:at]))]
            return next((at for at in reversed(more) if _is_day(text[:at])), end)
    return 0


def _day_at_end(text: str) -> int:
    """Where the day with which a text ends begins; 0 where it ends with none."""
    starts = [at for at in range(max(1, len(text) - LONGEST_DAY), len(text) - 5) if text[at - 1] in " \t,;:(["]
    return next((at for at in starts if _is_day(text[at:])), 0)


def _ends_at(text: str, at: int) -> bool:
    """Whether a word can end there: a day's last sign is followed by no other letter or digit."""
    last, after = text[at - 1], text[at : at + 2]
    if not (last.isalnum() or last in ".)）"):
        return False
    return not after[:1].isalnum() or last in "日일号號" or bool(re.match(r"T\d", after))


def _is_day(text: str) -> bool:
    return bool(shape([_half_width(text)], native=False).kinds[0])


def _half_width(text: str) -> str:
    return unicodedata.normalize("NFKC", words.visible(text)).strip().replace("号", "日").replace("號", "日")


def _cells(rest: str) -> tuple[str, ...]:
    """What follows a day: cells where a separator follows it, else one name."""
    rest = rest.lstrip(" ")
    if rest[:1] and rest[0] in SEPARATORS:
        return _split(rest[1:], rest[0])
    return (rest.lstrip(" :–—-"),)


def _split(text: str, separator: str) -> tuple[str, ...]:
    if not separator:
        return (text,)
    if _QUOTED.match(text) or re.search(rf'{re.escape(separator)}\s*"', text):
        return tuple(next(csv.reader([text], delimiter=separator, skipinitialspace=True), ()))
    return tuple(text.split(separator))


def _event(day: date, cells: tuple[str, ...], usual: EventKind) -> Event:
    """The event of a line; the last cells may say its kind, and whether to learn from the day."""
    rest = [clean_name(cell) for cell in cells]
    while rest and not rest[-1]:
        rest.pop()
    learn = LEARN_WORDS.get(words.normalize(rest[-1])) if len(rest) > 1 else None
    if learn is not None:
        rest.pop()
    kind = KIND_WORDS.get(words.normalize(rest[-1])) if rest else None
    if kind is not None:
        rest.pop()
    named = [cell for cell in rest if cell and not _NUMBER.match(cell)] or rest
    return Event(day, clean_name(plain_cell(", ".join(named))), kind or usual, learn is not False)


def _is_header(line: _Line) -> bool:
    """Whether a line without a day is the names of columns."""
    cells = re.split(r"[\t,;|]", line.text)
    return len(cells) > 1 and any(words.is_date(cell) or words.is_published(cell) for cell in cells)


def _read_days(texts: list[str], order: Order | None, near: Period | None) -> list[date | None]:
    """The day of each word, all open ones in one order; None where there is no such day."""
    shaped = shape([_half_width(text) for text in texts], native=False)
    kinds = sorted(set(shaped.kinds) - {"ymd"})
    orders = [one for one in ORDER_NAMES if all(one in orders_of(kind) for kind in kinds)]
    readings = {one: days_of(shaped, dict.fromkeys(kinds, one)) for one in orders or ["dmy"]}
    days = readings[order if order in readings else _order(readings, shaped, near)]
    return [None if np.isnat(day) else day.astype(object) for day in days]


def _order(readings: dict[str, np.ndarray], shaped: Shaped, near: Period | None) -> str:
    """The order in which the most words are days, and those near the channel's, and stand one after the other."""
    fits = list(readings)
    for worth in (_known, lambda days: _near(days, near), _in_order):
        most = max(worth(readings[one]) for one in fits)
        fits = [one for one in fits if worth(readings[one]) == most]
    if all(np.array_equal(readings[one], readings[fits[0]], equal_nan=True) for one in fits):
        return fits[0]
    example = shaped.words[int(np.flatnonzero(shaped.kinds != "ymd")[0])]
    raise Question(WHICH_ORDER, "dates", tuple((one, ORDER_NAMES[one]) for one in fits), example=example)


def _known(days: np.ndarray) -> int:
    return int((~np.isnat(days)).sum())


def _near(days: np.ndarray, near: Period | None) -> int:
    """How many days are the channel's, or of the year after it."""
    if near is None:
        return 0
    first, last = np.datetime64(near.first), np.datetime64(near.last) + np.timedelta64(PLANNED, "D")
    return int(((days >= first) & (days <= last)).sum())


def _in_order(days: np.ndarray) -> bool:
    steps = np.diff(days[~np.isnat(days)].astype(np.int64))
    return len(steps) >= IN_ORDER - 1 and bool((steps >= 0).all() or (steps <= 0).all())
