"""Many files brought at once, read beside each other while the page stays; one that cannot be read loses no other."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from forecasting.continuation import continuation
from forecasting.jobs.readers import Reading
from forecasting.messages import N_, BadInput, Message, join_sentences
from forecasting.names import clean_name
from forecasting.reading import ChannelRows, Question
from forecasting.reading.uploads import Opened, open_upload, read_rows
from forecasting.records import Source
from forecasting.series import Channel
from pages.parts import file_reading
from pages.parts.file_reading import readers, release
from pages.parts.links import escape_markdown
from pages.parts.polling import TABLE_SECONDS, crowd
from pages.parts.session import Session, as_now

LOOK_SECONDS = 0.05
AT_ONCE = 4  # readings of one visitor
SHARE = 100  # channels of a table that one reading reads
ANSWERED_ON_DATA = N_("{question} Bring this file on Data to answer.")
LEFT_OUT = N_("{count} channel was not kept.", "{count} channels were not kept.")
TYPES = ["csv", "tsv", "txt", "zip", "xlsx", "xls", "ods", "gz"]
MOST_ALIKE = 20  # channels of one name that a channel just read is compared with
KEY = "channels_upload"  # in the session's state


@dataclass(frozen=True)
class Unread:
    """A file, or a channel in it, that could not be read."""

    name: str
    reason: Message


@dataclass
class Step:
    """A file to be opened, or channels of it to be read."""

    source: Source
    work: Callable[[], Opened | list[Channel | BadInput]]
    channels: list[Source] = field(default_factory=list)  # how each is read; none before the file is open


@dataclass
class Upload:
    """What was brought at once, and what has become of it so far."""

    waiting: deque[Step]
    begun: list[tuple[Step, Reading]] = field(default_factory=list)
    read: deque[tuple[Source, Channel]] = field(default_factory=deque)  # and not kept yet
    unread: list[Unread] = field(default_factory=list)
    steps: int = 0  # of those that are done
    added: int = 0
    continued: int = 0
    known: int = 0
    refusal: Message | None = None  # why the host allows no more channels
    left_out: int = 0  # channels, for that reason

    @property
    def active(self) -> bool:
        """Whether something is still to be done."""
        return bool(self.waiting or self.begun or self.read)

    @property
    def share(self) -> float:
        """Of all that is known to be done, 0 to 1."""
        left = len(self.waiting) + len(self.begun) + bool(self.read)
        return self.steps / (self.steps + left) if left else 1.0


def current_upload() -> Upload | None:
    """What was brought last in this browser session."""
    return st.session_state.get(KEY)


def inbox() -> str:
    """The uploader's key: a new one after every upload."""
    return f"channels_{st.session_state.setdefault('channel_uploads', 0)}"


def take_files(session: Session) -> None:
    """Begin to read what is in the uploader. In a callback: the page comes with what is read within a moment."""
    files: list[UploadedFile] = st.session_state[inbox()]
    if not files:
        return
    if (before := current_upload()) and before.active:
        stop(before)
    steps = [_opening(file.name, file.getvalue()) for file in files]
    st.session_state[KEY] = upload = Upload(deque(steps))
    st.session_state.channel_uploads += 1
    for file in files:
        release(file)
    end = time.monotonic() + file_reading.SHORT_SECONDS
    while upload.active and time.monotonic() < end:
        go_on(as_now(session), upload)
        if upload.begun and not upload.read:
            upload.begun[0][1].wait(LOOK_SECONDS)


def _opening(name: str, data: bytes) -> Step:
    return Step(Source(name, data, {}), partial(open_upload, data, name))


def go_on(session: Session, upload: Upload, seconds: float = 0.3) -> None:
    """Take in what has been read, for at most so many seconds, and begin what waits."""
    for step, reading in [begun for begun in upload.begun if begun[1].done]:
        upload.begun.remove((step, reading))
        upload.steps += 1
        _take_result(upload, step, reading)
    _begin(upload)
    _keep(session, upload, seconds)


def _begin(upload: Upload) -> None:
    while upload.waiting and len(upload.begun) < AT_ONCE:
        try:
            reading = readers().start(upload.waiting[0].work)
        except BadInput:  # many files are being read here: later, then
            return
        upload.begun.append((upload.waiting.popleft(), reading))


def _take_result(upload: Upload, step: Step, reading: Reading) -> None:
    try:
        found = reading.result()
    except BadInput as refusal:
        upload.unread += [_unread(source, refusal) for source in step.channels or [step.source]]
        return
    if isinstance(found, Opened):
        _take_opened(upload, step.source, found)
        return
    for source, channel in zip(step.channels, found, strict=True):
        if isinstance(channel, BadInput):
            upload.unread.append(_unread(source, channel))
        else:
            upload.read.append((source, channel))


