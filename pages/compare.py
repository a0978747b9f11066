"""Runs side by side: what differs in their settings, in their train and in their held-out losses."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.judging.comparison import held_out_days, results, training_days, updates_an_epoch
from forecasting.judging.metrics import NAMES
from forecasting.runs import Run
from pages.parts import diagnosis_panel
from pages.parts.export import offer
from pages.parts.losses_table import WEEK, LossesTable
from pages.parts.runs_table import RunsTable
from pages.parts.session import note_bad_link, open_page, references

AVERAGES = (1, 5, 10, 20, 50, 100)  # epochs

here = open_page()
_ = here.say


def alike(runs: list[Run]) -> bool:
    """Whether the held-out losses can be held against each other; says so where they, or the train losses, cannot."""
    found = {
        _("channels"): {run.fingerprint for run in runs},
        _("days ahead"): {run.settings.architecture.horizon for run in runs},
        _("held-out days"): {held_out_days(run) for run in runs},
        _("losses (MAE and RMSE)"): {run.settings.training.loss for run in runs},
    }
    if unlike := [word for word, kinds in found.items() if len(kinds) > 1]:
        text = _("These runs do not share their {differences}, so a lower curve need not be a better model.")
        st.warning(text.format(differences=", ".join(unlike)), icon=":material/balance:")
    elif len({training_days(run) for run in runs}) > 1:
        text = _(
            "These runs learn from different days: hold their held-out losses against each other, not train losses."
        )
        st.warning(text, icon=":material/balance:")
    return not unlike


def curves_of(runs: list[Run], over: int) -> pd.DataFrame:
    """Whole curves of all runs: run, solved, and the columns of a full_curve."""
    frames = []
    for run in runs:
        channel = channels[run.fingerprint]
        curve = charts.full_curve(histories[run.id], updates_an_epoch(channel.views, run, channel.filled), over)
        frames.append(curve.assign(run=run.name, solved=run.settings.solved_at_once))
    return pd.concat(frames, ignore_index=True).replace([np.inf, -np.inf], np.nan)  # no axis reaches as far


def choose_axes() -> tuple[str, int, bool]:
    """What the curves run along, over how many epochs they are averaged, and whether losses are in logarithms."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = {along: _(word) for along, word in charts.ALONG.items()}
        note_bad_link("along", words.values(), _)
        along = st.segmented_control(
            _("Horizontal axis"),
            words,
            format_func=words.get,
            default="epoch",
            required=True,
            key="along",
            bind="query-params",
        )
        over = st.select_slider(
            _("Average over epochs"),
            AVERAGES,
            key="average",
            bind="query-params",
            width=220,
            help=_("An exponential moving average; the raw curve stays in sight. 1 averages nothing."),
        )
        return along, over, st.toggle(_("Log scale"), True, key="log_scale", bind="query-params")


st.title(_("Compare"))
st.caption(_("Tick runs to see their losses on the same axes: train thin and dashed, held-out strong with its range."))

table = RunsTable(here)
chosen = table.choose()
if not table.scope:
    st.info(_("No runs yet. Train a model, then come back."), icon=":material/model_training:")
    st.page_link("pages/train.py", label=_("Train a model"), icon=":material/play_arrow:")
    st.stop()

histories = {run.id: here.store.history(run.id) for run in chosen}
chosen = [run for run in chosen if len(histories[run.id])]
if not chosen:
    st.info(_("Tick a run that has been trained for an epoch or more."), icon=":material/check_box:")
    st.stop()
if len(chosen) > charts.RUN_COLOURS:
    text = _("The first {most} of {count} ticked runs are shown.")
    st.caption(text.format(most=charts.RUN_COLOURS, count=len(chosen)))
chosen = chosen[: charts.RUN_COLOURS]
channels = {key: here.store.channel(here.owner, key) for key in {run.fingerprint for run in chosen}}
judged = [references(channels[run.fingerprint], run.fingerprint, run.settings) for run in chosen]
comparable = alike(chosen)
lines, floor = judged[0] if comparable else ({}, None)
loss = " / ".join(sorted({NAMES[run.settings.training.loss] for run in chosen}))
names = [run.name for run in chosen]
rows, weeks = [histories[run.id] for run in chosen], [known[WEEK] for known, _floor in judged]
frame = results(chosen, here.store.final_losses(here.owner), rows, weeks)

along, over, log = choose_axes()
left, right = st.columns([3, 2], gap="large")
with left, st.container(key="curves_chart"):
    st.subheader(_("Losses along the way"))
    curves = curves_of(chosen, over)
    thinned = pd.concat([curve.iloc[charts.thin(len(curve))] for _run, curve in curves.groupby("run", sort=False)])
    chart = charts.compared_curves(thinned, names, loss, log, _, lines, floor, along, over > 1)
    st.altair_chart(chart, alt=_("Loss curves of the ticked runs"))
with right, st.container(key="gap_chart"):
    st.subheader(_("Train against held-out"))
    finite = frame[np.isfinite(frame["train"]) & np.isfinite(frame["held_out"])]
    if len(finite):
        chart = charts.generalization_gap(finite, names, loss, log, _, lines, floor)
        st.altair_chart(chart, alt=_("Train and held-out loss of every ticked run, with the diagonal of no gap"))
    else:
        st.caption(_("None of these runs ended with a loss that is a number."))

st.subheader(_("Losses at the end"))
numbers = LossesTable(here, chosen, frame, lines, floor).draw(channels[chosen[0].fingerprint] if comparable else None)

offer(
    here,
    {"losses": (_("Losses at the end"), numbers), "curves": (_("Losses along the way"), curves)},
    {"curves": (_("Losses along the way"), "curves_chart"), "gap": (_("Train against held-out"), "gap_chart")},
)
with st.expander(_("Diagnosis"), icon=":material/troubleshoot:", key="diagnosis", bind="query-params") as panel:
    if panel.open:
        diagnosis_panel.draw_set(here, chosen, lambda: st.switch_page("pages/train.py", query_params={}))
