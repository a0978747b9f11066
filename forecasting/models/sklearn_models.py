"""Shallow models from scikit-learn on the same windows: start shallow, and a net has something to beat (Lee 2021)."""

import time
from collections.abc import Iterator

import numpy as np
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from forecasting.metrics import IN_VIEWS
from forecasting.models.regression import RATE, boosted_trees
from forecasting.networks.inputs import Prepared, prepared_periods
from forecasting.networks.training import Row
from forecasting.scaling import Scaler
from forecasting.settings import Architecture, Training
from forecasting.windows import SplitWindows, measured_rows

LOSSES = {"mae": "absolute_error", "mse": "squared_error"}


class SklearnModel:
    """A model of scikit-learn's for each day of the horizon. Predicts as a network of one replica does."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.models: list = []

    def predict(self, inputs: torch.Tensor) -> torch.Tensor:
        """Outputs (1, windows, horizon) for prepared `inputs` (windows, columns)."""
        days = [model.predict(inputs.double().numpy()) for model in self.models]
        return torch.from_numpy(np.stack(days, axis=1)[None]).float()


def fit_sklearn_model(model: SklearnModel, data: SplitWindows, training: Training) -> Iterator[Row]:
    """Fit on the training windows: a single row for support vectors; a row a tree for trees, once all have grown."""
    begun, trees = time.perf_counter(), model.architecture.family == "trees"
    periods = prepared_periods(data)
    inputs, targets = _columns(periods["train"]), periods["train"].targets.double().numpy()
    model.models = [_estimator(training, trees).fit(*rows) for rows in measured_rows(inputs, targets)]
    stages = {name: _stages(model, _columns(part)) for name, part in periods.items()}
    for epoch, outputs in enumerate(zip(*stages.values(), strict=True), start=1):
        losses = {
            f"{name}_loss": _loss(predicted, part, data.scaler, training.loss)
            for (name, part), predicted in zip(periods.items(), outputs, strict=True)
        }
        seconds = time.perf_counter() - begun
        yield Row(epoch, gradient_norm=np.zeros(1), learning_rate=RATE if trees else 0.0, seconds=seconds, **losses)


def _estimator(training: Training, trees: bool):
    """Support vectors count distances, so columns and targets are standardised whatever the inputs are."""
    if trees:
        return boosted_trees(LOSSES[training.loss], training.epochs)
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), SVR()), transformer=StandardScaler())


def _stages(model: SklearnModel, inputs: np.ndarray) -> Iterator[np.ndarray]:
    """Outputs (windows, horizon) after every tree, or once."""
    several = model.architecture.family == "trees"
    days = [one.staged_predict(inputs) if several else [one.predict(inputs)] for one in model.models]
    return (np.stack(outputs, axis=1) for outputs in zip(*days, strict=True))


def _loss(outputs: np.ndarray, part: Prepared, scaler: Scaler, loss: str) -> np.ndarray:
    predicted = scaler.views(outputs + part.offset.numpy())
    return IN_VIEWS[loss](part.views.numpy().ravel().astype(float), predicted.ravel())[None]


def _columns(part: Prepared) -> np.ndarray:
    return part.inputs[:, :-1].double().numpy()
