"""The one block bootstrap: how far a mean over days would differ on other days like these.

Errors of neighbouring days resemble each other, so days are not drawn one by one but in blocks (Kunsch 1989), ends
joined (Politis and Romano 1992). A block is whole weeks, so that every draw holds each weekday equally often, and at
least as long as the horizon, since forecasts from neighbouring origins share the days ahead.

Weeks are correlated as well, and a channel may have only four of them. So draws are spread further by what blocks
cannot show: the correlation beyond a block, as a first-order autoregression has it, and the tails of Student's t for as
many independent blocks as there are. `tests/benchmark/null_rates.py` measures how often two equal forecasts are then
told apart, and what other ways come to.
"""

from functools import lru_cache

import numpy as np

from forecasting.typical_range import WEEK

DRAWS = 2000
FEWEST_INDEPENDENT = 3.0  # blocks; with fewer an interval says nothing
FEWEST_BLOCKS = 4  # by the length of the period alone
STRONGEST = 0.97  # correlation of neighbouring days; nearer to 1 there is no mean to estimate


def block_length(ahead: int = 1) -> int:
    """Days of a block for errors `ahead` days before: whole weeks, at least as many days as the horizon."""
    return WEEK * -(-ahead // WEEK)


def block_places(days: int, length: int, block: int = WEEK, *, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Places (draws, length) of series put together from blocks of `days` drawn with replacement, ends joined."""
    block = min(block, days)
    starts = np.random.default_rng(seed).integers(0, days, (draws, -(-length // block)))
    return (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :length] % days


def block_means(values: np.ndarray, block: int = WEEK, draws: int = DRAWS, *, seed: int = 0) -> np.ndarray:
    """Means (..., draws) of series put together from blocks of `values` (..., days).

    All series are put together from the same days.
    """
    return values @ _shares(values.shape[-1], block, draws, seed).T


def autocorrelation(values: np.ndarray) -> float:
    """Correlation of neighbouring days of `values` (days,), from 0 to STRONGEST.

    Short series show too little of it, by (1 + 3 r) / days on average (Kendall 1954), which is added.
    """
    deviations = values - values.mean()
    power = float(deviations @ deviations)
    if len(values) < 2 or power <= 1e-12 * float(values @ values):
        return 0.0
    found = float(deviations[1:] @ deviations[:-1]) / power
    return float(np.clip(found + (1 + 3 * found) / len(values), 0.0, STRONGEST))


def share_within_blocks(correlation: float, block: int) -> float:
    """Share of the variance of a mean that blocks show, where neighbouring days have `correlation`.

    Of the sum over all lags 1 + 2 (r + r² + ...) = (1 + r) / (1 - r) a block holds lag k with the weight 1 - k / block.
    """
    lags = np.arange(1, block)
    within = 1 + 2 * float((correlation**lags * (1 - lags / block)).sum())
    return within * (1 - correlation) / (1 + correlation)


def independent_blocks(values: np.ndarray, block: int = WEEK) -> float:
    """How many independent blocks `values` (days,) are worth; below FEWEST_INDEPENDENT nothing can be told."""
    return len(values) / block * share_within_blocks(autocorrelation(values), block)


def enough_blocks(values: np.ndarray, block: int = WEEK) -> bool:
    """Whether `values` (days,) are long enough, and vary freely enough, for an interval."""
    return len(values) >= FEWEST_BLOCKS * block and independent_blocks(values, block) >= FEWEST_INDEPENDENT


def spread_out(draws: np.ndarray, found: float, values: np.ndarray, *, block: int = WEEK, seed: int = 0) -> np.ndarray:
    """Bootstrap `draws` of a statistic that came to `found`, spread further by what blocks of `values` cannot show.

    `values` (days,) are what each day adds to the statistic. Blocks drawn with replacement vary too little by
    sqrt((n - 1) / n), and the spread itself is only estimated: each draw is divided by the root of a chi-square over
    its n - 1 degrees of freedom, which turns normal draws into Student's t.
    """
    independent = max(independent_blocks(values, block), FEWEST_INDEPENDENT)
    shown = share_within_blocks(autocorrelation(values), block) * (independent - 1) / independent
    spreads = np.random.default_rng(seed).chisquare(independent - 1, draws.shape[-1]) / (independent - 1)
    return found + (draws - found) / np.sqrt(shown * spreads)


@lru_cache(maxsize=2)
def _shares(days: int, block: int, draws: int, seed: int) -> np.ndarray:
    """What each day counts for in each draw, (draws, days)."""
    places = block_places(days, days, block, draws=draws, seed=seed)
    counts = np.bincount((places + days * np.arange(draws)[:, None]).ravel(), minlength=draws * days)
    return counts.reshape(draws, days) / days
