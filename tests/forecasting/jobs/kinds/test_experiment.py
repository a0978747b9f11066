"""Runs compared by a worker: the same losses as when they are trained one by one."""

from dataclasses import replace

import numpy as np
import pytest

from forecasting.jobs.kinds.experiment import experiment
from forecasting.jobs.requests import ExperimentRequest
from forecasting.json_records import from_json, to_json
from forecasting.lectures.learning_curves import Experiment
from forecasting.messages import BadInput
from forecasting.models.fitting import build, fit
from forecasting.networks.training import predict
from forecasting.series import Channel
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.windows import run_windows
from tests.support.tasks import task


@pytest.fixture
def runs(split) -> tuple[RunSettings, ...]:
    network = RunSettings(split, Architecture("relu", 7, 1, 4), Training(epochs=6, seeds=2))
    stopped = replace(network, regularisation=Regularisation(validation=0.2, patience=1))
    return RunSettings(split, Architecture("linear", 7), Training(optimizer="exact", seeds=1)), network, stopped


def test_curves_are_those_of_each_run_by_itself(views, runs):
    channel = Channel("mine", views)
    reports = list(experiment(task(channel, ExperimentRequest(runs))))
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    found = from_json(Experiment, to_json(reports[-1].result))
    assert [curve.seeded for curve in found.curves] == [False, True, True]
    for run, curve in zip(runs, found.curves, strict=True):
        data, model = run_windows(channel.series, run), build(run)
        rows = list(fit(model, data, run))
        assert curve.train == pytest.approx([row.train_loss.mean() for row in rows], rel=1e-3)
        assert curve.held_out == pytest.approx([row.held_out_loss.mean() for row in rows], rel=1e-3)
        errors = np.abs(predict(model, data, data.held_out) - data.held_out.targets)
        assert curve.errors == pytest.approx(errors, abs=0.06)


def test_a_run_that_diverges_ends_the_experiment(views, split):
    wild = RunSettings(split, Architecture("linear", 7), Training("mse", "sgd", learning_rate=10.0, epochs=50, seeds=1))
    with pytest.raises(BadInput, match="diverged"):
        list(experiment(task(Channel("mine", views), ExperimentRequest((wild,)))))
