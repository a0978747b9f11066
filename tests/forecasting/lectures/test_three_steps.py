"""The line of chapter 1 on series whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures.three_steps import arrives, cut, descent, is_late, landscape, line_problem, unit_name, unit_of
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.split import default_split


def problem_on(views: np.ndarray, loss: str = "mae"):
    series = Series(pd.Series(views, pd.date_range("2021-01-01", periods=len(views))))
    return line_problem(series, default_split(series.views), loss)


@pytest.fixture(scope="module")
def sample():
    series = sample_channel().series
    problem = line_problem(series, default_split(series.views), "mae")
    return problem, landscape(problem)


def test_a_walk_is_foretold_a_day_late():
    walk = 5000 + np.random.default_rng(0).normal(0, 100, 500).cumsum()
    problem = problem_on(walk)
    assert is_late(problem, landscape(problem).optimum).answer == "holds"


def test_days_that_alternate_are_foretold_in_time():
    days = np.arange(1500)
    problem = problem_on(5000 + 500 * (-1.0) ** days + np.random.default_rng(0).normal(0, 50, 1500))
    assert is_late(problem, landscape(problem).optimum).answer == "does not hold here"


@pytest.mark.parametrize("days", [72, 110])
def test_few_held_out_days_say_what_lacks(days):
    problem = problem_on(np.random.default_rng(0).normal(5000, 500, days))
    claim = is_late(problem, landscape(problem).optimum)
    assert claim.answer == "cannot tell"
    assert claim.lacking.translated() == f"{days // 5 - 7} days, 28 needed"


def test_the_surface_is_wide_enough_for_its_lowest_point(sample):
    problem, land = sample
    assert land.heights.min() >= land.lowest
    assert land.slopes[0] < land.optimum[0] < land.slopes[-1]
    assert land.intercepts[0] < land.optimum[1] < land.intercepts[-1]
    assert land.heights.min() == pytest.approx(land.lowest, rel=0.02)


def test_a_tenth_of_the_rate_takes_ten_times_the_updates(sample):
    problem, land = sample
    fast, slow = (
        descent(problem, land.lowest, (-0.5, -0.8), rate=rate, updates=updates).arrived
        for rate, updates in ((0.03, 1000), (0.003, 5000))
    )
    assert slow == pytest.approx(10 * fast, rel=0.05)


def test_a_rate_too_large_never_arrives_and_squares_run_away(sample):
    problem, land = sample
    assert arrives(descent(problem, land.lowest, (-0.5, -0.8), rate=0.1, updates=500), land.lowest).answer != "holds"
    squares = problem_on(np.random.default_rng(0).normal(5000, 500, 500), "mse")
    lowest = landscape(squares).lowest
    claim = arrives(descent(squares, lowest, (-0.5, -0.8), rate=0.3, updates=2000), lowest)
    assert claim.answer == "does not hold here"
    assert "runs away" in claim.sentence.translated()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_cut_lies_on_the_surface_with_its_slope(sample, axis):
    problem, land = sample
    at = (float(land.slopes[10]), float(land.intercepts[20]))
    points, slope = cut(problem, land, at, axis=axis)
    there = int(np.abs(points[:, 0] - at[axis]).argmin())
    assert points[there, 1] == pytest.approx(land.heights[20, 10], rel=0.02)
    assert slope == pytest.approx(np.gradient(points[:, 1], points[:, 0])[there], abs=0.05)


def test_views_are_counted_so_that_a_usual_day_has_one_digit():
    assert [unit_of(np.array([views])) for views in (0, 7, 83, 4200, 260_000)] == [1, 1, 10, 1e3, 1e5]
    assert [unit_name(10.0**power) for power in range(8)] == ["", "10", "100", "k", "10k", "100k", "M", "10M"]
    in_chinese = [unit_name(10.0**power, {"1e3=k;1e6=M": "1e4= 万;1e8= 亿"}.get) for power in range(3, 7)]
    assert in_chinese == ["1000", "万", "10 万", "100 万"]
