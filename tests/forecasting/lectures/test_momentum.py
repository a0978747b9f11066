"""Momentum: claims where the truth is known by construction, d2l's figures, and steps taken apart."""

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures import momentum
from forecasting.lectures.momentum import Setup
from forecasting.lectures.paths import Momentum, descend
from forecasting.lectures.surfaces import TOYS, quadratic
from forecasting.series import Series
from forecasting.split import default_split
from forecasting.windows import make_windows
from tests.forecasting.conftest import make_views

ELLIPSE = TOYS["ellipse"]


def series_of(values: np.ndarray) -> Series:
    return Series(pd.Series(values, pd.date_range("2020-01-01", periods=len(values)), name="views"))


def answer(values: np.ndarray, **how: object) -> str:
    series = series_of(values)
    return momentum.fewer_on_channel(series, default_split(series.views), **how).answer


def ellipse(condition: float):
    far = 3 * condition**0.5  # as high as along the steep side
    return quadratic([[1 / condition, 0], [0, 1]], minimum=(0, 0), low=(-far, -3), high=(far, 3), start=(-2, -2))


@pytest.mark.parametrize("share, end", [(0.0, (-0.387814, -1673.365109)), (0.5, (0.007188, 0.002553))])
def test_d2ls_figures(share, end):
    """As printed in d2l 12.6, at a rate of 0.6."""
    np.testing.assert_allclose(
        momentum.end(ELLIPSE, ELLIPSE.start, Setup(0.6, share, False), updates=20), end, atol=1e-6
    )


@pytest.mark.parametrize("nesterov", [False, True])
def test_parts_of_a_step_add_up_to_it(nesterov):
    toy, setup = TOYS["plateau"], Setup(0.3, 0.8, nesterov)
    path = descend(toy.gradient, np.array(toy.start), Momentum(0.8, nesterov), rate=0.3, updates=20)
    parts = momentum.parts_of_step(toy, path, setup, update=12)
    assert parts.shape == (12,)
    assert parts.sum() == pytest.approx(np.linalg.norm(path[12] - path[11]))


def test_a_path_that_runs_away_is_cut_and_little_is_shown_after_it():
    ways = momentum.both_ways(ELLIPSE, ELLIPSE.start, Setup(0.6, 0.5, False))
    assert ways.arrived == (np.inf, 9.0)
    assert np.isnan(ways.plain[-1]).all()
    assert ways.shown < 40


def test_plain_descent_stays_in_the_dip_of_the_road_and_momentum_does_not():
    road = TOYS["road"]
    ways = momentum.both_ways(road, road.start, Setup(0.4, 0.9, False))
    assert ways.arrived[0] == np.inf
    assert ways.plain[-1, 0] == pytest.approx(-0.85, abs=0.1)
    assert ways.arrived[1] < 100
    assert ways.shown < 150


def test_momentum_helps_where_the_ellipse_is_long_and_not_where_it_is_round():
    long, round_ = (momentum.sweep(ellipse(condition), 1.0, False) for condition in (100, 1))
    assert momentum.needs_fewer(long, 0.8).answer == "holds"
    assert momentum.needs_fewer(round_, 0.8).answer == "does not hold here"
    assert momentum.needs_fewer(long, 0.0).answer == "does not hold here"
    assert momentum.swings(long).answer == "holds"


def test_too_much_does_not_swing_where_the_rate_is_tiny():
    slow = momentum.sweep(ellipse(1), 1e-4, False)
    assert slow.best == 0.99
    assert momentum.swings(slow).answer == "does not hold here"


def test_the_best_of_the_sweep_is_near_the_exact_one():
    best, rate = momentum.exact_best(ellipse(100))
    assert momentum.sweep(ellipse(100), rate, False).best == pytest.approx(best, abs=0.11)


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_line_at_its_best_rate_needs_what_a_search_over_a_fine_grid_finds(share):
    curvatures, starts = np.array([0.01, 0.3, 1.0]), np.array([[1.0, 1.0, 1.0], [3.0, 0.1, -1.0]])
    taken = []
    for rate in np.linspace(0.2, 2 * (1 + share), 60):
        at, moved, last_above = starts.copy(), np.zeros_like(starts), np.zeros(2)
        goal = 0.01 * (curvatures * at**2).sum(axis=1)
        for update in range(300):
            last_above = np.where((curvatures * at**2).sum(axis=1) > goal, update, last_above)
            moved = share * moved - rate * curvatures * at
            at = at + moved
        taken.append((last_above + 1).mean())
    found = momentum.updates_at_best_rate(curvatures, starts, share, nesterov=False)
    assert found.mean() == pytest.approx(min(taken), rel=0.08)


def test_momentum_on_channels_whose_truth_is_known():
    rng = np.random.default_rng(0)
    walk = 50_000 + np.cumsum(rng.normal(0, 500, 900))  # neighbours alike: a long valley
    noise = 5_000 + rng.normal(0, 500, 900)  # all days apart: a round bowl
    assert answer(walk) == "holds"
    assert answer(noise) == "does not hold here"
    assert answer(noise, share=0.99, nesterov=True) == "does not hold here"


def test_no_false_hold_on_noise():
    held = [answer(5_000 + np.random.default_rng(seed).normal(0, 500, 300)) for seed in range(8)]
    assert "holds" not in held


@pytest.mark.parametrize(
    "values", [np.full(400, 7.0), np.zeros(400), make_views(28).to_numpy(), make_views(90).to_numpy()]
)
def test_a_channel_that_cannot_be_judged_is_told_why(values):
    series = series_of(values)
    (found,) = momentum.channel_claims(series, default_split(series.views))
    assert found.answer == "cannot tell"
    assert found.lacking


def test_surface_of_the_channel_equals_the_loss_of_both_weights(views):
    series = Series(views)
    split = default_split(views)
    toy = momentum.channel_surface(series, split)
    windows = make_windows(series, split.train, 7)
    x = (windows.inputs - windows.inputs.mean()) / windows.inputs.std()
    y = (windows.targets - windows.inputs.mean()) / windows.inputs.std()

    def loss(at):
        return ((at[0] * x[:, 6] + at[1] * x[:, 0] - y) ** 2).mean()

    best = np.array(toy.minimum)
    for at in np.random.default_rng(0).normal(size=(5, 2)):
        assert toy.value(at) - toy.value(best) == pytest.approx(loss(at) - loss(best))
        assert loss(at) > loss(best)
