"""Forward and backward through a stack of replicas, with the gradient written out by hand, in buffers made once.

The products are numpy's: called on whole stacks they cost less than torch's, above all where a layer is narrow
(measured: 2 against 20 microseconds for a linear layer of ten replicas, 12 against 37 for ten units). What goes element
by element is torch's, on the same memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch.nn import functional

# Overloads named in full: to look for one costs as much as a small product.
relu_slope = torch.ops.aten.threshold_backward.grad_input
sigmoid_slope = torch.ops.aten.sigmoid_backward.grad_input
SMALL = 10**6  # multiplications up to which OpenBLAS spares itself the packing of a product's parts

# Activation in place, and its derivative: what comes from above times it, given the activation's output.
Pass = Callable[..., torch.Tensor]
ACTIVATIONS: dict[str, tuple[Pass, Pass]] = {
    "relu": (torch.relu_, lambda above, level: relu_slope(above, level, 0, grad_input=above)),
    "sigmoid": (torch.sigmoid_, lambda above, level: sigmoid_slope(above, level, grad_input=above)),
    "hard-sigmoid": (  # slope 1/6 where the output is neither 0 nor 1
        lambda level: functional.hardsigmoid(level, inplace=True),
        lambda above, level: above.mul_((level > 0) & (level < 1)).mul_(1 / 6),
    ),
}


@dataclass(frozen=True)
class _Buffer:
    """The first rows of a buffer as torch and numpy see them; made once, since each view costs a microsecond."""

    tensor: torch.Tensor
    array: np.ndarray
    values: np.ndarray  # without the column of ones

    @classmethod
    def of(cls, tensor: torch.Tensor) -> "_Buffer":
        return cls(tensor, tensor.numpy(), tensor.numpy()[..., :-1])


class Passes:
    """Buffers for up to `rows` windows through layers `weights` (replicas, in + 1, out), whose last row is the bias.

    Every level ends in a column of ones, so that one product makes a layer and one its whole gradient.
    """

    def __init__(self, weights: list[torch.Tensor], family: str, rows: int) -> None:
        self.set_weights(weights)
        # The linear family has no hidden layer, so its activation is never called.
        self._activate, self._derive = ACTIVATIONS.get(family, (torch.clone, torch.mul))
        replicas = len(weights[0])
        self._levels = [torch.empty(replicas, rows, weight.shape[1]) for weight in weights[1:]]
        self._outputs = torch.empty(replicas, rows, weights[-1].shape[2])
        self.upstream: list[torch.Tensor] = []
        self._dropped: list[torch.Tensor] = []
        self.transposed: list[np.ndarray] = []
        self._first: dict[tuple[str, int], list[_Buffer]] = {}

    def set_weights(self, weights: list[torch.Tensor]) -> None:
        """Go on with other weights of the same shapes."""
        self._weights = [weight.numpy() for weight in weights]

    def forward(self, inputs: torch.Tensor, masks: Sequence[torch.Tensor] = ()) -> torch.Tensor:
        """Outputs (replicas, windows, out) of `inputs` (replicas or 1, windows, in + 1); kept until the next call.

        `masks`, one a hidden layer (replicas, windows, units), multiply its values, as dropout does.
        """
        if masks and not self._dropped:  # apart from the levels: a slope is that of what was not yet dropped
            self._dropped = [torch.ones_like(level) for level in self._levels]
        rows, below = inputs.shape[1], inputs.numpy()
        levels = self._rows_of("_levels", rows)
        dropped = self._rows_of("_dropped", rows) if masks else levels
        for place, level in enumerate(levels):
            _multiply(below, self._weights[place], level.values)
            self._activate(level.tensor)
            level.array[..., -1] = 1
            below = level.array
            if masks:
                torch.mul(level.tensor[..., :-1], masks[place], out=dropped[place].tensor[..., :-1])
                below = dropped[place].array
        outputs = self._outputs[:, :rows]
        _multiply(below, self._weights[-1], outputs.numpy())
        return outputs

    def backward(
        self,
        inputs: torch.Tensor,
        slope: torch.Tensor,
        gradients: list[torch.Tensor],
        *,
        masks: Sequence[torch.Tensor] = (),
    ) -> None:
        """Fill `gradients`, shaped as the weights, given the loss's `slope` in the outputs of the last `forward`."""
        if not self.upstream:
            self.upstream = [torch.empty_like(level) for level in self._levels]
            self.transposed = [np.empty_like(weight.swapaxes(1, 2), order="C") for weight in self._weights[1:]]
        rows, above = inputs.shape[1], slope.numpy()
        levels, slopes = self._rows_of("_levels", rows), self._rows_of("upstream", rows)
        given = self._rows_of("_dropped", rows) if masks else levels  # to the layer above
        for place in reversed(range(len(gradients))):
            below = given[place - 1].array if place else inputs.numpy()
            _multiply(below.swapaxes(1, 2), above, gradients[place].numpy())
            if place:
                _times_transposed(above, self._weights[place], self.transposed[place - 1], slopes[place - 1])
                if masks:
                    slopes[place - 1].tensor[..., :-1].mul_(masks[place - 1])
                self._derive(slopes[place - 1].tensor, levels[place - 1].tensor)
                above = slopes[place - 1].values

    def _rows_of(self, name: str, rows: int) -> list[_Buffer]:
        """The first rows of every buffer of `name`."""
        if (name, rows) not in self._first:
            self._first[name, rows] = [_Buffer.of(buffer[:, :rows]) for buffer in getattr(self, name)]
        return self._first[name, rows]


def _times_transposed(slope: np.ndarray, weight: np.ndarray, turned: np.ndarray, out: _Buffer) -> None:
    """slope @ weight^T; turning the weights in memory beforehand costs less than it saves the product.

    For a single output it is an outer product, which a matrix product is slow at, and numpy at multiplying.
    """
    if slope.shape[2] == 1:
        torch.mul(torch.from_numpy(slope), torch.from_numpy(weight).mT, out=out.tensor)
    else:
        np.copyto(turned, weight.swapaxes(1, 2))
        _multiply(slope, turned, out.array)


def _multiply(some: np.ndarray, other: np.ndarray, out: np.ndarray) -> None:
    """some @ other (replicas, rows, columns), in blocks of columns where those are small products and the whole is not.

    For 1000 units that is 220 GFLOPS instead of 190.
    """
    blocks = _blocks(some.shape[1] * some.shape[2], other.shape[2])
    if blocks > 1:
        some, other, out = some[:, None], _in_blocks(other, blocks), _in_blocks(out, blocks)
    np.matmul(some, other, out=out)


@cache
def _blocks(each: int, columns: int) -> int:
    """Into how many equal blocks to cut `columns` that take `each` multiplications; blocks of a few are slow."""
    counts = range(1, columns // 64 + 1)
    return next((count for count in counts if columns % count == 0 and each * columns <= count * SMALL), 1)


def _in_blocks(array: np.ndarray, blocks: int) -> np.ndarray:
    """`array` (replicas, rows, columns) as (replicas, blocks, rows, columns / blocks), on the same memory."""
    return array.reshape(*array.shape[:2], blocks, -1, copy=False).swapaxes(1, 2)
