"""Error surfaces of a line y = b + w x, and their lowest point, with numpy alone."""

from collections.abc import Sequence

import numpy as np

from forecasting.settings import Loss

NARROWINGS = 80  # of the interval that holds the slope, each to 0.618 of it: below the precision of a float
GOLDEN = (np.sqrt(5) - 1) / 2


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
