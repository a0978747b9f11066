"""Whether a forecast repeats the days before: its error against the real curve moved by some days."""

from dataclasses import dataclass

import numpy as np

MOST_DAYS_LATE = 7  # days


@dataclass(frozen=True)
class Lateness:
    """`errors` (shifts, days) are absolute, on the same days; at shift s a forecast meets the views of s days before.

    A forecast that looks ahead is nearest at shift 0; one that repeats yesterday, at shift 1.
    """

    errors: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """Mean error (shifts,) at each shift."""
        return self.errors.mean(axis=1)

    @property
    def best(self) -> int:
        """Days by which the forecast is late: the shift with the smallest error."""
        return int(self.means.argmin())


def best_shift(actual: np.ndarray, predicted: np.ndarray, most: int = MOST_DAYS_LATE) -> Lateness:
    """Compare `predicted` (days,) with `actual` (days,) of 0 to `most` days before; the first `most` days only serve.

    Consecutive days; both in the same unit. Needs more days than `most`.
    """
    days = len(actual)
    return Lateness(np.stack([np.abs(predicted[most:] - actual[most - s : days - s]) for s in range(most + 1)]))
