"""A run as a forecaster: direct, and recursive against a slow loop."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.models.fitting import build, fit
from forecasting.models.trained_run import TrainedRun, of_run
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.windows import Windows, run_windows


def run_of(views, split, horizon: int, inputs: Inputs = Inputs(weekday=True)) -> TrainedRun:  # noqa: B008  frozen
    net = Architecture("relu", 14, 1, 8, horizon)
    settings = RunSettings(split, net, Training(epochs=3, seeds=2), inputs)
    model = build(settings)
    for _row in fit(model, run_windows(Series(views), settings), settings):
        pass
    return of_run(settings, model, Series(views))


def test_direct_forecasts_are_those_that_the_run_was_judged_by(views, split):
    run = run_of(views, split, 3)
    data = run_windows(Series(views), run.settings)
    origins = data.held_out.days - pd.Timedelta(days=1)
    judged = predict(run.model, data, data.held_out).mean(axis=0)
    assert run.predict(Series(views), origins, 3) == pytest.approx(np.maximum(judged, 0))


def test_recursive_with_horizon_1_is_direct(views, split):
    run = run_of(views, split, 1)
    data = run_windows(Series(views), run.settings)
    origins = data.held_out.days - pd.Timedelta(days=1)
    direct = predict(run.model, data, data.held_out).mean(axis=0)
    assert (run.predict(Series(views), origins, 1)[:, 0] == np.maximum(direct, 0)).all()
    assert (run.predict(Series(views), origins, 5)[:, 0] == run.predict(Series(views), origins, 1)[:, 0]).all()


@pytest.mark.parametrize("own", [1, 3])
def test_recursive_equals_a_loop_that_takes_forecasts_for_views(views, split, own):
    run = run_of(views, split, own, Inputs(log=True, subtract="mean", weekday=True))
    data, origin = run_windows(Series(views), run.settings), views.index[300]
    known, found = list(views[:origin]), []
    while len(found) < 8:
        day = origin + pd.Timedelta(days=1 + len(found))
        window = Windows(np.array(known[-14:])[None], np.zeros((1, own) if own > 1 else 1), pd.DatetimeIndex([day]))
        ahead = np.maximum(predict(run.model, data, window).mean(axis=0).ravel(), 0)
        known, found = [*known, *ahead], [*found, *ahead]
    assert run.predict(Series(views), pd.DatetimeIndex([origin]), 8)[0] == pytest.approx(found[:8], rel=1e-5)


def test_assumed_holidays_change_the_days_around_them_only(views, split):
    run = run_of(views, split, 1, Inputs(country="TW"))
    origins, day = views.index[[300, 308]], views.index[312]
    changed = replace(run, holidays=(day,)).predict(Series(views), origins, 1)
    assert (changed == run.predict(Series(views), origins, 1)).all()
    near = replace(run, holidays=(day,)).predict(Series(views), views.index[[311]], 1)
    assert (near != run.predict(Series(views), views.index[[311]], 1)).any()
