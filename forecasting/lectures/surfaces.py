"""Surfaces to go down: the error of a line y = b + w x with its lowest point, and toys. With numpy alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.settings import Loss

NARROWINGS = 80  # of the interval that holds the slope, each to 0.618 of it: below the precision of a float
GOLDEN = (np.sqrt(5) - 1) / 2
SHELF_SLOPE = 0.5
SHELF_EDGE = 0.3  # over which the slope sets in
SHELF_MINIMUM = 2.9836584654847926  # the wall moves it from 3
ROAD_CURVATURE = 0.1
DIP_DEPTH = 0.3
DIP_WIDTH = 0.4
CRESCENT_CURVATURE = 10.0  # across its bed


def error_of_line(x: np.ndarray, y: np.ndarray, at: Sequence[float] | np.ndarray, *, loss: Loss = "mae") -> float:
    """MAE or MSE over the examples (n,) of the slope and intercept `at` (2,), in the units of y or their square."""
    errors = y - at[0] * x - at[1]
    return float(np.abs(errors).mean() if loss == "mae" else (errors**2).mean())


def error_surface(
    x: np.ndarray, y: np.ndarray, *, slopes: np.ndarray, intercepts: np.ndarray, loss: Loss = "mae"
) -> np.ndarray:
    """The loss (intercepts, slopes) of each line over the examples `x`, `y` (n,).

    MAE: residuals are sorted once for each slope, and sums over all below and above an intercept are prefix sums. MSE
    is a quadratic in both.
    """
    if loss == "mse":
        return _squares(x, y, slopes[None, :], intercepts[:, None])
    return np.stack([_absolute(y - slope * x, intercepts) for slope in slopes], axis=1)


def gradient_of_line(x: np.ndarray, y: np.ndarray, at: np.ndarray, *, loss: Loss = "mae") -> np.ndarray:
    """Derivatives (2,) of the loss by slope and intercept at `at` (2,); of MAE a subgradient, 0 where an error is 0."""
    errors = at[0] * x + at[1] - y
    each = np.sign(errors) if loss == "mae" else 2 * errors
    return np.array([each @ x, each.sum()]) / len(x)


def exact_optimum(x: np.ndarray, y: np.ndarray, loss: Loss = "mae") -> tuple[float, float]:
    """Slope and intercept of the line with the smallest loss.

    MSE: least squares. MAE: for a given slope the best intercept is the median residual, and what is left is convex in
    the slope, so golden sections find it. Where all `x` are equal the slope is 0.
    """
    if np.ptp(x) == 0:
        return 0.0, float(np.median(y) if loss == "mae" else y.mean())
    if loss == "mse":
        slope = float(np.cov(x, y, bias=True)[0, 1] / x.var())
        return slope, float(y.mean() - slope * x.mean())
    slope = _lowest(lambda slope: _spread(y - slope * x), *_bracket(lambda slope: _spread(y - slope * x)))
    return slope, float(np.median(y - slope * x))


def _absolute(residuals: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
    """Mean absolute distance of `residuals` (n,) to each of `intercepts`."""
    ordered = np.sort(residuals)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    below = np.searchsorted(ordered, intercepts)
    left = below * intercepts - sums[below]
    right = sums[-1] - sums[below] - (len(ordered) - below) * intercepts
    return (left + right) / len(ordered)


def _squares(x: np.ndarray, y: np.ndarray, slopes: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
    """Mean of (y - w x - b)², from the variances about the means, which keeps the digits of large numbers."""
    (variance, shared), (_shared, own) = np.cov(x, y, bias=True)
    offset = y.mean() - slopes * x.mean() - intercepts
    return own - 2 * slopes * shared + slopes**2 * variance + offset**2


def _spread(residuals: np.ndarray) -> float:
    return float(np.abs(residuals - np.median(residuals)).mean())


def _bracket(height) -> tuple[float, float]:
    """An interval that holds the lowest point of a convex function: widened until it rises at both ends."""
    reach = 1.0
    while height(-2 * reach) < height(-reach) or height(2 * reach) < height(reach):
        reach *= 2
    return -2 * reach, 2 * reach


def _lowest(height, low: float, high: float) -> float:
    """Golden sections of [low, high] towards the lowest point of a convex function."""
    inner = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)]
    heights = [height(inner[0]), height(inner[1])]
    for _narrowing in range(NARROWINGS):
        if heights[0] <= heights[1]:
            high, inner = inner[1], [inner[1] - GOLDEN * (inner[1] - low), inner[0]]
            heights = [height(inner[0]), heights[0]]
        else:
            low, inner = inner[0], [inner[1], inner[0] + GOLDEN * (high - inner[0])]
            heights = [heights[1], height(inner[1])]
    return (low + high) / 2


# Toys


@dataclass(frozen=True, eq=False)
class Toy:
    """A function of one or two unknowns with its derivatives, each of unknowns (..., n)."""

    value: Callable[[np.ndarray], np.ndarray]  # (...)
    gradient: Callable[[np.ndarray], np.ndarray]  # (..., n)
    hessian: Callable[[np.ndarray], np.ndarray]  # (..., n, n)
    low: tuple[float, ...]  # ends of what is shown
    high: tuple[float, ...]
    start: tuple[float, ...]
    minimum: tuple[float, ...]  # the lowest point

    def heights(self, places: int) -> np.ndarray:
        """Values (second unknown, first unknown) at so many places along each of two unknowns, over what is shown."""
        axes = [np.linspace(low, high, places) for low, high in zip(self.low, self.high, strict=True)]
        return self.value(np.stack(np.meshgrid(*axes), axis=-1))


def quadratic(
    hessian: Sequence[Sequence[float]] | np.ndarray,
    *,
    minimum: Sequence[float],
    low: tuple[float, ...],
    high: tuple[float, ...],
    start: tuple[float, ...],
) -> Toy:
    """Half of (at - minimum)^T hessian (at - minimum)."""
    matrix, middle = np.asarray(hessian, float), np.asarray(minimum, float)
    return Toy(
        value=lambda at: np.einsum("...i,ij,...j->...", at - middle, matrix, at - middle) / 2,
        gradient=lambda at: (at - middle) @ matrix,
        hessian=lambda at: np.broadcast_to(matrix, (*np.shape(at), len(matrix))),
        low=low,
        high=high,
        start=start,
        minimum=tuple(float(value) for value in middle),
    )


def separable(
    *parts: tuple[Callable, Callable, Callable],
    minimum: tuple[float, ...],
    low: tuple[float, ...],
    high: tuple[float, ...],
    start: tuple[float, ...],
) -> Toy:
    """The sum of a function of each unknown, given with its first and its second derivative."""

    def each(order: int, at: np.ndarray) -> np.ndarray:
        return np.stack([part[order](at[..., place]) for place, part in enumerate(parts)], axis=-1)

    return Toy(
        value=lambda at: each(0, np.asarray(at)).sum(axis=-1),
        gradient=lambda at: each(1, np.asarray(at)),
        hessian=lambda at: each(2, np.asarray(at))[..., None] * np.eye(len(parts)),
        low=low,
        high=high,
        start=start,
        minimum=minimum,
    )


def _shelf(x: np.ndarray, order: int) -> np.ndarray:
    """A slope down to -2, a shelf that is all but flat, a hollow at 3 and a wall behind it; or a derivative of that."""
    left, right = 1 / (1 + np.exp((x + 2) / SHELF_EDGE)), 1 / (1 + np.exp((4 - x) / SHELF_EDGE))
    hollow, off = np.exp(-((x - 3) ** 2) / 2), x - 3
    if order == 0:
        slopes = np.logaddexp(0, -(x + 2) / SHELF_EDGE) + np.logaddexp(0, (x - 4) / SHELF_EDGE)
        return SHELF_SLOPE * SHELF_EDGE * slopes - hollow
    if order == 1:
        return SHELF_SLOPE * (right - left) + off * hollow
    return SHELF_SLOPE / SHELF_EDGE * (left * (1 - left) + right * (1 - right)) + (1 - off**2) * hollow


def _road(x: np.ndarray, order: int) -> np.ndarray:
    """A valley, lowest at 2, with a dip at -1 in which plain descent stays; or a derivative of that."""
    off, dip = (x + 1) / DIP_WIDTH, -DIP_DEPTH * np.exp(-(((x + 1) / DIP_WIDTH) ** 2) / 2)
    if order == 0:
        return ROAD_CURVATURE / 2 * (x - 2) ** 2 + dip
    if order == 1:
        return ROAD_CURVATURE * (x - 2) - off / DIP_WIDTH * dip
    return ROAD_CURVATURE + (off**2 - 1) / DIP_WIDTH**2 * dip


def _derivatives(function: Callable[[np.ndarray, int], np.ndarray]) -> tuple[Callable, Callable, Callable]:
    """The function, its slope and its curvature."""
    return lambda x: function(x, 0), lambda x: function(x, 1), lambda x: function(x, 2)


def _product_gradient(at: np.ndarray) -> np.ndarray:
    return -2 * (1 - at.prod(axis=-1, keepdims=True)) * at[..., ::-1]


def _product_hessian(at: np.ndarray) -> np.ndarray:
    across = 4 * at.prod(axis=-1) - 2
    entries = [2 * at[..., 1] ** 2, across, across, 2 * at[..., 0] ** 2]
    return np.stack(entries, axis=-1).reshape(*at.shape, 2)


def _crescent_gradient(at: np.ndarray) -> np.ndarray:
    x, y = at[..., 0], at[..., 1]
    off = CRESCENT_CURVATURE * (y - x**2)
    return np.stack([x - 1 - 2 * x * off, off], axis=-1)


def _crescent_hessian(at: np.ndarray) -> np.ndarray:
    x, y = at[..., 0], at[..., 1]
    entries = [1 + CRESCENT_CURVATURE * (6 * x**2 - 2 * y), -2 * CRESCENT_CURVATURE * x, -2 * CRESCENT_CURVATURE * x]
    return np.stack([*entries, CRESCENT_CURVATURE + 0 * x], axis=-1).reshape(*at.shape, 2)


_BOWL = (lambda x: x**2 / 2, lambda x: x, np.ones_like)
TOYS = {
    # d2l's 0.1 x1^2 + 2 x2^2
    "ellipse": quadratic([[0.2, 0], [0, 4]], minimum=(0, 0), low=(-6, -3), high=(3, 3), start=(-5, -2)),
    "plateau": separable(
        _derivatives(_shelf), _BOWL, minimum=(SHELF_MINIMUM, 0), low=(-5, -2), high=(5, 2), start=(-3, 1.5)
    ),
    "road": separable(_derivatives(_road), minimum=(2,), low=(-5,), high=(6,), start=(-4,)),
    # so long that at a rate of 0.01 the walls throw descent back and forth (Lee 2021, video 6)
    "long ellipse": quadratic([[0.2, 0], [0, 200]], minimum=(0, 0), low=(-5, -2.5), high=(2, 2.5), start=(-4, 1.5)),
    # a bed bent like Rosenbrock's, so that steep and flat directions change places on the way
    "crescent": Toy(
        value=lambda at: (CRESCENT_CURVATURE * (at[..., 1] - at[..., 0] ** 2) ** 2 + (at[..., 0] - 1) ** 2) / 2,
        gradient=_crescent_gradient,
        hessian=_crescent_hessian,
        low=(-2.2, -1.5),
        high=(2.2, 3.5),
        start=(-1.5, 2.8),
        minimum=(1, 1),
    ),
    # (1 - w1 w2)^2: one weight after the other and the single example (1, 1) (Lee 2021, video 4)
    "product": Toy(
        value=lambda at: (1 - at.prod(axis=-1)) ** 2,
        gradient=_product_gradient,
        hessian=_product_hessian,
        low=(-2, -2),
        high=(2, 2),
        start=(0, 0),
        minimum=(1, 1),
    ),
}
