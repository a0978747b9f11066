"""Runs side by side: what differs in their settings, in their train and in their held-out losses."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.evaluation.run_results import held_out_days, results, training_days
from forecasting.messages import N_
from forecasting.metrics import LOSS_NAMES
from forecasting.models.registry import SKILL_BASELINE
from forecasting.records import History, Run
from forecasting.series import Channel
from pages.parts import curvature_panel, diagnosis_panel
from pages.parts.chart import draw_chart
from pages.parts.export import offer
from pages.parts.homework import offer_notebooks
from pages.parts.job_progress import epochs_done
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.losses_table import LossesTable
from pages.parts.polling import TABLE_SECONDS, WAITING_SECONDS, Polling, polling
from pages.parts.run_settings import updates_of
from pages.parts.runs_table import RunsTable
from pages.parts.session import baseline_levels, open_page
from pages.parts.store_trouble import show_trouble_of_workers

AVERAGES = (1, 5, 10, 20, 50, 100)  # epochs
GRADIENT_NORM = N_(
    "Mean length of the gradient over an epoch's updates, of the loss that is minimised. It is small where training "
    "stands still: at a minimum or a saddle."
)
LAST_PARTS = (100, 50, 25, 10, 5)  # per cent of the horizontal axis

session = open_page()
translate = session.translate


def alike(runs: list[Run]) -> bool:
    """Whether the held-out losses can be compared; says so where they, or the train losses, cannot."""
    newest = session.channels.newest_of_all(session.owner)
    found: dict[str, set] = {
        translate("channels"): {newest.get(run.fingerprint) for run in runs},
        translate("days ahead"): {run.settings.architecture.horizon for run in runs},
        translate("held-out days"): {held_out_days(run) for run in runs},
        translate("losses (MAE and RMSE)"): {run.settings.training.loss for run in runs},
    }
    if unique_name := [word for word, kinds in found.items() if len(kinds) > 1]:
        text = translate("These runs do not share their {differences}, so a lower curve need not be a better model.")
        st.warning(text.format(differences=", ".join(unique_name)), icon=":material/balance:")
    elif len({training_days(run) for run in runs}) > 1:
        text = translate(
            "These runs were trained on different days: compare their held-out losses, not their train losses."
        )
        st.warning(text, icon=":material/balance:")
    return not unique_name


def channels_of(runs: list[Run]) -> dict[str, Channel]:
    """The runs' channels by fingerprint; one that has been removed since the runs were read is not there."""
    found = {
        key: session.channels.channel(session.owner, key) for key in dict.fromkeys(run.fingerprint for run in runs)
    }
    return {key: channel for key, channel in found.items() if channel}


def curves_of(
    runs: list[Run], channels: dict[str, Channel], histories: dict[str, History], *, over: int
) -> pd.DataFrame:
    """Whole curves of all runs: run, solved, and the columns of a full_curve."""
    frames = []
    for run in runs:
        channel = channels[run.fingerprint]
        curve = charts.full_curve(histories[run.id], updates_of(channel.series, run.fingerprint, run.settings), over)
        frames.append(curve.assign(run=run.name, solved=run.settings.solved_at_once))
    return pd.concat(frames, ignore_index=True).replace([np.inf, -np.inf], np.nan)  # no axis reaches as far


