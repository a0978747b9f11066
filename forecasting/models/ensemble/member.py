"""What Auto mixes: small networks and linear models by recipe, each kept at several lengths of training.

A recipe says how the views are shown to a model. Its fit is plain arrays, so that it can be saved without its code.
"""

from dataclasses import dataclass, replace
from pkgutil import resolve_name
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.calendar_features import calendar
from forecasting.models.bounds import HIGHEST
from forecasting.models.recursive import recursive
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs
from forecasting.windows import calm_histories

# Updates after which a fit is kept: which is best, no validation of a few months can say.
UPDATES = {"linear": (50, 150, 400, 1000, 2500), "relu": (50, 150, 400, 1000)}
FEWEST_WINDOWS = 28  # to learn from
YEARLY = 3  # pairs of sine and cosine


@dataclass(frozen=True)
class Recipe:
    """How a model sees the views, and what it is."""

    family: Literal["linear", "relu"]
    layers: int = 1  # of hidden units, for relu
    reach: int = 1  # days predicted at once; its own forecasts are views to it farther ahead
    log: bool = True
    centred: bool = True  # the window's mean is subtracted from inputs and targets
    clip: float = 0.0  # how far a day may lie from the window's median, in usual distances; 0 for any
    year: bool = False  # the time of the year is an input
    window: int = 56  # days
    units: int = 100  # a hidden layer
    seeds: int = 4

    @property
    def name(self) -> str:
        """Short, and the same in every language."""
        kind = "linear" if self.family == "linear" else f"{self.layers} × {self.units} ReLU"
        parts = (
            kind,
            "log" if self.log else "raw",
            "− mean" if self.centred else "",
            f"{self.window} d → {self.reach} d",
            "year" if self.year else "",
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class WindowScaler(Scaler):
    """That of the training days, and how far a window's days usually lie from its median."""

    usual: float = 1.0  # what 95 % of them keep, scaled

    @classmethod
    def of_windows(cls, known: pd.Series, targets: np.ndarray, recipe: Recipe) -> "WindowScaler":
        """From `known` views and the targets (windows,) of tomorrow; `usual` is 1 where all days are alike."""
        scaler = cls.fit(targets, Inputs(log=recipe.log))
        windows = scaler.scale(np.lib.stride_tricks.sliding_window_view(known.to_numpy(float), recipe.window))
        distances = np.abs(windows - np.median(windows, axis=1, keepdims=True))
        return replace(scaler, usual=float(np.quantile(distances, 0.95)) or 1.0)


@dataclass(frozen=True)
class Member:
    """A fitted recipe: `parameters` (seeds, unknowns), as `networks.StackedNetwork` keeps them."""

    recipe: Recipe
    length: int  # place in UPDATES of its family
    scale: WindowScaler
    parameters: np.ndarray

    @property
    def needs(self) -> int:
        """Days through the origin."""
        return self.recipe.window

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone; the mean over seeds."""
        known = calm_histories(series, origins, self.recipe.window)
        outputs_of = resolve_name("forecasting.models.ensemble.member_training:outputs_of")  # loads torch

        def direct(known: np.ndarray, origins: pd.DatetimeIndex) -> np.ndarray:
            inputs, offset = inputs_of(known, origins, self.recipe, scale=self.scale)
            outputs = outputs_of(self.recipe, self.parameters, inputs) + offset
            highest = HIGHEST * known.max(axis=1, keepdims=True)
            with np.errstate(over="ignore"):  # a logarithm beyond what a number can be is clipped as well
                return np.clip(self.scale.views(outputs), 0, highest + 1).mean(axis=0)

        return recursive(direct, known, origins, own=self.recipe.reach, horizon=horizon)


def training_windows(recipe: Recipe, days: int) -> int:
    """Windows to learn from that so many days have, all of them measured."""
    return max(days - recipe.window - recipe.reach + 1, 0)


def inputs_of(
    known: np.ndarray, origins: pd.DatetimeIndex, recipe: Recipe, *, scale: WindowScaler
) -> tuple[np.ndarray, np.ndarray]:
    """Columns (origins, all), and what was subtracted (origins, 1)."""
    scaled = scale.scale(known)
    if recipe.clip:  # a day far from all others says little of those to come
        middle, reach = np.median(scaled, axis=1, keepdims=True), recipe.clip * scale.usual
        scaled = middle + np.clip(scaled - middle, -reach, reach)
    offset = scaled.mean(axis=1, keepdims=True) * recipe.centred
    days = origins + pd.Timedelta(days=1)
    return np.concatenate([scaled - offset, calendar(days, 1, Inputs(weekday=True)), *_year(days, recipe)], 1), offset


def _year(days: pd.DatetimeIndex, recipe: Recipe) -> list[np.ndarray]:
    angles = 2 * np.pi * np.asarray(days.day_of_year)[:, None] / 365.25 * np.arange(1, YEARLY + 1)
    return [np.sin(angles), np.cos(angles)] if recipe.year else []


def architecture(recipe: Recipe) -> Architecture:
    """The network of a recipe: window, weekday and time of the year are its inputs."""
    columns = recipe.window + 7 + 2 * YEARLY * recipe.year
    return Architecture(recipe.family, columns, recipe.layers, recipe.units, recipe.reach)
