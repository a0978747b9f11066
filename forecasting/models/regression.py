"""Linear autoregression and boosted trees, a model for each day ahead, on the same windows with the weekday beside."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from forecasting.messages import N_, BadInput
from forecasting.models.bounds import bounded
from forecasting.models.lines import fit_lines
from forecasting.series import Series
from forecasting.windows import calm_histories, futures, histories, measured_rows

WINDOW = 56  # days
FEWEST_WINDOWS = 28  # windows to learn from
TREES = 100
MOST_LEAVES = 15  # a small tree
RATE = 0.1  # share of each tree that counts, as scikit-learn has it


@dataclass(frozen=True)
class Regression:
    """`models` predict, one for each day ahead, what is left after the mean of a window (`centred`) or all of it."""

    models: tuple
    centred: bool
    window: int = WINDOW  # days

    @property
    def needs(self) -> int:
        """Days through the origin."""
        return self.window

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        inputs, offset = inputs_of(calm_histories(series, origins, self.window), origins, self.centred)
        days = [model.predict(inputs) for model in self.models[:horizon]]
        return bounded(np.stack(days, axis=1) + offset, series, origins)


def fit_linear(series: Series, horizon: int) -> Regression:
    """Least squares on views as they are."""
    return _fit(fit_lines, series, horizon, centred=False)


def fit_trees(series: Series, horizon: int) -> Regression:
    """Boosted trees; they cannot go beyond what they saw, so each window's mean is subtracted."""
    return _fit(_trees, series, horizon, centred=True)


def _trees(inputs: np.ndarray, targets: np.ndarray) -> tuple:
    return tuple(boosted_trees("absolute_error", TREES).fit(*rows) for rows in measured_rows(inputs, targets))


def boosted_trees(loss: str, trees: int):
    """An estimator of scikit-learn's: small trees, each of which counts a tenth."""
    return HistGradientBoostingRegressor(
        loss=loss, max_iter=trees, learning_rate=RATE, max_leaf_nodes=MOST_LEAVES, early_stopping=False, random_state=0
    )


def _fit(
    fit_days: Callable[[np.ndarray, np.ndarray], tuple], series: Series, horizon: int, *, centred: bool
) -> Regression:
    """Fit a model for each day ahead to every window of known days whose target was measured."""
    series = series.without_spikes
    known = series.known
    window = window_for(len(known), horizon)
    origins = training_origins(known, window, FEWEST_WINDOWS, horizon=horizon)
    targets = futures(series.measured.reindex(known.index), origins, horizon)
    inputs, offset = inputs_of(histories(known, origins, window), origins, centred)
    return Regression(fit_days(inputs, targets - offset), centred, window)


def window_for(days: int, horizon: int) -> int:
    """Days of input where `days` are there to learn from: WINDOW, or whole weeks that leave enough to learn from."""
    return min(WINDOW, max((days - FEWEST_WINDOWS - horizon + 1) // 7 * 7, 7))


def training_origins(known: pd.Series, window: int, fewest: int, *, horizon: int) -> pd.DatetimeIndex:
    """Every day with `window` days up to it and a day after it; the last ones have no target farther ahead."""
    if len(known) < window + fewest + horizon - 1:
        raise BadInput(
            N_(
                "{days} days of views before the forecasts begin are too few for {horizon} days ahead;"
                " at least {needed} are needed."
            ),
            days=len(known),
            horizon=horizon,
            needed=window + fewest + horizon - 1,
        )
    return known.index[window - 1 : -1]


def inputs_of(known: np.ndarray, origins: pd.DatetimeIndex, centred: bool) -> tuple[np.ndarray, np.ndarray]:
    """Columns (origins, window + 7), and what was subtracted (origins, 1)."""
    offset = known.mean(axis=1, keepdims=True) * centred
    return np.concatenate([known - offset, np.eye(7)[origins.day_of_week]], axis=1), offset
