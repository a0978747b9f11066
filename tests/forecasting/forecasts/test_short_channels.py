"""Channels of a few days, as exports of 28 and 90 days are, get a forecast with intervals."""

import numpy as np
import pytest

from forecasting.evaluation.calibration import fit_method
from forecasting.forecasts.forecast import horizon_with_totals, make_forecast
from forecasting.series import Series
from tests.forecasting.conftest import make_views


@pytest.mark.parametrize("days", [8, 12, 14, 28, 90])
@pytest.mark.parametrize("horizon", [1, 7, 28])
@pytest.mark.parametrize("method", ["yesterday", "last-week", "four-weeks", "mean-28"])
def test_baselines_forecast_a_few_days_with_intervals(days, horizon, method):
    series = Series(make_views(days))
    fitted = fit_method(method, series, horizon_with_totals(horizon, days))
    found = make_forecast(fitted.forecaster, fitted, series, scores=fitted.scores, horizon=horizon)
    assert len(found.point) == horizon
    for band in found.bands:
        lower, upper = np.array(band.lower), np.array(band.upper)
        assert np.isfinite(lower).all() and (lower <= found.point).all() and (found.point <= upper).all()
    assert (np.array(found.bands[0].upper) <= found.bands[1].upper).all()


@pytest.mark.parametrize("days", [14, 28])
def test_auto_averages_what_the_days_suffice_for_and_says_so(days):
    series = Series(make_views(days))
    fitted = fit_method("auto", series, horizon_with_totals(7, days), budget=60)
    found = make_forecast(fitted.forecaster, fitted, series, scores=fitted.scores, horizon=7)
    assert np.isfinite(found.point).all() and np.isfinite(found.bands[-1].upper).all()
    assert any("too short for Auto's models" in note.translated() for note in found.notes)
