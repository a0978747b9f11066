"""N-fold cross-validation over the target days of the training period (Lee 2021, video 3), without leaks where asked.

Windows overlap: the views of one day are the target of one window and inputs of the next ones. Random folds put such
neighbours on both sides of the cut. Blocked and rolling folds keep a gap between the sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import SplitWindows, Windows, cut_windows, make_windows

FoldKind = Literal["blocked", "rolling", "random"]
FOLD_KINDS = get_args(FoldKind)
FEWEST_FOLDS, MOST_FOLDS = 2, 20
FEWEST_TRAIN = 28  # days a fold must leave to learn from: four weeks, each weekday four times


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


def safe_gap(settings: Sequence[RunSettings]) -> int:
    """Days between the sides of a fold that keep every day of one side off the other, for the longest of the models."""
    return max(run.architecture.window + run.architecture.horizon for run in settings) - 1


def make_folds(
    days: pd.DatetimeIndex, kind: FoldKind, folds: int, *, gap: int = 0, seed: int = 0, borders: Sequence[date] = ()
) -> list[Fold]:
    """Cut `days`, the target days of the training period in order, into folds; random folds know no gap.

    Blocked: each stretch once for validation, the days around it left out. Rolling: train on all days before a stretch,
    from a fold to the next on more. These are scikit-learn's KFold and TimeSeriesSplit, whose import would cost the
    page that draws the folds a second. `borders` are days at which stretches begin, in the place of `usual_borders`.
    """
    if kind not in FOLD_KINDS or not FEWEST_FOLDS <= folds <= MOST_FOLDS:
        facts = {"kinds": ", ".join(FOLD_KINDS), "low": FEWEST_FOLDS, "high": MOST_FOLDS}
        raise BadInput(N_("Choose one of {kinds}, and from {low} to {high} folds."), **facts)
    cuts = _random(len(days), folds, seed) if kind == "random" else _cut(days, kind, gap, borders, folds)
    if len(cuts) < folds or any(not (len(train) and len(validation)) for train, validation in cuts):
        raise BadInput(
            N_(
                "{days} training days have enough known days before them to be predicted: too few for {folds} folds"
                " with {gap} days between their sides."
            ),
            days=len(days),
            folds=folds,
            gap=gap,
        )
    return [Fold(days[train], days[validation]) for train, validation in cuts]


def usual_borders(days: pd.DatetimeIndex, kind: FoldKind, folds: int) -> list[date]:
    """Days at which stretches of about the same length begin: all but the first of blocked folds, all of rolling ones.

    Random folds have none.
    """
    if kind == "random":
        return []
    if kind == "rolling":
        size = len(days) // (folds + 1)
        return [days[len(days) - size * left].date() for left in range(folds, 0, -1)] if size else []
    starts = [part[0] for part in np.array_split(np.arange(len(days)), folds)[1:] if len(part)]
    return [days[start].date() for start in starts]


def _random(days: int, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    drawn = np.array_split(np.random.RandomState(seed).permutation(days), folds)
    return [(np.setdiff1d(np.arange(days), part), np.sort(part)) for part in drawn]


def _cut(
    days: pd.DatetimeIndex, kind: FoldKind, gap: int, borders: Sequence[date], folds: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places of train and validation of every fold; either may be empty where days are few."""
    places = np.arange(len(days))
    starts = days.searchsorted(pd.DatetimeIndex(borders or usual_borders(days, kind, folds)))
    before, *stretches = np.split(places, starts)
    if kind == "rolling":
        return [(places[: max(start - gap, 0)], part) for start, part in zip(starts, stretches, strict=True)]
    return [(_apart(places, part, gap), part) for part in (before, *stretches)]


def _apart(places: np.ndarray, validation: np.ndarray, gap: int) -> np.ndarray:
    """What lies farther than `gap` places from `validation`, a stretch without holes."""
    if not len(validation):
        return places
    return places[(places < validation[0] - gap) | (places > validation[-1] + gap)]


def target_days(series: Series, settings: Sequence[RunSettings]) -> pd.DatetimeIndex:
    """Training target days that every one of `settings` has a window for."""
    days = _windows(series, settings[0]).days
    for run in settings[1:]:
        days = days.intersection(_windows(series, run).days)
    return days


def safe_folds(
    series: Series, settings: Sequence[RunSettings], *, kind: FoldKind, folds: int, borders: Sequence[date] = ()
) -> list[Fold]:
    """Folds of the days that all of `settings` know, as far apart as their windows need; random ones cannot be.

    Raises BadInput where days are too few, or where the losses of these models do not mean the same.
    """
    check_comparable(settings)
    found = make_folds(target_days(series, settings), kind, folds, gap=safe_gap(settings), borders=borders)
    fewest = min(len(fold.train) for fold in found)
    if fewest < FEWEST_TRAIN:
        raise BadInput(
            N_(
                "A fold would leave {days} days to learn from, fewer than {least}; choose fewer folds, shorter windows"
                " or another kind of folds."
            ),
            days=fewest,
            least=FEWEST_TRAIN,
        )
    return found


def fold_windows(series: Series, settings: RunSettings, fold: Fold) -> SplitWindows:
    """What a run trains and is judged on in a fold; `held_out` is the fold's validation."""
    windows = _windows(series, settings)
    train, validation = (windows[windows.days.isin(days)] for days in (fold.train, fold.validation))
    return cut_windows(train, validation, settings)


def leak(fold: Fold, window: int, horizon: int = 1) -> Leak:
    """How much of `fold` a model of `window` days that predicts `horizon` days could have seen in training."""
    targets = _reached(fold.validation, 0, horizon)
    whole = _reached(fold.validation, -window, horizon)
    known = np.unique(_reached(fold.train, -window, horizon))
    return Leak(*(float(np.isin(reach, known).any(axis=1).mean()) for reach in (targets, whole)))


def _reached(days: pd.DatetimeIndex, first: int, end: int) -> np.ndarray:
    """Numbers (days, end - first) of the days from `first` to before `end` around each of `days`."""
    numbers = days.to_numpy().astype("datetime64[D]").astype(int)
    return numbers[:, None] + np.arange(first, end)


def _windows(series: Series, settings: RunSettings) -> Windows:
    net, kept = settings.architecture, settings.regularisation
    windows = make_windows(series, settings.split.train, net.window, horizon=net.horizon)
    return windows[-kept.train_days :]


def check_comparable(settings: Sequence[RunSettings]) -> None:
    """Raise BadInput where the losses of these models do not mean the same."""
    judged = {(run.split, run.training.loss, run.architecture.horizon) for run in settings}
    if len(judged) > 1:
        raise BadInput(
            N_("Only models of the same split, loss and days ahead can be ranked together; choose such runs.")
        )
