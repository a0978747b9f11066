"""Linear models solved at once: least squares under MSE, least absolute deviations under MAE."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from sklearn.linear_model import LinearRegression, QuantileRegressor

from forecasting.networks.inputs import Prepared, prepared_periods
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import Row, losses_in_views
from forecasting.networks.updates import gradient_by_autograd
from forecasting.windows import SplitWindows, measured_rows

PERFECT = 1e-5  # of the targets' spread: errors as small as rounding


def solve(network: StackedNetwork, data: SplitWindows, loss: str) -> Iterator[Row]:
    """Give a linear `network` the weights of smallest training loss; a single row."""
    begun = time.perf_counter()
    periods = prepared_periods(data)
    fitted = periods["train"]
    weights, biases = (least_squares if loss == "mse" else least_deviations)(fitted)
    (layer,) = network.weights
    layer[:, :-1], layer[:, -1] = torch.from_numpy(weights), torch.from_numpy(biases)
    norm = _gradient_norm(network, fitted, loss)
    losses = losses_in_views([network], periods, data.scaler, loss=loss)
    yield Row(1, gradient_norm=norm, learning_rate=0.0, seconds=time.perf_counter() - begun, **losses)


def least_squares(fitted: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Weights (columns, horizon) and biases (horizon,).

    Columns are standardised, so that views by the million do not make the calendar beside them look like noise.
    """
    inputs, targets = _arrays(fitted)
    means, spreads = inputs.mean(axis=0), inputs.std(axis=0)
    spreads[spreads == 0] = 1
    weights, biases = _lines((inputs - means) / spreads, targets)
    weights = weights / spreads[:, None]
    return weights, biases - means @ weights


def _lines(inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if np.isnan(targets).any():
        return _together([LinearRegression().fit(*rows) for rows in measured_rows(inputs, targets)])
    model = LinearRegression().fit(inputs, targets)
    return model.coef_.T, model.intercept_


def least_deviations(fitted: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """The same for absolute errors: median regression, a linear programme for each day of the horizon."""
    return _together([_median_regression(*rows) for rows in measured_rows(*_arrays(fitted))])


def _median_regression(inputs: np.ndarray, day: np.ndarray) -> LinearRegression | QuantileRegressor:
    line = LinearRegression().fit(inputs, day)
    if np.abs(line.predict(inputs) - day).max() <= PERFECT * day.std():
        return line  # no line is better, and the solver of the programme gives up for want of errors
    return QuantileRegressor(quantile=0.5, alpha=0, solver="highs").fit(inputs, day)


def _together(models: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Weights (columns, horizon) and biases (horizon,) of a model for each day."""
    return np.column_stack([model.coef_ for model in models]), np.array([model.intercept_ for model in models])


def _arrays(fitted: Prepared) -> tuple[np.ndarray, np.ndarray]:
    return fitted.inputs[:, :-1].double().numpy(), fitted.targets.double().numpy()


def _gradient_norm(network: StackedNetwork, fitted: Prepared, loss: str) -> np.ndarray:
    """Near 0 under MSE; the loss of absolute errors has a kink at its minimum, so there it need not be."""
    gradient = torch.empty_like(network.parameters)
    gradient_by_autograd(
        network, fitted.inputs[None], fitted.targets[None], loss=loss, masks=(), parts=network.parts(gradient)
    )
    return torch.linalg.vector_norm(gradient, dim=1).numpy().astype(float)
