"""Better, worse, or cannot tell: the one place that decides. How it is said is `wording`'s."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecasting.evaluation.bootstrap import (
    DRAWS,
    FEWEST_BLOCKS,
    block_length,
    block_means,
    enough_blocks,
    spread_out,
)
from forecasting.metrics import in_views

Answer = Literal["better", "worse", "cannot tell"]
Reason = Literal["", "one seed", "few days", "alike days"]  # why there is no interval

LEVEL = 0.9  # of the interval: where nothing differs, one answer in ten is wrong


def fewest_days(ahead: int = 1) -> int:
    """Days of judging forecasts `ahead` days before, below which nothing is claimed."""
    return FEWEST_BLOCKS * block_length(ahead)


FEWEST_DAYS = fewest_days()


@dataclass(frozen=True)
class Comparison:
    """Error of one forecast less that of another on the same days, in views: below 0 the first is better."""

    answer: Answer
    difference: float
    low: float  # the 90 % interval; NaN where `reason` says that there is none
    high: float
    days: int
    seeds: int = 1  # of the first
    reason: Reason = ""
    ahead: int = 1  # days

    @property
    def enough_seeds(self) -> bool:
        """Whether chance in training is known for both."""
        return self.reason != "one seed"

    @property
    def needed(self) -> int:
        """Days without which nothing is claimed."""
        return fewest_days(self.ahead)


@dataclass(frozen=True)
class Seeds:
    """What the losses of some seeds come to, in views: mean, standard deviation and how many."""

    mean: float
    spread: float
    count: int


def answer_from(low: float, high: float, margin: float = 0.0) -> Answer:
    """What an interval of a difference in error says, where only a difference beyond `margin` counts."""
    return "better" if high < -margin else "worse" if low > margin else "cannot tell"


def interval(draws: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """The middle `level` of some draws."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def judge(draws: np.ndarray, margin: float = 0.0, level: float = LEVEL) -> Answer:
    """What draws of a difference in error say, where only a difference beyond `margin` counts.

    >>> judge(np.linspace(-3, -1, 100)), judge(np.linspace(1, 3, 100)), judge(np.linspace(-3, -1, 100), margin=2)
    ('better', 'worse', 'cannot tell')
    """
    return answer_from(*interval(draws, level), margin)


def compare(
    first: np.ndarray,
    second: np.ndarray,
    *,
    loss: str = "mae",
    ahead: int = 1,
    seeded: tuple[bool, bool] = (True, True),
    level: float = LEVEL,
) -> Comparison:
    """Hold absolute errors `first` (seeds, days) against `second` (its seeds, days), in views.

    The answer is about other days and other seeds like these: both are drawn on the same blocks of days, and the mean
    of few seeds is uncertain by itself. `loss` is "mae" or "mse" (then the roots are compared), `ahead` how many days
    before the forecasts were made. `seeded` is False for what no seed changes: one solved at once, or a baseline;
    anything else needs two seeds.
    """
    losses = [np.atleast_2d(run) ** (1 if loss == "mae" else 2) for run in (first, second)]
    block = block_length(ahead)
    found = float(np.subtract(*(in_views(run.mean(axis=1), loss).mean() for run in losses)))
    daily = np.subtract(*(_by_day(run, loss) for run in losses))
    reason = _reason(losses, daily, ahead, seeded)
    low = high = np.nan
    if not reason:
        means = [in_views(block_means(run, block), loss) for run in losses]
        draws = spread_out(np.subtract(*(run.mean(axis=0) for run in means)), found, daily, block=block)
        low, high = interval(draws + _chance([_seeds(*run, loss) for run in zip(losses, means, strict=True)]), level)
    return Comparison(answer_from(low, high), found, low, high, len(daily), len(losses[0]), reason, ahead)


def compare_seeds(first: Seeds, second: Seeds, level: float = LEVEL) -> Comparison:
    """The same where only the chance of training counts, as on train, whose days are all there are."""
    found = first.mean - second.mean
    if min(first.count, second.count) < 2:
        return Comparison("cannot tell", found, np.nan, np.nan, 0, first.count, "one seed")
    low, high = interval(found + _chance([first, second], 10 * DRAWS), level)
    return Comparison(answer_from(low, high), found, low, high, 0, first.count)


def _reason(losses: list[np.ndarray], daily: np.ndarray, ahead: int, seeded: tuple[bool, bool]) -> Reason:
    if any(len(run) < 2 and chance for run, chance in zip(losses, seeded, strict=True)):
        return "one seed"
    if len(daily) < fewest_days(ahead):
        return "few days"
    return "" if enough_blocks(daily, block_length(ahead)) else "alike days"


def _by_day(losses: np.ndarray, loss: str) -> np.ndarray:
    """What each day adds to the error (days,), from losses (seeds, days); of a root by its slope."""
    means = losses.mean(axis=0)
    return means if loss == "mae" else means / (2 * np.sqrt(means.mean()) or 1.0)


def _seeds(losses: np.ndarray, means: np.ndarray, loss: str) -> Seeds:
    """How much the seeds of one run differ beyond what chance of days explains, from losses (seeds, days).

    `means` (seeds, draws) are those of drawn days: seeds that err on other days each, and as much, do not differ.
    """
    own, count = in_views(losses.mean(axis=1), loss), len(losses)
    if count < 2:
        return Seeds(float(own.mean()), 0.0, count)
    of_days = (means - means.mean(axis=0)).var(axis=1).sum() / (count - 1)
    return Seeds(float(own.mean()), float(np.sqrt(max(own.var(ddof=1) - of_days, 0.0))), count)


def _chance(runs: list[Seeds], count: int = DRAWS) -> np.ndarray:
    """By how much the difference of two means of seeds may be off (count,): each mean by Student's t."""
    rng = np.random.default_rng(1)
    off = np.zeros(count)
    for run in runs:
        if run.count > 1:
            off += run.spread / np.sqrt(run.count) * rng.standard_t(run.count - 1, count)
    return off
