"""The Goals page: answers from draws, in the link, and with goals that are passed, far away or unknown."""

import pytest
from streamlit.testing.v1 import AppTest

from forecasting.jobs.store import JobStore
from tests.pages.test_forecast import press
from tests.pages.test_pages import csv, metrics


@pytest.fixture
def goals(visitor) -> AppTest:
    """The page of a channel of 90 days, worked out by a simple method."""
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(90)).run()
    return press(visitor.go("goals", forecaster="Mean of the last 28 days"), "Work out chances")


def test_goals_are_answered_without_asking_again(goals):
    so_far = goals.number_input(key="so_far").value
    assert so_far > 0
    for goal, said in ((so_far + 1, "2020-03-31"), (so_far * 1000, "not within 30 days")):
        goals.number_input(key="goal").set_value(goal).run()
        assert not goals.exception
        assert next(iter(metrics(goals).values())) == said, metrics(goals)
    for target, said in ((1, ">99 %"), (10**9, "<1 %")):
        goals.number_input(key="target").set_value(target).run()
        shown = metrics(goals)
        assert [value for label, value in shown.items() if "28 days" in label] == [said]
    assert "too far to say" in metrics(goals).values()  # next month is not within the 30 days drawn
    goals.number_input(key="so_far").set_value(10**11).run()
    assert any("has been passed already" in text.value for text in goals.markdown)


def test_first_goals_are_the_channels_own_and_a_link_keeps_others(visitor):
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(300)).run()
    app = visitor.go("goals")
    own = app.number_input(key="so_far").value
    app.selectbox(key="channel").set_value("sample").run()
    assert app.number_input(key="so_far").value > 10 * own


def test_a_channel_of_few_days_is_told_what_is_missing(visitor):
    visitor.go("data").file_uploader[0].upload("short.csv", csv(9)).run()
    app = press(visitor.go("goals", forecaster="Same day last week"), "Work out chances")
    assert "Too few past forecasts" in app.error[0].value
    assert any("Too far to say" in text.value for text in app.markdown)


def test_goal_is_part_of_a_link(visit):
    assert visit("goals", goal="123456789").number_input(key="goal").value == 123456789


def test_auto_is_told_whose_holidays_there_are(visit, monkeypatch):
    asked = []
    monkeypatch.setattr(JobStore, "find", lambda _store, _owner, _channel, request: asked.append(request))
    visit("goals")
    visit("goals", holidays_of="Czechia")
    assert [request.forecaster.country for request in asked] == ["find", "CZ"]
