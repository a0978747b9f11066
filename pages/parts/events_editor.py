"""The days that the owner has a name for, on Data: typed, pasted, from a file, or as the export says them."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from forecasting.events import KIND_NAMES, KINDS, MOST_EVENTS, Event, EventKind, merged
from forecasting.messages import N_, BadInput, Message, Translate, join_sentences
from forecasting.names import LONGEST_NAME, clean_name
from forecasting.reading import Question
from forecasting.reading.events import TOO_MANY, EventList, events_to_csv, read_event_file, read_events
from forecasting.reading.published import publications
from forecasting.sample import is_sample
from forecasting.series import Channel
from forecasting.split import Period
from pages.parts.export import file_name
from pages.parts.file_reading import begin_reading, readers, release, show_reading, stop_reading
from pages.parts.folded import folded
from pages.parts.links import escape_markdown
from pages.parts.session import Session, if_current, on_current, source_of_channel

TYPES = ["csv", "tsv", "txt", "xlsx", "zip"]
COMPLAINTS = 5  # lines that are named
EXAMPLE = "2022-03-01 Episode 12\n2022-03-08, Spring sale, campaign\n2022-03-15, Server down, outage, no"
ADDED = N_("{count} event was added.", "{count} events were added.")
THERE = N_("{count} was there already.", "{count} were there already.")
REMOVED = N_("All events were removed.")
SAVED = N_("The events were saved.")
MORE_LINES = N_("{count} more line holds no event.", "{count} more lines hold no event.")
NO_DAY = N_("Row {row} of the table has no day and was left out.")


@dataclass(frozen=True)
class Said:
    """What the last change came to: of which version of the channel, and sentences."""

    version: str
    done: tuple[Message, ...] = ()
    complaints: tuple[Message, ...] = ()
    before: tuple[Event, ...] | None = None  # what to go back to


@dataclass(frozen=True)
class Unread:
    """A list whose days can be read in more than one way."""

    question: Question
    text: str = ""
    file: tuple[bytes, str] | None = None


def edit_events(session: Session) -> None:
    """A folded editor of the channel's events; above it the offer to mark what the file says was published."""
    translate, events = session.translate, session.channel.events
    found = _new_publications(session)
    if found and not events:
        _offer(session, found)
    part, opened = folded(translate(N_("Events")), icon=":material/event:", key="events")
    if not opened:
        return
    with part:
        st.caption(translate(N_("Uploads, campaigns and outages: marked in your channel's charts, planned days too.")))
        _say(session)
        if found and events:
            _offer(session, found)
        show_reading(session, "events")
        labels = [translate(N_("One day")), translate(N_("Paste a list")), translate(N_("From a file"))]
        one, pasted, file = st.tabs(labels)
        with one:
            _type_one(session)
        with pasted:
            _paste(session)
        with file:
            _take_file(session)
        if events:
            _table(session)
            _carry_away(session)


def say_events(session: Session) -> None:
    """How many days have a name, and from how many of the channel's nothing is learnt; nothing where none has."""
    channel, translate = session.channel, session.translate
    if not channel.events:
        return
    days = channel.views.index
    here = sum(days[0].date() <= event.day <= days[-1].date() for event in channel.events)
    planned = sum(event.day > days[-1].date() for event in channel.events)
    said = [Message(N_("{count} event is marked.", "{count} events are marked."), {"count": here})] if here else []
    if planned:
        said.append(Message(N_("{count} is planned.", "{count} are planned."), {"count": planned}))
    if before := len(channel.events) - here - planned:
        text = N_("{count} lies before the channel's first day.", "{count} lie before the channel's first day.")
        said.append(Message(text, {"count": before}))
    if ignored := int(days.isin(channel.series.ignored).sum()):
        text = N_("{count} day is not learnt from and not judged.", "{count} days are not learnt from and not judged.")
        said.append(Message(text, {"count": ignored}))
    st.caption(join_sentences(sentence.translated(translate) for sentence in said))


# What changes the events


def _keep(
    session: Session, events: Iterable[Event], done: Iterable[Message], complaints: Iterable[Message] = ()
) -> None:
    """Make a version of the channel with these events the one shown; what was worked out before stays."""
    before = _latest(session)
    if before is None:
        source_of_channel(session)  # it says so
        return
    channel = replace(before, events=tuple(events))
    if channel.events != before.events:
        session.channels.save_if_new(session.owner, before)  # the sample is in no store
        session.channels.save(session.owner, channel, continues=before.fingerprint)
        st.session_state.event_versions = st.session_state.get("event_versions", 0) + 1
    undo = before.events if channel.events != before.events else None
    st.session_state.events_said = Said(channel.fingerprint, tuple(done), tuple(complaints), undo)


def _latest(session: Session) -> Channel | None:
    """The channel shown, with what another tab has done to it since; None where that has removed it."""
    newest = session.channels.newest(session.owner, session.channel.fingerprint)
    if newest is None:
        return session.channel if is_sample(session.channel) else None
    return session.channels.channel(session.owner, newest)


