"""Forecasts that need no model. A model that loses to them has learnt nothing of use."""

import numpy as np
import pandas as pd

from forecasting.errors import N_
from forecasting.metrics import IN_VIEWS
from forecasting.windows import Windows


def yesterday(views: pd.Series, days: pd.DatetimeIndex) -> np.ndarray:
    """Predict each of `days` by the views of the day before (persistence)."""
    return _days_ago(views, days, 1)


def same_day_last_week(views: pd.Series, days: pd.DatetimeIndex) -> np.ndarray:
    """Predict each of `days` by the views seven days before (seasonal naive)."""
    return _days_ago(views, days, 7)


BASELINES = {N_("Yesterday"): yesterday, N_("Same day last week"): same_day_last_week}


def baseline_losses(views: pd.Series, judged: Windows, loss: str) -> dict[str, float]:
    """Name -> loss in views (MAE, or RMSE under MSE) of every baseline on the target days of `judged`."""
    measure = IN_VIEWS[loss]
    return {name: float(measure(judged.targets, predict(views, judged.days))) for name, predict in BASELINES.items()}


def _days_ago(views: pd.Series, days: pd.DatetimeIndex, lag: int) -> np.ndarray:
    return views.reindex(days - pd.Timedelta(days=lag)).to_numpy(float)
