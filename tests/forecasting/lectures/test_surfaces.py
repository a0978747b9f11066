"""Surfaces against broadcasting, optima against scipy and numpy, gradients against differences."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from forecasting.lectures.surfaces import TOYS, error_of_line, error_surface, exact_optimum, gradient_of_line

SLOPES, INTERCEPTS = np.linspace(-0.75, 1.25, 11), np.linspace(-2, 2, 9)


@pytest.fixture(params=[0, 1, 2])
def examples(request):
    rng = np.random.default_rng(request.param)
    x = rng.gamma(4, 1, 300).round(request.param)  # ties in the first
    return x, 0.8 * x + 0.5 + rng.standard_t(2, 300)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_surface_equals_broadcasting(examples, loss):
    x, y = examples
    errors = y - SLOPES[None, :, None] * x - INTERCEPTS[:, None, None]
    slow = np.abs(errors).mean(-1) if loss == "mae" else (errors**2).mean(-1)
    np.testing.assert_allclose(error_surface(x, y, slopes=SLOPES, intercepts=INTERCEPTS, loss=loss), slow, rtol=1e-10)


def test_smallest_absolute_error_equals_linear_programming(examples):
    x, y = examples
    n = len(x)
    line = np.stack([x, np.ones(n)], axis=1)
    costs = np.r_[0, 0, np.full(n, 1 / n)]
    bounds = np.block([[line, -np.eye(n)], [-line, -np.eye(n)]])
    solved = linprog(costs, A_ub=bounds, b_ub=np.r_[y, -y], bounds=[(None, None)] * 2 + [(0, None)] * n)
    assert error_of_line(x, y, exact_optimum(x, y, "mae"), loss="mae") == pytest.approx(solved.fun, rel=1e-9)


def test_smallest_squared_error_equals_least_squares(examples):
    x, y = examples
    np.testing.assert_allclose(exact_optimum(x, y, "mse"), np.polyfit(x, y, 1), rtol=1e-9)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_optimum_of_equal_inputs_is_flat(loss):
    slope, intercept = exact_optimum(np.full(5, 3.0), np.array([1.0, 2, 2, 2, 3]), loss)
    assert (slope, intercept) == (0.0, pytest.approx(2.0))


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_gradient_equals_differences(examples, loss):
    x, y = examples
    at, step = np.array([0.3, 0.123456]), 1e-7
    rise = [
        error_of_line(x, y, at + step * way, loss=loss) - error_of_line(x, y, at - step * way, loss=loss)
        for way in np.eye(2)
    ]
    np.testing.assert_allclose(gradient_of_line(x, y, at, loss=loss), np.array(rise) / (2 * step), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [*TOYS])
def test_derivatives_of_toys_equal_differences(name):
    toy = TOYS[name]
    points = np.random.default_rng(0).uniform(toy.low, toy.high, (20, len(toy.low)))
    ways = 1e-5 * np.eye(len(toy.low))
    slopes = np.stack([toy.value(points + way) - toy.value(points - way) for way in ways], axis=-1) / 2e-5
    np.testing.assert_allclose(toy.gradient(points), slopes, rtol=1e-6, atol=1e-8)
    bends = np.stack([toy.gradient(points + way) - toy.gradient(points - way) for way in ways], axis=-1) / 2e-5
    np.testing.assert_allclose(toy.hessian(points), bends, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", [*TOYS])
def test_minima_of_toys_are_the_lowest_points(name):
    toy = TOYS[name]
    np.testing.assert_allclose(toy.gradient(np.array(toy.minimum)), 0, atol=1e-6)
    for start in np.random.default_rng(0).uniform(toy.low, toy.high, (20, len(toy.low))):
        assert minimize(toy.value, start).fun >= toy.value(np.array(toy.minimum)) - 1e-9


def test_heights_of_a_toy_have_the_second_unknown_down_and_the_first_across():
    toy = TOYS["crescent"]
    heights = toy.heights(5)
    assert heights[0, -1] == toy.value(np.array([toy.high[0], toy.low[1]]))
    assert heights[-1, 0] == toy.value(np.array([toy.low[0], toy.high[1]]))


def test_the_lectures_saddle():
    """At the origin: no slope, eigenvalues 2 and -2, and [1, 1] is the way down."""
    toy, origin = TOYS["product"], np.zeros(2)
    np.testing.assert_array_equal(toy.gradient(origin), 0)
    np.testing.assert_array_equal(toy.hessian(origin), [[0, -2], [-2, 0]])
    assert toy.value(np.array([0.1, 0.1])) < toy.value(origin)
