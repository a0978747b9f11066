"""The server as its host sees it: queue, workers, memory, store, slowest pages, latest errors. For nobody else."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from forecasting.jobs.overview import QueueState, WorkerState, queue_states, server_memory, store_size, worker_states
from forecasting.messages import N_
from forecasting.server_log import SERVER_LOG
from pages.parts.job_progress import duration
from pages.parts.session import open_page
from pages.parts.watch import refuse_unless_admin

REFRESH_SECONDS = 5.0


refuse_unless_admin()
session = open_page()
translate = session.plain


def table(title: str, columns: Mapping[str, object], nothing: str) -> None:
    """A small table under a heading, or a sentence where it has no rows."""
    st.subheader(translate(title))
    frame = pd.DataFrame({translate(name): values for name, values in columns.items()})
    if frame.empty:
        st.caption(translate(nothing))
    else:
        st.dataframe(frame, hide_index=True, width="stretch", key=title)


def megabytes(value: float) -> str:
    """A size as the page shows it."""
    return f"{value:,.{0 if value >= 10 else 1}f} MB" if value else "–"


def seconds(value: float) -> str:
    """A rerun's time as the page shows it."""
    return translate(N_("{seconds} s")).format(seconds=f"{value:.2f}")


def since(value: float | None) -> str:
    """How long something has gone on; a dash where nothing has."""
    return "–" if value is None else duration(value, translate)


@st.fragment(run_every=REFRESH_SECONDS)
def draw() -> None:
    """All of it, as it is now."""
    queue, workers = queue_states(session.store.engine), worker_states(session.workers)
    draw_figures(sum(state.waiting for state in queue), busy=sum(state.kind is not None for state in workers))
    draw_queue(queue)
    draw_workers(workers)
    draw_pages()
    draw_troubles()


def draw_figures(waiting: int, busy: int) -> None:
    """The four numbers that tell whether all is well."""
    with st.grid(4, min_column_width=150):
        st.metric(translate("Memory of the server"), megabytes(server_memory()))
        st.metric(translate("Store"), megabytes(store_size(session.store.engine)))
        st.metric(translate("Jobs that wait"), waiting)
        st.metric(translate("Workers at work"), f"{busy} / {session.workers.slots}")


def draw_queue(queue: Sequence[QueueState]) -> None:
    """By kind of job."""
    columns = {
        N_("Kind of job"): [state.kind for state in queue],
        N_("Waiting"): [state.waiting for state in queue],
        N_("Being worked on"): [state.running for state in queue],
        N_("Longest wait"): [since(state.oldest_wait) for state in queue],
    }
    table(N_("Queue"), columns, N_("No job waits or runs."))


def draw_workers(workers: Sequence[WorkerState]) -> None:
    """A line a place for a job."""
    columns = {
        N_("Process"): [str(state.process or "–") for state in workers],
        N_("Memory"): [megabytes(state.memory) for state in workers],
        N_("Kind of job"): [state.kind or "–" for state in workers],
        N_("Running for"): [since(state.seconds) for state in workers],
    }
    table(N_("Workers"), columns, N_("This server has no workers."))


def draw_pages() -> None:
    """How long reruns took, the slowest page first."""
    pages = SERVER_LOG.pages()
    columns = {
        N_("Page"): [one.page for one in pages],
        N_("Reruns"): [one.reruns for one in pages],
        N_("Median"): [seconds(one.median) for one in pages],
        N_("95th percentile"): [seconds(one.p95) for one in pages],
    }
    table(N_("Time a rerun takes"), columns, N_("No page has been opened yet."))


def draw_troubles() -> None:
    """The class of each error alone: its text may hold a visitor's words. The server's log has the place."""
    troubles = SERVER_LOG.troubles()
    columns = {
        N_("Time (UTC)"): [f"{one.when:%Y-%m-%d %H:%M:%S}" for one in troubles],
        N_("Page or kind of job"): [one.where for one in troubles],
        N_("Kind of error"): [one.error for one in troubles],
    }
    table(N_("Latest errors"), columns, N_("No page and no job has ended with an error."))


st.title(translate("This server"))
said = translate("Since {time} UTC. Refreshed every {seconds} seconds.")
st.caption(said.format(time=f"{SERVER_LOG.since:%Y-%m-%d %H:%M}", seconds=f"{REFRESH_SECONDS:.0f}"))
draw()
