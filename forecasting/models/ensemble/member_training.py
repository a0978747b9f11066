"""Members in the making, and their outputs: all that needs torch. The records alone are in `member`."""

import numpy as np
import torch

from forecasting.messages import N_, BadInput
from forecasting.models.ensemble.member import (
    FEWEST_WINDOWS,
    UPDATES,
    Member,
    Recipe,
    WindowScaler,
    architecture,
    inputs_of,
)
from forecasting.networks.inputs import Prepared
from forecasting.networks.network import StackedNetwork
from forecasting.networks.updates import Descent
from forecasting.series import Series
from forecasting.settings import Regularisation, Training
from forecasting.windows import futures, histories

RATE = 0.003
DECAY = 1.0  # of a network's weights, as adamw has it
BATCH = 64  # windows an update
SMOOTH = 0.8  # weights kept are moving averages from epoch to epoch: less noise at the same cost as a falling rate
MEASURED = 0.5  # share of the days that a window predicts at once


def fit_members(recipe: Recipe, series: Series) -> list[Member]:
    """Members of one recipe, after each of UPDATES; absolute errors of measured days are minimised."""
    known = series.known
    origins = known.index[recipe.window - 1 : -recipe.reach]
    targets = futures(series.measured.reindex(known.index), origins, recipe.reach)
    # A day of several that was not measured is as it is carried on: a channel without Sundays has no other weeks.
    there = np.isfinite(targets).mean(axis=1) >= MEASURED
    targets = np.where(np.isfinite(targets), targets, futures(known, origins, recipe.reach))
    origins, targets = origins[there], targets[there]
    if len(origins) < FEWEST_WINDOWS:
        raise BadInput(N_("{days} days of views leave too few windows for this model to learn from."), days=len(known))
    scale = WindowScaler.of_windows(known, targets[:, 0], recipe)
    inputs, offset = inputs_of(histories(known, origins, recipe.window), origins, recipe, scale=scale)
    ones = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    prepared = Prepared(*map(_tensor, (ones, scale.scale(targets) - offset, offset, targets)))
    network = _network(recipe)
    descent = Descent(network, Training("mae", "adamw", RATE, BATCH, seeds=recipe.seeds))
    average, done, epoch, members = network.parameters.clone(), 0, 0, []
    for length, wanted in enumerate(UPDATES[recipe.family]):
        while done < wanted:
            descent.epoch(prepared, RATE, lambda: False)
            done, epoch = done + -(-len(prepared) // BATCH), epoch + 1
            average.lerp_(network.parameters, 1 - min(SMOOTH, (epoch - 1) / epoch))
        members.append(Member(recipe, length, scale, average.numpy().copy()))
    return members


def outputs_of(recipe: Recipe, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Outputs (seeds, origins, reach) of `inputs` (origins, columns) under these `parameters` (seeds, unknowns)."""
    network = _network(recipe)
    network.parameters.copy_(_tensor(parameters))
    return network.predict(_tensor(inputs)).numpy().astype(float)


def _network(recipe: Recipe) -> StackedNetwork:
    decay = Regularisation(weight_decay=DECAY * (recipe.family == "relu"))
    return StackedNetwork(architecture(recipe), range(recipe.seeds), regularisation=decay)


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
