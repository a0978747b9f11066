"""Made channels with events whose effect is known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.events import Event
from forecasting.models.event_effects import LAGS
from forecasting.series import Series

NONE = np.zeros(LAGS)
UPLOAD = 0.5 * np.exp(-np.arange(LAGS) / 3)  # 65 % more on the day itself, a third as much in logarithms 3 days later


def made_channel(
    seed: int,
    effect: np.ndarray = UPLOAD,
    *,
    days: int = 500,
    every: float = 9.0,
    weekday: int | None = None,
    level: float = 3000.0,
    noise: float = 0.15,
    wandering: float = 0.02,
    differing: float = 0.0,
) -> Series:
    """Views around a wandering level with a week, and uploads that do what `effect` (LAGS,) says, in logarithms.

    An upload comes every so many days on average, at random, or on each `weekday`. `noise` is the standard deviation
    of a day's logarithm, `wandering` of the level's step; single uploads' effects are multiplied by a factor of mean 1
    whose logarithm has the standard deviation `differing`.
    """
    rng = np.random.default_rng(seed)
    index = pd.date_range("2022-01-01", periods=days)
    week = 0.2 * np.sin(2 * np.pi * index.day_of_week.to_numpy() / 7)
    logs = np.log(level) + np.cumsum(rng.normal(0, wandering, days)) + week + rng.normal(0, noise, days)
    chosen = rng.random(days) < 1 / every if weekday is None else index.day_of_week == weekday
    uploads = np.flatnonzero(chosen)
    for upload in uploads:
        reach = min(LAGS, days - upload)
        logs[upload : upload + reach] += effect[:reach] * np.exp(rng.normal(-(differing**2) / 2, differing))
    views = pd.Series(rng.poisson(np.exp(logs)).astype(float), index)
    return Series(views, events=uploads_on(index[uploads]))


def uploads_on(days: Sequence[pd.Timestamp]) -> tuple[Event, ...]:
    """Uploads on these days."""
    return tuple(Event(day.date(), kind="upload") for day in days)


def gain_of(effect: np.ndarray) -> float:
    """What such an upload brings in all, in usual days' views."""
    return float(np.expm1(effect).sum())
