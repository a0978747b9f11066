"""How far a forecast is from what came. All take arrays over days on their last axis and return views unless said."""

import numpy as np


def mae(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Mean absolute error, the lecture's loss, over the days whose actual views are known."""
    return _mean(np.abs(predicted - actual), actual)


def rmse(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Root of the mean squared error, over the same days."""
    return np.sqrt(_mean(np.square(predicted - actual), actual))


def skill(error: np.ndarray, baseline_error: float | np.ndarray) -> np.ndarray:
    """Share of the baseline's error that is gone: 0.12 is 12 % better, below 0 is worse (no unit)."""
    return 1 - error / baseline_error


def mase(actual: np.ndarray, predicted: np.ndarray, train_views: np.ndarray, *, season: int = 7) -> np.ndarray:
    """MAE over the in-sample MAE of the seasonal naive (Hyndman and Koehler 2006; no unit)."""
    return mae(actual, predicted) / np.nanmean(np.abs(train_views[season:] - train_views[:-season]))


def rmsse(actual: np.ndarray, predicted: np.ndarray, train_views: np.ndarray, *, season: int = 7) -> np.ndarray:
    """RMSE over the in-sample RMSE of the seasonal naive (Makridakis et al. 2022; no unit)."""
    return rmse(actual, predicted) / np.sqrt(np.nanmean(np.square(train_views[season:] - train_views[:-season])))


def bias(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Mean of predicted less actual: above 0 the forecast is too high."""
    return (predicted - actual).mean(axis=-1)


def pinball(actual: np.ndarray, quantile: np.ndarray, share: float) -> np.ndarray:
    """Mean loss of a predicted `quantile` that a `share` of days should stay below (Koenker and Bassett 1978)."""
    above = actual - quantile
    return np.maximum(share * above, (share - 1) * above).mean(axis=-1)


def coverage(actual: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Share of days within their interval, edges included (no unit)."""
    return ((lower <= actual) & (actual <= upper)).mean(axis=-1)


def width(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Mean width of intervals."""
    return (upper - lower).mean(axis=-1)


def in_views(mean_loss: np.ndarray, loss: str) -> np.ndarray:
    """A mean of absolute errors ("mae") as it is, one of squared errors ("mse") as its root."""
    return mean_loss if loss == "mae" else np.sqrt(mean_loss)


def _mean(errors: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Mean over the last axis of `errors` where `actual` is known; an error that is not a number there stays one."""
    known = np.isfinite(actual)
    if known.all():
        return errors.mean(axis=-1)
    return np.where(known, errors, 0).sum(axis=-1) / known.sum(axis=-1)


# How a run's loss is measured and named in views: under MSE it is the root, which has the unit that people read.
IN_VIEWS = {"mae": mae, "mse": rmse}
LOSS_NAMES = {"mae": "MAE", "mse": "RMSE"}
