"""Runs side by side: what differs in their settings, in their train and in their held-out losses."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.evaluation.run_results import held_out_days, results, training_days, updates_an_epoch
from forecasting.metrics import LOSS_NAMES
from forecasting.models.registry import SKILL_BASELINE
from forecasting.records import History, Run
from forecasting.series import Channel
from pages.parts import diagnosis_panel
from pages.parts.export import offer
from pages.parts.homework import offer_notebooks
from pages.parts.links import warn_invalid_query_param
from pages.parts.losses_table import LossesTable
from pages.parts.runs_table import RunsTable
from pages.parts.session import baseline_levels, open_page

AVERAGES = (1, 5, 10, 20, 50, 100)  # epochs

session = open_page()
translate = session.translate


def alike(runs: list[Run]) -> bool:
    """Whether the held-out losses can be compared; says so where they, or the train losses, cannot."""
    found: dict[str, set] = {
        translate("channels"): {run.fingerprint for run in runs},
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
        curve = charts.full_curve(histories[run.id], updates_an_epoch(channel.series, run), over)
        frames.append(curve.assign(run=run.name, solved=run.settings.solved_at_once))
    return pd.concat(frames, ignore_index=True).replace([np.inf, -np.inf], np.nan)  # no axis reaches as far


def choose_axes() -> tuple[str, int, bool]:
    """What the curves run along, over how many epochs they are averaged, and whether losses are in logarithms."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = {along: translate(word) for along, word in charts.ALONG.items()}
        warn_invalid_query_param("along", words.values(), translate)
        along = st.segmented_control(
            translate("Horizontal axis"),
            words,
            format_func=words.__getitem__,
            default="epoch",
            required=True,
            key="along",
            bind="query-params",
        )
        over = st.select_slider(
            translate("Smoothing (epochs)"),
            AVERAGES,
            key="average",
            bind="query-params",
            width=220,
            help=translate("Exponential moving average; the raw curve stays visible. 1 = no smoothing."),
        )
        return along, over, st.toggle(translate("Log scale"), True, key="log_scale", bind="query-params")


st.title(translate("Compare"))
st.caption(
    translate(
        "Tick runs to see their losses on the same axes. Thin and dashed: train. Strong, with its range "
        "over seeds: held-out."
    )
)

table = RunsTable(session)
chosen = table.choose()
if not table.scope:
    st.info(translate("No runs yet. Train a model, then come back."), icon=":material/model_training:")
    st.page_link("pages/train.py", label=translate("Train a model"), icon=":material/play_arrow:")
    st.stop()

channels = channels_of(chosen)
histories = {run.id: session.store.history(run.id) for run in chosen}
chosen = [run for run in chosen if run.fingerprint in channels and len(histories[run.id])]
if not chosen:
    st.info(translate("Tick a run that has been trained for an epoch or more."), icon=":material/check_box:")
    st.stop()
if len(chosen) > charts.RUN_COLOURS:
    text = translate("The first {most} of {count} ticked runs are shown.")
    st.caption(text.format(most=charts.RUN_COLOURS, count=len(chosen)))
chosen = chosen[: charts.RUN_COLOURS]
judged = [baseline_levels(channels[run.fingerprint], run.fingerprint, run.settings) for run in chosen]
comparable = alike(chosen)
lines, floor = judged[0] if comparable else ({}, None)
loss = " / ".join(sorted({LOSS_NAMES[run.settings.training.loss] for run in chosen}))
names = [run.name for run in chosen]
rows, weeks = [histories[run.id] for run in chosen], [known[SKILL_BASELINE] for known, _floor in judged]
frame = results(chosen, session.store.final_losses(session.owner), rows, weeks=weeks)

along, over, log = choose_axes()
left, right = st.columns([3, 2], gap="large")
with left, st.container(key="curves_chart"):
    st.subheader(translate("Losses during training"))
    curves = curves_of(chosen, channels, histories, over=over)
    thinned = pd.concat([curve.iloc[charts.thin(len(curve))] for _run, curve in curves.groupby("run", sort=False)])
    chart = charts.compared_curves(
        thinned, names, loss, log=log, translate=translate, levels=lines, floor=floor, along=along, averaged=over > 1
    )
    st.altair_chart(chart, alt=translate("Loss curves of the ticked runs"))
with right, st.container(key="gap_chart"):
    st.subheader(translate("Train and held-out"))
    finite = frame[np.isfinite(frame["train"]) & np.isfinite(frame["held_out"])]
    if len(finite):
        chart = charts.generalization_gap(finite, names, loss, log=log, translate=translate, levels=lines, floor=floor)
        st.altair_chart(
            chart, alt=translate("Train and held-out loss of every ticked run, with the diagonal of no gap")
        )
    else:
        st.caption(translate("None of these runs ended with a finite loss."))

st.subheader(translate("Final losses"))
numbers = LossesTable(session, chosen, frame, lines, floor).draw(
    channels[chosen[0].fingerprint] if comparable else None
)

offer(
    session,
    {"losses": (translate("Final losses"), numbers), "curves": (translate("Losses during training"), curves)},
    {
        "curves": (translate("Losses during training"), "curves_chart"),
        "gap": (translate("Train and held-out"), "gap_chart"),
    },
)
offer_notebooks(session, chosen, {run.fingerprint: channels[run.fingerprint] for run in chosen})
with st.expander(translate("Diagnosis"), icon=":material/troubleshoot:", key="diagnosis", bind="query-params") as panel:
    if panel.open:
        diagnosis_panel.draw_set(session, chosen, lambda: st.switch_page("pages/train.py", query_params={}))
