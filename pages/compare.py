"""Runs side by side: what differs in their settings, and in their train and held-out losses."""

import hashlib
from dataclasses import replace

import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.difference import difference
from forecasting.metrics import NAMES
from forecasting.runs import Run
from forecasting.settings import REFERENCES
from forecasting.windows import COMMON_HISTORY
from pages.session import open_page, plain, references, unlike
from pages.settings_form import CHOICES, LABELS, STATES

SHOWN_AT_FIRST = 4
SHOWN_ANYWAY = (
    "family",
    "window",
    "layers",
    "units",
    "loss",
    "optimizer",
    "learning_rate",
    "batch_size",
    "seeds",
    "train",
    "held_out",
)
here = open_page()
_ = here.say


def table_of(runs: list[Run]) -> pd.DataFrame:
    """A line a run: name, the settings that differ, losses and state, then the settings that all share."""
    settings = pd.DataFrame([run.settings.flat() for run in runs])[list(LABELS)].astype(object)
    settings.loc[settings["family"].isin(["linear", *REFERENCES]), ["layers", "units"]] = None  # they have neither
    settings["loss"] = settings["loss"].map(NAMES)
    for name in ("family", "optimizer", "schedule", "subtract"):
        settings[name] = settings[name].map(CHOICES[name]).map(_)
    differing = [name for name in settings if settings[name].nunique(dropna=False) > 1]
    alike = [name for name in SHOWN_ANYWAY if name not in differing]
    first, last = (settings[some].rename(columns={n: _(LABELS[n]) for n in some}) for some in (differing, alike))
    losses = pd.DataFrame({"run": [run.id for run in runs]}).merge(here.store.final_losses(here.owner), "left", "run")
    lines = pd.DataFrame({_("Run"): [run.name for run in runs]})
    if len({run.fingerprint for run in runs}) > 1:
        names = here.store.channels(here.owner)
        lines[_("Channel")] = [_(names[run.fingerprint][0]) for run in runs]
    results = pd.DataFrame(
        {
            _("Train loss"): losses["train"].round(1),
            _("Held-out loss"): losses["held_out"].round(1),
            _("Epochs done"): losses["epochs"],
            _("State"): [_(STATES[run.status]) for run in runs],
        }
    )
    return pd.concat([lines, first, results, last], axis=1)


def choose_runs(runs: list[Run]) -> list[Run]:
    """The table; the runs ticked in it are kept in the URL."""
    ids = [run.id for run in runs]
    asked = [ids.index(run_id) for run_id in st.query_params.get_all("runs") if run_id in ids]
    picked = st.dataframe(
        table_of(runs),
        hide_index=True,
        height=min(38 + 35 * len(runs), 250),
        key="table" + hashlib.sha256("".join(ids).encode()).hexdigest()[:16],
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        selection_default={"selection": {"rows": asked or list(range(min(len(ids), SHOWN_AT_FIRST)))}},
        alt=_("The runs with their losses and settings"),
    )
    chosen = [runs[row] for row in picked.selection.rows]
    st.query_params["runs"] = [run.id for run in chosen]
    return chosen


def rename(run_id: str) -> None:
    """Store the name typed, made unlike the others."""
    taken = [run.name for run in here.store.runs(here.owner) if run.id != run_id]
    if name := st.session_state.new_name.strip():
        here.store.rename(here.owner, run_id, unlike(name, taken))


def edit(chosen: list[Run]) -> None:
    """Rename one run, delete any."""
    with st.popover(
        _("Rename"), icon=":material/edit:", disabled=len(chosen) != 1, help=_("Tick one run to rename it.")
    ):
        if len(chosen) == 1:
            st.text_input(
                _("Name"), chosen[0].name, key="new_name", max_chars=80, on_change=rename, args=(chosen[0].id,)
            )
    with st.popover(_("Delete"), icon=":material/delete:", disabled=not chosen):
        st.write(_("Delete the ticked runs ({count})? This cannot be undone.").format(count=len(chosen)))
        ids = [run.id for run in chosen]
        st.button(_("Delete for good"), key="delete", on_click=here.store.delete, args=(here.owner, ids))


def differences(runs: list[Run]) -> list[str]:
    """What forbids to read these curves against each other without a thought."""
    found = {
        _("channels"): {run.fingerprint for run in runs},
        _("target days"): {target_days(run) for run in runs},
        _("losses (MAE and RMSE)"): {run.settings.training.loss for run in runs},
    }
    return [word for word, kinds in found.items() if len(kinds) > 1]


