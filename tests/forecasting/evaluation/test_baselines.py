"""Baselines on series whose answer is plain."""

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.baselines import BESIDE_RUNS, baseline_forecast, baseline_losses, best_baseline
from forecasting.sample import floor, sample_channel
from forecasting.series import Series
from forecasting.split import Period, default_split
from forecasting.windows import make_windows


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_baselines_look_back_one_and_seven_days():
    days = pd.date_range("2021-01-01", periods=100)
    views = pd.Series(np.arange(100.0), index=days)
    series = Series(views)
    assert list(baseline_forecast("yesterday", series, days[10:13])) == [9, 10, 11]
    assert list(baseline_forecast("last-week", series, days[10:13])) == [3, 4, 5]
    ahead = baseline_forecast("last-week", series, days[13:17], ahead=8)  # the first of these has no week before it
    np.testing.assert_array_equal(ahead, [np.nan, 0, 1, 2])
    judged = make_windows(series, default_split(views).held_out, 7)
    losses = baseline_losses(series, judged, "mae")
    assert (losses["yesterday"], losses["last-week"]) == (1, 7)


def period(days: pd.DatetimeIndex) -> Period:
    return Period(days[0].date(), days[-1].date())


@pytest.mark.parametrize("ahead", [1, 3])
def test_best_baseline_is_the_one_of_smaller_error_in_the_period_asked_for(rng, ahead):
    days = pd.date_range("2021-01-01", periods=200)
    week = pd.Series(100.0 * (np.arange(200) % 7) + rng.normal(0, 1, 200), days)
    walk = pd.Series(1000 + rng.normal(0, 1, 200).cumsum(), days)
    both = pd.concat([week[:100], walk[100:]])
    assert best_baseline(Series(both), period(days[50:90]), ahead) == "last-week"
    assert best_baseline(Series(both), period(days[120:]), ahead) == "yesterday"


def test_best_baseline_is_named_from_the_first_day_on_and_with_holes(rng):
    days = pd.date_range("2021-01-01", periods=60)
    views = pd.Series(100.0 * (np.arange(60) % 7) + rng.normal(0, 1, 60), days)
    views.iloc[[12, 33]] = np.nan
    assert best_baseline(Series(views), period(days)) == "last-week"
    assert best_baseline(Series(views), period(days[:1])) in BESIDE_RUNS


def test_floor_is_below_the_baselines_and_only_for_the_sample():
    channel = sample_channel()
    judged = make_windows(channel.series, default_split(channel.views).held_out, 56)
    lowest = floor(channel, judged.days)
    assert 0 < lowest < min(baseline_losses(channel.series, judged, "mae").values())
    other = type(channel)("mine", channel.views + 1)
    assert floor(other, judged.days) is None
    assert floor(channel, judged.days, "mse") is None
