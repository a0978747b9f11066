"""Windows: the last days of views in, the next day's or days' views out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.events import Event
from forecasting.messages import N_, BadInput
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import Inputs, Regularisation, RunSettings
from forecasting.split import Period

# Every window up to this long is judged on the same target days (the lecture's 1405 targets of 1461 days);
# a longer one loses the first days of the series.
COMMON_HISTORY = 56
# A channel of so many days has two targets left to train on where its last fifth is held out.
FEWEST_CHANNEL_DAYS = 5 * (COMMON_HISTORY + 2) // 4


@dataclass(frozen=True)
class Windows:
    """`inputs` (targets, window) in views, oldest day first; `targets` in views; `days` the (first) target days.

    `targets` is (targets,), or (targets, horizon) where several days are predicted at once; of these one at least was
    measured, and those that were not are NaN. `events` are the channel's, planned ones too.
    """

    inputs: np.ndarray
    targets: np.ndarray
    days: pd.DatetimeIndex
    events: tuple[Event, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, place: slice) -> "Windows":
        return Windows(self.inputs[place], self.targets[place], self.days[place], self.events)

    @property
    def horizon(self) -> int:
        """Days predicted at once."""
        return self.targets.shape[1] if self.targets.ndim > 1 else 1


def make_windows(series: Series, period: Period, window: int, *, horizon: int = 1) -> Windows:
    """All windows whose target days lie in `period` and of which one at least was measured; the others are NaN.

    Inputs may reach back before the period. An unknown day of input drops a window, and so does a last day of input
    that was filled in: it was made from the target. Raises BadInput where no window is left.
    """
    views, measured = series.inputs, series.measured.to_numpy(float)
    history = max(window, COMMON_HISTORY)
    if len(views) < history + horizon:
        raise _too_short(len(views), window, history + horizon)
    inputs = np.lib.stride_tricks.sliding_window_view(views.to_numpy(float)[:-horizon], history)
    targets = np.lib.stride_tricks.sliding_window_view(measured[history:], horizon)
    days = views.index[history : len(views) - horizon + 1]
    last = days + pd.Timedelta(days=horizon - 1)
    known = (days >= pd.Timestamp(period.first)) & (last <= pd.Timestamp(period.last))
    known &= np.isfinite(inputs).all(axis=1)
    if not known.any():
        raise _nothing_known(period, window, history)
    kept = known & np.isfinite(measured)[history - 1 : len(views) - horizon] & np.isfinite(targets).any(axis=1)
    if not kept.any():
        raise _nothing_measured(period, horizon)
    targets = targets[kept]
    targets = targets[:, 0] if horizon == 1 else targets
    return Windows(inputs[kept, history - window :], targets, days[kept], series.events)


def _too_short(days: int, window: int, needed: int) -> BadInput:
    text = (
        N_("The channel has {days} days of views; a window of {window} days needs at least {needed}.")
        if window > COMMON_HISTORY
        else N_("The channel has {days} days of views; every model needs at least {needed}, however short its window.")
    )
    return BadInput(text, days=days, window=window, needed=needed)


def _nothing_known(period: Period, window: int, history: int) -> BadInput:
    text = (
        N_(
            "No day from {first} to {last} has {history} known days before it;"
            " choose a longer period, or a window of 56 days or less."
        )
        if window > COMMON_HISTORY
        else N_(
            "No day from {first} to {last} has {history} known days before it, which every model needs, however"
            " short its window; choose a longer or a later period."
        )
    )
    return BadInput(text, first=period.first, last=period.last, history=history)


def _nothing_measured(period: Period, horizon: int) -> BadInput:
    text = N_(
        "From {first} to {last} no measured day is followed by another one within {horizon} days; predict more"
        " days at once, or choose a longer period."
    )
    return BadInput(text, horizon=horizon, first=period.first, last=period.last)


def histories(views: pd.Series, origins: pd.DatetimeIndex, days: int) -> np.ndarray:
    """The last `days` days of `views` up to and with each of `origins` (origins, days), oldest first."""
    places = views.index.get_indexer(origins)
    if len(places) and (places.min() < days - 1):
        begin = views.index[min(days, len(views)) - 1].date()
        raise BadInput(
            N_("A forecast needs {days} days of views before it; the first one is possible on {begin}."),
            days=days,
            begin=begin,
        )
    return views.to_numpy(float)[places[:, None] + np.arange(1 - days, 1)]


def calm_histories(series: Series, origins: pd.DatetimeIndex, days: int) -> np.ndarray:
    """The same without spikes (origins, days), but for the last day: of that as much is left as is not extraordinary.

    Tomorrow follows what is special of today; what comes later does not.
    """
    windows = histories(series.without_spikes.known, origins, days).copy()
    whole = series.uncut or series
    places = whole.known.index.get_indexer(origins)
    windows[:, -1] = np.fmin(whole.known.to_numpy(float)[places], whole.typical.limit[places])
    return windows


def futures(views: pd.Series, origins: pd.DatetimeIndex, days: int) -> np.ndarray:
    """The `days` days after each of `origins` (origins, days); NaN where unknown or beyond the end."""
    places = views.index.get_indexer(origins)
    padded = np.concatenate([views.to_numpy(float), np.full(days, np.nan)])
    return np.lib.stride_tricks.sliding_window_view(padded, days)[places + 1].copy()


def measured_rows(inputs: np.ndarray, targets: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each day ahead, a column of `targets` (rows, horizon), the rows whose target was measured.

    Gives `inputs` (some rows, columns) and targets (some rows,): a model for each day ahead, the direct strategy, is
    fitted on these.
    """
    for day in targets.T:
        measured = np.isfinite(day)
        yield inputs[measured], day[measured]


@dataclass(frozen=True)
class SplitWindows:
    """The windows of both periods of a split, with the scaler of the first.

    `validation` is cut from the end of the training period: choices are made on it, never on `held_out`.
    """

    train: Windows
    held_out: Windows
    scaler: Scaler
    validation: Windows | None = None
    inputs: Inputs = Inputs()  # what else a model sees, and how


def run_windows(series: Series, settings: RunSettings) -> SplitWindows:
    """All that a run with these settings trains and is judged on."""
    net = settings.architecture
    train = make_windows(series, settings.split.train, net.window, horizon=net.horizon)
    held_out = make_windows(series, settings.split.held_out, net.window, horizon=net.horizon)
    return cut_windows(train, held_out, settings)


def cut_windows(train: Windows, held_out: Windows, settings: RunSettings) -> SplitWindows:
    """The same from windows at hand: validation cut off, the last training days kept, the scaler fitted."""
    kept = settings.regularisation
    train, validation = _cut_validation(train, kept)
    train = train[-kept.train_days :]  # 0 takes all
    return SplitWindows(train, held_out, Scaler.fit(train.targets, settings.inputs), validation, settings.inputs)


def _cut_validation(train: Windows, kept: Regularisation) -> tuple[Windows, Windows | None]:
    """The last target days of training apart; no target day of one part is a target day of the other."""
    if not kept.validation:
        return train, None
    days = max(round(len(train) * kept.validation), 1)
    earlier = len(train) - days - (train.horizon - 1)
    if earlier < 1:
        raise BadInput(N_("The training period is too short for a validation part; choose a smaller share."))
    return train[:earlier], train[-days:]
