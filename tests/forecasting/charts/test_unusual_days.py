"""Unusual days and changes of level in the chart."""

from datetime import date

import pandas as pd

from forecasting import charts
from forecasting.diagnosis.level_shifts import LevelShift
from forecasting.diagnosis.unusual_days import UnusualDay
from forecasting.split import Period, default_split

VIEWS = pd.Series(range(1000, 1500), pd.date_range("2021-01-01", periods=500), dtype=float)
DAYS = (UnusualDay(date(2021, 6, 1), 9000, 1000, 5000), UnusualDay(date(2022, 2, 1), 10, 1400, 700))
SHIFTS = (LevelShift(date(2021, 3, 1), 1.8), LevelShift(date(2021, 3, 30), 0.5))


def shapes(chart) -> list[str]:
    marks = (layer["mark"] for layer in chart.to_dict()["layer"])
    return [mark.get("shape", mark["type"]) for mark in marks if mark.get("filled") or mark["type"] == "text"]


def test_high_days_point_up_low_ones_down_and_only_those_shown():
    split = default_split(VIEWS)
    assert shapes(charts.views_over_time(VIEWS, split, unusual=DAYS)) == ["triangle-up", "triangle-down"]
    shown = Period(date(2021, 5, 1), date(2021, 9, 1))
    assert shapes(charts.views_over_time(VIEWS, split, unusual=DAYS, shown=shown)) == ["triangle-up"]
    assert shapes(charts.views_over_time(VIEWS, split, unusual=DAYS, step="week")) == []


def test_tooltip_says_what_was_unusual_and_what_changed():
    chart = charts.views_over_time(VIEWS, default_split(VIEWS), unusual=DAYS, shifts=SHIFTS)
    said = {text for data in chart.to_dict()["datasets"].values() for row in data for text in [row.get("unusual")]}
    assert {DAYS[0].message.translated(), SHIFTS[0].message.translated()} <= said


def test_label_of_a_change_does_not_reach_into_the_next_one():
    chart = charts.views_over_time(VIEWS, default_split(VIEWS), shifts=SHIFTS)
    labels = [row["times"] for data in chart.to_dict()["datasets"].values() for row in data if "times" in row]
    assert labels[:2] == ["×1.8", ""]
