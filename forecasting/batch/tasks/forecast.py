"""The days to come of each channel, their total, and how much less the method erred than the same day last week."""

from collections.abc import Sequence

import numpy as np

from forecasting.batch.settings import Batch
from forecasting.batch.tasks import Answer, Row
from forecasting.batch.tasks.channels import of_each_method
from forecasting.evaluation.calibration import CalibratedForecaster, fit_method
from forecasting.forecasts.forecast import Forecast, make_forecast
from forecasting.forecasts.paths import draw_paths
from forecasting.metrics import mae, skill
from forecasting.models.registry import SKILL_BASELINE, baseline
from forecasting.series import Channel, Series
from forecasting.windows import futures


def forecast(batch: Batch, channels: Sequence[Channel]) -> list[Answer]:
    """A row for each day to come; what is said of the total stands in each of them."""
    return of_each_method(batch, channels, _by_method)


def _by_method(batch: Batch, series: Series, method: str) -> list[Row]:
    """As fitted on all days; intervals and skill rest on days near the end that it had not learnt from at first."""
    fitted = fit_method(method, series, batch.horizon, budget=batch.seconds, country=batch.country)
    found = make_forecast(
        fitted.forecaster,
        fitted,
        series,
        scores=fitted.scores,
        horizon=batch.horizon,
        levels=[batch.level],
        provisional=True,  # past months are not judged
    )
    (band,) = found.bands
    said = _total(found, fitted, series, batch.level) | {
        "before": float(series.known.iloc[-batch.horizon :].sum()) if len(series.known) >= batch.horizon else np.nan,
        "skill": validation_skill(series, fitted),
    }
    return [
        {"method": method, "date": day, "forecast": point, "lower": lower, "upper": upper, **said}
        for day, point, lower, upper in zip(found.days, found.point, band.lower, band.upper, strict=True)
    ]


def _total(found: Forecast, fitted: CalibratedForecaster, series: Series, level: float) -> Row:
    """The sum of all days with its interval, NaN where nothing tells how days are correlated."""
    for total in found.totals:
        if total.days == len(found.days):
            ((_level, lower, upper),) = total.bands
            return {"total": total.point, "total_lower": lower, "total_upper": upper}
    point = np.array(found.point)
    paths = draw_paths(series, fitted.scores, series.last, predicted=point)
    sides = [(1 - level) / 2, (1 + level) / 2]
    edges = (np.nan, np.nan) if paths is None else np.quantile(paths.sum(axis=1), sides)
    return {"total": point.sum(), "total_lower": edges[0], "total_upper": edges[1]}


def validation_skill(series: Series, fitted: CalibratedForecaster) -> float:
    """Skill over all days ahead on the days that the scores of `fitted` are of; NaN where none was measured.

    Auto has weighted its models by the days before each of them.
    """
    origins, predicted = fitted.scores.origins, fitted.scores.predicted
    actual = futures(series.measured, origins, predicted.shape[1])
    usual = baseline(SKILL_BASELINE).predict(series, origins, predicted.shape[1])
    known = np.isfinite(actual) & np.isfinite(predicted)
    if not known.any():
        return np.nan
    error, usual_error = (mae(actual[known], one[known]) for one in (predicted, usual))
    return float(skill(error, usual_error)) if usual_error else 0.0
