"""Better, worse, cannot tell: against a slow loop, on forecasts whose difference is known, and at the promised rate."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t as student

from forecasting.evaluation.bootstrap import DRAWS
from forecasting.evaluation.comparison import Seeds, answer_from, compare, compare_seeds, interval, judge

BOTH_KNOWN = (False, False)  # no seed changes either


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def errors(size, seeds, days, rng) -> np.ndarray:
    return np.abs(rng.normal(0, size, (seeds, days)))


@pytest.mark.parametrize(
    ("low", "high", "margin", "answer"),
    [
        (-3, -1, 0, "better"),
        (-3, -1, 2, "cannot tell"),
        (1, 3, 0, "worse"),
        (1, 3, 2, "cannot tell"),
        (-1, 1, 0, "cannot tell"),
        (0, 0, 0, "cannot tell"),
        (np.nan, np.nan, 0, "cannot tell"),
    ],
)
def test_three_answers(low, high, margin, answer):
    assert answer_from(low, high, margin) == answer
    draws = np.linspace(low, high, 10_001)
    assert judge(draws, margin) == answer


def test_interval_is_the_middle_of_the_draws():
    assert interval(np.arange(101.0)) == pytest.approx((5, 95))
    assert interval(np.arange(101.0), level=0.5) == pytest.approx((25, 75))


def slow_factors(daily: list[float], days: int) -> np.ndarray:
    """What every draw's distance is multiplied by, by sums over all lags."""
    mean = sum(daily) / days
    apart = [value - mean for value in daily]
    found = sum(a * b for a, b in zip(apart[1:], apart, strict=False)) / sum(a * a for a in apart)
    r = min(max(found + (1 + 3 * found) / days, 0), 0.97)
    within = 1 + 2 * sum(r**lag * (1 - lag / 7) for lag in range(1, 7))
    shown = within / (1 + 2 * sum(r**lag for lag in range(1, 5000)))
    independent = days / 7 * shown
    drawn = np.random.default_rng(0).chisquare(independent - 1, DRAWS) / (independent - 1)
    return np.array([(shown * (independent - 1) / independent * chi) ** -0.5 for chi in drawn])


@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_interval_equals_a_slow_loop(rng, loss):
    """Of three seeds, the last of which errs a half more, against a forecast that no seed changes."""
    runs = errors(40, 3, 60, rng) * np.array([[1.0], [1.0], [1.5]]), errors(60, 1, 60, rng)
    found = compare(*runs, loss=loss, seeded=(True, False))

    def size(misses):
        return sum(misses) / len(misses) if loss == "mae" else (sum(m**2 for m in misses) / len(misses)) ** 0.5

    starts = np.random.default_rng(0).integers(0, 60, (DRAWS, 9))
    days = [[(start + k) % 60 for start in row for k in range(7)][:60] for row in starts]
    drawn = [[[size([seed[k] for k in places]) for places in days] for seed in run.tolist()] for run in runs]
    whole = [[size(seed) for seed in run.tolist()] for run in runs]
    difference = np.mean(whole[0]) - whole[1][0]
    if loss == "mae":
        daily = runs[0].mean(axis=0) - runs[1][0]
    else:
        roots = [np.sqrt((run**2).mean()) for run in runs]
        daily = (runs[0] ** 2).mean(axis=0) / (2 * roots[0]) - runs[1][0] ** 2 / (2 * roots[1])
    spread = (np.mean(drawn[0], axis=0) - drawn[1][0] - difference) * slow_factors(list(daily), 60)
    of_days = sum(np.var(np.array(seed) - np.mean(drawn[0], axis=0)) for seed in drawn[0]) / 2
    of_seeds = max(np.var(whole[0], ddof=1) - of_days, 0) ** 0.5
    off = of_seeds / 3**0.5 * np.random.default_rng(1).standard_t(2, DRAWS)
    assert of_seeds > 0
    assert found.difference == pytest.approx(difference)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(difference + spread + off, [0.05, 0.95])))


def test_clear_winner_either_way_round(rng):
    close, far = errors(10, 4, 200, rng), errors(40, 4, 200, rng)
    won, lost = compare(close, far), compare(far, close)
    assert (won.answer, lost.answer) == ("better", "worse")
    assert won.difference == pytest.approx(close.mean() - far.mean())
    assert won.low < won.difference < won.high < 0
    assert (won.days, won.seeds, won.reason) == (200, 4, "")


def test_a_single_seed_gets_no_claim_unless_no_seed_changes_it(rng):
    one, many = errors(10, 1, 200, rng), errors(80, 5, 200, rng)
    unsure = compare(one, many)
    assert (unsure.answer, unsure.reason, unsure.enough_seeds) == ("cannot tell", "one seed", False)
    assert np.isnan([unsure.low, unsure.high]).all()
    assert compare(one, many, seeded=(False, True)).answer == "better"
    assert compare(many, one[0], seeded=(True, False)).answer == "worse"
    assert compare(np.repeat(one, 2, axis=0), many).answer == "better"


def test_seeds_that_disagree_widen_the_interval(rng):
    noise = errors(1, 1, 100, rng)
    steady = np.repeat(noise, 4, axis=0)
    wild = np.concatenate([noise * size for size in (0.2, 0.6, 1.4, 1.8)])
    alike, unlike = compare(steady, steady), compare(wild, steady)
    assert alike.low == alike.high == 0 and alike.answer == "cannot tell"
    assert unlike.low < -0.2 < 0.2 < unlike.high


