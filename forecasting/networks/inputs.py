"""What a network is given: windows scaled and centred, with the calendar beside them, as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from forecasting.calendar_features import calendar
from forecasting.scaling import Scaler
from forecasting.settings import Inputs
from forecasting.windows import SplitWindows, Windows


@dataclass(frozen=True)
class Prepared:
    """One period's windows as a network takes them."""

    inputs: torch.Tensor  # (windows, columns + 1): days of views, calendar, and a last column of ones for the bias
    targets: torch.Tensor  # (windows, horizon), NaN where not measured
    offset: torch.Tensor  # (windows, 1): what was subtracted, 0 for nothing
    views: torch.Tensor  # (windows, horizon): the targets in views

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def measured_targets(self) -> int:
        """How many of the targets were measured: what a mean loss divides by."""
        return self.targets.numel() - int(self.targets.isnan().sum())

    @property
    def has_holes(self) -> bool:
        """Whether some targets were not measured."""
        return self.measured_targets < self.targets.numel()


def prepare(windows: Windows, scaler: Scaler, inputs: Inputs, *, holidays: Sequence[pd.Timestamp] = ()) -> Prepared:
    """Scale `windows`, subtract what `inputs` asks for and add the calendar.

    `holidays` are further days that count as holidays where holidays are an input.
    """
    scaled = scaler.scale(windows.inputs)
    targets = scaler.scale(windows.targets).reshape(len(windows), -1)
    offset = _offset(scaled, inputs)
    days = calendar(windows.days, windows.horizon, inputs, assumed=holidays, events=windows.events)
    columns = [scaled - offset, days, np.ones((len(windows), 1))]
    views = windows.targets.reshape(len(windows), -1)
    arrays = np.concatenate(columns, axis=1), targets - offset, offset, views
    return Prepared(*(torch.from_numpy(np.ascontiguousarray(array, np.float32)) for array in arrays))


def prepared_periods(data: SplitWindows) -> dict[str, Prepared]:
    """Every period of `data` by name, prepared: train, held_out and, where there is one, validation."""
    periods = {"train": data.train, "held_out": data.held_out, "validation": data.validation}
    return {
        name: prepare(windows, data.scaler, data.inputs) for name, windows in periods.items() if windows is not None
    }


def _offset(scaled: np.ndarray, inputs: Inputs) -> np.ndarray:
    """What is subtracted from each window and its targets (windows, 1)."""
    if inputs.subtract == "mean":
        return scaled.mean(axis=1, keepdims=True)
    return scaled[:, -1:] if inputs.subtract == "last" else np.zeros((len(scaled), 1))
