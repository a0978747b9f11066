"""A made channel on whose views the public holidays of Czechia tell."""

import holidays
import numpy as np
import pandas as pd

CZECH = holidays.country_holidays("CZ", years=range(2020, 2026))
DAYS = pd.date_range("2020-01-06", "2023-12-10")
FACTOR = 0.4  # of a usual day's views


def with_holidays(days: pd.DatetimeIndex = DAYS, factor: float = FACTOR, seed: int = 0) -> pd.Series:
    """A weekly course with 5 % of noise, in which holidays have a share of the views."""
    off = np.array([day in CZECH for day in days.date])
    usual = 5000 * np.array([1, 1.1, 1.1, 1, 1.2, 0.8, 0.7])[days.day_of_week]
    noise = np.random.default_rng(seed).normal(1, 0.05, len(days))
    return pd.Series(usual * noise * np.where(off, factor, 1), days)
