"""N-fold cross-validation over the target days of the training period (Lee 2021, video 3), without leaks where asked.

Windows overlap: the views of one day are the target of one window and inputs of the next ones. Random folds put such
neighbours on both sides of the cut. Blocked and rolling folds keep a gap between the sides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, TimeSeriesSplit

from forecasting.errors import N_, BadInput
from forecasting.metrics import IN_VIEWS
from forecasting.settings import RunSettings
from forecasting.windows import SplitWindows, Windows, cut_windows, make_windows

Kind = Literal["blocked", "rolling", "random"]
KINDS = get_args(Kind)
BOUNDS = {"folds": (2, 20)}


@dataclass(frozen=True)
class Fold:
    """Target days to learn from, and target days to be judged on."""

    train: pd.DatetimeIndex
    validation: pd.DatetimeIndex


@dataclass(frozen=True)
class Leak:
    """Shares of a fold's validation windows, from 0 to 1."""

    targets: float  # whose target days are inputs or targets of training windows: the answer was seen
    days: float  # of which any day, input or target, is a day of some training window


@dataclass(frozen=True)
class FoldLoss:
    """Losses (seeds,) in views of one model on one fold, both places in the lists that were given."""

    model: int
    fold: int
    train: np.ndarray
    validation: np.ndarray


def safe_gap(settings: Sequence[RunSettings]) -> int:
    """Days between the sides of a fold that keep every day of one side off the other, for the longest of the models."""
    return max(run.architecture.window + run.architecture.horizon for run in settings) - 1


def make_folds(days: pd.DatetimeIndex, kind: Kind, folds: int, gap: int = 0, seed: int = 0) -> list[Fold]:
    """Cut `days`, the target days of the training period in order, into folds; random folds know no gap.

    Blocked: each stretch once for validation, the days around it left out. Rolling: train on all days before a stretch,
    from a fold to the next on more.
    """
    if kind not in KINDS or not BOUNDS["folds"][0] <= folds <= BOUNDS["folds"][1]:
        facts = {"kinds": ", ".join(KINDS), "low": BOUNDS["folds"][0], "high": BOUNDS["folds"][1]}
        raise BadInput(N_("Choose one of {kinds}, and from {low} to {high} folds."), **facts)
    try:
        if kind == "rolling":
            cuts = list(TimeSeriesSplit(folds, gap=gap).split(days))
        elif kind == "random":
            cuts = list(KFold(folds, shuffle=True, random_state=seed).split(days))
        else:
            cuts = [_apart(*cut, gap) for cut in KFold(folds).split(days)]
    except ValueError:  # scikit-learn's way to say that there are too few
        cuts = []
    if not cuts or any(len(train) == 0 for train, _ in cuts):
        raise BadInput(
            N_("{days} training days are too few for {folds} folds with {gap} days between their sides."),
            days=len(days),
            folds=folds,
            gap=gap,
        )
    return [Fold(days[train], days[validation]) for train, validation in cuts]


def _apart(train: np.ndarray, validation: np.ndarray, gap: int) -> tuple[np.ndarray, np.ndarray]:
    """Take from `train` what lies within `gap` places of `validation`, a stretch without holes."""
    near = (train >= validation[0] - gap) & (train <= validation[-1] + gap)
    return train[~near], validation


def target_days(views: pd.Series, settings: Sequence[RunSettings]) -> pd.DatetimeIndex:
    """Training target days that every one of `settings` has a window for."""
    days = _windows(views, settings[0]).days
    for run in settings[1:]:
        days = days.intersection(_windows(views, run).days)
    return days


def fold_windows(views: pd.Series, settings: RunSettings, fold: Fold) -> SplitWindows:
    """What a run trains and is judged on in a fold; `held_out` is the fold's validation."""
    windows = _windows(views, settings)
    train, validation = (windows[windows.days.isin(days)] for days in (fold.train, fold.validation))
    return cut_windows(train, validation, settings)


def leak(fold: Fold, window: int, horizon: int = 1) -> Leak:
    """How much of `fold` a model of `window` days that predicts `horizon` days could have seen in training."""
    seen = _reached(fold.train, -window, horizon)
    targets = _reached(fold.validation, 0, horizon)
    whole = _reached(fold.validation, -window, horizon)
    known = np.unique(seen)
    return Leak(*(float(np.isin(reach, known).any(axis=1).mean()) for reach in (targets, whole)))


def _reached(days: pd.DatetimeIndex, first: int, end: int) -> np.ndarray:
    """Numbers (days, end - first) of the days from `first` to before `end` around each of `days`."""
    numbers = days.to_numpy().astype("datetime64[D]").astype(int)
    return numbers[:, None] + np.arange(first, end)


def cross_validate(
    views: pd.Series,
    settings: Sequence[RunSettings],
    folds: Sequence[Fold],
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[FoldLoss]:
    """Train every model on every fold, fold by fold; one record each as soon as it is known."""
    from forecasting.fitting import build, fit  # noqa: PLC0415  the folds alone need no torch

    _check_comparable(settings)
    for place, fold in enumerate(folds):
        for model, run in enumerate(settings):
            data, network = fold_windows(views, run, fold), build(run)
            for _row in fit(network, data, run, stop):
                pass
            if stop():
                return
            yield FoldLoss(model, place, *(_losses(network, data, part, run) for part in (data.train, data.held_out)))


def _losses(network, data: SplitWindows, part: Windows, run: RunSettings) -> np.ndarray:
    """Losses (seeds,) of the weights that the run ended with; those of its last row may be later than its best ones."""
    from forecasting.training import predict  # noqa: PLC0415

    predicted = predict(network, data, part)
    return IN_VIEWS[run.training.loss](part.targets.ravel(), predicted.reshape(len(predicted), -1))


def fold_table(losses: Sequence[FoldLoss]) -> np.ndarray:
    """Mean validation losses over seeds (models, folds), in views; NaN where none has come yet."""
    table = np.full([1 + max(getattr(loss, name) for loss in losses) for name in ("model", "fold")], np.nan)
    for loss in losses:
        table[loss.model, loss.fold] = loss.validation.mean()
    return table


def winner(table: np.ndarray) -> int:
    """Place of the model with the smallest mean over folds; one that left the numbers on a fold cannot win."""
    return int(np.nan_to_num(table.mean(axis=1), nan=np.inf).argmin())


def _windows(views: pd.Series, settings: RunSettings) -> Windows:
    net, kept = settings.architecture, settings.regularisation
    return make_windows(views, settings.split.train, net.window, net.horizon)[-kept.train_days :]


def _check_comparable(settings: Sequence[RunSettings]) -> None:
    judged = {(run.split, run.training.loss, run.architecture.horizon) for run in settings}
    if len(judged) > 1:
        raise BadInput(
            N_("Only models of the same split, loss and days ahead can be ranked together; choose such runs.")
        )
