"""The block bootstrap against slow loops, SciPy's Student t, and series whose correlation is known."""

import numpy as np
import pytest
from scipy.stats import t as student

from forecasting.evaluation.bootstrap import (
    autocorrelation,
    block_length,
    block_means,
    block_places,
    enough_blocks,
    independent_blocks,
    share_within_blocks,
    spread_out,
)
from forecasting.typical_range import WEEK


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def autoregression(rng, correlation: float, days: int) -> np.ndarray:
    """A stationary series of variance 1 (days,) whose neighbours have this correlation."""
    values, noise = [rng.normal()], rng.normal(0, np.sqrt(1 - correlation**2), days)
    for step in noise[1:]:
        values.append(correlation * values[-1] + step)
    return np.array(values)


def test_a_block_is_whole_weeks_and_no_shorter_than_the_horizon():
    assert [block_length(ahead) for ahead in (1, 7, 8, 28, 90)] == [7, 7, 14, 28, 91]


@pytest.mark.parametrize("length", [23, 45])
def test_places_equal_a_loop(length):
    starts = np.random.default_rng(5).integers(0, 30, (50, -(-length // 7)))
    slow = [[(start + k) % 30 for start in row for k in range(7)][:length] for row in starts]
    assert (block_places(30, length, 7, draws=50, seed=5) == np.array(slow)).all()


def test_block_means_equal_a_loop():
    values = np.random.default_rng(0).normal(size=23)
    starts = np.random.default_rng(5).integers(0, 23, (50, 4))
    slow = []
    for row in starts:
        drawn = [values[(start + k) % 23] for start in row for k in range(7)][:23]
        slow.append(sum(drawn) / 23)
    assert block_means(values, 7, 50, seed=5) == pytest.approx(np.array(slow))


def test_block_means_of_several_series_are_those_of_each():
    series = np.random.default_rng(0).normal(size=(3, 40))
    assert block_means(series) == pytest.approx(np.stack([block_means(one) for one in series]))


def test_blocks_are_wider_than_days_where_weeks_hang_together(rng):
    weeks = np.repeat(rng.normal(size=60), 7)
    assert block_means(weeks).std() > 1.8 * block_means(weeks, block=1).std()


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.8])
def test_autocorrelation_is_found_on_average_also_in_few_days(rng, correlation):
    found = [autocorrelation(autoregression(rng, correlation, 60)) for _draw in range(400)]
    assert np.mean(found) == pytest.approx(max(correlation, 0.06), abs=0.04)  # below 0 counts as 0


def test_what_never_varies_or_turns_every_day_has_no_autocorrelation():
    assert autocorrelation(np.full(40, 3.3)) == autocorrelation(np.zeros(40)) == autocorrelation(np.ones(1)) == 0.0
    assert autocorrelation(np.tile([1.0, -1.0], 30)) == 0.0


@pytest.mark.parametrize(("correlation", "block"), [(0.0, 7), (0.5, 7), (0.8, 7), (0.8, 28)])
def test_share_within_blocks_is_that_of_the_variance_of_block_means(correlation, block):
    cases = np.arange(block)
    covariances = correlation ** np.abs(cases[:, None] - cases)
    of_blocks = covariances.sum() / block  # times the number of days, the variance of a mean of independent blocks
    many = np.arange(-3000, 3001)
    assert share_within_blocks(correlation, block) == pytest.approx(of_blocks / (correlation ** np.abs(many)).sum())


def test_correlated_days_are_worth_fewer_blocks(rng):
    free, bound = (autoregression(rng, correlation, 280) for correlation in (0.0, 0.8))
    assert 38 < independent_blocks(free) <= 40
    assert 8 < independent_blocks(bound) < 25


def test_four_blocks_are_needed_and_three_that_are_independent(rng):
    assert enough_blocks(rng.normal(size=28)) and not enough_blocks(rng.normal(size=27))
    assert not enough_blocks(rng.normal(size=100), block=28)
    assert not enough_blocks(np.arange(60.0))  # a single drift


def test_spread_draws_have_the_tails_of_student(rng):
    values = np.tile([1.0, -1.0], 21)  # six weeks that no lag connects
    draws = 5 + rng.normal(size=200_000)
    edges = np.quantile(spread_out(draws, 5.0, values), [0.005, 0.05, 0.95, 0.995])
    assert edges == pytest.approx(5 + np.sqrt(6 / 5) * student.ppf([0.005, 0.05, 0.95, 0.995], 5), abs=0.06)


def test_spread_draws_make_up_for_the_correlation_beyond_a_block():
    """In the long run the variance of draws is that of the mean, (1 + r) / (1 - r) / days."""
    values = autoregression(np.random.default_rng(1), 0.8, 10_000)[None].ravel()
    draws = block_means(values, draws=500)
    assert draws.std() < 0.75 * np.sqrt(9 / 10_000)
    assert spread_out(draws, values.mean(), values).std() == pytest.approx(np.sqrt(9 / 10_000), rel=0.2)


def test_draws_without_any_spread_stay_where_they_are():
    assert (spread_out(np.full(10, 2.0), 2.0, np.full(4 * WEEK, 2.0)) == 2.0).all()
