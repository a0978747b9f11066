"""Exact linear models of every window length up to the longest, with numpy alone.

y = b + w1 x1 + ... + wk xk, where x1 is the day before. Least squares for every k come from one Gram matrix, whose
leading blocks are their normal equations. Least absolute deviations come from an interior-point method (Portnoy and
Koenker 1997, with Mehrotra's corrector), which starts each window from the one before: for 56 windows of five years
0.1 s of processor time, where a solver of linear programmes takes 12 s.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecasting.settings import Loss

CLOSE = 1e-4  # of the loss: a fit is exact to this
MOST_STEPS = 40  # of the interior point; about ten are needed
ROOM = 0.1  # of the mean error, between each error's two parts and 0 at the start
DUAL_KEPT = 0.5  # of the dual of the window before: nearer to its bounds the first steps are short
INSIDE = 0.9995  # of the way to the nearest bound
RIDGE = 1e-11  # of the trace: columns that are equal, or 0, share what they explain


@dataclass(frozen=True, eq=False)
class LinearFit:
    """A linear model: `weights` (window,), the day before first, and an intercept in views."""

    weights: np.ndarray
    intercept: float

    def predicted(self, lagged: np.ndarray) -> np.ndarray:
        """Views (targets,) from the views of the days before (targets, days), the day before first."""
        return self.intercept + lagged[:, : len(self.weights)] @ self.weights


def fit_windows(lagged: np.ndarray, targets: np.ndarray, loss: Loss) -> list[LinearFit]:
    """The linear model with the smallest `loss` for each window of 1, 2, ... days.

    `lagged` (targets, longest) are the views of the days before, the day before first; all windows learn from the same
    targets. Needs more targets than unknowns of the longest window.
    """
    level, scale = float(lagged.mean()), float(lagged.std()) or 1.0
    design = np.column_stack([np.ones(len(targets)), (lagged - level) / scale])
    solve = _least_squares if loss == "mse" else _least_deviations
    found = solve(design, (targets - level) / scale)
    return [LinearFit(x[1:], level + scale * float(x[0]) - level * float(x[1:].sum())) for x in found]


def _least_squares(design: np.ndarray, targets: np.ndarray) -> list[np.ndarray]:
    gram, moments = design.T @ design, design.T @ targets
    return [
        np.linalg.solve(_regular(gram[:unknowns, :unknowns]), moments[:unknowns])
        for unknowns in range(2, design.shape[1] + 1)
    ]


def _least_deviations(design: np.ndarray, targets: np.ndarray) -> list[np.ndarray]:
    found, x, dual = [], np.zeros(1), np.zeros(len(targets))
    for unknowns in range(2, design.shape[1] + 1):
        columns = np.ascontiguousarray(design[:, :unknowns])
        x, dual = least_deviations(columns, targets, np.append(x, 0.0), dual=DUAL_KEPT * dual)
        found.append(x)
    return found


@dataclass(frozen=True, eq=False)
class _Iterate:
    """Unknowns, each error as `above` - `below` with both positive, and the dual (n,) between -1 and 1.

    At the optimum the dual is the sign of each error. Also a direction, and then of any sign.
    """

    x: np.ndarray
    above: np.ndarray
    below: np.ndarray
    dual: np.ndarray

    @property
    def gap(self) -> float:
        """By how much the sum of absolute errors may still lie above the smallest."""
        return float(self.above @ (1 - self.dual) + self.below @ (1 + self.dual))

    def moved(self, by: "_Iterate") -> "_Iterate":
        """A step along a direction, as far as nothing leaves its bounds."""
        parts = _share(np.minimum(by.above / self.above, by.below / self.below))
        dual = _share(-np.maximum(by.dual / (1 - self.dual), -by.dual / (1 + self.dual)))
        return _Iterate(
            self.x + parts * by.x,
            self.above + parts * by.above,
            self.below + parts * by.below,
            self.dual + dual * by.dual,
        )


def least_deviations(
    design: np.ndarray, targets: np.ndarray, start: np.ndarray, *, dual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Unknowns of the smallest mean |targets - design x|, and their dual (n,).

    `design` is (n, unknowns); `start` (unknowns,) and `dual`, between -1 and 1, are where to begin.
    """
    errors = targets - design @ start
    room = ROOM * float(np.abs(errors).mean()) + CLOSE
    at = _Iterate(start, np.maximum(errors, 0) + room, np.maximum(-errors, 0) + room, dual)
    for _step in range(MOST_STEPS):
        if at.gap <= CLOSE * (float(at.above.sum() + at.below.sum()) + CLOSE * len(targets)):
            break
        at = _step_on(design, at)
    return at.x, at.dual


def _step_on(design: np.ndarray, at: _Iterate) -> _Iterate:
    """One step towards the optimum: foreseen straight, then corrected towards the middle of the bounds."""
    direction = _newton(design, at)
    above, below = at.above * (1 - at.dual), at.below * (1 + at.dual)
    straight = direction(-above, -below)
    centre = (at.moved(straight).gap / at.gap) ** 3 * at.gap / (2 * len(above))
    bent = straight.dual
    return at.moved(direction(centre - above + straight.above * bent, centre - below - straight.below * bent))


def _newton(design: np.ndarray, at: _Iterate) -> Callable[[np.ndarray, np.ndarray], _Iterate]:
    """Newton's direction that changes the products of each part and the room of its dual by given amounts (n,)."""
    up, down = 1 - at.dual, 1 + at.dual
    rise, fall = at.above / up, at.below / down
    weights = 1 / (rise + fall)
    rooted = np.sqrt(weights)[:, None] * design
    inverse = np.linalg.inv(_regular(rooted.T @ rooted))
    unbalanced = at.dual @ design

    def direction(above: np.ndarray, below: np.ndarray) -> _Iterate:
        above, below = above / up, below / down
        wanted = below - above
        x = inverse @ ((weights * wanted) @ design + unbalanced)
        dual = weights * (wanted - design @ x)
        return _Iterate(x, above + rise * dual, below - fall * dual, dual)

    return direction


def _share(least: np.ndarray) -> float:
    """The share of a step after which nothing has fallen by more than all it has; `least` is the change by share."""
    steepest = -float(least.min())
    return min(1.0, INSIDE / steepest) if steepest > 0 else 1.0


def _regular(gram: np.ndarray) -> np.ndarray:
    return gram + RIDGE * np.trace(gram) * np.eye(len(gram))
