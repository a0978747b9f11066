"""Paths against torch.optim."""

import numpy as np
import pytest
import torch

from forecasting.lectures.paths import (
    Adam,
    Momentum,
    best_momentum,
    descend,
    on_quadratic,
    updates_to,
    updates_to_stay,
)
from forecasting.lectures.surfaces import TOYS, gradient_of_line

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
    path = descend(toy.gradient, np.array(toy.start), Momentum(0.8, nesterov), rate=0.1, updates=100)
    at = torch.tensor(toy.start, dtype=torch.float64)
    optimizer = torch.optim.SGD([at], lr=0.1, momentum=0.8, nesterov=nesterov)
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
