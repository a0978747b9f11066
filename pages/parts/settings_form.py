"""The controls for a run's settings, each kept in the URL, and the words for them. No page either: Train draws it."""

import math
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting.calendar_features import countries
from forecasting.messages import N_, Translate, join_sentences
from forecasting.settings import (
    BOUNDS,
    BY_FAMILY,
    CHOICES,
    DEFAULTS,
    HELP,
    OPTIMIZERS,
    SKLEARN_FAMILIES,
    Architecture,
    Inputs,
    Regularisation,
    RunSettings,
    Training,
    defaults_of,
)
from forecasting.settings import LABELS as SETTINGS_LABELS
from forecasting.split import Split
from pages.parts.links import warn_invalid_query_param
from pages.parts.session import Session

# What a run is at
STATES = {
    "queued": N_("Queued"),
    "running": N_("Running"),
    "paused": N_("Paused"),
    "finished": N_("Finished"),
    "stopped": N_("Stopped"),
    "failed": N_("Failed"),
}
RATES = [m * 10.0**e for e in range(-5, 0) for m in (1, 3)] + [1.0]
WINDOWS = (1, 7, 28, 56)  # days; the lecture's
NARROW = 75  # pixels that a number needs

PERIODS = {"train": N_("Training period"), "held_out": N_("Held-out period")}
LABELS = SETTINGS_LABELS | PERIODS  # of all that RunSettings.flat has


