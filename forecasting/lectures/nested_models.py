"""Linear models that take in one column after the other: least squares, ridge and early stopping at any complexity.

A problem's inputs stand in the order in which complexity takes them in: powers of x, or the days before. All models of
all complexities come from one QR decomposition, and every strength of ridge and of early stopping from one singular
value decomposition each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

RELATIVE_ZERO = 1e-10  # of the largest singular value


@dataclass(frozen=True, eq=False)
class Examples:
    """`inputs` (examples, columns) and `targets` (examples,)."""

    inputs: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True, eq=False)
class Linear:
    """A fitted model: `weights` (columns,) of the first columns as they are, and the intercept."""

    weights: np.ndarray
    intercept: float

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predictions (examples,)."""
        return self.intercept + inputs[:, : len(self.weights)] @ self.weights


class Fits:
    """All models that one training set gives."""

    def __init__(self, train: Examples) -> None:
        self.mean, self.level = train.inputs.mean(axis=0), float(train.targets.mean())
        spread = train.inputs.std(axis=0)
        self.spread = np.where(spread > 0, spread, 1.0)
        share = 1 / np.sqrt(len(train.targets))
        orthogonal, self.triangle = np.linalg.qr(share * (train.inputs - self.mean) / self.spread)
        self.turned = orthogonal.T @ (share * (train.targets - self.level))

    def least_squares(self, columns: int, ridge: float = 0.0) -> Linear:
        """Minimises the mean squared error plus `ridge` times the squared weights of standardised columns.

        Where several models fit as well, that of the smallest weights.
        """
        left, values, right = self._decomposed(columns)
        kept = values > RELATIVE_ZERO * values.max(initial=0.0)
        factors = np.divide(values, values**2 + ridge, out=np.zeros_like(values), where=kept)
        return self._model(right.T @ (factors * left))

    def after(self, columns: int, updates: int) -> Linear:
        """After so many updates of gradient descent from zero, at the largest rate that cannot bounce."""
        left, values, right = self._decomposed(columns)
        kept = values > RELATIVE_ZERO * values.max(initial=0.0)
        relative = values / (values.max(initial=0.0) or 1.0)
        done = -np.expm1(updates * np.log1p(-np.minimum(relative**2, 1 - 1e-12)))
        return self._model(right.T @ (np.divide(done, values, out=np.zeros_like(values), where=kept) * left))

    def _decomposed(self, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        left, values, right = np.linalg.svd(self.triangle[:, :columns], full_matrices=False)
        return left.T @ self.turned, values, right

    def _model(self, standardised: np.ndarray) -> Linear:
        weights = standardised / self.spread[: len(standardised)]
        return Linear(weights, self.level - float(weights @ self.mean[: len(weights)]))


@dataclass(frozen=True, eq=False)
class Problem:
    """Examples to learn from, to choose by, and to be judged on, with the complexities (columns) that are tried."""

    train: Examples
    validation: Examples
    held_out: Examples
    complexities: Sequence[int]
    measure: str = "mse"  # or "mae"
    constant: int = 0  # 1 where the constant counts as a column when one speaks of complexity

    @cached_property
    def fits(self) -> Fits:
        """The models of the training set."""
        return Fits(self.train)

    def errors(self, model: Linear, on: Examples) -> np.ndarray:
        """Absolute errors (examples,)."""
        return np.abs(model.predict(on.inputs) - on.targets)

    def loss(self, model: Linear, on: Examples) -> float:
        """Mean squared error, or mean absolute error."""
        return float((self.errors(model, on) ** (1 if self.measure == "mae" else 2)).mean())

    def curve(self, ridge: float = 0.0) -> np.ndarray:
        """Train, validation and held-out loss (complexities, 3)."""
        models = [self.fits.least_squares(columns, ridge) for columns in self.complexities]
        parts = (self.train, self.validation, self.held_out)
        return np.array([[self.loss(model, part) for part in parts] for model in models])

    def chosen(self, models: Sequence[Linear]) -> Linear:
        """The model with the smallest loss on the validation examples."""
        return min(models, key=lambda model: self.loss(model, self.validation))


def look_up(train: Examples, inputs: np.ndarray) -> np.ndarray:
    """What a look-up table predicts (n,) of `inputs` (n, window): the target of the nearest training example."""
    squares = (train.inputs**2).sum(axis=1) - 2 * inputs @ train.inputs.T
    return train.targets[squares.argmin(axis=1)]
