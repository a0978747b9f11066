"""A file just read: newer days of a channel that is kept, or a channel of its own. No page either: Data draws it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from forecasting.continuation import Continuation, continuation, joined
from forecasting.events import Event, merged
from forecasting.messages import N_, BadInput, Message, join_sentences
from forecasting.names import name_in_words
from forecasting.reading.wikipedia import Article
from forecasting.records import Source
from forecasting.series import Channel
from pages.parts.links import escape_markdown
from pages.parts.past_records import judged_since, past_forecasts
from pages.parts.session import Session, if_current, keep_channel

Said = dict[str, Any]  # of a file: the fields of its Choice
Readings = list[tuple[Said, Channel | BadInput]]  # what a file is in each way to read it, or why it cannot be
Take = Callable[[Session, Source, Readings], None]  # makes a file the current channel, or raises BadInput
MOST_WAYS = 3  # to read a file, of those in which other channels were read


@dataclass(frozen=True)
class Kept:
    """A channel in the store."""

    fingerprint: str
    channel: Channel
    file: str | None
    said: dict[str, Any]


@dataclass(frozen=True)
class Continued:
    """What came of a file that goes on with a kept channel: said once."""

    fingerprint: str  # of the channel since
    last: date  # the last day before
    new_days: int
    notes: list[Message]


@dataclass(frozen=True)
class Offer:
    """A file that may go on with a kept channel, which only its owner knows."""

    kept: str  # fingerprints
    own: str


# What is done with a file


def ways_to_read(session: Session, source: Source) -> list[Said]:
    """What is to be said of a file: what was, or what was said of each kept channel, which it may go on with."""
    ways: list[Said] = []
    for one in _kept(session):
        way = source.said or one.said
        if way not in ways and len(ways) < MOST_WAYS:
            ways.append(way)
    return ways if source.said in ways else [*ways, source.said]


def take_in(session: Session, source: Source, readings: Readings, events: tuple[Event, ...] = ()) -> None:
    """Make a file the current channel: the one that it goes on with where that is certain, else one of its own.

    `readings` are those of `ways_to_read`, `events` those of a channel of its own. Raises BadInput where it cannot be
    read.
    """
    _forget_before()
    kept = list(_kept(session))
    for one in kept:
        way = replace(source, said=source.said or one.said)
        channel = _as_read(readings, way.said)
        found = _continuation(one, channel, way) if isinstance(channel, Channel) else None
        if found and found.certainty == "certain":
            _go_on(one.channel, found, way)
            return
    channel = replace(_channel(readings, source), events=events)
    keep_channel(channel, source)
    _note_offer(kept, channel, source)


def take_again(session: Session, source: Source, readings: Readings) -> None:
    """Read the current channel's newest file another way. Raises BadInput where that cannot be."""
    _forget_before()
    channel, current = _channel(readings, source), session.channel
    if before := _before_file(session, source):
        channel = joined(before, channel).channel
    channel = replace(channel, events=merged(channel.events, current.events))
    keep_channel(channel, source, continues=current.fingerprint)
    if channel.fingerprint != current.fingerprint:
        session.channels.forget(session.owner, current.fingerprint, unless_used=True)


def take_other_numbers(session: Session, source: Source, readings: Readings) -> None:
    """Make other numbers of the same file the current channel. Raises BadInput where they cannot be read."""
    current = session.channel.fingerprint
    alone = len(session.channels.versions(session.owner, current)) == 1
    take_in(session, source, readings, session.channel.events)
    if alone and st.session_state.channel != current:
        session.channels.forget(session.owner, current, unless_used=True)


def _forget_before() -> None:
    for key in ("continued", "may_continue"):
        st.session_state.pop(key, None)


def _kept(session: Session) -> Iterator[Kept]:
    """The owner's channels, the current one first."""
    files = {key: file for key, (_name, file) in session.channels.channels(session.owner).items()}
    for fingerprint in sorted(files, key=lambda one: one != session.channel.fingerprint):
        if channel := session.channels.channel(session.owner, fingerprint):
            said = session.channels.said(session.owner, fingerprint) or {}
            yield Kept(fingerprint, channel, files[fingerprint], said)


def _as_read(readings: Readings, said: Said) -> Channel | BadInput | None:
    """The file in this way to read it; None where it was not read so."""
    return next((found for way, found in readings if way == said), None)


