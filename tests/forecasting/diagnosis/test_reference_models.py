"""The cheap runs beside a run: the same target days, and errors by hand."""

import numpy as np
import pandas as pd
import pytest

from forecasting.diagnosis.reference_models import (
    DIVERGED,
    Errors,
    both_periods,
    brief,
    brief_trainings,
    candidates,
    linear,
    long_trainings,
    validate,
)
from forecasting.evaluation.folds import make_folds, target_days
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.windows import Windows


@pytest.fixture
def run(split) -> RunSettings:
    kept = Regularisation(train_days=200, clip=1.0, weight_decay=0.1, validation=0.2, patience=3)
    return RunSettings(split, Architecture("relu", 14, 2, 8, horizon=2), Training("mse"), regularisation=kept)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_errors_equal_a_loop(loss):
    rng = np.random.default_rng(0)
    windows = Windows(np.zeros((5, 3)), rng.normal(size=(5, 2)), pd.date_range("2020-01-01", periods=5))
    predicted = rng.normal(size=(4, 5, 2))
    found = Errors.of(predicted, windows, loss)
    for day in range(5):
        misses = [predicted[s, day, h] - windows.targets[day, h] for s in range(4) for h in range(2)]
        assert found.signed[day] == pytest.approx(sum(misses) / 8)
        assert found.daily[day] == pytest.approx(sum(abs(m) if loss == "mae" else m * m for m in misses) / 8)
    mean = found.daily.mean()
    assert found.size == pytest.approx(mean if loss == "mae" else mean**0.5)


def test_a_prediction_that_left_the_numbers_is_a_huge_error():
    windows = Windows(np.zeros((2, 1)), np.zeros(2), pd.date_range("2020-01-01", periods=2))
    assert Errors.of(np.array([[np.nan, 1.0]]), windows, "mae").daily == pytest.approx([DIVERGED, 1])


def test_references_share_days_loss_and_horizon(run):
    for other in [*candidates(run).values(), linear(run, 14, run.inputs), *brief_trainings(run, 200)]:
        assert other.split == run.split
        assert (other.training.loss, other.architecture.horizon) == ("mse", 2)
        assert other.regularisation.train_days == 200


def test_care_keeps_the_model_and_what_holds_it_back(run):
    careful = brief_trainings(run, windows=320)
    assert {one.architecture for one in careful} == {run.architecture}
    assert {one.regularisation for one in careful} == {Regularisation(train_days=200, weight_decay=0.1)}
    assert brief(run).training.seeds == 2


@pytest.mark.parametrize("family", ["linear", "relu", "sigmoid", "hard-sigmoid"])
def test_every_family_trained_by_steps_is_tried_at_several_rates(split, family):
    careful = brief_trainings(RunSettings(split, Architecture(family, 7)), windows=320)
    assert [one.training.learning_rate for one in careful] == [0.003, 0.01, 0.03]
    assert {one.training.epochs for one in careful} == {50}  # 10 updates an epoch, 500 in all
    assert {one.training.epochs for one in brief_trainings(careful[0], windows=32_000)} == {15}


def test_what_is_solved_at_once_is_not_trained_with_care(run):
    assert not brief_trainings(linear(run, 7, Inputs()), 320)
    assert not long_trainings({}, 320)


def test_rates_that_came_furthest_are_trained_longer(run):
    losses = dict(zip(brief_trainings(run, 320), [9.0, 7.0, 8.0], strict=True))
    longer = [one.training for one in long_trainings(losses, 320)]
    assert [(one.learning_rate, one.epochs) for one in longer] == [(0.01, 150), (0.03, 150)]


def test_validation_equals_least_squares_by_hand(views, split):
    run = RunSettings(split, Architecture("linear", 7), Training("mse", "exact"))
    folds = make_folds(target_days(Series(views), [run]), "blocked", 3, gap=7)
    found = validate(Series(views), run, folds)
    lags = pd.concat([views.shift(k) for k in range(1, 8)], axis=1).assign(one=1.0)
    errors = []
    for fold in folds:
        weights, *_ = np.linalg.lstsq(lags.loc[fold.train].to_numpy(), views[fold.train].to_numpy(), rcond=None)
        errors.append(lags.loc[fold.validation].to_numpy() @ weights - views[fold.validation].to_numpy())
    assert found.signed == pytest.approx(np.concatenate(errors), abs=0.5)
    train, held_out = both_periods(Series(views), run)
    assert (train, held_out) == pytest.approx((242.6, 207.2), abs=0.5)  # the noise is 200


def test_what_was_filled_in_has_no_say(views, split):
    """One day of input sees nothing of a day that is neither target nor the day before one."""
    run, wild = RunSettings(split, Architecture("linear", 1), Training("mse", "exact")), views.copy()
    filled = pd.DatetimeIndex(["2020-07-10", "2021-01-10"])
    wild[filled] = 1e6
    assert both_periods(Series(wild, filled), run) == pytest.approx(both_periods(Series(views, filled), run))
    every = make_folds(target_days(Series(views), [run]), "blocked", 3, gap=7)
    calm = [validate(Series(some, filled), run, every) for some in (wild, views)]
    assert calm[0].size == pytest.approx(calm[1].size) and len(calm[0].daily) == len(calm[1].daily)
    assert validate(Series(wild), run, every).size > 10 * calm[0].size
