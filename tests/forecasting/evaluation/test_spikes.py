"""One extraordinary day: no interval grows faster than it, calm days keep their coverage, models learn the usual."""

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.calibration import fit_method
from forecasting.forecasts.forecast import Forecast, make_forecast
from forecasting.models import regression
from forecasting.series import Series
from forecasting.typical_range import median, typical_range

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


DAYS, HORIZON = 240, 28
WHEN = {"early": 30, "middle": 120, "validation": 200, "late": DAYS - 4, "last": DAYS - 1}


def calm(seed: int, days: int = DAYS + HORIZON) -> pd.Series:
    """About 1000 views a day with a week and 8 % of noise."""
    week = np.array([1.2, 1.1, 1.0, 1.0, 1.1, 0.85, 0.75])
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.08, days))
    return pd.Series(np.round(1000 * week[np.arange(days) % 7] * noise), pd.date_range("2025-01-06", periods=days))


def with_spike(views: pd.Series, when: str, times: float) -> pd.Series:
    views = views.copy()
    views.iloc[WHEN[when]] = 1000 * times
    return views


def forecast_of(method: str, views: pd.Series) -> Forecast:
    series = Series(views.iloc[:DAYS])
    fitted = fit_method(method, series, HORIZON)
    return make_forecast(fitted.forecaster, fitted, series, scores=fitted.scores, horizon=HORIZON)


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("method", ["last-week", "four-weeks", "linear"])
def test_no_edge_grows_faster_than_the_spike(method, when):
    largest, weekly = [], []
    for times in (5, 10, 50, 100):
        views = with_spike(calm(1), when, times)
        found = forecast_of(method, views)
        upper = np.array([band.upper for band in found.bands])
        assert upper.max() <= 2 * views.max()
        assert found.totals[0].bands[-1][2] <= 2 * (views.max() + 6 * 1200)
        largest.append(upper.max())
        weekly.append(found.totals[0].bands[-1][2])
    spikes = np.array([5, 10, 50, 100])
    for edges in (largest, weekly):
        assert (np.diff(edges) <= 1.5 * 1000 * np.diff(spikes)).all()


@pytest.mark.parametrize("times", [5, 100])
def test_calm_days_keep_their_coverage(times):
    held = []
    for seed in range(6):
        for when in WHEN:
            views = with_spike(calm(seed), when, times)
            band, actual = forecast_of("last-week", views).bands[-1], views.iloc[DAYS:].to_numpy()
            held.append((band.lower <= actual) & (actual <= band.upper))
    assert 0.87 <= np.mean(held) <= 0.97  # too few errors for a rate of 90 % to be had exactly: rather more than less


@pytest.mark.parametrize("method", ["ets", "linear", "trees"])
def test_models_forecast_the_usual_week_after_a_viral_day(method, monkeypatch):
    monkeypatch.setattr(regression, "TREES", 30)  # as many as it takes
    views = calm(2)
    usual = forecast_of(method, views).totals[0].point
    for when in ("late", "last"):
        # As much of the last day is seen as is not extraordinary: a high day, which a line carries on.
        near = 0.06 if (method, when) == ("linear", "last") else 0.05
        assert forecast_of(method, with_spike(views, when, 20)).totals[0].point == pytest.approx(usual, rel=near), when


def test_a_new_level_is_no_spike():
    views = calm(3)
    views.iloc[200:] *= 6
    cut = Series(views).without_spikes.views
    assert (cut.iloc[204:] == views.iloc[204:]).all()
    assert (cut.iloc[200:203] < views.iloc[200:203]).all()


def test_what_is_usual_rests_on_the_day_and_earlier_ones():
    views = with_spike(calm(4), "middle", 20).to_numpy()
    plain, changed = typical_range(views[:150]), typical_range(np.concatenate([views[:150], np.full(50, 9e9)]))
    for name, values in vars(plain).items():
        assert (vars(changed)[name][:150] == values).all(), name
    assert plain.level[120] == pytest.approx(plain.level[119], rel=0.1)  # 20 000 counts for 5 000 at most
    assert (views[:150] > plain.limit).nonzero()[0].tolist() == [120]


def test_median_is_numpys():
    values = np.random.default_rng(5).normal(size=(60, 9))
    values[np.random.default_rng(6).random(values.shape) < 0.4] = np.nan
    assert median(values) == pytest.approx(np.nanmedian(values, axis=1), nan_ok=True)
