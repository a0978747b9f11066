"""Metrics, baselines and the verdict, against slow obvious loops and scikit-free arithmetic."""

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.verdict import block_means, judge
from forecasting.metrics import mae, mase, rmse, skill
from forecasting.models.naive import baseline_losses, best_baseline, same_day_last_week, yesterday
from forecasting.sample import floor, sample_channel
from forecasting.series import Series
from forecasting.split import default_split
from forecasting.windows import make_windows


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_errors_equal_a_loop(rng):
    actual, predicted = rng.normal(size=(3, 40)), rng.normal(size=(3, 40))
    for row in range(3):
        pairs = list(zip(actual[row], predicted[row], strict=True))
        assert mae(actual, predicted)[row] == pytest.approx(sum(abs(a - p) for a, p in pairs) / 40)
        assert rmse(actual, predicted)[row] == pytest.approx((sum((a - p) ** 2 for a, p in pairs) / 40) ** 0.5)


def test_mase_of_the_seasonal_naive_is_one_on_its_own_days(rng):
    views = rng.uniform(1, 9, 200)
    assert mase(views[7:], views[:-7], views) == pytest.approx(1)


def test_skill_is_the_share_of_error_that_is_gone():
    assert skill(np.array([88.0, 120.0]), 100.0) == pytest.approx([0.12, -0.2])


def test_baselines_look_back_one_and_seven_days():
    days = pd.date_range("2021-01-01", periods=100)
    views = pd.Series(np.arange(100.0), index=days)
    assert list(yesterday(views, days[10:13])) == [9, 10, 11]
    assert list(same_day_last_week(views, days[10:13])) == [3, 4, 5]
    judged = make_windows(Series(views), default_split(views).held_out, 7)
    assert baseline_losses(views, judged, "mae") == {"Yesterday": 1.0, "Same day last week": 7.0}


@pytest.mark.parametrize("ahead", [1, 3])
def test_hardest_baseline_is_the_one_of_smaller_error_on_the_days_asked_for(rng, ahead):
    days = pd.date_range("2021-01-01", periods=200)
    week = pd.Series(100.0 * (np.arange(200) % 7) + rng.normal(0, 1, 200), days)
    walk = pd.Series(1000 + rng.normal(0, 1, 200).cumsum(), days)
    both = pd.concat([week[:100], walk[100:]])
    for asked, name, lag in ((days[50:90], "Same day last week", 7), (days[120:], "Yesterday", ahead)):
        found, expected = best_baseline(both, asked, ahead)
        assert found == name
        assert list(expected) == [both[day - pd.Timedelta(days=lag)] for day in asked]


def test_floor_is_below_the_baselines_and_only_for_the_sample():
    channel = sample_channel()
    judged = make_windows(channel.series, default_split(channel.views).held_out, 56)
    lowest = floor(channel, judged.days)
    assert 0 < lowest < min(baseline_losses(channel.views, judged, "mae").values())
    other = type(channel)("mine", channel.views + 1)
    assert floor(other, judged.days) is None
    assert floor(channel, judged.days, "mse") is None


def test_clear_winner_and_clear_loser(rng):
    actual = rng.uniform(900, 1100, 200)
    close, far = actual + rng.normal(0, 10, (4, 200)), actual + rng.normal(0, 80, 200)
    won = judge(actual, close, far)
    assert won.answer == "better"
    assert won.seeds_better == won.seeds == 4
    assert 0 < won.low < won.skill < won.high < 1
    assert won.skill == pytest.approx(1 - np.abs(close - actual).mean() / np.abs(far - actual).mean())
    lost = judge(actual, far[None], close[0], drawn=False)
    assert lost.answer == "worse"
    assert "more error (MAE) than “last week”" in lost.translated("last week")
    assert "−" not in lost.translated("last week")


def test_equal_forecasters_cannot_be_told_apart_most_of_the_time(rng):
    answers = []
    for _draw in range(200):
        actual = rng.normal(size=120)
        one, other = actual + rng.normal(size=(1, 120)), actual + rng.normal(size=120)
        answers.append(judge(actual, one, other, drawn=False).answer)
    assert answers.count("cannot tell") >= 0.8 * 200  # nominally 90 %; the bootstrap of 17 weeks is a little narrow


def test_a_single_seed_gets_no_claim_unless_no_seed_changes_it(rng):
    actual = rng.uniform(900, 1100, 200)
    close, far = actual + rng.normal(0, 10, (1, 200)), actual + rng.normal(0, 80, 200)
    one = judge(actual, close, far)
    assert one.answer == "cannot tell" and np.isnan([one.low, one.high]).all()
    assert one.translated("x") == (
        "A single seed of a trained model is not enough to tell whether this beats “x”; train more seeds."
    )
    assert judge(actual, close, far, drawn=False).answer == "better"
    assert judge(actual, np.repeat(close, 2, axis=0), far).answer == "better"
    assert judge(actual[:20], close[:, :20], far[:20]).translated("x").startswith("Only 20 held-out days")


def test_a_few_days_are_never_enough():
    actual = np.arange(20.0)
    verdict = judge(actual, actual[None], actual + 5)
    assert verdict.answer == "cannot tell"
    assert verdict.translated("x").startswith("Only 20 held-out days")


def test_block_means_equal_a_loop():
    values = np.random.default_rng(0).normal(size=23)
    starts = np.random.default_rng(5).integers(0, 23, (50, 4))
    slow = []
    for row in starts:
        drawn = [values[(start + k) % 23] for start in row for k in range(7)][:23]
        slow.append(sum(drawn) / 23)
    assert block_means(values, 7, 50, seed=5) == pytest.approx(np.array(slow))


def test_block_means_of_several_series_are_those_of_each():
    series = np.random.default_rng(0).normal(size=(3, 40))
    assert block_means(series) == pytest.approx(np.stack([block_means(one) for one in series]))


def test_block_bootstrap_is_wider_than_drawing_days_where_weeks_hang_together(rng):
    weeks = np.repeat(rng.normal(size=60), 7)
    assert block_means(weeks).std() > 1.8 * block_means(weeks, block=1).std()
