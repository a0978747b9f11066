"""Targets of which some days were not measured count for those that were: against slow loops over single entries."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from forecasting.models.fitting import build, fit
from forecasting.networks.inputs import Prepared, prepare
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import predict
from forecasting.networks.updates import Descent, gradient_by_autograd
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import SplitWindows, Windows, run_windows
from tests.forecasting.conftest import make_views

AHEAD = 7
LOSSES = ["mae", "mse"]


@pytest.fixture
def data() -> SplitWindows:
    """A channel that is never measured on Sundays, a week ahead."""
    return run_windows(without_sundays(), settings(Training(), "linear"))


def without_sundays() -> Series:
    views = make_views(300)
    return Series(views, views.index[views.index.day_of_week == 6])


def settings(training: Training, family: str, **regularisation) -> RunSettings:
    net = Architecture(family, 7, layers=1, units=6, horizon=AHEAD)
    return RunSettings(default_split(make_views(300)), net, training, regularisation=Regularisation(**regularisation))


def entries(windows: Windows) -> list[tuple[int, int]]:
    """Every measured target, one by one."""
    return [
        (row, day) for row in range(len(windows)) for day in range(AHEAD) if not np.isnan(windows.targets[row, day])
    ]


def loss_of_a_loop(predicted: np.ndarray, windows: Windows, loss: str) -> float:
    errors = [abs(predicted[row, day] - windows.targets[row, day]) for row, day in entries(windows)]
    return float(np.mean(errors)) if loss == "mae" else float(np.sqrt(np.mean(np.square(errors))))


def test_every_window_has_a_hole_and_none_is_lost_but_those_that_end_on_one(data):
    assert np.isnan(data.train.targets).sum(axis=1).tolist() == [1] * len(data.train)
    assert set(data.train.days.day_of_week) == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("family", ["linear", "relu", "sigmoid", "trees", "svr"])
def test_losses_are_means_over_measured_days(data, family, loss):
    run = settings(Training(loss, epochs=3, seeds=2), family)
    model = build(run)
    *_rows, last = fit(model, data, run)
    for period, found in ((data.train, last.train_loss), (data.held_out, last.held_out_loss)):
        wanted = [loss_of_a_loop(one, period, loss) for one in predict(model, data, period)]
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_one_full_batch_of_descent_is_that_of_a_loop(data, loss):
    run = settings(Training(loss, "sgd", 0.1, batch_size=0, epochs=1, seeds=2), "linear")
    network = StackedNetwork(run.architecture, range(2))
    weight, bias = (part.numpy().astype(float) for part in network.layers[0])
    list(fit(network, data, run))
    inputs, targets = (data.scaler.scale(part) for part in (data.train.inputs, data.train.targets))
    measured = entries(data.train)
    for replica in range(2):
        slope = np.zeros((8, AHEAD))
        for row, day in measured:
            column = np.r_[inputs[row], 1.0]
            off = column @ np.r_[weight[replica, :, day], bias[replica, 0, day]] - targets[row, day]
            slope[:, day] += (np.sign(off) if loss == "mae" else 2 * off) * column / len(measured)
        wanted = np.vstack([weight[replica], bias[replica]]) - 0.1 * slope
        found = np.vstack([part[replica].numpy() for part in network.layers[0]])
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("family", ["linear", "relu", "hard-sigmoid"])
def test_the_gradient_by_hand_is_the_automatic_one(data, family, loss):
    run = settings(Training(loss, seeds=3), family)
    network = StackedNetwork(run.architecture, range(3))
    descent, prepared = Descent(network, run.training), prepare(data.train, data.scaler, data.inputs)
    descent.has_holes = prepared.has_holes
    inputs, targets = (part.expand(3, *part.shape).contiguous() for part in (prepared.inputs, prepared.targets))
    descent.find_gradient(inputs, targets)
    automatic = torch.empty_like(network.parameters)
    gradient_by_autograd(network, inputs, targets, loss=loss, masks=(), parts=network.parts(automatic))
    torch.testing.assert_close(descent.gradient, automatic, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("training", [Training(optimizer="lbfgs", epochs=3, batch_size=0), Training(epochs=3)])
@pytest.mark.parametrize("kept", [{}, {"batch_norm": True}, {"noise": 0.1, "scale": 0.1}, {"validation": 0.2}])
def test_every_way_of_training_goes_down(data, training, kept):
    if training.optimizer == "lbfgs" and kept:
        kept = {"weight_decay": 0.001}
    run = settings(replace(training, loss="mse", seeds=2), "relu", **kept)
    rows = list(fit(build(run), run_windows(without_sundays(), run), run))
    assert all(row.finite for row in rows) and (rows[-1].train_loss < rows[0].train_loss).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_exact_solution_is_that_of_each_days_measured_windows(data, loss):
    run = settings(Training(loss, "exact"), "linear")
    model = build(run)
    list(fit(model, data, run))
    predicted = predict(model, data, data.train)[0]
    design = np.column_stack([data.train.inputs, np.ones(len(data.train))])
    for day in range(AHEAD):
        there = np.isfinite(data.train.targets[:, day])
        targets = data.train.targets[there, day]
        if loss == "mse":
            wanted = design[there] @ np.linalg.lstsq(design[there], targets, rcond=None)[0]
            np.testing.assert_allclose(predicted[there, day], wanted, atol=0.5)
        else:
            error = np.abs(predicted[there, day] - targets).mean()
            for other in np.random.default_rng(0).normal(0, 0.01, (20, 8)):
                assert error <= np.abs(predicted[there, day] + design[there] @ other - targets).mean() * (1 + 1e-5)


def test_full_targets_have_no_holes():
    full = torch.ones(4, 3)
    assert not Prepared(full, full, full[:, :1], full).has_holes


def test_views_filled_in_for_days_that_were_not_measured_are_no_targets():
    series = without_sundays()
    wrong = series.views.where(~series.views.index.isin(series.filled), 10 * series.views)
    run = settings(Training(), "linear")
    targets = [run_windows(Series(views, series.filled), run).train.targets for views in (series.views, wrong)]
    np.testing.assert_array_equal(*targets)
