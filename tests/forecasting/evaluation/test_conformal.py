"""Conformal intervals: coverage by the binomial law, drift, slow loops, and nothing known too early."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.conformal import (
    HIGHEST_EDGE,
    SHARED,
    adaptive_edges,
    make_intervals,
    mean_errors,
    spacing_of,
)
from forecasting.evaluation.scores import Scores, delays, make_scores, scales, with_totals
from forecasting.series import Series

FIRST = pd.Timestamp("2021-01-01")


def scores(values: np.ndarray, first: pd.Timestamp = FIRST, delay: int = 1) -> Scores:
    """One column from day to day."""
    return Scores(pd.date_range(first, periods=len(values)), np.asarray(values, float)[:, None], np.array([delay]))


def hits(values: np.ndarray, edges: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return (edges[0][:, 0] <= values) & (values <= edges[1][:, 0])


def first_edges(earlier: Scores, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges at an origin on which all of `earlier` is known."""
    later = scores([np.nan], earlier.origins[-1] + pd.Timedelta(days=9))
    return adaptive_edges(earlier, later, [level])[level]


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_first_edges_cover_exchangeable_noise_within_the_binomial_bound(level):
    rng, trials, count = np.random.default_rng(3), 1500, 199
    covered = 0
    for _trial in range(trials):
        drawn = rng.gamma(2.0, size=count + 1) - 1.678  # around the median, and skewed: sides differ
        covered += hits(drawn[-1:], first_edges(scores(drawn[:-1]), level)).item()
    bound = 3.3 * math.sqrt(level * (1 - level) / trials)  # one such test in a thousand fails by chance
    assert level - bound <= covered / trials <= level + 2 / (count + 1) + bound + 0.01  # sides lend each other a little


def test_quantiles_are_the_finite_sample_ones():
    order = np.random.default_rng(1).permutation(99)
    earlier = scores(np.arange(-49.0, 50.0)[order])
    low, high = first_edges(earlier, 0.9)  # 99 scores: ceil(100 * 0.95) is the 95th
    assert (low.item(), high.item()) == (-45, 45)
    low, high = first_edges(earlier, 0.5)  # ceil(100 * 0.75) is the 75th
    assert (low.item(), high.item()) == (-25, 25)
    low, high = first_edges(scores(np.arange(951.0, 1050.0)[order]), 0.9)  # no forecast is off so far by chance
    assert (low.item(), high.item()) == pytest.approx((955, 1045), abs=1)


def test_adaptive_keeps_its_coverage_where_noise_grows_and_fixed_edges_do_not():
    rng = np.random.default_rng(5)
    before, after = rng.normal(size=300), rng.normal(size=900) * np.linspace(1, 6, 900)
    earlier, later = scores(before), scores(after, FIRST + pd.Timedelta(days=300))
    adaptive = hits(after, adaptive_edges(earlier, later, [0.9])[0.9]).mean()
    low, high = np.quantile(before, [0.05, 0.95])
    fixed = ((low <= after) & (after <= high)).mean()
    assert fixed < 0.7
    assert 0.87 <= adaptive <= 0.93


def place_of(rate: float, count: int) -> int:
    """Which of so many ordered scores a new one passes at this rate, counted from 1."""
    return min(max(math.ceil((count + 1) * (1 - rate)), 1), count)


