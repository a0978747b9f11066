"""Drift between periods: each measure against a slow loop, and on periods whose difference is known."""

import numpy as np
import pandas as pd
import pytest

from forecasting.diagnosis.changes import level_change, week_change, week_profile
from forecasting.diagnosis.drift import Drift, drifts, error_change, telling_apart
from forecasting.windows import Windows

WEEK = np.array([0, 10, 20, 30, 20, -30, -50.0])


def made(days: int, first: str = "2020-01-06", week=WEEK, level: float = 1000, seed: int = 0) -> Windows:
    """A Monday first, 14 days of input."""
    noise = np.random.default_rng(seed).normal(0, 5, days + 14)
    values = level + np.tile(week, days // 7 + 3)[: days + 14] * level / 1000 + noise * level / 1000
    stretch = np.lib.stride_tricks.sliding_window_view(values, 15)
    return Windows(stretch[:, :14], stretch[:, 14], pd.date_range(first, periods=days) + pd.Timedelta(days=14))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_week_profile_equals_a_loop(rng):
    days, values = pd.date_range("2021-01-01", periods=45), rng.uniform(1, 9, 45)
    means = [np.mean([v for v, day in zip(values, days, strict=True) if day.weekday() == k]) for k in range(7)]
    assert week_profile(values, days) == pytest.approx(np.array(means) / np.mean(means))
    assert np.isnan(week_profile(values[:3], days[:3])).sum() == 4


def test_error_change_is_the_largest_gap_of_the_distributions(rng):
    before, after = rng.normal(0, 1, 30), rng.normal(0.5, 2, 25)
    gaps = [abs((before <= edge).mean() - (after <= edge).mean()) for edge in np.concatenate([before, after])]
    assert error_change(before, after) == pytest.approx(max(gaps))
    assert error_change(before, np.array([np.nan])) == 0


def test_level_and_week_of_known_periods():
    assert level_change(made(140), made(140, level=1300)) == pytest.approx(0.3, abs=0.01)
    assert week_change(made(140), made(140, level=1300)) < 0.01
    assert week_change(made(140), made(140, week=-WEEK)) == pytest.approx(0.1, abs=0.01)


def test_a_classifier_tells_only_different_periods_apart():
    assert telling_apart(made(280), made(140, seed=1, level=2000)) < 0.4  # growth alone tells nothing
    assert telling_apart(made(280), made(140, seed=1, week=-WEEK)) > 0.9
    assert telling_apart(made(280), made(20)) == 0.0  # a single stretch cannot be judged by another


def test_only_what_changed_is_found(rng):
    errors = rng.normal(0, 5, 280), rng.normal(0, 5, 140)
    calm = drifts(made(280), made(140, seed=1), train_errors=errors[0], held_out_errors=errors[1])
    assert [drift.name for drift in calm] == ["level", "week", "errors", "classifier"]
    assert [drift.name for drift in calm if drift.found] == []
    other = made(140, week=-WEEK, level=2000, seed=1)
    turned = drifts(made(280), other, train_errors=errors[0], held_out_errors=5 * errors[1])
    assert [drift.name for drift in turned if drift.found] == ["level", "week", "errors", "classifier"]


def test_a_channel_that_always_changed_is_not_drifting():
    assert not Drift("level", between=0.3, inside=0.25, limit=0.1).found
    assert Drift("level", between=0.3, inside=0.1, limit=0.1).found
