"""A run's settings in words: its name, what differs from the controls, and all of them, to be taken over. No page."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.evaluation.run_results import updates_an_epoch
from forecasting.messages import N_, Translate
from forecasting.records import Run
from forecasting.series import Series
from forecasting.settings import BOUNDS, CHOICES, FAMILIES, RunSettings, defaults_of
from pages.parts.job_progress import unless_refused
from pages.parts.links import escape_markdown, unique_name
from pages.parts.session import Session
from pages.parts.settings_form import LABELS, RATES, country_names, in_url
from pages.parts.split_control import split_in_url, take_split

MOST_IN_NAME = 3  # settings that differ from a namesake's
SPLIT = ("train", "held_out")


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs={RunSettings: hash})
def updates_of(_series: Series, fingerprint: str, settings: RunSettings) -> int:
    """Updates in an epoch of a run on the series of this fingerprint."""
    return updates_an_epoch(_series, settings)


def name_of(settings: RunSettings, translate: Translate) -> str:
    """Family, size and window in words."""
    net, exact = settings.architecture, settings.training.optimizer == "exact"
    size = {"relu": f" {net.layers}×{net.units}", "sigmoid": f" {net.units}", "hard-sigmoid": f" {net.units}"}
    family = translate(FAMILIES[net.family]) + size.get(net.family, "")
    family = translate(N_("{family}, exact")).format(family=family) if exact else family
    name = translate(N_("{family}, 1 day")) if net.window == 1 else translate(N_("{family}, {window} days"))
    return name.format(family=family, window=net.window)


def name_beside(settings: RunSettings, others: list[Run], translate: Translate) -> str:
    """A name unlike those of `others`: one that says what differs from the run whose name it would have."""
    plain, taken = name_of(settings, translate), [run.name for run in others]
    namesake = next((run.settings for run in others if run.name == plain), None)
    if namesake is None:
        return plain
    differ = changes(namesake, settings, translate)
    more = " …" if len(differ) > MOST_IN_NAME else ""
    return unique_name(f"{plain} · {translate(N_(', ')).join(differ[:MOST_IN_NAME])}{more}", taken)


def queue(session: Session, settings: RunSettings) -> str | None:
    """Queue a run on the visitor's channel, named unlike the channel's others; its id.

    None, and the page says why, where the host does not allow it.
    """
    runs = session.store.runs(session.owner)
    others = [run for run in runs if run.fingerprint == session.channel.fingerprint]
    name = name_beside(settings, others, session.translate)
    submit = partial(session.store.submit, session.owner, session.channel, settings, name=name)
    return unless_refused(session, submit)


def changes(before: RunSettings, after: RunSettings, translate: Translate) -> list[str]:
    """Every setting that is not as before, in words."""
    old, new = before.flat(), after.flat()
    return [f"{translate(LABELS[name])} {value_in_words(name, new[name], translate)}" for name in _differing(old, new)]


def value_in_words(name: str, value: object, translate: Translate) -> str:
    """A setting's value as a page says it."""
    if name in CHOICES:
        return translate(CHOICES[name][value])
    if isinstance(value, bool):
        return translate(N_("on") if value else N_("off"))
    return f"{value:g}" if isinstance(value, int | float) else str(value) or "–"


def draw_settings(session: Session, run: Run, controls: RunSettings | None) -> None:
    """All settings of a run, those first that differ from the controls, which can take them over."""
    translate = session.translate
    mine, theirs = run.settings.flat(), controls.flat() if controls else {}
    differing = _differing(theirs, mine) if controls else []
    with st.expander(translate(N_("Settings of this run")), icon=":material/tune:"):
        if differing:
            st.caption(translate(N_("The settings that differ from the controls stand first.")))
        st.table(_table(mine, theirs, differing, translate))
    if controls and run.settings != controls:
        differ = translate(N_(", ")).join(changes(controls, run.settings, translate))
        text = translate(N_("The controls differ from the run shown, which has: {settings}. Train uses the controls."))
        st.caption(escape_markdown(text.format(settings=differ)))
        label = translate(N_("Take its settings into the controls"))
        st.button(label, icon=":material/input:", on_click=take_into_controls, args=(session, run.settings))


def take_into_controls(session: Session, settings: RunSettings) -> None:
    """Set every control of Train to what the run has; a rate between those on offer becomes the nearest."""
    net = settings.architecture
    for name, value in _used(settings).items():
        if name in BOUNDS:
            value = type(BOUNDS[name][0])(value)
        st.session_state[name] = value
    if "learning_rate" in st.session_state:
        rate = settings.training.learning_rate
        st.session_state.learning_rate = min(RATES, key=lambda offered: abs(np.log(offered / rate)))
    st.session_state.family_drawn = net.family  # its defaults shall not replace what is taken
    take_split(settings.split, session.channel.views)


def settings_in_url(
    settings: RunSettings, views: pd.Series, translate: Translate, *, language: str
) -> dict[str, list[str]]:
    """The parameters that set Train's controls to what the run has, without what is usual for its family."""
    usual, query = defaults_of(settings.architecture.family), {}
    for name, value in _used(settings).items():
        if name == "country" and value:
            query[name] = [country_names(language)[str(value)]]
        elif value != usual[name] or name == "family":
            query[name] = [in_url(name, value, translate)]
    return query | split_in_url(settings.split, views, translate)


def _used(settings: RunSettings) -> dict[str, Any]:
    """The settings that the run's kind of model has a control for, without the split."""
    unused = {*SPLIT}
    if not settings.architecture.hidden:
        unused |= {"units", "layers"}
    if settings.solved_at_once:
        unused |= {"seeds", "epochs", "learning_rate", "batch_size"}
    if settings.architecture.family == "trees":
        unused -= {"epochs"}
    return {name: value for name, value in settings.flat().items() if name not in unused}


def _differing(old: dict[str, object], new: dict[str, object]) -> list[str]:
    """Names of the settings that differ; sizes only where the model has them."""
    size = new["family"] == "relu"
    return [name for name in LABELS if old[name] != new[name] and (size or name not in ("layers", "units"))]


def _table(
    mine: dict[str, object], theirs: dict[str, object], differing: list[str], translate: Translate
) -> pd.DataFrame:
    names = [*differing, *(name for name in LABELS if name not in differing)]
    lines = {translate(N_("This run")): [value_in_words(name, mine[name], translate) for name in names]}
    if theirs:
        lines[translate(N_("Controls"))] = [value_in_words(name, theirs[name], translate) for name in names]
    labels = [translate(LABELS[name]) for name in names]
    return pd.DataFrame(lines, index=pd.Index(labels, name=translate(N_("Setting"))))
