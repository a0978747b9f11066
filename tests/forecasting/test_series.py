"""A series against slow loops: what was measured, what is known by a day, what its fingerprint tells apart."""

import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.events import Event
from forecasting.messages import BadInput
from forecasting.sample import sample_channel
from forecasting.series import Channel, Correction, Series

DAYS = 40


def holed(filled: set[int], unknown: set[int]) -> Series:
    """Forty days; on some the views were filled in, on others nobody knows them."""
    index = pd.date_range("2021-03-01", periods=DAYS)
    values = np.random.default_rng(1).uniform(100, 200, DAYS)
    values[list(unknown)] = np.nan
    return Series(pd.Series(values, index), index[sorted(filled)])


def carried_on(series: Series) -> dict[pd.Timestamp, float]:
    """`known` as a loop over days: the last measured week's level times what its weekday usually is of it."""
    known: dict[pd.Timestamp, float] = {}
    measured: list[tuple[int, float]] = []  # weekday and views of the measured days so far
    for day, views in series.measured.items():
        if not np.isnan(views):
            measured.append((day.day_of_week, views))
            known[day] = views
        elif measured:
            weeks = {weekday: [v for w, v in measured[-56:] if w == weekday] for weekday in range(7)}
            usual = {weekday: statistics.median(views) for weekday, views in weeks.items() if views}
            mean = statistics.mean(usual.values())
            share = {weekday: usual[weekday] / mean if weekday in usual else 1.0 for weekday in range(7)}
            known[day] = statistics.mean(v / share[w] for w, v in measured[-7:]) * share[day.day_of_week]
    return known


some_days = st.sets(st.integers(0, DAYS - 1), max_size=25)


@settings(max_examples=60, deadline=None)
@given(some_days, some_days)
def test_what_is_known_and_measured_is_that_of_a_loop(filled, unknown):
    series = holed(filled, unknown)
    assert series.known.to_dict() == pytest.approx(carried_on(series))
    measured = {place for place, views in enumerate(series.measured) if np.isfinite(views)}
    assert measured == set(range(DAYS)) - filled - unknown


@pytest.mark.parametrize("places", [{1}, {0, 1}, {3, 4}, {6, 7, 8}, {12, 19, 26}])
def test_nothing_after_a_day_changes_what_is_known_by_it(places):
    series = holed(places, set())
    for place in range(max(2, *places), DAYS):
        later = series.views.copy()
        later.iloc[place + 1 :] = 1e6
        later.iloc[sorted(places)] = 1e9  # what a reader fills in rests on later days
        changed = Series(later, series.filled)
        day = later.index[place]
        pd.testing.assert_series_equal(changed.known.loc[:day], series.known.loc[:day])
        pd.testing.assert_series_equal(changed.until(day).known, series.until(day).known)


def test_until_a_day_it_is_the_series_that_was_there_then():
    series = holed({5, 20}, {9})
    cut = series.until(series.views.index[19])
    assert (cut.first, cut.last, len(cut)) == (series.first, series.views.index[19], 20)
    assert list(cut.filled) == [series.views.index[5]]
    pd.testing.assert_series_equal(cut.known, series.known[:20])
    pd.testing.assert_series_equal(cut.measured, series.measured[:20])
    assert cut.fingerprint == Series(series.views[:20]).fingerprint != series.fingerprint


def test_a_series_without_a_measured_day_says_so():
    with pytest.raises(BadInput, match="no day of known views"):
        _none = holed(set(range(DAYS)), set()).known


def test_the_fingerprint_names_stored_runs_and_stays_as_it_was():
    assert sample_channel().fingerprint == sample_channel().series.fingerprint == "1ae2a84d235a0b37"
    views = sample_channel().views
    for other in (views * 1.001, views[1:], views[:-1], views.shift(1, "D")):
        assert Series(other).fingerprint != Series(views).fingerprint
    assert Series(views, views.index[:3]).fingerprint == Series(views).fingerprint


def test_a_channel_tells_its_filled_days_apart():
    views = holed(set(), set()).views
    filled = Correction("{count} days", (views.index[3].date(), views.index[8].date()), option="fill")
    other = Correction("{count} days", (views.index[5].date(),), option="duplicates")
    series = Channel("mine", views, (filled, other)).series
    assert list(series.filled) == [views.index[3], views.index[8]]


def test_a_weekday_never_measured_follows_the_others_as_they_grow():
    days = pd.date_range("2024-01-01", periods=210)
    views = pd.Series(100 * 1.0163 ** np.arange(210), days).mask(days.day_of_week >= 5)
    known = Series(views).known
    sunday = known[known.index.day_of_week == 6].iloc[-1]
    assert sunday == pytest.approx(100 * 1.0163**209, rel=0.12)  # about 2900; the first Friday had 107


def test_a_day_that_is_not_to_be_learnt_from_is_neither_learnt_nor_judged_and_looks_as_usual():
    views = holed(set(), set()).views.copy()
    views.iloc[30] = 1e6
    outage = Event(views.index[30].date(), "ten million bots", "outage", learn=False)
    series = Series(views, events=(outage,))
    assert np.isnan(series.measured.iloc[30])
    assert series.measured_days == len(views) - 1
    assert series.known.iloc[30] < 1e4
    assert series.views.iloc[30] == 1e6
    assert np.isnan(series.until(views.index[38]).measured.iloc[30])


def test_events_are_part_of_what_a_model_sees_and_their_names_are_not():
    views = holed(set(), set()).views.copy()
    day = views.index[3].date()
    named = Series(views, events=(Event(day, "Episode 1", "upload"),))
    assert Series(views).fingerprint != named.fingerprint
    assert Series(views, events=(Event(day, "Episode one", "upload"),)).fingerprint == named.fingerprint
    assert Series(views, events=(Event(day, "Episode 1", "upload", learn=False),)).fingerprint != named.fingerprint
