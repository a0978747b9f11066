"""Exact solutions against scipy and numpy, and against what descent comes near to."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from forecasting.metrics import mae, rmse
from forecasting.models.fitting import build, fit
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.windows import run_windows


def solved(views, split, loss, inputs=Inputs(), horizon=1):  # noqa: B008
    settings = RunSettings(split, Architecture("linear", 7, horizon=horizon), Training(loss, "exact"), inputs)
    data, model = run_windows(Series(views), settings), build(settings)
    (row,) = fit(model, data, settings)
    return data, model, row


def smallest_deviations(inputs: np.ndarray, targets: np.ndarray) -> float:
    """The smallest MAE of any linear model: a linear programme in weights and in errors above and below."""
    design = np.column_stack([inputs, np.ones(len(inputs))])
    days, columns = design.shape
    cost = np.r_[np.zeros(columns), np.full(2 * days, 1 / days)]
    equal = np.hstack([design, np.eye(days), -np.eye(days)])
    bounds = [(None, None)] * columns + [(0, None)] * (2 * days)
    return linprog(cost, A_eq=equal, b_eq=targets, bounds=bounds).fun


@pytest.mark.parametrize(
    "inputs", [Inputs(), Inputs(standardise=False), Inputs(subtract="mean"), Inputs(subtract="last")]
)
def test_least_squares_is_numpys(views, split, inputs):
    data, _model, row = solved(views, split, "mse", inputs)
    # Subtracting takes the level out of the columns, so the model is no longer any linear one.
    start = {"nothing": 0, "mean": data.train.inputs.mean(axis=1), "last": data.train.inputs[:, -1]}[inputs.subtract]
    columns = data.train.inputs - np.reshape(start, (-1, 1))
    design = np.column_stack([columns, np.ones(len(columns))])
    weights = np.linalg.lstsq(design, data.train.targets - start, rcond=None)[0]
    assert row.train_loss == pytest.approx(rmse(data.train.targets, design @ weights + start), rel=1e-5)


def test_least_deviations_are_scipys(views, split):
    data, model, row = solved(views, split, "mae")
    assert row.train_loss == pytest.approx(smallest_deviations(data.train.inputs, data.train.targets), rel=1e-5)
    assert row.held_out_loss == pytest.approx(mae(data.held_out.targets, predict(model, data, data.held_out)), rel=1e-5)


def test_descent_comes_near_and_not_below(views, split):
    _data, _model, best = solved(views, split, "mae")
    settings = RunSettings(split, Architecture("linear", 7), Training("mae", learning_rate=0.01, epochs=300, seeds=2))
    data, network = run_windows(Series(views), settings), build(settings)
    *_rows, last = fit(network, data, settings)
    assert (last.train_loss >= best.train_loss * (1 - 1e-5)).all()
    np.testing.assert_allclose(last.train_loss, best.train_loss[0], rtol=0.03)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_every_day_of_a_horizon_is_solved_for_itself(views, split, loss):
    data, model, row = solved(views, split, loss, horizon=3)
    design = np.column_stack([data.train.inputs, np.ones(len(data.train))])
    predicted = predict(model, data, data.train)[0]
    if loss == "mse":
        best = design @ np.linalg.lstsq(design, data.train.targets, rcond=None)[0]
        np.testing.assert_allclose(predicted, best, atol=0.5)
    else:
        best = [smallest_deviations(data.train.inputs, day) for day in data.train.targets.T]
        assert row.train_loss == pytest.approx(np.mean(best), rel=1e-5)


def test_collinear_calendar_columns_do_no_harm(views, split):
    _data, _model, row = solved(views, split, "mse", Inputs(weekday=True, country="TW"))
    assert row.finite and row.train_loss < solved(views, split, "mse")[2].train_loss


def test_weekdays_count_beside_views_by_the_million(views, split):
    inputs = Inputs(standardise=False, weekday=True)
    few, many = (solved(views * scale, split, "mse", inputs)[2] for scale in (1, 1e5))
    np.testing.assert_allclose(many.train_loss, few.train_loss * 1e5, rtol=1e-4)


def test_regularisation_of_descent_is_set_aside(split):
    settings = RunSettings(
        split, Architecture("linear", 7), Training("mse", "exact"), regularisation=Regularisation(l1=1, train_days=50)
    )
    assert settings.regularisation == Regularisation(train_days=50)


@pytest.mark.parametrize("window", [7, 28])
def test_views_without_noise_are_solved_too(split, window):
    """The solver of linear programmes gives up where a line errs nowhere."""
    day = np.arange(420)
    views = pd.Series(1000.0 + 30 * (day % 7) + day, index=pd.date_range("2020-01-01", periods=420))
    run = RunSettings(split, Architecture("linear", window), Training(optimizer="exact"), Inputs(weekday=True))
    (row,) = fit(build(run), run_windows(Series(views), run), run)
    assert row.train_loss == pytest.approx([0], abs=0.05) and row.held_out_loss == pytest.approx([0], abs=0.05)
    assert next(fit(build(run), run_windows(Series(views * 0 + 5), run), run)).train_loss == pytest.approx(
        [0], abs=1e-4
    )
