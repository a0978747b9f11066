"""Files that visitors bring, read in a process of their own: the page waits, says how long already, and can stop it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from forecasting.jobs.reader import Limits
from forecasting.jobs.readers import ReaderPool, Reading
from forecasting.messages import N_, BadInput
from pages.parts.job_progress import duration
from pages.parts.links import escape_markdown
from pages.parts.session import Session, hosting

SHORT_SECONDS = 1.0  # a reading that takes no longer shows no progress: the page comes with what was read
LOOK_SECONDS = 0.2  # between two looks at one that takes longer
STOP_SECONDS = 1.0  # for a reading that was stopped to end

Result = Callable[[], Any]  # what was read; raises BadInput


@dataclass(frozen=True)
class Pending:
    """A reading that this browser session waits for."""

    reading: Reading
    name: str  # of the file
    finish: Callable[[Result], None]


@st.cache_resource
def readers() -> ReaderPool:
    """The readers of this server."""
    allowed = hosting()
    return ReaderPool(Limits(allowed.reading_seconds, allowed.reading_memory * 1e6))


def begin_reading(place: str, name: str, read: Callable[[], Any], finish: Callable[[Result], None]) -> None:
    """Have a reader `read` the file called `name`; `finish` is given the result, at once or in a later run.

    A `place` on a page waits for one reading at a time; one that it still waits for is stopped. In a callback only.
    """
    stop_reading(place)
    try:
        reading = readers().start(read)
    except BadInput as refusal:
        finish(_raising(refusal))
        return
    if reading.wait(SHORT_SECONDS):
        finish(reading.result)
    else:
        _pending()[place] = Pending(reading, name, finish)


def finish_readings() -> None:
    """Take in what has been read since: to be called before any control is drawn, for it may set their values."""
    for place, pending in list(_pending().items()):
        if pending.reading.done:
            del _pending()[place]
            pending.finish(pending.reading.result)


def stop_reading(place: str) -> None:
    """Wait for it no longer."""
    if pending := _pending().pop(place, None):
        pending.reading.stop()


def show_reading(session: Session, place: str) -> None:
    """How long a file has been read, and a button that stops it; nothing where no file is."""
    if place in _pending():
        st.fragment(_show, run_every=LOOK_SECONDS)(session, place)


def _show(session: Session, place: str) -> None:
    pending = _pending().get(place)
    if pending is None or pending.reading.done:
        st.rerun()
    translate, seconds = session.plain, pending.reading.seconds
    text = translate(N_("“{name}” is read after other files"))
    if seconds is not None:
        text = translate(N_("Reading “{name}”, {seconds}"))
    said = text.format(name=escape_markdown(pending.name), seconds=duration(seconds or 0.0, translate))
    st.progress(min((seconds or 0.0) / hosting().reading_seconds, 1.0), said)
    st.button(
        translate(N_("Stop")),
        key=f"stop-reading-{place}",
        icon=":material/stop:",
        on_click=_stop,
        args=(pending.reading,),
    )


def _stop(reading: Reading) -> None:
    reading.stop()
    reading.wait(STOP_SECONDS)


def release(file: UploadedFile) -> None:
    """Forget the bytes of an upload that has been read: Streamlit keeps them until the browser session ends."""
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if context and remove:
        remove(session_id=context.session_id, file_id=file.file_id)


def _pending() -> dict[str, Pending]:
    return st.session_state.setdefault("readings", {})


def _raising(refusal: BadInput) -> Result:
    def result() -> Any:
        raise refusal

    return result
