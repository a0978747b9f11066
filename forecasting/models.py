"""One network for every family, as a stack of replicas trained in one batched product.

y = b + c . activation(b' + W x), with as many hidden layers as asked, none for the linear family (Lee 2021, video 2).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch.nn import functional

from forecasting.settings import Architecture

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": lambda x: x,  # never called: the linear family has no hidden layer
    "hard-sigmoid": functional.hardsigmoid,  # flat, slope 1/6, flat
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
}
ROWS_AT_ONCE = 2_000_000  # hidden values an evaluation holds at a time, about 8 MB


class StackedNetwork:
    """`len(seeds)` replicas of one architecture. Replica k is initialised from its own seed alone.

    `layers` holds weights (replicas, in, out) and biases (replicas, 1, out), one pair a layer.
    """

    def __init__(self, architecture: Architecture, seeds: Sequence[int]) -> None:
        self.architecture = architecture
        self.seeds = tuple(seeds)
        self.activation = ACTIVATIONS[architecture.family]
        drawn = zip(*(_initial_layers(architecture, seed) for seed in seeds), strict=True)
        self.layers = [
            tuple(torch.stack(part).requires_grad_() for part in zip(*layer, strict=True)) for layer in drawn
        ]

    @property
    def parameters(self) -> list[torch.Tensor]:
        """Weights and biases in order, for the optimizer."""
        return [part for layer in self.layers for part in layer]

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """Predictions (replicas, windows) for `inputs` (replicas, windows, window), all standardised."""
        x = inputs
        for weight, bias in self.layers[:-1]:
            x = self.activation(torch.baddbmm(bias, x, weight))
        weight, bias = self.layers[-1]
        return torch.baddbmm(bias, x, weight).squeeze(-1)

    @torch.no_grad()
    def predict(self, inputs: torch.Tensor) -> torch.Tensor:
        """Predictions (replicas, windows) of every replica for the same `inputs` (windows, window); memory is bounded."""
        replicas = len(self.layers[0][0])
        rows = max(ROWS_AT_ONCE // (replicas * max(self.architecture.sizes)), 1)
        return torch.cat([self(part.expand(replicas, -1, -1)) for part in inputs.split(rows)], dim=1)

    def gradient_norm(self) -> torch.Tensor:
        """Euclidean length (replicas,) of each replica's last gradient."""
        return torch.stack([part.grad.flatten(1).norm(dim=1) for part in self.parameters]).norm(dim=0)


def _initial_layers(architecture: Architecture, seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """One replica's weights and biases: uniform within 1 / sqrt(inputs) of zero, as torch.nn.Linear draws them."""
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for before, after in pairwise(architecture.sizes):
        bound = before**-0.5
        shapes = (before, after), (1, after)
        layers.append(tuple(torch.empty(shape).uniform_(-bound, bound, generator=generator) for shape in shapes))
    return layers
