"""Ranking models by folds: losses against least squares by hand, and no more said than the days allow."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.bootstrap import block_means, spread_out
from forecasting.evaluation.cross_validation import EXAMPLE, OptimismBias, Ranking, usual_models
from forecasting.evaluation.fold_training import over_seeds, rank
from forecasting.evaluation.folds import safe_folds
from forecasting.evaluation.wording import winner
from forecasting.json_records import from_json, to_json
from forecasting.messages import BadInput
from forecasting.series import Channel, Correction
from forecasting.settings import Architecture, RunSettings, Training


def exact(split, window: int) -> RunSettings:
    return RunSettings(split, Architecture("linear", window), Training("mse", "exact"))


@pytest.fixture
def channel(views) -> Channel:
    return Channel("mine", views)


@pytest.fixture
def models(split) -> list[RunSettings]:
    return [exact(split, 1), exact(split, 7)]


def by_hand(views, window: int, train: pd.DatetimeIndex, judged: pd.DatetimeIndex) -> np.ndarray:
    """Errors of least squares on `judged`, by numpy."""
    lags = pd.concat([views.shift(k) for k in range(1, window + 1)], axis=1).assign(one=1.0)
    weights, *_ = np.linalg.lstsq(lags.loc[train].to_numpy(), views[train].to_numpy(), rcond=None)
    return lags.loc[judged].to_numpy() @ weights - views[judged].to_numpy()


@pytest.mark.parametrize("kind", ["blocked", "rolling", "random"])
def test_ranking_equals_least_squares_by_hand(channel, models, split, kind):
    views, cuts = channel.views, safe_folds(channel.series, models, kind=kind, folds=3)
    *_before, (share, known) = rank(channel.series, models, kind, folds=3)
    judged = sorted(day for cut in cuts for day in cut.validation)
    for place, window in enumerate((1, 7)):
        found = {}
        for fold, cut in enumerate(cuts):
            errors = by_hand(views, window, cut.train, cut.validation)
            assert known.validation[place, fold] == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-4)
            found |= dict(zip(cut.validation, errors, strict=True))
        assert known.errors[place] == pytest.approx([abs(found[day]) for day in judged], abs=0.5)
        period = slice(str(split.train.first), str(split.train.last))
        train, held_out = views[period].index[56:], views[str(split.held_out.first) : str(split.held_out.last)].index
        last = by_hand(views, window, train, held_out)
        assert known.held_out[place] == pytest.approx(np.sqrt((last**2).mean()), rel=1e-4)
    for fold, cut in enumerate(cuts):
        week = views[cut.validation].to_numpy() - views.shift(7)[cut.validation].to_numpy()
        assert known.baseline[fold] == pytest.approx(np.sqrt((week**2).mean()))
    assert share == 1.0 and known.judged
    assert known.order == [1, 0]


def test_order_is_that_of_the_means_over_folds_and_what_left_the_numbers_comes_last():
    table = np.array([[0.2, 0.4, 0.3], [0.4, 0.5, 0.6], [0.4, 0.5, 0.3]])  # the lecture's example
    assert Ranking(table, np.empty(3), np.empty(3), 0.5).means == pytest.approx([0.3, 0.5, 0.4])
    assert Ranking(table, np.empty(3), np.empty(3), 0.5).order == [0, 2, 1]
    table[0, 1] = np.nan
    assert Ranking(table, np.empty(3), np.empty(3), 0.5).order == [2, 1, 0]


def test_losses_come_one_by_one_and_the_held_out_ones_last(channel, models):
    seen = [(share, np.isfinite(known.validation).sum(), np.isfinite(known.held_out).sum())
            for share, known in rank(channel.series, models, "blocked", folds=3)]  # fmt: skip
    shares = np.array([share for share, *_counts in seen])
    assert (np.diff(shares) > 0).all() and shares[-1] == 1
    assert shares[-1] - shares[-3] > shares[1]  # the whole period takes longer than a fold of it
    assert [counts for _share, *counts in seen] == [[k, 0] for k in range(1, 7)] + [[6, 1], [6, 2]]


def test_clear_winner_is_called_one_and_twins_are_not(channel, models, split):
    *_before, (_share, known) = rank(channel.series, models, "blocked", folds=3)
    said = winner(known, ["a day", "a week"]).translated()
    assert said.startswith("Lowest mean error: “a week” (")
    assert "best on 3 of 3 folds. “a week” has a lower error than “a day”" in said
    twins = [
        RunSettings(split, Architecture("relu", 7, 1, 8), Training("mse", epochs=epochs, seeds=3))
        for epochs in (30, 31)
    ]
    *_before, (_share, known) = rank(channel.series, twins, "blocked", folds=3)
    assert "cannot be told apart" in winner(known, ["30", "31"]).translated()


def test_single_seed_of_a_trained_model_claims_nothing(channel, split):
    def trained(epochs: int) -> RunSettings:
        return RunSettings(split, Architecture("relu", 7, 1, 8), Training("mse", epochs=epochs, seeds=1))

    *_before, (_share, known) = rank(channel.series, [trained(1), trained(60)], "blocked", folds=2)
    assert known.order == [1, 0]
    assert "train more seeds" in winner(known, ["short", "long"]).translated()


def test_model_that_leaves_the_numbers_comes_last(channel, split):
    wild = RunSettings(
        split, Architecture("linear", 7), Training("mse", "sgd", learning_rate=10.0, epochs=2000, seeds=2)
    )
    *_before, (_share, known) = rank(channel.series, [wild, exact(split, 1), exact(split, 7)], "blocked", folds=2)
    assert known.order == [2, 1, 0]
    assert from_json(Ranking, to_json(known.rounded())).order == known.order
    with pytest.raises(BadInput, match="Fewer than two models"):
        list(rank(channel.series, [wild, exact(split, 7)], "blocked", folds=2))


def test_filled_days_are_not_judged(channel, models):
    filled = channel.views.index[[100, 200]]
    corrected = replace(
        channel, corrections=(Correction("{count} days", tuple(day.date() for day in filled), option="fill"),)
    )
    *_before, (_share, plain) = rank(channel.series, models, "blocked", folds=2)
    *_before, (_share, known) = rank(corrected.series, models, "blocked", folds=2)
    assert plain.errors.shape[1] - known.errors.shape[1] == 4  # each, and the day after it


def test_models_that_cannot_be_ranked_and_too_few_days(channel, models, split):
    absolute = replace(models[0], training=replace(models[0].training, loss="mae"))
    with pytest.raises(BadInput, match="same split, loss"):
        list(rank(channel.series, [models[1], absolute], "blocked", folds=3))
    with pytest.raises(BadInput, match="too few for 3 folds"):
        list(rank(channel.series, [models[0], exact(split, 200)], "blocked", folds=3))


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_flattery_equals_a_ratio_by_hand(loss):
    rng = np.random.default_rng(0)
    blocked = np.abs(rng.normal(size=400))
    found = OptimismBias.of(blocked, 0.9 * blocked, loss)
    assert (found.share, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    other = np.abs(rng.normal(size=400))
    unlike = OptimismBias.of(blocked, other, loss)
    sizes = [np.mean(e) if loss == "mae" else np.sqrt(np.mean(e**2)) for e in (blocked, other)]
    assert unlike.share == pytest.approx(1 - sizes[1] / sizes[0])
    drawn = [block_means(e) if loss == "mae" else np.sqrt(block_means(e**2)) for e in (blocked, other)]
    ratios = np.array([1 - second / first for first, second in zip(*drawn, strict=True)])
    powers = [e if loss == "mae" else e**2 for e in (blocked, other)]
    daily = powers[1] / powers[1].mean() - powers[0] / powers[0].mean()
    edges = np.quantile(spread_out(ratios, unlike.share, daily), [0.05, 0.95])
    assert (unlike.low, unlike.high) == pytest.approx(tuple(edges))


def test_few_days_have_no_interval_of_flattery():
    errors = np.abs(np.random.default_rng(0).normal(size=(2, 27)))
    found = OptimismBias.of(*errors, "mae")
    assert found.answer == "cannot tell" and np.isnan([found.low, found.high]).all() and np.isfinite(found.share)


def test_random_folds_flatter_a_net_that_learns_by_heart(split):
    """Noise alone around a level that wanders: neighbours tell the level of a day that was left out."""
    steps = np.random.default_rng(0).normal(0, 60, 420).cumsum()
    index = pd.date_range("2020-01-01", periods=420)
    channel = Channel("wanders", pd.Series(5000 + steps, index=index))
    net = RunSettings(split, Architecture("relu", 7, 2, 64), Training(epochs=150, seeds=2, learning_rate=0.01))
    models = [net, exact(split, 1)]
    models[1] = replace(models[1], training=replace(models[1].training, loss="mae"))
    blocked, random = (list(rank(channel.series, models, kind, folds=3))[-1][1] for kind in ("blocked", "random"))
    assert OptimismBias.of(blocked.errors[0], random.errors[0], "mae").low > 0.05


def test_errors_over_seeds():
    errors = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert over_seeds(errors, "mae") == pytest.approx([2, 3])
    assert over_seeds(errors, "mse") == pytest.approx([np.sqrt(5), np.sqrt(10)])


def test_usual_models_and_the_lectures_example(split):
    assert [run.architecture.window for run in usual_models(split)] == [7, 28, 56, 56]
    means = [sum(losses) / 3 for losses in EXAMPLE]
    assert means == pytest.approx([0.3, 0.5, 0.4])
