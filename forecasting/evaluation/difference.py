"""Which of two runs forecasts the same held-out days better, and how sure one can be of it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecasting.evaluation.verdict import DRAWS, FEWEST_DAYS, LEVEL, block_means
from forecasting.formats import format_views
from forecasting.messages import N_, Message
from forecasting.metrics import IN_VIEWS

SENTENCES = {
    "better": N_("{first} errs by {size} views less than {second} (90 % interval {low} to {high}, {days} days)."),
    "worse": N_("{first} errs by {size} views more than {second} (90 % interval {low} to {high}, {days} days)."),
    "cannot tell": N_(
        "Cannot tell {first} and {second} apart: the 90 % interval of their difference runs from {low} to {high} views"
        " ({days} days)."
    ),
    "single": N_("A single seed of a trained model is not enough to hold {first} against {second}; train more seeds."),
}

SHORT = {
    "better": N_("{size} less ({low} to {high})"),
    "worse": N_("{size} more ({low} to {high})"),
    "cannot tell": N_("cannot tell ({low} to {high})"),
    "single": N_("cannot tell: one seed"),
    "few": N_("cannot tell: {days} days"),
}


@dataclass(frozen=True)
class Difference:
    """Held-out error of a first run less that of a second, in views: below 0 the first is better."""

    answer: Literal["better", "worse", "cannot tell"]
    difference: float
    low: float  # the 90 % interval, over days and seeds; NaN where a single seed allows none
    high: float
    days: int
    enough_seeds: bool

    def sentence(self, first: str, second: str) -> Message:
        """One sentence; `first` and `second` are the names of the runs."""
        text = SENTENCES[self.answer if self.enough_seeds else "single"]
        return Message(text, self._facts() | {"first": first, "second": second})

    def short(self) -> Message:
        """The same for a cell of a table whose head names the second run."""
        why = "few" if self.enough_seeds else "single"
        return Message(SHORT[self.answer if self.shows_interval else why], self._facts())

    @property
    def shows_interval(self) -> bool:
        """Whether `short` gives the interval, or only why there can be none."""
        return self.enough_seeds and self.days >= FEWEST_DAYS

    def _facts(self) -> dict[str, object]:
        low, high = (-self.high, -self.low) if self.answer == "better" else (self.low, self.high)
        return {
            "low": format_views(low),
            "high": format_views(high),
            "size": format_views(abs(self.difference)),
            "days": self.days,
        }


def difference(
    actual: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    loss: str = "mae",
    drawn: tuple[bool, bool] = (True, True),
) -> Difference:
    """Hold `first` (seeds, days) against `second` (its seeds, days) on `actual` (days,), all in views.

    The interval is a moving-block bootstrap over days (Kunsch 1989), both runs on the same draws of weeks, with seeds
    drawn anew as well. `drawn` is False for a run that no seed changes: one solved at once, or a reference.
    """
    enough = all(len(run) > 1 or not chance for run, chance in zip((first, second), drawn, strict=True))
    found = float(IN_VIEWS[loss](actual, first).mean() - IN_VIEWS[loss](actual, second).mean())
    low = high = np.nan
    if enough:
        spread = _error_draws(actual, first, loss, 1) - _error_draws(actual, second, loss, 2)
        low, high = (float(edge) for edge in np.quantile(spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    sure = enough and len(actual) >= FEWEST_DAYS
    answer = "better" if sure and high < 0 else "worse" if sure and low > 0 else "cannot tell"
    return Difference(answer, found, low, high, len(actual), enough)


def _error_draws(actual: np.ndarray, predictions: np.ndarray, loss: str, seed: int) -> np.ndarray:
    """Errors (draws,) of a run on days drawn in blocks, the same days for every run, and on seeds drawn by `seed`."""
    errors = np.abs(predictions - actual)
    means = block_means(errors if loss == "mae" else errors**2)
    means = means if loss == "mae" else np.sqrt(means)
    picked = np.random.default_rng(seed).integers(0, len(means), (len(means), DRAWS))
    return means[picked, np.arange(DRAWS)].mean(axis=0)
