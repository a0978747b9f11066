"""Charts by week and month, and beside the year before, against slow loops over days."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting import charts
from forecasting.charts.forecast import forecast_frame
from forecasting.charts.periods import KNOWN, a_year_before, mean_by
from forecasting.sample import sample_channel
from forecasting.split import Period, default_split


def with_holes() -> pd.Series:
    views = sample_channel().views["2019-03-06":"2021-02-10"].copy()
    views["2020-02-03":"2020-02-04"] = np.nan  # two days of a week
    views["2020-03-09"] = np.nan  # one day of another
    return views


def slow_means(step: str, views: pd.Series) -> dict[pd.Timestamp, float]:
    """First day of a step -> mean over its known days, where six in seven of all its days are known."""
    groups: dict[pd.Timestamp, list[float]] = {}
    for day, count in views.items():
        first = day.replace(day=1) if step == "month" else day - pd.Timedelta(days=day.weekday())
        groups.setdefault(first, []).append(count)
    sizes = {first: first.days_in_month if step == "month" else 7 for first in groups}
    known = {first: [count for count in counts if not np.isnan(count)] for first, counts in groups.items()}
    return {first: np.mean(kept) for first, kept in known.items() if len(kept) / sizes[first] >= KNOWN}


@pytest.mark.parametrize("step", ["week", "month"])
def test_means_by_step_equal_a_slow_loop(step):
    views = with_holes()
    found = mean_by(step, views.to_frame("views"))["views"].dropna()
    assert found.to_dict() == pytest.approx(slow_means(step, views))
    assert pd.Timestamp("2020-02-03") not in found.index or step == "month"


def test_a_year_before_is_the_same_weekday_or_the_same_month():
    views = with_holes()
    before = a_year_before("day", views)
    assert before["2020-07-20"] == views["2019-07-22"]  # both are Mondays
    months = mean_by("month", views.to_frame("views"))["views"]
    assert a_year_before("month", months)["2020-07-01"] == months["2019-07-01"]


def rows(chart) -> pd.DataFrame:
    return pd.DataFrame(max(chart.to_dict()["datasets"].values(), key=len))


def test_a_period_is_drawn_with_the_shades_that_reach_into_it():
    views = sample_channel().views
    shown = Period(date(2021, 12, 1), date(2022, 1, 31))
    chart = charts.views_over_time(views, default_split(views), shown=shown, year_before=True)
    frame = rows(chart)
    assert (frame["day"].iloc[0][:10], frame["day"].iloc[-1][:10]) == ("2021-12-01", "2022-01-31")
    assert frame["before"].iloc[0] == views["2020-12-02"]
    shades = [data[0] for data in chart.to_dict()["datasets"].values() if "end" in data[0]]
    assert [(shade["day"][:10], shade["end"][:10]) for shade in shades] == [
        ("2021-12-01", "2022-01-01"),
        ("2022-01-01", "2022-02-01"),
    ]


def test_a_tip_of_the_views_names_every_line():
    views = sample_channel().views
    layers = charts.views_over_time(views, default_split(views), step="week", year_before=True).to_dict()["layer"]
    tips = [tip["title"] for layer in layers for tip in layer["encoding"].get("tooltip", [])]
    assert tips == ["Week from", "Real views", "A year before"]


def test_weeks_of_a_forecast_have_no_intervals_and_no_week_of_a_day():
    views = sample_channel().views  # to Saturday 2022-12-31
    days = pd.date_range("2023-01-01", periods=21)
    edges = {"lower_90": 10.0, "upper_90": 30.0, "lower_50": 15.0, "upper_50": 25.0}
    forecast = pd.DataFrame({"forecast": np.arange(21.0)} | edges, index=days)
    frame = forecast_frame(views, np.full(21, 7.0), forecast, step="week").set_index("day")
    assert [name for name in frame if "lower" in name or "upper" in name] == []
    assert frame["predicted"].dropna().to_dict() == {
        pd.Timestamp("2023-01-02"): np.mean(range(1, 8)),
        pd.Timestamp("2023-01-09"): np.mean(range(8, 15)),
        pd.Timestamp("2023-01-16"): np.mean(range(15, 21)),  # six of its seven days are known
    }
    assert frame["real"].last_valid_index() == pd.Timestamp("2022-12-26")
