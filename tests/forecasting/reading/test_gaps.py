"""Missing days are filled from what was before them, and from the next measured day alone."""

import numpy as np
import pandas as pd
import pytest

from forecasting.reading.choice import Choice
from forecasting.reading.reader import read_views
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings
from forecasting.split import Period, Split
from forecasting.windows import SplitWindows, run_windows

DAYS = pd.date_range("2020-01-06", periods=500)
CUT = 400  # days of training; the others are held out
SPLIT = Split(Period(DAYS[0].date(), DAYS[CUT - 1].date()), Period(DAYS[CUT].date(), DAYS[-1].date()))


def counts(rng: np.random.Generator) -> np.ndarray:
    week = 1 + 0.4 * np.sin(2 * np.pi * np.arange(len(DAYS)) / 7)
    return (5000 * week * rng.lognormal(0, 0.1, len(DAYS))).round()


def gaps(rng: np.random.Generator) -> np.ndarray:
    """Days that are missing: six gaps up to a week long, one of them across the cut."""
    missing = np.zeros(len(DAYS), bool)
    for begin in [CUT - rng.integers(1, 4), *rng.integers(70, CUT - 10, 5)]:
        missing[begin : begin + rng.integers(4, 8)] = True
    return missing


def channel(views: np.ndarray, missing: np.ndarray, fill: str = "same-weekday") -> Channel:
    rows = [f"{day.date()},{count:.0f}" for day, count, gone in zip(DAYS, views, missing, strict=True) if not gone]
    return read_views("\n".join(["Date,Views", *rows]).encode(), "x.csv", Choice(fill=fill, keep_last=True))


def learnt_from(found: Channel) -> SplitWindows:
    return run_windows(found.series, RunSettings(SPLIT, Architecture("linear", 28)))


@pytest.mark.parametrize("fill", ["same-weekday", "interpolate"])
def test_held_out_days_have_no_part_in_what_is_learnt_from(fill):
    """Forty channels whose held-out days are up to five times as many views as they were."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        views, missing = counts(rng), gaps(rng)
        other = views.copy()
        other[CUT:] *= rng.uniform(0.2, 5, len(DAYS) - CUT)
        before, after = (learnt_from(channel(one, missing, fill)) for one in (views, other))
        assert (before.train.inputs == after.train.inputs).all() and (before.train.targets == after.train.targets).all()
        assert before.scaler == after.scaler
        assert len(before.train) > 200 and (before.held_out.targets != after.held_out.targets).any()


def test_a_filled_day_rests_on_no_day_after_the_next_measured_one():
    rng = np.random.default_rng(3)
    views, missing = counts(rng), np.zeros(len(DAYS), bool)
    missing[200:205] = True
    other = views.copy()
    other[206:] *= 3
    before, after = (channel(one, missing).views.iloc[200:205] for one in (views, other))
    assert (before == after).all()
    other[205] *= 3
    assert (channel(other, missing).views.iloc[200:205] > before).all()


def test_the_week_is_followed_better_than_by_a_line():
    rng = np.random.default_rng(5)
    views, missing = counts(rng), gaps(rng)
    off = {
        fill: np.abs(channel(views, missing, fill).views - views)[missing].mean()
        for fill in ("same-weekday", "interpolate")
    }
    assert off["same-weekday"] < 0.6 * off["interpolate"]


def test_first_weeks_without_a_usual_week_are_filled_on_a_line():
    views, missing = counts(np.random.default_rng(1)), np.zeros(len(DAYS), bool)
    missing[2] = True
    found = channel(views, missing).views
    assert found.iloc[2] == pytest.approx((found.iloc[1] + found.iloc[3]) / 2)
