"""A channel's curves against slow loops, and the claims' answers on made data."""

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures import bend_the_line
from forecasting.lectures.bend_the_line import Best, best_of, curve_of, halves, in_order
from forecasting.lectures.learning_curves import Experiment, LearningCurve
from forecasting.messages import BadInput
from forecasting.series import Series
from tests.forecasting.conftest import make_views


def test_week_is_the_mean_of_each_weekday(views):
    curve = curve_of(Series(views), "week")
    for place, mean in zip(curve.x, curve.y, strict=True):
        assert mean == pytest.approx(np.mean([v for day, v in views.items() if day.weekday() == place % 7]))
    assert (curve.x[0], curve.x[-1], curve.y[0]) == (0, 7, curve.y[-1])


def test_year_is_the_mean_of_four_weeks_around_each_day(views):
    curve = curve_of(Series(views), "year")
    day = curve.days[int(curve.x[30])]
    near = [views[other] for other in pd.date_range(day - pd.Timedelta(days=14), day + pd.Timedelta(days=13))]
    assert curve.y[30] == pytest.approx(np.mean(near))
    assert len(curve.days) == 365


def test_yesterday_bins_hold_days_and_the_days_after(views):
    curve = curve_of(Series(views), "yesterday")
    pairs = sorted(zip(views[:-1], views[1:], strict=True))
    first = pairs[: -(-len(pairs) // 24)]
    assert (curve.x[0], curve.y[0]) == pytest.approx(np.mean(first, axis=0))
    assert (np.diff(curve.x) > 0).all()


@pytest.mark.parametrize("target", ["week", "year", "yesterday"])
@pytest.mark.parametrize("kind", ["constant", "zeros", "holes", "few", "spike"])
def test_any_channel_has_a_curve_with_finite_ramps_or_says_why_not(target, kind):
    views = make_views(100)
    if kind == "few":
        views = views[:20]
    if kind in ("constant", "zeros"):
        views[:] = 7.0 if kind == "constant" else 0.0
    if kind == "holes":
        views[views.index.day_of_week >= 5] = np.nan
        views[10:40] = np.nan
    if kind == "spike":
        views.iloc[50] = 1e7
    try:
        curve = curve_of(Series(views), target)
    except BadInput as unusable:
        assert kind in ("few", "holes", "constant", "zeros"), unusable
        return
    best = best_of(curve)
    assert np.isfinite(best.errors).all()
    assert halves(best, 3, float(curve.y.max())).answer in ("holds", "does not hold here", "cannot tell")
    assert curve.bounds[0][1] < curve.bounds[1][1]


@pytest.mark.parametrize(
    ("errors", "answer"),
    [([10, 8, 6, 4], "holds"), ([10, 9, 8, 7], "does not hold here"), ([0, 0, 0, 0], "cannot tell")],
)
def test_halves(errors, answer):
    best = Best([], np.array(errors, float))
    assert halves(best, 2, level=100.0).answer == answer


def test_curves_without_a_bend_are_not_helped_by_pieces():
    """Noise of its own at each point: twice the pieces do little."""
    rng, said = np.random.default_rng(0), 0
    for _channel in range(20):
        curve = bend_the_line.Curve(np.arange(61.0), rng.normal(100, 10, 61))
        said += halves(best_of(curve), 3, 100.0).answer == "holds"
    assert said == 0


def test_corners_stand_in_order_and_apart():
    curve = bend_the_line.Curve(np.arange(8.0), np.arange(8.0))
    corners = in_order([(3, 1), (1, 2), (3, 4), (3, 0)], curve)
    assert (np.diff(corners[:, 0]) > 0).all()
    assert corners[:, 0] == pytest.approx([1, 3, 3, 3], abs=0.03)


def learnt(level: float, seeds: int, seed: int) -> LearningCurve:
    errors = np.abs(np.random.default_rng(seed).normal(level, 0.1 * level, (seeds, 200)))
    return LearningCurve(np.ones(3), np.ones(3), errors, seeded=seeds > 1)


@pytest.mark.parametrize(
    ("line", "network", "seeds", "answer"),
    [
        (100, 80, 5, "holds"),
        (80, 100, 5, "does not hold here"),
        (100, 99, 5, "cannot tell"),
        (100, 80, 4, "cannot tell"),
    ],
)
def test_bending_pays(line, network, seeds, answer):
    experiment = Experiment((learnt(line, 1, 0), learnt(network, seeds, 1)))
    assert bend_the_line.bending_pays(experiment).answer == answer