def test_adaptive_equals_a_slow_loop():
    rng, delay, level, step, memory = np.random.default_rng(7), 3, 0.5, 0.15, 25
    before, after = rng.normal(size=40), rng.normal(size=60)
    earlier, later = scores(before, delay=delay), scores(after, FIRST + pd.Timedelta(days=40), delay)
    found = adaptive_edges(earlier, later, [level], step=step, memory=memory)[level]
    every, rates, edges = [*before, *after], [0.25, 0.25], []
    spacing = spacing_of(before[:-2][-memory:], delay)
    for day in range(40, 100):
        known = every[: day - delay + 1]
        shows = day - delay  # the origin whose error shows today
        if shows >= 40:
            low, high = edges[shows - 40]
            rates[0] += step / delay * (0.25 - (every[shows] < low))
            rates[1] += step / delay * (0.25 - (every[shows] > high))
            rates = [max(rate, 0.0) for rate in rates]
        latest = sorted(known[-memory:])
        below, above, either = (place_of(rate, len(latest)) for rate in (*rates, sum(rates)))
        chance = math.pi / 2 * np.var(latest) * spacing / len(latest)
        middle = np.median(latest) * max(1 - chance / np.median(latest) ** 2, 0)
        sizes = sorted(abs(score - middle) for score in latest)
        far, both = 3 * sorted(map(abs, latest))[math.ceil(len(latest) * level) - 1], SHARED * sizes[either - 1]
        low = (1 - SHARED) * latest[len(latest) - below] + SHARED * middle - both
        high = (1 - SHARED) * latest[above - 1] + SHARED * middle + both
        edges.append((max(low, -far), min(high, far)))
    assert np.column_stack([side[:, 0] for side in found]) == pytest.approx(np.array(edges))


def test_no_band_is_wider_than_twice_the_largest_day():
    """Even where past forecasts were off by a thousand times the views; a forecast beyond it stays in its band."""
    series = Series(pd.Series(np.tile([100.0, 90, 80, 70, 60, 50, 40], 20), pd.date_range(FIRST, periods=140)))
    origins = series.views.index[60:130]
    wild = np.random.default_rng(0).choice([0.0, 1e5], (70, 28))
    earlier = make_scores(series, origins[:-1], wild[:-1])
    for predicted in (80.0, 260.0):
        asked = np.full((1, 28), predicted)
        later = Scores(origins[-1:], np.full((1, 30), np.nan), delays(28))
        found = make_intervals(series, asked, earlier=earlier, later=later, levels=(0.5, 0.99))
        width = found.upper[0.99] - found.lower[0.99]
        assert (width[:, :28] <= max(HIGHEST_EDGE * 100 + 1, predicted)).all()
        assert (found.upper[0.5] >= found.centre).all() and (found.upper[0.99] >= found.upper[0.5]).all()


def test_levels_hold_each_other_whichever_are_asked():
    rng, columns = np.random.default_rng(11), delays(9)
    first, walk = FIRST + pd.Timedelta(days=90), np.cumsum(rng.normal(size=(390, 10)), axis=0) / 8
    earlier = Scores(pd.date_range(FIRST, periods=90), walk[:90], columns)
    later = Scores(pd.date_range(first, periods=300), walk[90:], columns)
    levels = (0.1, 0.5, 0.83, 0.9, 0.94, 0.95, 0.995)
    together = adaptive_edges(earlier, later, levels)
    for narrow, wide in pairwise(levels):
        assert (together[wide][0] <= together[narrow][0]).all() and (together[wide][1] >= together[narrow][1]).all()
        alone = adaptive_edges(earlier, later, [wide])[wide]
        assert (alone[0] == together[wide][0]).all() and (alone[1] == together[wide][1]).all()


def test_spacing_is_one_for_noise_and_grows_with_what_neighbours_share():
    rng = np.random.default_rng(12)
    assert spacing_of(rng.normal(size=2000), 28) < 1.3
    pulled = [0.0]
    for shock in rng.normal(size=4000):
        pulled.append(0.8 * pulled[-1] + shock)
    assert spacing_of(np.array(pulled), 28) == pytest.approx((1 + 0.8) / (1 - 0.8), rel=0.2)
    assert spacing_of(np.cumsum(rng.normal(size=500)), 7) == 7  # never more than the days that errors share
    spoiled = rng.normal(size=2000)
    spoiled[700:703] = 1e6
    assert spacing_of(spoiled, 28) < 1.3


