"""Forecasts that need no model. A model that loses to them has learnt nothing of use.

Each is a class without settings; `needs` are the days through the origin that it looks at, and an entry of
`registry.METHODS` makes it known everywhere.
"""

import numpy as np
import pandas as pd

from forecasting.series import Series
from forecasting.typical_range import WEEK
from forecasting.windows import histories


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
    """The mean of the last four known views of the same weekday, in the first month of as many as there are."""

    needs = WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        weeks = last_days(series, origins, 4 * WEEK).reshape(-1, 4, WEEK)
        return np.nanmean(weeks, axis=1)[:, np.arange(horizon) % WEEK]


class MeanOf28Days:
    """The mean of the last 28 days, for every day ahead: hard to beat where there is no week, and far ahead."""

    needs = WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        return np.nanmean(last_days(series, origins, 4 * WEEK), axis=1, keepdims=True).repeat(horizon, axis=1)


def last_days(series: Series, origins: pd.DatetimeIndex, days: int) -> np.ndarray:
    """Known views (origins, days) through each origin, NaN before the first day; a week of them must be there."""
    histories(series.known, origins, WEEK)  # says so where it is not
    padded = np.concatenate([np.full(days, np.nan), series.known.to_numpy(float)])
    places = series.known.index.get_indexer(origins)
    return np.lib.stride_tricks.sliding_window_view(padded, days)[places + 1]
