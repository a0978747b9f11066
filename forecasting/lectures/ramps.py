"""Piecewise linear curves as sums of ramps (Lee 2021, video 2): their values, their parts, and the best ones.

A ramp, or hard sigmoid, is flat, then sloped, then flat again. A curve of k pieces has k + 1 corners and is flat beyond
the first and the last: a constant and k ramps, each from one corner to the next.
"""

from itertools import pairwise
from typing import Literal

import numpy as np

Shape = Literal["hard", "soft", "relus"]
PLACES = 30  # where a corner may stand at first
LEVELS = 20  # and how high
ROUNDS = 20  # of moving the corners by a point each; far more than are needed

Corners = np.ndarray  # (pieces + 1, 2) in order of x


def value(corners: Corners, x: np.ndarray, shape: Shape = "hard") -> np.ndarray:
    """The sum (points,) at `x` (points,)."""
    return corners[0, 1] + parts(corners, x, shape).sum(axis=0)


def parts(corners: Corners, x: np.ndarray, shape: Shape = "hard") -> np.ndarray:
    """What is summed (parts, points) beside the constant: a ramp a piece, as sigmoids where soft, or two ReLUs each."""
    if shape == "relus":
        return np.concatenate([as_relus(ramp, x) for ramp in pairwise(corners)])
    each = {"hard": _ramp, "soft": _sigmoid}[shape]
    return np.stack([each(ramp, x) for ramp in pairwise(corners)])


def as_relus(ramp: tuple[np.ndarray, np.ndarray], x: np.ndarray) -> np.ndarray:
    """A ramp as c max(0, x - start) - c max(0, x - end), two rows (2, points)."""
    (start, low), (end, high) = ramp
    slope = (high - low) / (end - start)
    return np.stack([slope * np.maximum(x - start, 0), -slope * np.maximum(x - end, 0)])


def _ramp(ramp: tuple[np.ndarray, np.ndarray], x: np.ndarray) -> np.ndarray:
    (start, low), (end, high) = ramp
    return (high - low) * np.clip((x - start) / (end - start), 0, 1)


def _sigmoid(ramp: tuple[np.ndarray, np.ndarray], x: np.ndarray) -> np.ndarray:
    """As high as the ramp, and as steep in its middle: a sigmoid's slope there is a quarter."""
    (start, low), (end, high) = ramp
    steepness = 4 / (end - start)
    return (high - low) / (1 + np.exp(-np.clip(steepness * (x - (start + end) / 2), -60, 60)))


def error(corners: Corners, x: np.ndarray, y: np.ndarray, *, shape: Shape = "hard") -> float:
    """Root of the mean squared error of the sum, in the unit of y."""
    return float(np.sqrt(((value(corners, x, shape) - y) ** 2).mean()))


def best_ramps(x: np.ndarray, y: np.ndarray, most: int) -> list[Corners]:
    """Corners of the curves of 1 to `most` pieces that come nearest to `y` (points,) at rising `x` (points,).

    Nearest by squares, corners standing at points. Dynamic programming finds the best ones on a grid of places and
    levels, for all numbers of pieces in one pass; then each moves among the points while that helps, and least squares
    find the heights. More pieces are never worse. Needs at least `most` + 1 points.
    """
    places = np.unique(np.linspace(0, len(x) - 1, max(PLACES, most + 1)).round().astype(int))
    found: list[_Fit] = []
    for corners in _on_grid(x, y, places, most):
        starts = [_Fit(x, y, corners)] + [_one_more(fit) for fit in found[-1:]]
        found.append(_moved(min(starts, key=lambda fit: fit.squares)))
    return [np.stack([x[fit.corners], fit.heights], axis=1) for fit in found]


