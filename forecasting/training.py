"""Gradient descent as a generator: one row an epoch, and no knowledge of who reads it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from forecasting.models import StackedNetwork
from forecasting.settings import Training
from forecasting.windows import SplitWindows, Windows

SHUFFLE = 1_000_003  # keeps a replica's batch order apart from its initialisation, which draws from the bare seed

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


@dataclass(frozen=True)
class Row:
    """One epoch. Losses are in views (MAE, or the root of MSE), of all windows at its end; arrays (replicas,)."""

    epoch: int  # 1 is the first
    train_loss: np.ndarray
    held_out_loss: np.ndarray
    gradient_norm: np.ndarray  # mean over the epoch's updates, of the standardised loss
    learning_rate: float
    seconds: float  # of training and measuring since the first update

    @property
    def finite(self) -> bool:
        """False once any replica has left the numbers: the learning rate is usually too large."""
        return bool(np.isfinite(self.train_loss).all() and np.isfinite(self.held_out_loss).all())


def train(
    network: StackedNetwork, data: SplitWindows, training: Training, stop: Callable[[], bool] = lambda: False
) -> Iterator[Row]:
    """Train `network` in place. `stop` is asked before every update; once true, no further row comes."""
    fitted, judged = _tensors(data.train, data), _tensors(data.held_out, data)
    optimizer = OPTIMIZERS[training.optimizer](network.parameters, lr=training.learning_rate, fused=True)
    shuffles = [torch.Generator().manual_seed(SHUFFLE + seed) for seed in network.seeds]
    begun = time.perf_counter()
    for epoch in range(1, training.epochs + 1):
        norm = _epoch(network, *fitted, training, optimizer, shuffles, stop)
        if norm is None:
            return
        losses = [_loss_in_views(network, *period, training.loss, data.scaler.spread) for period in (fitted, judged)]
        yield Row(epoch, *losses, norm, training.learning_rate, time.perf_counter() - begun)


def predict(network: StackedNetwork, data: SplitWindows, windows: Windows) -> np.ndarray:
    """Predicted views (replicas, targets) for `windows`, scaled as `data` was."""
    return data.scaler.views(network.predict(_tensors(windows, data)[0]).numpy().astype(float))


def _epoch(network, inputs, targets, training, optimizer, shuffles, stop) -> np.ndarray | None:
    """One pass over all windows, each replica in its own order; the mean gradient norm, or None when told to stop."""
    order = torch.stack([torch.randperm(len(targets), generator=generator) for generator in shuffles])
    batches = order.split(training.batch_size or len(targets), dim=1)
    norm = torch.zeros(len(shuffles))
    for batch in batches:
        if stop():
            return None
        optimizer.zero_grad()
        _batch_loss(network(inputs[batch]) - targets[batch], training.loss).sum().backward()
        norm += network.gradient_norm()
        optimizer.step()
    return (norm / len(batches)).numpy().astype(float)


def _batch_loss(residual: torch.Tensor, loss: str) -> torch.Tensor:
    """Loss of each replica (replicas,): summed over replicas, the gradient of one does not touch another's."""
    return (residual.abs() if loss == "mae" else residual.square()).mean(dim=1)


def _loss_in_views(network, inputs, targets, loss: str, spread: float) -> np.ndarray:
    scaled = _batch_loss(network.predict(inputs) - targets, loss)
    return (scaled if loss == "mae" else scaled.sqrt()).numpy().astype(float) * spread


def _tensors(windows: Windows, data: SplitWindows) -> tuple[torch.Tensor, torch.Tensor]:
    scale = data.scaler.scale
    return torch.from_numpy(scale(windows.inputs)).float(), torch.from_numpy(scale(windows.targets)).float()