class Form:
    """The controls in one visitor's language."""

    middle: DeltaGenerator  # drawn by `settings`: for what shall not move down when a group is unfolded

    def __init__(self, session: Session) -> None:
        self.translate, self.language = session.translate, session.language
        self.has_events = bool(session.channel.events)
        self.defaults = DEFAULTS

    def settings(self, split: Split) -> RunSettings:
        """All controls, the rarer ones folded away. Raises BadInput where they do not go together."""
        family = self.choice("family")
        self.defaults = _follow(family)
        window = self.window()
        by_sklearn = family in SKLEARN_FAMILIES
        size: dict[str, int] = {}
        with st.grid(2, min_column_width=NARROW):
            if family in ("relu", "sigmoid", "hard-sigmoid"):
                size["units"] = self.number("units")
            if family == "relu":
                size["layers"] = self.number("layers")
            steps = {"epochs": self.number("epochs", step=50)} if family != "svr" else {}
            if not by_sklearn:
                steps["seeds"] = self.number("seeds")
        self.middle = st.container()
        with st.expander(self.translate(N_("Loss and optimizer"))):
            descent = {"loss": self.choice("loss")} if by_sklearn else self.descent(family)
        with st.expander(self.translate(N_("Inputs and horizon"))):
            inputs, horizon = self.inputs(), self.number("horizon")
        with st.expander(self.translate(N_("Regularisation"))):
            held_back = self.regularisation(family, by_sklearn or descent["optimizer"] == "exact")
        architecture = Architecture(family, window, horizon=horizon, **size)
        return RunSettings(
            split, architecture, Training(**descent, **steps), Inputs(**inputs), Regularisation(**held_back)
        )

    def window(self) -> int:
        """The lecture's windows as a quick pick, above any number of days, which says what is picked."""
        pick, label = st.container(), self.translate(LABELS["window"])
        days = self.number("window", label_visibility="collapsed")
        st.session_state.quick_window = days if days in WINDOWS else None
        pick.segmented_control(label, WINDOWS, key="quick_window", on_change=_take_quick_window, width="stretch")
        return days

    def descent(self, family: str) -> dict[str, Any]:
        """Loss, optimizer and what that optimizer needs."""
        offered = [name for name in OPTIMIZERS if family == "linear" or name != "exact"]
        chosen = {"loss": self.choice("loss"), "optimizer": self.choice("optimizer", offered)}
        if chosen["optimizer"] in ("exact", "lbfgs"):
            return chosen
        chosen["learning_rate"] = self.rate()
        chosen["batch_size"] = self.number("batch_size")
        if chosen["optimizer"] in ("momentum", "nesterov"):
            chosen["momentum"] = self.number("momentum", step=0.05)
        chosen["schedule"] = self.choice("schedule")
        if chosen["schedule"] in ("step", "1/t"):
            chosen["decay_epochs"] = self.number("decay_epochs")
        if chosen["schedule"] == "step":
            chosen["decay"] = self.number("decay", step=0.1)
        return chosen | {"warmup": self.number("warmup")}

    def inputs(self) -> dict[str, Any]:
        """What the model sees of the days before."""
        chosen: dict[str, Any] = {name: self.switch(name) for name in ("log", "standardise", "weekday")}
        chosen["subtract"] = self.choice("subtract")
        names = {"": self.translate(N_("No country"))} | country_names(self.language)
        warn_invalid_query_param("country", names.values(), self.translate)
        label = self.translate(LABELS["country"])
        chosen["country"] = st.selectbox(
            label, names, format_func=names.__getitem__, key="country", bind="query-params"
        )
        if self.has_events:
            chosen["with_events"] = self.switch("with_events")
        return chosen

    def regularisation(self, family: str, solved: bool) -> dict[str, Any]:
        """What holds the model back; what is solved at once knows only which days it may see."""
        with st.grid(2, min_column_width=NARROW):
            chosen = {
                "train_days": self.number("train_days", step=100),
                "validation": self.number("validation", step=0.1),
            }
            if solved:
                return chosen
            for name, step in (
                ("patience", 5),
                ("weight_decay", 0.001),
                ("l1", 0.001),
                ("noise", 0.05),
                ("scale", 0.05),
            ):
                chosen[name] = self.number(name, step=step)
            chosen["clip"] = self.number("clip", step=1.0)
            if family != "linear":
                chosen["dropout"] = self.number("dropout", step=0.1)
        return chosen | ({"batch_norm": self.switch("batch_norm")} if family != "linear" else {})

    def number(self, name: str, **more: Any) -> Any:
        """A number within its bounds, a whole one where they are."""
        low, high = BOUNDS[name]
        warn_invalid_query_param(name, (low, high), self.translate)
        if isinstance(low, float):
            more |= {"format": "%g"}
        label, default = self.translate(LABELS[name]), self.defaults[name]
        return st.number_input(label, low, high, default, key=name, bind="query-params", help=self.help(name), **more)

    def choice(self, name: str, offered: list[str] | None = None) -> Any:
        """One of the setting's choices, kept in the URL under its label."""
        words = {
            value: self.translate(word) for value, word in CHOICES[name].items() if offered is None or value in offered
        }
        warn_invalid_query_param(name, words.values(), self.translate)
        index = [*words].index(self.defaults[name])
        return st.selectbox(
            self.translate(LABELS[name]), words, index, format_func=words.__getitem__, key=name, bind="query-params"
        )

    def switch(self, name: str) -> bool:
        """On or off."""
        return st.toggle(
            self.translate(LABELS[name]), self.defaults[name], key=name, bind="query-params", help=self.help(name)
        )

    def rate(self) -> float:
        """The learning rate, in thirds of a power of ten."""
        warn_invalid_query_param("learning_rate", [f"{rate:g}" for rate in RATES], self.translate)
        label = self.translate(LABELS["learning_rate"])
        return st.select_slider(
            label,
            RATES,
            self.defaults["learning_rate"],
            format_func="{:g}".format,
            key="learning_rate",
            bind="query-params",
        )

    def help(self, name: str) -> str | None:
        """What the setting does and, for a number, the range that it may have."""
        said = [self.translate(HELP[name])] if name in HELP else []
        if name in BOUNDS:
            low, high = (f"{bound:,.10g}" for bound in BOUNDS[name])
            said.append(self.translate(N_("From {low} to {high}.")).format(low=low, high=high))
        return join_sentences(said) or None


@st.cache_data(show_spinner=False)
def country_names(language: str) -> dict[str, str]:
    """ISO code -> name of every country whose holidays are known, by name."""
    from babel import Locale  # noqa: PLC0415  only where holidays are asked for

    territories = Locale.parse(language).territories
    return dict(sorted(((code, territories.get(code, code)) for code in countries()), key=lambda pair: pair[1]))


def _follow(family: str) -> dict[str, Any]:
    """The family's defaults. When it has just been chosen, what stands at the default of the one before follows."""
    before, now = defaults_of(st.session_state.get("family_drawn", family)), defaults_of(family)
    st.session_state.family_drawn = family
    for name in BY_FAMILY:
        if st.session_state.get(name) == before[name] != now[name]:
            st.session_state[name] = now[name]
    return now


def _take_quick_window() -> None:
    if st.session_state.quick_window:
        st.session_state.window = st.session_state.quick_window


def in_url(name: str, value: Any, translate: Translate) -> str:
    """A setting of a run as Train's URL has it: choices by their words, rates among those that Train offers."""
    if name in CHOICES:
        return translate(CHOICES[name][value])
    if isinstance(value, bool):
        return str(value).lower()
    if name == "learning_rate":
        value = min(RATES, key=lambda offered: abs(math.log(offered / value)))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
