"""A store that does not do as asked: each page says so in a sentence, and goes on once the store does."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from forecasting.jobs.database import SET_ASIDE, url_of
from forecasting.jobs.runs import RunStore
from forecasting.jobs.troubles import NEWER, SILENT, StoreTrouble, Trouble
from forecasting.messages import Message
from pages.parts import session
from tests.support.locks import locked

PAGES = ("data", "train", "compare", "forecast", "walkthrough/three_steps")


@contextmanager
def failing(code: int) -> Iterator[None]:
    """Whatever is asked of the store, SQLite says no with this code."""

    def refuse(*_statement) -> None:
        error = sqlite3.OperationalError("no")
        error.sqlite_errorcode = code
        raise error

    engine = session.store().engine
    sa.event.listen(engine, "before_cursor_execute", refuse)
    yield
    sa.event.remove(engine, "before_cursor_execute", refuse)


@contextmanager
def waiting_for_nobody() -> Iterator[None]:
    """The page's connections say at once that others write."""

    engine = session.store().engine
    impatience = {"sqlite": "PRAGMA busy_timeout = 1", "postgresql": "SET lock_timeout = 1"}[engine.dialect.name]

    def hurry(connection, *_rest) -> None:
        connection.execute(impatience)

    sa.event.listen(engine, "checkout", hurry)
    yield
    sa.event.remove(engine, "checkout", hurry)
    engine.dispose()  # its connections would go on like that


def said(app: AppTest) -> list[str]:
    return [warning.value for warning in app.warning]


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR_READ])
def test_every_page_says_in_a_sentence_that_the_store_does_not_answer(visit, code):
    visit()
    with failing(code):
        for page in PAGES:
            assert any("does not answer" in text for text in said(visit(page))), page
    for page in PAGES:
        assert not any("does not answer" in text for text in said(visit(page))), page


def test_it_is_said_in_the_languages_of_the_pages(visit):
    visit("data", lang="中文")
    with failing(sqlite3.SQLITE_BUSY):
        assert "没有响应" in said(visit("data"))[0]


def test_other_errors_are_no_trouble_of_the_store(visitor, monkeypatch):
    visitor.go("train")
    monkeypatch.setattr(RunStore, "runs", lambda *_asked: 1 / 0)
    assert visitor.app.run().exception and not visitor.app.warning


def test_train_pressed_while_the_store_is_locked_says_so_and_works_afterwards(visit):
    app = visit("train", epochs="2", seeds="1")
    press = next(button for button in app.button if button.label == "Train")
    with waiting_for_nobody():
        with locked(url_of(session.store().engine)):
            press.click().run()
            assert any("does not answer" in text for text in said(app)) and not app.exception
        app.run()
        assert not said(app)
        next(button for button in app.button if button.label == "Train").click().run()
    assert app.session_state.run and not app.exception


def test_a_run_that_stands_still_says_why(visit, monkeypatch):
    monkeypatch.setattr(session.workers(), "fill", lambda: None)  # it only waits
    app = visit("train", epochs="3", seeds="1")
    next(button for button in app.button if button.label == "Train").click().run()
    assert not said(app)
    monkeypatch.setattr(session.workers(), "trouble", Trouble(Message(SILENT)))
    app.run()
    assert any("does not answer" in text for text in said(app))
    next(button for button in app.button if button.label == "Stop").click().run()


def test_a_store_that_must_not_be_opened_is_a_sentence_on_every_page(visit, monkeypatch):
    def refuse() -> None:
        raise StoreTrouble(NEWER)

    monkeypatch.setattr(session, "_opened_store", refuse)
    for page in PAGES:
        assert [text for text in said(visit(page)) if "newer version" in text], page


def test_a_store_that_was_set_aside_is_named_on_every_page(visit, monkeypatch):
    opened = session._opened_store()[0], Message(SET_ASIDE, {"file": "runs.db.damaged-2026-01-02"})
    monkeypatch.setattr(session, "_opened_store", lambda: opened)
    for page in PAGES:
        assert any("damaged-2026-01-02" in text for text in said(visit(page))), page
