"""A viral day: Huber's fit against scipy, its windows against a changed series, and what the claim answers."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from forecasting.lectures.viral_day import HUBER, NORMAL, channel_claims, huber, least_squares, viral_problem
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.split import default_split
from forecasting.windows import make_windows


def series(views: np.ndarray) -> Series:
    return Series(pd.Series(np.asarray(views, float), pd.date_range("2019-01-01", periods=len(views))))


def claim_of(views: np.ndarray):
    (found,) = channel_claims(series(views), default_split(series(views).views))
    return found


def test_hubers_fit_equals_scipys():
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(200), rng.normal(0, 1, (200, 3))])
    targets = design @ [1, 2, 0, -1] + rng.standard_t(2, 200)
    border = HUBER * np.median(np.abs(targets - design @ np.linalg.lstsq(design, targets)[0])) / NORMAL

    def loss(unknowns):
        errors = np.abs(targets - design @ unknowns)
        return np.where(errors <= border, errors**2 / 2, border * (errors - border / 2)).sum()

    oracle = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(huber(design, targets), oracle.x, atol=1e-5)


def test_least_squares_equals_numpys():
    rng = np.random.default_rng(0)
    design, targets = rng.normal(0, 1, (50, 4)), rng.normal(0, 1, 50)
    np.testing.assert_allclose(least_squares(design, targets), np.linalg.lstsq(design, targets)[0], atol=1e-7)


def test_a_viral_day_stands_in_its_target_and_in_the_inputs_of_the_week_after():
    channel = sample_channel().series
    split = default_split(channel.views)
    problem = viral_problem(channel, split)
    place = int(problem.drawn[0])
    changed = channel.views.copy()
    changed[problem.train.days[place]] *= 10
    slow = make_windows(Series(changed, channel.filled), split.train, 7)
    found = problem.viral(place, 10)
    np.testing.assert_array_equal(found.inputs, slow.inputs)
    np.testing.assert_array_equal(found.targets, slow.targets)
    assert not np.array_equal(problem.train.targets, found.targets)


def test_a_day_with_its_usual_views_moves_nothing():
    problem = viral_problem(sample_channel().series, default_split(sample_channel().views))
    usual = problem.predicted(problem.train)
    assert max(problem.moves(int(problem.drawn[0]), 1.0, usual).values()) == 0


def test_squared_error_is_moved_most_on_a_calm_channel():
    rng = np.random.default_rng(0)
    assert claim_of(1000 + 100 * (np.arange(600) % 7 > 4) + rng.normal(0, 30, 600)).answer == "holds"


def test_where_viral_days_are_common_one_more_moves_no_loss_most():
    heavy = 1000 * np.exp(1.5 * np.random.default_rng(0).standard_t(2, 900).clip(-3, 3))
    assert claim_of(heavy).answer != "holds"


@pytest.mark.parametrize("views", [np.full(300, 7.0), np.zeros(300), np.ones(28), np.ones(80)])
def test_short_and_constant_channels_raise_nothing(views):
    assert claim_of(views).answer in ("cannot tell", "does not hold here", "holds")
    assert len(views) > 80 or claim_of(views).answer == "cannot tell"