def test_the_mean_of_two_seeds_is_as_uncertain_as_student_has_it():
    found = compare(np.ones((2, 70)) * np.array([[10.0], [14.0]]), np.zeros(70), seeded=(True, False))
    half = student.ppf(0.95, 1) * np.std([10, 14], ddof=1) / np.sqrt(2)
    assert (found.low, found.high) == pytest.approx((12 - half, 12 + half), abs=0.15 * half)


def test_seeds_that_differ_from_day_to_day_alone_are_no_further_doubt(rng):
    """Ten seeds that err as much, each on days of its own, leave little more doubt than their mean does."""

    def width(run, other, seeds: bool) -> float:
        found = compare(run, other, seeded=(seeds, False))
        return found.high - found.low

    cases = [(errors(10, 10, 200, rng), errors(10, 1, 200, rng)) for _draw in range(20)]
    wider = [width(run, other, True) / width(run.mean(axis=0), other, False) for run, other in cases]
    assert np.mean(wider) < 1.1


@pytest.mark.parametrize(
    ("days", "ahead", "reason"),
    [(27, 1, "few days"), (28, 1, ""), (28, 7, ""), (55, 8, "few days"), (28, 28, "few days"), (112, 28, "")],
)
def test_four_blocks_at_least_are_needed(rng, days, ahead, reason):
    found = compare(errors(1, 1, days, rng), errors(9, 1, days, rng), ahead=ahead, seeded=BOTH_KNOWN)
    assert found.reason == reason
    assert found.answer == ("cannot tell" if reason else "better")
    assert np.isnan(found.low) == np.isnan(found.high) == bool(reason)
    assert (found.days >= found.needed) == (not reason)


def test_days_that_all_err_alike_are_too_few(rng):
    drift = np.linspace(1, 9, 60)
    found = compare(drift, drift[::-1] + 3, seeded=BOTH_KNOWN)
    assert (found.answer, found.reason) == ("cannot tell", "alike days")


def test_chance_of_seeds_alone_is_welch_s(rng):
    """Close to the interval of Student's t with Welch's degrees of freedom."""
    first, second = rng.normal(100, 3, 10), rng.normal(104, 2, 8)
    said = [Seeds(losses.mean(), losses.std(ddof=1), len(losses)) for losses in (first, second)]
    found = compare_seeds(*said)
    variances = [one.spread**2 / one.count for one in said]
    freedom = sum(variances) ** 2 / sum(v**2 / (one.count - 1) for v, one in zip(variances, said, strict=True))
    half = student.ppf(0.95, freedom) * sum(variances) ** 0.5
    assert (found.low, found.high) == pytest.approx((found.difference - half, found.difference + half), abs=0.08 * half)
    assert found.answer == "better" and compare_seeds(*said[::-1]).answer == "worse"
    assert compare_seeds(*said, level=0.9999).answer == "cannot tell"
    assert compare_seeds(Seeds(1, np.nan, 1), said[1]).reason == "one seed"


# Rates


def autoregression(rng, correlation: float, days: int, count: int) -> np.ndarray:
    """Series (count, days) of variance 1 whose neighbours have this correlation."""
    values, noise = [rng.normal(size=count)], rng.normal(0, np.sqrt(1 - correlation**2), (days, count))
    for step in noise[1:]:
        values.append(correlation * values[-1] + step)
    return np.stack(values, axis=1)


@pytest.mark.parametrize(
    ("days", "correlation"), [(28, 0.0), (28, 0.4), (45, 0.0), (45, 0.6), (90, 0.4), (90, 0.8), (365, 0.0), (365, 0.6)]
)
def test_two_equal_forecasts_are_told_apart_as_rarely_as_promised(days, correlation):
    """One answer in ten may be wrong. Weekly blocks and quantiles alone: 20, 25, 16, 25, 16, 30, 11 and 16 %."""
    rng, count = np.random.default_rng(days), 500
    first, second = (10 + autoregression(rng, correlation, days, count) for _forecast in range(2))
    found = [compare(*pair, seeded=BOTH_KNOWN).answer for pair in zip(first, second, strict=True)]
    wrong = SimpleNamespace(better=found.count("better") / count, worse=found.count("worse") / count)
    assert 0.02 < wrong.better + wrong.worse < 0.13
    assert abs(wrong.better - wrong.worse) < 0.05


def test_seven_days_ahead_too(rng):
    steps = rng.normal(size=(300, 2, 96))
    sums = np.abs(np.lib.stride_tricks.sliding_window_view(steps, 7, axis=2).sum(axis=3))  # origins that share days
    found = [compare(*pair, ahead=7, seeded=BOTH_KNOWN).answer for pair in sums]
    assert found.count("cannot tell") > 0.87 * 300


def test_a_true_difference_is_found():
    """Half a standard deviation of a day's difference at 90 days, in nine of ten cases."""
    rng = np.random.default_rng(0)
    first, second = (10 + autoregression(rng, 0.2, 90, 200) for _forecast in range(2))
    better = first - 0.5 * np.sqrt(2)
    found = [compare(*pair, seeded=BOTH_KNOWN).answer for pair in zip(better, second, strict=True)]
    assert found.count("better") > 0.9 * 200 and "worse" not in found
