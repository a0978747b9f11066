"""One network for every family, as a stack of replicas trained in one batched product.

y = b + c . activation(b' + W x), with as many hidden layers as asked, none for the linear family (Lee 2021, video 2).
"""

from collections.abc import Callable, Sequence
from copy import copy
from itertools import pairwise

import torch
from torch.nn import functional

from forecasting.networks.gradient import SMALL, Passes
from forecasting.settings import Architecture, Inputs, Regularisation

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": lambda x: x,  # never called: the linear family has no hidden layer
    "hard-sigmoid": functional.hardsigmoid,  # flat, slope 1/6, flat
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
}
CHUNK = 2**18  # hidden values an evaluation holds at a time, 1 MB: what a core's cache holds
EPSILON, CALIBRATION_SIZE = (
    1e-5,
    0.1,
)  # batch normalization: added to the variance; weight of a batch in the moving averages


class StackedNetwork:
    """`len(seeds)` replicas of one architecture. Replica k is initialised from its own seed alone.

    All unknowns of a replica are one row of `parameters` (replicas, unknowns). Views onto it: `weights`, a layer each
    (replicas, in + 1, out) with the bias as last row, and under batch normalization `norms`, a hidden layer each
    (replicas, 2, units), gain and shift. `running` (replicas, values) holds the moving means and variances.
    """

    def __init__(
        self,
        architecture: Architecture,
        seeds: Sequence[int],
        inputs: Inputs = Inputs(),  # noqa: B008  frozen
        regularisation: Regularisation = Regularisation(),  # noqa: B008
    ) -> None:
        self.architecture, self.regularisation = architecture, regularisation
        self.seeds = tuple(seeds)
        self.activation = ACTIVATIONS[architecture.family]
        window, *rest = architecture.sizes
        self.sizes = (window + inputs.columns(architecture.horizon), *rest)
        normalised = self.sizes[1:-1] if regularisation.batch_norm else ()
        self._shapes = [(before + 1, after) for before, after in pairwise(self.sizes)] + [(2, n) for n in normalised]
        self._running_shapes = [(2, n) for n in normalised]
        self.parameters = torch.stack([_initial(self.sizes, normalised, seed) for seed in self.seeds])
        self.running = torch.tensor([[0.0], [1.0]]).expand(2, sum(normalised))
        start = [part.flatten() for part in self.running.split(normalised, dim=1)] or [torch.empty(0)]
        self.running = torch.cat(start).repeat(len(self.seeds), 1)
        self._passes: Passes | None = None  # for evaluation

    @property
    def weights(self) -> list[torch.Tensor]:
        """A layer each, (replicas, in + 1, out), bias last."""
        return views(self.parameters, self._shapes)[: len(self.sizes) - 1]

    @property
    def layers(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Weights (replicas, in, out) and biases (replicas, 1, out), one pair a layer."""
        return [(weight[:, :-1], weight[:, -1:]) for weight in self.weights]

    def parts(self, flat: torch.Tensor | None = None) -> list[torch.Tensor]:
        """Views of all weights, then all norms, onto `flat`: the parameters, or a tensor shaped like them."""
        return views(self.parameters if flat is None else flat, self._shapes)

    @property
    def is_weight(self) -> torch.Tensor:
        """1 for a weight, 0 for a bias, a gain or a shift (unknowns,): what is kept small."""
        mask = torch.zeros(1, self.parameters.shape[1])
        for part in self.parts(mask)[: len(self.sizes) - 1]:
            part[:, :-1] = 1
        return mask[0]

    def of(self, replicas: slice) -> "StackedNetwork":
        """Some of the replicas, on the same memory."""
        some = copy(self)
        some.seeds = self.seeds[replicas]
        some.parameters, some.running = self.parameters[replicas], self.running[replicas]
        some._passes = None
        return some

    def __call__(
        self,
        inputs: torch.Tensor,
        parts: list[torch.Tensor] | None = None,
        learning: bool = False,
        masks: Sequence[torch.Tensor] = (),
    ) -> torch.Tensor:
        """Outputs (replicas, windows, horizon) for `inputs` (replicas, windows, columns), all as prepared.

        The plain definition, for autograd. `learning` normalises by the batch, and moves the averages; `masks`, one a
        hidden layer (replicas, windows, units), multiply its values: 0 for what is dropped, 1 / (1 - dropout) else.
        """
        parts = self.parts() if parts is None else parts
        *hidden, last = parts[: len(self.sizes) - 1]
        norms, x = parts[len(self.sizes) - 1 :], inputs
        for place, weight in enumerate(hidden):
            x = torch.baddbmm(weight[:, -1:], x, weight[:, :-1])
            if norms:
                x = _normalised(x, norms[place], views(self.running, self._running_shapes)[place], learning)
            x = self.activation(x)
            if masks:
                x = x * masks[place]
        return torch.baddbmm(last[:, -1:], x, last[:, :-1])

    def predict(self, inputs: torch.Tensor) -> torch.Tensor:
        """Outputs (replicas, windows, horizon) of every replica for `inputs` (windows, columns), in bounded memory."""
        with_ones = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
        return torch.cat([outputs.clone() for outputs in self.outputs(with_ones)], dim=1)

    def outputs(self, inputs: torch.Tensor):
        """The same a chunk at a time, for `inputs` whose last column is ones; each overwrites the one before."""
        largest = max(before * after for before, after in self._shapes[: len(self.sizes) - 1])
        rows = max(min(CHUNK // (len(self.seeds) * max(self.sizes)), SMALL // largest), 64)
        if self._passes is None:
            self._passes = Passes(self.weights, self.architecture.family, rows)
        self._passes.set_weights(self._folded())
        for chunk in inputs.split(rows):
            yield self._passes.forward(chunk[None])

    def _folded(self) -> list[torch.Tensor]:
        """The weights of evaluation: batch normalization by moving averages is a factor and a shift of each unit."""
        *hidden, last = self.weights
        norms = self.parts()[len(self.sizes) - 1 :]
        if not norms:
            return [*hidden, last]
        folded = []
        for weight, norm, running in zip(hidden, norms, views(self.running, self._running_shapes), strict=True):
            factor = norm[:, :1] * (running[:, 1:] + EPSILON).rsqrt()
            weight = weight * factor
            weight[:, -1:] += norm[:, 1:] - running[:, :1] * factor
            folded.append(weight)
        return [*folded, last]


def views(flat: torch.Tensor, shapes: Sequence[tuple[int, int]]) -> list[torch.Tensor]:
    """`flat` (replicas, values) cut into one (replicas, *shape) a shape, on the same memory."""
    sizes = [rows * columns for rows, columns in shapes]
    return [part.unflatten(1, shape) for part, shape in zip(flat.split(sizes, dim=1), shapes, strict=True)]


def _normalised(x: torch.Tensor, norm: torch.Tensor, running: torch.Tensor, learning: bool) -> torch.Tensor:
    """Batch normalization (Ioffe and Szegedy 2015) of each replica's units, as torch.nn.BatchNorm1d."""
    mean, variance = running[:, :1], running[:, 1:]
    if learning:
        variance, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
        unbiased = variance.detach() * len(x[0]) / max(len(x[0]) - 1, 1)
        running.lerp_(torch.cat([mean.detach(), unbiased], dim=1), CALIBRATION_SIZE)
    return (x - mean) * (variance + EPSILON).rsqrt() * norm[:, :1] + norm[:, 1:]


def _initial(sizes: Sequence[int], normalised: Sequence[int], seed: int) -> torch.Tensor:
    """One replica's unknowns: uniform within 1 / sqrt(inputs) of zero, as torch.nn.Linear draws; gain 1, shift 0."""
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for before, after in pairwise(sizes):
        bound = before**-0.5
        for shape in ((before, after), (1, after)):
            drawn.append(torch.empty(shape).uniform_(-bound, bound, generator=generator).flatten())
    for units in normalised:
        drawn += [torch.ones(units), torch.zeros(units)]
    return torch.cat(drawn)
