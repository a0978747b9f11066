"""Exact fits against scikit-learn, numpy's least squares and a solver of linear programmes."""

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.linear_model import LinearRegression

from forecasting.lectures.linear_windows import CLOSE, fit_windows


def lagged_views(days: int, longest: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A weekly series with heavy tails as days before (targets, longest), the day before first, and targets."""
    rng = np.random.default_rng(seed)
    views = 1000 + 200 * np.sin(np.arange(days) * 2 * np.pi / 7) + 50 * rng.standard_t(2, days)
    stretch = np.lib.stride_tricks.sliding_window_view(views, longest + 1)
    return stretch[:, -2::-1], stretch[:, -1]


def smallest_absolute_error(inputs: np.ndarray, targets: np.ndarray) -> float:
    n, window = inputs.shape
    line = np.column_stack([inputs, np.ones(n)])
    bounds = np.block([[line, -np.eye(n)], [-line, -np.eye(n)]])
    costs = np.r_[np.zeros(window + 1), np.full(n, 1 / n)]
    free = [(None, None)] * (window + 1) + [(0, None)] * n
    return linprog(costs, A_ub=bounds, b_ub=np.r_[targets, -targets], bounds=free).fun


@pytest.mark.parametrize("seed", range(3))
def test_absolute_errors_are_the_smallest_at_every_window(seed):
    lagged, targets = lagged_views(300, seed=seed)
    for window, fit in enumerate(fit_windows(lagged, targets, "mae"), 1):
        found = np.abs(fit.predicted(lagged) - targets).mean()
        smallest = smallest_absolute_error(lagged[:, :window], targets)
        assert smallest * (1 - 1e-9) <= found <= smallest * (1 + CLOSE)


def test_squared_errors_equal_scikit_learn_at_every_window():
    lagged, targets = lagged_views(300)
    for window, fit in enumerate(fit_windows(lagged, targets, "mse"), 1):
        model = LinearRegression().fit(lagged[:, :window], targets)
        np.testing.assert_allclose(fit.weights, model.coef_, rtol=1e-5, atol=1e-7)
        assert fit.intercept == pytest.approx(model.intercept_, rel=1e-5)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_a_channel_that_follows_a_line_gets_it_back(loss):
    rng = np.random.default_rng(0)
    lagged = rng.normal(500, 100, (200, 3))
    fit = fit_windows(lagged, 20 + lagged @ [0.5, 0.3, -0.1], loss)[2]
    np.testing.assert_allclose(fit.weights, [0.5, 0.3, -0.1], atol=1e-3)
    assert fit.intercept == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("loss", ["mae", "mse"])
@pytest.mark.parametrize("level", [0.0, 5.0])
def test_a_constant_channel_is_foretold(loss, level):
    lagged, targets = np.full((100, 10), level), np.full(100, level)
    for fit in fit_windows(lagged, targets, loss):
        np.testing.assert_allclose(fit.predicted(lagged), level, atol=1e-6)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_days_that_repeat_exactly_share_their_weight(loss):
    week = np.array([100.0, 120, 90, 80, 150, 60, 70])
    stretch = np.lib.stride_tricks.sliding_window_view(np.tile(week, 40), 22)
    lagged, targets = stretch[:, -2::-1], stretch[:, -1]
    for fit in fit_windows(lagged, targets, loss)[6:]:
        np.testing.assert_allclose(fit.predicted(lagged), targets, atol=0.05)
