"""Auto: what it finds on series whose best forecast is known, what it tries, and its arrays."""

from dataclasses import replace
from itertools import count

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.backtest import backtest, origins_in, table
from forecasting.evaluation.calibration import fit_method, refit
from forecasting.json_records import from_json, to_json
from forecasting.models.ensemble import search as searching
from forecasting.models.ensemble.auto import Auto, forecasts_of
from forecasting.models.ensemble.candidates import Recipe, TrialResult, always_included, recipes
from forecasting.models.ensemble.level_changes import units_and_changes
from forecasting.models.ensemble.report import cut_short
from forecasting.models.ensemble.search import search
from forecasting.models.ensemble.weights import update_online
from forecasting.models.holiday_effects import NO_HOLIDAYS
from forecasting.models.validation import validation_origins
from forecasting.series import Series
from forecasting.split import Period
from forecasting.windows import futures
from tests.forecasting.conftest import make_views

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


HORIZON = 7
WITHOUT_CHOICE = always_included(Series(make_views(300)))


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch):
    """Three recipes instead of all."""
    steps = [Recipe("linear"), Recipe("linear", reach=HORIZON, clip=1.0), Recipe("relu", units=8, seeds=2)]
    monkeypatch.setattr(searching, "recipes", lambda days, horizon: steps)


def weekly_walk(days: int = 500) -> pd.Series:
    """Each day is the same day last week and a little noise: nothing beats same day last week by much."""
    values = np.full(days, 1000.0) + 200 * np.sin(np.arange(days))
    noise = np.random.default_rng(8).normal(0, 40, days)
    for day in range(7, days):
        values[day] = max(values[day - 7] + noise[day], 10)
    return pd.Series(values, pd.date_range("2020-01-01", periods=days))


def held_out(views: pd.Series, days: int = 80) -> Period:
    return Period(views.index[-days].date(), views.index[-1].date())


def errors_of(views: pd.Series, names) -> dict[str, np.ndarray]:
    origins = origins_in(views, held_out(views), HORIZON)
    series = Series(views)
    fitted = {name: fit_method(name, series.until(origins[0]), HORIZON) for name in names}
    done = {name: backtest(series, one, origins, horizon=HORIZON) for name, one in fitted.items()}
    return {name: table(one, done["last-week"])["mae"].to_numpy() for name, one in done.items()}


def test_a_week_that_repeats_itself_is_left_to_same_day_last_week():
    errors = errors_of(weekly_walk(), ("last-week", "yesterday", "auto"))
    assert errors["auto"].mean() <= 1.02 * errors["last-week"].mean()
    auto = fit_method("auto", Series(weekly_walk()[:-80]), HORIZON).forecaster
    share = dict(auto.shares())
    assert share["last-week"][0] > 0.2 and share["yesterday"].max() < 0.01


def test_a_trend_and_a_week_are_learnt():
    errors = errors_of(make_views(500), ("last-week", "auto"))
    assert errors["auto"].mean() < 0.8 * errors["last-week"].mean()


LEVELS = {
    "elevenfold growth in the days forecast": 11 ** np.clip((np.arange(400) - 300) / 100, 0, 1),
    "six times as high from one day to the next": np.where(np.arange(400) < 350, 1.0, 6.0),
    "a sixth from one day to the next": np.where(np.arange(400) < 350, 6.0, 1.0),
}


@pytest.mark.parametrize("level", LEVELS)
def test_where_the_level_moves_it_stays_near_the_best_simple_method(level):
    noise = np.random.default_rng(2).normal(1, 0.08, 400)
    views = pd.Series(300 * LEVELS[level] * noise, pd.date_range("2020-01-01", periods=400))
    errors = {name: found.mean() for name, found in errors_of(views, ("last-week", "ets", "auto")).items()}
    assert errors.pop("auto") <= 1.15 * min(errors.values())


@pytest.mark.parametrize("days", [28, 60, 90, 200])
def test_a_short_channel_is_forecast_with_what_it_suffices_for(days):
    series = Series(make_views(days))
    fitted = fit_method("auto", series, HORIZON)
    found = fitted.forecaster.predict(series, series.views.index[-1:], HORIZON)
    assert np.abs(found - series.views.mean()).max() < 2500  # a week of 4k to 5.4k, and noise
    assert ("linear, log, − mean, 56 d → 1 d" in fitted.forecaster.names) <= (days >= 60)
    assert "last-year" not in fitted.forecaster.names


