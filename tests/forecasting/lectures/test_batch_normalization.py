"""Scaling and batch normalization: updates against the path itself, the line against numpy, each claim's answers."""

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures import batch_normalization as lecture
from forecasting.lectures.batch_normalization import (
    BATCHES,
    GOAL,
    NEAR,
    NORMS,
    RATES,
    START,
    WINDOW,
    by_norm,
    channel_claims,
    channel_line,
    condition_number,
    fails,
    format_count,
    norm_runs,
    raw_needs_more,
    toy_needs_more,
    two_inputs,
    updates_needed,
    widens,
)
from forecasting.lectures.paths import descend, updates_to
from forecasting.series import Series
from forecasting.split import LECTURE, default_split
from forecasting.windows import make_windows

SEEDS, SETS = 5, 60
MEAN = 300.0  # the loss of predicting the mean


@pytest.mark.parametrize(("scale", "rate"), [(1.0, 0.1), (1.0, None), (5.0, None), (5.0, 0.01)])
def test_updates_needed_are_those_of_the_path(scale, rate):
    toy = two_inputs(scale)
    curvatures = np.linalg.eigvalsh(toy.hessian(np.array(START)))
    at_rate = 2 / curvatures.sum() if rate is None else rate
    path = descend(toy.gradient, np.array(START), rate=at_rate, updates=2000)
    assert updates_needed(toy, rate) == updates_to(toy.value(path), GOAL)


def test_a_rate_too_large_never_arrives():
    assert updates_needed(two_inputs(10), 0.1) == np.inf
    assert np.isposinf(lecture.needed_by_scale((10.0, 100.0), 0.1)).all()


def test_the_toy_is_the_mean_square_of_its_inputs():
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], 400_000) * [1, 20]
    target = x @ two_inputs(20).minimum
    at = np.array([0.4, -0.2])
    assert two_inputs(20).value(at) == pytest.approx(((x @ at - target) ** 2).mean() / 2, rel=0.02)


def test_scale_stretches_the_toy():
    assert condition_number(two_inputs(1)) == pytest.approx(1.3 / 0.7)
    assert condition_number(two_inputs(100)) == pytest.approx(1e4 / 0.91, rel=1e-3)
    assert toy_needs_more(100).answer == "holds"
    assert toy_needs_more(1).answer == "does not hold here"


def channel(level: float, days: int = 400, spread: float = 1.0) -> Series:
    """Independent days about a level."""
    views = np.random.default_rng(0).normal(level, spread, days)
    return Series(pd.Series(views, pd.date_range("2020-01-01", periods=days)))


def test_the_line_against_its_normal_equations():
    series = channel(2.0)
    split = default_split(series.views)
    windows = make_windows(series, split.train, WINDOW)
    design = np.column_stack([windows.inputs, np.ones(len(windows))])
    hessian = design.T @ design / len(windows)
    best = np.linalg.solve(hessian, design.T @ windows.targets / len(windows))

    def loss(at):
        return ((at @ design.T - windows.targets) ** 2).mean(axis=-1) / 2

    line = channel_line(series, split)
    curvatures = np.linalg.eigvalsh(hessian)
    assert line.conditions[0] == pytest.approx(curvatures[-1] / curvatures[0], rel=1e-6)
    path = descend(
        lambda at: (at - best) @ hessian,
        np.zeros(WINDOW + 1),
        rate=2 / (curvatures[0] + curvatures[-1]),
        updates=int(line.needed[0]),
    )
    goal = (1 + NEAR) * loss(best)
    assert loss(path[-1]) <= goal < loss(path[-2])


def test_large_views_need_more_updates_raw_and_views_about_zero_do_not():
    for level, spread, answer in ((1e9, 1e8, "holds"), (50.0, 1.0, "holds"), (0.0, 1.0, "does not hold here")):
        series = channel(level, spread=spread)
        found = raw_needs_more(channel_line(series, default_split(series.views)))
        assert found.answer == answer


def made(level: float, width: float, rng: np.random.Generator, spread: float = 0.05) -> np.ndarray:
    """Losses (rates, seeds)."""
    beyond = np.maximum(np.abs(np.log10(RATES) + 2) - width / 2, 0)
    return level * np.exp(beyond[:, None] + rng.normal(0, spread, (len(RATES), SEEDS)))


def test_claims_as_said_and_the_other_way_round():
    rng = np.random.default_rng(0)
    wide, narrow, high = made(100, 2, rng), made(100, 0.5, rng), made(150, 2, rng)
    assert widens(narrow, wide, mean=MEAN).answer == "holds"
    assert widens(wide, narrow, mean=MEAN).answer == "does not hold here"
    assert fails(wide, high).answer == "holds"
    assert fails(high, wide).answer == "does not hold here"


def test_without_an_effect_a_claim_seldom_holds():
    """A one-sided error of 5 % on one claim: more than seven of sixty come once in forty times."""
    held = np.zeros(2)
    for place in range(SETS):
        rng = np.random.default_rng(place)
        pair = made(100, 1, rng), made(100, 1, rng)
        held += [widens(*pair, mean=MEAN).answer == "holds", fails(*pair).answer == "holds"]
    assert held.max() <= 7


def test_runs_are_in_the_order_in_which_losses_are_read():
    runs = norm_runs(LECTURE)
    places = by_norm(np.arange(len(runs), dtype=float)[:, None])
    for norm, batch, rate in ((False, 2, 1e-4), (True, 8, 0.1), (True, 64, 1.0)):
        at = places[NORMS.index(norm), BATCHES.index(batch), RATES.index(rate), 0]
        found = runs[int(at)]
        assert (found.regularisation.batch_norm, found.training.batch_size, found.training.learning_rate) == (
            norm,
            batch,
            rate,
        )


@pytest.mark.parametrize("views", [np.full(400, 7.0), np.zeros(400), np.arange(60.0)])
def test_a_channel_that_cannot_tell_says_why(views):
    series = Series(pd.Series(np.asarray(views, float), pd.date_range("2020-01-01", periods=len(views))))
    found = list(channel_claims(series, default_split(series.views)))
    assert len(found) == 3
    assert all(one.answer == "cannot tell" and one.lacking.translated() for one in found)


def test_huge_numbers_are_readable():
    assert [format_count(count) for count in (1.857, 38226, 4.2e8, np.inf)] == ["1.86", "38,226", "4.2 × 10⁸", "∞"]
