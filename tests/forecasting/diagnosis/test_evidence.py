"""What evidence is made of, against slow loops, and all of it gathered once for a small channel."""

import numpy as np
import pandas as pd
import pytest

from forecasting.diagnosis.evidence import gather, gather_in_steps, largest, make_evidence_folds, regret, shift
from forecasting.diagnosis.reference_models import Errors
from forecasting.evaluation.bootstrap import block_places, spread_out
from forecasting.formats import format_views
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.windows import Windows
from tests.forecasting.conftest import make_views


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def errors(rng, days, size, loss="mae") -> Errors:
    signed = rng.normal(0, size, days)
    return Errors(np.abs(signed) if loss == "mae" else signed**2, signed, loss)


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_regret_equals_a_loop(rng, loss):
    own, best = errors(rng, 60, 12, loss), errors(rng, 60, 10, loss)
    found, draws, root = regret(own, best), [], 1 if loss == "mae" else 0.5
    for places in block_places(60, 60):
        means = [sum(each.daily[k] for k in places) / 60 for each in (own, best)]
        draws.append(np.log(means[0] / means[1]))
    daily = own.daily / own.daily.mean() - best.daily / best.daily.mean()
    spread = spread_out(np.array(draws), np.log(own.daily.mean() / best.daily.mean()), daily)
    draws = [np.exp(draw) ** root - 1 for draw in spread]
    assert found.value == pytest.approx(own.size / best.size - 1)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, [0.05, 0.95])))
    assert found.exceeds == pytest.approx(np.mean([draw > 0.07 for draw in draws]))


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_growth_of_level_and_error_alike_is_no_shift(rng, loss):
    own, held_out = errors(rng, 300, 10, loss), errors(rng, 100, 20, loss)
    level = np.full(300, 100.0)
    same, doubled, halved = ({"level": level, "held_out_level": np.full(100, times * 100.0)} for times in (1, 2, 0.5))
    assert shift(own, held_out, **same).exceeds > 0.99
    assert shift(own, held_out, **same).value == pytest.approx(held_out.size / own.size - 1)
    assert shift(own, held_out, **doubled).exceeds < 0.2
    assert shift(own, errors(rng, 100, 10, loss), **halved).exceeds < 0.2  # as many views as ever


def test_short_periods_leave_a_wider_interval(rng):
    own = errors(rng, 300, 10)
    level = np.full(300, 100.0)
    widths = [
        (lambda e: e.high - e.low)(shift(own, errors(rng, days, 10), level=level, held_out_level=np.full(days, 100.0)))
        for days in (300, 30)
    ]
    assert widths[1] > 1.5 * widths[0]


def test_largest_errors_come_worst_first():
    days = pd.date_range("2021-02-08", periods=6)
    windows = Windows(np.zeros((6, 1)), np.array([10, 10, 10, 50, 10, 0.0]), days)
    found = largest(windows, np.array([[10, 11, 10, 10, 10, 9.0], [10, 13, 10, 10, 10, 11.0]]))
    assert [(each.day.day, each.actual, each.predicted) for each in found[:3]] == [
        (11, 50, 10),
        (13, 0, 10),
        (9, 10, 12),
    ]


@pytest.fixture(scope="module")
def channel() -> pd.Series:
    return make_views()


def test_a_whole_run_is_judged(channel, split):
    run = RunSettings(split, Architecture("linear", 1), Training(optimizer="exact"))
    found = gather(Series(channel), run)
    assert found.train == pytest.approx(found.linear_train)
    assert found.tuned is None and np.isnan(found.tuned_train) and np.isnan(found.spread)
    assert found.regret.low > 0.5  # one day cannot see the week
    assert found.best.validation < 300 < 400 < found.validation
    assert (found.train_days, found.held_out_days) == (310, 54)
    assert len(found.largest) == 5 and len(found.drifts) == 4


def test_what_a_run_came_to_is_taken_as_it_is(channel, split):
    run = RunSettings(split, Architecture("linear", 7), Training(optimizer="exact"))
    days = pd.date_range(split.held_out.first, split.held_out.last)
    predicted = channel[days].to_numpy() + np.array([[10.0], [30.0]])
    found = gather(Series(channel), run, train_loss=np.array([100.0, 300.0]), predicted=predicted)
    assert (found.train, found.held_out) == (200, pytest.approx(20))
    assert found.spread == pytest.approx(np.sqrt(2) * 100)


def test_steps_tell_what_came_out_and_how_much_is_done(channel, split):
    run = RunSettings(split, Architecture("linear", 1), Training(epochs=3))
    *steps, last = gather_in_steps(Series(channel), run)
    found = last.found
    shares = [step.share for step in steps]
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] == pytest.approx(1)
    said = [step.said.translated() for step in steps]
    assert len(said) == len(set(said)) == 1 + 6 + 1 + 3 + 5  # the run, references, its validation, trainings, with care
    assert said[0] == f"Held-out error, in views: {format_views(found.held_out)}."
    with_care = [line for line in said if "at a learning rate from" in line]
    assert len(with_care) == 5 and any(line.endswith(f": {format_views(found.tuned_train)}.") for line in with_care)
    assert any(format_views(found.best.validation) in line for line in said[1:7])


def test_days_that_were_filled_in_are_no_evidence(channel, split):
    """As in training: neither a filled day is a target, nor the day after it, whose window ends with it."""
    run = RunSettings(split, Architecture("linear", 7), Training(optimizer="exact"))
    filled = pd.DatetimeIndex(["2020-06-10", "2021-01-20"])
    found = gather(Series(channel, filled), run)
    assert (found.train_days, found.held_out_days) == (308, 52)
    assert not {miss.day for miss in found.largest} & set(filled)
    for fold in make_evidence_folds(Series(channel, filled), run):
        assert not (set(fold.train) | set(fold.validation)) & {filled[0], filled[0] + pd.Timedelta(days=1)}
