"""Runs side by side: what differs in their settings, in their train and in their held-out losses."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.baselines import BASELINES
from forecasting.comparison import against, held_out_days, results, training_days, updates_an_epoch
from forecasting.difference import Difference
from forecasting.errors import N_
from forecasting.metrics import NAMES, skill
from forecasting.runs import Run
from pages import diagnosis_panel
from pages.export import offer
from pages.runs_table import RunsTable
from pages.session import fall_back, note_bad_link, open_page, plain, references

MOST_DRAWN = 16  # curves: the palette twice over
AVERAGES = (1, 5, 10, 20, 50, 100)  # epochs
DIFFERENCE = ("difference", "low", "high", "answer")
WEEK = "Same day last week"
FLOOR = N_("Smallest possible, held-out")

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
    return pd.concat(frames, ignore_index=True)


@st.cache_data(max_entries=512, show_spinner=False)
def held_against(key: tuple, _run: Run, _other: Run | str, _views: pd.Series) -> Difference | None:
    """Held-out error of a run less that of another or of a baseline; None before both have predictions.

    `key` names both as they are now: a run that goes on is another one afterwards.
    """
    found = here.store.predictions(_run.id)
    theirs = here.store.predictions(_other.id) if isinstance(_other, Run) else None
    if found is None or (isinstance(_other, Run) and (theirs is None or not theirs.index.equals(found.index))):
        return None
    return against(_run, found, _other, theirs, _views)


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


def choose_reference(runs: list[Run]) -> Run | str:
    """What the others are held against: one of the runs or a baseline."""
    offered = {run.id: run for run in runs} | {name: name for name in BASELINES}
    fall_back("against", offered, runs[0].id)
    chosen = st.selectbox(
        _("Held against"),
        offered,
        format_func=lambda key: _(key) if key in BASELINES else offered[key].name,
        key="against",
        bind="query-params",
        width=360,
    )
    return offered[chosen]


def hold_against(runs: list[Run], other: Run | str) -> dict[str, Difference]:
    """Every other run with predictions against one: name -> difference."""
    views, found = channels[runs[0].fingerprint].views, {}
    for run in runs:
        if run is not other:
            now = [(one.id, one.queued, one.status) if isinstance(one, Run) else one for one in (run, other)]
            found[run.name] = held_against(tuple(now), run, other, views)
    return {name: difference for name, difference in found.items() if difference}


def baseline_lines(lines: dict[str, float], floor: float | None) -> pd.DataFrame:
    """What needs no model, as further lines of the table."""
    lines = lines | ({FLOOR: floor} if floor is not None else {})
    frame = pd.DataFrame({"run": [_(name) for name in lines], "held_out": list(lines.values())})
    return frame.assign(skill=skill(frame["held_out"], lines[WEEK])) if len(frame) else frame


def draw_table(frame: pd.DataFrame, against: dict[str, Difference], other: str | None) -> None:
    """The losses in words, each with what it is held against."""
    columns = {
        "run": _("Run"),
        "seeds": _("Seeds"),
        "held_out": _("Held-out loss"),
        "train": _("Train loss"),
        "gap": _("Gap"),
        "skill": _("Skill"),
        "validation": _("Best validation"),
        "held_out_then": _("Held-out then"),
    }
    shown = frame.assign(skill=frame["skill"].round(2))[list(columns)].dropna(axis=1, how="all").rename(columns=columns)
    if against:
        cells = [against[name].short().say(_) if name in against else None for name in frame["run"]]
        shown.insert(3, _("Held-out error against {other}").format(other=other), cells)
    helps = {
        "gap": _("Held-out loss less train loss."),
        "skill": _("Share of the error of “same day last week” that is gone."),
        "validation": _("The lowest loss on the validation part; every seed has its own epoch."),
        "held_out_then": _("The held-out loss of the weights with the best validation loss."),
    }
    config = {
        columns[name]: st.column_config.NumberColumn(
            format="percent" if name == "skill" else "%.0f", help=helps.get(name)
        )
        for name in columns
        if name not in ("run", "seeds")
    }
    st.dataframe(
        shown,
        hide_index=True,
        height="content",
        placeholder="–",
        column_config=config,
        alt=_("Losses of the ticked runs"),
    )


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
if len(chosen) > MOST_DRAWN:
    st.caption(_("The first {most} of {count} ticked runs are shown.").format(most=MOST_DRAWN, count=len(chosen)))
chosen = chosen[:MOST_DRAWN]
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
    chart = charts.generalization_gap(finite, loss, log, _, lines, floor)
    st.altair_chart(chart, alt=_("Train and held-out loss of every ticked run, with the diagonal of no gap"))

st.subheader(_("Losses at the end"))
found, other = {}, None
if comparable:
    other = choose_reference(chosen)
    found = hold_against(chosen, other)
    other = other.name if isinstance(other, Run) else _(other)
    if len(found) == 1:
        ((name, difference),) = found.items()
        icon = ":material/help:" if difference.answer == "cannot tell" else ":material/balance:"
        st.info(plain(difference.sentence(name, other).say(_)), icon=icon)
whole = pd.concat([frame, baseline_lines(lines, floor)], ignore_index=True)
draw_table(whole, found, other)
if found:
    st.caption(
        _("Intervals are 90 %, over days in blocks of a week and over seeds. Of many runs some differ by chance.")
    )

known = {name: vars(difference) for name, difference in found.items()}
numbers = whole.assign(
    against=other, **{name: [known.get(run, {}).get(name) for run in whole["run"]] for name in DIFFERENCE}
)
offer(
    here,
    {"losses": (_("Losses at the end"), numbers), "curves": (_("Losses along the way"), curves)},
    {"curves": (_("Losses along the way"), "curves_chart"), "gap": (_("Train against held-out"), "gap_chart")},
)
with st.expander(_("Diagnosis"), icon=":material/troubleshoot:", key="diagnosis", bind="query-params") as panel:
    if panel.open:
        diagnosis_panel.draw_set(here, chosen, lambda: st.switch_page("pages/train.py", query_params={}))
