"""Days with a name on Data: typed, pasted, from a file and as the export says; taken back, and carried away."""

import pandas as pd
import pytest

from forecasting.events import Event
from pages.parts.events_editor import event_frame, events_of
from pages.parts.session import SAMPLE_KEY
from tests.pages.conftest import Visitor
from tests.pages.test_pages import csv

HOSTILE = (
    "2020-03-01 **bold** <img src=x> $x^2$ :red[x]\n2020-03-02,=1+1,campaign\nhopeless *line*\n2020-03-03 חדש 👩‍👧"
)


def own_channel(visit):
    app = visit()
    app.file_uploader[0].upload("mine.csv", csv()).run()
    return app


def paste(app, text: str):
    app.text_area(key="event_lines").input(text)
    app.button(key="add_lines").click().run()
    assert not app.exception
    return app


def said(app) -> str:
    return " ".join(element.value for element in (*app.caption, *app.warning))


def table(app) -> pd.DataFrame:
    return app.data_editor[0].value


def marked_days(app) -> list[str]:
    return [str(day.date()) for day in table(app)["day"]]


def test_pasted_lines_are_kept_as_text_and_the_bad_one_is_named(visit):
    app = paste(own_channel(visit), HOSTILE)
    assert list(table(app)["name"]) == ["**bold** <img src=x> $x^2$ :red[x]", "=1+1", "חדש 👩‍👧"]
    assert "3 events were added." in said(app) and r"Line 3 has no day\: hopeless \*line\*" in said(app)
    assert "3 events are marked." in said(app)
    assert app.text_area(key="event_lines").value == ""


def test_events_are_taken_back_and_removed(visit):
    app = paste(own_channel(visit), "2020-03-01 One")
    app = paste(app, "2020-03-01 One\n2020-03-02 Two")
    assert "1 event was added. 1 was there already." in said(app)
    app.button(key="undo_events").click().run()
    assert marked_days(app) == ["2020-03-01"]
    app.button(key="remove_events").click().run()
    assert not app.exception and "All events were removed." in said(app) and not app.data_editor
    app.button(key="undo_events").click().run()
    assert marked_days(app) == ["2020-03-01"]
    assert len(app.selectbox(key="channel").options) == 2  # the sample and this one, whose versions are one channel


def test_one_day_is_typed_in_and_not_learnt_from(visit):
    app = own_channel(visit)
    app.date_input(key="event_day").set_value(pd.Timestamp("2020-05-05").date())
    app.text_input(key="event_name").input("Server down")
    app.checkbox(key="event_learn").uncheck()
    next(button for button in app.button if button.label == "Add the day").click().run()
    assert not app.exception and "1 day is not learnt from and not judged." in said(app)


def test_planned_and_earlier_days_are_kept_and_said(visit):
    app = paste(own_channel(visit), "2030-01-01 Planned\n2019-01-01 Early\n2020-02-02 Here")
    assert "1 event is marked. 1 is planned. 1 lies before the channel's first day." in said(app)


def test_a_list_that_can_be_read_in_two_ways_is_asked_about(visit):
    app = paste(own_channel(visit), "1/7/2020 One\n2/8/2020 Two")
    assert "can be read in more than one way" in said(app)
    app.selectbox(key="event_order").select("mdy").run()
    assert not app.exception and marked_days(app) == ["2020-01-07", "2020-02-08"]


def test_uploads_that_the_export_dates_are_offered_and_marked(visit):
    rows = [
        f'{day.date()},{title},"{published}",{1000 + 30 * (place % 7) + place}'
        for place, day in enumerate(pd.date_range("2020-01-01", periods=200))
        for title, published in (("One", "Jan 1, 2020"), ("Two", "Feb 3, 2020"))
    ]
    export = "\n".join(["Date,Video title,Video publish time,Views", *rows]).encode()
    app = visit()
    app.file_uploader[0].upload("Chart data.csv", export).run()
    assert "2 uploads have their days in your file." in said(app)
    app.button(key="mark_uploads").click().run()
    assert not app.exception and marked_days(app) == ["2020-01-01", "2020-02-03"]
    assert "in your file" not in said(app)
    app.checkbox(key="said_keep_last").check().run()  # the same file read another way
    assert not app.exception and marked_days(app) == ["2020-01-01", "2020-02-03"]


def test_the_sample_takes_events_and_stays_the_sample(visit):
    app = paste(visit(), "2020-03-01 One")
    assert "1 event is marked." in said(app)
    assert app.selectbox(key="channel").options == ["Sample channel"]


def test_an_edited_table_comes_back_as_events_without_its_empty_rows():
    events = (Event(pd.Timestamp("2020-03-01").date(), "=1", "upload", learn=False),)
    frame = event_frame(events).astype(object)
    frame.loc[1] = [pd.NaT, "no day", "upload", True]
    frame.loc[2] = [pd.Timestamp("2020-03-04"), None, None, None]
    found, complaints = events_of(frame)
    assert found == (*events, Event(pd.Timestamp("2020-03-04").date()))
    assert [complaint.translated() for complaint in complaints] == ["Row 2 of the table has no day and was left out."]


def test_what_another_tab_adds_is_kept_and_a_channel_removed_there_does_not_come_back(visitor):
    app = visitor.go("data")
    app.file_uploader[0].upload("mine.csv", csv()).run()
    other = Visitor()
    other.app.session_state.token = app.session_state.token
    paste(other.go("data", channel="mine"), "2020-03-02 Two")
    assert marked_days(paste(app, "2020-03-01 One")) == ["2020-03-01", "2020-03-02"]
    other.app.run()
    other.app.button(key="remove").click().run()
    app.text_area(key="event_lines").input("2020-03-03 Three")
    app.button(key="add_lines").click().run()
    assert not app.exception and app.selectbox(key="channel").options == ["Sample channel"]


def test_lines_go_to_the_channel_that_is_shown_though_their_form_was_drawn_for_another(visit):
    """As where one presses while a file has just been taken in, and its run is cut short."""
    app = own_channel(visit)
    mine = app.session_state.channel
    app.session_state.channel = SAMPLE_KEY
    app.run()
    app.session_state.channel = mine
    paste(app, "2020-03-01 One")
    assert app.session_state.channel_name == "mine" and marked_days(app) == ["2020-03-01"]


@pytest.mark.parametrize("press", ["remove_events", "undo_events", "remove", "said_keep_zeros"])
def test_what_was_meant_for_one_channel_is_not_done_to_another_that_is_shown_since(visit, press):
    app = paste(own_channel(visit), "2020-03-01 One")
    mine = app.session_state.channel
    app.file_uploader[0].upload("other.csv", csv(300, "2023-01-01")).run()
    other = paste(app, "2023-03-01 Other").session_state.channel
    app.session_state.channel = mine
    app = paste(app, "2020-03-02 Two")
    mine = app.session_state.channel
    app.session_state.channel = other  # and the run that shows it is cut short by the press
    (app.checkbox(key=press).check() if press == "said_keep_zeros" else app.button(key=press).click()).run()
    assert not app.exception and app.session_state.channel == other
    assert marked_days(app) == ["2023-03-01"] and not app.checkbox(key="said_keep_zeros").value
    app.session_state.channel = mine
    app.run()
    assert marked_days(app) == ["2020-03-01", "2020-03-02"]
