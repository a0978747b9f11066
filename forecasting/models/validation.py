"""The last days of a channel, kept apart to see how a method does on days that it had not learnt from."""

import pandas as pd

from forecasting.series import Series
from forecasting.typical_range import WEEK

SHARE = 5  # of the days, one in so many is kept for validation
FEWEST, MOST = 56, 365  # days, and as many as the horizon on top


def validation_days(days: int, horizon: int) -> int:
    """How many of so many known days are for validation; half of them and a week always stay to learn from."""
    return min(max(days // SHARE, FEWEST + horizon), MOST + horizon, days // 2, days - WEEK)


def validation_origins(series: Series, horizon: int) -> pd.DatetimeIndex:
    """Origins in the last known days of `series`, every one of which has a day after it."""
    known = series.known.index
    return known[len(known) - validation_days(len(known), horizon) - 1 : -1]
