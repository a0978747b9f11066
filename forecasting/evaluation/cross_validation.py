"""Choosing a model by N folds (Lee 2021, video 3): losses as they come, and what they are enough to say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from forecasting.evaluation.baselines import baseline_losses
from forecasting.evaluation.bootstrap import block_means, enough_blocks, spread_out
from forecasting.evaluation.comparison import Answer, Comparison, answer_from, compare, interval
from forecasting.evaluation.folds import (
    FoldKind,
    FoldLoss,
    cross_validate,
    daily_errors,
    fold_windows,
    over_days,
    safe_folds,
)
from forecasting.messages import N_, BadInput
from forecasting.metrics import in_views
from forecasting.models.registry import SKILL_BASELINE
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Split
from forecasting.windows import SplitWindows, run_windows

FEWEST_COMPARED, MOST_COMPARED = 2, 6  # models
FOLDS = 3  # the lecture's
NEXT_TO_NOTHING = 1e-9  # views: a series that is foreseen without error has no shares of it
EXAMPLE = ((0.2, 0.4, 0.3), (0.4, 0.5, 0.6), (0.4, 0.5, 0.3))  # the lecture's own losses: three models on three folds


def usual_models(split: Split) -> list[RunSettings]:
    """Four models from simple to large, trained in seconds."""
    trained = Training(epochs=100, seeds=3)
    lines = [RunSettings(split, Architecture("linear", days), Training(optimizer="exact")) for days in (7, 28)]
    return lines + [RunSettings(split, Architecture("relu", 56, layers), trained) for layers in (1, 3)]


@dataclass(frozen=True)
class Ranking:
    """What is known so far of some models on some folds: losses in views, means over seeds, NaN for not yet."""

    validation: np.ndarray  # (models, folds)
    held_out: np.ndarray  # (models,) of the same models trained on the whole training period
    baseline: np.ndarray  # (folds,) of the same day last week, on the same validation days
    baseline_held_out: float
    errors: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (models, validation days in order), at last
    closest: Comparison | None = None  # of the first and the second over all validation days, at last

    @property
    def means(self) -> np.ndarray:
        """Mean validation losses over folds (models,); NaN while one is missing."""
        return self.validation.mean(axis=1)

    @property
    def judged(self) -> bool:
        """Whether every model has been on every fold."""
        return self.errors.size > 0

    @property
    def order(self) -> list[int]:
        """Places of the models, best mean first."""
        return [int(place) for place in np.argsort(self.means, kind="stable")]

    def rounded(self) -> "Ranking":
        """The same in hundredths of a view, with NaN for what diverged: short enough to be stored."""
        tables = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        rounded: dict[str, Any] = {n: np.where(np.isfinite(x), x.round(2), np.nan) for n, x in tables.items()}
        return replace(self, **rounded)


def rank(
    channel: Channel, settings: Sequence[RunSettings], kind: FoldKind, folds: int
) -> Iterator[tuple[float, Ranking]]:
    """Train every model on every fold, then on the whole training period: (share of the work done, what is known)."""
    cuts = safe_folds(channel.series, settings, kind=kind, folds=folds)
    baseline = [_baseline(channel, fold_windows(channel.series, settings[0], cut), settings[0]) for cut in cuts]
    known = Ranking(
        np.full((len(settings), folds), np.nan),
        np.full(len(settings), np.nan),
        np.array(baseline),
        _baseline(channel, run_windows(channel.series, settings[0]), settings[0]),
    )
    steps, losses = len(settings) * (folds + 1), []
    for loss in cross_validate(channel.series, settings, cuts):
        losses.append(loss)
        known.validation[loss.model, loss.fold] = loss.validation.mean()
        yield len(losses) / steps, known
    if np.isfinite(known.means).sum() < FEWEST_COMPARED:
        raise BadInput(N_("Fewer than two models trained without diverging; try smaller learning rates."))
    days = np.argsort(np.concatenate([cut.validation for cut in cuts]))
    errors = [_in_order(losses, model, days) for model in range(len(settings))]
    means = [over_seeds(each, run.training.loss) for each, run in zip(errors, settings, strict=True)]
    known = replace(known, errors=np.stack(means), closest=_closest(errors, known.order, settings))
    for place, run in enumerate(settings):
        known.held_out[place] = _held_out(channel, run)
        yield (len(losses) + place + 1) / steps, known


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


def _held_out(channel: Channel, run: RunSettings) -> float:
    from forecasting.models.fitting import build, fit  # noqa: PLC0415  torch, which only workers load

    data, model = run_windows(channel.series, run), build(run)
    for row in fit(model, data, run):
        finite = row.finite
    return float(over_days(daily_errors(model, data, data.held_out, run), run).mean()) if finite else np.inf


def _baseline(channel: Channel, data: SplitWindows, run: RunSettings) -> float:
    return baseline_losses(channel.series, data.held_out, run.training.loss)[SKILL_BASELINE]


@dataclass(frozen=True)
class OptimismBias:
    """How much less random folds make of a model's error than blocked ones, as a share, with its 90 % interval."""

    share: float
    low: float  # NaN for both edges where the days are too few
    high: float

    @property
    def answer(self) -> Answer:
        """Whether random folds say of the model that it errs less ("better"), more, or whether that cannot be told."""
        return answer_from(-self.high, -self.low)

    @classmethod
    def of(cls, blocked: np.ndarray, random: np.ndarray, loss: str) -> "OptimismBias":
        """From errors (days,) of the same model on the same validation days, as `Ranking.errors` has them."""
        losses = np.stack([blocked, random]) ** (1 if loss == "mae" else 2)
        usual = np.maximum(losses.mean(axis=1), NEXT_TO_NOTHING)
        share = float(_share_less(losses.mean(axis=1), loss))
        daily = losses[1] / usual[1] - losses[0] / usual[0]  # what each day adds to the share
        if not enough_blocks(daily):
            return cls(share, np.nan, np.nan)
        draws = _share_less(block_means(losses), loss)
        return cls(share, *interval(spread_out(draws, share, daily)))


def _share_less(means: np.ndarray, loss: str) -> np.ndarray:
    """By what share the second of two mean losses (2, ...) is smaller, in views."""
    first, second = in_views(means, loss)
    return 1 - second / np.maximum(first, NEXT_TO_NOTHING)
