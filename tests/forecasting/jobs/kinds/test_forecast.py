"""The forecast as a worker makes it: each way to ask, beside the plain functions that it is put together from."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.calibration import calibrate
from forecasting.forecasts.forecast import evaluate_held_out, make_forecast
from forecasting.forecasts.model_file import load_model
from forecasting.forecasts.track_record import track_record
from forecasting.jobs.kinds.forecast import forecast
from forecasting.jobs.kinds.runs import load_run, notes_on_days
from forecasting.jobs.requests import AutoSearch, ForecastRequest, MethodFit, ModelFile
from forecasting.json_records import from_json, to_json
from forecasting.messages import BadInput
from forecasting.models.ensemble import search as searching
from forecasting.models.ensemble.member import Recipe
from forecasting.models.ensemble.search import Search, search
from forecasting.models.registry import BASELINES, fit
from forecasting.records import Progress
from forecasting.series import Channel
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.split import Period, Split, default_split
from tests.forecasting.conftest import make_views
from tests.support.event_channels import made_channel, uploads_on
from tests.support.holiday_channel import DAYS, FACTOR, with_holidays
from tests.support.tasks import task, trained

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


HORIZON = 5
HORIZON_WITH_TOTALS = 28  # days, that of the longest total


@pytest.fixture
def channel(views) -> Channel:
    return Channel("mine", views)


def made(channel, forecaster, store=None, model=None, horizon=HORIZON, holidays=()) -> Progress:
    """The last report."""
    reports = list(forecast(task(channel, ForecastRequest(horizon, forecaster, holidays), store, model)))
    shares = [report.share for report in reports]
    assert shares == sorted(shares) and shares[-1] == 1.0
    return reports[-1]


def test_run_and_the_file_that_comes_of_it_say_the_same(channel, split, store):
    settings = RunSettings(split, Architecture("relu", 7, 1, 5), Training(epochs=2, seeds=2))
    found = made(channel, trained(store, channel, settings), store)
    forecast = found.result.forecast
    assert forecast.method == "mine"
    assert forecast.days[0] == (channel.views.index[-1] + pd.Timedelta(days=1)).date()
    assert {one.method for one in forecast.judged} == {"mine", *BASELINES}
    assert to_json(load_model(found.model).forecast(channel.series, HORIZON)) == to_json(forecast)
    assert to_json(made(channel, ModelFile("digest", "mine"), model=found.model).result) == to_json(found.result)


def test_days_assumed_to_be_holidays_stand_beside_the_calendar_as_it_is(channel, split, store):
    settings = RunSettings(split, Architecture("linear", 7), Training(epochs=2, seeds=1), Inputs(country="TW"))
    run, days = trained(store, channel, settings), (date(2021, 2, 26),)
    usual = made(channel, run, store)
    changed = made(channel, run, store, holidays=days)
    assert changed.result.without_holidays == usual.result.forecast.point
    assert changed.result.forecast.point != usual.result.forecast.point
    of_file = made(channel, ModelFile("digest", "mine"), model=usual.model, holidays=days)
    assert to_json(of_file.result) == to_json(changed.result)


@pytest.mark.parametrize("network", [Architecture("relu", 7, 1, 5), Architecture("trees", 7)], ids=["net", "trees"])
def test_run_forecasts_from_newer_days_as_it_was_trained(channel, split, store, network):
    """Though days that it learnt from were revised, to twice as many views."""
    settings = RunSettings(split, network, Training(epochs=2, seeds=1), Inputs(standardise=True))
    older = replace(channel, views=channel.views[:-30])
    version = trained(store, older, settings)
    revised = channel.views.where(np.arange(len(channel.views)) >= 200, channel.views * 2)
    now = task(replace(channel, views=revised), ForecastRequest(HORIZON, version), store)
    run, found = load_run(now, version)
    _run, as_it_was = load_run(task(older, ForecastRequest(HORIZON, version), store), version)
    ways = [way.predict(channel.series, channel.views.index[-40:], HORIZON) for way in (found, as_it_was)]
    np.testing.assert_array_equal(*ways)
    assert found.scaler == as_it_was.scaler
    assert notes_on_days(now, run)[0].translated().startswith("200 of the days")
    assert not notes_on_days(task(channel, now.request, store), run)


def test_shallow_reference_is_fitted_again_and_leaves_no_file(channel, split, store):
    settings = RunSettings(split, Architecture("trees", 7), Training(epochs=5))
    found = made(channel, trained(store, channel, settings, "trees"), store)
    assert found.model is None
    assert found.result.forecast.method == "trees (run)"  # the method of that name is another one
    assert len(found.result.forecast.point) == HORIZON


def test_auto_says_what_it_tried_and_then_forecasts(channel, split):
    reports = list(forecast(task(channel, ForecastRequest(HORIZON, AutoSearch(1.0, split)))))
    assert len(reports[0].result.trials) == 1
    report = reports[-1].result
    assert len(report.forecast.point) == HORIZON and report.trials
    assert report.forecast.judged[0].method == "auto"
    assert sum(by_day[0] for _name, by_day in report.shares) == pytest.approx(1)


@pytest.fixture
def few_candidates(monkeypatch):
    """Two recipes instead of all."""
    monkeypatch.setattr(searching, "recipes", lambda days, horizon: [Recipe("linear"), Recipe("relu", units=8)])


def test_auto_forecasts_provisionally_until_it_has_the_forecast(channel, split, few_candidates):
    *reports, last = [one.result for one in forecast(task(channel, ForecastRequest(HORIZON, AutoSearch(600.0, split))))]
    found = list(dict.fromkeys(one.provisional for one in reports if one and one.provisional))
    assert [(one.models, one.planned) for one in found] == [(6, 10), (8, 10), (10, 10)]
    assert all(one is None or one.forecast is None for one in reports)
    assert last.provisional is None and last.forecast is not None
    for one in found:
        assert one.last < split.train.last and one.forecast.days == last.forecast.days
        assert one.forecast.judged == () and np.isfinite(one.forecast.bands[-1].upper).all()
    so_far = Search(channel.series.until(split.train.last), HORIZON_WITH_TOTALS)
    assert len(list(so_far.trials())) == found[-1].models
    predicted = so_far.mixture_so_far().predict(channel.series, channel.series.views.index[-1:], HORIZON)
    assert found[-1].forecast.point == pytest.approx(tuple(predicted[0]), rel=1e-9)


def test_provisional_forecasts_change_nothing_of_the_forecast(channel, split, few_candidates):
    series, learnt = channel.series, channel.series.until(split.train.last)
    *_trials, auto = search(learnt, HORIZON_WITH_TOTALS)
    origins, predicted = auto.validated
    fitted = calibrate("auto", auto, learnt, origins=origins, predicted=predicted)
    tested, judged = evaluate_held_out(series, fitted, split, horizon=HORIZON)
    again = auto.refit(series)
    record = track_record(series, tested, split.held_out, horizon=HORIZON)
    alone = make_forecast(again, fitted, series, scores=tested.scores, horizon=HORIZON, judged=judged, record=record)
    assert to_json(made(channel, AutoSearch(600.0, split)).result.forecast) == to_json(alone)


def test_auto_foresees_holidays_and_its_file_does_the_same(few_candidates):
    channel = Channel("mine", with_holidays(DAYS[600:]))
    split = Split(Period(DAYS[600].date(), DAYS[-41].date()), Period(DAYS[-40].date(), DAYS[-1].date()))
    found = made(channel, AutoSearch(600.0, split), horizon=28)
    report = found.result
    assert to_json(load_model(found.model).forecast(channel.series, 28)) == to_json(report.forecast)
    assert to_json(from_json(type(report), to_json(report))) == to_json(report)
    christmas = report.forecast.days.index(date(2023, 12, 25))
    share = report.forecast.point[christmas] / report.forecast.point[christmas - 7]
    assert report.holidays.country == "CZ" and share == pytest.approx(FACTOR, rel=0.2)
    there = next(one for one in report.holidays.ahead if one.day == date(2023, 12, 25))
    assert there.name and there.change == pytest.approx(FACTOR - 1, abs=0.1)
    assert "Czechia: compared with usual days Auto expects 2023-12-" in report.holidays.said("Czechia").translated()


@pytest.mark.parametrize("name", ["ets", "last-week"])
def test_single_method_is_judged_before_it_learns_the_held_out_days(channel, split, name):
    found = made(channel, MethodFit(name, split))
    forecast = found.result.forecast
    whole = fit(name, channel.series, HORIZON).predict(channel.series, channel.views.index[-1:], HORIZON)[0]
    assert forecast.point == pytest.approx(whole) and found.model is None
    learnt = channel.series.until(split.train.last)
    first = fit(name, learnt, HORIZON).predict(learnt, learnt.views.index[-1:], HORIZON)[0]
    actual = channel.views[learnt.last :].to_numpy()[1 : HORIZON + 1]
    assert forecast.record.errors[0] == pytest.approx(np.abs(first - actual).mean(), rel=1e-4)
    assert [one.method for one in forecast.judged if one.horizon == 1].count(name) == 1 + 1  # the day, and days 1 to 1
    over = next(one for one in forecast.judged if one.over_days and one.horizon == HORIZON)
    assert over.mae == pytest.approx(np.nanmean(forecast.record.errors), rel=1e-4)


def test_bad_horizon_is_one_sentence(channel, split):
    with pytest.raises(BadInput, match="91 days ahead"):
        made(channel, AutoSearch(1.0, split), horizon=91)


@pytest.mark.parametrize("days", [7, 8, 9, 14, 28])
def test_auto_forecasts_a_channel_of_a_few_days_or_says_how_many_it_needs(days):
    channel = Channel("short", make_views(days))
    asked = task(channel, ForecastRequest(7, AutoSearch(10.0, default_split(channel.views))))
    if days < 9:
        with pytest.raises(BadInput, match=r"^\d measured days before .* at least 8 are needed"):
            list(forecast(asked))
    else:
        found = list(forecast(asked))[-1].result.forecast
        assert len(found.point) == 7 and np.isfinite(found.bands[-1].upper).all()


def test_auto_takes_planned_events_into_account_and_its_file_does_the_same():
    series = made_channel(21, days=260)
    planned = (*series.events, *uploads_on([series.last + pd.Timedelta(days=2)]))
    found = made(Channel("mine", series.views, events=planned), AutoSearch(0.1, default_split(series.views)))
    report, model = found.result, load_model(found.model)
    assert report.events.used and report.events.value.held_out is not None
    assert to_json(model.forecast(replace(series, events=planned), HORIZON)) == to_json(report.forecast)
    assert to_json(from_json(type(report), to_json(report))) == to_json(report)
    factors = np.array(report.forecast.point) / np.array(model.forecast(series, HORIZON).point)
    assert factors == pytest.approx([1, *np.exp(report.events.effects.kinds[0].effect[: HORIZON - 1])])
