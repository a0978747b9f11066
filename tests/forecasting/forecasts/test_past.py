"""Earlier forecasts beside what came: made records whose figures are known, and models that did or did not go stale."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.events import Event
from forecasting.forecasts.forecast import Band, Forecast, HeldOutScore, Total
from forecasting.forecasts.past import Freshness, PastForecast, freshness, past_forecast, summary
from forecasting.series import Series

WEEK = 7
VIEWS = pd.Series(
    100 + 10.0 * (np.arange(60) % WEEK) + np.arange(60), index=pd.date_range("2024-01-01", periods=60), name="views"
)
ORIGIN = VIEWS.index[39]
SKILL = 0.5


def score(horizon: int, skill: float = SKILL) -> HeldOutScore:
    rest = dict.fromkeys(("mase", "rmsse", "bias", "pinball", "difference", "low", "high", "won"), 0.0)
    return HeldOutScore("run", horizon, mae=1.0, skill=skill, coverage=(0.5, 0.9), width=(1, 2), origins=99, **rest)


def forecast(points: np.ndarray, origin: pd.Timestamp = ORIGIN, wide: float = 15.0) -> Forecast:
    points = np.asarray(points, float)
    days = pd.date_range(origin + pd.Timedelta(days=1), periods=len(points))
    band = Band(0.9, tuple(points - wide), tuple(points + wide))
    total = Total(len(points), float(points.sum()), ((0.9, points.sum() - 50, points.sum() + 50),))
    judged = (score(1), score(len(points)))
    return Forecast("run", origin.date(), tuple(days.date), tuple(points), (band,), (total,), judged)


def record(points: np.ndarray, now: Series, then: Series | None = None, **kept: object) -> PastForecast:
    return past_forecast(forecast(points, **kept), then=then or now.until(ORIGIN), now=now, model="id", name="run")


def test_errors_totals_and_intervals_are_those_of_the_days_that_came():
    points = VIEWS[40:50].to_numpy() + [0, 10, -10, 20, 0, 0, 0, 0, 0, 0]
    found = record(points, Series(VIEWS[:44]))
    assert (found.come, found.mae, found.held) == (4, 10.0, (3, 4))
    assert (found.said, found.came) == (VIEWS[40:44].sum() + 20, VIEWS[40:44].sum())
    assert found.usual_mae == 7.0  # views grow by one a day
    assert found.skill == pytest.approx(1 - 10 / 7)
    assert found.total_interval() is None
    whole = record(points, Series(VIEWS))
    assert whole.total_interval() == (points.sum() - 50, points.sum() + 50)
    line = summary([whole]).iloc[0]
    assert (line["origin"], line["come"], line["held"], line["of"]) == (ORIGIN.date(), 10, 9, 10)


def test_before_a_day_has_come_nothing_is_said():
    found = record(VIEWS[40:50], Series(VIEWS[:40]))
    assert found.come == 0 and np.isnan([found.mae, found.usual_mae, found.skill]).all() and found.held == (0, 0)


def test_days_filled_in_or_not_to_be_judged_do_not_count():
    now = Series(VIEWS, filled=VIEWS.index[[41]], events=(Event(VIEWS.index[42].date(), "outage", learn=False),))
    found = record(VIEWS[40:45] + 5, now)
    assert list(found.measured) == [True, False, False, True, True]
    assert found.mae == 5.0 and list(found.to_frame()["actual"].isna()) == [False, True, True, False, False]


def test_nothing_of_the_future_enters_what_was_said():
    changed = VIEWS.where(VIEWS.index <= ORIGIN, VIEWS * 7 + 3)
    points = VIEWS[40:50]
    first, second = (record(points, Series(views), then=Series(views)) for views in (VIEWS, changed))
    np.testing.assert_array_equal(first.usual, second.usual)
    assert first.forecast == second.forecast
    np.testing.assert_array_equal(second.actual, changed[40:50])


def test_a_revised_day_counts_as_it_is_now_and_the_baseline_as_it_was():
    revised = VIEWS.copy()
    revised.iloc[35:45] += 30
    found = record(VIEWS[40:50], Series(revised), then=Series(VIEWS[:40]))
    np.testing.assert_array_equal(found.actual, revised[40:50])
    np.testing.assert_array_equal(found.usual[:5], VIEWS[33:38])


# Whether a model has gone stale


def made(
    rng: np.random.Generator,
    months: int,
    *,
    horizon: int = WEEK,
    worse: tuple[int, float] = (10**6, 1.0),
    hard: float = 1.0,
    wide: float = 18.0,
) -> list[PastForecast]:
    """Forecasts after each other: errors half those of the usual baseline, as promised, from day `worse` more."""
    found = []
    for place in range(months):
        origin = ORIGIN + pd.Timedelta(days=place * horizon)
        day = place * horizon + np.arange(horizon)
        actual = 1000 + 50 * rng.normal(size=horizon)
        noise = rng.laplace(size=horizon) * np.where(day >= worse[0], worse[1], 1.0)
        points = actual + 10 * hard * noise
        usual = actual + 20 * hard * rng.laplace(size=horizon)
        said = forecast(points, origin, wide=wide)
        found.append(PastForecast("id", "run", replace(said, judged=(score(1), score(horizon))), actual, usual))
    return found


def judged(seed: int, months: int, **how) -> Freshness:
    return freshness(made(np.random.default_rng(seed), months, **how))


def test_a_model_that_errs_more_than_it_promised_is_stale_since_then():
    found = judged(0, 24, worse=(84, 4.0), wide=1000.0)
    assert found.stale and found.reason == "errors"
    assert abs((found.since - date(2024, 2, 10)).days - 84) <= WEEK
    assert "has gone stale since" in found.message.translated()


def test_intervals_that_hold_too_rarely_say_so_too():
    found = judged(1, 12, wide=6.0)
    assert found.stale and found.reason == "intervals" and found.held < found.judged * 0.8


def test_days_that_are_hard_for_everyone_make_no_model_stale():
    found = judged(2, 16, hard=5.0, wide=200.0)
    assert not found.stale and found.reason == ""


def test_a_model_as_good_as_it_promised_is_seldom_called_stale():
    wide = 10 * np.log(10)  # holds 90 % of Laplace's errors
    said = [judged(seed, 16, wide=wide).stale for seed in range(50)]
    assert sum(said) <= 7  # of errors 5 % at most are expected by chance, and of intervals as many


def test_few_days_cannot_tell():
    found = judged(3, 2, worse=(0, 5.0))
    assert (found.stale, found.reason, found.days, found.needed) == (False, "few days", 14, 28)
    assert "28 are needed" in found.message.translated()
    assert judged(3, 3, horizon=28, worse=(0, 5.0), wide=1000.0).reason == "few days"


def test_a_model_that_was_never_judged_cannot_be_called_stale_by_its_errors():
    past = [replace(one, forecast=replace(one.forecast, judged=())) for one in made(np.random.default_rng(4), 8)]
    assert freshness(past).reason == "not judged"
