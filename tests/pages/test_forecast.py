"""The Forecast page: by a run, by its model file, by Auto; and what it does with input it cannot use."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.store import JobStore
from forecasting.json_records import from_json
from pages.parts import job_progress, session
from tests.pages.test_pages import csv, metrics, train, wait_for


def press(app: AppTest, word: str = "Forecast") -> AppTest:
    """Ask for the forecast and wait until it is there."""
    [button for button in app.button if button.label == word][0].click().run()
    wait_for(app, lambda: not any(button.label in ("Stop", "停止") for button in app.button))
    assert not app.exception
    return app


def days_of(app: AppTest) -> pd.DataFrame:
    """The table of the days to come."""
    return next(one.value for one in app.dataframe if "Weekday" in one.value)


def last_answer() -> tuple[Forecast, bytes]:
    """The forecast asked for last, and its model file."""
    jobs = JobStore(session.store().engine)
    with jobs.engine.connect() as connection:
        query = "select owner, id from jobs where kind = 'forecast' order by queued desc"
        latest = connection.exec_driver_sql(query).first()
    return from_json(ForecastReport, jobs.result(*latest)).forecast, jobs.model(*latest)


@pytest.fixture
def by_run(visitor) -> Callable[..., AppTest]:
    """Train a small run on a short channel, and open the page with it chosen."""

    def opened(**settings) -> AppTest:
        visitor.go("data").file_uploader[0].upload("mine.csv", csv(300)).run()
        app = train(visitor.go("train"), **{"epochs": 3, "seeds": 2, "units": 4, "window": 7} | settings)
        return visitor.go("forecast", forecaster=app.selectbox(key="run").options[0])

    return opened


def test_run_forecasts_and_its_file_says_the_same_elsewhere(by_run):
    app = press(by_run())
    shown = metrics(app)
    assert re.fullmatch(r"[\d.]+k", shown["Next 7 days, views"])
    assert shown["90 % interval held"].endswith(" %")
    assert any("28 days" in said.value for said in (*app.success, *app.error, *app.info))
    forecast, file = last_answer()
    assert len(forecast.days) == 28 and min(forecast.bands[-1].lower) >= 0
    table = days_of(app)
    assert list(table["Forecast"]) == [round(value) for value in forecast.point]
    # The model file, brought to the same page, is asked for as many days.
    app.file_uploader(key="model_file").upload("model.safetensors", file).run()
    assert not app.exception and not app.error
    again = press(app)
    assert list(days_of(again)["Forecast"]) == list(table["Forecast"])
    assert metrics(again) == shown


def test_only_the_result_that_is_shown_is_read_and_only_once(by_run, monkeypatch):
    app = by_run()
    for days in (7, 8):
        app.slider(key="ahead").set_value(days).run()
        press(app)
    read, fetched = JobStore.result, []
    monkeypatch.setattr(JobStore, "result", lambda *given: (fetched.append(given[-1]), read(*given))[1])
    app.run()
    assert fetched == [] and len(days_of(app)) == 8  # known from when it was drawn first
    job_progress._result.clear()
    app.slider(key="ahead").set_value(7).run()
    assert len(fetched) == 1 and len(days_of(app)) == 7


def test_model_file_that_was_removed_elsewhere_is_said(by_run, visitor, monkeypatch):
    press(by_run())
    _forecast, file = last_answer()
    app = visitor.app
    app.file_uploader(key="model_file").upload("model.safetensors", file).run()
    press(app)
    app.session_state.model_files = {}  # as in another tab, which has it from the store
    monkeypatch.setattr(JobStore, "model", lambda *_owner_and_id: None)
    st.cache_data.clear()
    app.run()
    assert not app.exception and "has been removed" in app.warning[0].value
    assert next(button for button in app.button if button.label == "Forecast").disabled


def test_horizon_of_a_day_and_of_a_quarter(by_run):
    app = by_run()
    for days in (1, 90):
        app.slider(key="ahead").set_value(days).run()
        press(app)
        assert len(days_of(app)) == days
        assert "cannot tell" not in metrics(app)["90 % interval held"]


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no model file"), (b"", "no model file"), (b"{}", "no model file")],
)
def test_bad_model_file_is_one_sentence(visit, content, word):
    app = visit("forecast")
    app.file_uploader(key="model_file").upload("model.safetensors", content).run()
    assert not app.exception
    assert word in app.error[0].value
    assert app.selectbox(key="forecaster").value == "auto"


def test_model_file_on_a_channel_too_short_for_it(by_run, visitor):
    press(by_run())
    _forecast, file = last_answer()
    visitor.go("data").file_uploader[0].upload("short.csv", csv(6)).run()
    app = visitor.go("forecast")
    app.file_uploader(key="model_file").upload("model.safetensors", file).run()
    app = press(app)
    assert "this model needs the last 7" in app.error[0].value


def test_few_held_out_days_give_intervals_and_no_verdict(visitor):
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(300)).run()
    app = visitor.go("train")
    app.selectbox(key="split").select("custom").run()
    app.date_input(key="train_period").set_value(("2020-01-01", "2020-10-22"))
    app.date_input(key="held_out_period").set_value(("2020-10-23", "2020-10-26")).run()  # 4 days
    app = train(app, epochs=2, seeds=1, units=4, window=7)
    app = press(visitor.go("forecast", forecaster=app.selectbox(key="run").options[0]))
    assert "–" not in set(days_of(app)["90 %"])
    assert metrics(app)["Next 7 days, views"] != "–"
    assert any("only 4 held-out days to judge by" in said.value for said in app.info), [i.value for i in app.info]


def test_model_file_of_other_views_claims_no_held_out_figures(by_run, visitor):
    press(by_run())
    _forecast, file = last_answer()
    visitor.app.selectbox(key="channel").set_value("sample").run()
    app = visitor.go("forecast")
    app.file_uploader(key="model_file").upload("model.safetensors", file).run()
    app = press(app)
    assert any("from the views of another channel" in said.value for said in app.info)
    assert metrics(app)["90 % interval held"] == "–"


def test_auto_searches_within_its_budget_and_forecasts(visitor):
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(200)).run()
    app = press(visitor.go("forecast", budget="10", ahead="7"))
    assert len(days_of(app)) == 7
    assert metrics(app)["Skill"] != "–"


def test_a_country_is_named_in_the_link_or_found(visit):
    assert not [one for one in visit("forecast").selectbox if one.key == "holidays_of"]  # folded
    control = visit("forecast", holidays_of="Czechia").selectbox(key="holidays_of")
    assert control.value == "CZ" and control.options[:2] == ["Found from the views", "No country"]


def test_auto_forecasts_provisionally_and_what_was_stopped_stays_provisional(visitor):
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(300)).run()
    app = visitor.go("forecast", ahead="7")
    next(button for button in app.button if button.label == "Forecast").click().run()
    wait_for(app, lambda: any("It still improves" in said.value for said in app.info))
    assert metrics(app)["Next 7 days, views"] != "–" and metrics(app)["Skill"] == "–"
    next(button for button in app.button if button.label == "Stop").click().run()
    wait_for(app, lambda: not any(button.label == "Stop" for button in app.button))
    assert not app.exception and any("The forecast was not completed" in said.value for said in app.info)
    assert metrics(app)["Next 7 days, views"] != "–" and not app.dataframe  # nothing to take away
    assert last_answer() == (None, None)


def test_holidays_are_asked_only_where_the_run_knows_them(by_run):
    app = press(by_run(country="TW"))
    before = np.array(days_of(app)["Forecast"])
    days = app.multiselect(key="holidays").options
    app.multiselect(key="holidays").set_value([days[10].split()[0]]).run()
    press(app)
    assert any("These holidays change" in caption.value for caption in app.caption)
    after = np.array(days_of(app)["Forecast"])
    assert (after[:9] == before[:9]).all()  # the eve of the day is the first that changes


def test_page_in_chinese(visit):
    app = visit("forecast", lang="中文")
    assert app.title[0].value == "预测"
    assert not [metric.label for metric in app.metric if "views" in metric.label]


def test_shares_of_a_few_held_out_days_are_not_told(visitor):
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(60)).run()
    shown = metrics(press(visitor.go("forecast", forecaster="Mean of the last 28 days", ahead="7")))
    assert shown["Next 7 days, views"] != "–"
    assert shown["Skill"] == shown["90 % interval held"] == "cannot tell"
