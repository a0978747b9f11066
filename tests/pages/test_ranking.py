"""Which method to trust, on the page: rows as they come, Auto's from its forecast, and a row that is taken."""

from datetime import date

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from forecasting import owners
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.ranking import JudgedMethod, RankingReport
from forecasting.forecasts.report import ForecastReport
from forecasting.forecasts.track_record import TrackRecord
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import AutoSearch, ForecastRequest, RankingRequest
from forecasting.jobs.store import JobStore
from forecasting.messages import Message
from forecasting.models.registry import BUDGET
from forecasting.records import Progress
from forecasting.sample import sample_channel
from forecasting.split import default_split
from pages.parts import session
from pages.parts.ranking_table import TAKEN

HORIZON = 7
WORKER = 1


def record(mean: float) -> TrackRecord:
    errors = mean + 50 * np.random.default_rng(int(mean)).standard_normal(365)
    return TrackRecord(HORIZON, date(2021, 12, 31), tuple(map(float, errors)), usual=500.0, coverage=0.88)


REPORT = RankingReport(
    (
        JudgedMethod("last-week", record(700), seconds=0.1),
        JudgedMethod("ets", record(500), seconds=3.2),
        JudgedMethod("trees", reason=Message("Too few days to learn from.")),
    )
)


def answer(request: object, result: object, owner: str) -> None:
    """Have a job of the sample done, without a worker."""
    engine = session.store().engine
    job_id = JobStore(engine).submit(owner, sample_channel(), request)
    queue = JobQueue(engine)
    assert queue.claim_next().id == job_id
    assert queue.start(job_id, WORKER)
    queue.report(job_id, WORKER, Progress(1.0, result, status="finished"), seconds=42.0)


@pytest.fixture
def owner(visitor, request) -> str:
    """A visitor of this test alone."""
    visitor.app.session_state.token = request.node.name
    return owners.browser(request.node.name)


@pytest.fixture
def split():
    return default_split(sample_channel().views)


def table(app: AppTest):
    return next(one.value for one in app.dataframe if "Beside the best" in one.value)


def test_ranking_has_the_answer_its_rows_and_what_could_not_be_judged(visitor, owner, split):
    answer(RankingRequest(HORIZON, split), REPORT, owner)
    app = visitor.go("forecast", ahead=str(HORIZON))
    assert not app.exception
    found = table(app)
    assert list(found.columns[:4]) == ["Method", "Error", "Beside the best", "Take it"]
    assert list(found["Method"]) == ["Exponential smoothing", "Same day last week", "Boosted trees", "Auto"]
    assert list(found["Take it"]) == ["Use", "Use", "Use", "In use"]
    assert found["Beside the best"].iloc[2] == "Too few days to learn from."
    assert found["Skill"].iloc[1] == "0 %" and found["90 % interval held"].iloc[0] == "88 %"
    assert any("“Exponential smoothing” has the lowest error over the next 7 days" in one.value for one in app.markdown)


def test_row_of_auto_is_filled_in_by_its_forecast(visitor, owner, split):
    answer(RankingRequest(HORIZON, split), REPORT, owner)
    days, nothing = (date(2023, 1, 1),), ()
    forecast = Forecast("auto", date(2022, 12, 31), days, (1.0,), nothing, nothing, nothing, record=record(400))
    found = ForecastRequest(HORIZON, AutoSearch(BUDGET / 2, split))  # with another limit than the page's
    answer(found, ForecastReport(forecast=forecast), owner)
    app = visitor.go("forecast", ahead=str(HORIZON))
    assert not app.exception
    first = table(app).iloc[0]
    assert first["Method"] == "Auto" and first["Beside the best"] == "Lowest error" and first["Time to learn"] == "42 s"


def test_a_row_taken_becomes_the_forecaster_and_forecasts(visitor, owner, split, monkeypatch):
    answer(RankingRequest(HORIZON, split), REPORT, owner)
    app = visitor.go("forecast", ahead=str(HORIZON))
    monkeypatch.setattr(session.workers(), "fill", lambda: None)  # it is queued, and nobody works on it
    app.session_state.forecaster = app.session_state[TAKEN] = "ets"  # what the row's button does
    app.run()
    assert not app.exception
    assert app.selectbox(key="forecaster").value == "ets"
    (job,) = JobStore(session.store().engine).jobs(owner, sample_channel().fingerprint, "forecast")
    JobStore(session.store().engine).cancel(owner, job.id)
    assert job.request.forecaster.method == "ets"
    assert list(table(app)["Take it"]) == ["In use", "Use", "Use", "Use"]
