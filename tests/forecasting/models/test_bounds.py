"""No method leaves what a channel has shown, whatever it was fitted to; a member that cannot answer is left out."""

import logging

import numpy as np
import pandas as pd
import pytest

from forecasting.messages import BadInput
from forecasting.models.bounds import bounded, highest
from forecasting.models.ensemble import search as searching
from forecasting.models.ensemble.candidates import Recipe
from forecasting.models.ensemble.search import fit_auto
from forecasting.models.ets import Smoothing, fit_smoothing
from forecasting.models.recursive import recursive
from forecasting.models.registry import BASELINES, METHODS, fit
from forecasting.series import Series
from tests.forecasting.conftest import make_views

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


HORIZON = 28


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch):
    monkeypatch.setattr(searching, "recipes", lambda days, horizon: [Recipe("linear"), Recipe("linear", reach=28)])


def spiked(where: int, times: float = 20) -> pd.Series:
    views = make_views(300)
    views.iloc[where] *= times
    return views


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("where", [-1, -4, -30])
def test_every_method_stays_within_what_was_seen(name, where):
    series = Series(spiked(where))
    predicted = fit(name, series, HORIZON).predict(series, series.views.index[-1:], HORIZON)
    assert predicted.min() >= 0
    assert predicted.max() <= 3 * series.views.max() + 1
    if name not in BASELINES:  # those repeat a day by definition
        assert predicted.max() <= 2 * make_views(300).max()


def test_bounds_are_three_times_the_largest_seen_by_then():
    series = Series(spiked(150))
    origins = series.views.index[[100, 200]]
    assert highest(series, origins)[:, 0] == pytest.approx(
        [3 * series.views.iloc[: place + 1].max() + 1 for place in (100, 200)]
    )
    week = [3 * series.views.iloc[: place + 1].rolling(7).sum().max() + 7 for place in (100, 200)]
    assert highest(series, origins, 7)[:, 0] == pytest.approx(week)
    assert bounded(np.array([[1e12], [-5.0]]), series, origins).tolist() == [[highest(series, origins)[0, 0]], [0]]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_one_sentence(wrong):
    series = Series(make_views(100))
    with pytest.raises(BadInput, match="no finite forecast"):
        bounded(np.array([[1.0, wrong]]), series, series.views.index[-1:])


def test_its_own_forecasts_carry_no_run_away():
    known = np.full((2, 7), 100.0)
    days = pd.date_range("2024-01-01", periods=2)
    found = recursive(lambda window, _origins: 4 * window[:, -1:], known, days, own=1, horizon=90)
    assert found.max() == 3 * 100 + 1


def test_a_form_that_divides_by_views_meets_days_without_any():
    views = make_views(200) / 40
    fitted = Smoothing(("mul", "add", "mul"), fit_smoothing_of(views, ("mul", "add", "mul")), views.index[0])
    later = views.copy()
    later.iloc[[150, 160]] = 0.0
    found = fitted.predict(Series(later), later.index[[149, 155, 199]], HORIZON)
    assert np.isfinite(found).all() and found.max() < 2 * views.max()
    assert found[0] == pytest.approx(fitted.predict(Series(views), views.index[[149]], HORIZON)[0])
    assert "mul" not in fit_smoothing(Series(later), 1).form


def fit_smoothing_of(views: pd.Series, form) -> np.ndarray:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    error, trend, season = form
    options = {"error": error, "trend": trend, "damped_trend": True, "seasonal": season, "seasonal_periods": 7}
    return np.asarray(ETSModel(views.to_numpy()[:140], **options).fit(disp=False).params)


class Silent:
    """A member that cannot answer."""

    def predict(self, series, origins, horizon):
        raise ValueError("no end was found")


def test_a_member_that_cannot_answer_is_left_out_and_named(caplog):
    series = Series(make_views(300))
    auto = fit_auto(series, 7, budget=30, note=lambda trial: None)
    now, place = series.views.index[-1:], int(np.flatnonzero(auto.groups == auto.names.index("ets"))[0])
    members = list(auto.members)
    members[place] = Silent()
    broken = type(auto)(**{**vars(auto), "members": tuple(members)})
    with caplog.at_level(logging.WARNING):
        found = broken.predict(series, now, 7)
    assert np.isfinite(found).all() and "ets" in caplog.text and "no end was found" in caplog.text
    assert found == pytest.approx(auto.predict(series, now, 7), rel=0.2)
    again = broken.refit(series)
    assert len(again.members) == len(auto.members) - 1


def test_a_step_that_cannot_be_fitted_is_named_and_ends_nothing(monkeypatch):
    def fail(candidate, series, horizon):
        if candidate == "ets":
            raise ValueError("endog must be strictly positive")
        return fit_candidate(candidate, series, horizon)

    fit_candidate = searching.fit_candidate
    monkeypatch.setattr(searching, "fit_candidate", fail)
    trials = []
    auto = fit_auto(Series(make_views(300)), 7, budget=30, note=trials.append)
    assert [trial.reason for trial in trials if trial.name == "ets"] == ["endog must be strictly positive"]
    assert "ets" not in auto.names and len(trials) == 10
