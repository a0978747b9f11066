"""What the server's log says, and what it never says."""

import io
import json
import logging

import pytest

from forecasting import server_log
from forecasting.server_log import JobEnd, JsonFormatter, Rerun, ServerLog, session_name

FORGED = 'x"}\n{"time": "2020-01-01T00:00:00.000+00:00", "event": "rerun"}\r\u2028\u0085\x00'


def rerun(seconds: float = 0.1, page: str = "data", result: str = "done") -> Rerun:
    return Rerun(page, session_name("one"), seconds, memory=200.4, result=result)


def test_a_rerun_and_a_job_are_a_line_each_with_these_facts_alone():
    lines: list[str] = []
    log = ServerLog(lines.append)
    log.rerun(rerun(0.12345))
    log.job(JobEnd("train", 2.0, memory=400.0, result="finished"))
    first, second = map(json.loads, lines)
    assert {*first} == {"time", "event", "page", "session", "seconds", "memory", "result"}
    assert {*second} == {"time", "event", "kind", "seconds", "memory", "result"}
    assert (first["event"], first["seconds"], first["memory"], second["event"]) == ("rerun", 0.123, 200, "job")


@pytest.mark.parametrize("place", ["page", "session", "result"])
def test_no_value_can_forge_a_line(place):
    lines: list[str] = []
    ServerLog(lines.append).rerun(Rerun(**vars(rerun()) | {place: FORGED}))
    (line,) = lines
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)[place] == FORGED


def test_an_error_of_a_page_is_told_without_its_text():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    try:
        raise ValueError(f"my channel {FORGED}")
    except ValueError as error:
        facts = {
            "msg": "A row of %s cannot be read",
            "args": ("my channel",),
            "exc_info": (ValueError, error, error.__traceback__),
        }
        handler.handle(logging.makeLogRecord(facts | {"name": "pages", "levelname": "ERROR"}))
    said = json.loads(stream.getvalue())
    assert stream.getvalue().count("\n") == 1
    assert "my channel" not in stream.getvalue()
    assert (said["error"], said["message"]) == ("ValueError", "A row of %s cannot be read")
    assert said["places"][-1].endswith("test_an_error_of_a_page_is_told_without_its_text")


def test_nothing_is_written_unless_lines_are_asked_for(monkeypatch):
    monkeypatch.delenv("VIEWCAST_LOG", raising=False)
    assert not server_log.lines_wanted()
    monkeypatch.setenv("VIEWCAST_LOG", "json")
    assert server_log.lines_wanted()
    monkeypatch.setenv("VIEWCAST_LOG", "xml")  # which every page says is wrong
    assert not server_log.lines_wanted()


def test_sessions_have_names_that_tell_them_apart_and_nothing_else():
    assert session_name("a") == session_name("a") != session_name("b")
    assert len(session_name("a cookie")) == 12


def test_percentiles_are_of_each_page_and_the_slowest_page_is_first():
    log = ServerLog()
    for number in range(1, 101):
        log.rerun(rerun(number / 100))
    log.rerun(rerun(5.0, page="compare"))
    compare, data = log.pages()
    assert (compare.page, compare.reruns, compare.median, compare.p95) == ("compare", 1, 5.0, 5.0)
    assert (data.reruns, data.median, data.p95) == (100, pytest.approx(0.505), pytest.approx(0.95, abs=0.01))


def test_what_is_kept_of_a_long_life_is_bounded():
    log = ServerLog()
    for number in range(2 * server_log.KEPT_A_PAGE):
        log.rerun(rerun(float(number), result="ValueError"))
    (page,) = log.pages()
    assert page.reruns == 2 * server_log.KEPT_A_PAGE
    assert page.median == pytest.approx(1.5 * server_log.KEPT_A_PAGE, abs=1)  # of the latest
    assert len(log.troubles()) == server_log.KEPT_TROUBLES


def test_errors_are_kept_with_their_page_or_kind_the_latest_first():
    log = ServerLog()
    log.rerun(rerun())
    log.rerun(rerun(page="train", result="KeyError"))
    log.job(JobEnd("forecast", 1.0, memory=0.0, result="TerminatedWorkerError"))
    log.job(JobEnd("forecast", 1.0, memory=0.0, result="refused"))
    assert [(one.where, one.error) for one in log.troubles()] == [
        ("forecast", "TerminatedWorkerError"),
        ("train", "KeyError"),
    ]


def test_a_visitor_is_present_for_a_minute_after_the_latest_rerun():
    now = [0.0]
    log = ServerLog(clock=lambda: now[0])
    for second, session in ((0.0, "one"), (30.0, "two"), (50.0, "one"), (55.0, "one")):
        now[0] = second
        log.rerun(Rerun("data", session, 0.1, memory=200.0, result="done"))
    assert log.visitors() == 2
    now[0] = 91.0
    assert log.visitors() == 1
    now[0] = 200.0
    assert log.visitors() == 0
