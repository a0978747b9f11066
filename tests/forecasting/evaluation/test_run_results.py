"""Runs side by side as numbers, against obvious loops."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.charts import full_curve
from forecasting.charts.curves import smoothed
from forecasting.evaluation.run_results import (
    against,
    best_by_validation,
    held_out_days,
    results,
    training_days,
    updates_an_epoch,
)
from forecasting.evaluation.wording import in_a_cell
from forecasting.records import History, Run
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import LECTURE, YEAR_2022

CHANCE = np.random.default_rng(0)


def run(name: str = "a", **parts) -> Run:
    return Run(name, name, "f", RunSettings(YEAR_2022, **parts), "finished", None, 0.0)


def history(epochs: int, seeds: int, validated: bool = False) -> History:
    losses = [CHANCE.uniform(100, 200, (epochs, seeds)) for _period in range(3)]
    validation = CHANCE.uniform(100, 200, (epochs, seeds)) if validated else np.empty((epochs, 0))
    numbers = np.arange(1, epochs + 1)
    return History(numbers, *losses, validation, np.full(epochs, 0.001), numbers / 4)


@pytest.mark.parametrize("over", [1, 2, 5.0, 50])
def test_average_is_a_weighted_mean_of_what_came_before(over: float):
    losses = CHANCE.uniform(1, 9, 40)
    expected = []
    for place in range(len(losses)):
        weights = [(1 - 1 / over) ** (place - before) for before in range(place + 1)]
        expected.append(sum(w * loss for w, loss in zip(weights, losses, strict=False)) / sum(weights))
    assert smoothed(losses, over) == pytest.approx(expected)


def test_average_of_a_level_curve_is_level_from_the_start():
    assert smoothed(np.full(5, 7.0), 20) == pytest.approx([7.0] * 5)


def test_curve_has_range_over_seeds_and_counts_updates():
    several, one = history(4, 3), history(4, 1)
    curve = full_curve(several, 29, 2)
    assert curve["held_out_low"].tolist() == [min(row) for row in several.held_out_loss]
    assert curve["held_out_high"].tolist() == [max(row) for row in several.held_out_loss]
    assert curve["update"].tolist() == [29, 58, 87, 116]
    alone = full_curve(one, 29)
    assert alone[["train_low", "train_high", "held_out_low", "held_out_high"]].isna().all(axis=None)
    assert alone["held_out"].tolist() == one.held_out_loss[:, 0].tolist()


@pytest.mark.parametrize("batch", [0, 1, 64, 10_000])
def test_updates_are_counted_as_batches_are_cut(batch: int):
    channel, settings = sample_channel(), run(training=Training(batch_size=batch)).settings
    targets = sum(str(day.date()) <= "2021-12-31" for day in channel.views.index[56:])
    assert updates_an_epoch(channel.series, settings) == len(range(0, targets, batch or targets))


def test_best_by_validation_lets_every_seed_choose_its_own_epoch():
    known = history(30, 4, validated=True)
    lowest, then = [], []
    for seed in range(4):
        epoch = min(range(30), key=lambda place: known.validation_loss[place, seed])
        lowest.append(known.validation_loss[epoch, seed])
        then.append(known.held_out_loss[epoch, seed])
    assert best_by_validation(known) == pytest.approx((np.mean(lowest), np.mean(then)))
    assert np.isnan(best_by_validation(history(3, 2))).all()


def test_results_follow_the_runs_and_leave_gaps_where_nothing_is_known():
    runs = [run("a"), run("b", training=Training(seeds=1)), run("c")]
    losses = pd.DataFrame(
        {
            "run": ["b", "a"],
            "epochs": [3, 4],
            "train": [50.0, 90.0],
            "held_out": [80.0, 100.0],
            "train_seeds": [np.array([50.0]), np.array([80.0, 100.0])],
            "held_out_seeds": [np.array([80.0]), np.array([95.0, 105.0])],
        }
    )
    found = results(runs, losses, [history(4, 5), history(3, 1), history(0, 0)], weeks=[200.0, 200.0, 200.0]).set_index(
        "run"
    )
    assert found.loc[["a", "b"], "gap"].tolist() == [10.0, 30.0]
    assert found.loc[["a", "b"], "skill"].tolist() == [0.5, 0.6]
    assert found.loc["a", ["held_out_low", "held_out_high", "train_low", "train_high"]].tolist() == [95, 105, 80, 100]
    assert found.loc["b", ["held_out_low", "train_high"]].isna().all()
    assert found.loc["c", ["train", "held_out", "gap", "skill", "held_out_low"]].isna().all()


def test_a_run_is_compared_with_another_and_with_a_baseline():
    views = sample_channel().views
    days = pd.date_range("2022-01-01", "2022-12-31")
    near = pd.DataFrame(views[days].to_numpy()[:, None] + CHANCE.normal(0, 50, (365, 3)), index=days)
    far = pd.DataFrame(views[days].to_numpy()[:, None] + CHANCE.normal(0, 500, (365, 2)), index=days)
    found = against(run("near"), near, run("far"), theirs=far, series=Series(views))
    expected = np.abs(near - views[days].to_numpy()[:, None]).mean(axis=None)
    expected -= np.abs(far - views[days].to_numpy()[:, None]).mean(axis=None)
    assert found.answer == "better"
    assert found.difference == pytest.approx(expected)
    back = against(run("far"), far, run("near"), theirs=near, series=Series(views))
    assert (back.answer, back.difference) == ("worse", pytest.approx(-expected))
    week = np.abs(views.shift(7)[days].to_numpy() - views[days].to_numpy()).mean()
    held = against(run("near"), near, "last-week", theirs=None, series=Series(views))
    assert held.difference == pytest.approx(np.abs(near - views[days].to_numpy()[:, None]).mean(axis=None) - week)
    assert held.enough_seeds  # a baseline needs none
    assert not against(run("near"), near.iloc[:, :1], "last-week", theirs=None, series=Series(views)).enough_seeds
    exact = run("exact", architecture=Architecture("linear"), training=Training(optimizer="exact"))
    assert against(
        exact, near.iloc[:, :1], "last-week", theirs=None, series=Series(views)
    ).enough_seeds  # no seed changes it
    assert against(run("far"), far, exact, theirs=near.iloc[:, :1], series=Series(views)).enough_seeds


def test_days_differ_where_split_window_or_validation_do():
    plain, held = run(), Regularisation(validation=0.2)
    same = [run(training=Training(seeds=2)), run(architecture=Architecture(window=7))]
    assert {held_out_days(one) for one in (plain, *same)} == {held_out_days(plain)}
    assert {training_days(one) for one in (plain, *same)} == {training_days(plain)}
    assert held_out_days(run(regularisation=held)) == held_out_days(plain)
    assert training_days(run(regularisation=held)) != training_days(plain)
    assert held_out_days(run(architecture=Architecture(window=90))) != held_out_days(plain)
    assert held_out_days(replace(plain, settings=RunSettings(LECTURE))) != held_out_days(plain)


@pytest.mark.parametrize(
    ("spread", "seeds", "days", "said"),
    [
        (50, 3, 365, "less ("),
        (500, 3, 365, "cannot tell ("),
        (50, 1, 365, "one seed"),
        (50, 3, 20, "too few days (20)"),
    ],
)
def test_a_cell_says_how_sure_it_is(spread: float, seeds: int, days: int, said: str):
    views = sample_channel().views
    index = pd.date_range("2022-01-01", periods=days)
    real, chance = views[index].to_numpy()[:, None], np.random.default_rng(1)
    mine = pd.DataFrame(real + chance.normal(0, spread, (days, seeds)), index=index)
    other = pd.DataFrame(real + chance.normal(0, 500, (days, seeds)), index=index)
    found = against(run("a"), mine, run("b"), theirs=other, series=Series(views))
    assert said in in_a_cell(found).translated()
