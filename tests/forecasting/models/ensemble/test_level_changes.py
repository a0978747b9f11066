"""A change of level, told on the day: on channels whose changes are made, and what the mixture makes of one."""

import numpy as np
import pandas as pd
import pytest

from forecasting.models.ensemble.level_changes import changes_of_level
from forecasting.models.ensemble.weights import REMEMBERED, ErrorHistory, update_online
from forecasting.series import Series
from tests.forecasting.conftest import make_views

CHANGED = 300  # the first day of the new level


def channel(times: float, days: int = 420) -> Series:
    views = make_views(days)
    views.iloc[CHANGED:] *= times
    return Series(views)


@pytest.mark.parametrize(("times", "days"), [(6.0, 7), (1 / 6, 7), (1.2, 0), (1.0, 0)])
def test_a_large_change_is_told_once_and_soon(times, days):
    series = channel(times)
    told = np.flatnonzero(changes_of_level(series, series.views.index[100:]))
    assert len(told) == (days > 0)
    assert all(CHANGED <= place + 100 < CHANGED + days for place in told)


def test_a_single_viral_day_is_no_change():
    views = make_views()
    views.iloc[CHANGED] *= 40
    assert not changes_of_level(Series(views), views.index[100:]).any()


def test_it_is_told_from_days_through_each_alone_whatever_is_asked_along():
    series, days = channel(6.0), channel(6.0).views.index
    whole = changes_of_level(series, days[250:400])
    assert (changes_of_level(series, days[300:310]) == whole[50:60]).all()
    later = series.views.copy()
    later.iloc[350:] /= 50
    assert (changes_of_level(Series(later), days[250:400])[:100] == whole[:100]).all()


def test_short_channels_have_no_change():
    for length in (8, 28, 60):
        views = make_views(length)
        assert not changes_of_level(Series(views), views.index[7:]).any()


def test_after_a_change_only_forecasts_made_since_count():
    """Of two members, one is right before the change and one after it."""
    actual, forecasts = np.zeros((60, 4)), np.zeros((2, 60, 4))
    forecasts[0, 30:], forecasts[1, :30] = 9.0, 9.0
    forecasts[:, 29] = 500.0  # made before, of days after: nobody could know
    changed = np.arange(60) == 30
    found = update_online(forecasts, actual, ErrorHistory.empty(2, 4), changed=changed)
    assert found.counts[30].tolist() == [REMEMBERED, 0, 0, 0]
    assert (found.errors[34:, 1, 1:] == 0).all() and found.errors[34:, 0, 1:] == pytest.approx(9)
    assert found.errors[40, 1, 0] < 9 and found.errors[40, 0, 0] > found.errors[40, 1, 0]


def test_the_mixture_is_near_its_best_simple_member_after_a_jump():
    """Members by hand: the level of today, and a mean of long ago that is right until the level changes."""
    rng = np.random.default_rng(0)
    level = np.where(np.arange(200) < 120, 100.0, 600.0)
    actual = np.stack([np.append(level[h:], np.full(h, np.nan)) for h in range(1, 8)], axis=1)
    actual = actual + rng.normal(0, 20, actual.shape)
    forecasts = np.stack([np.repeat(level[:, None], 7, axis=1), np.full((200, 7), 100.0)])
    series = Series(pd.Series(level + rng.normal(0, 20, 200), pd.date_range("2020-01-01", periods=200)))
    changed = changes_of_level(series, series.views.index)
    assert changed[120:127].sum() == 1
    errors = update_online(forecasts, actual, ErrorHistory.empty(2, 7), changed=changed).errors
    assert (errors[140:, 0] < errors[140:, 1] / 10).all()
