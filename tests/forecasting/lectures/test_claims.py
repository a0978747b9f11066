"""The rule for claims: its three answers on made data, and how often it says "holds" where nothing is there."""

import numpy as np
import pytest

from forecasting.lectures.claims import (
    answer_from,
    judge_days,
    judge_draws,
    judge_fact,
    judge_pairs,
    judge_ratios,
    judge_seeds,
)


def errors(level: float, days: int = 365, seed: int = 0) -> np.ndarray:
    return np.abs(np.random.default_rng(seed).normal(level, 0.1 * level, days))


@pytest.mark.parametrize(
    ("better", "worse", "answer"),
    [(80, 100, "holds"), (120, 100, "does not hold here"), (100, 100.0, "does not hold here")],
)
def test_days(better, worse, answer):
    assert judge_days(errors(better, seed=1), errors(worse, seed=2)).answer == answer


def test_a_difference_below_the_margin_is_no_use():
    assert (
        judge_days(errors(99.5), errors(100)).answer == "does not hold here"
    )  # the same noise: an interval of no width
    assert judge_days(errors(97), errors(100)).answer == "holds"


def test_noise_wider_than_the_margin_cannot_be_told():
    rng = np.random.default_rng(0)
    first, second = np.abs(rng.normal(0, 100, (2, 56)))
    assert judge_days(first, second).answer == "cannot tell"


def test_few_days_cannot_be_told_and_say_what_lacks():
    judged = judge_days(errors(50, 27), errors(100, 27))
    assert judged.answer == "cannot tell"
    assert judged.lacking.translated() == "27 days, 28 needed"


def test_few_seeds_cannot_be_told_and_say_what_lacks():
    judged = judge_seeds([1, 1, 1, 1], [2, 2, 2, 2, 2])
    assert judged.answer == "cannot tell"
    assert judged.lacking.translated() == "4 seeds, 5 needed"
    few = np.stack([errors(50, seed=seed) for seed in range(4)])
    assert judge_days(few, errors(100), seeded=(True, False)).lacking.translated() == "4 seeds, 5 needed"


@pytest.mark.parametrize(
    ("better", "worse", "answer"),
    [
        (1.0, 2.0, "holds"),
        (2.0, 1.0, "does not hold here"),
        (1.0, 1.0, "does not hold here"),
        (1.99, 2.0, "cannot tell"),
    ],
)
def test_seeds(better, worse, answer):
    spread = np.linspace(-0.05, 0.05, 6) * (1 if answer != "does not hold here" or better != worse else 0.01)
    assert judge_seeds(better + spread, worse + spread).answer == answer


def test_pairs_see_what_unpaired_seeds_hide():
    start = np.array([1.0, 5.0, 3.0, 8.0, 6.0])
    assert judge_seeds(start, start + 0.5).answer == "cannot tell"
    assert judge_pairs(np.full(5, 0.5) + np.linspace(-0.1, 0.1, 5), margin=0.1).answer == "holds"


def test_draws_and_facts():
    assert judge_draws(np.linspace(1, 2, 100), 1.5, margin=0.5).answer == "holds"
    assert judge_draws(np.linspace(-2, -1, 100), -1.5, margin=0.5).answer == "does not hold here"
    assert (judge_fact(0.009, 0.01).answer, judge_fact(0.011, 0.01).answer) == ("holds", "does not hold here")
    assert judge_fact(float("nan"), 0.01).answer == "does not hold here"


def test_an_interval_that_touches_zero_tells_nothing_of_a_large_effect():
    assert answer_from(10, 0, 20, margin=2) == "cannot tell"


def test_false_holds_are_rare_where_nothing_differs():
    rng = np.random.default_rng(0)
    said = 0
    for _channel in range(200):
        days = rng.normal(100, 30, 140)  # what both share
        first, second = np.abs(days + rng.normal(0, 20, (2, 140)))
        said += judge_days(first, second).answer == "holds"
    assert said / 200 <= 0.05 + 0.03  # one side of a 90 % interval, with room for 200 draws


@pytest.mark.parametrize(
    ("better", "answer"), [(0.5, "holds"), (2.0, "does not hold here"), (1.0, "does not hold here")]
)
def test_ratios(better, answer):
    losses = np.geomspace(1, 1e6, 10)
    judged = judge_ratios(losses, better * losses)
    assert judged.answer == answer
    assert judged.effect == pytest.approx(1 / better)


def test_a_ratio_of_one_rarely_holds():
    rng, said = np.random.default_rng(0), 0
    for _channel in range(200):
        losses = rng.lognormal(0, 1, 20)
        said += judge_ratios(losses, losses * rng.lognormal(0, 0.3, 20)).answer == "holds"
    assert said / 200 <= 0.08
