"""Ramps against a slow loop, each other and torch; the best ones against trying all corners."""

from itertools import combinations

import numpy as np
import pytest
import torch
from torch.nn import functional

from forecasting.lectures.ramps import best_ramps, error, parts, value


def corners(seed: int, pieces: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([np.sort(rng.uniform(0, 10, pieces + 1)), rng.normal(0, 5, pieces + 1)], axis=1)


PLACES = np.linspace(-3, 13, 81)


@pytest.mark.parametrize("seed", range(4))
def test_sum_of_ramps_is_the_line_through_the_corners(seed):
    at = corners(seed)
    assert value(at, PLACES) == pytest.approx(np.interp(PLACES, *at.T))


@pytest.mark.parametrize("seed", range(4))
def test_two_relus_are_a_ramp(seed):
    at = corners(seed)
    relus = parts(at, PLACES, "relus")
    assert len(relus) == 2 * len(parts(at, PLACES))
    assert relus.reshape(-1, 2, len(PLACES)).sum(axis=1) == pytest.approx(parts(at, PLACES))


def test_ramp_and_sigmoid_are_torchs():
    x = np.linspace(-6, 6, 41)
    both = torch.from_numpy(x)
    assert parts(np.array([[-3, 0], [3, 1]]), x)[0] == pytest.approx(functional.hardsigmoid(both).numpy())
    assert parts(np.array([[-2, 0], [2, 1]]), x, "soft")[0] == pytest.approx(torch.sigmoid(both).numpy())


def walk(seed: int, points: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.uniform(0.5, 2, points)), np.cumsum(rng.normal(size=points))


def least(x: np.ndarray, y: np.ndarray, pieces: int) -> float:
    """The smallest error of all choices of corners, each with heights by scikit-free least squares."""
    errors = []
    for chosen in combinations(range(len(x)), pieces + 1):
        hats = np.array([np.interp(x, x[list(chosen)], unit) for unit in np.eye(pieces + 1)]).T
        heights = np.linalg.lstsq(hats, y, rcond=None)[0]
        errors.append(np.sqrt(((hats @ heights - y) ** 2).mean()))
    return min(errors)


@pytest.mark.parametrize("seed", range(8))
def test_best_ramps_are_the_best_of_all_corners(seed):
    x, y = walk(seed, 14)
    for pieces, found in enumerate(best_ramps(x, y, 3), 1):
        assert least(x, y, pieces) * 0.999999 <= error(found, x, y) <= 1.04 * least(x, y, pieces)


def test_more_pieces_are_never_worse_and_all_points_are_met_in_the_end():
    for seed in range(5):
        x, y = walk(seed, 60)
        y[20] += 40  # a day unlike all others
        errors = [error(found, x, y) for found in best_ramps(x, y, 12)]
        assert (np.diff(errors) <= 1e-9).all()
    x, y = walk(0, 8)
    assert error(best_ramps(x, y, 7)[-1], x, y) == pytest.approx(0, abs=1e-9)


def test_a_curve_of_three_ramps_is_found():
    x = np.linspace(0, 7, 71)
    made = np.array([[1.0, 5.0], [2.0, 1.0], [4.0, 2.0], [6.0, 7.0]])
    found = best_ramps(x, value(made, x), 3)[-1]
    assert found == pytest.approx(made, abs=1e-6)


def test_twice_the_pieces_leave_a_quarter_of_a_smooth_curve():
    """The error of straight pieces falls with the square of their number."""
    x = np.linspace(0, 10, 200)
    errors = [error(found, x, np.sin(x)) for found in best_ramps(x, np.sin(x), 12)]
    assert errors[11] / errors[5] == pytest.approx(0.25, abs=0.08)


def test_a_level_curve_is_met_by_one_piece():
    x = np.arange(10.0)
    assert error(best_ramps(x, np.full(10, 3.0), 2)[0], x, np.full(10, 3.0)) == pytest.approx(0, abs=1e-12)