def choose_view() -> tuple[charts.CurveView, int]:
    """How the curves are looked at, and over how many epochs they are averaged."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        along = choose_word("along", translate("Horizontal axis"), charts.ALONG)
        period = choose_word("period", translate("Losses"), charts.PERIODS)
        last = st.select_slider(
            translate("Last part shown"),
            LAST_PARTS,
            format_func="{} %".format,
            key="last_part",
            bind="query-params",
            width=180,
            help=translate("Share of the horizontal axis, up to its end."),
        )
        over = st.select_slider(
            translate("Smoothing (epochs)"),
            AVERAGES,
            key="average",
            bind="query-params",
            width=180,
            help=translate("Exponential moving average; the raw curve stays visible. 1 = no smoothing."),
        )
        log = st.toggle(translate("Log scale"), True, key="log_scale", bind="query-params")
        return charts.CurveView(along, log, averaged=over > 1, period=period, last=last / 100), over


def choose_word(key: str, label: str, options: dict[str, str]) -> str:
    """One of a few words, the first by default."""
    words = {option: translate(word) for option, word in options.items()}
    warn_invalid_query_param(key, words.values(), translate)
    return st.segmented_control(
        label,
        words,
        format_func=words.__getitem__,
        default=next(iter(words)),
        required=True,
        key=key,
        bind="query-params",
    )


def draw_waiting(runs: list[Run], histories: dict[str, History]) -> None:
    """How far each ticked run is that is being trained, or waits for a worker."""
    for run in runs:
        if run.active:
            epochs, done = run.settings.training.epochs, len(histories[run.id])
            st.progress(done / epochs, f"{escape_markdown(run.name)}: {epochs_done(session, run, histories[run.id])}")
    if any(run.active for run in runs):
        show_trouble_of_workers(session)


def watch(drawn: list[Run], redraws: Iterator[int], looks: Polling) -> dict[str, Run]:
    """All runs as they are now. The page is drawn anew once one of those that it has `drawn` has ended."""
    now = {run.id: run for run in session.store.runs(session.owner)}
    ended = any(run.active and not (run.id in now and now[run.id].active) for run in drawn)
    # The table has the losses and the state of all runs. A rerun of the whole page is not cut short.
    if next(redraws) > 0 and (ended or looks.is_over([now[run.id] for run in drawn if run.id in now])):
        st.rerun()
    return now


def draw(ticked: list[Run], redraws: Iterator[int], looks: Polling) -> None:
    """Curves and losses of the ticked runs, drawn anew by themselves while any of them is trained."""
    now = watch(ticked, redraws, looks)
    channels = channels_of(ticked)
    runs = [replace(now[run.id], name=run.name) for run in ticked if run.id in now and run.fingerprint in channels]
    histories = {run.id: session.store.history(run.id) for run in runs}
    draw_waiting(runs, histories)
    draw_trained(runs, channels, histories, saved=not looks.seconds)


def draw_trained(runs: list[Run], channels: dict[str, Channel], histories: dict[str, History], *, saved: bool) -> None:
    """The results of the runs that have an epoch or more, as many as there are colours."""
    chosen = [run for run in runs if len(histories[run.id])]
    if len(chosen) > charts.RUN_COLOURS:
        text = translate("The first {most} of {count} ticked runs are shown.")
        st.caption(text.format(most=charts.RUN_COLOURS, count=len(chosen)))
    if chosen:
        draw_results(chosen[: charts.RUN_COLOURS], channels, histories, saved=saved)
    elif not any(run.active for run in runs):
        st.info(translate("Tick a run that has been trained for an epoch or more."), icon=":material/check_box:")


def draw_results(
    chosen: list[Run], channels: dict[str, Channel], histories: dict[str, History], *, saved: bool
) -> None:
    """Curves beside the gap, then the table of losses, and with `saved` all of it as files."""
    judged = [baseline_levels(channels[run.fingerprint], run.fingerprint, run.settings) for run in chosen]
    comparable = alike(chosen)
    lines, floor = judged[0] if comparable else ({}, None)
    weeks = [known[SKILL_BASELINE] for known, _floor in judged]
    rows = [histories[run.id] for run in chosen]
    frame = results(chosen, session.store.final_losses(session.owner), rows, weeks=weeks)
    view, over = choose_view()
    curves = curves_of(chosen, channels, histories, over=over)
    left, right = st.columns([3, 2], gap="large")
    with left:
        draw_curves(curves, chosen, view, levels=lines, floor=floor)
    with right, st.container(key="gap_chart"):
        draw_gap(frame, chosen, log=view.log, levels=lines, floor=floor)
    st.subheader(translate("Final losses"))
    losses = LossesTable(session, chosen, frame, lines, floor)
    numbers = losses.draw(channels[chosen[0].fingerprint] if comparable else None)
    if saved:
        offer_files(numbers, curves)


def draw_curves(
    curves: pd.DataFrame, runs: list[Run], view: charts.CurveView, *, levels: dict[str, float], floor: float | None
) -> None:
    """Losses, and below them on the same axis the length of the gradient."""
    names = [run.name for run in runs]
    with st.container(key="curves_chart"):
        st.subheader(translate("Losses during training"))
        chart = partial(
            charts.compared_curves,
            curves,
            names,
            losses_of(runs),
            view=view,
            translate=translate,
            levels=levels,
            floor=floor,
        )
        draw_chart(session, chart, alt=translate("Loss curves of the ticked runs"))
    if all(run.settings.solved_at_once for run in runs):
        return
    with st.container(key="gradient_chart"):
        st.markdown(f"**{translate('Gradient norm')}**", help=translate(GRADIENT_NORM))
        chart = partial(charts.gradient_norms, curves, names, view=view, translate=translate)
        draw_chart(session, chart, alt=translate("Gradient norm of the ticked runs"))


def draw_gap(frame: pd.DataFrame, runs: list[Run], *, log: bool, levels: dict[str, float], floor: float | None) -> None:
    """Train against held-out loss."""
    st.subheader(translate("Train and held-out"))
    finite = frame[np.isfinite(frame["train"]) & np.isfinite(frame["held_out"])]
    if finite.empty:
        st.caption(translate("None of these runs ended with a finite loss."))
        return
    names = [run.name for run in runs]
    chart = partial(
        charts.generalization_gap,
        finite,
        names,
        losses_of(runs),
        log=log,
        translate=translate,
        levels=levels,
        floor=floor,
    )
    draw_chart(
        session, chart, alt=translate("Train and held-out loss of every ticked run, with the diagonal of no gap")
    )


def losses_of(runs: list[Run]) -> str:
    """What the runs' losses are called."""
    return " / ".join(sorted({LOSS_NAMES[run.settings.training.loss] for run in runs}))


