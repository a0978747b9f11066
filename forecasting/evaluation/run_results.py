"""What several runs came to, side by side: losses, gap, skill, and each against one of them."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from forecasting.evaluation.baselines import baseline_forecast
from forecasting.evaluation.comparison import Comparison, compare
from forecasting.metrics import skill
from forecasting.records import History, Run
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import COMMON_HISTORY, run_windows


def held_out_days(run: Run) -> tuple:
    """What decides the days that a run is judged on, besides how many it looks ahead."""
    return run.settings.split.held_out, max(run.settings.architecture.window, COMMON_HISTORY)


def training_days(run: Run) -> tuple:
    """What decides the days that a run learns from, besides how many it looks ahead."""
    kept = run.settings.regularisation
    return run.settings.split.train, held_out_days(run)[1], kept.train_days, kept.validation


def updates_an_epoch(series: Series, settings: RunSettings) -> int:
    """Steps that the optimizer takes in an epoch: one a batch, the last one may be smaller. A tree counts as one."""
    if settings.solved_at_once:
        return 1
    windows = len(run_windows(series, settings).train)
    return -(-windows // (settings.training.batch_size or windows))


def best_by_validation(history: History) -> tuple[float, float]:
    """The lowest validation loss and the held-out loss of the same epoch, means over seeds that each choose their own.

    NaN where no part of the training period was kept for choosing.
    """
    if not history.validation_loss.size:
        return np.nan, np.nan
    best = history.validation_loss.argmin(axis=0)[None]

    def at_best(losses: np.ndarray) -> float:
        return float(np.take_along_axis(losses, best, axis=0).mean())

    return at_best(history.validation_loss), at_best(history.held_out_loss)


def results(
    runs: Sequence[Run], losses: pd.DataFrame, histories: Sequence[History], *, weeks: Iterable[float]
) -> pd.DataFrame:
    """A line a run: run, seeds, epochs and, in views, train, held_out, gap, validation and held_out_then; skill.

    `losses` is what the run store says of the last epochs (run, epochs, train, held_out ...), `weeks` the loss of “same
    day last week” on each run's own held-out days. The range over seeds stands in train_low, train_high, held_out_low
    and held_out_high: NaN for one seed, and NaN throughout for a run without a row yet.
    """
    frame = pd.DataFrame({"id": [run.id for run in runs], "run": [run.name for run in runs]})
    known = losses.rename(columns={"run": "id"})
    frame = frame.merge(known[["id", "epochs", "train", "held_out", "train_seeds", "held_out_seeds"]], "left", "id")
    frame["seeds"] = [run.settings.training.seeds for run in runs]
    frame["gap"] = frame["held_out"] - frame["train"]
    frame["skill"] = skill(frame["held_out"], np.array(list(weeks), float))
    frame[["validation", "held_out_then"]] = [best_by_validation(history) for history in histories]
    for name in ("train", "held_out"):
        several = [seeds if np.size(seeds) > 1 else np.array([np.nan]) for seeds in frame[f"{name}_seeds"]]
        frame[f"{name}_low"] = [seeds.min() for seeds in several]
        frame[f"{name}_high"] = [seeds.max() for seeds in several]
    return frame.drop(columns=["train_seeds", "held_out_seeds"])


def against(
    run: Run, predictions: pd.DataFrame, other: Run | str, *, theirs: pd.DataFrame | None, series: Series
) -> Comparison:
    """Held-out error of a run less that of another run or, by its slug, of a baseline, on the same days.

    `predictions` and `theirs` (None for a baseline) have a row a day and a column a seed.
    """
    days, ahead = predictions.index, run.settings.architecture.horizon
    if isinstance(other, str):
        second, drawn = baseline_forecast(other, series, days, ahead=ahead)[None], False
    else:
        assert theirs is not None, "another run comes with its predictions"
        second, drawn = theirs.to_numpy().T, not other.settings.solved_at_once
    actual = series.views[days].to_numpy()
    return compare(
        np.abs(predictions.to_numpy().T - actual),
        np.abs(second - actual),
        loss=run.settings.training.loss,
        ahead=ahead,
        # What is solved at once, or fitted by scikit-learn, is the same for every seed.
        seeded=(not run.settings.solved_at_once, drawn),
    )
