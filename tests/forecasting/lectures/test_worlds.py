"""Changing worlds: refits against a loop of scikit-learn, months against a loop, and what each claim answers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from forecasting.lectures.learning_curves import Experiment, LearningCurve
from forecasting.lectures.worlds import (
    World,
    by_month,
    channel_claims,
    differences,
    errors_of,
    largest_day,
    largest_foreseeable,
    last_week,
    network_claims,
    network_runs,
    periods_differ,
    refit,
    split_at,
    world_of,
)
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.split import default_split
from forecasting.windows import make_windows

CHANNELS = 30  # made without an effect
NAMES = ("differ", "refit", "shorter", "foreseeable")


def series(views: np.ndarray) -> Series:
    return Series(pd.Series(np.asarray(views, float), pd.date_range("2019-01-01", periods=len(views))))


def made(views: np.ndarray) -> World:
    channel = series(views)
    return world_of(channel, default_split(channel.views))


def answers(views: np.ndarray) -> dict[str, str]:
    channel = series(views)
    found = channel_claims(channel, default_split(channel.views))
    return dict(zip(NAMES, (claim.answer for claim in found), strict=True))


def stationary(days: int, seed: int, correlation: float = 0.6) -> np.ndarray:
    """A week, a year and noise whose neighbours correlate."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(days)
    for day in range(1, days):
        noise[day] = correlation * noise[day - 1] + rng.normal(0, 0.1)
    week = np.array([0.05, 0.02, 0.0, 0.0, -0.1, -0.15, 0.1])[np.arange(days) % 7]
    return 2000 * np.exp(week + 0.15 * np.sin(2 * np.pi * (np.arange(days) / 365.25 + rng.uniform())) + noise)


def test_a_line_fitted_once_equals_scikit_learns():
    world = made(stationary(500, 0))
    oracle = LinearRegression().fit(world.train.inputs, world.train.targets)
    np.testing.assert_allclose(refit(world, every=0), oracle.predict(world.held_out.inputs), rtol=1e-4)


@pytest.mark.parametrize("every, history", [(7, 0), (28, 120), (7, 91)])
def test_refits_equal_a_loop_over_the_days(every, history):
    views = stationary(420, 1)
    views[[250, 390]] = np.nan
    world = made(views)
    both, first = world.windows, world.held_out.days[0]
    slow, model = [], LinearRegression().fit(world.train.inputs, world.train.targets)
    for day, inputs in zip(world.held_out.days, world.held_out.inputs, strict=True):
        turn = first + pd.Timedelta(days=(day - first).days // every * every)
        turn = min(known for known in world.held_out.days if known >= turn)  # the first day that has a window
        kept = both.days < turn
        if history:
            kept &= both.days >= turn - pd.Timedelta(days=history)
        if kept.sum() >= 58:
            model = LinearRegression().fit(both.inputs[kept], both.targets[kept])
        slow.append(model.predict(inputs[None])[0])
    np.testing.assert_allclose(refit(world, every=every, history=history), slow, rtol=2e-3)


def test_a_refit_knows_nothing_of_later_days():
    views = stationary(500, 2)
    changed = views.copy()
    changed[-30:] *= 3
    before, after = (refit(made(each), every=7, history=182) for each in (views, changed))
    np.testing.assert_array_equal(before[:-30], after[:-30])


def test_errors_by_month_equal_a_loop():
    world = made(stationary(500, 3))
    predictions = [refit(world, every=0), last_week(world)]
    found = by_month(world, predictions)
    for row, predicted in zip(found.errors, predictions, strict=True):
        errors = errors_of(world, predicted)
        np.testing.assert_allclose(row, [errors[begin : begin + 28].mean() for begin in range(0, len(errors), 28)])
    np.testing.assert_array_equal(found.begins, np.arange(0, len(world.held_out), 28))


def test_a_border_trains_on_all_before_and_holds_out_a_year_at_most():
    channel = series(stationary(1200, 0))
    border = pd.Timestamp("2020-06-01").date()
    split = split_at(channel, border)
    assert (str(split.train), str(split.held_out)) == ("2019-01-01:2020-05-31", "2020-06-01:2021-05-31")


def test_the_samples_figures():
    channel = sample_channel().series
    split = default_split(channel.views)
    found = dict(zip(NAMES, channel_claims(channel, split), strict=True))
    assert found["refit"].answer in ("cannot tell", "does not hold here")
    world = world_of(channel, split)
    losses = [errors_of(world, refit(world, every=days)).mean() for days in (0, 7)]
    assert abs(losses[0] - losses[1]) < 0.01 * losses[0]


def test_nothing_holds_where_nothing_changes():
    found = pd.DataFrame([answers(stationary(730, seed)) for seed in range(CHANNELS)]) == "holds"
    assert (found[["differ", "refit", "shorter"]].sum() <= 3).all()  # 5 % expected at most, with room for 30 channels


def test_a_season_that_comes_every_year_is_no_drift():
    at = np.arange(900)
    views = 2000 * np.exp(0.5 * np.sin(2 * np.pi * at / 364) + np.random.default_rng(0).normal(0, 0.1, 900))
    assert periods_differ(made(views)).answer != "holds"


def test_the_level_is_compared_with_the_same_weekday_a_year_before():
    views = stationary(500, 5)
    world = made(views)
    first = 56 + 364  # before it no training target is a year old
    apart = np.log1p(views[first:]) - np.log1p(views[56 : 500 - 364])
    assert first > 500 - len(world.held_out)
    level, *_others = differences(world)
    assert level.effect == pytest.approx(np.expm1(apart.mean()))


def test_larger_errors_are_found_and_as_large_ones_are_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, 900)
    border = 900 - len(made(1000 * np.exp(noise)).held_out)
    noise[border:] *= 3
    _level, _week, larger = differences(made(1000 * np.exp(noise)))
    assert (larger.answer, larger.effect > 1) == ("holds", True)


