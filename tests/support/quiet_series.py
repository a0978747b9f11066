"""Daily series on which nothing unusual happens, of the kinds that channels are, made from a seed."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from forecasting.series import Series

WEEK = np.array([1.0, 1.0, 1.0, 0.95, 1.05, 1.3, 1.4])  # times the level, Monday first
LEVEL = 5000


def _noise(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    return LEVEL * np.exp(rng.normal(0, 0.2, len(days)))


def _week(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    return LEVEL * WEEK[days % 7] ** 1.5 * np.exp(rng.normal(0, 0.15, len(days)))


def _trend(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    return LEVEL * WEEK[days % 7] * np.exp(0.4 * days / 365 + rng.normal(0, 0.15, len(days)))


def _heavy_tails(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    return LEVEL * np.exp(0.12 * rng.standard_t(3, len(days)))


def _autocorrelated(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    noise = np.empty(len(days))
    noise[0], new = rng.normal(0, 0.25), rng.normal(0, 0.15, len(days))
    for day in range(1, len(days)):
        noise[day] = 0.8 * noise[day - 1] + new[day]
    return LEVEL * WEEK[days % 7] * np.exp(noise)


def _low_counts(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    return rng.poisson(3 * WEEK[days % 7]).astype(float)


KINDS: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "noise": _noise,
    "weekly season": _week,
    "trend": _trend,
    "heavy tails": _heavy_tails,
    "autocorrelated": _autocorrelated,
    "low counts": _low_counts,
}


def quiet_series(kind: str, seed: int, days: int = 1825) -> Series:
    """A series of one of KINDS; it begins on a Monday."""
    views = KINDS[kind](np.random.default_rng(seed), np.arange(days))
    return Series(pd.Series(np.round(views), pd.date_range("2018-01-01", periods=days)))


def with_shift(series: Series, day: int, times: float) -> Series:
    """The same with a level that is so many times as high from a day on."""
    views = series.views.copy()
    views.iloc[day:] = np.round(views.iloc[day:] * times)
    return Series(views)