def _on_grid(x: np.ndarray, y: np.ndarray, places: np.ndarray, most: int) -> list[np.ndarray]:
    """Which points (pieces + 1,) are corners of the best curve on the grid, for 1 to `most` pieces.

    A state is a place and a level: place * LEVELS + level.
    """
    levels = np.linspace(y.min(), y.max(), LEVELS)
    squares = _Sums(x, y)
    cost = squares.of_pieces(places, levels)  # (states, states): from corner to corner
    reached = squares.of_level(np.zeros_like(places), places, levels).ravel()  # flat up to the first corner
    after = squares.of_level(places, np.full_like(places, len(x)), levels).ravel()  # and from the last one on
    came: list[np.ndarray] = []
    found = []
    for _piece in range(most):
        totals = reached[:, None] + cost
        came.append(totals.argmin(axis=0))
        reached = totals[came[-1], np.arange(len(after))]
        found.append(places[_way_to(int((reached + after).argmin()), came)])
    return found


def _way_to(state: int, came: list[np.ndarray]) -> list[int]:
    """The places of the corners on the way to a last state."""
    states = [state]
    for before in reversed(came):
        states.append(int(before[states[-1]]))
    return [state // LEVELS for state in reversed(states)]


class _Sums:
    """Squared errors of straight pieces, from prefix sums over the points."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x = x - x.mean()
        powers = np.stack([np.ones_like(y), self.x, self.x**2, y, self.x * y, y**2])
        self.sums = np.concatenate([np.zeros((len(powers), 1)), powers.cumsum(axis=1)], axis=1)

    def between(self, first: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Sums of 1, x, x^2, y, x y and y^2 (6, ...) over the points from `first` up to, but without, `end`."""
        return self.sums[:, end] - self.sums[:, first]

    def of_level(self, first: np.ndarray, end: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Squared errors (ranges, levels) of a flat line over some ranges of points."""
        count, _x, _xx, y, _xy, yy = self.between(first, end)[:, :, None]
        return yy - 2 * levels * y + levels**2 * count

    def of_pieces(self, places: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Squared errors (states, states) of a piece from each place and level to each later place and its level."""
        count, x, xx, y, xy, yy = self.between(places[:, None], places[None, :])
        begun, long = self.x[places][:, None], self.x[places] - self.x[places][:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            way = (x - begun * count) / long  # sums over the way gone, which runs from 0 to 1
            squared = (xx - 2 * begun * x + begun**2 * count) / long**2
            upward = (xy - begun * y) / long
        low, high = levels[:, None, None], levels
        parts = [
            part[:, None, :, None]
            for part in (yy, y - upward, upward, count - 2 * way + squared, way - squared, squared)
        ]
        total = parts[0] - 2 * (low * parts[1] + high * parts[2])
        total = total + low**2 * parts[3] + 2 * low * high * parts[4] + high**2 * parts[5]
        later = (long > 0)[:, None, :, None]
        return np.where(later, total, np.inf).reshape(len(places) * len(levels), -1)


class _Fit:
    """Least squares heights of corners at some points: `corners` (pieces + 1,) are places in x."""

    def __init__(self, x: np.ndarray, y: np.ndarray, corners: np.ndarray) -> None:
        self.x, self.y, self.corners = x, y, corners
        shares = np.stack([np.interp(x, x[corners], unit) for unit in np.eye(len(corners))])
        self.heights = np.linalg.solve(shares @ shares.T, shares @ y)
        self.residuals = y - self.heights @ shares
        self.squares = float(self.residuals @ self.residuals)


def _one_more(fit: _Fit) -> _Fit:
    """With a corner more, where the curve is farthest off."""
    off = np.abs(fit.residuals)
    off[fit.corners] = -1
    return _Fit(fit.x, fit.y, np.sort(np.append(fit.corners, off.argmax())))


def _moved(fit: _Fit) -> _Fit:
    """Each corner moved to a neighbouring point while that brings the curve nearer."""
    for _round in range(ROUNDS):
        before = fit
        for place, step in ((place, step) for place in range(len(fit.corners)) for step in (-1, 1)):
            corners = fit.corners.copy()
            corners[place] += step
            if corners[0] >= 0 and corners[-1] < len(fit.x) and (np.diff(corners) > 0).all():
                fit = min(fit, _Fit(fit.x, fit.y, corners), key=lambda one: one.squares)
        if fit is before:
            break
    return fit
