"""Windows: the last days of views in, the next day's views out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import N_, BadInput
from forecasting.split import Period, Split

# Every window up to this long is judged on the same target days (the lecture's 1405 targets of 1461 days);
# a longer one loses the first days of the series.
COMMON_HISTORY = 56


@dataclass(frozen=True)
class Windows:
    """`inputs` (targets, window) in views, oldest day first; `targets` (targets,) in views; `days` the target days."""

    inputs: np.ndarray
    targets: np.ndarray
    days: pd.DatetimeIndex

    def __len__(self) -> int:
        return len(self.targets)


def make_windows(views: pd.Series, period: Period, window: int) -> Windows:
    """All windows whose target day lies in `period`. Inputs may reach back before it; an unknown day (NaN) drops one."""
    history = max(window, COMMON_HISTORY)
    if len(views) <= history:
        raise BadInput(
            N_("The channel has {days} days of views; a window of {window} days needs at least {needed}."),
            days=len(views),
            window=window,
            needed=history + 1,
        )
    values = views.to_numpy(float)
    stretch = np.lib.stride_tricks.sliding_window_view(values, history + 1)  # (days - history, history + 1)
    days = views.index[history:]
    wanted = (days >= pd.Timestamp(period.first)) & (days <= pd.Timestamp(period.last))
    kept = stretch[wanted & np.isfinite(stretch).all(axis=1)]
    if not len(kept):
        raise BadInput(
            N_(
                "No day from {first} to {last} has {history} known days before it;"
                " choose a shorter window or another split."
            ),
            first=period.first,
            last=period.last,
            history=history,
        )
    days = days[wanted & np.isfinite(stretch).all(axis=1)]
    return Windows(kept[:, history - window : history].copy(), kept[:, history].copy(), days)


@dataclass(frozen=True)
class Scaler:
    """Standardises views; fitted on training targets only, so that nothing of the held-out period leaks in."""

    mean: float  # views
    spread: float  # views, one standard deviation

    @classmethod
    def fit(cls, targets: np.ndarray) -> "Scaler":
        """Mean and standard deviation of `targets` (targets,); a constant series keeps a spread of one view."""
        return cls(float(targets.mean()), float(targets.std()) or 1.0)

    def scale(self, views: np.ndarray) -> np.ndarray:
        """Views to standard deviations from the training mean."""
        return (views - self.mean) / self.spread

    def views(self, scaled: np.ndarray) -> np.ndarray:
        """Back to views."""
        return scaled * self.spread + self.mean


@dataclass(frozen=True)
class SplitWindows:
    """The windows of both periods of a split, with the scaler of the first."""

    train: Windows
    held_out: Windows
    scaler: Scaler


def split_windows(views: pd.Series, split: Split, window: int) -> SplitWindows:
    """Training and held-out windows of one length. Raises BadInput where a period holds no target day."""
    train = make_windows(views, split.train, window)
    return SplitWindows(train, make_windows(views, split.held_out, window), Scaler.fit(train.targets))
