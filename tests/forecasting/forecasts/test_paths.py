"""Paths lie as intervals say, keep days together, know nothing later, and give chances that come true."""

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.conformal import make_intervals
from forecasting.evaluation.scores import Scores, make_scores
from forecasting.forecasts.chances import PastChance, chance, in_bins, passing_days, past_chances, record_windows
from forecasting.forecasts.paths import FEWEST_ROWS, PATHS, draw_paths
from forecasting.models.registry import baseline
from forecasting.series import Series

HORIZON = 35


def channel(pull: float = 0.0, days: int = 700, level: float = 1000.0) -> Series:
    """A level with a week and noise of which a share `pull` is left a day later."""
    rng, day, noise = np.random.default_rng(5), np.arange(days), np.zeros(days)
    for place in range(1, days):
        noise[place] = pull * noise[place - 1] + rng.normal(0, 0.1)
    views = level * (1 + 0.2 * np.sin(2 * np.pi * day / 7)) * np.exp(noise)
    return Series(pd.Series(np.floor(views), pd.date_range("2020-01-01", periods=days)))


def past(series: Series, horizon: int = HORIZON) -> tuple[Scores, np.ndarray]:
    """Scores of all origins from the fifth week on, and the forecast from the last day."""
    origins = series.views.index[28:]
    predicted = baseline("mean-28").predict(series, origins, horizon)
    return make_scores(series, origins[:-1], predicted[:-1]), predicted[-1]


@pytest.mark.parametrize("pull", [0.0, 0.8])
def test_marginals_and_totals_are_those_of_the_intervals(pull):
    series = channel(pull)
    scores, predicted = past(series)
    paths = draw_paths(series, scores, series.last, predicted=predicted, count=4000)
    now = pd.DatetimeIndex([series.last])
    asked = Scores(now, np.full((1, len(scores.delays)), np.nan), scores.delays)
    shown = make_intervals(series, predicted[None], earlier=scores, later=asked)
    for level in (0.5, 0.9):
        lower, upper = shown.lower[level][0], shown.upper[level][0]
        drawn = np.quantile(paths, [(1 - level) / 2, (1 + level) / 2], axis=0)
        np.testing.assert_allclose(drawn, [lower[:HORIZON], upper[:HORIZON]], rtol=0.03)
        for column, days in enumerate((7, 28), start=HORIZON):
            low, high = np.quantile(paths[:, :days].sum(axis=1), [(1 - level) / 2, (1 + level) / 2])
            width = upper[column] - lower[column]
            assert abs(low - lower[column]) < 0.3 * width and abs(high - upper[column]) < 0.3 * width


def test_days_of_a_path_hang_together_as_the_errors_do():
    spread = {}
    for pull in (0.0, 0.8):
        series = channel(pull)
        paths = draw_paths(series, past(series)[0], series.last, predicted=past(series)[1])
        spread[pull] = paths.sum(axis=1).std() / np.sqrt((paths.std(axis=0) ** 2).sum())
    assert 0.7 < spread[0.0] < 2.5  # of independent days it is 1; the mean of 28 days is an error that they share
    assert spread[0.8] > 2.5


def test_paths_are_counts_of_the_right_shape_and_the_same_twice():
    series = channel(level=2.0)  # many days without views
    scores, predicted = past(series)
    paths = draw_paths(series, scores, series.last, predicted=predicted, days=20)
    assert paths.shape == (PATHS, 20) and np.isfinite(paths).all() and paths.min() >= 0
    np.testing.assert_array_equal(paths, draw_paths(series, scores, series.last, predicted=predicted, days=20))


def test_nothing_later_moves_a_path():
    series = channel()
    origin = series.views.index[-100]
    changed = series.views.copy()
    changed[origin + pd.Timedelta(days=1) :] *= 5
    drawn = []
    for one in (series, Series(changed)):
        scores, _now = past(one)
        predicted = baseline("mean-28").predict(one, pd.DatetimeIndex([origin]), HORIZON)[0]
        drawn.append(draw_paths(one, scores, origin, predicted=predicted))
    np.testing.assert_array_equal(*drawn)


def test_too_few_past_forecasts_draw_nothing():
    series = channel(days=28 + HORIZON + FEWEST_ROWS)
    scores, predicted = past(series)
    assert draw_paths(series, scores, series.last, predicted=predicted) is not None
    before = series.views.index[-2]
    assert draw_paths(series, scores, before, predicted=predicted) is None


def test_past_chances_are_those_of_a_plain_loop_and_come_true():
    series = channel(days=600)
    scores, _now = past(series, 31)
    found = past_chances(series, scores, record_windows(scores, series.last))
    for one in found[:: len(found) // 5]:
        if one.kind != "this month":
            continue
        month = pd.Timestamp(one.first)
        total = sum(series.views[month + pd.Timedelta(days=day)] for day in range(month.days_in_month))
        assert one.came == (total >= one.goal)
        assert pd.Timestamp(one.origin) < month + pd.offsets.MonthEnd(0)
    for one in in_bins(found):
        assert one.times == sum(one.low <= past.said < one.high or (one.high == past.said == 1) for past in found)
        assert not one.enough or abs(one.came - one.said) < 0.25
    assert in_bins(found)[0].enough and in_bins(found)[-1].enough
    assert {one.kind for one in found} == {"days", "this month"}  # next month ends farther ahead


def test_few_past_chances_say_nothing():
    day = pd.Timestamp("2021-01-31").date()
    same = [PastChance("days", day, day, 1.0, 0.7, True)] * 20
    assert [one.enough for one in in_bins(same)] == [False] * 5  # all of one total
    assert in_bins(same)[3].came == 1


def test_passing_days_and_chances_by_hand():
    paths = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(passing_days(paths, 3.0), [2, np.inf])
    assert chance(paths.sum(axis=1), 6.0) == 0.5
