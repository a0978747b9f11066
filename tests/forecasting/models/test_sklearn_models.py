"""Shallow references on the same windows as the networks."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from forecasting.metrics import mae
from forecasting.models.fitting import build, fit
from forecasting.networks.inputs import prepare
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.windows import run_windows


def fitted(views, split, family, horizon=1, inputs=Inputs(), epochs=20):  # noqa: B008
    settings = RunSettings(split, Architecture(family, 7, horizon=horizon), Training(epochs=epochs), inputs)
    data, model = run_windows(Series(views), settings), build(settings)
    return data, model, list(fit(model, data, settings))


@pytest.mark.parametrize("family", ["svr", "trees"])
@pytest.mark.parametrize("horizon", [1, 3])
def test_losses_are_those_of_the_predictions_in_views(views, split, family, horizon):
    data, model, rows = fitted(views, split, family, horizon)
    assert [row.epoch for row in rows] == (list(range(1, 21)) if family == "trees" else [1])
    for windows, loss in ((data.train, rows[-1].train_loss), (data.held_out, rows[-1].held_out_loss)):
        predicted = predict(model, data, windows)
        assert predicted.shape == (1, *windows.targets.shape)
        assert loss == pytest.approx(mae(windows.targets.ravel(), predicted.ravel()), rel=1e-4)
    assert rows[-1].train_loss < np.abs(data.train.targets - np.median(data.train.targets)).mean()


def test_a_row_a_tree(views, split):
    data, _model, rows = fitted(views, split, "trees")
    part = prepare(data.train, data.scaler, data.inputs)
    few = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=5, max_leaf_nodes=15, early_stopping=False, random_state=0
    )
    few.fit(part.inputs[:, :-1].double().numpy(), part.targets[:, 0].double().numpy())
    predicted = data.scaler.views(few.predict(part.inputs[:, :-1].double().numpy()))
    assert rows[4].train_loss == pytest.approx(mae(data.train.targets, predicted), rel=1e-4)
    assert rows[-1].train_loss < rows[4].train_loss < rows[0].train_loss


def test_support_vectors_do_not_mind_the_unit(views, split):
    scaled, raw = (fitted(views, split, "svr", inputs=Inputs(standardise=flag))[2][0] for flag in (True, False))
    np.testing.assert_allclose(scaled.held_out_loss, raw.held_out_loss, rtol=1e-3)


def test_nothing_of_descent_is_in_their_name(split):
    settings = RunSettings(split, Architecture("svr", 7), Training("mae", "sgd", 0.5, epochs=9))
    assert settings == RunSettings(split, Architecture("svr", 7, 3, 12), Training(seeds=2))
    assert settings.parameters == 0
