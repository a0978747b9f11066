"""What a page hands out of a run as homework: a notebook, a program, and the file that they read. No page either."""

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from forecasting.forecasts.homework import Homework, as_notebook, as_program, why_not
from forecasting.messages import N_
from forecasting.reading import to_csv
from forecasting.records import Run
from forecasting.series import Channel
from pages.parts.links import escape_markdown
from pages.parts.session import Session

FILE = "views.csv"  # beside the notebook
LOOK: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}  # nothing on the page changes
WHAT = N_("The same training without Viewcast, in three steps of plain PyTorch. Put the CSV into the same folder.")
CLEAN = N_("Clean series as CSV")


def homework_of(session: Session, run: Run, channel: Channel, file: str = FILE) -> Homework | None:
    """A run that has ended, with the losses it ended at; None before, and for a run without an epoch."""
    return _homework_of(session.store.final_losses(session.owner, run.id), run, channel, file)


def _homework_of(losses: pd.DataFrame, run: Run, channel: Channel, file: str) -> Homework | None:
    """The same from what the store says of the last `losses` of any runs."""
    ends = losses[losses["run"] == run.id]
    if run.status not in ("finished", "stopped") or not len(ends):
        return None
    end = ends.iloc[0]
    epochs = run.settings.training.epochs if run.status == "finished" else int(end["epochs"])
    return Homework(run.settings, channel.series, file, epochs, (end["train"], end["held_out"]), run.name)


def offer_homework(session: Session, run: Run, channel: Channel) -> None:
    """Notebook, program and clean series of a run that has ended; or why there is no notebook."""
    translate, homework = session.translate, homework_of(session, run, channel)
    if homework is None:
        return
    with st.expander(translate(N_("This run in PyTorch")), icon=":material/school:"):
        if why := why_not(run.settings):
            st.caption(escape_markdown(why.translated(translate)))
            return
        st.write(translate(WHAT))
        with st.container(horizontal=True):
            _notebook_button(session, run, homework, translate(N_("Notebook in plain PyTorch")))
            label, name = translate(N_("The same as a program")), f"{_file_name(run)}.py"
            st.download_button(label, lambda: as_program(homework), name, "text/x-python", key="program", **LOOK)
            _clean_series_button(channel, FILE, translate(CLEAN))


def offer_notebooks(session: Session, runs: list[Run], channels: dict[str, Channel]) -> None:
    """A notebook for each of `runs` that has ended, and the clean series of each of `channels` (by fingerprint)."""
    translate = session.translate
    several = len(channels) > 1
    files = {key: f"views-{place}.csv" if several else FILE for place, key in enumerate(channels, 1)}
    losses = session.store.final_losses(session.owner)
    homeworks = [(run, _homework_of(losses, run, channels[run.fingerprint], files[run.fingerprint])) for run in runs]
    ended = [(run, homework) for run, homework in homeworks if homework]
    if not ended:
        return
    with st.expander(translate(N_("These runs in PyTorch")), icon=":material/school:"):
        st.write(translate(WHAT))
        with st.container(horizontal=True):
            for run, homework in ended:
                if not why_not(run.settings):
                    _notebook_button(session, run, homework, run.name)
            for key, channel in channels.items():
                _clean_series_button(
                    channel, files[key], f"{translate(CLEAN)}: {files[key]}" if several else translate(CLEAN)
                )
        for run, _homework in ended:
            if why := why_not(run.settings):
                said = translate(N_("“{run}”: {why}")).format(run=run.name, why=why.translated(translate))
                st.caption(escape_markdown(said))


def _notebook_button(session: Session, run: Run, homework: Homework, label: str) -> None:
    """The notebook in the visitor's language."""
    st.download_button(
        escape_markdown(label),
        lambda: as_notebook(homework, session.translate),
        f"{_file_name(run)}.ipynb",
        "application/x-ipynb+json",
        key=f"notebook-{run.id}",
        **LOOK,
    )


def _clean_series_button(channel: Channel, file: str, label: str) -> None:
    """What the program reads: days that nothing is learnt from are in it as a model sees them."""
    seen = replace(channel, views=channel.series.inputs)
    st.download_button(label, lambda: to_csv(seen), file, "text/csv", key=f"clean-{file}", **LOOK)


def _file_name(run: Run) -> str:
    """The run's name as that of a file."""
    return re.sub(r"[^\w.-]+", "-", run.name).strip("-.") or "run"
