"""Models trained on folds, and ranked by their losses: for workers, since it loads torch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from forecasting.evaluation.baselines import baseline_losses
from forecasting.evaluation.comparison import Comparison, compare
from forecasting.evaluation.cross_validation import FEWEST_COMPARED, Ranking
from forecasting.evaluation.folds import Fold, FoldKind, check_comparable, fold_windows, safe_folds
from forecasting.messages import N_, BadInput
from forecasting.metrics import IN_VIEWS
from forecasting.models.effort import effort
from forecasting.models.fitting import build, fit
from forecasting.models.registry import SKILL_BASELINE
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import SplitWindows, Windows, run_windows


@dataclass(frozen=True)
class FoldLoss:
    """Losses (seeds,) in views of one model on one fold, both places in the lists that were given.

    `errors` (seeds, validation days) are absolute, in views; of several days ahead their mean, its root under MSE. They
    and `validation` are infinite where the training diverged.
    """

    model: int
    fold: int
    train: np.ndarray
    validation: np.ndarray
    errors: np.ndarray


def cross_validate(
    series: Series,
    settings: Sequence[RunSettings],
    folds: Sequence[Fold],
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[FoldLoss]:
    """Train every model on every fold, fold by fold; one record each as soon as it is known."""
    check_comparable(settings)
    for place, fold in enumerate(folds):
        for model, run in enumerate(settings):
            data, network = fold_windows(series, run, fold), build(run)
            for row in fit(network, data, run, stop=stop):
                finite = row.finite
            if stop():
                return
            train, errors = (daily_errors(network, data, part, run=run) for part in (data.train, data.held_out))
            errors = errors if finite else np.full_like(errors, np.inf)
            yield FoldLoss(model, place, over_days(train, run), over_days(errors, run), errors)


def daily_errors(network, data: SplitWindows, part: Windows, *, run: RunSettings) -> np.ndarray:
    """Errors (seeds, days) in views of the weights that the run ended with; its last row's may be later ones."""
    predicted = predict(network, data, part)
    shape = len(predicted), len(part), -1
    return IN_VIEWS[run.training.loss](part.targets.reshape(shape[1:]), predicted.reshape(shape))


def over_days(errors: np.ndarray, run: RunSettings) -> np.ndarray:
    """Losses (seeds,) in views from errors (seeds, days)."""
    return IN_VIEWS[run.training.loss](np.zeros(1), errors)


def rank(
    series: Series, settings: Sequence[RunSettings], kind: FoldKind, *, folds: int, borders: Sequence[date] = ()
) -> Iterator[tuple[float, Ranking]]:
    """Train every model on every fold, then on the whole training period: (share of the work done, what is known)."""
    cuts = safe_folds(series, settings, kind=kind, folds=folds, borders=borders)
    baseline = [_baseline(series, fold_windows(series, settings[0], cut), settings[0]) for cut in cuts]
    known = Ranking(
        np.full((len(settings), folds), np.nan),
        np.full(len(settings), np.nan),
        np.array(baseline),
        _baseline(series, run_windows(series, settings[0]), settings[0]),
    )
    shares, losses = iter(_shares(series, settings, cuts)), []
    for loss in cross_validate(series, settings, cuts):
        losses.append(loss)
        known.validation[loss.model, loss.fold] = loss.validation.mean()
        yield next(shares), known
    if np.isfinite(known.means).sum() < FEWEST_COMPARED:
        raise BadInput(N_("Fewer than two models trained without diverging; try smaller learning rates."))
    days = np.argsort(np.concatenate([cut.validation for cut in cuts]))
    errors = [_in_order(losses, model, days) for model in range(len(settings))]
    means = [over_seeds(each, run.training.loss) for each, run in zip(errors, settings, strict=True)]
    known = replace(known, errors=np.stack(means), closest=_closest(errors, known.order, settings))
    for place, run in enumerate(settings):
        known.held_out[place] = _held_out(series, run)
        yield next(shares), known


def _shares(series: Series, settings: Sequence[RunSettings], cuts: Sequence[Fold]) -> np.ndarray:
    """Share of the work that is done after each training: every model on every fold, then on the whole period."""
    days = [*(len(cut.train) for cut in cuts), len(run_windows(series, settings[0]).train)]
    efforts = [effort(run, count) for count in days for run in settings]
    return np.cumsum(efforts) / sum(efforts)


def over_seeds(errors: np.ndarray, loss: str) -> np.ndarray:
    """Errors (days,) in views from errors (seeds, days)."""
    return errors.mean(axis=0) if loss == "mae" else np.sqrt(np.square(errors).mean(axis=0))


def _in_order(losses: Sequence[FoldLoss], model: int, days: np.ndarray) -> np.ndarray:
    """Errors (seeds, days) of one model over the validation days of all folds, `days` being their order in time."""
    return np.concatenate([loss.errors for loss in losses if loss.model == model], axis=1)[:, days]


def _closest(errors: Sequence[np.ndarray], order: Sequence[int], settings: Sequence[RunSettings]) -> Comparison:
    """The winner against the second on the same validation days."""
    first, second = (settings[place] for place in order[:2])
    return compare(
        errors[order[0]],
        errors[order[1]],
        loss=first.training.loss,
        seeded=(not first.solved_at_once, not second.solved_at_once),
    )


def _held_out(series: Series, run: RunSettings) -> float:
    data, model = run_windows(series, run), build(run)
    for row in fit(model, data, run):
        finite = row.finite
    return float(over_days(daily_errors(model, data, data.held_out, run=run), run).mean()) if finite else np.inf


def _baseline(series: Series, data: SplitWindows, run: RunSettings) -> float:
    return baseline_losses(series, data.held_out, run.training.loss)[SKILL_BASELINE]
