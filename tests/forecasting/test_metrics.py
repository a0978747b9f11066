"""Metrics against slow obvious loops."""

import numpy as np
import pytest

from forecasting.metrics import in_views, mae, mase, rmse, skill


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_errors_equal_a_loop(rng):
    actual, predicted = rng.normal(size=(3, 40)), rng.normal(size=(3, 40))
    for row in range(3):
        pairs = list(zip(actual[row], predicted[row], strict=True))
        assert mae(actual, predicted)[row] == pytest.approx(sum(abs(a - p) for a, p in pairs) / 40)
        assert rmse(actual, predicted)[row] == pytest.approx((sum((a - p) ** 2 for a, p in pairs) / 40) ** 0.5)


def test_a_mean_of_squares_is_said_as_its_root(rng):
    actual, predicted = rng.normal(size=(2, 3, 40))
    assert in_views(np.abs(predicted - actual).mean(axis=1), "mae") == pytest.approx(mae(actual, predicted))
    assert in_views(((predicted - actual) ** 2).mean(axis=1), "mse") == pytest.approx(rmse(actual, predicted))


def test_mase_of_the_seasonal_naive_is_one_on_its_own_days(rng):
    views = rng.uniform(1, 9, 200)
    assert mase(views[7:], views[:-7], views) == pytest.approx(1)


def test_skill_is_the_share_of_error_that_is_gone():
    assert skill(np.array([88.0, 120.0]), 100.0) == pytest.approx([0.12, -0.2])
