"""A forecast that is a known number of days late is found to be so late."""

import numpy as np
import pytest

from forecasting.lectures.lateness import best_shift


@pytest.mark.parametrize("late", [0, 1, 3, 7])
def test_the_shift_is_found_on_noise(late):
    rng = np.random.default_rng(late)
    series = rng.normal(100, 10, 200)
    actual, predicted = series[late:], series[: len(series) - late]
    found = best_shift(actual, predicted)
    assert found.best == late
    assert found.means[late] == 0.0


def test_all_shifts_are_judged_on_the_same_days():
    actual = np.arange(20.0)
    errors = best_shift(actual, actual, most=4).errors
    assert errors.shape == (5, 16)
    np.testing.assert_array_equal(errors, np.arange(5.0)[:, None].repeat(16, axis=1))
