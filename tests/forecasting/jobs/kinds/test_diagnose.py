"""What a diagnosis takes from the store of the run that it is about."""

import numpy as np
import pytest

from forecasting.diagnosis import evidence
from forecasting.jobs.kinds import diagnose as kind
from forecasting.jobs.kinds.diagnose import diagnose
from forecasting.jobs.requests import DiagnosisRequest, RunVersion
from forecasting.jobs.runs import RunStore
from forecasting.json_records import from_json, to_json
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from tests.support.tasks import OWNER, task, trained


class Taken(Exception):
    """What the evidence is gathered from, instead of the evidence."""


@pytest.fixture
def gathering(monkeypatch):
    def gather(_series, settings, train_loss, predicted):
        raise Taken(settings, train_loss, predicted)

    monkeypatch.setattr(kind, "gather_in_steps", gather)


def taken(store: RunStore, channel: Channel, request: DiagnosisRequest) -> tuple:
    with pytest.raises(Taken) as found:
        next(diagnose(task(channel, request, store)))
    return found.value.args


def test_losses_and_predictions_are_those_of_the_run(views, split, store, gathering):
    channel = Channel("mine", views)
    settings = RunSettings(split, Architecture("linear", 7), Training(epochs=3, seeds=2))
    run = trained(store, channel, settings)
    judged, train_loss, predicted = taken(store, channel, DiagnosisRequest(run))
    assert judged == settings
    assert np.array_equal(train_loss, store.final_losses(OWNER, run.id)["train_seeds"].iloc[0])
    assert np.array_equal(predicted, store.predictions(run.id).to_numpy().T)


def test_request_does_not_grow_with_what_the_run_came_to():
    request = DiagnosisRequest(RunVersion("0123456789ab", 10_000), ("ba9876543210",))
    assert len(to_json(request)) < 100  # 32 seeds of a year predict 100 kB
    assert from_json(DiagnosisRequest, to_json(request)) == request


def test_run_of_several_days_ahead_is_trained_again(views, split, store, gathering):
    channel = Channel("mine", views)
    settings = RunSettings(split, Architecture("linear", 7, horizon=3), Training(epochs=1, seeds=1))
    _settings, *result = taken(store, channel, DiagnosisRequest(trained(store, channel, settings)))
    assert result == [None, None]


def test_stopped_run_is_judged_for_the_epochs_that_it_had(views, split, store, gathering):
    channel = Channel("mine", views)
    run = trained(store, channel, RunSettings(split, Architecture("linear", 7), Training(epochs=5, seeds=1)))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("delete from rows where epoch > 2")
        connection.exec_driver_sql("update jobs set status = 'stopped'")
    settings, *_result = taken(store, channel, DiagnosisRequest(RunVersion(run.id, 2)))
    assert settings.training.epochs == 2


def test_runs_that_tell_what_it_could_have_come_to_are_taken_along(views, split, store, monkeypatch):
    channel = Channel("mine", views)
    run, other = (
        trained(store, channel, RunSettings(split, Architecture("relu", 7, 1, units), Training(epochs=1, seeds=1)))
        for units in (4, 2)
    )
    seen = []
    monkeypatch.setattr(kind, "diagnosis_of", lambda _found, nested: seen.extend(nested))
    monkeypatch.setattr(kind, "report_of", lambda *_found: None)
    monkeypatch.setattr(kind, "gather_in_steps", lambda *_given, **_rest: iter([evidence.Step(1.0, found=object())]))
    list(diagnose(task(channel, DiagnosisRequest(run, (other.id, "deleted meanwhile")), store)))
    (nested,) = seen
    assert nested.settings.architecture.units == 2
    assert nested.train == store.final_losses(OWNER, other.id)["train"].iloc[0]
