"""How far any forecast may go: every method, and every interval, is held to what the channel has shown."""

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.series import Series

HIGHEST = 3.0  # times the largest views seen
SEEN = 365  # days back that the largest is looked for in: a yearly peak comes back


def bounded(predicted: np.ndarray, series: Series, origins: pd.DatetimeIndex) -> np.ndarray:
    """`predicted` views (origins, horizon) held to 0 and the `highest` of each origin.

    Raises BadInput where a forecast is infinite or not a number.
    """
    if not np.isfinite(predicted).all():
        raise BadInput(N_("The method gives no finite forecast of this channel; choose another one."))
    return np.clip(predicted, 0, highest(series, origins))


def highest(series: Series, origins: pd.DatetimeIndex, days: int = 1, *, times: float = HIGHEST) -> np.ndarray:
    """The most views (origins, 1) that `days` days in a row may be forecast to have.

    So many `times` the most that as many days had in the last SEEN days through each origin, and one view.
    """
    known = series.known.loc[: origins.max()]
    sums = known.rolling(days, min_periods=1).sum()
    largest = sums.rolling(SEEN, min_periods=1).max().to_numpy()
    length = np.minimum(np.arange(1, len(known) + 1), days)  # fewer days than asked so far: as if they went on
    places = known.index.get_indexer(origins)
    return (times * largest * days / length + days)[places][:, None]