def _add(session: Session, found: EventList) -> None:
    """The events of a list beside those there are."""
    before = (_latest(session) or session.channel).events
    have = {(event.day, event.name) for event in before}
    together = merged(before, found.events)
    fresh = sum((event.day, event.name) not in have for event in together)
    read = {(event.day, event.name) for event in found.events}
    known = len(read & have)
    cut = [Message(TOO_MANY, {"limit": MOST_EVENTS})] if fresh + known < len(read) else []
    done = [Message(ADDED, {"count": fresh})] if fresh or not found.complaints else []
    done += [Message(THERE, {"count": known})] if known else []
    _keep(session, together, done, (*found.complaints, *cut))


def _read(
    session: Session, text: str = "", file: tuple[bytes, str] | None = None, done: Callable[[], None] = lambda: None
) -> None:
    """Take in a list once it is read; where its days can be read in several ways, keep it until that is answered.

    `done` is called where it brought events.
    """
    days = session.channel.views.index
    about = {
        "near": Period(days[0].date(), days[-1].date()),
        "kind": st.session_state.get("event_list_kind", "upload"),
        "order": st.session_state.pop("event_order", None),
    }
    st.session_state.pop("events_unread", None)

    def finish(found: Callable[[], EventList]) -> None:
        try:
            if _take_in(session, found()):
                done()
        except Question as question:
            st.session_state.events_unread = Unread(question, text, file)
        except BadInput as trouble:
            st.session_state.events_said = Said(session.channel.fingerprint, complaints=(trouble.message,))

    read = partial(read_event_file, *file, **about) if file else partial(read_events, text, **about)
    begin_reading("events", file[1] if file else session.translate(N_("Events")), read, finish)


def _take_in(session: Session, found: EventList) -> bool:
    """Whether a list brought events."""
    if found.events or found.complaints:
        _add(session, found)
    return bool(found.events)


# The parts of the editor


def _new_publications(session: Session) -> tuple[Event, ...]:
    """What the channel's file says was published and is no event yet."""
    unmarked = replace(session.channel, events=()).fingerprint  # other events are no other file
    found = _publications(session, session.owner, unmarked, session.channel.fingerprint)
    have = {(event.day, event.name) for event in session.channel.events}
    return tuple(event for event in found if (event.day, event.name) not in have)


@st.cache_data(max_entries=64, show_spinner=False)
def _publications(_session: Session, owner: str, unmarked: str, _version: str) -> tuple[Event, ...]:
    source = _session.channels.source(owner, _version)
    with suppress(BadInput):
        return readers().run(publications, source.data, source.file) if source else ()
    return ()


def _offer(session: Session, found: tuple[Event, ...]) -> None:
    translate = session.translate
    with st.container(horizontal=True, vertical_alignment="center"):
        text = N_("{count} upload has its day in your file.", "{count} uploads have their days in your file.")
        st.caption(Message(text, {"count": len(found)}).translated(translate))
        label, icon = translate(N_("Mark them as events")), ":material/event_available:"
        mark = if_current(session, _add, EventList(found))
        st.button(label, icon=icon, key="mark_uploads", on_click=mark)


def _type_one(session: Session) -> None:
    translate = session.translate
    last = session.channel.views.index[-1].date()
    with st.form("event_form", border=False, clear_on_submit=True):
        with st.grid(3, min_column_width=150):
            st.date_input(
                translate(N_("Day")),
                last,
                min_value=last - timedelta(days=365 * 50),
                max_value=last + timedelta(days=365 * 5),
                key="event_day",
                format="YYYY-MM-DD",
            )
            _choose_kind(session, "event_kind")
            st.text_input(translate(N_("Name")), key="event_name", max_chars=LONGEST_NAME)
        learn = translate(N_("Learn from this day, and judge forecasts on it"))
        st.checkbox(learn, True, key="event_learn")
        st.form_submit_button(translate(N_("Add the day")), on_click=on_current(session, _take_one))


def _take_one(session: Session) -> None:
    state = st.session_state
    event = Event(state.event_day, clean_name(state.event_name), state.event_kind, state.event_learn)
    _add(session, EventList((event,)))


def _choose_kind(session: Session, key: str) -> None:
    translate = session.translate
    st.session_state.setdefault("worded", set()).add(key)
    st.selectbox(translate(N_("Kind")), KINDS, format_func=lambda kind: translate(KIND_NAMES[kind]), key=key)


def _paste(session: Session) -> None:
    translate = session.translate
    help_ = translate(
        N_("A day and a name on each line, or rows from a spreadsheet: day, name, kind, learn (yes or no).")
    )
    st.text_area(translate(N_("A day and a name on each line")), key="event_lines", placeholder=EXAMPLE, help=help_)
    _choose_kind(session, "event_list_kind")
    st.button(translate(N_("Add the lines")), key="add_lines", on_click=on_current(session, _take_lines))
    _ask(session, file=False)


def _take_lines(session: Session) -> None:
    _read(session, st.session_state.event_lines, done=_empty_lines)


def _empty_lines() -> None:
    st.session_state.event_lines = ""


def _take_file(session: Session) -> None:
    translate = session.translate
    st.file_uploader(
        translate(N_("A list of days, or an export with publish times")),
        TYPES,
        key=_inbox(),
        on_change=on_current(session, _take_upload),
    )
    _ask(session, file=True)


