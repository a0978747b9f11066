"""What a diagnosis rests on: the run beside cheap trials, validation inside the training period, and drift."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.drift import Drift, drifts
from forecasting.folds import Fold, make_folds, safe_gap, target_days
from forecasting.settings import RunSettings
from forecasting.training import predict
from forecasting.trials import (
    Errors,
    Stop,
    both_periods,
    brief,
    candidates,
    enough_epochs,
    fitted,
    in_views,
    linear,
    tuned,
    validate,
)
from forecasting.verdict import DRAWS
from forecasting.windows import Windows, make_windows, run_windows

FOLDS = 4
BLOCK = 14  # days drawn together: errors of neighbouring days hang together
MARGIN = 0.07  # a validation loss that much above the best reference is a fault
SHIFTED = 0.25  # a held-out loss that much above validation is a mismatch
NEARBY = 3  # days from a holiday
LARGEST = 5  # errors that are listed


@dataclass(frozen=True)
class Estimate:
    """A number with its 90 % interval, and the share of bootstrap draws in which it exceeds its margin."""

    value: float
    low: float
    high: float
    exceeds: float

    @classmethod
    def of(cls, value: float, draws: np.ndarray, margin: float) -> "Estimate":
        """From bootstrap `draws` of `value`."""
        low, high = np.quantile(draws, [0.05, 0.95])
        return cls(float(value), float(low), float(high), float((draws > margin).mean()))


@dataclass(frozen=True)
class Reference:
    """A model that is hard to get wrong, on the same target days. Losses in views."""

    name: str  # marked for translation
    settings: RunSettings
    train: float
    validation: float
    held_out: float


@dataclass(frozen=True)
class LargeError:
    """A held-out day with one of the largest errors. `holiday` is the nearest within three days, "" for none known."""

    day: pd.Timestamp
    actual: float
    predicted: float  # mean over seeds
    holiday: str


@dataclass(frozen=True)
class Evidence:
    """All losses in views, means over seeds."""

    settings: RunSettings
    train: float
    spread: float  # of train over seeds, one standard deviation; NaN for a single seed
    held_out: float
    validation: float  # blocked, inside the training period
    train_days: int
    held_out_days: int
    best: Reference  # the one with the smallest validation loss
    linear_train: float  # exact linear solution on the same windows
    larger_train: float  # larger net
    tuned: RunSettings | None  # the same model trained with care; None for one that is not trained by steps
    tuned_train: float  # NaN without
    regret: Estimate  # validation over the best reference's, less 1
    shift: Estimate  # held-out over validation, less 1; the smaller of views and share of the level
    drifts: tuple[Drift, ...]
    largest: tuple[LargeError, ...]


def gather(
    views: pd.Series,
    settings: RunSettings,
    train_loss: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
    stop: Stop = lambda: False,
) -> Evidence:
    """Train what is needed to judge the run of `settings`: some seconds for a model of a hundred units.

    `train_loss` (seeds,) and `predicted` (seeds, held-out days) are what the run came to; without them it is run again
    with two seeds. Raises Stopped.
    """
    loss, data = settings.training.loss, run_windows(views, settings)
    if train_loss is None or predicted is None:
        model = fitted(brief(settings), data, stop)
        predicted = predict(model, data, data.held_out)
        train_loss = np.array([Errors.of(one[None], data.train, loss).size for one in predict(model, data, data.train)])
    folds = make_evidence_folds(views, settings)
    others = candidates(settings)
    errors = {name: validate(views, run, folds, stop) for name, run in others.items()}
    best = min(errors, key=lambda name: errors[name].size)
    own, held_out = validate(views, brief(settings), folds, stop), Errors.of(predicted, data.held_out, loss)
    days = pd.DatetimeIndex(np.concatenate([fold.validation for fold in folds]))
    net = settings.architecture
    judged = make_windows(views, settings.split.train, net.window, net.horizon)
    judged = judged[judged.days.isin(days)]  # with what early stopping keeps apart
    careful = tuned(settings) and enough_epochs(tuned(settings), len(data.train))
    *_, larger = others.values()
    return Evidence(
        settings,
        float(np.mean(train_loss)),
        float(np.std(train_loss, ddof=1)) if len(train_loss) > 1 else np.nan,
        held_out.size,
        own.size,
        len(data.train),
        len(data.held_out),
        Reference(best, others[best], *_ordered(both_periods(views, others[best], stop), errors[best].size)),
        both_periods(views, linear(settings, net.window, settings.inputs), stop)[0],
        both_periods(views, larger, stop)[0],
        careful,
        both_periods(views, careful, stop)[0] if careful else np.nan,
        regret(own, errors[best]),
        shift(own, held_out, _level(judged), _level(data.held_out)),
        drifts(judged, data.held_out, own.signed, held_out.signed),
        largest(data.held_out, predicted, settings.inputs.country),
    )


def make_evidence_folds(views: pd.Series, settings: RunSettings) -> list[Fold]:
    """Blocked folds; where days are few, the gap is smaller than safe: what then leaks are inputs, no targets."""
    days = target_days(views, [settings])
    days = days.intersection(target_days(views, list(candidates(settings).values())))
    return make_folds(days, "blocked", FOLDS, min(safe_gap([settings]), len(days) // 16))


def regret(own: Errors, best: Errors) -> Estimate:
    """How much more a run errs in validation than a reference does, as a share, on the same drawn days."""
    places = blocks(len(own.daily), len(own.daily))
    draws = [in_views(errors.daily[places].mean(axis=1), own.loss) for errors in (own, best)]
    return Estimate.of(own.size / (best.size or 1) - 1, draws[0] / np.maximum(draws[1], 1e-9) - 1, MARGIN)


def shift(own: Errors, held_out: Errors, level: np.ndarray, held_out_level: np.ndarray) -> Estimate:
    """How much more a run errs on held-out than in validation, as a share, over periods of the same length.

    Counted in views and as a share of the level of the days before, and the smaller of the two is taken: a channel that
    grows errs more in views, one that shrinks errs more by share, and neither is a mismatch.
    """
    power = 1 if own.loss == "mae" else 2
    days = len(held_out.daily)
    validation, later = blocks(len(own.daily), days, seed=1), blocks(days, days, seed=2)
    values, draws = [], []
    for unit, later_unit in ((1.0, 1.0), (level**power, held_out_level**power)):
        usual, found = own.daily / unit, held_out.daily / later_unit
        values.append(in_views(found.mean(), own.loss) / max(in_views(usual.mean(), own.loss), 1e-9) - 1)
        drawn = [in_views(x[at].mean(axis=1), own.loss) for x, at in ((found, later), (usual, validation))]
        draws.append(drawn[0] / np.maximum(drawn[1], 1e-9) - 1)
    return Estimate.of(min(values), np.minimum(*draws), SHIFTED)


def blocks(days: int, length: int, seed: int = 0) -> np.ndarray:
    """Places (draws, length) of series put together from blocks of `days` drawn with replacement, ends joined."""
    block = min(BLOCK, days)
    starts = np.random.default_rng(seed).integers(0, days, (DRAWS, -(-length // block)))
    return (starts[:, :, None] + np.arange(block)).reshape(DRAWS, -1)[:, :length] % days


def largest(held_out: Windows, predicted: np.ndarray, country: str) -> tuple[LargeError, ...]:
    """The days on which the mean prediction (over seeds; of the first day ahead) is furthest off, worst first."""
    actual, mean = (values.reshape(len(held_out), -1)[:, 0] for values in (held_out.targets, predicted.mean(axis=0)))
    worst = np.argsort(-np.nan_to_num(np.abs(mean - actual), nan=np.inf), kind="stable")[:LARGEST]
    return tuple(
        LargeError(held_out.days[k], float(actual[k]), float(mean[k]), nearby_holiday(held_out.days[k], country))
        for k in worst
    )


def nearby_holiday(day: pd.Timestamp, country: str) -> str:
    """The nearest public holiday within three days, as its country names it; "" for none, or for no country."""
    if not country:
        return ""
    import holidays  # noqa: PLC0415  only where asked for

    known = holidays.country_holidays(country, years=range(day.year - 1, day.year + 2))
    reach = sorted(range(-NEARBY, NEARBY + 1), key=abs)
    near = [
        known[day.date() + pd.Timedelta(days=step)] for step in reach if day.date() + pd.Timedelta(days=step) in known
    ]
    return near[0] if near else ""


def _level(windows: Windows) -> np.ndarray:
    """Mean views of each window (windows,), 1 at least."""
    return np.maximum(windows.inputs.mean(axis=1), 1.0)


def _ordered(losses: tuple[float, float], validation: float) -> tuple[float, float, float]:
    return losses[0], validation, losses[1]
