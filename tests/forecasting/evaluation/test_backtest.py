"""Backtests against utilsforecast and slow loops."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from utilsforecast import losses

from forecasting.evaluation.backtest import (
    backtest,
    compare_backtests,
    errors_by,
    mean_over_days,
    origins_in,
    table,
    win_rate,
)
from forecasting.evaluation.calibration import fit_method
from forecasting.messages import BadInput
from forecasting.series import Series
from forecasting.split import Period
from tests.forecasting.conftest import make_views

HELD_OUT = Period(date(2020, 12, 1), date(2021, 2, 10))
HORIZON = 7


@pytest.fixture(scope="module")
def results() -> dict:
    views = make_views()
    views.iloc[[370, 380]] = np.nan  # of these days nothing is known
    origins = origins_in(views, HELD_OUT, HORIZON)
    fitted = {name: fit_method(name, Series(views[: origins[0]]), HORIZON) for name in ("last-week", "ets")}
    return {name: backtest(Series(views), one, origins, horizon=HORIZON) for name, one in fitted.items()}


@pytest.mark.parametrize("ahead", [1, 4, 7])
def test_metrics_are_those_of_utilsforecast(results, ahead):
    result = results["ets"]
    row = table(result, results["last-week"], [ahead]).loc[ahead]
    column = ahead - 1
    frame = pd.DataFrame(
        {
            "unique_id": "views",
            "ds": result.days(ahead),
            "y": result.actual[:, column],
            "model": result.predicted[:, column],
            "model-lo-90": result.lower[0.9][:, column],
            "model-hi-90": result.upper[0.9][:, column],
        }
    ).dropna()
    known = pd.DataFrame({"unique_id": "views", "ds": range(len(result.train_views)), "y": result.train_views})
    expected = {
        "mae": losses.mae(frame, ["model"]),
        "bias": losses.bias(frame, ["model"]),
        "mase": losses.mase(frame, ["model"], seasonality=7, train_df=known),
        "rmsse": losses.rmsse(frame, ["model"], seasonality=7, train_df=known),
        "coverage_90": losses.coverage(frame, ["model"], 90),
    }
    for name, found in expected.items():
        assert row[name] == pytest.approx(found["model"].item()), name
    assert row["width_90"] == pytest.approx((frame["model-hi-90"] - frame["model-lo-90"]).mean())


def test_pinball_is_that_of_utilsforecast_over_five_quantiles(results):
    result, found = results["ets"], []
    quantiles = {0.05: result.lower[0.9], 0.25: result.lower[0.5], 0.5: result.predicted}
    quantiles |= {0.75: result.upper[0.5], 0.95: result.upper[0.9]}
    for share, predicted in quantiles.items():
        frame = pd.DataFrame({"unique_id": "v", "y": result.actual[:, 2], "model": predicted[:, 2]}).dropna()
        frame["ds"] = range(len(frame))
        found.append(losses.quantile_loss(frame, {"model": "model"}, share)["model"].item())
    row = table(result, results["last-week"], [3]).loc[3]
    assert row["pinball"] == pytest.approx(np.mean(found))


def test_skill_is_against_the_baseline_and_its_own_is_none(results):
    rows = table(results["ets"], results["last-week"])
    usual = table(results["last-week"], results["last-week"])
    assert rows["skill"].to_numpy() == pytest.approx(1 - rows["mae"].to_numpy() / usual["mae"].to_numpy())
    assert (usual["skill"] == 0).all()


def test_every_origin_forecasts_within_the_held_out_period():
    views = make_views()
    origins = origins_in(views, HELD_OUT, HORIZON)
    assert origins[0] == pd.Timestamp("2020-11-30") and origins[-1] == pd.Timestamp("2021-02-03")
    few = origins_in(views, HELD_OUT, HORIZON, count=5)
    assert len(few) == 5 and few[0] == origins[0] and few[-1] == origins[-1]


def test_refitting_uses_what_has_become_known():
    views = make_views()
    views.loc["2020-12-20":] += 3000  # a jump that only a new fit learns as usual
    origins = origins_in(views, HELD_OUT, HORIZON)
    fitted = fit_method("linear", Series(views[: origins[0]]), HORIZON)
    once, again = (backtest(Series(views), fitted, origins, horizon=HORIZON, refit_days=days) for days in (0, 14))
    assert once.predicted[:14] == pytest.approx(again.predicted[:14])
    late = origins >= pd.Timestamp("2021-01-15")
    errors = [np.abs(one.predicted - one.actual)[late].mean() for one in (once, again)]
    assert errors[1] < errors[0]


def test_errors_by_weekday_month_and_days_ahead_equal_a_loop(results):
    result = results["ets"]
    parts = {
        "ahead": lambda day, ahead: ahead,
        "day_of_week": lambda day, _: day.weekday(),
        "month": lambda day, _: day.month,
    }
    for part, group_of in parts.items():
        errors: dict[int, list[float]] = {}
        days: dict[int, set] = {}
        for row, origin in enumerate(result.origins):
            for ahead in range(1, HORIZON + 1):
                day, off = (
                    origin + pd.Timedelta(days=ahead),
                    result.predicted[row, ahead - 1] - result.actual[row, ahead - 1],
                )
                if np.isfinite(off):
                    errors.setdefault(group_of(day, ahead), []).append(abs(off))
                    days.setdefault(group_of(day, ahead), set()).add(day)
        found = errors_by(result, part)
        assert found["error"].to_dict() == pytest.approx({key: sum(all_) / len(all_) for key, all_ in errors.items()})
        assert found["days"].to_dict() == {key: len(all_) for key, all_ in days.items()}


def test_errors_over_all_days_ahead_are_means_of_each_forecast(results):
    ets, usual = (results[name].up_to(3) for name in ("ets", "last-week"))
    means = []
    for result in (ets, usual):
        rows = [
            [abs(p - a) for p, a in zip(*row, strict=True) if np.isfinite(a)]
            for row in zip(result.predicted, result.actual, strict=True)
        ]
        means.append(np.mean([np.mean(row) for row in rows if row]))
    found = mean_over_days(ets, usual)
    assert found["mae"] == pytest.approx(means[0]) and found["skill"] == pytest.approx(1 - means[0] / means[1])
    train = ets.train_views
    assert found["mase"] == pytest.approx(means[0] / np.nanmean(np.abs(train[7:] - train[:-7])))
    inside = (ets.lower[0.9] <= ets.actual) & (ets.actual <= ets.upper[0.9])
    assert found["coverage_90"] == pytest.approx(inside.sum() / np.isfinite(ets.actual).sum())


def test_comparison_counts_origins_won_and_finds_the_better(results):
    found = compare_backtests(results["ets"], results["last-week"], 1)
    off = [np.abs(results[name].predicted - results[name].actual)[:, 0] for name in ("ets", "last-week")]
    gap = (off[0] - off[1])[np.isfinite(off[0])]
    assert found.difference == pytest.approx(gap.mean())
    assert win_rate(results["ets"], results["last-week"], 1) == pytest.approx((gap < 0).mean())
    assert found.low < found.difference < found.high and found.difference < 0
    assert found.answer == ("better" if found.high < 0 else "cannot tell")
    same = compare_backtests(results["ets"], results["ets"])
    assert (same.difference, same.low, same.high, same.answer) == (0, 0, 0, "cannot tell")
    assert win_rate(results["ets"], results["ets"], 1) == 0.5


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (Period(date(2030, 1, 1), date(2030, 2, 1)), "no views from"),
        (Period(date(2020, 12, 1), date(2020, 12, 3)), "shorter than 7 days"),
    ],
)
def test_a_period_without_forecasts_is_one_sentence(period, words):
    with pytest.raises(BadInput, match=words):
        origins_in(make_views(), period, HORIZON)
