"""The lecture's table of models, trained for many channels. It loads torch: for workers and commands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.lectures.model_table import ROWS, LectureRow, Outcome, table_settings
from forecasting.networks.many_channels import ChannelFit, train_channels
from forecasting.series import Series
from forecasting.settings import Training
from forecasting.split import Split
from forecasting.windows import SplitWindows, run_windows


@dataclass(frozen=True)
class TableWork:
    """How a channel's table is trained, and what each of ROWS learns from and is judged on."""

    training: Training
    data: tuple[SplitWindows, ...]


def table_work(series: Series, split: Split, *, epochs: int, seeds: int) -> TableWork:
    """What there is to do for a channel. Raises BadInput where its days do not suffice."""
    runs = table_settings(split, epochs, seeds)
    by_window = {run.architecture.window: run_windows(series, run) for run in runs}
    return TableWork(runs[0].training, tuple(by_window[run.architecture.window] for run in runs))


def train_tables(channels: Sequence[TableWork]) -> list[list[Outcome]]:
    """The outcome of every row for each channel; all are trained alike, and a row of all in one stack."""
    if not channels:
        return []
    by_row = [
        _train(row, channels[0].training, [one.data[place] for one in channels]) for place, row in enumerate(ROWS)
    ]
    return [list(outcomes) for outcomes in zip(*by_row, strict=True)]


def _train(row: LectureRow, training: Training, data: Sequence[SplitWindows]) -> list[Outcome]:
    return [_outcome(row, fit) for fit in train_channels(row.architecture, training, data)]


def _outcome(row: LectureRow, fit: ChannelFit) -> Outcome:
    if not np.isfinite([fit.train, fit.held_out]).all():
        return Outcome.diverged(row)
    return Outcome.of(row, fit.train, fit.held_out, errors=fit.errors)
