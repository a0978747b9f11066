"""Goals as a worker answers them: by Auto, a method and a model file, from past days alone."""

import numpy as np
import pandas as pd
import pytest

from forecasting.forecasts.goals import GoalsReport
from forecasting.jobs.kinds.goals import goals
from forecasting.jobs.requests import AutoSearch, GoalsRequest, MethodFit, RunVersion
from forecasting.json_records import from_json, to_json
from forecasting.messages import BadInput
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import last_part
from tests.support.tasks import task, trained


def channel(days: int) -> Channel:
    rng, day = np.random.default_rng(1), np.arange(days)
    views = np.round(1000 * (1 + 0.2 * np.sin(2 * np.pi * day / 7)) * np.exp(rng.normal(0, 0.1, days)))
    return Channel("mine", pd.Series(views, pd.date_range("2021-01-01", periods=days)))


def answered(mine: Channel, forecaster, store=None) -> GoalsReport:
    *_others, last = goals(task(mine, GoalsRequest(forecaster), store))
    return last.result


def test_a_short_channel_is_answered_by_auto_and_a_longer_one_by_a_method():
    short = channel(28)
    found = answered(short, AutoSearch(10.0, last_part(short.views)))
    assert found.paths.shape == (500, 9) and found.past == ()
    longer = channel(200)
    found = answered(longer, MethodFit("mean-28", last_part(longer.views)))
    assert found.paths.shape == (500, 66) and len(found.past) > 5
    assert abs(np.median(found.paths.sum(axis=1)) / 66000 - 1) < 0.1
    assert all(one.origin < longer.views.index[-1].date() for one in found.past)
    again = from_json(GoalsReport, to_json(found))
    np.testing.assert_array_equal(again.paths, found.paths)
    assert again.past == found.past


def test_a_run_is_asked_for_half_the_days_that_it_was_judged_on(store):
    mine = channel(200)
    settings = RunSettings(last_part(mine.views), Architecture("linear", 7), Training("mse", "exact"))
    run: RunVersion = trained(store, mine, settings)
    assert answered(mine, run, store).paths.shape == (500, 20)


def test_too_few_days_are_one_sentence():
    mine = channel(16)
    with pytest.raises(BadInput, match="Too few past forecasts|too few to learn from"):
        answered(mine, MethodFit("last-week", last_part(mine.views)))
