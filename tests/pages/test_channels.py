"""Channels: many files brought at once, all forecast with one press, what needs attention first."""

import csv
import io
import zipfile

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from forecasting import owners
from forecasting.forecasts.report import ForecastReport
from forecasting.forecasts.summary import Need, summarize
from forecasting.jobs.queue import JobQueue
from forecasting.messages import Message, english
from forecasting.records import Progress
from forecasting.series import Channel
from pages.parts import session
from pages.parts.channels_list import Row
from pages.parts.channels_table import TABLE, as_csv
from tests.forecasting.forecasts.test_past import forecast
from tests.pages.test_pages import metrics

DAYS = pd.date_range(end=pd.Timestamp.now().normalize() - pd.Timedelta(days=1), periods=60)


def table(count: int, days: pd.DatetimeIndex = DAYS) -> bytes:
    return "\n".join(["Date,Views", *(f"{day.date()},{count + 7 * day.day % 31}" for day in days)]).encode()


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{name}.csv", data)
    return packed.getvalue()


def bring(app: AppTest, name: str, data: bytes) -> AppTest:
    app.file_uploader[0].upload(name, data).run()
    assert not app.exception
    return app


def lines(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value.set_index("name")


def finish(app: AppTest, points: dict[str, float]) -> None:
    """End the forecasts that wait as if a worker had made them: so many views a day, by the channel's name."""
    owner, store = owners.browser(app.session_state.token), session.channel_store()
    queue = JobQueue(store.engine)
    while claim := queue.claim_next():
        started = queue.start(claim.id, worker=1)
        if started.owner == owner:
            found = forecast([points[started.channel.name]] * 28, started.channel.series.last)
            queue.report(claim.id, 1, Progress(1.0, ForecastReport(forecast=found), status="finished"))


@pytest.fixture
def idle(monkeypatch):
    """No worker takes what is asked for."""
    monkeypatch.setattr(session.workers(), "fill", lambda: None)


def test_before_there_is_a_channel_the_page_says_what_to_bring(visit):
    app = visit("channels")
    assert [info.value for info in app.info] == [
        "No channels yet. Bring many files at once, or one table with the columns unique_id, ds, y."
    ]
    assert not app.metric and not app.dataframe


def test_a_file_that_cannot_be_read_is_a_line_with_its_reason_and_loses_nothing_else(visit):
    late = DAYS - pd.Timedelta(days=30)
    app = bring(visit("channels"), "many.zip", zipped(a=table(100), b=b"\x89PNG", c=table(300, late), d=table(50)))
    found = lines(app)
    assert list(found.index) == ["c", "b.csv", "a", "d"]
    assert found.attention["c"] == f"No views since {late[-1].date()}: bring newer days."
    assert "picture" in found.attention["b.csv"] and found.attention["a"] == ""
    assert list(found.recent["a"]) == [100 + 7 * day.day % 31 for day in DAYS[-56:]]
    shown = metrics(app)
    assert (shown["Channels"], shown["Need attention"], shown["Could not be read"]) == ("3", "2", "1")
    assert set(app.selectbox(key="channel").options) == {"Sample channel", "a", "c", "d"}


def test_a_long_table_brings_its_channels_and_newer_days_of_them_continue_them(visit):
    def long(days: pd.DatetimeIndex) -> bytes:
        rows = (f"{name},{day.date()},{n + 13 * day.day % 97}" for name, n in (("x", 9), ("y", 500)) for day in days)
        return "\n".join(["unique_id,ds,y", *rows]).encode()

    app = bring(visit("channels"), "first.csv", long(DAYS[:50]))
    assert sorted(lines(app).index) == ["x", "y"]
    bring(app, "second.csv", long(DAYS[10:]))
    assert list(lines(app)["last"]) == [DAYS[-1].date()] * 2
    assert any("2 channels have newer days." in caption.value for caption in app.caption)
    bring(app, "second.csv", long(DAYS[10:]))
    assert any("2 were known already." in caption.value for caption in app.caption)


def test_channels_beyond_the_hosts_limit_are_said_once_and_those_that_are_kept_go_on(visit, monkeypatch):
    monkeypatch.setenv("VIEWCAST_CHANNELS", "2")
    app = bring(visit("channels"), "first.zip", zipped(b=table(100, DAYS[:50]), c=table(200, DAYS[:50])))
    bring(app, "second.zip", zipped(a=table(900), b=table(100), c=table(200), d=table(500)))
    (warning,) = (one.value for one in app.warning)
    assert warning.startswith("2 channels were not kept. You have 2 channels, the most")
    assert any(caption.value == "2 channels have newer days." for caption in app.caption)
    assert list(lines(app).index) == ["b", "c"]


def test_one_press_forecasts_all_and_the_one_that_falls_comes_first(visit, idle):
    app = bring(visit("channels"), "many.zip", zipped(a=table(100), b=table(200), c=table(300)))
    app.button(key="forecast_all").click().run()
    assert app.button(key="forecast_all").disabled
    assert [bar.text for bar in app.get("progress")][0].startswith("0 of 3 forecasts done")
    finish(app, {"a": 150, "b": 190, "c": 320})
    app.run()
    found = lines(app)
    assert list(found.index) == ["b", "c", "a"]  # then the smallest rise
    assert found.attention["b"].startswith("Falling: 5.32k in the next 28 days")
    assert found.total["a"] == 28 * 150 and found.interval["a"] == "4.15k to 4.25k"
    before = sum(100 + 7 * day.day % 31 for day in DAYS[-28:])
    assert found.change["a"] == pytest.approx(28 * 150 / before - 1, abs=0.005)
    assert any("All are forecast" in caption.value for caption in app.caption)
    assert not app.get("progress") and app.button(key="forecast_all").disabled
    app.text_input(key="channels_search").set_value("C").run()
    assert list(lines(app).index) == ["c"]


def test_what_the_host_does_not_allow_at_once_follows_and_is_said_once(visit, idle, monkeypatch):
    monkeypatch.setenv("VIEWCAST_QUEUE", "2")
    app = bring(visit("channels"), "many.zip", zipped(a=table(100), b=table(200), c=table(300)))
    app.button(key="forecast_all").click().run()
    said = [caption.value for caption in app.caption if "2 jobs waiting" in caption.value]
    assert len(said) == 1 and "The rest follow" in said[0]
    finish(app, {"a": 150, "b": 190, "c": 320})
    app.run()
    assert metrics(app)["With a forecast"] == "2"
    finish(app, {"a": 150, "b": 190, "c": 320})
    app.run()
    assert metrics(app)["With a forecast"] == "3" and not app.get("progress")


def test_a_forecast_that_failed_says_why_and_can_be_tried_again(visit, idle):
    app = bring(visit("channels"), "many.zip", zipped(a=table(100), b=table(200)))
    app.button(key="forecast_all").click().run()
    queue = JobQueue(session.store().engine)
    queue.fail(queue.claim_next().id, Message("The views are too few."))
    finish(app, {"a": 150, "b": 250})
    app.run()
    assert lines(app).attention.iloc[0] == "The views are too few."
    app.button(key="forecast_all").click().run()
    finish(app, {"a": 150, "b": 250})
    app.run()
    assert metrics(app)["With a forecast"] == "2" and metrics(app)["Need attention"] == "0"


def test_one_stop_ends_all(visit, idle):
    app = bring(visit("channels"), "many.zip", zipped(a=table(100), b=table(200)))
    app.button(key="forecast_all").click().run()
    app.button(key="stop_forecasts").click().run()
    assert not app.get("progress") and not app.exception
    assert app.button(key="forecast_all").label == "Forecast all 2 channels"


def test_a_line_that_is_chosen_is_the_channel_of_every_page(visit):
    app = bring(visit("channels"), "many.zip", zipped(a=table(100), b=table(200)))
    chosen = next(key for key in app.selectbox(key="channel").options if key == "b")
    app.selectbox(key="channel").select(chosen).run()
    assert app.session_state[TABLE]["selection"]["rows"] == [1]
    assert any(one.value == "“b” is chosen; every page shows it." for one in app.markdown)
    assert [link.proto.label for link in app.get("page_link")][:2] == ["Data", "Forecast"]


def test_the_csv_has_the_records_and_the_files_that_could_not_be_read():
    views = pd.Series(range(60), DAYS, dtype=float)
    summary = summarize(Channel("=1+1", views), forecast([10.0] * 28, DAYS[-1]), days=28, today=DAYS[-1].date())
    unread = Row("b.csv", needs=(Need("unread", Message("why")),))
    known = Row("=1+1 (2)", summary, "f" * 16, needs=summary.needs)
    text = as_csv([known, unread], english).decode("utf-8-sig")
    first, second = csv.DictReader(io.StringIO(text))
    assert first["channel"] == "'=1+1 (2)"  # a spreadsheet shows it and does not run it
    assert (float(first["total"]), float(first["low"]), float(first["before"])) == (280, 230, sum(range(32, 60)))
    assert (first["attention"], second["attention"], second["reason"]) == ("falling", "unread", "why")
