"""Networks of tomorrow's class, as a worker trains them."""

import numpy as np
import pandas as pd
import pytest

from forecasting.jobs.kinds.classes import classes
from forecasting.jobs.requests import ClassesRequest
from forecasting.json_records import from_json, to_json
from forecasting.lectures.classes import SEEDS, ClassForecast, class_problem
from forecasting.messages import BadInput
from forecasting.series import Channel
from forecasting.split import default_split
from tests.support.tasks import task


def weekly(days: int) -> Channel:
    rng = np.random.default_rng(0)
    week = np.array([0, 0.1, 0.1, 0.2, 0, -0.2, -0.2])[np.arange(days) % 7]
    views = 1000 * np.exp(week + rng.normal(0, 0.03, days))
    return Channel("mine", pd.Series(views, pd.date_range("2020-01-01", periods=days)))


def test_networks_know_a_week_better_than_the_shares_of_classes():
    channel = weekly(500)
    split = default_split(channel.views)
    *before, last = classes(task(channel, ClassesRequest(split, 0.03)))
    assert [one.share for one in before] == sorted(one.share for one in before)
    problem = class_problem(channel.series, split)
    found = from_json(ClassForecast, to_json(last.result)).probabilities
    assert found.shape == (SEEDS, len(problem.held_out.labels), 3)
    assert problem.losses(found).mean() < 0.7 * problem.losses(problem.shares).mean()


def test_a_class_that_is_too_rare_is_said():
    channel = weekly(500)
    with pytest.raises(BadInput, match="training days of the rarest class"):
        list(classes(task(channel, ClassesRequest(default_split(channel.views), 0.9))))
