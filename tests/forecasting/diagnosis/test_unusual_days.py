"""Unusual days: rare on quiet series, found where they are, and never owed to the future."""

import numpy as np
import pandas as pd
import pytest

from forecasting.diagnosis.level_shifts import level_shifts
from forecasting.diagnosis.tails import tail_probabilities
from forecasting.diagnosis.unusual_days import find_surprises, unusual_days
from forecasting.series import Series
from tests.support.quiet_series import KINDS, quiet_series


@pytest.mark.parametrize("kind", KINDS)
def test_rate_of_false_alarms_is_the_one_set(kind):
    found = [find_surprises(quiet_series(kind, seed)) for seed in range(16)]
    for one_in in (100, 365):
        alarms = sum(len(unusual_days(each, one_in)) for each in found)
        assert alarms * one_in / sum(map(len, found)) == pytest.approx(1, abs=0.2)


def test_tail_is_that_of_its_distribution():
    values = np.random.default_rng(3).exponential(size=20_000)
    chances = tail_probabilities(values)
    for least, most, off in ((1e-3, 0.1, 0.25), (0, 1e-3, 1.0)):  # the largest one is rarer than 1 in 20,000
        rare = (least < chances) & (chances < most)
        assert np.abs(np.log(chances[rare]) + values[rare]).max() < off  # the chance is exp(-value)
    assert (np.diff(chances[np.argsort(values)]) <= 1e-12).all()


def with_days(series: Series, changed: dict[int, float]) -> Series:
    views = series.views.copy()
    for place, times in changed.items():
        views.iloc[place] = np.round(views.iloc[place] * times)
    return Series(views)


@pytest.mark.parametrize("kind", ["weekly season", "trend", "autocorrelated"])
def test_made_days_are_found_high_and_low_and_rarest_first(kind):
    series = with_days(quiet_series(kind, 1), {400: 20.0, 900: 5.0, 1300: 0.1})
    found = unusual_days(find_surprises(series), 1000)
    assert {series.views.index[place].date() for place in (400, 900, 1300)} <= {day.day for day in found}
    assert found[0].day == series.views.index[400].date() and found[0].rarer
    assert [day.days for day in found] == sorted((day.days for day in found), reverse=True)


def test_many_extraordinary_days_do_not_hide_each_other():
    places = range(100, 1800, 120)
    series = with_days(quiet_series("weekly season", 2), dict.fromkeys(places, 8.0))
    found = {day.day for day in unusual_days(find_surprises(series), 1000)}
    assert {series.views.index[place].date() for place in places} <= found


def test_what_was_expected_rests_on_earlier_days_alone():
    series = quiet_series("trend", 4, 600)
    changed = series.views.copy()
    changed.iloc[400:] *= 3
    before, after = (find_surprises(Series(views))["expected"] for views in (series.views, changed))
    pd.testing.assert_series_equal(before.iloc[: 401 - 35], after.iloc[: 401 - 35])


def test_days_filled_or_unknown_are_not_judged():
    series = with_days(quiet_series("noise", 5, 700), {500: 50.0, 510: 50.0, 520: 50.0})
    series.views.iloc[510] = np.nan
    days = series.views.index
    surprises = find_surprises(Series(series.views, filled=days[[500]]))
    assert not surprises.index.isin(days[[500, 510]]).any()
    assert days[520].date() in {day.day for day in unusual_days(surprises, 365)}


def test_few_or_constant_days_name_none():
    assert find_surprises(quiet_series("noise", 1, 130)).empty
    constant = Series(pd.Series(7.0, pd.date_range("2020-01-01", periods=400)))
    assert unusual_days(find_surprises(constant), 100) == ()


def test_sentence_says_how_rare():
    series = with_days(quiet_series("weekly season", 1), {900: 3.0})
    day = next(day for day in unusual_days(find_surprises(series), 365) if day.day == series.views.index[900].date())
    assert day.days % 10 ** (len(str(day.days)) - 1) == 0
    assert f"{day.days:,} days" in day.message.translated()


def test_numbers_below_zero_are_judged_too():
    net = pd.Series(np.random.default_rng(1).normal(2, 20, 800).round(), pd.date_range("2020-01-01", periods=800))
    net.iloc[[400, 600]] = 400, -400
    series = Series(net)
    found = unusual_days(find_surprises(series), 365)
    assert {net.index[place].date() for place in (400, 600)} <= {day.day for day in found} and len(found) < 8
    assert all(shift.times >= 0 for shift in level_shifts(series))
