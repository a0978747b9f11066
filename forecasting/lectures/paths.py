"""Paths of gradient descent: theta <- theta - eta_t * direction_t, where the direction is made of all gradients so far.

An optimizer is what makes the direction (a `Direction`); the learning rate stands apart, so that it may change from
update to update. The functions work on many paths at once, one a row of unknowns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Gradient = Callable[[np.ndarray], np.ndarray]  # from unknowns (..., unknowns) to the same shape
Direction = Callable[[np.ndarray, Any], tuple[np.ndarray, Any]]  # from gradient and state (None at first) to both anew
DOUBLE_ROOT = 1e-12  # a squared distance of two roots that counts as none


def plain(gradient: np.ndarray, _state: None) -> tuple[np.ndarray, None]:
    """The gradient itself."""
    return gradient, None


@dataclass(frozen=True)
class Momentum:
    """The sum of all gradients so far, each multiplied by `share` at every later update (Lee 2021, video 5).

    As torch.optim.SGD. With a constant rate it is the lecture's m <- share * m - eta * g, theta <- theta + m. Under
    `nesterov` the gradient counts once more, as if it stood where the sum leads to. `share` may be an array that is
    broadcast over the paths.
    """

    share: float | np.ndarray = 0.9
    nesterov: bool = False

    def __call__(self, gradient: np.ndarray, state: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The direction, and the sum."""
        total = gradient if state is None else self.share * state + gradient
        return (gradient + self.share * total if self.nesterov else total), total


class Adaptive(Protocol):
    """A direction that divides each unknown's gradient by a number of its own, sigma."""

    def __call__(self, gradient: np.ndarray, state: Any, /) -> tuple[np.ndarray, Any]:
        """A `Direction`."""

    def sigma(self, state: Any, /) -> np.ndarray:
        """What the gradient is divided by."""


@dataclass(frozen=True)
class AdagradMean:
    """The gradient over sigma, the root of the *mean* of all squared gradients so far (Lee 2021, video 6).

    Under a rate that falls as 1 / sqrt(update) it is torch's Adagrad, which has the root of their sum.
    """

    epsilon: float = 1e-10

    def __call__(self, gradient: np.ndarray, state: tuple | None) -> tuple[np.ndarray, tuple]:
        """The direction; and the sum of squares and the number of gradients in it."""
        total, count = state or (0.0, 0)
        state = total + gradient**2, count + 1
        return gradient / self.sigma(state), state

    def sigma(self, state: tuple) -> np.ndarray:
        """What the gradient is divided by."""
        total, count = state
        return np.sqrt(total / count) + self.epsilon


