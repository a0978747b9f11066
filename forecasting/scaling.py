"""Views to standard deviations from the training mean, and back."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from forecasting.settings import Inputs


@dataclass(frozen=True)
class Scaler:
    """Standardises views; fitted on training targets only, so that nothing of the held-out period leaks in."""

    mean: float  # views, or their logarithm
    spread: float  # the same, one standard deviation
    log: bool = False  # log(1 + views) is what is standardised

    @classmethod
    def fit(cls, targets: np.ndarray, inputs: Inputs = Inputs()) -> Self:  # noqa: B008  frozen
        """Mean and standard deviation of the measured `targets`; a constant series keeps a spread of one view."""
        values = np.log1p(targets) if inputs.log else targets
        if not inputs.standardise:
            return cls(0.0, 1.0, inputs.log)
        return cls(float(np.nanmean(values)), float(np.nanstd(values)) or 1.0, inputs.log)

    def scale(self, views: np.ndarray) -> np.ndarray:
        """Views to standard deviations from the training mean."""
        return ((np.log1p(views) if self.log else views) - self.mean) / self.spread

    def views(self, scaled: np.ndarray) -> np.ndarray:
        """Back to views."""
        values = scaled * self.spread + self.mean
        return np.expm1(values) if self.log else values
