"""A weekday that never has a row was not measured, or the channel is closed then: the user says which."""

import numpy as np
import pandas as pd
import pytest

from forecasting.models.registry import fit
from forecasting.reading import Choice, read_views
from forecasting.series import Channel

DAYS = pd.date_range("2025-01-06", periods=20 * 7)  # from a Monday on
VIEWS = 1000 + 100 * (np.arange(len(DAYS)) % 7) + np.random.default_rng(0).integers(0, 50, len(DAYS))


def channel(missing: np.ndarray, meaning: str = "unmeasured", **said) -> Channel:
    rows = [f"{day.date()},{count}" for day, count, gone in zip(DAYS, VIEWS, missing, strict=True) if not gone]
    data = "\n".join(["Date,Views", *rows]).encode()
    return read_views(data, "x.csv", Choice(absent_weekdays=meaning, keep_last=True, **said))


def weekdays(*gone: int) -> np.ndarray:
    return np.isin(DAYS.day_of_week, gone)


def on_absent_weekdays(found: Channel) -> list[int]:
    return [len(one.days) for one in found.corrections if one.option == "absent_weekdays"]


@pytest.mark.parametrize("gone", [(2,), (5, 6), (0,)])
def test_by_default_such_days_are_not_measured_and_forecast_like_the_others(gone):
    found = channel(weekdays(*gone))
    inside = (found.series.first <= DAYS) & (found.series.last >= DAYS)
    assert on_absent_weekdays(found) == [(weekdays(*gone) & inside).sum()]
    measured = found.series.measured
    assert not measured.index.day_of_week[measured.notna()].isin(gone).any()
    week = fit("last-week", found.series, 7).predict(found.series, DAYS[-10:-9], 7)[0]
    assert week.min() > 900


@pytest.mark.parametrize("fill", ["none", "interpolate", "same-weekday"])
def test_where_it_is_closed_they_have_no_views_in_training_and_forecasts(fill):
    found = channel(weekdays(5, 6), "closed", fill=fill)
    closed = found.series.measured.index.day_of_week.isin([5, 6])
    assert (found.series.measured[closed] == 0).all() and found.series.measured[~closed].min() > 900
    days = pd.date_range(found.series.last, periods=8)[1:]
    for method in ("last-week", "linear"):
        week = fit(method, found.series, 7).predict(found.series, found.series.views.index[-1:], 7)[0]
        assert week[days.day_of_week >= 5].max() < 100 < 900 < week[days.day_of_week < 5].min()


def test_days_that_are_missing_now_and_then_are_no_such_weekday():
    some = weekdays(2)
    some[np.flatnonzero(some)[5]] = False
    assert on_absent_weekdays(channel(some)) == []
    assert on_absent_weekdays(channel(weekdays(6) & (np.arange(len(DAYS)) < 60))) == []


def test_three_weeks_are_chance():
    later = [np.arange(len(DAYS)) >= days for days in (21, 28)]
    assert [on_absent_weekdays(channel(weekdays(2) | gone)) for gone in later] == [[], [4]]


def test_a_long_gap_stays_unknown_on_every_weekday():
    gap = (np.arange(len(DAYS)) >= 50) & (np.arange(len(DAYS)) < 80)
    found = channel(weekdays(5) | gap, "closed")
    assert found.series.views[DAYS[50:80]].isna().all()
    assert (found.series.views[DAYS[5:50:7]] == 0).all()
