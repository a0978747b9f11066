"""The charts of where a method errs."""

import pytest

from forecasting.charts.errors import errors_chart, errors_frame, largest_group
from forecasting.forecasts.track_record import ErrorGroup


def groups(part: str, days: dict[int, int]) -> list[ErrorGroup]:
    """Errors of a hundred times the group's number, and a tenth more of the baseline's."""
    return [ErrorGroup(part, value, 100.0 * value, 110.0 * value, count) for value, count in days.items()]


def test_method_and_baseline_stand_beside_each_other_and_few_days_are_pale():
    frame = errors_frame(groups("month", {1: 31, 2: 13}), ["Jan", "Feb"])
    assert list(frame["error"]) == pytest.approx([100, 110, 200, 220])
    assert list(frame["role"]) == ["Predicted", "Baseline"] * 2
    assert list(frame["opacity"]) == [1, 1, 0.35, 0.35]


@pytest.mark.parametrize(("part", "mark"), [("ahead", "line"), ("day_of_week", "bar"), ("month", "bar")])
def test_axes_have_titles_with_units(part, mark):
    spec = errors_chart(groups(part, {1: 40, 2: 40}), ["a", "b"]).to_dict()
    assert spec["mark"]["type"] == mark
    assert spec["encoding"]["y"]["title"] == "Mean absolute error, views a day"
    assert spec["encoding"]["x"]["title"] in ("Days ahead", "Weekday", "Month")


def test_largest_error_is_named_only_where_days_suffice():
    found = largest_group(groups("day_of_week", {1: 50, 2: 50, 3: 7}), ["Tue", "Wed", "Thu"])
    assert found.translated() == "Largest error: Wed (200 views a day). Smallest: Tue (100)."
    assert "Cannot tell" in largest_group(groups("day_of_week", {1: 50, 2: 7}), ["Tue", "Wed"]).translated()