def test_every_candidate_is_a_trial_and_the_mixture_comes_last():
    views = make_views(300)
    *trials, auto = search(Series(views), HORIZON)
    assert [trial.name for trial in trials[: len(WITHOUT_CHOICE)]] == WITHOUT_CHOICE
    assert len(trials) == len(WITHOUT_CHOICE) + 3 and auto.trials == tuple(trials)
    best = [trial for trial in trials if trial.best][-1]
    assert np.mean([e for _a, e in best.errors]) == min(np.mean([e for _a, e in trial.errors]) for trial in trials)
    assert [ahead for ahead, _error in trials[0].errors] == [1, 7]
    assert from_json(TrialResult, to_json(best)) == best


def test_validation_errors_of_a_trial_are_mase(monkeypatch):
    views = make_views(300)
    trial = next(search(Series(views), HORIZON))  # yesterday
    days = 56 + HORIZON
    early, origins = views.iloc[:-days], range(300 - days - 1, 299)
    off = [abs(views.iloc[place] - views.iloc[place + 1]) for place in origins]
    assert dict(trial.errors)[1] == pytest.approx(np.mean(off) / np.abs(early.diff(7)).mean())


def test_told_to_stop_it_mixes_what_it_has():
    views = make_views(300)
    *trials, auto = search(Series(views), HORIZON, stop=lambda: True)
    assert isinstance(auto, Auto) and len(trials) == len(WITHOUT_CHOICE) + 1


def test_fitted_again_it_keeps_its_choice_and_learns_the_new_days():
    views = make_views(400)
    fitted = fit_method("auto", Series(views[:321]), HORIZON)
    again = refit(fitted, Series(views[:381]), HORIZON)
    assert again.names == fitted.forecaster.names and again.last == views.index[380]
    assert again.error_history.counts[0] > fitted.forecaster.error_history.counts[0]
    assert again.evidence.counts[0] > fitted.forecaster.evidence.counts[0] > 0
    assert again.recorded == fitted.forecaster.recorded + 60
    now = views.index[[385]]
    assert (again.predict(Series(views), now, HORIZON) != fitted.forecaster.predict(Series(views), now, HORIZON)).any()


def test_the_record_grows_with_the_days_after_the_last_that_members_have_learnt():
    series = Series(make_views(200))
    known = series.until(series.views.index[150])
    auto = replace(fit_method("auto", known, HORIZON).forecaster, evidence=None, holidays=NO_HOLIDAYS)
    assert auto.recorded == len(validation_origins(known, HORIZON)) - 1
    days = series.views.index[150:160]
    forecasts = np.stack([forecasts_of(member, series, days, horizon=HORIZON) for member in auto.members])
    units, changed = units_and_changes(series, days)
    actual = futures(series.until(days[-1]).known, days, HORIZON)
    history = update_online(forecasts / units, actual / units, auto.error_history, changed=changed).at(-1)
    expected = (forecasts[:, -1] * history.weights(auto.kinds, auto.weighting, auto.recorded + 9)).sum(axis=0)
    assert auto.predict(series, days[-1:], HORIZON)[0] == pytest.approx(expected, rel=1e-9)


def test_windows_shrink_with_the_days_there_are():
    assert {step.window for step in recipes(1000, 28)} == {14, 28, 56}
    assert max(step.window for step in recipes(100, 28)) == 24
    assert all(step.reach == 1 for step in recipes(1000, 1))


def test_the_same_days_give_the_same_auto_however_long_it_takes(monkeypatch):
    views, now = make_views(300), make_views(300).index[-1:]
    clock, found = [0.0], []
    for pace in (0.0, 7.0):  # seconds that each look at the clock takes: an idle machine, and a loaded one
        monkeypatch.setattr(
            searching.time, "perf_counter", lambda pace=pace: clock.append(clock[-1] + pace) or clock[-1]
        )
        *trials, auto = search(Series(views), HORIZON, budget=1000)
        assert len(trials) == len(WITHOUT_CHOICE) + 3 and auto.limit == 0 and cut_short(auto.limit, len(trials)) == []
        found.append(auto.predict(Series(views), now, HORIZON))
    assert (found[0] == found[1]).all()


def test_a_limit_that_ends_the_search_is_named(monkeypatch):
    monkeypatch.setattr(searching.time, "perf_counter", count(0, 7).__next__)
    *trials, auto = search(Series(make_views(300)), HORIZON, budget=100)
    assert len(WITHOUT_CHOICE) < len(trials) < len(WITHOUT_CHOICE) + 3 and auto.limit == 100
    assert "limit of 100 s" in cut_short(auto.limit, len(trials))[0].translated()


def test_the_first_week_of_validation_teaches_no_interval_where_many_weeks_follow():
    for days, expected in ((300, searching.BURN_IN), (60, 0)):
        series = Series(make_views(days))
        *_trials, auto = search(series, HORIZON)
        origins = validation_origins(series, HORIZON)
        assert auto.validated[0][0] == origins[expected] and auto.validated[0][-1] == origins[-1]
        assert len(auto.validated[1]) == len(auto.validated[0])
