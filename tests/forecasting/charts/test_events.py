"""Days with a name in the charts: which points are marked, and what is said there."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.charts import forecast_chart, real_and_predicted, reveal_chart, views_over_time
from forecasting.events import Event
from forecasting.split import Period, default_split

DAYS = pd.date_range("2021-01-04", periods=200)  # a Monday
VIEWS = pd.Series(np.arange(200.0) + 100, DAYS)
EVENTS = (
    Event(date(2021, 3, 2), "Episode 1", "upload"),
    Event(date(2021, 3, 3), "", "campaign"),
    Event(date(2021, 3, 3), "<b>*=1+1*</b>", "other"),
    Event(date(2021, 5, 1), "Server down", "outage", learn=False),
    Event(date(2021, 7, 30), "Planned", "upload"),
    Event(date(2035, 1, 1), "Far away", "upload"),
)


def marks(chart) -> dict[bool, list[str]]:
    """Filled or not -> the days marked below the axis."""
    spec = chart.to_dict()
    found: dict[bool, list[str]] = {}
    for layer in spec["layer"]:
        if layer["mark"].get("shape") == "triangle-up":
            rows = spec["datasets"][layer["data"]["name"]]
            found[layer["mark"]["filled"]] = [row["day"][:10] for row in rows]
    return found


def said(chart) -> dict[str, str]:
    """Day -> what the tooltip says of its events."""
    spec = chart.to_dict()
    rows = (row for rows in spec["datasets"].values() for row in rows if row.get("event"))
    return {row["day"][:10]: row["event"] for row in rows}


@pytest.mark.parametrize(
    ("step", "learnt", "not_learnt"),
    [
        ("day", ["2021-03-02", "2021-03-03"], ["2021-05-01"]),
        ("week", ["2021-03-01"], ["2021-04-26"]),
        ("month", ["2021-03-01", "2021-07-01"], ["2021-05-01"]),
    ],
)
def test_a_point_with_events_is_marked_once_and_hollow_where_nothing_is_learnt(step, learnt, not_learnt):
    chart = views_over_time(VIEWS, default_split(VIEWS), events=EVENTS, step=step)
    assert marks(chart) == {True: learnt, False: not_learnt}


def test_names_are_said_as_they_are_and_those_without_one_by_their_kind():
    said_there = said(views_over_time(VIEWS, default_split(VIEWS), events=EVENTS))
    assert said_there["2021-03-03"] == "Campaign, <b>*=1+1*</b>"
    assert said_there["2021-05-01"] == "Server down (not learnt from)"


def test_planned_days_are_marked_in_a_forecast_and_a_hundred_names_are_a_few_and_a_number():
    many = tuple(Event(date(2021, 7, 24), f"Episode {number:03}", "upload") for number in range(100))
    chart = forecast_chart(VIEWS, np.full(28, 100.0), events=EVENTS + many)
    assert marks(chart) == {True: ["2021-07-24", "2021-07-30"]}
    assert said(chart)["2021-07-24"] == "Episode 000, Episode 001, Episode 002 and 97 more"


def test_no_mark_and_no_room_for_one_where_no_event_is_shown():
    split = default_split(VIEWS)
    shown = Period(date(2021, 5, 2), date(2021, 6, 2))
    with_none = views_over_time(VIEWS, split, shown=shown).to_dict()["layer"]
    assert [layer.get("mark") for layer in with_none] == [
        layer.get("mark") for layer in views_over_time(VIEWS, split, events=EVENTS, shown=shown).to_dict()["layer"]
    ]


def test_held_out_days_of_a_run_are_marked():
    predictions = pd.DataFrame({0: VIEWS["2021-05-01":]})
    assert marks(real_and_predicted(VIEWS, predictions, events=EVENTS)) == {False: ["2021-05-01"]}


def test_revealed_days_are_marked_once_however_many_models_forecast_them():
    hidden = DAYS[-14:]
    forecasts = pd.DataFrame({"One": VIEWS[hidden], "Two": VIEWS[hidden] + 9})
    event = Event(hidden[3].date(), "Episode 2", "upload")
    assert marks(reveal_chart(VIEWS, hidden, forecasts, events=(event,))) == {True: [str(event.day)]}
