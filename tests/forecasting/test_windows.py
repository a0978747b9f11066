"""Windows against a slow loop over days; the scaler sees the training targets only."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.messages import BadInput
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings
from forecasting.split import Period
from forecasting.windows import COMMON_HISTORY, calm_histories, histories, make_windows, run_windows
from tests.forecasting.conftest import windows_of

FIRST = date(2021, 3, 1)


def slow_windows(views: pd.Series, period: Period, window: int):
    """Day by day, as one would say it."""
    kept = []
    known = {day.date(): value for day, value in views.items()}
    for day in known:
        before = [known.get(day - timedelta(days=back), np.nan) for back in range(max(window, COMMON_HISTORY), 0, -1)]
        if period.first <= day <= period.last and np.isfinite([*before, known[day]]).all():
            kept.append((day, before[-window:], known[day]))
    return kept


@settings(max_examples=40, deadline=None)
@given(st.integers(60, 150), st.integers(1, 70), st.integers(0, 80), st.integers(0, 80), st.sets(st.integers(0, 149)))
def test_windows_are_those_of_a_loop(days, window, start, length, unknown):
    views = pd.Series(np.random.default_rng(days).random(days), index=pd.date_range(FIRST, periods=days))
    views.iloc[[place for place in unknown if place % 13 == 0 and place < days]] = np.nan
    period = Period(FIRST + timedelta(days=start), FIRST + timedelta(days=start + length))
    slow = slow_windows(views, period, window)
    if not slow:
        with pytest.raises(BadInput):
            make_windows(Series(views), period, window)
        return
    fast = make_windows(Series(views), period, window)
    assert [day.date() for day in fast.days] == [day for day, _before, _target in slow]
    np.testing.assert_array_equal(fast.inputs, [before for _day, before, _target in slow])
    np.testing.assert_array_equal(fast.targets, [target for _day, _before, target in slow])


def test_all_window_lengths_are_judged_on_the_same_days(views, split):
    days = [windows_of(views, split, window).held_out.days for window in (1, 7, 28, 56)]
    assert all(some.equals(days[0]) for some in days)
    assert len(days[0]) == 54


def test_inputs_end_the_day_before_the_target(views, split):
    held_out = windows_of(views, split, 3).held_out
    assert held_out.days[0] == pd.Timestamp(split.held_out.first)
    np.testing.assert_array_equal(held_out.inputs[0], views["2020-12-29":"2020-12-31"])


def test_the_scaler_sees_training_targets_only(views, split):
    data = windows_of(views, split, 7)
    assert data.scaler.mean == data.train.targets.mean()
    assert data.scaler.spread == data.train.targets.std()
    changed = views.copy()
    changed[str(split.held_out.first) :] *= 9
    assert windows_of(changed, split, 7).scaler == data.scaler


def test_scaling_goes_there_and_back():
    scaler = Scaler.fit(np.array([3.0, 5.0, 10.0]))
    scaled = scaler.scale(np.array([3.0, 5.0, 10.0]))
    assert scaled.mean() == pytest.approx(0) and scaled.std() == pytest.approx(1)
    np.testing.assert_allclose(scaler.views(scaled), [3, 5, 10])
    assert Scaler.fit(np.full(4, 7.0)).spread == 1


def test_too_short_a_channel_and_an_empty_period_are_said(views, split):
    with pytest.raises(BadInput, match="at least 366"):
        make_windows(Series(views.iloc[:300]), split.train, 365)
    with pytest.raises(BadInput, match="known days before"):
        make_windows(Series(views), Period(date(2030, 1, 1), date(2030, 2, 1)), 7)


def test_a_shorter_window_is_advised_only_where_it_helps(views):
    period = Period(date(2020, 1, 1), date(2020, 2, 10))
    for window, advice in ((7, "a longer or a later period"), (56, "a later period"), (90, "a window of 56 days")):
        with pytest.raises(BadInput, match=advice):
            make_windows(Series(views), period, window)
    assert len(make_windows(Series(views), Period(date(2020, 2, 1), date(2020, 2, 28)), 7)) == 3


def test_several_days_ahead_are_the_days_that_follow(views, split):
    one, three = (make_windows(Series(views), split.held_out, 7, horizon=horizon) for horizon in (1, 3))
    assert (one.horizon, three.horizon) == (1, 3) and three.targets.shape == (52, 3)
    np.testing.assert_array_equal(three.inputs, one.inputs[:52])
    for ahead in range(3):
        np.testing.assert_array_equal(three.targets[:, ahead], one.targets[ahead : 52 + ahead])
    assert three.days.equals(one.days[:52])


def kept(split, horizon=1, **regularisation) -> RunSettings:
    return RunSettings(
        split, Architecture("linear", 7, horizon=horizon), regularisation=Regularisation(**regularisation)
    )


def test_a_run_by_default_has_all_the_windows_of_its_split(views, split):
    run = run_windows(Series(views), kept(split))
    for part, period in ((run.train, split.train), (run.held_out, split.held_out)):
        whole = make_windows(Series(views), period, 7)
        np.testing.assert_array_equal(part.inputs, whole.inputs)
        np.testing.assert_array_equal(part.targets, whole.targets)
    assert run.scaler == Scaler.fit(run.train.targets) and run.validation is None


@pytest.mark.parametrize("horizon", [1, 5])
def test_validation_is_the_end_of_training_and_shares_no_target_day(views, split, horizon):
    data = run_windows(Series(views), kept(split, horizon, validation=0.2))
    whole = make_windows(Series(views), split.train, 7, horizon=horizon)
    assert len(data.validation) == round(0.2 * len(whole))
    assert data.validation.days[-1] == whole.days[-1]
    assert data.train.days[-1] + pd.Timedelta(days=horizon) == data.validation.days[0]
    assert data.scaler == Scaler.fit(data.train.targets)


def test_fewer_training_days_are_the_last_before_validation(views, split):
    data, whole = (run_windows(Series(views), kept(split, validation=0.2, train_days=days)) for days in (60, 0))
    assert len(data.train) == 60 and data.train.days.equals(whole.train.days[-60:])
    assert data.validation.days.equals(whole.validation.days)
    assert data.scaler == Scaler.fit(data.train.targets)


def test_logarithms_go_there_and_back():
    scaler = Scaler.fit(np.array([0.0, 3.0, 10.0]), Inputs(log=True))
    assert scaler.scale(np.array([0.0, 3.0, 10.0])).mean() == pytest.approx(0)
    np.testing.assert_allclose(scaler.views(scaler.scale(np.array([0.0, 3.0, 10.0]))), [0, 3, 10], atol=1e-12)
    assert Scaler.fit(np.array([5.0, 7.0]), Inputs(standardise=False)) == Scaler(0, 1)


def test_days_filled_in_from_their_target_are_left_out():
    days = pd.date_range("2021-01-01", periods=200)
    views = pd.Series(np.arange(200.0), index=days)
    series = Series(views, days[[100]])
    kept = make_windows(series, Period(days[0].date(), days[-1].date()), 7)
    every = make_windows(Series(views), Period(days[0].date(), days[-1].date()), 7)
    # Day 100 is no target; day 101's window ends with a day that was made from day 101 itself.
    assert set(every.days) - set(kept.days) == {days[100], days[101]}


def test_a_window_is_kept_for_its_measured_target_days_alone():
    days = pd.date_range("2021-01-01", periods=200)
    views, whole = pd.Series(np.arange(200.0), index=days), Period(days[0].date(), days[-1].date())
    ahead = make_windows(Series(views, days[[100]]), whole, 7, horizon=3)
    every = make_windows(Series(views), whole, 7, horizon=3)
    assert set(every.days) - set(ahead.days) == {days[101]}  # its last day of input was made from day 101
    for first in (98, 99, 100):
        wanted = [float(day) if day != 100 else np.nan for day in range(first, first + 3)]
        np.testing.assert_array_equal(ahead.targets[ahead.days.get_loc(days[first])], wanted)
    assert np.isnan(ahead.targets).sum() == 3
    gone = make_windows(Series(views, days[100:103]), whole, 7, horizon=3)
    assert days[100] not in gone.days and days[99] in gone.days  # nothing to learn, one day to learn


def test_of_an_extraordinary_day_tomorrow_sees_the_most_that_is_usual_and_later_days_nothing():
    views = pd.Series(1000.0 + 50 * np.arange(100) % 7, pd.date_range("2024-01-01", periods=100))
    views.iloc[80] = 20_000
    series, origins = Series(views), views.index[[79, 80, 81]]
    known = calm_histories(series, origins, 7)
    limit = series.typical.limit[80]
    assert known[1, -1] == limit < 5000
    assert known[2, -2] == series.without_spikes.known.iloc[80] < limit
    np.testing.assert_array_equal(known[0], views.iloc[73:80])
    np.testing.assert_array_equal(calm_histories(series.without_spikes, origins, 7), known)
    np.testing.assert_array_equal(calm_histories(series.until(origins[1]), origins[:2], 7), known[:2])
    np.testing.assert_array_equal(calm_histories(series.without_spikes.until(origins[1]), origins[:2], 7), known[:2])


def test_histories_equal_a_slow_loop_and_a_short_series_has_none(views):
    origins = views.index[[6, 30, 30, 99]]
    slow = [[views.iloc[place - back] for back in range(6, -1, -1)] for place in (6, 30, 30, 99)]
    np.testing.assert_array_equal(histories(views, origins, 7), slow)
    assert histories(views[:3], views.index[:0], 7).shape == (0, 7)