@dataclass(frozen=True)
class RMSProp:
    """The gradient over the root of the mean square, in which old gradients fade, as torch's.

    The mean begins at 0, so the first step is 1 / sqrt(1 - share) times the rate.
    """

    share: float = 0.99  # what is kept of the mean square
    epsilon: float = 1e-8

    def __call__(self, gradient: np.ndarray, state: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The direction, and the mean square."""
        square = self.share * (0.0 if state is None else state) + (1 - self.share) * gradient**2
        return gradient / self.sigma(square), square

    def sigma(self, state: np.ndarray) -> np.ndarray:
        """What the gradient is divided by."""
        return np.sqrt(state) + self.epsilon


@dataclass(frozen=True)
class Adam:
    """The mean gradient over the root of the mean square, both fading and freed of their start at 0, as torch's."""

    first: float = 0.9  # what is kept of the mean gradient
    second: float = 0.999  # and of the mean square
    epsilon: float = 1e-8  # added to the root: gradients that are small against it make small steps

    def __call__(self, gradient: np.ndarray, state: tuple | None) -> tuple[np.ndarray, tuple]:
        """The direction; and both means and the number of gradients in them."""
        mean, square, count = state or (0.0, 0.0, 0)
        mean = self.first * mean + (1 - self.first) * gradient
        square = self.second * square + (1 - self.second) * gradient**2
        count += 1
        state = mean, square, count
        return mean / (1 - self.first**count) / self.sigma(state), state

    def sigma(self, state: tuple) -> np.ndarray:
        """What the mean gradient is divided by."""
        _mean, square, count = state
        return np.sqrt(square / (1 - self.second**count)) + self.epsilon


def descend(
    gradient: Gradient,
    start: np.ndarray,
    direction: Direction = plain,
    *,
    rate: float | np.ndarray,
    updates: int,
) -> np.ndarray:
    """Points (updates + 1, ..., unknowns) from `start` (..., unknowns), which comes first.

    `rate` is the learning rate, or one for each update (updates,). A path that runs away ends in infinities or NaN;
    what draws it cuts it there.
    """
    rates, state = np.broadcast_to(rate, updates), None
    path = np.empty((updates + 1, *np.shape(start)))
    path[0] = start
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(updates):
            step, state = direction(gradient(path[update]), state)
            path[update + 1] = path[update] - rates[update] * step
    return path


def on_quadratic(
    eigenvalues: np.ndarray,
    start: np.ndarray,
    *,
    rate: float | np.ndarray,
    updates: np.ndarray,
    momentum: float | np.ndarray = 0.0,
    nesterov: bool = False,
) -> np.ndarray:
    """The same on a quadratic without a loop: points (updates, ..., unknowns) after each of the numbers `updates`.

    `eigenvalues` (unknowns,) are the Hessian's; `start` (..., unknowns) is measured from the minimum, along its
    eigenvectors. `rate` and `momentum` are broadcast against both. Along an eigenvector unknown and sum change by a
    matrix M of two rows, and M^t = U_t M - det(M) U_(t-1), where U_t is of the roots of its characteristic polynomial.
    """
    stays = 1 - rate * np.asarray(eigenvalues, float)  # the share of the distance that a plain update leaves
    corner = stays - momentum * (1 - stays) if nesterov else stays  # of M
    trace = (1 + momentum) * stays if nesterov else stays + momentum
    determinant = momentum * stays if nesterov else momentum + 0 * stays
    times = np.asarray(updates).reshape(-1, *[1] * np.broadcast(start, trace).ndim)
    with np.errstate(over="ignore", invalid="ignore"):
        left = _power_sum(trace, determinant, times) * corner - _power_sum(trace, determinant, times - 1) * determinant
        return np.where(times > 0, left, 1.0) * start


def best_momentum(eigenvalues: np.ndarray, rate: float) -> float:
    """The momentum with which a quadratic is descended fastest at a learning rate.

    At the best rate, (2 / (sqrt(largest) + sqrt(smallest)))^2, it is ((sqrt(k) - 1) / (sqrt(k) + 1))^2 with the
    condition number k = largest / smallest (Polyak 1964).
    """
    return float(((1 - np.sqrt(rate * np.asarray(eigenvalues))) ** 2).max())


def updates_to(heights: np.ndarray, goal: float) -> int | None:
    """The first update after which a path's heights (updates + 1,) are at most `goal`; None where none is."""
    reached = heights <= goal
    return int(reached.argmax()) if reached.any() else None


def updates_to_stay(heights: np.ndarray, goal: float | np.ndarray) -> np.ndarray:
    """The first update from which on paths with heights (updates + 1, ...) are at most `goal`: (...), or infinite.

    One that swings through the goal has not arrived.
    """
    above = ~(heights <= goal)  # a path that has run away has heights that are not numbers
    last = len(heights) - 1 - above[::-1].argmax(axis=0)
    return np.where(above.any(axis=0), np.where(last == len(heights) - 1, np.inf, last + 1.0), 0.0)


def sigmas(direction: Adaptive, gradients: np.ndarray) -> np.ndarray:
    """What each of the gradients (updates, ..., unknowns) on a path is divided by, in the same shape."""
    state: Any = None
    found = []
    with np.errstate(over="ignore", invalid="ignore"):
        for gradient in gradients:
            _step, state = direction(gradient, state)
            found.append(direction.sigma(state))
    return np.array(found)


def bursts(distances: np.ndarray, *, times: float = 10.0, within: int = 50, least: float = 0.01) -> np.ndarray:
    """The updates at which a path bursts away from its goal, from its distances (updates + 1,) to it.

    A burst: the distance is so many times the smallest of the updates `within` before, and at least a share `least` of
    that of the start. What follows within as many updates is the same burst.
    """
    if len(distances) <= within:
        return np.empty(0, int)
    nearest = np.lib.stride_tricks.sliding_window_view(distances, within)[:-1].min(axis=1)
    far = np.maximum(times * nearest, least * distances[0])
    found = np.flatnonzero(distances[within:] >= far) + within
    return found[np.diff(found, prepend=-within) >= within]


def _power_sum(trace: np.ndarray, determinant: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(r^t - s^t) / (r - s) for the roots r, s of z^2 - trace z + determinant; t r^(t-1) where they are one."""
    apart = np.asarray(trace, complex) ** 2 - 4 * determinant
    single = np.abs(apart) < DOUBLE_ROOT
    root = np.sqrt(np.where(single, 1.0, apart))
    first, second = (trace + root) / 2, (trace - root) / 2
    times = np.maximum(times, 0)
    twice = times * (np.asarray(trace) / 2) ** np.maximum(times - 1, 0)
    return np.where(single, twice, ((first**times - second**times) / root).real)
