"""Lines of many days ahead, solved together: numpy's least squares of each day."""

import numpy as np
import pytest

from forecasting.models.lines import fit_lines

DAYS = 4


@pytest.fixture
def inputs() -> np.ndarray:
    """A walk's windows of two weeks, in thousands of views, and the weekday of each."""
    views = 5000 + np.random.default_rng(0).normal(0, 100, 200).cumsum()
    windows = np.lib.stride_tricks.sliding_window_view(views, 14)
    return np.concatenate([windows, np.eye(7)[np.arange(len(windows)) % 7]], axis=1)


@pytest.fixture
def targets(inputs) -> np.ndarray:
    """The last days are still to come, and here and there one was not measured."""
    random = np.random.default_rng(1)
    targets = inputs[:, [13]] + random.normal(0, 50, (len(inputs), DAYS)).cumsum(axis=1)
    targets[random.random(targets.shape) < 0.05] = np.nan
    for day in range(1, DAYS):
        targets[-day:, day] = np.nan
    return targets


def assert_numpys(inputs, targets):
    """Predictions are those of numpy's least squares, day for day."""
    design = np.column_stack([inputs, np.ones(len(inputs))])
    for line, day in zip(fit_lines(inputs, targets), targets.T, strict=True):
        rows = design[np.isfinite(day)]
        weights = np.linalg.lstsq(rows, day[np.isfinite(day)], rcond=None)[0]
        np.testing.assert_allclose(line.predict(rows[:, :-1]), rows @ weights, rtol=1e-7)


def test_each_day_is_least_squares_on_its_measured_rows(inputs, targets):
    assert_numpys(inputs, targets)


def test_so_is_one_that_is_never_measured_on_some_weekday(inputs, targets):
    for day in range(DAYS):
        targets[(np.arange(len(inputs)) + day) % 7 == 2, day] = np.nan
    assert_numpys(inputs, targets)


def test_views_by_the_million_are_forecast_as_those_by_the_hundred_are(inputs, targets):
    """The weekday, which is 0 or 1 beside them, counts as much."""
    few, many = (np.concatenate([inputs[:, :14] * scale, inputs[:, 14:]], axis=1) for scale in (0.1, 1e6))
    for line, other in zip(fit_lines(few, targets * 0.1), fit_lines(many, targets * 1e6), strict=True):
        np.testing.assert_allclose(line.predict(few) * 1e7, other.predict(many), rtol=1e-6)


def test_few_rows_and_views_that_never_change_have_a_line_too(inputs):
    for rows in (3, 15):
        assert_numpys(inputs[:rows], inputs[:rows, :2])
    constant = np.concatenate([np.full((len(inputs), 14), 5.0), inputs[:, 14:]], axis=1)
    assert_numpys(constant, np.full((len(inputs), 1), 5.0))
