"""What Auto mixes: small networks and linear models by recipe, each kept at several lengths of training.

A recipe says how the views are shown to a model. Its fit is plain arrays, so that it can be saved without its code.
"""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.calendar_features import calendar
from forecasting.messages import N_, BadInput
from forecasting.models.bounds import HIGHEST
from forecasting.models.recursive import recursive
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, Regularisation, Training
from forecasting.windows import futures, histories

# Updates after which a fit is kept: which is best, no validation of a few months can say.
UPDATES = {"linear": (50, 150, 400, 1000, 2500), "relu": (50, 150, 400, 1000)}
RATE = 0.003
DECAY = 1.0  # of a network's weights, as adamw has it
BATCH = 64  # windows an update
SMOOTH = 0.8  # weights kept are moving averages from epoch to epoch: less noise at the same cost as a falling rate
MEASURED = 0.5  # share of the days that a window predicts at once
FEWEST_WINDOWS = 28  # windows to learn from
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
class Member:
    """A fitted recipe: `parameters` (seeds, unknowns), as `networks.StackedNetwork` keeps them."""

    recipe: Recipe
    length: int  # place in UPDATES of its family
    scaler: Scaler  # of the training days
    usual_distance: float  # from a window's median that 95 % of its days keep, scaled
    parameters: np.ndarray

    @property
    def needs(self) -> int:
        """Days through the origin."""
        return self.recipe.window

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone; the mean over seeds."""
        known = histories(series.known, origins, self.recipe.window)
        network = _network(self.recipe)
        network.parameters.copy_(_tensor(self.parameters))

        def direct(known: np.ndarray, origins: pd.DatetimeIndex) -> np.ndarray:
            inputs, offset = _inputs(known, origins, self.recipe, self.scaler, self.usual_distance)
            outputs = network.predict(_tensor(inputs)).numpy().astype(float) + offset
            highest = HIGHEST * known.max(axis=1, keepdims=True)
            with np.errstate(over="ignore"):  # a logarithm beyond what a number can be is clipped as well
                return np.clip(self.scaler.views(outputs), 0, highest + 1).mean(axis=0)

        return recursive(direct, known, origins, self.recipe.reach, horizon)

    def record(self) -> dict:
        """All but the parameters, for JSON."""
        scale = asdict(self.scaler) | {"usual": self.usual_distance}
        return {"recipe": asdict(self.recipe), "length": self.length, "scale": scale}

    @classmethod
    def of_record(cls, record: dict, parameters: np.ndarray) -> "Member":
        """The member that `record` was made of."""
        scale = dict(record["scale"])
        usual = scale.pop("usual")
        return cls(Recipe(**record["recipe"]), record["length"], Scaler(**scale), usual, parameters)


def training_windows(recipe: Recipe, days: int) -> int:
    """Windows to learn from that so many days have, all of them measured."""
    return max(days - recipe.window - recipe.reach + 1, 0)


def fit_members(recipe: Recipe, series: Series) -> list[Member]:
    """Members of one recipe, after each of UPDATES; absolute errors of measured days are minimised."""
    from forecasting.networks.inputs import Prepared  # noqa: PLC0415
    from forecasting.networks.updates import Descent  # noqa: PLC0415  torch loads for a second

    known = series.known
    origins = known.index[recipe.window - 1 : -recipe.reach]
    targets = futures(series.measured.reindex(known.index), origins, recipe.reach)
    # A day of several that was not measured is as it is carried on: a channel without Sundays has no other weeks.
    there = np.isfinite(targets).mean(axis=1) >= MEASURED
    targets = np.where(np.isfinite(targets), targets, futures(known, origins, recipe.reach))
    origins, targets = origins[there], targets[there]
    if len(origins) < FEWEST_WINDOWS:
        raise BadInput(N_("{days} days of views leave too few windows for this model to learn from."), days=len(known))
    scaler = Scaler.fit(targets[:, 0], Inputs(log=recipe.log))
    usual = _usual_distance(known, recipe.window, scaler)
    inputs, offset = _inputs(histories(known, origins, recipe.window), origins, recipe, scaler, usual)
    ones = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    prepared = Prepared(*map(_tensor, (ones, scaler.scale(targets) - offset, offset, targets)))
    network = _network(recipe)
    descent = Descent(network, Training("mae", "adamw", RATE, BATCH, seeds=recipe.seeds))
    average, done, epoch, members = network.parameters.clone(), 0, 0, []
    for length, wanted in enumerate(UPDATES[recipe.family]):
        while done < wanted:
            descent.epoch(prepared, RATE, lambda: False)
            done, epoch = done + -(-len(prepared) // BATCH), epoch + 1
            average.lerp_(network.parameters, 1 - min(SMOOTH, (epoch - 1) / epoch))
        members.append(Member(recipe, length, scaler, usual, average.numpy().copy()))
    return members


def _usual_distance(known: pd.Series, window: int, scaler: Scaler) -> float:
    """How far 95 % of the days lie from their window's median at most, scaled; 1 where all are alike."""
    windows = scaler.scale(np.lib.stride_tricks.sliding_window_view(known.to_numpy(float), window))
    distances = np.abs(windows - np.median(windows, axis=1, keepdims=True))
    return float(np.quantile(distances, 0.95)) or 1.0


def _inputs(
    known: np.ndarray, origins: pd.DatetimeIndex, recipe: Recipe, scaler: Scaler, usual_distance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Columns (origins, all), and what was subtracted (origins, 1)."""
    scaled = scaler.scale(known)
    if recipe.clip:  # a day far from all others says little of those to come
        middle, reach = np.median(scaled, axis=1, keepdims=True), recipe.clip * usual_distance
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


def _network(recipe: Recipe):
    from forecasting.networks.network import StackedNetwork  # noqa: PLC0415  torch loads for a second

    decay = Regularisation(weight_decay=DECAY * (recipe.family == "relu"))
    return StackedNetwork(architecture(recipe), range(recipe.seeds), regularisation=decay)


def _tensor(array: np.ndarray):
    import torch  # noqa: PLC0415

    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
