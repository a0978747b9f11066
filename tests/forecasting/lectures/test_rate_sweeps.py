"""Usable rates against a slow loop, what is lacking, and a run of so many updates against the engine's own epochs."""

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.rate_sweep import final_losses
from forecasting.lectures.rate_sweeps import SEEDS, WAY, judge_width, lacking, mean_loss, usable_decades, usable_level
from forecasting.models.fitting import build, fit
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import make_windows, run_windows

RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
SETS = 60  # made sweeps without an effect
MEAN = 300.0  # the loss of predicting the mean


def test_usable_decades_against_a_slow_loop():
    rng = np.random.default_rng(0)
    losses = rng.lognormal(0, 1, (len(RATES), 3))
    places = np.linspace(np.log(RATES[0]), np.log(RATES[-1]), 200_001)
    for seed, found in enumerate(usable_decades(RATES, losses, 1.0)):
        between = np.interp(places, np.log(RATES), np.log(losses[:, seed]))
        assert found == pytest.approx(4 * (between <= 0).mean(), abs=1e-3)


@pytest.mark.parametrize(
    ("losses", "decades"),
    [([1, 1, 1, 1, 1], 4), ([9, 9, 9, 9, 9], 0), ([1, 1, 1, np.inf, np.inf], 2), ([np.inf, 1, np.inf, 1, 1], 1)],
)
def test_beside_what_diverges_nothing_counts(losses, decades):
    assert usable_decades(RATES, np.array(losses, float)[:, None], 2.0) == pytest.approx([decades])


def made(width: float, rng: np.random.Generator, spread: float = 0.1) -> np.ndarray:
    """Losses (rates, seeds) that rise on both sides of a level valley so many decades wide."""
    beyond = np.maximum(np.abs(np.log10(RATES) + 1) - width / 2, 0)
    return 100 * np.exp(np.log(1.5) * beyond[:, None] + rng.normal(0, spread, (len(RATES), SEEDS)))


def test_the_wider_valley_is_found_and_the_narrower_refuted():
    rng = np.random.default_rng(0)
    wide, narrow = made(2.0, rng), made(0.5, rng)
    assert judge_width(RATES, wide, narrow, mean=MEAN).answer == "holds"
    assert judge_width(RATES, narrow, wide, mean=MEAN).answer == "does not hold here"
    assert judge_width(RATES, wide[:, :4], narrow[:, :4], mean=MEAN).lacking.facts == {"seeds": 4, "needed": 5}


def test_alike_valleys_seldom_differ():
    """A one-sided error of 5 %: more than seven of sixty come once in forty times."""
    held = 0
    for place in range(SETS):
        rng = np.random.default_rng(place)
        held += judge_width(RATES, made(1.0, rng), made(1.0, rng), mean=MEAN).answer == "holds"
    assert held <= 7


def test_level_lies_three_quarters_of_the_way_to_the_lowest_mean_of_all():
    curves = np.array([[2.0, 4.0], [9.0, 9.0]]), np.array([[5.0, np.inf], [2.0, 2.0]])
    assert usable_level(10.0, *curves) == 10 - WAY * (10 - 2)


def test_loss_of_predicting_the_mean(views, split):
    channel = Series(views)
    targets = make_windows(channel, split.train, 7).targets
    assert mean_loss(channel, split, 7) == pytest.approx(
        np.mean([abs(target - sum(targets) / len(targets)) for target in targets])
    )


def series(values) -> Series:
    return Series(pd.Series(np.asarray(values, float), pd.date_range("2020-01-01", periods=len(values))))


def test_what_a_channel_lacks_is_said():
    rng = np.random.default_rng(0)
    whole, level, short = (series(each) for each in (rng.gamma(4, 100, 300), np.full(300, 7.0), rng.gamma(4, 9, 95)))
    assert lacking(whole, default_split(whole.views), 7) is None
    assert "alike" in lacking(level, default_split(level.views), 7).translated()
    assert lacking(short, default_split(short.views), 7).facts == {"days": 20, "needed": 28}
    shorter = series(rng.gamma(4, 9, 28))
    assert "28" in lacking(shorter, default_split(shorter.views), 7).translated()


def test_so_many_updates_are_the_engines_own_epochs(views, split):
    run = RunSettings(split, Architecture("relu", 7, 1, 4), Training(epochs=3, batch_size=100, seeds=2))
    channel = Series(views)
    data, network = run_windows(channel, run), build(run)
    *_before, last = fit(network, data, run)
    updates = 3 * -(-len(data.train) // 100)
    assert final_losses(channel, run, updates) == pytest.approx(last.train_loss, rel=1e-6)
    assert final_losses(channel, run, updates - 1) != pytest.approx(last.train_loss, rel=1e-6)


def test_what_diverges_is_infinite(views, split):
    run = RunSettings(split, Architecture("linear", 7), Training("mse", "sgd", learning_rate=10.0, seeds=2))
    assert np.isposinf(final_losses(Series(views), run, 200)).all()
