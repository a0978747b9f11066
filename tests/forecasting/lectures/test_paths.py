"""Paths against torch.optim."""

import numpy as np
import pytest
import torch

from forecasting.lectures.paths import (
    AdagradMean,
    Adam,
    Momentum,
    RMSProp,
    best_momentum,
    bursts,
    descend,
    on_quadratic,
    sigmas,
    updates_to,
    updates_to_stay,
)
from forecasting.lectures.surfaces import TOYS, gradient_of_line
from forecasting.networks import optimizers

HESSIAN = np.array([0.2, 4.0, 1.0])
STARTS = np.array([[1.0, 2.0, 3.0], [-1.0, 4.0, 0.3]])


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_descent_equals_torch(loss):
    rng = np.random.default_rng(0)
    x = rng.gamma(4, 1, 200)
    y = 0.8 * x + rng.normal(0, 1, 200)
    path = descend(lambda at: gradient_of_line(x, y, at, loss=loss), np.array([-0.5, -0.8]), rate=0.01, updates=200)
    at = torch.tensor([-0.5, -0.8], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([at], lr=0.01)
    measure = torch.nn.L1Loss() if loss == "mae" else torch.nn.MSELoss()
    for point in path[1:]:
        optimizer.zero_grad()
        measure(at[0] * torch.tensor(x) + at[1], torch.tensor(y)).backward()
        optimizer.step()
        np.testing.assert_allclose(point, at.detach().numpy(), rtol=1e-9)


def test_a_path_that_runs_away_raises_nothing():
    path = descend(lambda at: 3 * at, np.array([1.0]), rate=10.0, updates=5000)
    assert not np.isfinite(path[-1]).any()


def test_updates_to_a_goal():
    heights = np.array([5.0, 3.0, 4.0, 2.0])
    assert updates_to(heights, 3.0) == 1
    assert updates_to(heights, 1.0) is None
    np.testing.assert_array_equal(updates_to_stay(heights, 3.0), 3)
    np.testing.assert_array_equal(
        updates_to_stay(np.stack([heights, heights + 1, heights * np.nan], 1), 4), [1, 3, np.inf]
    )


@pytest.mark.parametrize("toy", [*TOYS])
@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_equals_torch(toy, nesterov):
    toy = TOYS[toy]
    path = descend(toy.gradient, np.array(toy.start), Momentum(0.8, nesterov), rate=0.01, updates=100)
    at = torch.tensor(toy.start, dtype=torch.float64)
    optimizer = torch.optim.SGD([at], lr=0.01, momentum=0.8, nesterov=nesterov)
    for point in path[1:]:
        at.grad = torch.tensor(toy.gradient(at.numpy()))
        optimizer.step()
        np.testing.assert_allclose(point, at.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("epsilon", [1e-8, 1e-2])
def test_adam_equals_torch(epsilon):
    toy = TOYS["ellipse"]
    path = descend(toy.gradient, np.array(toy.start), Adam(epsilon=epsilon), rate=0.1, updates=100)
    at = torch.tensor(toy.start, dtype=torch.float64)
    optimizer = torch.optim.Adam([at], lr=0.1, eps=epsilon)
    for point in path[1:]:
        at.grad = torch.tensor(toy.gradient(at.numpy()))
        optimizer.step()
        np.testing.assert_allclose(point, at.numpy(), rtol=1e-9, atol=1e-12)


def test_momentum_equals_the_lectures_sequence_by_hand():
    path = descend(lambda at: 2 * at, np.array([1.0]), Momentum(0.5), rate=0.1, updates=3)
    # m1 = -0.2; m2 = -0.1 - 0.16; m3 = -0.13 - 0.108
    np.testing.assert_allclose(path[:, 0], [1, 0.8, 0.54, 0.302])


def test_rates_may_change_from_update_to_update():
    path = descend(lambda at: at, np.array([1.0]), rate=np.array([0.5, 0.1]), updates=2)
    np.testing.assert_allclose(path[:, 0], [1, 0.5, 0.45])


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("share, rate", [(0.0, 0.4), (0.9, 0.2), (0.99, 0.6), ((1 - 0.2**0.5) ** 2, 0.2)])
def test_quadratics_in_closed_form_equal_the_loop(share, rate, nesterov):
    slow = descend(lambda at: at * HESSIAN, STARTS, Momentum(share, nesterov), rate=rate, updates=60)
    found = on_quadratic(HESSIAN, STARTS, rate=rate, updates=np.arange(61), momentum=share, nesterov=nesterov)
    np.testing.assert_allclose(found, slow, rtol=1e-9, atol=1e-9 * np.abs(slow).max())
    np.testing.assert_allclose(
        on_quadratic(HESSIAN, STARTS, rate=rate, updates=np.array([7]), momentum=share, nesterov=nesterov)[0], found[7]
    )


def test_best_momentum_is_the_best_of_all_and_polyaks_at_the_best_rate():
    condition, rate = 20, 4 / (0.2**0.5 + 4**0.5) ** 2
    shares = np.linspace(0, 0.99, 100)[:, None]
    ends = on_quadratic(HESSIAN, np.ones(3), rate=rate, updates=np.array([200]), momentum=shares)[0]
    best = best_momentum(HESSIAN, rate)
    assert best == pytest.approx(((condition**0.5 - 1) / (condition**0.5 + 1)) ** 2)
    assert shares[np.linalg.norm(ends, axis=1).argmin(), 0] == pytest.approx(best, abs=0.011)


ADAPTIVE = {
    "adagrad-mean": (AdagradMean(), lambda at, rate: optimizers.AdagradMean([at], lr=rate)),
    "rmsprop": (RMSProp(), lambda at, rate: torch.optim.RMSprop([at], lr=rate)),
}


@pytest.mark.parametrize("toy", ["long ellipse", "crescent"])
@pytest.mark.parametrize("method", [*ADAPTIVE])
def test_adaptive_paths_equal_torch_and_the_engine(toy, method):
    toy, (direction, make) = TOYS[toy], ADAPTIVE[method]
    path = descend(toy.gradient, np.array(toy.start), direction, rate=0.05, updates=100)
    at = torch.tensor(toy.start, dtype=torch.float64)
    optimizer = make(at, 0.05)
    for point in path[1:]:
        at.grad = torch.tensor(toy.gradient(at.numpy()))
        optimizer.step()
        np.testing.assert_allclose(point, at.numpy(), rtol=1e-6, atol=1e-9)


def test_adagrad_of_the_mean_under_decay_is_torchs_of_the_sum():
    toy = TOYS["crescent"]
    rates = 0.3 / np.sqrt(np.arange(1, 201))
    path = descend(toy.gradient, np.array(toy.start), AdagradMean(), rate=rates, updates=200)
    at = torch.tensor(toy.start, dtype=torch.float64)
    optimizer = torch.optim.Adagrad([at], lr=0.3)
    for point in path[1:]:
        at.grad = torch.tensor(toy.gradient(at.numpy()))
        optimizer.step()
        np.testing.assert_allclose(point, at.numpy(), rtol=1e-6, atol=1e-9)


def test_stretching_an_axis_changes_nothing_for_adagrad():
    def path(curvature: float) -> np.ndarray:
        hessian = np.array([0.2, curvature])
        return descend(lambda at: at * hessian, np.array([-4.0, 1.5]), AdagradMean(), rate=1.0, updates=60)

    np.testing.assert_allclose(path(200), path(2), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("direction", [AdagradMean(), RMSProp(), Adam()])
def test_sigma_is_what_the_step_was_divided_by(direction):
    toy = TOYS["crescent"]
    path = descend(toy.gradient, np.array(toy.start), direction, rate=0.05, updates=30)
    gradients = toy.gradient(path[:-1])
    found = sigmas(direction, gradients)
    if not isinstance(direction, Adam):  # whose step is of the mean gradient
        np.testing.assert_allclose(np.diff(path, axis=0), -0.05 * gradients / found, rtol=1e-9)
    np.testing.assert_allclose(found[0], np.abs(gradients[0]) * (0.1 if isinstance(direction, RMSProp) else 1))


def test_bursts_are_those_a_slow_loop_finds():
    rng = np.random.default_rng(0)
    for _time in range(5):
        distances = np.exp(rng.normal(0, 1.2, 400))
        found, last = [], -50
        for update in range(50, 400):
            if distances[update] >= max(10 * min(distances[update - 50 : update]), 0.01 * distances[0]):
                found += [update] if update - last >= 50 else []
                last = update
        assert bursts(distances).tolist() == found


def test_a_calm_path_and_rounding_far_below_are_no_bursts():
    calm = 4 * 0.95 ** np.arange(500)
    assert len(bursts(calm)) == 0
    ripples = np.where(np.arange(500) % 20, 1e-9, 1e-6)
    assert len(bursts(np.append(4.0, ripples))) == 0
    assert len(bursts(np.append(4e-6, ripples))) > 0
    assert bursts(np.where(np.arange(500) == 300, 1.0, calm)).tolist() == [300]
    assert len(bursts(calm[:20])) == 0
