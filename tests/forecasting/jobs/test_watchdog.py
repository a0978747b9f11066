"""The watchdog of work that hears nothing itself."""

import threading
from collections.abc import Callable

import pytest

from forecasting.jobs import watchdog
from forecasting.jobs.watchdog import watched

LONG = 30  # seconds until a test gives up


@pytest.fixture
def exits(monkeypatch) -> list[int]:
    """The codes with which the process would have ended."""
    monkeypatch.setattr(watchdog, "POLL_SECONDS", 0.001)
    found: list[int] = []
    monkeypatch.setattr(watchdog.os, "_exit", found.append)
    return found


def thread_of(begin: Callable[[], None]) -> threading.Thread:
    """The thread that this starts."""
    before = set(threading.enumerate())
    begin()
    (thread,) = set(threading.enumerate()) - before
    return thread


def test_work_is_ended_when_its_owner_wants_it(exits):
    closed = threading.Event()
    with watched(lambda: "stop", lambda: None, closed.set):
        assert closed.wait(LONG)
    assert exits == [1]


def test_heartbeats_are_given_all_the_while(exits, monkeypatch):
    monkeypatch.setattr(watchdog, "HEARTBEAT_SECONDS", 0.001)
    beats = threading.Semaphore(0)
    with watched(lambda: None, beats.release, lambda: None):
        assert all(beats.acquire(timeout=LONG) for _beat in range(3))
    assert exits == []


def test_a_look_that_outlasts_the_work_does_not_end_what_comes_next(exits):
    """On a loaded machine the answer may come when the worker has gone on to the next job."""
    looking, answer, closed = threading.Event(), threading.Event(), []

    def requested() -> str:
        looking.set()
        assert answer.wait(LONG)
        return "stop"

    block = watched(requested, lambda: None, lambda: closed.append(1))
    thread = thread_of(block.__enter__)
    assert looking.wait(LONG)
    block.__exit__(None, None, None)
    answer.set()
    thread.join(LONG)
    assert not thread.is_alive() and closed == [] and exits == []
