"""How did it go? shows forecasts of earlier versions of the channel over the views that came."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from forecasting import owners
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import AutoSearch, ForecastRequest
from forecasting.jobs.store import JobStore
from forecasting.records import Progress
from forecasting.split import default_split
from pages.parts import session
from tests.forecasting.forecasts.test_past import forecast
from tests.pages.test_newer_file import VIEWS, file, upload
from tests.pages.test_pages import metrics


def made(app: AppTest, days: int, points: np.ndarray) -> Forecast:
    """Keep a forecast from the channel's last day, as if a worker had made it."""
    owner = owners.browser(app.session_state.token)
    channel = session.channel_store().channel(owner, app.session_state.channel)
    found, queue = forecast(points, channel.series.last), JobQueue(session.store().engine)
    request = ForecastRequest(days, AutoSearch(10.0, default_split(channel.views)))
    job = JobStore(queue.engine).submit(owner, channel, request)
    while queue.claim_next().id != job:
        pass
    queue.start(job, worker=1)
    queue.report(job, 1, Progress(1.0, ForecastReport(forecast=found), status="finished"))
    return found


@pytest.fixture
def app(visit) -> AppTest:
    """A channel of 120 days, with a forecast of the next week that is 10 views too high each day."""
    app = upload(visit(), "first.csv", file(0, 120))
    made(app, 7, VIEWS[120:127].to_numpy() + 10)
    return app


def test_before_its_days_have_come_a_forecast_cannot_be_judged(app, visit):
    assert "No forecast can be judged yet" in visit("past_forecasts").info[0].value


def test_a_newer_file_says_so_and_the_page_shows_errors_totals_and_intervals(app, visit):
    upload(app, "second.csv", file(100, 130))
    links = [link.proto.label for link in app.get("page_link")]
    assert "1 forecast can be judged now" in links
    shown = metrics(visit("past_forecasts"))
    assert (shown["Error a day (MAE)"], shown["90 % interval held"]) == ("10", "7 of 7 days")
    assert float(shown["Views that came"].replace("k", "e3")) == pytest.approx(VIEWS[120:127].sum(), rel=0.01)
    assert any("Cannot tell yet whether “Auto” has gone stale" in text.value for text in app.caption)


def test_days_to_come_are_left_open_and_several_forecasts_are_told_apart(app, visit):
    upload(app, "second.csv", file(100, 130))
    made(app, 28, VIEWS[130:158].to_numpy())
    upload(app, "third.csv", file(120, 132))
    visit("past_forecasts")
    assert len(app.dataframe[0].value) == 2
    box = app.selectbox(key="past")
    assert len(set(box.options)) == 2 and "2024-04-29" in box.options[1]
    box.select_index(0).run()
    assert metrics(app)["90 % interval held"] == "2 of 2 days"
    assert "Only 2 of its 28 days have come" in app.info[0].value
    assert not app.exception


def test_page_speaks_chinese_of_a_stale_model(visit):
    app = upload(visit(lang="中文"), "first.csv", file(0, 120))
    for day in range(120, 170, 7):  # a week later each, and far too low
        upload(app, f"{day}.csv", file(day - 40, day))
        made(app, 7, VIEWS[day : day + 7].to_numpy() - 250)
    upload(app, "all.csv", file(100, 200))
    visit("past_forecasts")
    assert app.title[0].value == "预测回顾"
    assert "“自动”自" in app.warning[0].value and "已过时" in app.warning[0].value
    assert pd.Series(app.dataframe[0].value.columns).str.contains(r"[\u4e00-\u9fff]").all()
