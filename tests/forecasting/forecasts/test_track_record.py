"""The record that is kept of a method beside its forecast: every number by a slow, plain loop, and nothing of the
future in it."""

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation.backtest import backtest
from forecasting.evaluation.calibration import fit_method
from forecasting.forecasts.forecast import evaluate_held_out
from forecasting.forecasts.track_record import TrackRecord, track_record
from forecasting.json_records import from_json, to_json
from forecasting.models.registry import baseline
from forecasting.series import Series
from tests.forecasting.conftest import make_views

HORIZON = 5


def record_of(views, split, method="ets") -> TrackRecord:
    series = Series(views)
    learnt = series.until(split.train.last)
    done, _judged = evaluate_held_out(series, fit_method(method, learnt, 7), split, horizon=HORIZON)
    return track_record(series, done, split.held_out, horizon=HORIZON)


@pytest.fixture(scope="module")
def holey() -> pd.Series:
    views = make_views()
    views.iloc[[380, 381, 395]] = np.nan  # of these days nothing is known
    return views


def test_every_number_is_that_of_a_loop_over_days(holey, split):
    series = Series(holey)
    learnt, found = series.until(split.train.last), record_of(holey, split)
    fitted, usual = fit_method("ets", learnt, 7), baseline("last-week")
    every, errors, off, theirs = pd.date_range(learnt.last, holey.index[-2]), [], {}, {}
    done = backtest(series, fitted, every, horizon=7)  # all origins, whose intervals follow those before
    inside, totals = [], []
    for row, origin in enumerate(every):
        own, known = [], series.until(origin)
        predicted = fitted.forecaster.predict(known, known.views.index[-1:], 7)[0]
        other = usual.predict(known, known.views.index[-1:], HORIZON)[0]
        for ahead in range(1, HORIZON + 1):
            actual = holey.get(origin + pd.Timedelta(days=ahead), np.nan)
            if np.isfinite(actual):
                own.append(abs(predicted[ahead - 1] - actual))
                inside.append(done.lower[0.9][row, ahead - 1] <= actual <= done.upper[0.9][row, ahead - 1])
                weekday = (origin + pd.Timedelta(days=ahead)).weekday()
                off.setdefault(weekday, []).append(own[-1])
                theirs.setdefault(weekday, []).append(abs(other[ahead - 1] - actual))
        errors.append(np.mean(own) if own else np.nan)
        week = holey.reindex(pd.date_range(origin, periods=8)[1:])
        if week.notna().all():
            totals.append((abs(predicted.sum() - week.sum()), week.sum()))
    assert found.by_origin().to_dict() == pytest.approx(pd.Series(errors, every).dropna().to_dict(), rel=1e-5)
    assert found.coverage == pytest.approx(np.mean(inside))
    train = learnt.views.to_numpy()
    assert found.usual == pytest.approx(np.abs(train[7:] - train[:-7]).mean(), rel=1e-5)
    weekdays = found.groups_of("day_of_week")
    assert [group.value for group in weekdays] == list(range(7))
    assert [group.error for group in weekdays] == pytest.approx([np.mean(off[day]) for day in range(7)], rel=1e-5)
    assert [group.usual for group in weekdays] == pytest.approx([np.mean(theirs[day]) for day in range(7)], rel=1e-5)
    assert [group.value for group in found.groups_of("ahead")] == [1, 2, 3, 4, 5]
    (total,) = found.totals
    assert total.days == 7 and total.origins == len(totals)
    assert total.share == pytest.approx(np.divide(*np.sum(totals, axis=0)), rel=1e-5)


@pytest.mark.parametrize("method", ["ets", "four-weeks"])
def test_nothing_of_the_days_after_the_held_out_period_is_in_it(split, method):
    views = make_views(440)
    changed = views.copy()
    beyond = pd.Timestamp(split.held_out.last) + pd.Timedelta(days=7)  # of the total that begins on its last day
    changed[changed.index > beyond] = 9e6
    assert record_of(views, split, method) == record_of(changed, split, method)


def test_past_forecasts_see_only_the_days_before_them(split):
    views = make_views()
    changed, cut = views.copy(), pd.Timestamp("2021-01-20")
    changed[changed.index > cut] *= 3
    before, after = (record_of(series, split).by_origin() for series in (views, changed))
    untouched = before.index + pd.Timedelta(days=HORIZON) <= cut
    assert (before[untouched] == after[untouched]).all() and untouched.sum() > 10
    assert (before[~untouched] != after[~untouched]).all()


def test_it_is_small_and_comes_back_from_json(holey, split):
    found = record_of(holey, split)
    text = to_json(found)
    assert to_json(from_json(TrackRecord, text)) == text and len(text) < 3000
