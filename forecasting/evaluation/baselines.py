"""What baselines would have said on the days that a run is judged on."""

import numpy as np
import pandas as pd

from forecasting.metrics import IN_VIEWS
from forecasting.models.registry import BASELINES, baseline
from forecasting.series import Series
from forecasting.split import Period
from forecasting.windows import Windows

BESIDE_RUNS = tuple(slug for slug, method in BASELINES.items() if method.beside_runs)


def baseline_forecast(slug: str, series: Series, days: pd.DatetimeIndex, *, ahead: int = 1) -> np.ndarray:
    """The baseline's views (days,) of each of `days`, said `ahead` days before; NaN where too few days came before."""
    forecaster, origins = baseline(slug), days - pd.Timedelta(days=ahead)
    there = series.known.index.get_indexer(origins) >= forecaster.needs - 1
    found = np.full(len(days), np.nan)
    found[there] = forecaster.predict(series, origins[there], ahead)[:, -1]
    return found


def baseline_losses(series: Series, judged: Windows, loss: str) -> dict[str, float]:
    """Loss in views (MAE, or RMSE under MSE) of the baselines, by slug, over all target days of `judged`."""
    targets = judged.targets.reshape(len(judged), -1)
    origins = judged.days - pd.Timedelta(days=1)
    found = {}
    for slug in BESIDE_RUNS:
        predicted = baseline(slug).predict(series, origins, targets.shape[1])
        found[slug] = float(IN_VIEWS[loss](targets.ravel(), predicted.ravel()))
    return found


def best_baseline(series: Series, period: Period, ahead: int = 1) -> str:
    """Slug of the baseline with the smallest MAE in `period`, each asked `ahead` days before.

    To be asked of training days: the best one of the days on which a model is judged is picked by chance too, and then
    claims too often that the model is worse.
    """
    actual = series.measured[str(period.first) : str(period.last)]

    def error(slug: str) -> float:
        off = np.abs(baseline_forecast(slug, series, actual.index, ahead=ahead) - actual.to_numpy(float))
        return float(off[np.isfinite(off)].mean()) if np.isfinite(off).any() else np.inf

    return min(BESIDE_RUNS, key=error)
