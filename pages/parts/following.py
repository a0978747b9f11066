"""A study on a page: progress, time left and a stop button while a worker is on it, and its answer as it grows."""

from collections.abc import Callable

import streamlit as st

from forecasting.messages import N_
from forecasting.runs import Study
from pages.parts.links import escape_markdown
from pages.parts.session import Session

TICK = 0.3  # seconds between two looks while a worker is on it


def ask(session: Session, kind: str, request: dict[str, object], model: bytes | None = None) -> str:
    """Have a worker answer a question about the channel, and maybe about a `model`; the study's id, at once."""
    study_id = session.studies.ask(session.owner, session.channel, kind, request, model)
    session.jobs.fill()
    return study_id


def follow(session: Session, study: Study | str | None, draw: Callable[[Study], None]) -> None:
    """Show a study: `draw` is called with it whenever there is an answer, whole or not. None shows nothing.

    A page that has drawn something of the study itself gives it as it was then, and is drawn again once that has ended.
    """
    study = session.studies.study(session.owner, study) if isinstance(study, str) else study
    if study:
        st.fragment(_follow, run_every=TICK if study.active else None)(session, study.id, study.active, draw)


def _follow(session: Session, study_id: str, was_active: bool, draw: Callable[[Study], None]) -> None:
    study = session.studies.study(session.owner, study_id)
    if study is None or (was_active and not study.active):
        st.rerun()
    if study.active:
        _progress(session, study)
    elif study.reason:
        st.error(escape_markdown(study.reason.translated(session.translate)), icon=":material/error:")
    elif study.status == "stopped":
        st.info(session.translate(N_("Stopped before the answer was whole.")), icon=":material/stop_circle:")
    if study.answer:
        draw(study)


def _progress(session: Session, study: Study) -> None:
    text = session.translate(N_("Waiting for a free worker") if study.status == "queued" else N_("At work"))
    if study.left is not None:
        text = session.translate(N_("At work, {left} left")).format(left=duration(study.left))
    bar, stop = st.columns([4, 1], vertical_alignment="center")
    bar.progress(study.share, text)
    label = session.translate(N_("Stop"))
    stop.button(
        label,
        key=f"stop-{study.id}",
        icon=":material/stop:",
        on_click=session.studies.cancel,
        args=(session.owner, study.id),
        width="stretch",
    )


def duration(seconds: float) -> str:
    """12 s, 22 min."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
