"""Data's chart and its controls for time, the first visit, and the next step."""

import pandas as pd

from forecasting.reading import to_csv
from forecasting.series import Channel
from tests.pages.test_pages import csv
from tests.support.quiet_series import quiet_series, with_shift


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


def channel_with_a_spike_and_a_shift() -> bytes:
    series = with_shift(quiet_series("weekly season", 1, 700), 400, 2.0)
    series.views.iloc[300] *= 20
    return to_csv(Channel("mine", series.views)).encode()


def test_unusual_days_are_listed_with_how_unlikely_they_were(visit):
    app = visit(false_alarms="One in 1,000 days")
    app.file_uploader[0].upload("mine.csv", channel_with_a_spike_and_a_shift()).run()
    assert not app.exception and not app.toast
    listed = app.dataframe[0].value
    assert listed["Day"][0].startswith("2018-10-28") and listed["How unlikely"][0].startswith("1 day in ")
    assert any(text.value.startswith("Since 2019-02-0") for text in app.text)
    few = len(listed)
    app.get_by_key("false_alarms").set_value(100).run()
    assert len(app.dataframe[0].value) > few


def test_short_channel_has_no_unusual_days_and_the_page_says_why(visit):
    app = visit()
    app.file_uploader[0].upload("mine.csv", csv(90)).run()
    assert not app.exception
    assert any("Too few days to say which are unusual" in caption.value for caption in app.caption)


def test_folded_parts_are_drawn_once_they_are_opened_and_stay(visitor):
    visitor.app.session_state.opened_folds = set()
    app = visitor.go("data")
    assert not app.dataframe and not app.text_area and app.get_by_key("false_alarms")
    assert len(app.get("vega_lite_chart")) == 2  # the one that is there for its code alone has gone
    app.session_state.events = True
    assert app.run().text_area(key="event_lines") and not app.dataframe
    app.session_state.events = False
    assert app.run().text_area(key="event_lines") and not app.exception
