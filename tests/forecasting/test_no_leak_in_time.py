"""Nothing that may see only the past changes with the future: every day after an origin, and what was filled in."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from forecasting.evaluation.backtest import backtest
from forecasting.evaluation.baselines import BESIDE_RUNS, baseline_forecast
from forecasting.evaluation.calibration import calibrate_run, fit_method, refit
from forecasting.evaluation.folds import make_folds, safe_gap, target_days
from forecasting.models import ets, regression
from forecasting.models.ensemble import member_training
from forecasting.models.ensemble import search as searching
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.candidates import Recipe
from forecasting.models.ensemble.search import search
from forecasting.models.fitting import build, fit
from forecasting.models.registry import BASELINES, METHODS
from forecasting.models.registry import fit as fit_by_name
from forecasting.models.trained_run import of_run
from forecasting.networks.inputs import prepare
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views

HORIZON = 4
PLACE = 330  # of the origin
FILLED = [60, 61, PLACE - 30, PLACE - 2, PLACE + 5]
UNKNOWN = [100, PLACE - 8, PLACE + 12]


@pytest.fixture(autouse=True)
def less_to_fit(monkeypatch):
    """Two recipes instead of all, one form of smoothing, few updates and few trees."""
    monkeypatch.setattr(ets, "FORMS", ets.FORMS[:1])
    monkeypatch.setattr(ets, "POSITIVE_FORMS", ())
    monkeypatch.setattr(member_training, "UPDATES", {"linear": (5, 20), "relu": (5,)})
    monkeypatch.setattr(regression, "TREES", 5)
    recipes = [Recipe("linear", reach=HORIZON, year=True), Recipe("relu", units=8, window=14, seeds=2)]
    monkeypatch.setattr(searching, "recipes", lambda days, horizon: recipes)


def series_of(future: float, fill: float) -> Series:
    """Days after the origin are multiplied by `future`; the reader filled in `fill`, which rests on later days."""
    views = make_views()
    views.iloc[UNKNOWN] = np.nan
    views.iloc[PLACE + 1 :] *= future
    views.iloc[FILLED] = fill
    return Series(views, views.index[FILLED])


def in_both(found: Callable[[Series], list]) -> tuple[list, list]:
    """What `found` makes of the series, and of the same with another future and another filling-in."""
    return found(series_of(1, 5000)), found(series_of(7, 1e6))


def is_same(one: list, other: list) -> None:
    """Equal to the last bit."""
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs)


FITTED = [slug for slug, method in METHODS.items() if method.least(HORIZON) <= PLACE]
ORIGINS = make_views().index[PLACE - 9 : PLACE + 1]
LATER = make_views().index[PLACE + 1 : PLACE + 9]


@pytest.mark.parametrize("slug", METHODS)
def test_a_method_fitted_to_the_origin_forecasts_the_same(slug):
    def found(series: Series) -> list:
        forecaster = fit_by_name(slug, series.until(ORIGINS[-1]), HORIZON)
        return [forecaster.predict(series, ORIGINS, HORIZON)]

    is_same(*in_both(found))


@pytest.mark.parametrize("slug", METHODS)
def test_a_method_asked_along_with_later_origins_forecasts_the_same(slug):
    early = series_of(1, 5000).until(ORIGINS[0])
    forecaster = fit_by_name(slug, early, HORIZON)
    later = ORIGINS.append(LATER)
    one, other = in_both(lambda series: [forecaster.predict(series, later, HORIZON)])
    is_same([one[0][: len(ORIGINS)]], [other[0][: len(ORIGINS)]])
    assert (one[0][-1] != other[0][-1]).any()  # a week on, each forecast rests on days that differ


@pytest.mark.parametrize("slug", FITTED)
def test_a_calibration_rests_on_the_days_to_the_origin(slug):
    def found(series: Series) -> list:
        fitted = fit_method(slug, series.until(ORIGINS[-1]), HORIZON)
        return [fitted.scores.values, fitted.scores.origins.asi8]

    is_same(*in_both(found))


@pytest.mark.parametrize("slug", FITTED)
def test_a_backtest_says_on_a_day_what_it_said_then(slug):
    """Forecasts and edges of each origin; the days that come after one are another matter."""
    early = series_of(1, 5000).until(ORIGINS[0])
    fitted = fit_method(slug, early, HORIZON)

    def found(series: Series) -> list:
        done = backtest(series, fitted, ORIGINS.append(LATER), horizon=HORIZON, refit_days=7)
        kept = len(ORIGINS)
        edges = [side[level][:kept] for side in (done.lower, done.upper) for level in side]
        return [done.predicted[:kept], done.train_views, *edges]

    is_same(*in_both(found))


@pytest.mark.parametrize("ahead", [28, 400])
def test_the_year_before_is_of_days_to_the_origin(ahead):
    """Also where the days ahead are those of a year before that have just come."""
    views = make_views(900)
    origins, changed = views.index[700:720], views.copy()
    changed.iloc[720:] *= 7
    one, other = (fit_method("last-year", Series(kind[:701]), ahead).forecaster for kind in (views, changed))
    is_same([one.predict(Series(views), origins, ahead)], [other.predict(Series(changed), origins, ahead)])


@pytest.mark.parametrize("slug", BESIDE_RUNS)
@pytest.mark.parametrize("ahead", [1, 8])
def test_a_baseline_of_the_days_that_a_run_is_judged_on_is_of_days_before(slug, ahead):
    days = make_views().index[PLACE - 20 : PLACE + 1 + ahead]
    is_same(*in_both(lambda series: [baseline_forecast(slug, series, days, ahead=ahead)]))


def run_settings(split, **regularisation) -> RunSettings:
    """Trained on days up to the origin, held out after it."""
    held_out = replace(split.held_out, first=LATER[0].date())
    until = replace(split.train, last=ORIGINS[-1].date())
    return RunSettings(
        replace(split, train=until, held_out=held_out),
        Architecture("relu", 7, 1, 8),
        Training(epochs=2, seeds=2),
        Inputs(log=True, weekday=True),
        Regularisation(**regularisation),
    )


def test_windows_and_scaler_of_training_end_at_the_origin(split):
    """Targets and scaler; inputs may hold days that were filled in, from days before the target alone."""

    def found(series: Series) -> list:
        parts = []
        data = run_windows(series, run_settings(split, validation=0.2))
        for windows in (data.train, data.validation):
            kept = prepare(windows, data.scaler, data.inputs)
            parts += [windows.targets, windows.days.asi8, kept.targets]
        return [*parts, data.scaler.mean, data.scaler.spread, data.held_out.days.asi8]

    is_same(*in_both(found))


def test_a_run_learns_the_same_and_forecasts_the_same(split):
    """Another future alone: what the reader filled in may be an input of a run."""

    def found(series: Series) -> list:
        settings = run_settings(split)
        model = build(settings)
        for _row in fit(model, run_windows(series, settings), settings):
            pass
        run = of_run(settings, model, series)
        fitted = calibrate_run("mine", run, series.until(ORIGINS[-1]), horizon=HORIZON)
        return [model.parameters, run.predict(series, ORIGINS, HORIZON), fitted.scores.values]

    is_same(found(series_of(1, 5000)), found(series_of(7, 5000)))


def test_a_search_and_its_mixture_rest_on_the_days_to_the_origin():
    def found(series: Series) -> list:
        *trials, auto = search(series.until(ORIGINS[-1]), HORIZON)
        assert isinstance(auto, Auto)
        errors = [np.array(trial.errors + trial.mixed) for trial in trials]
        again = refit(fit_method("auto", series.until(ORIGINS[0]), HORIZON), series.until(ORIGINS[-1]), HORIZON)
        return [*errors, auto.validated[1], auto.error_history.errors, again.predict(series, ORIGINS[-1:], HORIZON)]

    is_same(*in_both(found))


def test_folds_leave_the_held_out_days_alone(split):
    def found(series: Series) -> list:
        run = run_settings(split)
        cuts = make_folds(target_days(series, [run]), "rolling", 3, gap=safe_gap([run]))
        return [days.asi8 for cut in cuts for days in (cut.train, cut.validation)]

    is_same(*in_both(found))


def test_every_baseline_is_registered_as_one():
    assert {slug for slug, method in METHODS.items() if method.baseline} == set(BASELINES)
    assert set(BESIDE_RUNS) <= set(BASELINES)