def _channel(readings: Readings, source: Source) -> Channel:
    """The file as it was asked for. Raises the BadInput with which it was refused."""
    found = _as_read(readings, source.said)
    assert found is not None, "a file is read in the way that was said"
    if isinstance(found, BadInput):
        raise found
    return found


def _continuation(kept: Kept, channel: Channel, source: Source) -> Continuation | None:
    """How the file goes on with the kept channel. An article of Wikipedia is known by its address."""
    if Article.named(source.file) and source.file == kept.file:
        return joined(kept.channel, channel)
    return continuation(kept.channel, channel)


def _go_on(kept: Channel, found: Continuation, source: Source | None) -> None:
    """The two as one are the current channel; the same days once more are no new version."""
    fingerprint = found.channel.fingerprint
    if fingerprint == kept.fingerprint:
        st.session_state.channel = fingerprint
    else:
        keep_channel(found.channel, source, continues=kept.fingerprint)
    st.session_state.continued = Continued(fingerprint, kept.series.last.date(), found.new_days, found.note)


def _note_offer(kept: list[Kept], channel: Channel, source: Source) -> None:
    for one in kept:
        if one.fingerprint != channel.fingerprint and _continuation(one, channel, source):
            st.session_state.may_continue = Offer(one.fingerprint, channel.fingerprint)
            return


def _before_file(session: Session, source: Source) -> Channel | None:
    """The channel as it was before this file came; None where it began with it."""
    for version in session.channels.versions(session.owner, session.channel.fingerprint)[1:]:
        earlier = session.channels.source(session.owner, version)
        if earlier is None or earlier.data != source.data:
            return session.channels.channel(session.owner, version)
    return None


# What is said


def say_continued(session: Session) -> None:
    """That the file went on with a channel, how many days it brought, and what it revised."""
    continued: Continued | None = st.session_state.get("continued")
    if continued is None or continued.fingerprint != session.channel.fingerprint:
        return
    translate = session.plain
    days = continued.new_days
    brought = N_("This file continues “{name}” (new days: {days}). It now has {first} to {last}.")
    nothing = N_("“{name}” has all days of this file already. It has {first} to {last}.")
    period = {"first": session.channel.series.first.date(), "last": session.channel.series.last.date()}
    first = Message(brought if days else nothing, {"name": session.channel_name, "days": days, **period})
    said = [sentence.translated(translate) for sentence in (first, *continued.notes)]
    st.success(escape_markdown(join_sentences(said)), icon=":material/history:")
    if judged := judged_since(past_forecasts(session).values(), continued.last):
        label = N_("{count} forecast can be judged now", "{count} forecasts can be judged now")
        said_so = Message(label, {"count": judged}).translated(translate)
        st.page_link("pages/past_forecasts.py", label=said_so, icon=":material/history:")


def offer_to_continue(session: Session) -> None:
    """Whether a file that may go on with a channel does: asked where days in common cannot tell."""
    offer: Offer | None = st.session_state.get("may_continue")
    kept = session.channels.channel(session.owner, offer.kept) if offer else None
    if offer is None or kept is None or offer.own != session.channel.fingerprint:
        return
    translate = session.plain  # the file and the other channel may be of something else
    text = translate(N_("Is this file the same channel as “{name}”, whose days are {first} to {last}?"))
    name = name_in_words(kept.name, session.plain)
    facts = {"name": name, "first": kept.series.first.date(), "last": kept.series.last.date()}
    st.info(escape_markdown(text.format(**facts)), icon=":material/help:")
    with st.container(horizontal=True):
        label = translate(N_("Continue “{name}”")).format(name=name)
        st.button(escape_markdown(label), key="continue", on_click=if_current(session, _accept, offer))
        st.button(translate(N_("Keep as its own channel")), key="keep_own", on_click=_forget_before)


def _accept(session: Session, offer: Offer) -> None:
    """The file's days go on with the kept channel, and are no channel of their own any more."""
    kept, own = (session.channels.channel(session.owner, key) for key in (offer.kept, offer.own))
    source = session.channels.source(session.owner, offer.own)
    _forget_before()
    if kept and own:
        _go_on(kept, joined(kept, own), source)
        session.channels.forget(session.owner, offer.own, unless_used=True)
