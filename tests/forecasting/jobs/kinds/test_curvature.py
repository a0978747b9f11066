"""Curvature along a training, as a worker reports it."""

from forecasting.jobs.kinds import JOB_KINDS, kind_of
from forecasting.jobs.kinds.curvature import curvature
from forecasting.jobs.requests import CurvatureRequest
from forecasting.json_records import from_json, to_json
from forecasting.lectures.critical_points import AlongTraining
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from tests.support.tasks import task


def test_reports_travel_as_json_and_the_request_is_found(views, split):
    request = CurvatureRequest(RunSettings(split, Architecture("relu", 7, 1, 3), Training(epochs=2, seeds=1)))
    reports = list(curvature(task(Channel("mine", views), request)))
    for report in reports:
        text = to_json(report.result)
        assert to_json(from_json(AlongTraining, text)) == text
    assert len(reports[-1].result.ends) == 1
    assert JOB_KINDS[kind_of(request)].read(to_json(request)) == request
