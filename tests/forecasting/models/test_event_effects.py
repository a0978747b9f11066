"""Effects of events: found where they are known, none where there are none, nothing of the future, and divided out."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from forecasting.calendar_features import calendar
from forecasting.evaluation.calibration import fit_method, refit
from forecasting.evaluation.scores import make_scores
from forecasting.events import KINDS, Event
from forecasting.models.event_effects import LAGS, EventEffects, KindEffect, lagged
from forecasting.models.event_regression import fit_event_effects
from forecasting.models.fitting import build, fit
from forecasting.models.registry import baseline
from forecasting.models.trained_run import of_run
from forecasting.models.validation import validation_origins
from forecasting.models.with_events import WithEvents, fit_with_events
from forecasting.series import Series
from forecasting.settings import EVENT_DAYS, Architecture, Inputs, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import run_windows
from tests.support.event_channels import NONE, UPLOAD, gain_of, made_channel, uploads_on


def upload_of(series: Series) -> KindEffect:
    (found,) = fit_event_effects(series).kinds
    return found


@pytest.mark.parametrize(
    ("effect", "channel"),
    [(UPLOAD, {}), (NONE, {}), (UPLOAD, {"level": 3.0}), (UPLOAD, {"differing": 0.6, "every": 20})],
    ids=["uploads", "no effect", "few views", "uploads that differ"],
)
def test_a_known_effect_lies_within_its_interval(effect, channel):
    held = 0
    for seed in range(20):
        _found, low, high = upload_of(made_channel(seed, effect, days=400, **channel)).gain()
        held += low <= gain_of(effect) <= high
    assert held >= 16  # of 20 that 90 % intervals should hold: fewer in 4 of 100 such tests


def test_the_profile_is_the_one_that_went_in():
    found = np.mean([upload_of(made_channel(seed)).effect for seed in range(8)], axis=0)
    assert found == pytest.approx(UPLOAD, abs=0.06)


def test_one_viral_day_hardly_moves_an_effect():
    series = made_channel(3)
    views = series.views.copy()
    views.iloc[pd.Index(views.index).get_loc(pd.Timestamp(series.events[20].day)) + 1] *= 50
    assert upload_of(replace(series, views=views)).gain()[0] == pytest.approx(upload_of(series).gain()[0], abs=0.35)


def test_days_without_views_are_views_too():
    series = made_channel(4, NONE, level=200.0)
    views = series.views.copy()
    days = series.views.index[20::23]
    views[days] = 0.0
    outages = tuple(Event(day.date(), kind="outage") for day in days)
    found = upload_of(replace(series, views=views, events=outages))
    assert np.exp(found.effect[0]) < 0.1
    assert np.exp(found.effect[1:]) == pytest.approx(np.ones(LAGS - 1), abs=0.12)


def test_too_few_events_say_nothing():
    series = made_channel(5, every=9.0)
    found = upload_of(replace(series, events=series.events[:4]))
    assert (found.reason, found.count, found.known) == ("few", 4, False)


def test_an_upload_on_every_friday_cannot_be_told_from_the_weekday():
    assert upload_of(made_channel(6, weekday=4)).reason == "weekday"


def test_a_day_that_is_not_learnt_from_has_no_effect():
    series = made_channel(7)
    unlearnt = tuple(replace(event, learn=False) for event in series.events)
    assert fit_event_effects(replace(series, events=unlearnt)).kinds == ()


def test_nothing_after_an_origin_changes_what_was_learnt_before():
    series = made_channel(8)
    origin = series.views.index[400]
    views = series.views.copy()
    views.iloc[401:] = np.random.default_rng(0).uniform(0, 1e6, len(views) - 401)
    past = tuple(event for event in series.events if pd.Timestamp(event.day) <= origin)
    other = (*past, *uploads_on(pd.date_range(origin + pd.Timedelta(days=3), periods=30, freq="2D")))
    changed = replace(series, views=views, events=other)
    assert fit_event_effects(changed.until(origin)) == fit_event_effects(series.until(origin))


def test_a_forecast_with_events_sees_no_view_after_its_origin():
    series = made_channel(8)
    origin = series.views.index[400]
    later = series.views.index > origin
    other = replace(series, views=series.views.mask(later, np.random.default_rng(0).uniform(0, 1e6, len(series))))
    forecasts = [
        fit_with_events("four-weeks", one.until(origin), 20).predict(one, pd.DatetimeIndex([origin]), 20)
        for one in (series, other)
    ]
    assert (forecasts[0] == forecasts[1]).all()


def test_effects_come_from_the_days_before_and_multiply():
    days = pd.date_range("2023-03-01", periods=20)
    events = uploads_on([days[0], days[5], days[5]])
    there = lagged(events, "upload", days)
    assert there[0, 0] == 1
    assert there[5, 0] == pytest.approx(np.log2(3))
    assert there[5, 5] == 1
    assert there.sum() == pytest.approx(LAGS * (1 + np.log2(3)))  # all of either effect lies within the days
    effects = EventEffects((KindEffect("upload", 9, tuple(UPLOAD)),), days[-1])
    expected = [sum(there[day, lag] * UPLOAD[lag] for lag in range(LAGS)) for day in range(20)]
    assert effects.log_factor(events, days) == pytest.approx(expected)


def test_a_forecast_with_events_is_the_usual_one_times_their_effect():
    index = pd.date_range("2023-01-02", periods=70)
    planned = Event(date(2023, 3, 15), kind="upload")  # two days after the last
    effects = EventEffects((KindEffect("upload", 9, tuple(UPLOAD)),), index[-1])
    past = uploads_on([index[10], index[30], index[65]])
    views = pd.Series(1000.0 * np.exp(effects.log_factor(past, index)), index)
    series = Series(views, events=(*past, planned))
    forecaster = fit_with_events("four-weeks", series, 20, effects=effects)
    assert isinstance(forecaster, WithEvents)
    expected = 1000 * np.exp(effects.log_factor(series.events, pd.date_range(index[-1], periods=21)[1:]))
    assert forecaster.predict(series, index[-1:], 20)[0] == pytest.approx(expected)
    usual = baseline("four-weeks").predict(series, index[-1:], 20)[0]
    assert abs(usual - expected).max() > 100  # which the plain forecast misses


def test_the_change_by_an_event_is_what_it_multiplies_by():
    index = pd.date_range("2023-01-01", periods=28)
    tight = tuple(tuple(map(float, row)) for row in 1e-8 * np.eye(LAGS))
    effects = EventEffects((KindEffect("upload", 40, tuple(UPLOAD), tight),), index[0])
    event = Event(index[2].date(), kind="upload")
    change = effects.change(np.full(28, 500.0), index, before=(), after=(event,)).sum(axis=1)
    assert change == pytest.approx(np.full(len(change), 500 * gain_of(UPLOAD)), rel=0.01)
    again = effects.change(np.full(28, 500.0), index, before=(event,), after=(event,))
    assert not again.any()
    far = replace(event, day=event.day + timedelta(days=400))
    assert not effects.change(np.full(28, 500.0), index, before=(), after=(far,)).any()


def test_a_run_sees_events_of_the_predicted_days_and_the_week_before():
    days = pd.date_range("2023-03-10", periods=3)
    events = (*uploads_on([days[1]]), Event(date(2023, 3, 4), kind="outage"), Event(days[2].date(), learn=False))
    inputs = Inputs(with_events=True)
    columns = calendar(days, 2, inputs, events=events).reshape(3, len(KINDS), EVENT_DAYS + 2)
    assert columns.shape[1] * columns.shape[2] == inputs.columns(2)
    upload, outage = (columns[:, KINDS.index(kind)] for kind in ("upload", "outage"))
    for row, day in enumerate(days):
        offsets = [(pd.Timestamp(days[1]) - day).days, (pd.Timestamp("2023-03-04") - day).days]
        for kind, offset in zip((upload, outage), offsets, strict=True):
            expected = np.zeros(EVENT_DAYS + 2)
            if -EVENT_DAYS <= offset < 2:
                expected[EVENT_DAYS + offset] = 1
            assert (kind[row] == expected).all()
    assert columns.sum() == upload.sum() + outage.sum()


def test_a_run_that_sees_events_forecasts_planned_ones():
    series = made_channel(9, UPLOAD * 2, days=400, wandering=0.0)
    split = default_split(series.views)
    settings = RunSettings(
        split, Architecture("linear", 7), Training("mse", "exact"), Inputs(log=True, with_events=True)
    )
    data = run_windows(series, settings)
    model = build(settings)
    list(fit(model, data, settings))
    planned = replace(series, events=(*series.events, *uploads_on([series.last + pd.Timedelta(days=1)])))
    usual, found = (of_run(settings, model, one).predict(one, one.views.index[-1:], 5)[0] for one in (series, planned))
    assert found[0] / usual[0] == pytest.approx(np.exp(2 * UPLOAD[0]), rel=0.25)


def test_settings_without_events_keep_the_text_that_names_their_runs():
    split = default_split(made_channel(0).views)
    usual, seeing = RunSettings(split), RunSettings(split, inputs=Inputs(with_events=True))
    assert "with_events" not in usual.to_json() and "with_events" in seeing.to_json()
    assert RunSettings.from_json(usual.to_json()) == usual
    assert RunSettings.from_json(seeing.to_json()) == seeing


def test_one_call_fits_a_method_with_events_and_calibrates_it_on_days_it_did_not_know():
    series = made_channel(10, days=300)
    found = fit_method("ets", series, 7, events=True)
    assert isinstance(found.forecaster, WithEvents)
    origins = validation_origins(series, 7)
    early = fit_with_events("ets", series.until(origins[0]), 7)
    expected = make_scores(series, origins, early.predict(series, origins, 7))
    assert np.array_equal(found.scores.values, expected.values, equal_nan=True)
    assert refit(found, series, 7).effects == found.forecaster.effects
