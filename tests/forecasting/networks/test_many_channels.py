"""Many channels in one stack: each to the last bit as it is alone, whatever the others are."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from forecasting.metrics import rmse
from forecasting.networks import many_channels
from forecasting.networks.closed_form import solve
from forecasting.networks.inputs import Prepared
from forecasting.networks.many_channels import train_channels
from forecasting.networks.network import StackedNetwork
from forecasting.networks.normal_equations import least_squares_of_many
from forecasting.networks.training import predict, train
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.split import last_part
from forecasting.windows import SplitWindows, run_windows
from tests.forecasting.conftest import make_views

DAYS = (300, 301, 300, 420, 150, 263)  # some as long as others, some with as many updates, some with neither
TRAINING = Training(epochs=3, seeds=2, learning_rate=0.01)
EXACT = Training("mse", "exact")
WEEK = Architecture("relu", 7, 1, 6)


def channel(days: int, seed: int, architecture=WEEK, inputs=Inputs()) -> SplitWindows:  # noqa: B008
    views = make_views(days, seed)
    filled = views.index[views.index.day_of_week == 6] if seed % 2 else views.index[:0]  # never measured on Sundays
    settings = RunSettings(last_part(views), architecture, TRAINING, inputs)
    return run_windows(Series(views, filled), settings)


def channels(architecture=WEEK) -> list[SplitWindows]:
    return [channel(days, seed, architecture) for seed, days in enumerate(DAYS)]


def assert_as_alone(fit, data, architecture=WEEK, training=TRAINING):
    network = StackedNetwork(architecture, range(training.seeds), data.inputs)
    *_, last = train(network, data, training)
    np.testing.assert_array_equal(fit.train, last.train_loss)
    np.testing.assert_array_equal(fit.held_out, last.held_out_loss)
    np.testing.assert_array_equal(fit.errors, np.abs(predict(network, data, data.held_out) - data.held_out.targets))


@pytest.mark.parametrize(
    ("architecture", "training"),
    [
        (WEEK, TRAINING),
        (Architecture("linear", 7), replace(TRAINING, loss="mse", batch_size=0, optimizer="momentum")),
        (Architecture("relu", 7, 2, 6, horizon=3), replace(TRAINING, schedule="cosine")),
        (Architecture("linear", 7), Training("mse", "lbfgs", epochs=2, seeds=2)),
    ],
)
def test_each_channel_comes_out_as_it_does_alone(architecture, training):
    made = channels(architecture)
    for fit, data in zip(train_channels(architecture, training, made), made, strict=True):
        assert_as_alone(fit, data, architecture, training)


def test_blocks_and_groups_of_one_channel_change_nothing(monkeypatch):
    monkeypatch.setattr(many_channels, "BLOCK_SIZE", 1)
    monkeypatch.setattr(many_channels, "BATCH_SIZE", 1)
    made = channels()
    for fit, data in zip(train_channels(WEEK, TRAINING, made), made, strict=True):
        assert_as_alone(fit, data)


def test_channels_may_have_different_inputs():
    made = [channel(300, 0), channel(300, 2, inputs=Inputs(weekday=True)), channel(300, 4, inputs=Inputs(log=True))]
    for fit, data in zip(train_channels(WEEK, TRAINING, made), made, strict=True):
        assert_as_alone(fit, data)


def test_a_channel_that_diverges_disturbs_no_other():
    training = replace(TRAINING, loss="mse", optimizer="sgd")
    line = Architecture("linear", 7)
    calm = channel(300, 0, line)
    wild = replace(channel(300, 2, line), scaler=Scaler(0.0, 1e-6))
    first, diverged, last = train_channels(line, training, [calm, wild, calm])
    assert not np.isfinite(diverged.train).any()
    for fit in (first, last):
        assert_as_alone(fit, calm, line, training)


def test_of_no_channels_nothing_comes_out():
    assert train_channels(WEEK, TRAINING, []) == []


@pytest.mark.parametrize("horizon", [1, 3])
def test_lines_of_many_channels_are_numpys_and_have_its_losses(horizon):
    line = Architecture("linear", 7, horizon=horizon)
    made = channels(line)[::2]
    for fit, data in zip(train_channels(line, EXACT, made), made, strict=True):
        design, future = (np.column_stack([part.inputs, np.ones(len(part))]) for part in (data.train, data.held_out))
        weights = np.linalg.lstsq(design, data.train.targets, rcond=None)[0]
        np.testing.assert_allclose(fit.train, [rmse(data.train.targets.ravel(), (design @ weights).ravel())], rtol=1e-6)
        np.testing.assert_allclose(fit.errors[0], np.abs(future @ weights - data.held_out.targets), atol=0.05)


def test_normal_equations_give_numpys_weights_where_windows_are_close_to_dependent():
    """Columns that differ by a ten-thousandth of their size."""
    random = np.random.default_rng(0)
    columns = random.normal(size=(200, 1)) + 1e-4 * random.normal(size=(200, 3))
    targets = columns @ [[1.0], [2.0], [3.0]] + random.normal(size=(200, 1))
    inputs = torch.from_numpy(np.column_stack([columns, np.ones(200)]))
    prepared = Prepared(inputs, torch.from_numpy(targets), torch.zeros(200, 1), torch.from_numpy(targets))
    ((weights, biases),) = least_squares_of_many([prepared])
    expected = np.linalg.lstsq(inputs.numpy(), targets, rcond=None)[0]
    np.testing.assert_allclose(np.vstack([weights, biases]), expected, rtol=1e-5)


def test_what_is_not_to_be_solved_with_others_is_solved_alone_and_disturbs_none():
    """A channel that never changes, one that is shorter than its window, one without Sundays, and an ordinary one."""
    line = Architecture("linear", 7, horizon=2)
    constant, short, holes, usual = (channel(300, seed, line) for seed in (0, 2, 1, 4))
    constant = replace(constant, train=replace(constant.train, inputs=constant.train.inputs * 0 + 5))
    short = replace(short, train=short.train[:5])
    made = [constant, short, holes, usual]
    for fit, data in zip(train_channels(line, EXACT, made), made, strict=True):
        (row,) = solve(StackedNetwork(line, [0]), data, "mse")
        np.testing.assert_allclose(fit.train, row.train_loss, rtol=1e-5, atol=1e-3)
        np.testing.assert_allclose(fit.held_out, row.held_out_loss, rtol=1e-5)
