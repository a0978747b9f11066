"""A channel and its forecast as one flat record; expected are sums over plain lists, and sentences as they are read."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from forecasting.events import Event
from forecasting.forecasts.forecast import Forecast, HeldOutScore, Total
from forecasting.forecasts.summary import RECENT_DAYS, URGENCY, Need, needs_of_past, summarize
from forecasting.messages import Message
from forecasting.series import Channel, Correction
from tests.forecasting.forecasts.test_past import forecast
from tests.forecasting.forecasts.test_past import made as made_before

FIRST = date(2024, 1, 1)
COUNTS = [100 + 10 * (day % 7) + day for day in range(100)]
LAST = FIRST + timedelta(days=99)


def channel(counts: list[float] = COUNTS, **kept) -> Channel:
    return Channel("mine", pd.Series(counts, pd.date_range(FIRST, periods=len(counts)), dtype=float), **kept)


def total_of(days: int, point: float, low: float, high: float) -> Total:
    return Total(days, point, ((0.5, point, point), (0.9, low, high)))


def made(*totals: Total, origin: date = LAST, judged: tuple[HeldOutScore, ...] = ()) -> Forecast:
    return replace(forecast(np.full(28, 200.0), pd.Timestamp(origin)), totals=totals, judged=judged)


def score(horizon: int, low: float, high: float, origins: int = 100, **other) -> HeldOutScore:
    figures = dict.fromkeys(("mae", "mase", "rmsse", "bias", "pinball", "won", "difference"), 0.0) | {"skill": 0.25}
    known = {"method": "run", "coverage": (0.5, 0.9), "width": (1.0, 2.0), "over_days": True}
    return HeldOutScore(horizon=horizon, low=low, high=high, origins=origins, **(figures | known | other))


def needs(one, **asked) -> list[str]:
    return [need.kind for need in summarize(one, days=28, today=LAST, **asked).needs]


def test_totals_and_what_came_before_are_sums_over_as_many_days():
    known = made(total_of(7, 1_500, 1_400, 1_600), total_of(28, 6_600, 6_200, 7_000))
    for days, point in ((7, 1_500), (28, 6_600)):
        found = summarize(channel(), known, days=days, today=LAST)
        before = sum(COUNTS[-days:])
        assert (found.total, found.before, found.change) == (point, before, pytest.approx((point - before) / before))
    assert (found.low, found.high, found.level, found.origin, found.method) == (6_200, 7_000, 0.9, LAST, "run")
    assert found.recent == tuple(COUNTS[-RECENT_DAYS:])
    assert found.needs == ()


def test_a_forecast_of_earlier_days_is_compared_with_the_days_before_it_and_is_old():
    origin = LAST - timedelta(days=10)
    found = summarize(channel(), made(total_of(28, 5_000, 1, 9_999), origin=origin), days=28, today=LAST)
    assert found.before == sum(COUNTS[100 - 38 : 90])
    assert [need.kind for need in found.needs] == ["stale"]
    assert f"from {origin}" in found.to_row()["reason"]


def test_views_are_falling_where_the_whole_interval_lies_below_what_came():
    before = sum(COUNTS[-28:])
    assert needs(channel(), forecast=made(total_of(28, before - 500, before - 900, before - 1))) == ["falling"]
    assert needs(channel(), forecast=made(total_of(28, before - 500, before - 900, before + 1))) == []
    assert needs(channel(), forecast=made(total_of(28, before - 500, np.nan, np.nan))) == []
    row = summarize(channel(), made(total_of(28, 5_000, 4_000, 5_500)), days=28, today=LAST).to_row()
    assert row["reason"] == (
        "Falling: 5.00k in the next 28 days, at most 5.50k (90 % interval), after 6.03k in the last 28."
    )


def test_missing_days_are_those_nobody_measured_also_where_the_reader_filled_them_in():
    gaps = tuple(LAST - timedelta(days=back) for back in (3, 4, 40))
    filled = (Correction("filled", gaps, option="fill"),)
    assert needs(channel(corrections=filled)) == []  # two of the last 28: no alarm
    unknown = [*COUNTS[:-6], np.nan, *COUNTS[-5:]]
    found = summarize(channel(unknown, corrections=filled), days=28, today=LAST)
    assert [need.reason.translated() for need in found.needs] == ["3 of the last 28 days are missing."]
    ignored = tuple(Event(LAST - timedelta(days=back), "x", learn=False) for back in range(8))
    assert needs(channel(events=ignored)) == []  # measured, if not learnt from


def test_days_are_late_after_two_weeks_and_a_channel_of_long_ago_has_ended():
    kinds = [
        [need.kind for need in summarize(channel(), days=28, today=LAST + timedelta(days=passed)).needs]
        for passed in (14, 15, 365, 366)
    ]
    assert kinds == [[], ["late"], ["late"], []]


@pytest.mark.parametrize(
    ("judged", "verdict", "skill"),
    [
        (score(28, -9, -1), "better", 0.25),
        (score(28, 1, 9), "worse", 0.25),
        (score(28, -1, 1), "cannot tell", 0.25),
        (score(28, -9, -1, origins=5), "cannot tell", np.nan),
        (score(7, -9, -1), "cannot tell", np.nan),  # of other days
        (score(28, -9, -1, over_days=False), "cannot tell", np.nan),
        (score(28, -9, -1, method="last-week"), "cannot tell", np.nan),
    ],
)
def test_verdict_and_skill_are_the_methods_own_over_the_days_asked_for(judged, verdict, skill):
    found = summarize(channel(), made(judged=(judged,)), days=28, today=LAST)
    assert found.verdict == verdict and found.skill == pytest.approx(skill, nan_ok=True)
    assert found.to_row()["verdict"] == verdict


def test_a_channel_without_a_forecast_has_no_verdict_and_few_days_no_total_before():
    found = summarize(channel(COUNTS[:20]), days=28, today=FIRST)
    assert (found.verdict, found.origin) == (None, None)
    assert np.isnan([found.total, found.change, found.skill]).all()
    short = summarize(channel(COUNTS[:20]), made(total_of(28, 1, 1, 1)), days=28, today=FIRST)
    assert np.isnan(short.before) and np.isnan(short.change)


def test_the_most_urgent_comes_first_then_the_steepest_fall_then_the_name():
    why = Message("why")
    kinds = [summarize(channel(), days=28, today=LAST, needs=[Need(kind, why)]) for kind in reversed(URGENCY)]
    well = [
        summarize(channel(), made(total_of(28, point, 1, 1e9)), days=28, today=LAST) for point in (9_000, 3_000, 5_000)
    ]
    order = sorted([*well, *kinds], key=lambda one: one.urgency)
    assert [one.needs[0].kind for one in order[: len(URGENCY)]] == list(URGENCY)
    assert [one.total for one in order[len(URGENCY) :]] == [3_000, 5_000, 9_000]
    both = summarize(channel(), days=28, today=LAST, needs=[Need("failed", why), Need("falling", why)])
    assert [need.kind for need in both.needs] == ["falling", "failed"]


def test_a_model_that_errs_more_than_it_promised_is_stale_and_others_are_not():
    well = made_before(np.random.default_rng(2), 16, wide=200.0)
    badly = made_before(np.random.default_rng(0), 24, worse=(84, 4.0), wide=1000.0)
    badly = [replace(one, model="ets", name="ets") for one in badly]
    (need,) = needs_of_past([*well, None, *badly])
    assert need.kind == "stale"
    assert need.reason.translated().startswith("“Exponential smoothing” has gone stale since 2024-0")
