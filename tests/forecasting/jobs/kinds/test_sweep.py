"""A sweep by a worker: the same losses as run by run, and what diverges goes through the store."""

import numpy as np

from forecasting.evaluation.rate_sweep import final_losses
from forecasting.jobs.kinds.sweep import sweep
from forecasting.jobs.requests import SweepRequest
from forecasting.json_records import from_json, to_json
from forecasting.lectures.rate_sweeps import Sweep
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from tests.support.tasks import task


def test_losses_are_those_of_each_run_by_itself(views, split):
    channel = Channel("mine", views)
    rates = (0.01, 10.0)
    runs = tuple(
        RunSettings(split, Architecture("linear", 7), Training("mse", "sgd", learning_rate=rate, seeds=2))
        for rate in rates
    )
    reports = list(sweep(task(channel, SweepRequest(runs, 100))))
    assert [report.share for report in reports] == [0.5, 1.0]
    found = from_json(Sweep, to_json(reports[-1].result)).losses
    assert np.isposinf(found[1]).all()
    np.testing.assert_allclose(found[0], final_losses(channel.series, runs[0], 100), rtol=1e-4)
