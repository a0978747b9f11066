"""A trained run as a forecaster: any number of days ahead, from any day."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch

from forecasting.events import Event
from forecasting.models.bounds import bounded
from forecasting.models.fitting import build
from forecasting.models.recursive import recursive
from forecasting.networks.checkpoints import take_weights
from forecasting.networks.training import predict_windows
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import Windows, histories, run_windows


@dataclass(frozen=True)
class TrainedRun:
    """What `fitting.fit` left, asked for days that it was not judged on. The forecast is the mean over its seeds.

    Direct where the run predicts as many days as are asked, else recursive: its own forecast is taken for views.
    """

    settings: RunSettings
    model: object  # a StackedNetwork or a SklearnModel
    scaler: Scaler
    holidays: tuple[pd.Timestamp, ...] = ()  # days to take for holidays: what if?

    @property
    def needs(self) -> int:
        """Days of views through the origin."""
        return self.settings.architecture.window

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        net = self.settings.architecture
        known = histories(series.known, origins, net.window)
        direct = partial(self._direct, events=series.events)
        return bounded(recursive(direct, known, origins, own=net.horizon, horizon=horizon), series, origins)

    def _direct(self, known: np.ndarray, origins: pd.DatetimeIndex, *, events: tuple[Event, ...]) -> np.ndarray:
        """Views (origins, the run's own horizon) after windows `known` (origins, window)."""
        own = self.settings.architecture.horizon
        windows = Windows(known, np.zeros((len(known), own)), origins + pd.Timedelta(days=1), events)
        inputs = self.settings.inputs
        return predict_windows(self.model, windows, self.scaler, inputs=inputs, holidays=self.holidays).mean(axis=0)


def of_run(settings: RunSettings, model, series: Series) -> TrainedRun:
    """The forecaster of a run whose `model` was trained on these views; the scaler is found again from them."""
    return TrainedRun(settings, model, run_windows(series, settings).scaler)


def of_weights(
    settings: RunSettings, scaler: Scaler, weights: Mapping[str, np.ndarray], *, holidays: tuple[pd.Timestamp, ...] = ()
) -> TrainedRun:
    """The forecaster of a network whose `weights` have parameters (seeds, unknowns) and running (seeds, statistics)."""
    network = build(settings)
    take_weights(network, {name: torch.from_numpy(weights[name].copy()) for name in ("parameters", "running")})
    return TrainedRun(settings, network, scaler, holidays)