def _inbox() -> str:
    """The uploader's key: a new one after every file that was read."""
    return f"event_file_{st.session_state.setdefault('event_files', 0)}"


def _take_upload(session: Session) -> None:
    file = st.session_state[_inbox()]
    stop_reading("events")
    if file:
        _read(session, file=(file.getvalue(), file.name), done=lambda: _empty_inbox(file))


def _empty_inbox(file: UploadedFile) -> None:
    st.session_state.event_files += 1
    release(file)


def _ask(session: Session, *, file: bool) -> None:
    """How the days of a list are to be read, where it does not say."""
    unread: Unread | None = st.session_state.get("events_unread")
    if unread is None or bool(unread.file) != file:
        return
    translate, labels = session.translate, dict(unread.question.options)
    st.warning(escape_markdown(unread.question.translated(translate)), icon=":material/help:")
    st.selectbox(
        translate(N_("Your answer")),
        labels,
        format_func=lambda value: translate(labels[value]),
        index=None,
        key="event_order",
        placeholder=translate(N_("Choose")),
        on_change=on_current(session, _answer, unread),
    )


def _answer(session: Session, unread: Unread) -> None:
    _read(session, unread.text, unread.file, done=_empty_lines)


def _table(session: Session) -> None:
    translate = session.translate
    with st.form("events_form", border=False):
        changed = st.data_editor(
            event_frame(session.channel.events),
            num_rows="dynamic",
            hide_index=True,
            column_config=_columns(translate),
            height=min(38 + 35 * (len(session.channel.events) + 1), 320),
            key=f"events_table_{session.channel.fingerprint}_{st.session_state.get('event_versions', 0)}",
            alt=translate(N_("The channel's events")),
        )
        if st.form_submit_button(translate(N_("Save the table"))):
            events, complaints = events_of(changed)
            _keep(session, events, [Message(SAVED)], complaints)
            st.rerun()


def _columns(translate: Translate) -> dict[str, Any]:
    names: dict[object, str] = {kind: translate(name) for kind, name in KIND_NAMES.items()}
    return {
        "day": st.column_config.DateColumn(translate(N_("Day")), format="YYYY-MM-DD", required=True),
        "name": st.column_config.TextColumn(translate(N_("Name")), max_chars=LONGEST_NAME, width="large"),
        "kind": st.column_config.SelectboxColumn(
            translate(N_("Kind")), options=KINDS, format_func=names.__getitem__, required=True
        ),
        "learn": st.column_config.CheckboxColumn(
            translate(N_("Learn")),
            help=translate(N_("Without it, no model learns from the day and none is judged on it.")),
            default=True,
        ),
    }


def event_frame(events: Iterable[Event]) -> pd.DataFrame:
    """Columns day, name, kind and learn; a row an event."""
    rows = [(pd.Timestamp(event.day), event.name, event.kind, event.learn) for event in events]
    return pd.DataFrame(rows, columns=["day", "name", "kind", "learn"])


def events_of(frame: pd.DataFrame) -> tuple[tuple[Event, ...], tuple[Message, ...]]:
    """The events of an edited table, and a sentence about each row without a day."""
    events: list[Event] = []
    complaints: list[Message] = []
    for row, (day, name, kind, learn) in enumerate(frame[["day", "name", "kind", "learn"]].itertuples(index=False), 1):
        if pd.isna(day):
            complaints.append(Message(NO_DAY, {"row": row}))
            continue
        known: EventKind = kind if kind in KINDS else "other"
        text = "" if pd.isna(name) else clean_name(str(name))
        events.append(Event(pd.Timestamp(day).date(), text, known, pd.isna(learn) or bool(learn)))
    return merged((), events), tuple(complaints)


def _carry_away(session: Session) -> None:
    translate = session.translate
    with st.container(horizontal=True):
        st.download_button(
            translate(N_("Events as CSV")),
            partial(events_to_csv, session.channel.events),
            f"{file_name(session, 'events')}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        label, icon = translate(N_("Remove all events")), ":material/delete:"
        remove = if_current(session, _keep, (), [Message(REMOVED)])
        st.button(label, icon=icon, key="remove_events", on_click=remove)


def _say(session: Session) -> None:
    """What the last change came to, and the way back."""
    said: Said | None = st.session_state.get("events_said")
    if said is None or said.version != session.channel.fingerprint:
        return
    translate = session.translate
    if said.done:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(join_sentences(sentence.translated(translate) for sentence in said.done))
            if said.before is not None:
                label, icon = translate(N_("Undo")), ":material/undo:"
                undo = if_current(session, _keep, said.before, ())
                st.button(label, icon=icon, type="tertiary", key="undo_events", on_click=undo)
    if said.complaints:
        left = len(said.complaints) - COMPLAINTS
        shown = [*said.complaints[:COMPLAINTS], *([Message(MORE_LINES, {"count": left})] if left > 0 else [])]
        lines = "  \n".join(escape_markdown(one.translated(translate)) for one in shown)
        st.warning(lines, icon=":material/event_busy:")
