"""Folds against a slow loop over days, the leak that they avoid or show, and cross-validation by hand."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

from forecasting.evaluation.fold_training import cross_validate
from forecasting.evaluation.folds import (
    FEWEST_TRAIN,
    FOLD_KINDS,
    Fold,
    fold_windows,
    leak,
    make_folds,
    safe_folds,
    safe_gap,
    target_days,
    usual_borders,
)
from forecasting.messages import BadInput
from forecasting.models.fitting import build, fit
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training

DAYS = pd.date_range("2020-01-01", periods=100)
HOLES = DAYS.delete([10, 11, 40, 41, 42, 77])


def linear(split, window=7, horizon=1, **training) -> RunSettings:
    chosen = {"loss": "mse", "optimizer": "exact"} | training
    return RunSettings(split, Architecture("linear", window, horizon=horizon), Training(**chosen))


def slow_leak(fold, window, horizon):
    """Day by day: which validation windows share their targets, or any day, with some training window."""
    day = pd.Timedelta(days=1)
    seen = {first + step * day for first in fold.train for step in range(-window, horizon)}
    targets = [any(first + step * day in seen for step in range(horizon)) for first in fold.validation]
    whole = [any(first + step * day in seen for step in range(-window, horizon)) for first in fold.validation]
    return sum(targets) / len(targets), sum(whole) / len(whole)


@pytest.mark.parametrize("days", [DAYS, HOLES], ids=["whole", "holes"])
@pytest.mark.parametrize("kind", FOLD_KINDS)
@pytest.mark.parametrize("gap", [0, 3])
def test_leak_equals_a_slow_loop(days, kind, gap):
    for fold in make_folds(days, kind, 4, gap=gap):
        for window, horizon in ((1, 1), (3, 2)):
            found = leak(fold, window, horizon)
            assert (found.targets, found.days) == pytest.approx(slow_leak(fold, window, horizon))


@pytest.mark.parametrize("days", [DAYS, HOLES], ids=["whole", "holes"])
@pytest.mark.parametrize("kind", ["blocked", "rolling"])
@pytest.mark.parametrize(("window", "horizon"), [(1, 1), (5, 1), (4, 3)])
def test_the_safe_gap_lets_no_day_through_and_one_less_does(days, kind, window, horizon, split):
    gap = safe_gap([linear(split, 2), linear(split, window, horizon)])
    gap = window + horizon - 1 if window > 1 else gap
    assert all(leak(fold, window, horizon).days == 0 for fold in make_folds(days, kind, 4, gap=gap))
    if window > 1:
        assert any(leak(fold, window, horizon).days > 0 for fold in make_folds(DAYS, kind, 4, gap=gap - 1))


def test_random_folds_leak_nearly_everything():
    shares = [leak(fold, 7).targets for fold in make_folds(DAYS, "random", 4)]
    assert min(shares) > 0.9


@pytest.mark.parametrize("folds", [2, 3, 7])
@pytest.mark.parametrize(
    ("kind", "splitter"),
    [
        ("blocked", lambda folds: KFold(folds)),
        ("random", lambda folds: KFold(folds, shuffle=True, random_state=5)),
        ("rolling", lambda folds: TimeSeriesSplit(folds, gap=4)),
    ],
)
def test_folds_equal_those_of_scikit_learn(kind, splitter, folds):
    gap = 4 if kind == "rolling" else 0
    made = make_folds(HOLES, kind, folds, gap=gap, seed=5)
    for fold, (train, validation) in zip(made, splitter(folds).split(HOLES), strict=True):
        assert list(fold.train) == list(HOLES[train])
        assert list(fold.validation) == list(HOLES[validation])


def test_blocked_folds_equal_a_slow_loop():
    folds = make_folds(DAYS, "blocked", 3, gap=5)
    assert [len(fold.validation) for fold in folds] == [34, 33, 33]
    place = 0
    for fold in folds:
        block = range(place, place + len(fold.validation))
        train = [day for k, day in enumerate(DAYS) if all(abs(k - other) > 5 for other in block)]
        assert list(fold.validation) == [DAYS[k] for k in block]
        assert list(fold.train) == train
        place = block.stop


def test_rolling_folds_grow_and_never_look_ahead():
    folds = make_folds(DAYS, "rolling", 4, gap=3)
    sizes = [len(fold.train) for fold in folds]
    assert sizes == sorted(sizes) and len(set(sizes)) == 4
    for fold in folds:
        assert fold.train[0] == DAYS[0]
        assert (fold.validation[0] - fold.train[-1]).days == 4
        assert len(fold.validation) == 20


def test_random_folds_judge_every_day_once_and_differ_by_seed():
    first, again, other = (make_folds(DAYS, "random", 5, seed=seed) for seed in (0, 0, 1))
    judged = sorted(day for fold in first for day in fold.validation)
    assert judged == list(DAYS)
    assert all((a.validation == b.validation).all() for a, b in zip(first, again, strict=True))
    assert any(list(a.validation) != list(b.validation) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(("kind", "borders"), [("blocked", [10, 90]), ("rolling", [20, 40, 95])])
def test_folds_begin_where_their_borders_are(kind, borders):
    folds = make_folds(DAYS, kind, 3, gap=5, borders=[DAYS[place].date() for place in borders])
    starts = [0, *borders] if kind == "blocked" else borders
    for fold, start, end in zip(folds, starts, [*starts[1:], len(DAYS)], strict=True):
        judged = range(start, end)
        assert list(fold.validation) == [DAYS[place] for place in judged]
        far = [place for place in range(len(DAYS)) if all(abs(place - other) > 5 for other in judged)]
        assert list(fold.train) == [DAYS[place] for place in far if kind == "blocked" or place < start]


@pytest.mark.parametrize(("kind", "count"), [("blocked", 3), ("rolling", 4), ("random", 0)])
@pytest.mark.parametrize("days", [DAYS, HOLES], ids=["whole", "holes"])
def test_usual_borders_are_those_of_the_usual_folds(kind, count, days):
    borders = usual_borders(days, kind, 4)
    assert len(borders) == count
    usual, again = make_folds(days, kind, 4, gap=3), make_folds(days, kind, 4, gap=3, borders=borders)
    for one, other in zip(usual, again, strict=True):
        assert list(one.train) == list(other.train) and list(one.validation) == list(other.validation)


@pytest.mark.parametrize("borders", [[0, 50], [50, 50], [50, 500]])
def test_a_border_that_leaves_a_part_empty_is_refused(borders):
    start = DAYS[0].date()
    with pytest.raises(BadInput):
        make_folds(DAYS, "blocked", 3, borders=[start + timedelta(days=days) for days in borders])


@pytest.mark.parametrize(("kind", "folds", "gap"), [("rolling", 5, 90), ("blocked", 2, 60), ("blocked", 1, 0)])
def test_folds_that_cannot_be_made(kind, folds, gap):
    with pytest.raises(BadInput):
        make_folds(DAYS, kind, folds, gap=gap)


def test_all_models_are_judged_on_the_same_days(views, split):
    runs = [linear(split, 7), linear(split, 100)]
    days = target_days(Series(views), runs)
    assert days[0] == views.index[100]
    fold = make_folds(days, "blocked", 3, gap=60)[1]
    parts = [fold_windows(Series(views), run, fold) for run in runs]
    assert (parts[0].held_out.days == parts[1].held_out.days).all()
    assert (parts[0].train.days == parts[1].train.days).all()
    assert parts[0].scaler.mean == pytest.approx(parts[0].train.targets.mean())


@pytest.mark.parametrize(("kind", "folds"), [("blocked", 9), ("rolling", 8), ("random", 9)])
def test_fewer_days_than_folds(kind, folds):
    with pytest.raises(BadInput, match="8 training days have enough known days before them"):
        make_folds(DAYS[:8], kind, folds)


def test_a_fold_that_leaves_less_than_four_weeks_to_learn_from_is_refused(views, split):
    """Gaps leave little: with the days around the middle stretch left out, hardly any remain on its sides."""
    runs = [linear(split, 56)]
    days = target_days(Series(views), runs)
    holes = views.copy()
    holes[days[190] :] = np.nan
    sizes = [len(fold.train) for fold in make_folds(target_days(Series(holes), runs), "blocked", 3, gap=safe_gap(runs))]
    assert 0 < min(sizes) < FEWEST_TRAIN
    with pytest.raises(BadInput, match=f"leave {min(sizes)} days to learn from"):
        safe_folds(Series(holes), runs, kind="blocked", folds=3)
    assert len(safe_folds(Series(holes), [linear(split, 7)], kind="blocked", folds=3)) == 3


def test_days_filled_from_their_neighbours_are_no_targets(views, split):
    filled = views.index[[150, 200]]
    run = linear(split, 7)
    days = target_days(Series(views, filled), [run])
    after = [day + pd.Timedelta(days=1) for day in filled]  # the day before holds a hint at them
    assert set(target_days(Series(views), [run])) - set(days) == {*filled, *after}
    fold = make_folds(target_days(Series(views), [run]), "blocked", 3, gap=7)[0]
    data = fold_windows(Series(views, filled), run, fold)
    assert not {*filled, *after} & {*data.train.days, *data.held_out.days}


def test_cross_validation_equals_least_squares_by_hand(views, split):
    run = linear(split, 7)
    days = target_days(Series(views), [run])
    folds = make_folds(days, "rolling", 3, gap=safe_gap([run]))
    values = views.to_dict()
    for found, fold in zip(cross_validate(Series(views), [run], folds), folds, strict=True):
        rows = {
            name: np.array([[values[day - pd.Timedelta(days=lag)] for lag in range(1, 8)] + [1.0] for day in part])
            for name, part in (("train", fold.train), ("validation", fold.validation))
        }
        weights, *_ = np.linalg.lstsq(rows["train"], views[fold.train].to_numpy(), rcond=None)
        errors = rows["validation"] @ weights - views[fold.validation].to_numpy()
        assert found.validation == pytest.approx([np.sqrt((errors**2).mean())], rel=1e-4)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_daily_errors_make_up_the_loss_over_all_days_ahead(views, split, loss):
    run = linear(split, 7, horizon=3, loss=loss, optimizer="adam", epochs=3, seeds=2)
    fold = make_folds(target_days(Series(views), [run]), "blocked", 3, gap=safe_gap([run]))[0]
    (found,) = cross_validate(Series(views), [run], [fold])
    data, network = fold_windows(Series(views), run, fold), build(run)
    (*_, last) = fit(network, data, run)
    assert found.errors.shape == (2, len(fold.validation))
    assert found.validation == pytest.approx(last.held_out_loss, rel=1e-4)
    assert found.train == pytest.approx(last.train_loss, rel=1e-4)
    sizes = found.errors if loss == "mae" else found.errors**2
    assert sizes.mean(axis=1) == pytest.approx(found.validation if loss == "mae" else found.validation**2)


def test_losses_come_fold_by_fold_and_stop_when_told(views, split):
    runs = [linear(split, 1), linear(split, 7)]
    folds = make_folds(target_days(Series(views), runs), "blocked", 3, gap=7)
    every = list(cross_validate(Series(views), runs, folds))
    assert [(loss.fold, loss.model) for loss in every] == [(f, m) for f in range(3) for m in range(2)]
    means = [np.mean([loss.validation.mean() for loss in every if loss.model == model]) for model in (0, 1)]
    assert means[1] < means[0]  # a week is in the series, and one day cannot see it
    asked = iter([False, True])
    assert len(list(cross_validate(Series(views), runs, folds, stop=lambda: next(asked)))) == 1


def test_early_stopping_is_judged_by_the_weights_it_ends_with(views, split):
    kept = Regularisation(validation=0.2, patience=1)
    run = RunSettings(
        split, Architecture("relu", 7, 1, 8), Training(epochs=12, seeds=1, learning_rate=0.05), regularisation=kept
    )
    fold = make_folds(target_days(Series(views), [run]), "blocked", 3, gap=7)[0]
    (found,) = cross_validate(Series(views), [run], [fold])
    data, network = fold_windows(Series(views), run, fold), build(run)
    rows = list(fit(network, data, run))
    best = np.stack([row.validation_loss for row in rows]).argmin(axis=0)
    assert found.validation == pytest.approx([rows[k].held_out_loss[seed] for seed, k in enumerate(best)], rel=1e-4)


def test_what_cannot_be_ranked_together_is_refused(views, split):
    run = linear(split)
    other = replace(run, training=replace(run.training, loss="mae"))
    fold = Fold(DAYS[60:70], DAYS[80:90])
    with pytest.raises(BadInput, match="same split, loss"):
        list(cross_validate(Series(views), [run, other], [fold]))
