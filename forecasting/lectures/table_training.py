"""The lecture's table of models, trained for many channels. It loads torch: for workers and commands."""

from collections.abc import Sequence
from dataclasses import dataclass

from forecasting.evaluation.fold_training import daily_errors
from forecasting.lectures.model_table import ROWS, LectureRow, Outcome, table_settings
from forecasting.models.fitting import build, fit
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.split import Split
from forecasting.windows import SplitWindows, run_windows


@dataclass(frozen=True)
class TableWork:
    """The runs of a channel's table, and what each learns from and is judged on."""

    runs: tuple[RunSettings, ...]  # in the order of ROWS
    data: tuple[SplitWindows, ...]


def table_work(series: Series, split: Split, *, epochs: int, seeds: int) -> TableWork:
    """What there is to do for a channel. Raises BadInput where its days do not suffice."""
    runs = tuple(table_settings(split, epochs, seeds))
    by_window = {run.architecture.window: run_windows(series, run) for run in runs}
    return TableWork(runs, tuple(by_window[run.architecture.window] for run in runs))


def train_tables(channels: Sequence[TableWork]) -> list[list[Outcome]]:
    """The outcome of every row for each channel."""
    by_row = [[_train(row, one.runs[place], one.data[place]) for one in channels] for place, row in enumerate(ROWS)]
    return [list(outcomes) for outcomes in zip(*by_row, strict=True)]


def _train(row: LectureRow, run: RunSettings, data: SplitWindows) -> Outcome:
    model = build(run)
    for last in fit(model, data, run):
        if not last.finite:
            return Outcome.diverged(row)
    errors = daily_errors(model, data, data.held_out, run=run)
    return Outcome.of(row, last.train_loss, last.held_out_loss, errors=errors)
