"""A job on a page: progress, time left and a stop button while a worker is on it, and its result as it grows."""

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from forecasting.jobs.queue import JobQueue
from forecasting.json_records import from_json
from forecasting.messages import N_, BadInput, Message, Translate
from forecasting.records import History, Job, Run
from pages.parts.links import escape_markdown
from pages.parts.polling import JOB_SECONDS, Polling, polling
from pages.parts.session import Session
from pages.parts.store_trouble import show_trouble_of_workers

Result = TypeVar("Result")


def submit(session: Session, request: object, model: bytes | None = None) -> str | None:
    """Have a worker do a job on the channel, maybe with a `model` file; the job's id, at once.

    None, and the page says why, where the host does not allow it.
    """
    job_id = unless_refused(session, lambda: session.jobs.submit(session.owner, session.channel, request, model=model))
    session.workers.fill()
    return job_id


def unless_refused(session: Session, act: Callable[[], Result]) -> Result | None:
    """What `act` comes to; None, and the page says why, where the host does not allow it."""
    try:
        return act()
    except BadInput as refused:
        text = escape_markdown(refused.translated(session.translate))
        st.toast(text, icon=":material/front_hand:", duration="long")
    return None


def find(session: Session, request: object) -> Job | None:
    """The job of exactly this request on the channel, where it was submitted."""
    return session.jobs.find(session.owner, session.channel.fingerprint, request)


def result_of(session: Session, job: Job | None, kind: type[Result]) -> Result | None:
    """What is known of a job so far, as a record of its kind; None before there is anything."""
    if job is None:
        return None
    return _result(session.jobs.result, session.owner, job.id, (job.queued, job.status, job.seconds), kind)


@st.cache_resource(max_entries=32, show_spinner=False)  # read once for all redraws; records are frozen
def _result(
    _read: Callable[[str, str], str | None], owner: str, job_id: str, state: tuple, _kind: type[Result]
) -> Result | None:
    text = _read(owner, job_id)
    return from_json(_kind, text) if text else None


def model_of(session: Session, job_id: str) -> bytes:
    """The model file that came with a job, as safetensors. Raises BadInput where the job has been removed since."""
    model = session.jobs.model(session.owner, job_id)
    if model is None:
        raise BadInput(N_("This forecast has been removed; make it again."))
    return model


def show_job(session: Session, job: Job | str | None, kind: type[Result], draw: Callable[[Result], None]) -> None:
    """Show a job: `draw` is called with its result whenever there is one, whole or not. None shows nothing.

    A page that has drawn something of the job itself gives it as it was then, and is drawn again once that has ended.
    """
    job = session.jobs.job(session.owner, job) if isinstance(job, str) else job
    if job:
        looks = polling(session, [job], JOB_SECONDS)
        st.fragment(_show_job, run_every=looks.seconds)(session, job.id, looks, kind, draw)


def _show_job(
    session: Session, job_id: str, looks: Polling, kind: type[Result], draw: Callable[[Result], None]
) -> None:
    job = session.jobs.job(session.owner, job_id)
    if job is None or (looks.seconds and not job.active) or looks.is_over([job]):
        st.rerun()
    if job.active:
        _progress(session, job)
    elif job.reason:
        st.error(escape_markdown(job.reason.translated(session.translate)), icon=":material/error:")
    elif job.status == "stopped":
        st.info(session.translate(N_("Stopped before the result was complete.")), icon=":material/stop_circle:")
    if (result := result_of(session, job, kind)) is not None:
        draw(result)


def _progress(session: Session, job: Job) -> None:
    text = waiting(session, job.id) if job.status == "queued" else session.translate(N_("In progress"))
    if (left := _seconds_left(job)) is not None:
        text = session.translate(N_("In progress, {left} left")).format(left=duration(left, session.translate))
    bar, stop = st.columns([4, 1], vertical_alignment="center")
    bar.progress(job.share, text)
    show_trouble_of_workers(session)
    label = session.translate(N_("Stop"))
    stop.button(
        label,
        key=f"stop-{job.id}",
        icon=":material/stop:",
        on_click=session.jobs.cancel,
        args=(session.owner, job.id),
        width="stretch",
    )


def waiting(session: Session, job_id: str) -> str:
    """Where a job stands that waits for a worker, in words."""
    place, translate = JobQueue(session.store.engine).place(job_id), session.translate
    if place is None or not place.before:
        return translate(N_("Waiting for a free worker"))
    text = N_("{count} job before yours", "{count} jobs before yours")
    said = Message(text, {"count": place.before}).translated(translate)
    if place.seconds is None:
        return said
    left = translate(N_("begins in {left}")).format(left=duration(place.seconds, translate))
    return translate(N_(", ")).join((said, left))


def epochs_done(session: Session, run: Run, history: History) -> str:
    """How far a run is and how long it still takes, in words."""
    translate = session.translate
    if not len(history):
        return waiting(session, run.id) if run.status == "queued" else translate(N_("Starting"))
    epochs, done = run.settings.training.epochs, len(history)
    left = duration(history.seconds[-1] / done * (epochs - done), translate)
    return translate(N_("Epoch {done} of {epochs}, {left} left")).format(done=done, epochs=epochs, left=left)


def _seconds_left(job: Job) -> float | None:
    """What was told by the last report, less the seconds that this page has seen pass since."""
    if job.seconds_left is None:
        return None
    report, seen = st.session_state.get(f"report-{job.id}", (None, 0.0))
    if report != job.seconds:
        seen = time.monotonic()
        st.session_state[f"report-{job.id}"] = job.seconds, seen
    return max(job.seconds_left - (time.monotonic() - seen), 1.0)


def duration(seconds: float, translate: Translate) -> str:
    """12 s, 22 min."""
    if seconds < 100:
        return translate(N_("{seconds} s")).format(seconds=f"{seconds:.0f}")
    return translate(N_("{minutes} min")).format(minutes=f"{seconds / 60:.0f}")