def offer_files(numbers: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Tables and charts to save."""
    losses, gap = translate("Losses during training"), translate("Train and held-out")
    tables = {"losses": (translate("Final losses"), numbers), "curves": (losses, curves)}
    pictures = {"curves": (losses, "curves_chart"), "gap": (gap, "gap_chart")}
    pictures |= {"gradient": (translate("Gradient norm"), "gradient_chart")}
    offer(session, tables, pictures)


st.title(translate("Compare"))
st.caption(
    translate(
        "Tick runs to see their losses on the same axes. Thin and dashed: train. Strong, with its range "
        "over seeds: held-out. Each run has a marker of its own."
    )
)

table = RunsTable(session)
chosen = table.choose()
if not table.scope:
    st.info(translate("No runs yet. Train a model, then come back."), icon=":material/model_training:")
    st.page_link("pages/train.py", label=translate("Train a model"), icon=":material/play_arrow:")
    st.stop()

ticked = {run.id for run in chosen}
looks = polling(session, chosen, TABLE_SECONDS)
st.fragment(draw, run_every=looks.seconds)(chosen, count(), looks)
if others := [run for run in table.scope if run.active and run.id not in ticked]:
    looks = polling(session, others, WAITING_SECONDS)
    st.fragment(watch, run_every=looks.seconds)(others, count(), looks)
done = [run for run in chosen if session.store.epochs_done(run.id)][: charts.RUN_COLOURS]
if channels := channels_of(done):
    done = [run for run in done if run.fingerprint in channels]
    offer_notebooks(session, done, channels)
    with st.expander(
        translate("Diagnosis"), icon=":material/troubleshoot:", key="diagnosis", bind="query-params"
    ) as panel:
        if panel.open:
            diagnosis_panel.draw_set(session, done, lambda: st.switch_page("pages/train.py", query_params={}))
    title = translate("Curvature along the training")
    with st.expander(title, icon=":material/landscape:", key="curvature", bind="query-params") as panel:
        if panel.open:
            curvature_panel.draw(session, done)
