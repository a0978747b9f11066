"""Conformal intervals: coverage by the binomial law, drift, slow loops, and nothing known too early."""

import math

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.conformal import (
    Scores,
    adaptive_edges,
    delays,
    edges_in_views,
    make_scores,
    scales,
    split_edges,
    with_totals,
)

FIRST = pd.Timestamp("2021-01-01")


def scores(values: np.ndarray, first: pd.Timestamp = FIRST, delay: int = 1) -> Scores:
    """One column from day to day."""
    return Scores(pd.date_range(first, periods=len(values)), np.asarray(values, float)[:, None], np.array([delay]))


def hits(values: np.ndarray, edges: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return (edges[0][:, 0] <= values) & (values <= edges[1][:, 0])


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_split_covers_exchangeable_noise_within_the_binomial_bound(level):
    rng, trials, count = np.random.default_rng(3), 1500, 199
    covered = 0
    for _trial in range(trials):
        drawn = rng.gamma(2.0, size=count + 1)  # skewed, so that both sides differ
        earlier, later = scores(drawn[:-1]), scores(drawn[-1:], FIRST + pd.Timedelta(days=count))
        covered += hits(drawn[-1:], split_edges(earlier, later.origins, level)).item()
    bound = 3.3 * math.sqrt(level * (1 - level) / trials)  # one such test in a thousand fails by chance
    assert level - bound <= covered / trials <= level + 2 / (count + 1) + bound


def test_quantiles_are_the_finite_sample_ones():
    earlier = scores(np.arange(1.0, 20.0))  # 19 scores: ceil(20 * 0.95) is the 19th
    low, high = split_edges(earlier, pd.DatetimeIndex(["2022-01-01"]), 0.9)
    assert (low.item(), high.item()) == (1, 19)
    low, high = split_edges(earlier, pd.DatetimeIndex(["2022-01-01"]), 0.5)  # ceil(20 * 0.75) is the 15th
    assert (low.item(), high.item()) == (5, 15)


def test_adaptive_keeps_its_coverage_where_noise_grows_and_the_split_one_does_not():
    rng = np.random.default_rng(5)
    before, after = rng.normal(size=300), rng.normal(size=900) * np.linspace(1, 6, 900)
    earlier, later = scores(before), scores(after, FIRST + pd.Timedelta(days=300))
    adaptive = hits(after, adaptive_edges(earlier, later, 0.9)).mean()
    split = hits(after, split_edges(earlier, later.origins, 0.9)).mean()
    assert split < 0.7
    assert 0.87 <= adaptive <= 0.93


def test_adaptive_equals_a_slow_loop():
    rng, delay, level, step, memory = np.random.default_rng(7), 3, 0.8, 0.15, 25
    before, after = rng.normal(size=40), rng.normal(size=60)
    earlier, later = scores(before, delay=delay), scores(after, FIRST + pd.Timedelta(days=40), delay)
    found = adaptive_edges(earlier, later, level, step, memory)
    every, rates, edges = [*before, *after], [0.1, 0.1], []
    for day in range(40, 100):
        known = every[: day - delay + 1]
        shows = day - delay  # the origin whose error shows today
        if shows >= 40:
            low, high = edges[shows - 40]
            rates[0] += step * (0.1 - (every[shows] < low))
            rates[1] += step * (0.1 - (every[shows] > high))
            rates = [max(rate, 0.0) for rate in rates]
        latest = sorted(known[-memory:])
        spacing = delay**0.5
        places = [min(max(math.ceil((len(latest) + spacing) * (1 - rate)), 1), len(latest)) for rate in rates]
        edges.append((latest[len(latest) - places[0]], latest[places[1] - 1]))
    assert np.column_stack([side[:, 0] for side in found]) == pytest.approx(np.array(edges))


def test_neighbouring_days_lend_each_other_their_edges_and_totals_keep_theirs():
    rng, columns = np.random.default_rng(8), delays(9)  # nine days ahead and the total of seven
    earlier, later = (
        Scores(pd.date_range(first, periods=60), rng.normal(size=(60, 10)), columns)
        for first in (FIRST, FIRST + pd.Timedelta(days=60))
    )
    found = adaptive_edges(earlier, later, 0.9)
    for place, side in enumerate(found):
        alone = [marginal(earlier, later, column)[place] for column in range(10)]
        assert side[:, 0] == pytest.approx(alone[0])
        assert side[:, 1] == pytest.approx(np.mean(alone[0:3], axis=0))
        assert side[:, 4] == pytest.approx(np.mean(alone[1:8], axis=0))
        assert side[:, 8] == pytest.approx(alone[8])
        assert side[:, 9] == pytest.approx(alone[9])


def marginal(earlier: Scores, later: Scores, column: int) -> tuple[np.ndarray, np.ndarray]:
    """The edges of a column that has no neighbours."""
    one = (Scores(s.origins, s.values[:, [column]], s.delays[[column]]) for s in (earlier, later))
    return tuple(side[:, 0] for side in adaptive_edges(*one, 0.9))


@pytest.mark.parametrize("delay", [1, 7, 28])
def test_no_edge_rests_on_an_error_that_is_not_known_yet(delay):
    rng = np.random.default_rng(9)
    before, after = rng.normal(size=80), rng.normal(size=90)
    later = scores(after, FIRST + pd.Timedelta(days=80), delay)
    plain = adaptive_edges(scores(before, delay=delay), later, 0.9)
    origin = 50
    changed = after.copy()
    changed[origin - delay + 1 :] = 99.0
    other = adaptive_edges(scores(before, delay=delay), scores(changed, later.origins[0], delay), 0.9)
    for side, again in zip(plain, other, strict=True):
        assert (side[: origin + 1] == again[: origin + 1]).all()
    assert (plain[1][origin + 1 :] != other[1][origin + 1 :]).any()


def test_totals_have_errors_of_their_own():
    rng = np.random.default_rng(1)
    days = pd.date_range(FIRST, periods=200)
    views = pd.Series(rng.uniform(50, 150, 200), days)
    origins = days[100:150]
    predicted, actual = rng.uniform(50, 150, (50, 28)), rng.uniform(50, 150, (50, 28))
    made = make_scores(views, origins, actual, predicted)
    assert list(made.delays) == [*range(1, 29), 7, 28]
    scale = scales(views, origins, predicted)
    off = (actual - predicted)[:, :7].sum(axis=1)
    assert made.values[:, 28] * scale[:, 28] == pytest.approx(off)
    assert with_totals(actual)[:, 29] == pytest.approx(actual.sum(axis=1))
    assert list(delays(6)) == [1, 2, 3, 4, 5, 6]


def test_scale_follows_the_level_and_nothing_later_than_the_origin():
    days = pd.date_range(FIRST, periods=200)
    calm = pd.Series(np.random.default_rng(2).uniform(90, 110, 200), days)
    origins, predicted = days[120:121], np.full((1, 7), 100.0)
    assert scales(calm * 10, origins, predicted * 10) == pytest.approx(10 * scales(calm, origins, predicted), rel=0.01)
    changed = calm.copy()
    changed.iloc[121:] = 9e9
    assert (scales(changed, origins, predicted) == scales(calm, origins, predicted)).all()


def test_edges_hold_the_forecast_and_no_negative_views():
    lower, upper = edges_in_views(np.array([[5.0, 50.0]]), np.full((1, 2), 10.0), [[-3.0, 1.0]], [[2.0, 4.0]])
    assert lower.tolist() == [[0, 50]]
    assert upper.tolist() == [[25, 90]]
