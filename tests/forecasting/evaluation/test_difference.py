"""The difference of two runs, against a slow loop and on runs whose difference is known."""

import numpy as np
import pytest

from forecasting.evaluation.difference import difference
from forecasting.evaluation.verdict import block_means


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def around(actual, size, seeds, rng):
    return actual + rng.normal(0, size, (seeds, len(actual)))


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_interval_equals_a_slow_loop(rng, loss):
    actual = rng.normal(1000, 50, 60)
    runs = around(actual, 40, 3, rng), around(actual, 60, 2, rng)
    found = difference(actual, *runs, loss)
    starts = np.random.default_rng(0).integers(0, 60, (1000, 9))
    picked = [np.random.default_rng(seed).integers(0, len(run), (len(run), 1000)) for seed, run in enumerate(runs, 1)]
    draws = []
    for draw in range(1000):
        days = [(start + k) % 60 for start in starts[draw] for k in range(7)][:60]
        errors = []
        for run, picks in zip(runs, picked, strict=True):
            misses = [np.abs(run[seed][days] - actual[days]) for seed in picks[:, draw]]
            errors.append(np.mean([m.mean() if loss == "mae" else np.sqrt((m**2).mean()) for m in misses]))
        draws.append(errors[0] - errors[1])
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, [0.05, 0.95])))


def test_clear_winner_either_way_round(rng):
    actual = rng.normal(1000, 50, 200)
    close, far = around(actual, 10, 4, rng), around(actual, 40, 4, rng)
    won, lost = difference(actual, close, far), difference(actual, far, close)
    assert (won.answer, lost.answer) == ("better", "worse")
    assert won.difference == pytest.approx(np.abs(close - actual).mean() - np.abs(far - actual).mean())
    assert won.low < won.difference < won.high < 0
    assert won.sentence("A", "B").translated().startswith("A errs by 23 views less than B (90 % interval ")
    assert lost.sentence("B", "A").translated().startswith("B errs by 23 views more than A (90 % interval ")


def test_runs_alike_are_rarely_told_apart(rng):
    answers = []
    for _draw in range(60):
        actual = rng.normal(size=150)
        answers.append(difference(actual, around(actual, 1, 2, rng), around(actual, 1, 2, rng)).answer)
    assert answers.count("cannot tell") >= 0.8 * 60


def test_a_single_seed_gets_no_claim_unless_no_seed_changes_it(rng):
    actual = rng.normal(1000, 50, 200)
    one, many = around(actual, 10, 1, rng), around(actual, 80, 5, rng)
    unsure = difference(actual, one, many)
    assert unsure.answer == "cannot tell" and np.isnan(unsure.low)
    assert "A single seed" in unsure.sentence("A", "B").translated()
    assert difference(actual, one, many, drawn=(False, True)).answer == "better"


def test_seeds_that_disagree_widen_the_interval(rng):
    actual, noise = np.zeros(100), rng.normal(0, 1, 100)
    steady = np.stack([noise] * 4)
    wild = np.stack([noise * size for size in (0.2, 0.6, 1.4, 1.8)])
    alike, unique_name = difference(actual, steady, steady), difference(actual, wild, steady)
    assert alike.low == alike.high == 0
    assert unique_name.low < -0.2 < 0.2 < unique_name.high
    assert "Cannot tell A and B apart" in unique_name.sentence("A", "B").translated()


def test_a_few_days_are_never_enough(rng):
    actual = rng.normal(size=20)
    assert difference(actual, around(actual, 0.1, 3, rng), around(actual, 9, 3, rng)).answer == "cannot tell"


def test_both_runs_are_drawn_on_the_same_weeks():
    assert (block_means(np.arange(50.0)) == block_means(np.arange(50.0))).all()
