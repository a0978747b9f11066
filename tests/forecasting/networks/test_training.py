"""Training against closed forms and plain recomputation; alone as in a stack; blind to the held-out period."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from forecasting.metrics import mae, rmse
from forecasting.models.fitting import build, fit
from forecasting.networks.inputs import prepare
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import predict, train
from forecasting.networks.updates import Augmentation, Descent
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.windows import run_windows
from tests.forecasting.conftest import windows_of

SMALL = Architecture("relu", 7, 2, 8)
SHORT = Training(epochs=4, seeds=3, learning_rate=0.01)


def rows_of(data, architecture=SMALL, training=SHORT):
    """The rows and the trained network."""
    network = StackedNetwork(architecture, range(training.seeds))
    return list(train(network, data, training)), network


def assert_same(some, other, exact=True):
    """Equal rows but for the clock."""
    assert len(some) == len(other)
    for one, two in zip(some, other, strict=True):
        for name in ("epoch", "train_loss", "held_out_loss", "gradient_norm", "learning_rate"):
            if exact:
                np.testing.assert_array_equal(getattr(one, name), getattr(two, name), name)
            else:
                np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-4, err_msg=name)


def least_squares(inputs: np.ndarray, targets: np.ndarray) -> float:
    """The smallest RMSE of any linear model."""
    design = np.column_stack([inputs, np.ones(len(inputs))])
    weights = np.linalg.lstsq(design, targets, rcond=None)[0]
    return float(np.sqrt(np.mean((design @ weights - targets) ** 2)))


@pytest.mark.parametrize("window", [1, 7])
def test_a_linear_model_under_mse_reaches_least_squares(views, split, window):
    data = windows_of(views, split, window)
    training = Training("mse", "adam", learning_rate=0.02, batch_size=0, epochs=800, seeds=2)
    rows, _network = rows_of(data, Architecture("linear", window), training)
    best = least_squares(data.train.inputs, data.train.targets)
    np.testing.assert_allclose(rows[-1].train_loss, best, rtol=1e-3)
    assert (rows[-1].train_loss >= best * (1 - 1e-6)).all()


def test_a_replica_learns_the_same_alone_and_in_a_stack_of_ten(windows):
    training = replace(SHORT, epochs=10, seeds=10)
    replica_groups, _network = rows_of(windows, SMALL, training)
    for seed in (0, 9):
        alone = list(train(StackedNetwork(SMALL, [seed]), windows, training))
        for one, ten in zip(alone, replica_groups, strict=True):
            np.testing.assert_allclose(one.train_loss[0], ten.train_loss[seed], rtol=1e-4)
            np.testing.assert_allclose(one.held_out_loss[0], ten.held_out_loss[seed], rtol=1e-4)


def test_the_same_settings_give_the_same_rows_twice(windows):
    assert_same(rows_of(windows)[0], rows_of(windows)[0])


def test_changing_held_out_views_changes_no_training_row(views, split):
    before, after = views.copy(), views.copy()
    after[str(split.held_out.first) :] *= 5
    for some, other in zip(
        rows_of(windows_of(before, split, 7))[0], rows_of(windows_of(after, split, 7))[0], strict=True
    ):
        np.testing.assert_array_equal(some.train_loss, other.train_loss)
        np.testing.assert_array_equal(some.gradient_norm, other.gradient_norm)
        assert (some.held_out_loss != other.held_out_loss).all()


@pytest.mark.parametrize(("loss", "measure"), [("mae", mae), ("mse", rmse)])
def test_losses_are_those_of_the_predictions_in_views(windows, loss, measure):
    rows, network = rows_of(windows, training=replace(SHORT, loss=loss))
    for period, losses in ((windows.train, rows[-1].train_loss), (windows.held_out, rows[-1].held_out_loss)):
        predicted = predict(network, windows, period)
        assert predicted.shape == (3, len(period))
        np.testing.assert_allclose(losses, measure(period.targets, predicted), rtol=1e-5)


def test_one_full_batch_of_gradient_descent_by_hand(windows):
    start = StackedNetwork(Architecture("linear", 7), range(2))
    weight, bias = (part.numpy().astype(float) for part in start.layers[0])
    rows, network = rows_of(
        windows, Architecture("linear", 7), Training("mse", "sgd", 0.1, batch_size=0, epochs=1, seeds=2)
    )
    inputs, targets = (windows.scaler.scale(part) for part in (windows.train.inputs, windows.train.targets))
    for replica in range(2):
        residual = inputs @ weight[replica, :, 0] + bias[replica, 0, 0] - targets
        gradient = 2 * np.r_[inputs.T @ residual, residual.sum()] / len(targets)
        assert rows[0].gradient_norm[replica] == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
        expected = np.r_[weight[replica, :, 0], bias[replica, 0, 0]] - 0.1 * gradient
        trained = network.parameters[replica].numpy()
        np.testing.assert_allclose(trained, expected, rtol=1e-5, atol=1e-6)


def test_every_window_is_seen_once_an_epoch(windows, monkeypatch):
    seen, draw = [], Descent.sample_batch
    monkeypatch.setattr(Descent, "sample_batch", lambda *given: seen.append(draw(*given)) or seen[-1])
    rows_of(windows, training=replace(SHORT, epochs=1))
    batches = torch.cat([inputs for inputs, _targets in seen], dim=1)
    assert [inputs.shape[1] for inputs, _targets in seen] == [64] * 4 + [54]
    expected = windows.scaler.scale(windows.train.inputs).astype(np.float32)
    for replica in batches.numpy():
        np.testing.assert_array_equal(np.sort(replica[:, 0]), np.sort(expected[:, 0]))
    assert not torch.equal(batches[0], batches[1])


def test_no_row_after_a_stop(windows):
    asked = []
    rows = train(StackedNetwork(SMALL, range(3)), windows, SHORT, stop=lambda: len(asked) >= 7 or asked.append(1))
    assert [row.epoch for row in rows] == [1]  # six updates an epoch, told in the second


def settings_of(split, training, architecture=SMALL, **regularisation) -> RunSettings:
    return RunSettings(split, architecture, training, regularisation=Regularisation(**regularisation))


def run(views, settings):
    network, data = build(settings), run_windows(Series(views), settings)
    return list(fit(network, data, settings)), network, data


def test_every_epoch_steps_at_the_rate_of_its_schedule(windows):
    """Full-batch gradient descent by hand, whose rate halves after every second epoch."""
    halving = Training("mse", "sgd", 0.2, batch_size=0, epochs=5, seeds=1, schedule="step", decay=0.5, decay_epochs=2)
    start = StackedNetwork(Architecture("linear", 7), [0])
    weights = start.parameters[0].numpy().astype(float)  # seven weights, then the bias
    inputs, targets = (windows.scaler.scale(part) for part in (windows.train.inputs, windows.train.targets))
    design = np.column_stack([inputs, np.ones(len(inputs))])
    for rate in (0.2, 0.2, 0.1, 0.1, 0.05):
        weights = weights - rate * 2 * design.T @ (design @ weights - targets) / len(targets)
    _rows, network = rows_of(windows, Architecture("linear", 7), halving)
    np.testing.assert_allclose(network.parameters[0].numpy(), weights, rtol=1e-4, atol=1e-5)


STOPPED = {"validation": 0.25, "patience": 4}
LONG = Training(epochs=120, seeds=3, learning_rate=0.03)


def test_a_row_that_is_not_finite_is_the_last(windows):
    rows, _network = rows_of(windows, training=Training("mse", "sgd", 10.0, epochs=300, seeds=2))
    assert not rows[-1].finite and all(row.finite for row in rows[:-1]) and len(rows) < 300


def test_early_stopping_keeps_the_best_validation_weights(views, split):
    rows, network, data = run(views, settings_of(split, LONG, **STOPPED))
    assert len(rows) < LONG.epochs
    losses = np.array([row.validation_loss for row in rows])
    found = mae(data.validation.targets, predict(network, data, data.validation))
    for replica, best in enumerate(found):  # the best before the first stretch of four epochs without a better one
        kept = 0
        for epoch in range(1, len(losses)):
            if epoch - kept > STOPPED["patience"]:
                break
            kept = epoch if losses[epoch, replica] < losses[kept, replica] else kept
        assert best == pytest.approx(losses[kept, replica], rel=1e-5)
        assert len(rows) >= kept + 1 + STOPPED["patience"]


def test_early_stopping_waits_exactly_its_patience(views, split):
    rows, _network, _data = run(views, settings_of(split, replace(LONG, seeds=1), **STOPPED))
    losses = [row.validation_loss[0] for row in rows]
    assert len(losses) == losses.index(min(losses)) + 1 + STOPPED["patience"] < LONG.epochs


def test_early_stopping_is_a_replicas_own(views, split):
    settings = settings_of(split, LONG, **STOPPED)
    rows, network, data = run(views, settings)
    for seed in range(3):
        alone = StackedNetwork(SMALL, [seed], regularisation=settings.regularisation)
        list(train(alone, data, LONG))
        np.testing.assert_allclose(
            predict(alone, data, data.held_out)[0], predict(network, data, data.held_out)[seed], rtol=1e-4
        )


def test_early_stopping_never_reads_held_out(views, split):
    changed = views.copy()
    changed[str(split.held_out.first) :] = changed[str(split.held_out.first) :] * 7 + 5
    settings = settings_of(split, LONG, **STOPPED)
    (rows, network, _data), (others, other, _data) = run(views, settings), run(changed, settings)
    assert len(rows) == len(others)
    for one, two in zip(rows, others, strict=True):
        np.testing.assert_array_equal(one.train_loss, two.train_loss)
        np.testing.assert_array_equal(one.validation_loss, two.validation_loss)
        assert (one.held_out_loss != two.held_out_loss).all()
    assert torch.equal(network.parameters, other.parameters)


def test_validation_is_blind_to_training_but_for_choosing(views, split):
    """A validation part without patience changes nothing but the days left for training."""
    settings = settings_of(split, SHORT, validation=0.25)
    rows, network, data = run(views, settings)
    plain = StackedNetwork(SMALL, range(3))
    for one, two in zip(rows, train(plain, replace(data, validation=None), SHORT), strict=True):
        np.testing.assert_array_equal(one.train_loss, two.train_loss)
        assert two.validation_loss is None
    assert torch.equal(plain.parameters, network.parameters)


def test_noise_dropout_and_scale_are_a_replicas_own(views, split):
    disturbed = {"noise": 0.2, "dropout": 0.3, "scale": 0.1, "batch_norm": True}
    settings = settings_of(split, replace(SHORT, seeds=4), **disturbed)
    rows, _network, data = run(views, settings)
    alone = StackedNetwork(SMALL, [2], regularisation=settings.regularisation)
    for one, four in zip(train(alone, data, settings.training), rows, strict=True):
        np.testing.assert_allclose(one.train_loss[0], four.train_loss[2], rtol=1e-4)
    for name in disturbed:
        others, _network, _data = run(views, settings_of(split, replace(SHORT, seeds=4), **(disturbed | {name: 0})))
        assert (others[-1].train_loss != rows[-1].train_loss).all()


def test_noise_has_the_size_it_was_given(views, split):
    settings = settings_of(split, SHORT, noise=0.5)
    data = run_windows(Series(views), settings)
    descent = Descent(build(settings), SHORT, Augmentation.of(data))
    part = prepare(data.train, data.scaler, data.inputs)
    inputs, targets = descent.sample_batch(part, torch.arange(len(part)).expand(3, -1))
    assert (inputs - part.inputs)[..., :-1].std().item() == pytest.approx(0.5, rel=0.05)
    assert torch.equal(inputs[..., -1], torch.ones(3, len(part))) and torch.equal(targets[1], part.targets)


def test_several_days_at_once(views, split):
    settings = settings_of(split, replace(LONG, epochs=40), replace(SMALL, horizon=14))
    rows, network, data = run(views, settings)
    predicted = predict(network, data, data.held_out)
    assert predicted.shape == (3, 54 - 13, 14)
    np.testing.assert_allclose(rows[-1].held_out_loss, mae(data.held_out.targets, predicted).mean(axis=1), rtol=1e-5)
    assert (rows[-1].train_loss < 0.6 * rows[0].train_loss).all()


def test_dropout_silences_its_share_and_keeps_the_mean_as_torch_does(views, split):
    settings = settings_of(split, SHORT, replace(SMALL, units=200), dropout=0.3)
    masks = Descent(build(settings), SHORT)._masks(100)
    torch.manual_seed(0)
    plain = torch.nn.Dropout(0.3)(torch.ones(100, 200))
    assert [mask.shape for mask in masks] == [(3, 100, 200)] * 2
    for mask in masks:
        assert set(mask.unique().tolist()) == set(plain.unique().tolist())
        assert mask.mean().item() == pytest.approx(1, abs=0.02)
    assert not torch.equal(masks[0], masks[1]) and not torch.equal(masks[0][0], masks[0][1])
