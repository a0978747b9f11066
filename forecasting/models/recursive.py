"""Farther ahead than a model predicts at once: its own forecasts take the place of views."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from forecasting.models.bounds import HIGHEST

Direct = Callable[[np.ndarray, pd.DatetimeIndex], np.ndarray]


def recursive(direct: Direct, known: np.ndarray, origins: pd.DatetimeIndex, *, own: int, horizon: int) -> np.ndarray:
    """Views (origins, horizon) of a `direct(windows, origins)` that predicts `own` days, which then count as known.

    Each is held to HIGHEST times the largest views of the first window, so that no error grows from step to step.
    """
    window, parts, limit = known.shape[1], [], HIGHEST * known.max(axis=1, keepdims=True) + 1
    for begin in range(0, horizon, own):
        parts.append(np.clip(direct(known, origins + pd.Timedelta(days=begin)), 0, limit))
        known = np.concatenate([known, parts[-1]], axis=1)[:, -window:]
    return np.concatenate(parts, axis=1)[:, :horizon]
