"""Data's chart and its controls for time, the first visit, and the next step."""

import pandas as pd

from tests.pages.test_pages import csv


def test_first_visit_says_what_this_is_and_where_to_go(visit):
    app = visit()
    said = app.markdown[0].value
    assert "Viewcast forecasts" in said and "synthetic" in said and "Files stay" in said
    app.file_uploader[0].upload("mine.csv", csv()).run()
    assert not any("synthetic" in text.value for text in app.markdown)  # an own channel is no sample
    next(button for button in app.button if button.label == "Forecast it").click().run()
    assert not app.exception and app.title[0].value == "Forecast"


def test_period_of_a_link_is_shown_until_another_channel_comes(visit):
    app = visit(shown=["2020-01-01", "2020-12-31"], step="Weekly", year_before="true")
    assert not app.exception and not app.toast
    assert [str(day) for day in app.slider(key="shown").value] == ["2020-01-01", "2020-12-31"]
    next(button for button in app.button if button.label == "Whole time").click().run()
    assert [str(day) for day in app.slider(key="shown").value] == ["2017-01-01", "2022-12-31"]
    app.file_uploader[0].upload("mine.csv", csv(500)).run()
    last = str(pd.date_range("2020-01-01", periods=500)[-1].date())
    assert [str(day) for day in app.slider(key="shown").value] == ["2020-01-01", last]
    assert not app.exception


def test_short_channel_is_offered_no_weeks_of_few_days(visit):
    app = visit(step="Monthly")
    app.file_uploader[0].upload("mine.csv", csv(40)).run()
    assert not app.exception
    assert app.get_by_key("step").options == ["Daily", "Weekly"]