def test_without_a_year_before_a_level_cannot_be_told():
    views = np.r_[stationary(240, 0), 2 * stationary(60, 1)]
    level, *_others = differences(made(views))
    assert level.answer == "cannot tell"


@pytest.mark.parametrize("seed", range(3))
def test_another_level_and_another_week_are_found(seed):
    views = stationary(900, seed)
    border = 900 - len(made(views).held_out)
    higher, turned = views.copy(), views.copy()
    higher[border:] *= 1.6
    turned[border:] = np.roll(turned, 3)[border:] * np.where(np.arange(900) % 7 > 4, 1.5, 1)[border:]
    assert periods_differ(made(higher)).answer == "holds"
    assert [one.answer for one in differences(made(turned)) if one.name == "week"] == ["holds"]


def test_periods_of_one_and_the_same_week_do_not_differ():
    week = 1000 * np.tile([1.0, 1.1, 1.2, 1.1, 1.0, 0.8, 0.9], 150)
    calm = week * np.exp(np.random.default_rng(0).normal(0, 0.01, len(week)))
    assert periods_differ(made(calm)).answer in ("does not hold here", "cannot tell")


@pytest.mark.parametrize("seed", range(3))
def test_after_a_change_of_the_world_fitting_anew_and_a_short_history_help(seed):
    noise = np.random.default_rng(seed).normal(0, 0.05, 1400)
    for day in range(1, 1400):  # each day first follows the one before, later it turns away from it
        noise[day] += noise[day - 1] * (0.9 if day < 800 else -0.9)
    found = answers(2000 * np.exp(noise))
    assert (found["refit"], found["shorter"]) == ("holds", "holds")


def test_a_longer_history_is_better_where_nothing_changes():
    assert answers(stationary(1461, 0))["shorter"] in ("does not hold here", "cannot tell")


def test_a_weekly_peak_is_foreseeable_and_a_viral_day_is_not():
    rng = np.random.default_rng(0)
    peaks = 1000 + 800 * (np.arange(500) % 7 == 3) + rng.normal(0, 20, 500)
    assert answers(peaks)["foreseeable"] == "holds"
    peaks[-20] *= 6
    assert answers(peaks)["foreseeable"] == "does not hold here"


def test_a_largest_day_that_was_predicted_far_too_high_was_not_foreseen():
    world = made(stationary(500, 4))
    day = largest_day(world, refit(world, every=0))
    rise = day.actual - day.usual
    for share, answer in ((1.4, "holds"), (0.6, "holds"), (1.6, "does not hold here"), (0.4, "does not hold here")):
        predicted = np.full(len(world.held_out), day.usual + share * rise)
        assert largest_foreseeable(world, predicted).answer == answer


def test_the_largest_day_stands_beside_the_usual_of_eight_weeks():
    world = made(stationary(500, 4))
    predicted = refit(world, every=0)
    place = int(np.argmax(world.held_out.targets))
    found = largest_day(world, predicted)
    views = stationary(500, 4)
    at = 500 - len(world.held_out) + place
    assert (found.actual, found.usual) == (views[at], np.median(views[at - 56 : at]))
    assert found.foreseen == pytest.approx((predicted[place] - found.usual) / (views[at] - found.usual))


@pytest.mark.parametrize(
    "views", [np.full(400, 7.0), np.zeros(400), np.ones(28), np.arange(90.0), np.r_[np.zeros(300), 5, np.zeros(99)]]
)
def test_short_and_constant_channels_raise_nothing(views):
    found = answers(views)
    assert "holds" not in (found["refit"], found["shorter"], found["differ"])
    if len(views) < 100:
        assert set(found.values()) == {"cannot tell"}


def test_networks_are_judged_on_the_same_days():
    channel = series(stationary(600, 0))
    once, shorter, *months = network_runs(channel, default_split(channel.views), 365)
    days = [make_windows(channel, run.split.held_out, 28).days for run in (once, *months)]
    assert list(days[0]) == [day for month in days[1:] for day in month]
    assert all(month.split.train.last < month.split.held_out.first for month in months)
    assert shorter.regularisation.train_days == 365


def test_networks_that_err_less_when_trained_anew_are_found():
    rng = np.random.default_rng(0)

    def curve(level: float, days: int) -> LearningCurve:
        errors = np.abs(rng.normal(0, level, (5, days)))
        return LearningCurve(np.ones(1), np.ones(1), errors, seeded=True)

    trained = Experiment((curve(100, 84), curve(100, 84), *(curve(50, 28) for _month in range(3))))
    refitted, shorter = network_claims(trained, 365)
    assert (refitted.answer, shorter.answer) == ("holds", "cannot tell")


def test_a_history_is_the_last_days_or_all_where_those_are_too_few():
    views = stationary(600, 0)
    world = made(views)
    assert [len(world.last(days).train) for days in (0, 91, 365)] == [len(world.train), 91, 365]
    assert (world.last(91).held_out.days == world.held_out.days).all()
    views[400:480] = np.nan
    holed = made(views)
    assert len(holed.last(91).train) == len(holed.train)
