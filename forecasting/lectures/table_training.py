"""The lecture's table of models, trained for many channels in one go. It loads torch: for workers and commands."""

from collections.abc import Collection, Sequence

import numpy as np

from forecasting.lectures.model_table import ROWS, LectureRow, Outcome, table_settings
from forecasting.networks.many_channels import ChannelFit, train_channels
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.split import Split
from forecasting.windows import SplitWindows, run_windows

TableWork = dict[LectureRow, tuple[RunSettings, SplitWindows]]  # a run, and what it learns from and is judged on


def table_work(series: Series, split: Split, *, models: Collection[str], epochs: int, seeds: int) -> TableWork:
    """What there is to do for some models of a channel's table. Raises BadInput where its days do not suffice."""
    runs = {row: run for row, run in zip(ROWS, table_settings(split, epochs, seeds), strict=True) if row.name in models}
    by_window = {run.architecture.window: run_windows(series, run) for run in runs.values()}
    return {row: (run, by_window[run.architecture.window]) for row, run in runs.items()}


def train_tables(channels: Sequence[TableWork]) -> list[list[Outcome]]:
    """The outcome of every model for each channel; all have the same ones, each on its own split."""
    by_row = [_train_row(row, [one[row] for one in channels]) for row in (channels[0] if channels else ())]
    return [list(outcomes) for outcomes in zip(*by_row, strict=True)]


def _train_row(row: LectureRow, channels: Sequence[tuple[RunSettings, SplitWindows]]) -> list[Outcome]:
    """One model for each channel."""
    training = channels[0][0].training
    fits = train_channels(row.architecture, training, [data for _run, data in channels])
    return [_outcome(row, fit) for fit in fits]


def _outcome(row: LectureRow, fit: ChannelFit) -> Outcome:
    if not np.isfinite([fit.train, fit.held_out]).all():
        return Outcome.diverged(row)
    measured = np.isfinite(fit.errors).all(axis=0)
    return Outcome.of(row, fit.train, fit.held_out, errors=fit.errors[:, measured])
