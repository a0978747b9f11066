"""Daily series of many kinds, made from a seed: what a forecaster may meet besides the sample channel."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2] / "data"))
from make_sample_channel import Mix, make_channel

WEEKEND_LOW = np.array([0.08, 0.1, 0.08, 0.05, -0.02, -0.2, -0.09])  # logs, Monday first


def sample(seed: int) -> pd.Series:
    """The sample channel's program with another seed."""
    return _of_channel(make_channel(seed))


def calm(seed: int) -> pd.Series:
    """A channel without uploads' bursts, with a weak week and slow growth."""
    mix = replace(Mix(), upload_chance=0.01, weekday=0.02, friday=-0.06, saturday=-0.08, late_growth=0.1)
    return _of_channel(make_channel(seed, mix))


def loud(seed: int) -> pd.Series:
    """A channel with twice the noise and interest that fades within days."""
    return _of_channel(make_channel(seed, replace(Mix(), noise=0.12, fade=0.7, upload=0.35, upload_spread=0.2)))


def growing(seed: int) -> pd.Series:
    """Growth of a half a year, a week in proportion, interest that lasts."""
    rng, days = _start(seed, 1600)
    log = 6 + 0.5 * days / 365 + _pulled(rng, 1600, 0.85, 0.06)
    return _views(log + 1.5 * WEEKEND_LOW[days % 7])


def shifting(seed: int) -> pd.Series:
    """Levels that jump several times, each for good."""
    rng, days = _start(seed, 1500)
    jumps = np.zeros(1500)
    jumps[rng.integers(100, 1480, 7)] = rng.normal(0, 0.5, 7)
    return _views(8 + np.cumsum(jumps) + WEEKEND_LOW[days % 7] + rng.normal(0, 0.08, 1500))


def wandering(seed: int) -> pd.Series:
    """A random walk with a week whose shape wanders too."""
    rng, days = _start(seed, 1300)
    week = WEEKEND_LOW[:, None] + np.cumsum(rng.normal(0, 0.02, (7, 1300 // 7 + 1)), axis=1)
    return _views(7 + np.cumsum(rng.normal(0, 0.04, 1300)) + week[days % 7, days // 7] + rng.normal(0, 0.05, 1300))


def rare(seed: int) -> pd.Series:
    """A few views a day, many days with none."""
    rng, days = _start(seed, 1100)
    rate = np.exp(0.3 + 0.3 * np.sin(2 * np.pi * days / 365) + 2 * WEEKEND_LOW[days % 7] + _pulled(rng, 1100, 0.9, 0.1))
    return _dated(rng.negative_binomial(1.5, 1.5 / (1.5 + rate)).astype(float))


def noise(seed: int) -> pd.Series:
    """Nothing to learn but the mean."""
    rng, _days = _start(seed, 900)
    return _views(7 + rng.normal(0, 0.3, 900))


def spiky(seed: int) -> pd.Series:
    """A calm weekly series with spikes that decay over days."""
    rng, days = _start(seed, 1400)
    bursts = np.where(rng.random(1400) < 0.02, rng.exponential(1.0, 1400), 0.0)
    for day in range(1, 1400):
        bursts[day] += 0.7 * bursts[day - 1]
    return _views(7 + WEEKEND_LOW[days % 7] + bursts + rng.normal(0, 0.08, 1400))


def short(seed: int) -> pd.Series:
    """A year alone: a level that drifts, a week, and noise."""
    rng, days = _start(seed, 365)
    return _views(9 + np.cumsum(rng.normal(0, 0.02, 365)) + WEEKEND_LOW[days % 7] + rng.normal(0, 0.08, 365))


def yearly(seed: int) -> pd.Series:
    """A strong year: terms, holidays around the new year, a slow decline."""
    rng, days = _start(seed, 1900)
    year = days % 365.25
    season = 0.25 * np.sin(2 * np.pi * year / 365.25) - 0.5 * (year > 355) - 0.4 * ((year > 180) & (year < 240))
    return _views(8 - 0.1 * days / 365 + season + WEEKEND_LOW[days % 7] + _pulled(rng, 1900, 0.8, 0.06))


KINDS = (sample, calm, loud, growing, shifting, wandering, rare, noise, spiky, short, yearly)


def _start(seed: int, days: int) -> tuple[np.random.Generator, np.ndarray]:
    return np.random.default_rng([seed, days]), np.arange(days)


def _pulled(rng: np.random.Generator, days: int, pull: float, spread: float) -> np.ndarray:
    """Departures of which a share `pull` is left a day later."""
    rest = rng.normal(0, spread, days)
    for day in range(1, days):
        rest[day] += pull * rest[day - 1]
    return rest


def _views(log: np.ndarray) -> pd.Series:
    return _dated(np.round(np.exp(log)))


def _dated(values: np.ndarray) -> pd.Series:
    return pd.Series(values, pd.date_range("2018-01-01", periods=len(values)), name="views")


def _of_channel(channel: pd.DataFrame) -> pd.Series:
    return channel.set_index("Date").Views.astype(float).asfreq("D")
