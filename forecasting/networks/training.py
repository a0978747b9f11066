"""Gradient descent as a generator: one row an epoch, and no knowledge of who reads it."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import torch

from forecasting.messages import N_, BadInput
from forecasting.networks.inputs import Prepared, prepare, prepared_periods
from forecasting.networks.network import StackedNetwork
from forecasting.networks.progress import Progress
from forecasting.networks.schedules import rate
from forecasting.networks.updates import Augmentation, Descent
from forecasting.scaling import Scaler
from forecasting.settings import Inputs, Training
from forecasting.windows import SplitWindows, Windows

REPLICA_GROUP_SIZE = (
    2**19
)  # unknowns of replicas that are updated together: 2 MB, and as much again for each state of Adam


@dataclass(frozen=True)
class Row:
    """One epoch. Losses are in views (MAE, or the root of MSE), of all windows at its end; arrays (replicas,).

    What is minimised is the loss of the prepared targets: scaled, and of logarithms where those are the inputs.
    """

    epoch: int  # 1 is the first
    train_loss: np.ndarray
    held_out_loss: np.ndarray
    gradient_norm: np.ndarray  # mean over the epoch's updates, of the loss minimised
    learning_rate: float
    seconds: float  # of training and measuring since the first update
    validation_loss: np.ndarray | None = None  # where a part of the training period is kept for choosing

    @property
    def finite(self) -> bool:
        """False once any replica diverged: the learning rate is usually too large."""
        return bool(np.isfinite(self.train_loss).all() and np.isfinite(self.held_out_loss).all())


def diverged(row: Row) -> BadInput:
    """Why training ends at a row that is not finite, and what to try."""
    return BadInput(
        N_("The loss diverged (infinite or not a number) in epoch {epoch}; try a learning rate below {rate:g}."),
        epoch=row.epoch,
        rate=row.learning_rate,
    )


def train(
    network: StackedNetwork,
    data: SplitWindows,
    training: Training,
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Iterator[Row]:
    """Train `network` in place. `stop` is asked before every update; once true, no further row comes.

    A row that is not finite is the last. Under early stopping (`network.regularisation.patience`) the network ends with
    each replica's best validation weights. `progress` is moved along with the rows: one taken from a checkpoint goes on
    where that was made, and after a stop it stands at the last row, so that nothing of a broken epoch remains.
    """
    progress = progress or Progress()
    augmentation = Augmentation.of(data)
    groups = [Descent(network.of(some), training, augmentation) for some in replica_groups(network)]
    progress.begin(network, groups)
    periods = prepared_periods(data)
    begun = time.perf_counter() - progress.seconds
    while progress.epoch < training.epochs and not progress.exhausted(network.regularisation.patience):
        learning_rate = rate(training, progress.epoch + 1)
        norms = _epoch(groups, periods["train"], learning_rate, stop)
        if norms is None:
            progress.roll_back(network, groups)
            break
        losses = losses_in_views([group.network for group in groups], periods, data.scaler, loss=training.loss)
        seconds = time.perf_counter() - begun
        row = Row(progress.epoch + 1, gradient_norm=norms, learning_rate=learning_rate, seconds=seconds, **losses)
        progress.advance(network, groups, row)
        yield row
        if not row.finite:
            return
    if network.regularisation.patience:
        progress.take_best(network)


def predict(network, data: SplitWindows, windows: Windows) -> np.ndarray:
    """Predicted views (replicas, targets) for `windows`, prepared as `data` was; of several days, a last axis more."""
    return predict_windows(network, windows, data.scaler, inputs=data.inputs)


def predict_windows(
    network, windows: Windows, scaler: Scaler, *, inputs: Inputs, holidays: Sequence[pd.Timestamp] = ()
) -> np.ndarray:
    """The same with the scaler and inputs that the network was trained with, and further `holidays`."""
    predicted = predict_prepared(network, prepare(windows, scaler, inputs, holidays=holidays), scaler)
    return predicted.reshape(len(predicted), *windows.targets.shape)


def predict_prepared(network, prepared: Prepared, scaler: Scaler) -> np.ndarray:
    """Predicted views (replicas, windows, horizon) for windows that are prepared."""
    outputs = network.predict(prepared.inputs[:, :-1]) + prepared.offset
    return scaler.views(outputs.numpy().astype(float))


def losses_in_views(
    networks: Sequence[StackedNetwork], periods: dict[str, Prepared], scaler: Scaler, *, loss: str
) -> dict[str, np.ndarray]:
    """Row's losses by name: MAE, or root of MSE, of every replica of `networks` in every period, in views."""
    return {
        f"{name}_loss": np.concatenate([_loss_in_views(network, part, scaler, loss) for network in networks])
        for name, part in periods.items()
    }


def _loss_in_views(network: StackedNetwork, part: Prepared, scaler: Scaler, loss: str) -> np.ndarray:
    """Loss of each replica (replicas,) over all measured targets of a period."""
    total, done = np.zeros(len(network.seeds)), 0
    for outputs in network.outputs(part.inputs):
        rows = slice(done, done + outputs.shape[1])
        error = _error(outputs, part.targets[rows], part.offset[rows], part.views[rows], scaler)
        if part.has_holes:
            error.masked_fill_(part.targets[rows].isnan(), 0)
        total += (error.abs_() if loss == "mae" else error.square_()).sum(dim=(1, 2)).numpy()
        done = rows.stop
    mean = total / part.measured_targets
    return mean if loss == "mae" else np.sqrt(mean)


def replica_groups(network: StackedNetwork) -> list[slice]:
    """Replicas in groups: large ones share what an update costs besides its products, small ones stay in the cache."""
    replicas, unknowns = network.parameters.shape
    groups = min(-(-replicas * unknowns // REPLICA_GROUP_SIZE), replicas)
    edges = [replicas * edge // groups for edge in range(groups + 1)]
    return [slice(*pair) for pair in pairwise(edges)]


def _epoch(
    groups: list[Descent], fitted: Prepared, learning_rate: float, stop: Callable[[], bool]
) -> np.ndarray | None:
    norms = []
    for group in groups:
        norm = group.epoch(fitted, learning_rate, stop)
        if norm is None:
            return None
        norms.append(norm)
    return torch.cat(norms).numpy().astype(float)


def _error(
    outputs: torch.Tensor, targets: torch.Tensor, offset: torch.Tensor, views: torch.Tensor, scaler: Scaler
) -> torch.Tensor:
    """Outputs less targets in views, in place."""
    if not scaler.log:
        return outputs.sub_(targets).mul_(scaler.spread)
    return outputs.add_(offset).mul_(scaler.spread).add_(scaler.mean).expm1_().sub_(views)
