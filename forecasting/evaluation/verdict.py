"""Better or worse than a baseline, and how sure one can be of it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from forecasting.formats import format_percent
from forecasting.messages import N_, Translate, english
from forecasting.metrics import mae, skill

BLOCK = 7  # days: errors of one week hang together, so whole weeks are drawn
DRAWS = 1000
LEVEL = 0.9
FEWEST_DAYS = 28  # of judging; below this nothing is claimed
SENTENCES = {
    "better": N_(
        "{skill} less error (MAE) than “{baseline}” (90 % interval {low} to {high});"
        " {seeds_better} of {seeds} seeds better."
    ),
    "worse": N_(
        "{skill} more error (MAE) than “{baseline}” (90 % interval {low} to {high});"
        " {seeds_better} of {seeds} seeds better."
    ),
    "cannot tell": N_(
        "Cannot tell whether this beats “{baseline}”: the 90 % interval runs from {high} less to {low} more error"
        " (MAE) over {days} days; {seeds_better} of {seeds} seeds better."
    ),
    "single": N_(
        "A single seed of a trained model is not enough to tell whether this beats “{baseline}”; train more seeds."
    ),
    "too few": N_("Only {days} held-out days to judge by; at least {needed} are needed to tell more than chance."),
}


@dataclass(frozen=True)
class Verdict:
    """A model against a baseline over the same days; errors are MAE in views."""

    answer: Literal["better", "worse", "cannot tell"]
    error: float  # mean over seeds
    baseline_error: float
    skill: float  # share of the baseline's error that is gone
    low: float  # the 90 % interval of that skill; NaN where a single seed allows none
    high: float
    seeds: int
    seeds_better: int
    days: int
    enough_seeds: bool = True

    def translated(self, baseline: str, translate: Translate = english) -> str:
        """One plain sentence; `baseline` is the name of what the model was held against, already translated."""
        worse, unsure = self.answer == "worse", self.answer == "cannot tell"
        low, high = (-self.high, -self.low) if worse else (-self.low if unsure else self.low, self.high)
        shares = {"skill": -self.skill if worse else self.skill, "low": low, "high": high}
        facts = {name: format_percent(share) for name, share in shares.items()}
        counts = {"needed": FEWEST_DAYS, "seeds": self.seeds, "seeds_better": self.seeds_better, "days": self.days}
        key = "too few" if self.days < FEWEST_DAYS else self.answer if self.enough_seeds else "single"
        return translate(SENTENCES[key]).format(baseline=baseline, **facts, **counts)


def judge(actual: np.ndarray, predictions: np.ndarray, baseline: np.ndarray, drawn: bool = True) -> Verdict:
    """Compare `predictions` (seeds, days) with `baseline` (days,) on `actual` (days,), all in views.

    The interval is a moving-block bootstrap over days (Kunsch 1989) of the mean difference in absolute error. A single
    seed gets none and no claim: it may be luck. `drawn` is False for a model that no seed changes, which needs but one.
    """
    errors, baseline_error = mae(actual, predictions), float(mae(actual, baseline))
    difference = np.abs(predictions - actual).mean(axis=0) - np.abs(baseline - actual)
    enough, low, high = len(errors) > 1 or not drawn, np.nan, np.nan
    if enough:
        low, high = -np.quantile(block_means(difference), [(1 + LEVEL) / 2, (1 - LEVEL) / 2]) / (baseline_error or 1.0)
    sure = enough and len(actual) >= FEWEST_DAYS
    answer = "better" if sure and low > 0 else "worse" if sure and high < 0 else "cannot tell"
    return Verdict(
        answer,
        float(errors.mean()),
        baseline_error,
        float(skill(errors.mean(), baseline_error)) if baseline_error else 0.0,
        float(low),
        float(high),
        len(errors),
        int((errors < baseline_error).sum()),
        len(actual),
        enough,
    )


def block_means(values: np.ndarray, block: int = BLOCK, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Means (..., draws) of series put together from blocks of `values` (..., days) drawn anew, ends joined.

    All series are put together from the same days.
    """
    return values @ _shares(values.shape[-1], block, draws, seed).T


@lru_cache(maxsize=4)
def _shares(days: int, block: int, draws: int, seed: int) -> np.ndarray:
    """What each day counts for in each draw, (draws, days)."""
    block = min(block, days)
    starts = np.random.default_rng(seed).integers(0, days, (draws, -(-days // block)))
    places = (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :days] % days
    counts = np.bincount((places + days * np.arange(draws)[:, None]).ravel(), minlength=draws * days)
    return counts.reshape(draws, days) / days
