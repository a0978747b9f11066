"""Networks trained for so many updates each, whatever their batch and rate, and the train loss that they end with."""

import numpy as np

from forecasting.models.fitting import build
from forecasting.networks.inputs import prepared_periods
from forecasting.networks.training import losses_in_views
from forecasting.networks.updates import Augmentation, Descent
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import run_windows


def final_losses(series: Series, run: RunSettings, updates: int) -> np.ndarray:
    """Train loss (seeds,) in views after so many updates at a constant rate; infinite where a seed diverged.

    The run's own epochs and schedule are passed over. Raises BadInput where its periods have no windows.
    """
    data, network = run_windows(series, run), build(run)
    train = prepared_periods(data)["train"]
    descent, left = Descent(network, run.training, Augmentation.of(data)), iter(range(updates))
    with np.errstate(over="ignore", invalid="ignore"):
        while descent.epoch(train, run.training.learning_rate, lambda: next(left, None) is None) is not None:
            pass
        found = losses_in_views([network], {"train": train}, data.scaler, loss=run.training.loss)["train_loss"]
    return np.where(np.isfinite(found), found, np.inf)
