"""The forecast as a worker makes it: each way to ask, beside the plain functions that it is put together from."""

import json

import pandas as pd
import pytest

from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.model_file import load_model
from forecasting.forecasts.outlook import look_ahead
from forecasting.messages import BadInput
from forecasting.models.fitting import build, fit
from forecasting.networks.checkpoints import save_weights
from forecasting.series import Channel
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.windows import run_windows

HORIZON = 5


@pytest.fixture
def channel(views) -> Channel:
    return Channel("mine", views)


def trained(channel, settings) -> bytes:
    model = build(settings)
    for _row in fit(model, run_windows(channel.series, settings), settings):
        pass
    return save_weights(settings, model)


def asked(channel, **request):
    """The last finding."""
    findings = list(look_ahead(channel, {"horizon": HORIZON, "model": None} | request))
    shares = [finding.share for finding in findings]
    assert shares == sorted(shares) and shares[-1] == 1.0
    return findings[-1]


def test_run_and_the_file_that_comes_of_it_say_the_same(channel, split):
    settings = RunSettings(split, Architecture("relu", 7, 1, 5), Training(epochs=2, seeds=2))
    weights = trained(channel, settings)
    found = asked(channel, settings=settings.to_json(), name="mine", model=weights)
    forecast = Forecast.from_json(json.dumps(found.answer["forecast"]))
    assert forecast.method == "mine"
    assert forecast.days[0] == (channel.views.index[-1] + pd.Timedelta(days=1)).date()
    assert {one.method for one in forecast.judged} == {"mine", "yesterday", "last-week", "four-weeks"}
    assert load_model(found.weights).forecast(channel.series, HORIZON).to_json() == forecast.to_json()
    assert asked(channel, model=found.weights).answer == found.answer


def test_days_assumed_to_be_holidays_stand_beside_the_calendar_as_it_is(channel, split):
    settings = RunSettings(split, Architecture("linear", 7), Training(epochs=2, seeds=1), Inputs(country="TW"))
    weights, day = trained(channel, settings), "2021-02-26"
    plain = asked(channel, settings=settings.to_json(), name="mine", model=weights)
    changed = asked(channel, settings=settings.to_json(), name="mine", model=weights, holidays=[day])
    assert changed.answer["without"] == tuple(plain.answer["forecast"]["point"])
    assert changed.answer["forecast"]["point"] != plain.answer["forecast"]["point"]
    assert asked(channel, model=plain.weights, holidays=[day]).answer == changed.answer


def test_shallow_reference_is_fitted_again_and_leaves_no_file(channel, split):
    settings = RunSettings(split, Architecture("trees", 7), Training(epochs=5))
    found = asked(channel, settings=settings.to_json(), name="trees")
    assert found.weights is None
    assert len(found.answer["forecast"]["point"]) == HORIZON


def test_auto_says_what_it_tried_and_then_forecasts(channel, split):
    request = {"auto": 1.0, "train": str(split.train), "held_out": str(split.held_out)}
    findings = list(look_ahead(channel, request | {"horizon": HORIZON, "model": None}))
    assert len(findings[0].answer["ladder"]) == 1
    answer = findings[-1].answer
    assert len(answer["forecast"]["point"]) == HORIZON and answer["ladder"]
    assert answer["forecast"]["judged"][0]["method"] == "auto"


def test_bad_horizon_is_one_sentence(channel, split):
    settings = RunSettings(split, Architecture("trees", 7), Training(epochs=5))
    with pytest.raises(BadInput, match="91 days ahead"):
        asked(channel, settings=settings.to_json(), name="trees", horizon=91)
