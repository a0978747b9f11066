"""What past errors are measured in, and how large they have been of late, against slow loops."""

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.conformal import edges_of_late
from forecasting.evaluation.scores import (
    FADES,
    FEWEST_TOLD,
    HALF_LIFE,
    USUAL,
    Scores,
    delays,
    known_since,
    make_scores,
    units_of_late,
)
from forecasting.series import Series
from tests.forecasting.conftest import make_views

FIRST = pd.Timestamp("2021-01-01")
HORIZON = 7
NOTHING = Scores(pd.DatetimeIndex([]), np.empty((0, HORIZON + 1)), delays(HORIZON))


def scores_of(near: np.ndarray, first: pd.Timestamp = FIRST) -> Scores:
    """Of consecutive days, each score as large as that of the day after."""
    return Scores(pd.date_range(first, periods=len(near)), np.repeat(near[:, None], HORIZON + 1, 1), delays(HORIZON))


def test_errors_of_late_equal_a_slow_loop_over_what_is_known():
    near = np.random.default_rng(0).standard_t(2, 80)
    near[[20, 21]] = np.nan
    _before, found = units_of_late(NOTHING, scores_of(near))
    for day in range(80):
        known = [(made, abs(near[made])) for made in range(day) if np.isfinite(near[made])]
        sizes = np.array([size for _made, size in known])
        factor = 1.0
        if len(known) >= FEWEST_TOLD:
            sizes = np.minimum(sizes, 5 * np.median(sizes))
            weights = np.array([0.5 ** ((day - made - 1) / HALF_LIFE) for made, _size in known])
            factor = ((weights * sizes).sum() / sizes.mean() + USUAL) / (weights.sum() + USUAL)
        np.testing.assert_allclose(found[day], [factor ** (delay**-FADES) for delay in delays(HORIZON)])


def test_earlier_scores_and_later_ones_are_one_record():
    near = np.random.default_rng(1).normal(size=60)
    before, since = units_of_late(scores_of(near[:40]), scores_of(near[40:], FIRST + pd.Timedelta(days=40)))
    _none, whole = units_of_late(NOTHING, scores_of(near))
    np.testing.assert_allclose(np.concatenate([before, since]), whole)


def test_half_is_always_what_is_usual():
    calm = np.full(100, 0.5)
    wild = np.concatenate([calm, np.full(30, 50.0)])
    _none, found = units_of_late(NOTHING, scores_of(wild))
    assert found[:101] == pytest.approx(1)
    assert found[104:, 0].min() > 1.5 and found.max() < 3 and (found[105:, 6] < found[105:, 0]).all()


def test_columns_without_the_day_after_say_nothing_of_late():
    week = Scores(pd.date_range(FIRST, periods=40), np.random.default_rng(2).normal(size=(40, 1)), np.array([7]))
    assert units_of_late(week, week)[0] == pytest.approx(1)


@pytest.fixture
def series() -> Series:
    return Series(make_views(300))


def forecasts(series: Series, origins: pd.DatetimeIndex) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.full((len(origins), HORIZON), series.views.mean()) + rng.normal(0, 100, (len(origins), HORIZON))


def test_days_that_have_become_known_are_scored_and_others_stay(series):
    origins = series.views.index[200:220]
    predicted = forecasts(series, origins)
    then = make_scores(series.until(origins[-1]), origins, predicted)
    now = known_since(series, then)
    there = np.isfinite(then.values)
    assert not there.all() and np.isfinite(now.values).all()
    np.testing.assert_array_equal(now.values[there], then.values[there])
    np.testing.assert_array_equal(now.values, make_scores(series, origins, predicted).values)
    forgotten = Scores(then.origins, then.values, then.delays)
    assert known_since(series, forgotten) is forgotten


def test_intervals_are_wider_after_large_errors_and_narrow_again():
    near = np.random.default_rng(3).normal(size=240)
    near[200:204] = [6, -6, 6, -6]
    edges = edges_of_late(NOTHING, scores_of(near), [0.9], columns=np.arange(HORIZON + 1))
    width = edges[0.9][1] - edges[0.9][0]
    assert width[204, 0] > 1.3 * width[199, 0] and width[220, 0] < 1.1 * width[199, 0]
    assert width[204, 6] - width[199, 6] < width[204, 0] - width[199, 0]
