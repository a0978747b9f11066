"""Batches against torch.optim and enumeration, the closed form against descent, and each claim's answers."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch

from forecasting.lectures import batches
from forecasting.lectures.batches import DAYS, STARTS, Examples, Setup, both_ways, d2l, days
from forecasting.lectures.paths import descend
from forecasting.messages import BadInput
from forecasting.series import Series
from forecasting.split import default_split

START = (-0.5, -0.8)


def few(count: int = 20, seed: int = 0, noise: float = 0.5) -> Examples:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    return Examples(np.column_stack([x, np.ones(count)]), 0.7 * x + 0.2 + noise * rng.normal(size=count))


def channel(views: np.ndarray) -> Series:
    return Series(pd.Series(np.asarray(views, float), pd.date_range("2020-01-01", periods=len(views))))


def test_the_formula_equals_least_squares():
    examples = few()
    np.testing.assert_allclose(examples.optimum, np.linalg.lstsq(examples.design, examples.targets)[0], rtol=1e-10)


def test_the_surface_equals_broadcasting():
    examples = few()
    land = batches.landscape(examples, START)
    at = np.stack(np.meshgrid(land.firsts, land.seconds), axis=-1)
    slow = ((at @ examples.design.T - examples.targets) ** 2).mean(axis=-1)
    np.testing.assert_allclose(land.heights, slow, rtol=1e-9)
    assert land.firsts[0] < START[0] and land.seconds[0] < START[1]


@pytest.mark.parametrize("batch", [1, 3, 7, 20])
def test_paths_equal_torch(batch):
    examples = few()
    paths = batches.batch_paths(examples, START, batch=batch, rate=0.05, epochs=2, seeds=2)
    x, y = torch.tensor(examples.design), torch.tensor(examples.targets)
    for seed, path in enumerate(paths):
        at = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([at], lr=0.05)
        stream, points = np.random.default_rng(seed), iter(path[1:])
        for _epoch in range(2):
            for chosen in torch.tensor(stream.permutation(20)).split(batch):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(x[chosen] @ at, y[chosen]).backward()
                optimizer.step()
                np.testing.assert_allclose(next(points), at.detach().numpy(), rtol=1e-9)
        assert next(points, None) is None


def test_a_seed_goes_the_same_way_alone_or_among_others():
    alone = batches.batch_paths(few(), START, batch=4, rate=0.05, epochs=3, seeds=1)
    among = batches.batch_paths(few(), START, batch=4, rate=0.05, epochs=3, seeds=5)
    np.testing.assert_allclose(alone[0], among[0], rtol=1e-12)


@pytest.mark.parametrize("rate", [0.05, 0.9, 3.0])
def test_the_closed_form_equals_descent(rate):
    examples = few()
    slow = descend(lambda at: examples.gradients(at).mean(axis=0), np.array(START), rate=rate, updates=30)
    np.testing.assert_allclose(batches.full_path(examples, START, rate=rate, updates=30), slow, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("batch", [1, 2, 4, 6])
def test_noise_equals_the_enumeration_of_all_batches(batch):
    examples, at = few(6), np.array(START)
    each = examples.gradients(at)
    means = np.array([each[list(chosen)].mean(axis=0) for chosen in combinations(range(6), batch)])
    np.testing.assert_allclose(batches.exact_noise(examples, at, batch), np.cov(means.T, bias=True), atol=1e-12)


def test_drawn_batches_hold_different_examples():
    gradients = batches.batch_gradients(few(), np.array(START), DAYS, draws=50)
    np.testing.assert_allclose(gradients, np.tile(few().gradients(np.array(START)).mean(axis=0), (50, 1)))


def test_the_ellipse_is_two_standard_deviations_wide():
    points = batches.ellipse(np.array([1.0, 2.0]), np.diag([4.0, 0.25]))
    np.testing.assert_allclose(np.ptp(points, axis=0), [8, 2], rtol=1e-6)
    np.testing.assert_allclose(((points - [1, 2]) ** 2 / [16, 1]).sum(axis=1), 1)


# Claims


@pytest.mark.parametrize(
    ("batch", "rate", "answer"), [(1, 0.01, "holds"), (1, 0.3, "does not hold here"), (20, 0.01, "cannot tell")]
)
def test_batches_arrive_or_bounce_or_are_on_their_way(batch, rate, answer):
    arrived, *_others = both_ways(few(), Setup("days", batch=batch, rate=rate, epochs=15, start=START)).claims
    assert arrived.answer == answer


def test_a_path_that_runs_away_is_said_to():
    setup = Setup("days", batch=1, rate=50.0, epochs=15, start=START)
    arrived, nearer, _noise = both_ways(few(), setup).claims
    assert {arrived.answer, nearer.answer} == {"does not hold here"}
    assert "runs away" in arrived.sentence.translated()


@pytest.mark.parametrize(
    ("batch", "rate", "noise", "answer"),
    [
        (1, 0.03, 0.5, "holds"),
        (1, 0.3, 0.5, "cannot tell"),
        (1, 0.3, 2.0, "does not hold here"),
        (20, 0.03, 0.5, "does not hold here"),
    ],
)
def test_small_batches_are_nearer_where_rate_and_noise_are_small(batch, rate, noise, answer):
    assert batches.is_nearer(few(noise=noise), START, batch=batch, rate=rate).answer == answer


def test_noise_follows_the_formula_and_would_not_with_replacement(monkeypatch):
    examples, at = few(), np.array(START)
    assert batches.noise_follows(examples, at).answer == "holds"
    with_replacement = np.random.default_rng(0).integers(0, 20, (batches.DRAWS, DAYS))
    monkeypatch.setattr(batches, "_batch_places", lambda _count, _draws: with_replacement)
    assert batches.noise_follows(examples, at).answer == "does not hold here"


# Data


def test_d2l_ends_at_its_true_weights_after_three_epochs():
    setup = Setup("d2l", batch=10, rate=0.03, epochs=3, start=STARTS["d2l"])
    ways = both_ways(d2l(), setup)
    np.testing.assert_allclose(ways.paths[:, -1].mean(axis=0), [2, -3.4], atol=2e-3)
    assert [claim.answer for claim in ways.claims] == ["holds"] * 3


def test_days_are_spread_over_the_period_and_standardised():
    series = channel(np.random.default_rng(0).poisson(1000, 500))
    examples = days(series, default_split(series.views).train)
    assert examples.design.shape == (20, 2)
    np.testing.assert_allclose([examples.targets.mean(), examples.targets.std()], [0, 1], atol=1e-12)
    assert examples.optimum[0] == pytest.approx(np.corrcoef(examples.design[:, 0], examples.targets)[0, 1])


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (np.full(400, 7.0), "All days have the same views"),
        (np.arange(90), "There are 16 training days; this experiment needs 20"),
        (np.arange(40), "at least 57"),
    ],
)
def test_a_channel_without_enough_to_learn_says_so(views, said):
    series = channel(views)
    with pytest.raises(BadInput, match=said):
        days(series, default_split(series.views).train)