def _take_opened(upload: Upload, source: Source, opened: Opened) -> None:
    """What there is to be read comes before what waits: few files are open at a time."""
    steps = []
    for name, data in opened.files:
        if isinstance(data, BadInput):
            upload.unread.append(Unread(name, data.message))
        else:
            steps.append(_opening(name, data))
    for first in range(0, len(opened.channels), SHARE):
        rows = opened.channels[first : first + SHARE]
        said = [_said(one) if len(opened.channels) > 1 else {} for one in rows]
        steps.append(Step(source, partial(read_rows, rows), [replace(source, said=way) for way in said]))
    upload.waiting.extendleft(reversed(steps))


def _said(rows: ChannelRows | Channel) -> dict[str, Any]:
    """How to read this channel of its file again."""
    return asdict(replace(rows.choice, channel=rows.name)) if isinstance(rows, ChannelRows) else {}


def _unread(source: Source, refusal: BadInput) -> Unread:
    channel, reason = source.said.get("channel"), refusal.message
    if isinstance(refusal, Question):
        reason = Message(ANSWERED_ON_DATA, {"question": refusal.message})
    return Unread(clean_name(f"{channel} ({source.file})" if channel else source.file), reason)


# Keeping


def _keep(session: Session, upload: Upload, seconds: float) -> None:
    """Into the store, for at most so many seconds: the rest is kept the next time."""
    if not upload.read:
        return
    kept = _by_name(session)
    end = time.monotonic() + seconds
    while upload.read and time.monotonic() < end:
        source, channel = upload.read.popleft()
        try:
            _keep_one(session, upload, source, channel, kept)
        except BadInput as refusal:  # newer days of a channel that is kept may still follow
            upload.refusal, upload.left_out = refusal.message, upload.left_out + 1


def _by_name(session: Session) -> dict[str, list[str]]:
    """Name -> fingerprints of the owner's channels, the latest first."""
    found: dict[str, list[str]] = {}
    for fingerprint, (name, _file) in session.channels.channels(session.owner).items():
        found.setdefault(name, []).append(fingerprint)
    return found


def _keep_one(session: Session, upload: Upload, source: Source, channel: Channel, kept: dict[str, list[str]]) -> None:
    """A channel of its own, or newer days of one of the same name where its days leave no doubt."""
    same = kept.setdefault(clean_name(channel.name), [])
    before = session.channels.several(session.owner, [channel.fingerprint, *same[:MOST_ALIKE]])
    if channel.fingerprint in before:
        upload.known += 1
        return
    for fingerprint, earlier in before.items():
        found = continuation(earlier, channel)
        if found and found.certainty == "certain":
            session.channels.save(session.owner, found.channel, source, continues=fingerprint)
            same[same.index(fingerprint)] = found.channel.fingerprint
            upload.continued += bool(found.channel.fingerprint != fingerprint)
            upload.known += bool(found.channel.fingerprint == fingerprint)
            return
    session.channels.save(session.owner, channel, source)
    same.append(channel.fingerprint)
    upload.added += 1


# On the page


def draw_uploader(session: Session) -> None:
    """The control that takes files in."""
    st.file_uploader(
        session.plain(N_("Your files: CSV, Excel or zip")),
        TYPES,
        accept_multiple_files=True,
        key=inbox(),
        on_change=take_files,
        args=(session,),
        help=session.plain(N_("One file a channel, or one long table with the columns unique_id, ds and y.")),
    )


def show_upload(session: Session) -> None:
    """How far the reading is while it goes on, then what came of it."""
    upload = current_upload()
    if upload is None:
        return
    if upload.active:
        st.fragment(_show_progress, run_every=TABLE_SECONDS * crowd())(session, upload)
        return
    translate = session.plain
    said = [Message(text, {"count": count}) for text, count in _counts(upload) if count]
    words = join_sentences(one.translated(translate) for one in said)
    if words:
        st.caption(words)
    if upload.refusal:
        left = Message(LEFT_OUT, {"count": upload.left_out})
        st.warning(
            escape_markdown(join_sentences(one.translated(translate) for one in (left, upload.refusal))),
            icon=":material/front_hand:",
        )


def _counts(upload: Upload) -> list[tuple[tuple[str, str], int]]:
    return [
        (N_("{count} channel added.", "{count} channels added."), upload.added),
        (N_("{count} channel has newer days.", "{count} channels have newer days."), upload.continued),
        (N_("{count} was known already.", "{count} were known already."), upload.known),
        (N_("{count} could not be read.", "{count} could not be read."), len(upload.unread)),
    ]


def _show_progress(session: Session, upload: Upload) -> None:
    go_on(session, upload)
    if not upload.active:
        st.rerun()
    text = session.plain(N_("Reading: {done} done")).format(done=upload.added + upload.continued + upload.known)
    st.progress(upload.share, text)
    st.button(
        session.plain(N_("Stop")), key="stop-channels-upload", icon=":material/stop:", on_click=stop, args=(upload,)
    )


def stop(upload: Upload) -> None:
    """Read no further; what has been kept stays."""
    for _step, reading in upload.begun:
        reading.stop()
    upload.waiting.clear()
    upload.begun.clear()
    upload.read.clear()
