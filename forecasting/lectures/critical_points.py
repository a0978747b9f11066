"""Where a training ends (Lee 2021, video 4): records of curvature, plain enough for pages. No torch here.

What is looked at is the squared error of a network's prepared targets, whatever loss it was trained on: absolute errors
have kinks, and between them hardly any curvature. `curvature` fills these records.
"""

from dataclasses import dataclass

import numpy as np

ZERO = 1e-6  # of the largest eigenvalue: what is smaller is counted as none


@dataclass(frozen=True, eq=False)
class Spectrum:
    """All eigenvalues (unknowns,) of a Hessian, the lowest first."""

    eigenvalues: np.ndarray

    @property
    def nothing(self) -> float:
        """Eigenvalues up to this size are zero."""
        return ZERO * float(np.abs(self.eigenvalues).max(initial=0.0))

    @property
    def positive(self) -> int:
        """How many lie above zero."""
        return int((self.eigenvalues > self.nothing).sum())

    @property
    def negative(self) -> int:
        """How many lie below zero."""
        return int((self.eigenvalues < -self.nothing).sum())

    @property
    def zero(self) -> int:
        """How many are as good as zero: directions in which the loss stays as it is."""
        return len(self.eigenvalues) - self.positive - self.negative

    @property
    def minimum_ratio(self) -> float:
        """Positive eigenvalues among all of them, zeros included."""
        return self.positive / len(self.eigenvalues)

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest eigenvalue."""
        return float(self.eigenvalues[0]), float(self.eigenvalues[-1])


@dataclass(frozen=True)
class Extremes:
    """The lowest and the highest eigenvalue by Lanczos, which lie within the true ones; `products` it took."""

    lowest: float
    highest: float
    products: int

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest eigenvalue."""
        return self.lowest, self.highest


@dataclass(frozen=True, eq=False)
class Escape:
    """Losses (lengths,) at steps of `lengths` (0 among them) along the lowest eigenvector, which is turned downhill."""

    lengths: np.ndarray
    losses: np.ndarray
    slope: float  # of the loss along it where the steps begin: at most 0
    eigenvalue: float

    @property
    def before(self) -> float:
        """The loss without a step."""
        return float(self.losses[np.abs(self.lengths).argmin()])

    @property
    def best(self) -> int:
        """The place of the step that comes lowest."""
        return int(self.losses.argmin())

    @property
    def after(self) -> float:
        """The loss after that step."""
        return float(self.losses[self.best])

    @property
    def gained(self) -> float:
        """The share of the loss that the best step takes away."""
        return 1 - self.after / self.before if self.before else 0.0

    @property
    def gained_by_curvature(self) -> float:
        """The same of the mean loss of equal steps either way, whose slopes cancel; below 0 where it only rises."""
        both = (self.losses + self.losses[::-1]) / 2
        apart = np.abs(self.lengths) > 0
        return float(1 - both[apart].min() / self.before) if self.before and apart.any() else 0.0


@dataclass(frozen=True, eq=False)
class Plane:
    """Losses (second, first) on a plane in the space of all unknowns, through three points of a path.

    The path's end is at (0, 0), its start at (1, 0), and the one that is farthest from the line between them also lies
    on the plane; `first` and `second` count in that distance from end to start. `path` (points, 2) are the feet of all
    points, `path_losses` (points,) their own losses, `beside` (points,) how far they lie from the plane.
    """

    first: np.ndarray
    second: np.ndarray
    losses: np.ndarray
    path: np.ndarray
    path_losses: np.ndarray
    beside: np.ndarray
    directions: np.ndarray  # (2, unknowns), of length 1 and upright on each other
    unit: float  # the distance from end to start

    @property
    def share(self) -> float:
        """How much of the path's spread around its end lies in the plane; the rest no such picture can show."""
        within, beyond = float((self.path**2).sum()), float((self.beside**2).sum())
        return within / (within + beyond) if within + beyond else 1.0
