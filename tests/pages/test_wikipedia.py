"""Data takes a Wikipedia article beside a file; a server on loopback stands in for Wikimedia's."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from forecasting import owners
from forecasting.reading import wikimedia
from pages.parts import session
from tests.pages.test_pages import metrics, train
from tests.support.wikimedia import NOT_FOUND, Wikimedia, send, serve

COUNTS = [1000 + 100 * (day % 7) + day for day in range(400)]
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture
def stand_in(monkeypatch) -> Iterator[Wikimedia]:
    st.cache_data.clear()
    monkeypatch.setattr(wikimedia, "PAUSE", 0)
    monkeypatch.setattr(wikimedia, "_TURNS", wikimedia._Turns())
    with serve() as server:
        monkeypatch.setenv("VIEWCAST_WIKIMEDIA", server.url)
        yield server


def field(app: AppTest):
    (found,) = (box for box in app.text_input if box.key.startswith("article_"))
    return found


def offered(app: AppTest) -> list[str]:
    return [option for pills in app.pills for option in pills.options]


def choose(app: AppTest, typed: str, title: str) -> AppTest:
    field(app).set_value(typed).run()
    (pills,) = app.pills
    pills.select(next(option for option in pills.options if option == title)).run()
    assert not app.exception
    return app


def test_article_becomes_the_channel(visit, stand_in):
    stand_in.add("en.wikipedia", "Influenza", COUNTS)
    stand_in.add("en.wikipedia", "Influenza_A_virus", COUNTS)
    app = visit()
    field(app).set_value("influ").run()
    assert offered(app) == ["Influenza", "Influenza A virus"]
    choose(app, "influ", "Influenza")
    assert metrics(app)["Days"] == "400"
    assert "Influenza" in app.selectbox(key="channel").options
    assert field(app).value == "" and not app.pills and not app.error


def test_chinese_visitor_reads_the_chinese_wikipedia(visit, stand_in):
    stand_in.add("zh.wikipedia", "流行性感冒", COUNTS)
    app = choose(visit(lang="中文"), "流行", "流行性感冒")
    assert app.metric[0].value == "400"


def test_address_of_an_article_will_do_and_says_its_language(visit, stand_in):
    stand_in.add("eo.wikipedia", "Gripo", COUNTS)
    app = choose(visit(), "https://eo.wikipedia.org/wiki/Gripo", "Gripo")
    assert metrics(app)["Days"] == "400"


def test_views_are_asked_for_once(visit, stand_in):
    stand_in.add("en.wikipedia", "Influenza", COUNTS)
    choose(visit(), "influ", "Influenza")
    asked = len(stand_in.paths)
    choose(visit(), "influ", "Influenza")
    assert len(stand_in.paths) == asked


def test_title_is_shown_as_it_is(visit, stand_in):
    stand_in.add("en.wikipedia", "$a$_*b*", COUNTS)
    app = visit()
    field(app).set_value("$a$").run()
    assert offered(app) == ["\\$a\\$ \\*b\\*"]


@pytest.mark.parametrize("language", ["English", "中文"])
@pytest.mark.parametrize(
    "trouble",
    [
        lambda request: send(request, 404, NOT_FOUND),
        lambda request: send(request, 429, NOT_FOUND, Retry_After="60"),
        lambda request: send(request, 500, NOT_FOUND),
        lambda request: send(request, 200, b"<!doctype html>"),
        lambda request: send(request, 302, b"", Location="http://127.0.0.1:1/"),
        lambda request: request.connection.close(),
        lambda request: send(request, 200, {"items": [{"timestamp": "2020010100", "views": 0}]}),  # nothing to forecast
    ],
)
def test_trouble_is_one_sentence_and_the_channel_stays(visit, stand_in, trouble, language):
    stand_in.answer = trouble
    app = choose(visit(lang=language), "Influenza", "Influenza")
    (sentence,) = [alert.value for alert in app.error]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in sentence) == (language == "中文")
    assert app.metric[0].value == "2,191"
    stand_in.answer = None
    wikimedia._TURNS.next = 0
    st.cache_data.clear()  # views that are all 0 are an answer too
    for project in ("en.wikipedia", "zh.wikipedia"):
        stand_in.add(project, "Influenza", COUNTS)
    app.pills[0].select("Influenza").run()  # the same choice again, without typing again
    assert not app.error and app.metric[0].value == "400"


def test_title_that_cannot_be_is_said_while_typing(visit, stand_in):
    app = visit()
    field(app).set_value("a|b").run()
    assert "cannot be the title" in app.error[0].value and not app.pills and not stand_in.paths
    field(app).set_value("a").run()
    assert not app.error


def article(visit, stand_in: Wikimedia, days: int = 398) -> AppTest:
    stand_in.add("en.wikipedia", "Influenza", COUNTS[:days], YESTERDAY - timedelta(days=400 - days))
    app = choose(visit(), "influ", "Influenza")
    assert metrics(app)["Days"] == str(days)
    return app


def add_new_days(app: AppTest) -> AppTest:
    app.button(key="new_days").click().run()
    assert not app.exception
    return app


def test_new_days_are_added(visit, stand_in):
    app = article(visit, stand_in)
    stand_in.add("en.wikipedia", "Influenza", COUNTS)
    add_new_days(app)
    assert metrics(app)["Days"] == "400"
    assert app.selectbox(key="channel").options.count("Influenza") == 1
    assert len(app.selectbox(key="channel").options) == 2  # the sample and this one
    kept = session.channel_store().channel(owners.browser(app.session_state.token), app.session_state.channel)
    assert kept.views.tolist() == COUNTS and kept.name == "Influenza"


def test_no_new_days_change_nothing(visit, stand_in):
    app = article(visit, stand_in)
    before = app.session_state.channel
    add_new_days(app)
    assert "No new days" in app.toast[0].value
    assert app.session_state.channel == before and not app.error


def test_new_days_of_a_channel_removed_elsewhere_are_not_asked_for(visit, stand_in):
    app = article(visit, stand_in)
    session.channel_store().forget(owners.browser(app.session_state.token), app.session_state.channel)
    requests = len(stand_in.paths)
    add_new_days(app)
    assert "This channel has been removed" in app.toast[0].value
    assert len(stand_in.paths) == requests and metrics(app)["Days"] == "2,191"


def test_runs_of_fewer_days_stay_with_the_channel(visit, stand_in):
    app = article(visit, stand_in)
    train(visit("train"), epochs=1, seeds=1, units=2, window=7)
    stand_in.add("en.wikipedia", "Influenza", COUNTS)
    add_new_days(visit())
    assert app.selectbox(key="channel").options == ["Sample channel", "Influenza"]
    assert metrics(app)["Days"] == "400"
    assert not visit("compare").info
    assert any("trained on days to" in name for name in visit("forecast").selectbox(key="forecaster").options)


def test_trouble_with_new_days_loses_nothing(visit, stand_in):
    app = article(visit, stand_in)
    stand_in.answer = lambda request: send(request, 500, NOT_FOUND)
    add_new_days(app)
    assert "error 500" in app.error[0].value
    assert metrics(app)["Days"] == "398"


def test_reading_of_an_article_can_be_changed_and_stays_with_new_days(visit, stand_in):
    counts = [*COUNTS[:200], 0, *COUNTS[201:]]
    stand_in.add("en.wikipedia", "Influenza", counts[:398], YESTERDAY - timedelta(days=2))
    app = choose(visit(), "influ", "Influenza")
    app.radio(key="said_fill").set_value("none").run()
    assert not app.exception
    stand_in.add("en.wikipedia", "Influenza", counts)
    add_new_days(app)
    assert app.radio(key="said_fill").value == "none"
    assert metrics(app)["Days"] == "400"


def test_file_has_no_new_days(visit, stand_in):
    app = visit()
    lines = [f"{date(2020, 1, 1) + timedelta(days=day)},{count}" for day, count in enumerate(COUNTS)]
    app.file_uploader[0].upload("mine.csv", "\n".join(["Date,Views", *lines]).encode()).run()
    assert metrics(app)["Days"] == "400"
    assert not any(button.key == "new_days" for button in app.button)


def test_host_can_switch_it_off(visit, monkeypatch):
    monkeypatch.setenv("VIEWCAST_WIKIMEDIA", "off")
    app = visit()
    assert not any((box.key or "").startswith("article_") for box in app.text_input)
    assert not any(box.key == "article_language" for box in app.selectbox)
