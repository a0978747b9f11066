"""Learning rate: schedules, the toys' facts, each claim's answers on made losses, and the settings of the sweep."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures import learning_rate as lecture
from forecasting.lectures.learning_rate import (
    LARGE,
    METHODS,
    RATES,
    STEPS,
    TINY,
    WARMUP,
    adagrad_bursts,
    beats,
    bounces,
    by_method,
    channel_claims,
    descent,
    forgives,
    left_by_rate,
    rates_of,
    sweep_runs,
    two_rates,
)
from forecasting.lectures.paths import descend
from forecasting.lectures.surfaces import TOYS
from forecasting.series import Series
from forecasting.split import LECTURE, default_split

SEEDS, SETS = 5, 60
MEAN = 300.0  # the loss of predicting the mean
forgiving = partial(forgives, mean=MEAN)


def test_schedules():
    assert rates_of("constant", 0.3, 5).tolist() == [0.3] * 5
    assert rates_of("decay", 0.3, 4) == pytest.approx([0.3, 0.3 / 2**0.5, 0.3 / 3**0.5, 0.15])
    warm = rates_of("warm-up", 0.3)
    assert (warm[0], warm[WARMUP // 2 - 1], warm[WARMUP - 1], warm[-1]) == pytest.approx((0.003, 0.15, 0.3, 0.3))


def test_the_lectures_two_rates_step_by_step():
    toy = TOYS["long ellipse"]
    path = descend(toy.gradient, np.array(toy.start), rate=LARGE, updates=STEPS)[:, 1]
    swung, left = two_rates()
    assert swung == pytest.approx((path[1:] * path[:-1] < 0).mean())
    slow = descend(toy.gradient, np.array(toy.start), rate=TINY, updates=2000)
    assert left == pytest.approx((slow[-1, 0] / toy.start[0]) ** 50, rel=1e-6)
    assert bounces().answer == "holds"


def test_adagrad_bursts_at_a_large_rate_only():
    assert adagrad_bursts(1.0).answer == adagrad_bursts(0.3).answer == "holds"
    assert adagrad_bursts(0.01).answer == "does not hold here"


@pytest.mark.parametrize("method", METHODS)
def test_all_rates_at_once_are_each_by_itself(method):
    left = left_by_rate(method, "decay", (0.001, 0.3), shape="crescent")
    alone = [descent("crescent", method, rate=rate, schedule="decay").distances[-1] for rate in (0.001, 0.3)]
    np.testing.assert_allclose(left, alone, rtol=1e-9)


def test_warm_up_tames_the_first_step_of_rmsprop():
    toy = TOYS["long ellipse"]
    first = [
        np.abs(descent("long ellipse", "rmsprop", rate=0.3, schedule=kind).path[1] - toy.start)
        for kind in ("constant", "warm-up")
    ]
    assert first[0] == pytest.approx([3.0, 3.0], rel=1e-6)
    assert first[1] == pytest.approx([0.03, 0.03], rel=1e-6)


def made(level: float, width: float, rng: np.random.Generator, spread: float = 0.05) -> np.ndarray:
    """Losses (rates, seeds)."""
    beyond = np.maximum(np.abs(np.log10(RATES) + 2) - width / 2, 0)
    return level * np.exp(beyond[:, None] + rng.normal(0, spread, (len(RATES), SEEDS)))


def test_claims_as_said_and_the_other_way_round():
    rng = np.random.default_rng(0)
    good, bad = made(100, 2.0, rng), made(150, 0.5, rng)
    assert [one(bad, good, "adam").answer for one in (beats, forgiving)] == ["holds"] * 2
    assert [one(good, bad, "adam").answer for one in (beats, forgiving)] == ["does not hold here"] * 2


def test_without_an_effect_a_claim_seldom_holds():
    """A one-sided error of 5 % on one claim: more than seven of sixty come once in forty times."""
    held = np.zeros(2)
    for place in range(SETS):
        rng = np.random.default_rng(place)
        pair = made(100, 1, rng), made(100, 1, rng)
        held += [one(*pair, "adam").answer == "holds" for one in (beats, forgiving)]
    assert held.max() <= 7


def test_runs_are_in_the_order_in_which_losses_are_read():
    runs = sweep_runs(LECTURE)
    places = by_method(np.arange(len(runs), dtype=float)[:, None])
    for method, rate in (("sgd", 1e-5), ("rmsprop", 0.3), ("adam", 1.0)):
        found = runs[int(places[METHODS.index(method), RATES.index(rate), 0])].training
        assert (found.optimizer, found.learning_rate) == (method, rate)


@pytest.mark.parametrize("views", [np.full(400, 7.0), np.zeros(400), np.arange(28.0)])
def test_a_channel_that_cannot_tell_says_why(views):
    series = Series(pd.Series(np.asarray(views, float), pd.date_range("2020-01-01", periods=len(views))))
    found = list(channel_claims(series, default_split(series.views)))
    assert [one.name for one in found] == [lecture.BEATS, lecture.FORGIVES]
    assert all(one.answer == "cannot tell" and one.lacking.translated() for one in found)
