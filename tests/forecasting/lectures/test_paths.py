"""Paths against torch.optim."""

import numpy as np
import pytest
import torch

from forecasting.lectures.paths import descend, updates_to
from forecasting.lectures.surfaces import gradient_of_line


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
