"""A day that nothing is to be learnt from: whatever was counted there, every run, score and forecast is the same."""

import numpy as np
import pytest

from forecasting.evaluation.backtest import backtest
from forecasting.evaluation.baselines import BESIDE_RUNS, baseline_forecast
from forecasting.evaluation.calibration import calibrate_run, fit_method
from forecasting.events import Event
from forecasting.forecasts.forecast import evaluate_held_out, make_forecast
from forecasting.models.ensemble.search import search
from forecasting.models.fitting import build, fit
from forecasting.models.registry import METHODS, unfitted
from forecasting.models.trained_run import of_run
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views
from tests.forecasting.test_no_leak_in_time import is_same, less_to_fit  # noqa: F401  a fixture

HORIZON = 4
# The first days, among training days, just before and in the held-out period, and the last day.
IGNORED = [0, 1, 200, 201, 365, 370, 419]


def series_with(count: float) -> Series:
    views = make_views()
    views.iloc[IGNORED] = count
    return Series(views, events=tuple(Event(day.date(), learn=False) for day in views.index[IGNORED]))


def in_both(found) -> None:
    """Equal to the last bit with any count, and with a million, on the days that are not learnt from."""
    is_same(found(series_with(5000)), found(series_with(1e6)))


@pytest.mark.parametrize("slug", [slug for slug, method in METHODS.items() if method.least(HORIZON) < 365])
def test_a_method_forecasts_and_is_judged_the_same(slug, split):
    def found(series: Series) -> list:
        fitted = fit_method(slug, series.until(split.train.last), HORIZON)
        done, judged = evaluate_held_out(series, fitted, split, horizon=HORIZON, beside=())
        ahead = make_forecast(fitted.forecaster, fitted, series, scores=done.scores, horizon=HORIZON)
        edges = [edge for band in ahead.bands for edge in (band.lower, band.upper)]
        return [fitted.scores.values, done.predicted, done.actual, ahead.point, *edges, [one.mae for one in judged]]

    in_both(found)


def test_last_years_course_is_the_same():
    in_both(lambda series: [unfitted("last-year").predict(series, series.views.index[395:], HORIZON)])


def test_a_run_learns_and_forecasts_the_same(split):
    settings = RunSettings(split, Architecture("relu", 7, 1, 8), Training(epochs=2, seeds=2), Inputs(log=True))

    def found(series: Series) -> list:
        model, data = build(settings), run_windows(series, settings)
        rows = list(fit(model, data, settings))
        run = of_run(settings, model, series)
        fitted = calibrate_run("mine", run, series.until(split.train.last), horizon=HORIZON)
        done = backtest(series, fitted, series.views.index[370:390], horizon=HORIZON)
        losses = [loss for row in rows for loss in (row.train_loss, row.held_out_loss)]
        return [data.train.inputs, data.train.targets, *losses, done.predicted, fitted.scores.values]

    in_both(found)


def test_an_ignored_day_is_no_target_and_an_input_as_of_days_before(split):
    data = run_windows(series_with(1e6), RunSettings(split, Architecture("linear", 7)))
    days = [*data.train.days, *data.held_out.days]
    assert not {*make_views().index[IGNORED]} & {*days}
    assert data.train.inputs.max() < 10_000 and data.held_out.inputs.max() < 10_000


@pytest.mark.parametrize("slug", BESIDE_RUNS)
def test_a_baseline_beside_a_run_is_the_same(slug):
    days = make_views().index[366:400]
    in_both(lambda series: [baseline_forecast(slug, series, days)])


def test_a_search_tries_and_mixes_the_same():
    def found(series: Series) -> list:
        *trials, auto = search(series, HORIZON)
        return [*(np.array(trial.errors) for trial in trials), auto.predict(series, series.views.index[-1:], HORIZON)]

    in_both(found)


def test_views_of_other_days_count():
    changed = series_with(5000).views.copy()
    changed.iloc[300] = 1e6
    assert (Series(changed).inputs != series_with(5000).inputs).any()
