"""Updates: batches drawn, gradients found, regularised and stepped along, for replicas that share a core's cache."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import numpy as np
import torch

from forecasting.networks.gradient import Passes
from forecasting.networks.inputs import Prepared
from forecasting.networks.network import StackedNetwork
from forecasting.networks.optimizers import make_optimizer
from forecasting.scaling import Scaler
from forecasting.settings import Regularisation, Training
from forecasting.windows import SplitWindows

SHUFFLE = 1_000_003  # keeps a replica's batch order apart from its initialisation, which draws from the bare seed
DISTURB = 2_000_003  # and its dropout and augmentation from both

Stop = Callable[[], bool]


@dataclass(frozen=True)
class Augmentation:
    """What noise and random scale have to know of prepared inputs."""

    window: int  # columns that are days of views; the calendar's come after them
    spread: float  # of the training targets as prepared, 1 where they are standardised
    scaler: Scaler
    centred: bool  # whether something is subtracted from each window and its targets

    @classmethod
    def of(cls, data: SplitWindows) -> "Augmentation":
        """Of the inputs that `data` are prepared to."""
        spread = float(np.nanstd(data.scaler.scale(data.train.targets)))
        return cls(data.train.inputs.shape[1], spread, data.scaler, data.inputs.subtract != "nothing")


class Descent:
    """Replicas on their way downhill: their parameters, their optimizer and their generators.

    `augmentation` is needed where the network's regularisation has noise or random scale.
    """

    def __init__(self, network: StackedNetwork, training: Training, augmentation: Augmentation | None = None) -> None:
        self.network, self.training = network, training
        self.regularisation = network.regularisation
        self.augmentation = augmentation if self.regularisation.noise or self.regularisation.scale else None
        self.orders = [torch.Generator().manual_seed(SHUFFLE + seed) for seed in network.seeds]
        self.noise_generators = [torch.Generator().manual_seed(DISTURB + seed) for seed in network.seeds]
        self.gradient = torch.zeros_like(network.parameters)
        self.parts = network.parts(self.gradient)
        self.is_weight = network.is_weight
        self.passes: Passes | None = None
        self.has_holes = False  # targets of the epoch that were not measured
        # A line search is each replica's own; all others step together.
        rows = network.parameters.unbind() if training.optimizer == "lbfgs" else [network.parameters]
        self.optimizers = [make_optimizer(training, part) for part in rows]
        for part, gradient in zip(rows, self.gradient.unbind() if len(rows) > 1 else [self.gradient], strict=True):
            part.grad = gradient.view_as(part)

    def of(self, replicas: slice) -> "Descent":
        """Some of the replicas, on the same memory, to find the gradient of a batch that is theirs alone."""
        some = copy(self)
        some.network, some.gradient = self.network.of(replicas), self.gradient[replicas]
        some.orders, some.noise_generators = self.orders[replicas], self.noise_generators[replicas]
        some.parts, some.passes = some.network.parts(some.gradient), None
        return some

    def epoch(self, fitted: Prepared, rate: float, stop: Stop) -> torch.Tensor | None:
        """One pass over all windows, each replica in its own order; mean gradient norms, or None when told to stop."""
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = rate
        self.has_holes = fitted.has_holes
        size = self.training.batch_size or len(fitted)
        order = torch.stack([torch.randperm(len(fitted), generator=generator) for generator in self.orders])
        batches = order.split(size, dim=1)
        norm = torch.zeros(len(self.orders))
        for batch in batches:
            if stop():
                return None
            norm += self._update(*self.sample_batch(fitted, batch), rate)
        return norm / len(batches)

    def sample_batch(self, fitted: Prepared, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs (replicas, batch, columns + 1) and targets (replicas, batch, horizon), augmented."""
        places = batch.reshape(-1)
        inputs = fitted.inputs.index_select(0, places).view(*batch.shape, -1)
        targets = fitted.targets.index_select(0, places).view(*batch.shape, -1)
        if self.augmentation:
            self._augment(inputs[..., : self.augmentation.window], targets, self.augmentation)
        return inputs, targets

    def _augment(self, days: torch.Tensor, targets: torch.Tensor, known: Augmentation) -> None:
        """Random scale and noise, in place, on `days` (replicas, batch, window) without the calendar."""
        kept = self.regularisation
        if kept.scale:
            factor = torch.exp(kept.scale * self._normal(days.shape[1], 1))
            for values in (days, targets):
                rescale(values, factor, known)
        if kept.noise:
            days += kept.noise * known.spread * self._normal(*days.shape[1:])

    def _update(self, inputs: torch.Tensor, targets: torch.Tensor, rate: float) -> torch.Tensor:
        """One step; the length of each replica's gradient, without what regularisation adds."""
        if self.training.optimizer == "lbfgs":
            return self._line_search(inputs, targets)
        self.find_gradient(inputs, targets)
        norm = torch.linalg.vector_norm(self.gradient, dim=1)
        self._regularise(norm, rate)
        self.optimizers[0].step()
        return norm

    def _regularise(self, norm: torch.Tensor, rate: float) -> None:
        """Clip the gradient, then add to it what weight decay and L1 ask for; under adamw decay the weights instead."""
        kept, parameters = self.regularisation, self.network.parameters
        if kept.clip:
            self.gradient *= (kept.clip / (norm + 1e-6)).clamp(max=1)[:, None]
        if self.training.optimizer == "adamw" and kept.weight_decay:
            parameters.mul_(1 - rate * kept.weight_decay * self.is_weight)
            kept = Regularisation(l1=kept.l1)
        if kept.weight_decay or kept.l1:
            penalise(self.gradient, parameters, self.is_weight, kept=kept)

    def find_gradient(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Fill `gradient` for a batch as `sample_batch` gives it."""
        masks = self._masks(inputs.shape[1])
        if self.regularisation.batch_norm:
            gradient_by_autograd(self.network, inputs, targets, loss=self.training.loss, masks=masks, parts=self.parts)
            return
        if self.passes is None:
            self.passes = Passes(self.network.weights, self.network.architecture.family, inputs.shape[1])
        slope = self.slope_of(self.passes.forward(inputs, masks), targets)
        self.passes.backward(inputs, slope, self.parts, masks=masks)

    def slope_of(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Slope of each replica's mean loss in its outputs (replicas, windows, horizon), in their place."""
        missing = targets.isnan() if self.has_holes else None
        return _slope(outputs.sub_(targets), self.training.loss, missing)

    def _line_search(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """An iteration of L-BFGS of each replica by itself; it sees the penalties, which are part of its loss."""
        self.find_gradient(inputs, targets)
        norm = torch.linalg.vector_norm(self.gradient, dim=1)
        for replica, optimizer in enumerate(self.optimizers):
            alone = self.network.of(slice(replica, replica + 1))
            gradient = self.gradient[replica : replica + 1]

            def loss(alone=alone, gradient=gradient, replica=replica) -> float:
                mine = inputs[replica : replica + 1], targets[replica : replica + 1]
                value = gradient_by_autograd(
                    alone, *mine, loss=self.training.loss, masks=(), parts=alone.parts(gradient)
                )
                return value + penalise(gradient, alone.parameters, self.is_weight, kept=self.regularisation)

            optimizer.step(loss)
        return norm

    def _masks(self, rows: int) -> list[torch.Tensor]:
        """What dropout leaves of every hidden layer, (replicas, rows, units) each: 0, or 1 / (1 - dropout)."""
        dropped = self.regularisation.dropout
        if not dropped:
            return []
        kept = 1 - dropped
        shapes = [(rows, units) for units in self.network.sizes[1:-1]]
        draws = [[torch.rand(shape, generator=own) for own in self.noise_generators] for shape in shapes]
        return [(torch.stack(layer) < kept) / kept for layer in draws]

    def _normal(self, *shape: int) -> torch.Tensor:
        """Normal draws (replicas, *shape), each replica's from its own generator."""
        return torch.stack([torch.randn(shape, generator=own) for own in self.noise_generators])


def gradient_by_autograd(network, inputs, targets, *, loss: str, masks, parts: list[torch.Tensor]) -> float:
    """The slow way: fill `parts` with the gradient and return the loss, summed over replicas. Inputs end in ones."""
    leaves = [part.detach().requires_grad_() for part in network.parts()]
    missing = targets.isnan()
    residual = (network(inputs[..., :-1], leaves, learning=True, masks=masks) - targets).masked_fill(missing, 0)
    sums = (residual.abs() if loss == "mae" else residual.square()).sum(dim=(1, 2))
    value = (sums / (~missing).sum(dim=(1, 2))).sum()
    for part, gradient in zip(parts, torch.autograd.grad(value, leaves), strict=True):
        part.copy_(gradient)
    return value.item()


def penalise(gradient, parameters, is_weight, *, kept: Regularisation) -> float:
    """Add the slope of the penalties on weights to `gradient`; return the penalties' sum."""
    weights = parameters * is_weight
    gradient += kept.weight_decay * weights + kept.l1 * weights.sign()
    return float(kept.weight_decay / 2 * weights.square().sum() + kept.l1 * weights.abs().sum())


def _slope(residual: torch.Tensor, loss: str, missing: torch.Tensor | None) -> torch.Tensor:
    """Slope of each replica's mean loss in its outputs, in place; targets that are `missing` have none."""
    slope = residual.sign_() if loss == "mae" else residual.mul_(2)
    if missing is None:
        windows, horizon = residual.shape[1:]
        return slope.div_(windows * horizon)
    return slope.masked_fill_(missing, 0).div_((~missing).sum(dim=(1, 2), keepdim=True))


def rescale(values: torch.Tensor, factor: torch.Tensor, known: Augmentation) -> None:
    """Change prepared `values` in place as if their views had been multiplied by `factor` beforehand.

    What is subtracted from a window is multiplied alike, so the training mean matters only where nothing is.
    """
    scaler, uncentred = known.scaler, not known.centred
    if scaler.log:
        values += factor.log() / scaler.spread * uncentred
    else:
        values.mul_(factor).add_((factor - 1) * (scaler.mean / scaler.spread) * uncentred)
