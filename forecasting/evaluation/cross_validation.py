"""Choosing a model by N folds (Lee 2021, video 3): losses as they come, and what they are enough to say."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from forecasting.evaluation.bootstrap import block_means, enough_blocks, spread_out
from forecasting.evaluation.comparison import Answer, Comparison, answer_from, interval
from forecasting.metrics import in_views
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Split

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
