"""Forecasts that need no model. A model that loses to them has learnt nothing of use."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.messages import N_
from forecasting.metrics import IN_VIEWS
from forecasting.models.bounds import bounded
from forecasting.series import Series
from forecasting.split import Period
from forecasting.windows import Windows, histories


def yesterday(views: pd.Series, days: pd.DatetimeIndex, ahead: int = 1) -> np.ndarray:
    """Predict each of `days`, `ahead` days before, by the last views then known (persistence)."""
    return _days_ago(views, days, ahead)


def same_day_last_week(views: pd.Series, days: pd.DatetimeIndex, ahead: int = 1) -> np.ndarray:
    """Predict each of `days`, `ahead` days before, by the same weekday's last views then known (seasonal naive)."""
    return _days_ago(views, days, 7 * math.ceil(ahead / 7))


def four_weeks(views: pd.Series, days: pd.DatetimeIndex, ahead: int = 1) -> np.ndarray:
    """Predict each of `days`, `ahead` days before, by the mean of the same weekday's last four views then known."""
    last = 7 * math.ceil(ahead / 7)
    return np.mean([_days_ago(views, days, last + 7 * week) for week in range(4)], axis=0)


BASELINES = {N_("Yesterday"): yesterday, N_("Same day last week"): same_day_last_week}


def baseline_losses(views: pd.Series, judged: Windows, loss: str) -> dict[str, float]:
    """Name -> loss in views (MAE, or RMSE under MSE) of every baseline over all target days of `judged`."""
    targets = judged.targets.reshape(len(judged), -1)
    steps = [(judged.days + pd.Timedelta(days=step), step + 1) for step in range(targets.shape[1])]
    found = {}
    for name, predict in BASELINES.items():
        predicted = np.stack([predict(views, days, ahead) for days, ahead in steps], axis=1)
        found[name] = float(IN_VIEWS[loss](targets.ravel(), predicted.ravel()))
    return found


def best_baseline(views: pd.Series, period: Period, ahead: int = 1) -> str:
    """Name of the baseline with the smallest MAE in `period`, each asked `ahead` days before.

    To be asked of training days: the harder one of the days on which a model is judged is picked by chance too, and
    then claims too often that the model is worse.
    """
    days = views[str(period.first) : str(period.last)].index

    def error(name: str) -> float:
        off = np.abs(BASELINES[name](views, days, ahead) - views[days].to_numpy(float))
        return float(off[np.isfinite(off)].mean()) if np.isfinite(off).any() else np.inf

    return min(BASELINES, key=error)


NAIVE = {
    "yesterday": (yesterday, 1),
    "last-week": (same_day_last_week, 7),
    "four-weeks": (four_weeks, 28),
}  # days needed


@dataclass(frozen=True)
class Naive:
    """A rule of NAIVE as a forecaster, which needs no fitting."""

    name: str

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        rule, needs = NAIVE[self.name]
        histories(series.known, origins, needs)  # says so where they are not there
        ahead = range(1, horizon + 1)
        predicted = np.stack([rule(series.known, origins + pd.Timedelta(days=day), day) for day in ahead], axis=1)
        return bounded(predicted, series, origins)


def _days_ago(views: pd.Series, days: pd.DatetimeIndex, lag: int) -> np.ndarray:
    return views.reindex(days - pd.Timedelta(days=lag)).to_numpy(float)
