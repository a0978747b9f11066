"""Runs trained to the end where they are asked for, to be compared. It loads torch: for workers and commands."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecasting.evaluation.fold_training import daily_errors
from forecasting.lectures.depth import TrainedNet
from forecasting.lectures.learning_curves import LearningCurve
from forecasting.models.fitting import build, fit
from forecasting.networks.training import Row, diverged, predict
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import run_windows

DIGITS = 4  # of a loss


def learn(series: Series, run: RunSettings) -> Iterator[tuple[Row, LearningCurve | None]]:
    """Each epoch, and the whole curve with the last of them. Raises BadInput where the run diverges."""
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


def learned_curve(series: Series, run: RunSettings) -> LearningCurve:
    """What a run comes to, once it has ended. Raises BadInput where it diverges."""
    for _row, curve in learn(series, run):
        if curve is not None:
            return curve
    raise AssertionError("a run ends with its curve")


def trained_net(series: Series, run: RunSettings) -> TrainedNet:
    """What a net comes to. Raises BadInput where it diverges."""
    data, model = run_windows(series, run), build(run)
    for row in fit(model, data, run):
        if not row.finite:
            raise diverged(row)
    held_out = data.held_out
    predicted = pd.DataFrame(predict(model, data, held_out).T, index=held_out.days)
    actual = pd.Series(held_out.targets, held_out.days)
    return TrainedNet(run.architecture, row.train_loss, row.held_out_loss, predicted, actual)


def _rounded(losses: np.ndarray) -> np.ndarray:
    """To so many digits of their mean: a store keeps hundreds of days."""
    return losses.round(DIGITS - int(np.floor(np.log10(max(losses.mean(), 1e-9)))))
