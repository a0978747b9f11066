"""The lecture's table of models, trained on the channel in one go beside the lecture's own figures."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.lectures.model_table import (
    EPOCHS,
    ROWS,
    SEEDS,
    LectureRow,
    Outcome,
    best_on,
    table_settings,
    what_it_shows,
)
from forecasting.messages import BadInput
from forecasting.records import Run
from forecasting.settings import BOUNDS, RunSettings
from pages.parts.job_progress import TABLE_SECONDS
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.session import baseline_levels, open_page
from pages.parts.settings_form import STATES, queue
from pages.parts.split_control import choose_split

session = open_page()
translate = session.translate


def ids_of(settings: list[RunSettings]) -> list[str]:
    """The store's names of all rows, in order."""
    return [one.run_id(session.channel.fingerprint, session.owner) for one in settings]


def start(settings: list[RunSettings]) -> None:
    """Queue every row that is not there yet; what was stopped goes on."""
    for one in settings:
        queue(session, one)
    session.workers.fill()


def stop(ids: list[str]) -> None:
    """Stop what is running and what waits."""
    for run_id in ids:
        session.jobs.cancel(session.owner, run_id)


def outcomes_of(ids: list[str], runs: dict[str, Run]) -> dict[LectureRow, Outcome]:
    """What each row that has begun has come to so far, in the table's order."""
    last = session.store.final_losses(session.owner).set_index("run")
    found = {}
    for row, run_id in zip(ROWS, ids, strict=True):
        if run_id in runs and runs[run_id].status == "failed":
            found[row] = Outcome.diverged(row)
        elif run_id in last.index:
            losses = last.loc[run_id, ["train_seeds", "held_out_seeds"]]
            found[row] = Outcome.of(row, *losses, errors_of(run_id))
    return found


def errors_of(run_id: str) -> np.ndarray | None:
    """Absolute errors (seeds, held-out days) in views of a run that has ended."""
    predicted = session.store.predictions(run_id)
    return None if predicted is None else np.abs(predicted.T - session.channel.views[predicted.index]).to_numpy()


def loss_of(outcome: Outcome, period: str, best: bool) -> str:
    """371 ± 4 ★, as text: a table of two numbers a cell; no number for what diverged."""
    mean, spread = getattr(outcome, period), getattr(outcome, f"{period}_spread")
    mark = " ★" if best else ""
    if not np.isfinite(mean):
        return mark
    return (f"{mean:,.0f} ± {spread:,.0f}" if spread == spread else f"{mean:,.0f}") + mark


def best_rows(found: dict[LectureRow, Outcome], runs: dict[str, Run], ids: list[str]) -> dict[str, LectureRow | None]:
    """The row with the smallest mean on each period, of those trained to the end."""
    ended = {run_id for run_id, run in runs.items() if run.status == "finished"}
    whole = [found[row] for row, run_id in zip(ROWS, ids, strict=True) if row in found and run_id in ended]
    return {period: best_on(whole, period).row if whole else None for period in ("train", "held_out")}


def draw_table(found: dict[LectureRow, Outcome], runs: dict[str, Run], ids: list[str]) -> None:
    """A line a row: ours with the best of those trained to the end marked, and the lecture's."""
    best = best_rows(found, runs, ids)

    def column(period: str) -> list[str]:
        return [loss_of(found[row], period, best=best[period] is row) if row in found else "" for row in ROWS]

    states = [runs[run_id].status if run_id in runs else "" for run_id in ids]
    lines = {
        translate("Model"): [translate(row.name) for row in ROWS],
        translate("Train, MAE"): column("train"),
        translate("Held-out, MAE"): column("held_out"),
        translate("Lecture, 2017–2020"): [row.train for row in ROWS],
        translate("Lecture, early 2021"): [row.unseen for row in ROWS],
        translate("State"): [translate(STATES[state]) if state else "" for state in states],
    }
    st.dataframe(
        pd.DataFrame(lines), hide_index=True, height="content", placeholder="–", alt=translate("The lecture's table")
    )
    st.caption(
        translate(
            "★ is the smallest mean of the models trained to the end. ± is one standard deviation over seeds."
            " The lecture's channel is another one."
        )
    )


def draw_progress(runs: dict[str, Run], settings: list[RunSettings], ids: list[str]) -> None:
    """How many rows are done, and a button that stops them all."""
    done = sum(run_id in runs and not runs[run_id].active for run_id in ids)
    bar, button = st.columns([4, 1], vertical_alignment="center")
    bar.progress(done / len(ids), translate("{done} of {rows} models trained").format(done=done, rows=len(ids)))
    button.button(translate("Stop"), icon=":material/stop:", on_click=stop, args=(ids,), width="stretch")


def live(settings: list[RunSettings], was_active: bool) -> None:
    """Chart and table; drawn again by themselves while rows are trained."""
    ids = ids_of(settings)
    runs = {run.id: run for run in session.store.runs(session.owner) if run.id in ids}
    active = any(run.active for run in runs.values())
    if was_active and not active:
        st.rerun()
    found = outcomes_of(ids, runs)
    outcomes = list(found.values())
    lines, floor = baseline_levels(session.channel, session.channel.fingerprint, settings[0])
    bars = pd.DataFrame(
        [(translate(o.row.name), o.train, o.held_out) for o in outcomes if o.seeds],
        columns=["run", "train", "held_out"],
        dtype=object,
    )
    if len(bars):
        chart = charts.final_losses(bars, "MAE", translate, levels=lines, floor=floor)
        st.altair_chart(chart, key="bars", alt=translate("Train and held-out loss of the lecture's models"))
    if active:
        draw_progress(runs, settings, ids)
    elif all(run_id in runs and runs[run_id].status in ("finished", "failed") for run_id in ids):
        st.info(what_it_shows(outcomes).translated(translate), icon=":material/lightbulb:")
    draw_table(found, runs, ids)


st.title(translate("Lecture's table"))
st.caption(translate("From one day of input to five layers: the models of the lecture, trained on this channel."))
controls, picture = st.columns([1, 3], gap="medium")

with controls:
    for key, name in (("table_epochs", "epochs"), ("table_seeds", "seeds")):
        warn_invalid_query_param(key, BOUNDS[name], translate)
    try:
        split = choose_split(session.channel.views, translate)
        epochs = st.number_input(
            translate("Epochs"), *BOUNDS["epochs"], EPOCHS, step=50, key="table_epochs", bind="query-params"
        )
        seeds = st.number_input(translate("Seeds"), *BOUNDS["seeds"], SEEDS, key="table_seeds", bind="query-params")
        settings = table_settings(split, epochs, seeds)
        baseline_levels(session.channel, session.channel.fingerprint, settings[0])
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
        st.stop()
    if st.button(translate("Train all models"), type="primary", icon=":material/play_arrow:", width="stretch"):
        start(settings)

with picture:
    mine = set(ids_of(settings))
    active = any(run.active for run in session.store.runs(session.owner) if run.id in mine)
    st.fragment(live, run_every=TABLE_SECONDS if active else None)(settings, active)
