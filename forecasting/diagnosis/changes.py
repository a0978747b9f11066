"""What changes between two periods: level and week, with numpy alone, so that pages may ask too."""

import numpy as np
import pandas as pd

from forecasting.typical_range import WEEK
from forecasting.windows import Windows


def level_change(before: Windows, after: Windows) -> float:
    """Absolute change of the mean, as a share of the mean before."""
    usual = first_targets(before).mean()
    return float(abs(first_targets(after).mean() / usual - 1)) if usual else 0.0


def week_change(before: Windows, after: Windows) -> float:
    """Largest change of a weekday's mean, each as a share of its period's mean."""
    profiles = [week_profile(first_targets(part), part.days) for part in (before, after)]
    return float(np.nanmax(np.abs(profiles[1] - profiles[0])))


def week_profile(values: np.ndarray, days: pd.DatetimeIndex) -> np.ndarray:
    """Mean of every weekday (7,), Monday first, over the mean of all; NaN for a weekday that never comes."""
    means = pd.Series(values).groupby(np.asarray(days.day_of_week)).mean().reindex(range(WEEK))
    return (means / (means.mean() or 1.0)).to_numpy()


def first_targets(part: Windows) -> np.ndarray:
    """Views of the first measured target day of each window."""
    targets = part.targets.reshape(len(part), -1)
    return targets[np.arange(len(part)), np.isfinite(targets).argmax(axis=1)]