def target_days(run: Run) -> tuple:
    """What decides the days that a run is trained and judged on."""
    net, kept = run.settings.architecture, run.settings.regularisation
    return run.settings.split, max(net.window, COMMON_HISTORY), net.horizon, kept.train_days, kept.validation


def curves_of(runs: list[Run]) -> pd.DataFrame:
    """Curves over seeds, thinned: run, epoch, train, held_out and its range. Runs without a row yet drop out."""
    frames = [charts.loss_frame(here.store.history(run.id)).assign(run=run.name) for run in runs]
    return pd.concat(frames, ignore_index=True)[["run", "epoch", "train", "held_out", "held_out_low", "held_out_high"]]


def say_difference(one: Run, other: Run) -> None:
    """Which of two runs is better on the held-out days, where the evidence is enough to say so."""
    predictions = [here.store.predictions(run.id) for run in (one, other)]
    if any(found is None for found in predictions):
        return
    actual = channel.views[predictions[0].index].to_numpy()
    # What is solved at once, or fitted by scikit-learn, is the same for every seed.
    drawn = not one.settings.solved_at_once, not other.settings.solved_at_once
    first, second = (found.to_numpy().T for found in predictions)
    found = difference(actual, first, second, one.settings.training.loss, drawn)
    icon = ":material/help:" if found.answer == "cannot tell" else ":material/balance:"
    st.info(plain(found.sentence(one.name, other.name).say(_)), icon=icon)


def unlike_each_other(names: list[str]) -> list[str]:
    """Runs of different channels may share a name; a curve needs one of its own."""
    taken: list[str] = []
    for name in names:
        taken.append(unlike(name, taken))
    return taken


st.title(_("Compare"))
st.caption(_("Tick runs to see their losses on the same axes: train thin and dashed, held-out strong with its range."))

everything = st.session_state.get("all", False)
runs = [run for run in here.store.runs(here.owner) if everything or run.fingerprint == here.channel.fingerprint]
runs = [replace(run, name=name) for run, name in zip(runs, unlike_each_other([run.name for run in runs]), strict=True)]
if not runs:
    st.info(_("No runs yet. Train a model, then come back."), icon=":material/model_training:")
    st.page_link("pages/train.py", label=_("Train a model"), icon=":material/play_arrow:")
else:
    chosen = choose_runs(runs)
with st.container(horizontal=True, vertical_alignment="center"):
    if runs:
        edit(chosen)
        log = st.toggle(_("Log scale"), True, key="log_scale", bind="query-params")
    st.toggle(_("Runs of all channels"), key="all", bind="query-params")
if not runs:
    st.stop()

curves = curves_of(chosen) if chosen else pd.DataFrame()
if curves.empty:
    st.info(_("Tick a run that has been trained for an epoch or more."), icon=":material/check_box:")
    st.stop()
lines, floor, loss = {}, None, NAMES[chosen[0].settings.training.loss]
if found := differences(chosen):
    st.warning(
        _("These runs do not share their {differences}, so a lower curve need not be a better model.").format(
            differences=", ".join(found)
        ),
        icon=":material/balance:",
    )
    loss = " / ".join(sorted({NAMES[run.settings.training.loss] for run in chosen}))
else:
    channel = here.store.channel(here.owner, chosen[0].fingerprint)
    lines, floor = references(channel, channel.fingerprint, chosen[0].settings)

left, right = st.columns([3, 2], gap="large")
names = list(curves["run"].unique())
with left:
    st.subheader(_("Loss by epoch"))
    st.altair_chart(
        charts.compared_curves(curves, names, loss, log, _, lines, floor), alt=_("Loss curves of the ticked runs")
    )
with right:
    st.subheader(_("Loss at the end"))
    kept = here.store.final_losses(here.owner).set_index("run")
    last = pd.DataFrame(
        [(run.name, *kept.loc[run.id, ["train", "held_out"]]) for run in chosen if run.id in kept.index]
    )
    last.columns = ["run", "train", "held_out"]
    st.altair_chart(
        charts.final_losses(last, loss, _, lines, floor), alt=_("Final train and held-out loss of the ticked runs")
    )
if len(chosen) == 2 and not found:
    say_difference(*chosen)