def test_neighbouring_days_lend_each_other_their_edges_and_totals_keep_theirs():
    rng, columns = np.random.default_rng(8), delays(9)  # nine days ahead and the total of seven
    earlier, later = (
        Scores(pd.date_range(first, periods=60), rng.normal(size=(60, 10)), columns)
        for first in (FIRST, FIRST + pd.Timedelta(days=60))
    )
    found = adaptive_edges(earlier, later, [0.9])[0.9]
    sizes = [np.array([size_known(earlier, later, column, row) for row in range(60)]) for column in range(9)]
    for place, side in enumerate(found):
        alone = [marginal(earlier, later, column)[place] for column in range(10)]
        relative = np.array([edges / size for edges, size in zip(alone, sizes, strict=False)])
        assert side[:, 0] == pytest.approx(alone[0])
        assert side[:, 1] == pytest.approx(sizes[1] * relative[0:3].mean(axis=0))
        assert side[:, 4] == pytest.approx(sizes[4] * relative.mean(axis=0))
        assert side[:, 8] == pytest.approx(sizes[8] * relative.mean(axis=0))
        assert side[:, 9] == pytest.approx(alone[9])


def size_known(earlier: Scores, later: Scores, column: int, row: int) -> float:
    """The mean size of the scores of a column known at an origin, each at most five times the middle one."""
    origins, values = earlier.origins.append(later.origins), np.concatenate([earlier.values, later.values])[:, column]
    known = origins + pd.Timedelta(days=column + 1) <= later.origins[row]
    sizes = np.abs(values[known & np.isfinite(values)])
    return np.minimum(sizes, 5 * np.median(sizes)).mean()


def marginal(earlier: Scores, later: Scores, column: int) -> tuple[np.ndarray, np.ndarray]:
    """The edges of a column that has no neighbours."""
    one = (Scores(s.origins, s.values[:, [column]], s.delays[[column]]) for s in (earlier, later))
    return tuple(side[:, 0] for side in adaptive_edges(*one, [0.9])[0.9])


@pytest.mark.parametrize("delay", [1, 7, 28])
def test_no_edge_rests_on_an_error_that_is_not_known_yet(delay):
    rng = np.random.default_rng(9)
    before, after = rng.normal(size=80), rng.normal(size=90)
    later = scores(after, FIRST + pd.Timedelta(days=80), delay)
    plain = adaptive_edges(scores(before, delay=delay), later, [0.9])[0.9]
    origin = 50
    changed = after.copy()
    changed[origin - delay + 1 :] = 99.0
    other = adaptive_edges(scores(before, delay=delay), scores(changed, later.origins[0], delay), [0.9])[0.9]
    for side, again in zip(plain, other, strict=True):
        assert (side[: origin + 1] == again[: origin + 1]).all()
    assert (plain[1][origin + 1 :] != other[1][origin + 1 :]).any()


def test_a_column_of_few_scores_borrows_from_fewer_days_ahead():
    rng, columns = np.random.default_rng(13), delays(28)
    values = np.full((40, 30), np.nan)
    values[:, :7] = rng.normal(size=(40, 7))
    earlier = Scores(pd.date_range(FIRST, periods=40), values, columns)
    later = Scores(pd.DatetimeIndex([FIRST + pd.Timedelta(days=60)]), np.full((1, 30), np.nan), columns)
    low, high = (side[0] for side in adaptive_edges(earlier, later, [0.9])[0.9])
    sizes = np.array([size_known(earlier, later, column, 0) for column in range(7)])
    for place, found in enumerate((low, high)):
        alone = np.array([marginal(earlier, later, column)[place].item() for column in range(7)]) / sizes
        # The last days' neighbours, fourteen on either side, are all borrowed; those of the eleventh but seven.
        assert found[27] == pytest.approx(math.sqrt(4) * sizes[6] * alone[6])
        assert found[10] == pytest.approx(math.sqrt(2) * sizes[6] * (alone.sum() + 14 * alone[6]) / 21)
    assert np.isfinite([low, high]).all()


def test_no_score_at_all_is_no_interval():
    columns = delays(7)
    earlier = Scores(pd.DatetimeIndex([]), np.empty((0, 8)), columns)
    later = Scores(pd.date_range(FIRST, periods=20), np.random.default_rng(1).normal(size=(20, 8)), columns)
    low, high = adaptive_edges(earlier, later, [0.9])[0.9]
    assert np.isnan([low[0], high[0]]).all() and np.isfinite([low[-1], high[-1]]).all()


