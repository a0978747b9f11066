"""Changes of level: named with their day, not named where there are none, and open at the end."""

from datetime import timedelta

import pytest

from forecasting.diagnosis.level_shifts import SIDE, level_shifts
from tests.support.quiet_series import KINDS, quiet_series, with_shift

WEEK = timedelta(days=7)


@pytest.mark.parametrize("kind", ["weekly season", "trend", "heavy tails"])
@pytest.mark.parametrize("times", [0.5, 1.3, 1.5, 2.0])
def test_known_change_is_named_within_a_week(kind, times):
    series = with_shift(quiet_series(kind, 3), 1000, times)
    day = series.views.index[1000].date()
    near = [shift for shift in level_shifts(series) if abs(shift.day - day) <= WEEK]
    assert len(near) == 1 and near[0].certain
    assert near[0].times == pytest.approx(times, rel=0.2)


def test_false_changes_come_once_in_ten_years_at_most():
    years, found = 0.0, 0
    for kind in KINDS:
        for seed in range(20):
            found += len(level_shifts(quiet_series(kind, seed)))
            years += 1825 / 365.25
    assert found / years == pytest.approx(0.1, abs=0.05)


def test_change_of_the_last_weeks_is_said_with_caution():
    series = with_shift(quiet_series("weekly season", 6, 730), 730 - 10, 2.0)
    last = level_shifts(series)[-1]
    assert not last.certain and abs(last.day - series.views.index[-10].date()) <= WEEK
    assert "seems" in last.message.translated()


def test_single_extraordinary_days_are_no_level():
    series = quiet_series("weekly season", 7, 730)
    before = level_shifts(series)
    series.views.iloc[[300, 500]] *= 30
    assert level_shifts(series) == before


def test_what_has_passed_within_weeks_is_no_level():
    series = quiet_series("weekly season", 7, 730)
    before = level_shifts(series)
    series.views.iloc[400:424] *= 0.3
    assert level_shifts(series) == before


def test_short_channel_has_none():
    assert level_shifts(quiet_series("noise", 1, 4 * SIDE - 1)) == ()
