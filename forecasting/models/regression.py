"""Linear autoregression and boosted trees, a model for each day ahead, on the same windows with the weekday beside."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.models.bounds import bounded
from forecasting.series import Series
from forecasting.windows import futures, histories

WINDOW = 56  # days
FEWEST = 28  # windows to learn from
TREES = 100
LEAVES = 15  # a small tree


@dataclass(frozen=True)
class Regression:
    """`models` predict, one for each day ahead, what is left after the mean of a window (`centred`) or all of it."""

    models: tuple
    centred: bool

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        known = series.without_spikes.known
        inputs, offset = inputs_of(histories(known, origins, WINDOW), origins, self.centred)
        days = [model.predict(inputs) for model in self.models[:horizon]]
        return bounded(np.stack(days, axis=1) + offset, series, origins)


def fit_regression(kind: Literal["linear", "trees"], series: Series, horizon: int) -> Regression:
    """Fit to every window of known days whose targets were measured.

    Least squares on views as they are; trees cannot go beyond what they saw, so each window's mean is subtracted.
    """
    series = series.without_spikes
    known = series.known
    origins = training_origins(known, WINDOW, FEWEST, horizon)
    targets = futures(series.measured.reindex(known.index), origins, horizon)
    inputs, offset = inputs_of(histories(known, origins, WINDOW), origins, kind == "trees")
    models = []
    for day in (targets - offset).T:
        there = np.isfinite(day)
        models.append(_model(kind).fit(inputs[there], day[there]))
    return Regression(tuple(models), kind == "trees")


def training_origins(known: pd.Series, window: int, fewest: int, horizon: int) -> pd.DatetimeIndex:
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


def _model(kind: str):
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415  a second or two
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415

    if kind == "linear":
        return LinearRegression()
    return HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=0
    )