def test_totals_have_errors_of_their_own():
    rng = np.random.default_rng(1)
    days = pd.date_range(FIRST, periods=200)
    series = Series(pd.Series(rng.uniform(50, 150, 200), days))
    origins, predicted = days[100:150], rng.uniform(50, 150, (50, 28))
    made = make_scores(series, origins, predicted)
    assert list(made.delays) == [*range(1, 29), 7, 28]
    actual = np.array([series.views.iloc[place + 1 : place + 29].to_numpy() for place in range(100, 150)])
    off, scale = (actual - predicted)[:, :7].sum(axis=1), scales(series, origins, predicted)
    assert made.values[:, 28] * scale[:, 28] == pytest.approx(off)
    assert with_totals(actual)[:, 29] == pytest.approx(actual.sum(axis=1))
    assert list(delays(6)) == [1, 2, 3, 4, 5, 6]


def test_scale_follows_the_level_and_nothing_later_than_the_origin():
    days = pd.date_range(FIRST, periods=200)
    calm = pd.Series(np.random.default_rng(2).uniform(90, 110, 200), days)
    origins, predicted = days[120:121], np.full((1, 7), 100.0)
    plain = scales(Series(calm), origins, predicted)
    assert scales(Series(calm * 10), origins, predicted * 10) == pytest.approx(10 * plain, rel=0.01)
    changed = calm.copy()
    changed.iloc[121:] = 9e9
    assert (scales(Series(changed), origins, predicted) == plain).all()


def test_an_interval_holds_the_forecast_and_no_negative_or_implausible_views():
    days, columns = pd.date_range(FIRST, periods=100), delays(2)
    series, origins = Series(pd.Series(np.tile([90.0, 110.0], 50), days)), days[-1:]
    later = Scores(origins, np.full((1, 2), np.nan), columns)
    for score in (-1e6, -5.0, 5.0, 1e6):  # every error on one side
        earlier = Scores(days[:-2], np.full((98, 2), score), columns)
        found = make_intervals(series, np.array([[100.0, 320.0]]), earlier=earlier, later=later, levels=[0.9])
        assert (found.lower[0.9] <= found.centre).all() and (found.centre <= found.upper[0.9]).all()
        assert found.lower[0.9].min() >= 0 and found.upper[0.9].max() <= 3 * 110 + 1


def test_a_total_is_a_mean_where_medians_sum_to_nothing():
    rng = np.random.default_rng(14)
    series = Series(pd.Series(rng.poisson(0.16, 600).astype(float), pd.date_range(FIRST, periods=600)))
    origins = series.views.index[300:-1]
    earlier = make_scores(series, origins[:-1], np.zeros((len(origins) - 1, 28)))
    later = Scores(origins[-1:], np.full((1, 30), np.nan), delays(28))
    found = make_intervals(series, np.zeros((1, 28)), earlier=earlier, later=later)
    assert found.centre[0, :28].max() == 0
    assert found.centre[0, 29] == pytest.approx(series.views.iloc[300:].mean() * 28, rel=0.5)  # about 5, not 0
    assert found.lower[0.9][0, 29] <= found.centre[0, 29] <= found.upper[0.9][0, 29]


def test_errors_that_chance_explains_move_no_total():
    rng = np.random.default_rng(15)
    values = rng.normal(size=(200, 8))
    later = Scores(pd.DatetimeIndex([FIRST + pd.Timedelta(days=300)]), np.full((1, 8), np.nan), delays(7))
    means = [
        mean_errors(Scores(pd.date_range(FIRST, periods=200), values + shift, delays(7)), later) for shift in (0, 1)
    ]
    assert abs(means[0][0, 7]) < 0.05 and 0.85 < means[1][0, 7] < 1.1
    assert (means[1][0, :7] == 0).all()


def test_how_alike_neighbours_are_is_told_anew_as_scores_come():
    """Noise has no memory, 17 days ahead either: half of it lies within 0.67, though at first nothing was known."""
    nothing, widths = Scores(pd.DatetimeIndex([]), np.empty((0, 1)), np.array([17])), []
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(size=61)
        low, high = adaptive_edges(nothing, scores(noise, delay=17), [0.5])[0.5]
        widths.append(high[-1, 0] - low[-1, 0])  # of 44 scores
    assert np.mean(widths) == pytest.approx(2 * 0.67, rel=0.2)
