"""A linear model for each day ahead by least squares: their windows are the same but for a few, and so is the work."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

# Of a column, what the columns before leave unexplained, as a share of its square: where less is left, the equations,
# which lose twice the digits that the windows lose, are not to be trusted.
INDEPENDENT = 1e-9


@dataclass(frozen=True)
class Line:
    """`weights` (columns,) and what is added."""

    weights: np.ndarray
    bias: float

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Of `inputs` (rows, columns), as scikit-learn's models do (rows,)."""
        return inputs @ self.weights + self.bias


def fit_lines(inputs: np.ndarray, targets: np.ndarray) -> tuple[Line, ...]:
    """A line for each column of `targets` (rows, days), on those of `inputs` (rows, columns) where it is not NaN.

    The last seven columns say which weekday it is. The products of all rows are made once; a day takes off those of
    the rows that it lacks. Columns are standardised, so that views by the million do not make weekdays look like noise.
    """
    means, spreads = inputs.mean(axis=0), inputs.std(axis=0)
    spreads[spreads == 0] = 1
    columns = (inputs - means) / spreads
    columns[:, -1] = 1  # in place of the last weekday, which follows from the others, the bias
    squares, lacking = columns.T @ columns, ~np.isfinite(targets)
    products = columns.T @ np.where(lacking, 0, targets)
    found = []
    for day, missing in enumerate(lacking.T):
        lacked = columns[missing]
        solution = _solved(squares - lacked.T @ lacked, products[:, day])
        if solution is None:
            solution = np.linalg.lstsq(columns[~missing], targets[~missing, day], rcond=None)[0]
        weights = np.append(solution[:-1] / spreads[:-1], 0.0)
        found.append(Line(weights, float(solution[-1] - means @ weights)))
    return tuple(found)


def _solved(squares: np.ndarray, products: np.ndarray) -> np.ndarray | None:
    """The solution of normal equations; None where columns depend on each other, or nearly."""
    try:
        factor, lower = cho_factor(squares, check_finite=False)
    except LinAlgError:
        return None
    if (factor.diagonal() ** 2 <= INDEPENDENT * squares.diagonal()).any():
        return None
    return cho_solve((factor, lower), products, check_finite=False)
