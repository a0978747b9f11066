"""Forecasts that need no model. A model that loses to them has learnt nothing of use.

Each is a class without settings; `needs` are the days through the origin that it looks at, and an entry of
`registry.METHODS` makes it known everywhere.
"""

import numpy as np
import pandas as pd

from forecasting.series import Series
from forecasting.windows import histories

WEEK = 7  # days


class Yesterday:
    """The views of the origin, for every day ahead (persistence)."""

    needs = 1

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        return histories(series.known, origins, self.needs).repeat(horizon, axis=1)


class LastWeek:
    """The last known views of the same weekday (seasonal naive)."""

    needs = WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        return histories(series.known, origins, self.needs)[:, np.arange(horizon) % WEEK]


class MeanOfFourWeekdays:
    """The mean of the last four known views of the same weekday."""

    needs = 4 * WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        weeks = histories(series.known, origins, self.needs).reshape(-1, 4, WEEK)
        return weeks.mean(axis=1)[:, np.arange(horizon) % WEEK]


class MeanOf28Days:
    """The mean of the last 28 days, for every day ahead: hard to beat where there is no week, and far ahead."""

    needs = 4 * WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        return histories(series.known, origins, self.needs).mean(axis=1, keepdims=True).repeat(horizon, axis=1)
