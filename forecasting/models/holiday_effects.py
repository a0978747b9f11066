"""What public holidays do to the views. `holiday_regression` finds it, and the country whose holidays they are.

A holiday moves the logarithm of the views, on its day and on those beside it. Models see the views without that, and
it is added to their forecasts: so a holiday is no outlier a day and a week later, and the next one is foreseen.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from forecasting.series import Series
from forecasting.windows import futures

LARGEST_EFFECT = 3.0  # in logarithms: no holiday is taken to multiply the views by more than 20
FIND = "find"  # for a country: whichever's holidays explain the views; "" is for none
FELT = 0.05  # in logarithms; a day that is moved by less is left as it is


@dataclass(frozen=True)
class HolidayEffects:
    """By what the logarithms of `days` are moved, learnt ones and those of the next years."""

    calendar: str = ""  # a country's code, or one with a region's; "" where no calendar explains the views
    days: tuple[date, ...] = ()
    logs: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.days) != len(self.logs) or not np.isfinite(self.logs).all():
            raise ValueError("effects of other days, or by no finite numbers")

    def log_effect(self, days: pd.DatetimeIndex) -> np.ndarray:
        """By what the logarithm of the views of each of `days` (days,) is moved."""
        if not self.days:
            return np.zeros(len(days))
        known = pd.Series(self.logs, pd.DatetimeIndex(self.days))
        return np.clip(known.reindex(days, fill_value=0.0).to_numpy(), -LARGEST_EFFECT, LARGEST_EFFECT)

    def without(self, series: Series) -> Series:
        """The series as it would have been without holidays, as far as that can be told.

        One holiday is never quite like another, so that half of what its day differs from a usual one by, the effect
        taken off, is taken off too. What is usual rests on the days before.
        """
        effect = self.log_effect(series.views.index)
        felt = np.abs(effect) > FELT
        if not felt.any() or not series.measured_days:
            return series
        usual = pd.Series(series.typical.week[:, -1], series.known.index).reindex(series.views.index).to_numpy()
        views = series.views.to_numpy(float)
        middle = np.expm1((np.log1p(views) - effect + np.log1p(usual)) / 2)
        changed = np.where(felt & np.isfinite(middle), np.maximum(middle, 0), views)
        return replace(series, views=pd.Series(changed, series.views.index, name=series.views.name), uncut=None)

    def added(self, predicted: np.ndarray, origins: pd.DatetimeIndex) -> np.ndarray:
        """What forecasts without holidays (origins, horizon) become with those that they foresee."""
        horizon = predicted.shape[1]
        days = pd.date_range(origins.min(), origins.max() + pd.Timedelta(days=horizon))
        effect = futures(pd.Series(self.log_effect(days), days), origins, horizon)
        return np.where(effect == 0, predicted, np.maximum(np.expm1(np.log1p(predicted) + effect), 0))


NO_HOLIDAYS = HolidayEffects()
