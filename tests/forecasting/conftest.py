"""A small channel with a known recipe, so that a whole training takes a fraction of a second."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings
from forecasting.split import Period, Split
from forecasting.windows import SplitWindows, run_windows


def make_views(days: int = 420, seed: int = 0) -> pd.Series:
    """About 5k views a day: a trend, a week and noise."""
    day = np.arange(days)
    noise = np.random.default_rng(seed).normal(0, 200, days)
    values = 4000 + 3 * day + 700 * np.sin(2 * np.pi * day / 7) + noise
    return pd.Series(values, index=pd.date_range("2020-01-01", periods=days), name="views")


def windows_of(views: pd.Series, split: Split, window: int) -> SplitWindows:
    """The windows of a run by default, of that many days of input."""
    return run_windows(Series(views), RunSettings(split, Architecture("linear", window)))


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Tests train as the workers do."""
    from forecasting.jobs.machine import use_one_thread

    use_one_thread()


@pytest.fixture
def views() -> pd.Series:
    return make_views()


@pytest.fixture
def split() -> Split:
    return Split(Period(date(2020, 1, 1), date(2020, 12, 31)), Period(date(2021, 1, 1), date(2021, 2, 23)))


@pytest.fixture
def windows(views, split) -> SplitWindows:
    """Seven days of input."""
    return windows_of(views, split, 7)
