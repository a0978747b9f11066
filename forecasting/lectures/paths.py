"""Paths of gradient descent."""

from collections.abc import Callable

import numpy as np


def descend(
    gradient: Callable[[np.ndarray], np.ndarray], start: np.ndarray, *, rate: float, updates: int
) -> np.ndarray:
    """Points (updates + 1, unknowns) of plain gradient descent with a constant learning rate, the start first.

    One that runs away ends in infinities or NaN; what draws it cuts it there.
    """
    path = np.empty((updates + 1, len(start)))
    path[0] = start
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(updates):
            path[update + 1] = path[update] - rate * gradient(path[update])
    return path


def updates_to(heights: np.ndarray, goal: float) -> int | None:
    """The first update after which a path's heights (updates + 1,) are at most `goal`; None where none is."""
    reached = heights <= goal
    return int(reached.argmax()) if reached.any() else None
