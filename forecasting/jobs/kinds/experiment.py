"""A few runs, trained one after the other to be compared."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from forecasting.evaluation.fold_training import daily_errors
from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import ExperimentRequest
from forecasting.lectures.learning_curves import Experiment, LearningCurve
from forecasting.models.fitting import build, fit
from forecasting.networks.training import Row, diverged
from forecasting.records import Progress
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import run_windows

REPORTED_SHARE = 0.05  # of the epochs, between two reports
DIGITS = 4  # of a loss


def experiment(task: Task[ExperimentRequest]) -> Iterator[Progress]:
    """Reports of Experiment, with the runs that are whole. Raises BadInput where one diverges."""
    runs, known = task.request.runs, Experiment(())
    epochs = [1 if run.solved_at_once else run.training.epochs for run in runs]
    for place, run in enumerate(runs):
        for row, curve in _learn(task.channel.series, run):
            done = sum(epochs[:place]) + row.epoch
            if curve is not None:
                known = replace(known, curves=(*known.curves, curve))
                done = sum(epochs[: place + 1])  # early stopping leaves some out
            if curve is not None or not row.epoch % max(round(REPORTED_SHARE * run.training.epochs), 1):
                yield Progress(done / sum(epochs), known)


def _learn(series: Series, run: RunSettings) -> Iterator[tuple[Row, LearningCurve | None]]:
    """Each epoch, and the whole curve with the last of them."""
    data, model = run_windows(series, run), build(run)
    rows: list[Row] = []
    for row in fit(model, data, run):
        if not row.finite:
            raise diverged(row)
        rows.append(row)
        yield row, None
    yield (
        rows[-1],
        LearningCurve(
            train=_rounded(np.array([row.train_loss.mean() for row in rows])),
            held_out=_rounded(np.array([row.held_out_loss.mean() for row in rows])),
            errors=_rounded(daily_errors(model, data, data.held_out, run=run)),
            seeded=not run.solved_at_once,
        ),
    )


def _rounded(losses: np.ndarray) -> np.ndarray:
    """To so many digits of their mean: a store keeps hundreds of days."""
    return losses.round(DIGITS - int(np.floor(np.log10(max(losses.mean(), 1e-9)))))
