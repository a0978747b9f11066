"""Totals with their past: the errors by a plain loop, nothing of what came later, and few totals say nothing."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.scores import Scores, make_scores
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.totals_record import FEWEST_TOTALS, JudgedTotal, judge_totals
from forecasting.json_records import from_json, to_json
from forecasting.models.registry import baseline
from forecasting.series import Series

HORIZON = 40


def channel(last: str, days: int = 420) -> Series:
    """About 1000 views a day with a week."""
    rng, day = np.random.default_rng(3), np.arange(days)
    views = 1000 * (1 + 0.2 * np.sin(2 * np.pi * day / 7)) * np.exp(rng.normal(0, 0.1, days))
    return Series(pd.Series(views, pd.date_range(end=last, periods=days)))


def past(series: Series, days: int = 200, method: str = "mean-28") -> tuple[Scores, np.ndarray]:
    """Scores of the last so many origins, and the forecast of the days after the last one."""
    origins = series.views.index[-days:]
    predicted = baseline(method).predict(series, origins, HORIZON)
    return make_scores(series, origins[:-1], predicted[:-1]), predicted[-1]


def judged(series: Series, **how) -> list[JudgedTotal]:
    return judge_totals(series, *past(series, **how))


def test_errors_of_totals_are_those_of_a_plain_loop():
    series = channel("2021-11-17")
    views, (scores, _now) = series.views, past(series)
    found = {(one.kind, one.days): one for one in judge_totals(series, scores, _now)}
    errors = []
    for step in range(1, 1000):  # this month: known through the 17th, the rest as the mean of 28 days
        origin = pd.Timestamp("2021-11-17") - pd.DateOffset(months=step)
        if origin < scores.origins[0]:
            break
        month = views[origin.strftime("%Y-%m")]
        forecast = month[:origin].sum() + (len(month) - 17) * views[:origin][-28:].mean()
        errors.append(abs(forecast - month.sum()) / month.sum())
    month = found["this month", 30]
    assert (month.first, month.last) == (date(2021, 11, 1), date(2021, 11, 30))
    assert month.so_far == pytest.approx(views["2021-11"].sum())
    assert month.record.count == len(errors) == 6
    # The middle of paths is near, and not the same as, the sum of the days' forecasts.
    assert month.record.median_error == pytest.approx(np.median(errors), abs=0.02)
    weeks = []
    for place in range(len(views) - 8, len(views) - 200, -7):  # last week for the next
        weeks.append(abs(views.iloc[place - 6 : place + 1].sum() / views.iloc[place + 1 : place + 8].sum() - 1))
    week = found["days", 7].record
    assert week.count == len(weeks)
    assert week.baseline_median == pytest.approx(np.median(weeks))
    assert week.baseline_largest == pytest.approx(max(weeks))
    assert week.median_error < week.baseline_median  # noise: a mean over weeks is better than one of them
    assert 0.75 <= week.held / week.intervals <= 1


def test_total_is_what_was_measured_and_the_rest():
    series = channel("2021-11-29")
    months = {one.kind: one for one in judged(series) if one.kind != "days"}
    assert months["this month"].so_far == pytest.approx(series.views["2021-11"].sum())
    assert months["this month"].point == pytest.approx(series.views["2021-11"].sum() + 1000, abs=300)
    assert (months["next month"].so_far, months["next month"].days) == (0, 31)
    assert months["next month"].lower < months["next month"].point < months["next month"].upper
    ended = {one.kind: one for one in judged(channel("2021-11-30"))}["this month"]  # the next day's month
    assert (ended.first, ended.last, ended.so_far) == (date(2021, 12, 1), date(2021, 12, 31), 0)


def test_nothing_of_what_came_later_enters_a_past_total(monkeypatch):
    series, cut = channel("2021-11-29"), pd.Timestamp("2021-08-31")
    found = {}
    for name, factor in (("as it was", 1), ("other days after", 3)):
        views = series.views.copy()
        views[cut + pd.Timedelta(days=1) :] *= factor
        changed = Series(views)
        scores, now = past(changed)
        found[name] = _seen_by(changed, scores, now, cut, monkeypatch)
    assert len(found["as it was"]) >= 4
    for one, other in zip(*found.values(), strict=True):
        np.testing.assert_allclose(one, other)


def _seen_by(series: Series, scores: Scores, now: np.ndarray, cut: pd.Timestamp, monkeypatch) -> list[np.ndarray]:
    """What every past total made by the day `cut` was forecast to be."""
    from forecasting.forecasts import totals_record

    seen, real = [], totals_record._record

    def record(series, past, forecasts):
        seen.extend(row for window, row in zip(past, forecasts, strict=True) if window.origin <= cut)
        return real(series, past, forecasts)

    with monkeypatch.context() as patch:
        patch.setattr(totals_record, "_record", record)
        judge_totals(series, scores, now)
    return seen


def test_few_past_totals_are_no_record():
    judged_now = judged(channel("2021-11-29", days=120), days=60)
    said = {(one.kind, one.days): (one.record.count, one.verdict().translated()) for one in judged_now}
    count, sentence = said["days", 28]
    assert count < FEWEST_TOTALS and "cannot tell" in sentence and f"{FEWEST_TOTALS} are needed" in sentence
    count, sentence = said["days", 7]
    assert count >= FEWEST_TOTALS and sentence.startswith("7-day totals were off by ")


def test_an_unmeasured_day_makes_no_past_total():
    series = channel("2021-11-29")
    gap = Series(series.views, pd.DatetimeIndex(["2021-11-20"]))
    weeks = [{one.days: one for one in judged(one) if one.kind == "days"}[7].record.count for one in (series, gap)]
    assert weeks[1] == weeks[0] - 1


def test_forecasts_stored_before_totals_were_judged_are_read():
    old = to_json(Forecast("auto", date(2021, 1, 1), (), (), (), (), ()))
    assert '"judged_totals": []' in old
    assert from_json(Forecast, old.replace('"judged_totals": [], ', "")).judged_totals == ()
    kept = Forecast("auto", date(2021, 1, 1), (), (), (), (), (), judged_totals=tuple(judged(channel("2021-11-29"))))
    assert from_json(Forecast, to_json(kept)) == kept
