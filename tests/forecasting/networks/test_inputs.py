"""What a network is given, by hand."""

import numpy as np
import pandas as pd
import pytest
import torch

from forecasting.calendar_features import calendar, countries, is_holiday, nearby_holiday
from forecasting.messages import BadInput
from forecasting.models.fitting import build, fit
from forecasting.networks.inputs import prepare
from forecasting.networks.training import predict
from forecasting.networks.updates import Augmentation, rescale
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.windows import SplitWindows, Windows, run_windows

ALL = [
    Inputs(log=log, standardise=standardise, subtract=subtract)
    for log in (False, True)
    for standardise in (False, True)
    for subtract in ("nothing", "mean", "last")
]


def few(inputs: Inputs) -> SplitWindows:
    days = pd.date_range("2021-02-10", periods=3)
    windows = Windows(np.array([[10.0, 20, 30], [20, 30, 80], [30, 80, 50]]), np.array([80.0, 50, 20]), days)
    return SplitWindows(windows, windows, Scaler.fit(windows.targets, inputs), inputs=inputs)


@pytest.mark.parametrize("inputs", ALL, ids=str)
def test_prepared_by_hand_and_back(inputs):
    data = few(inputs)
    part = prepare(data.train, data.scaler, data.inputs)
    views, targets = data.train.inputs, data.train.targets
    if inputs.log:
        views, targets = np.log(1 + views), np.log(1 + targets)
    if inputs.standardise:
        mean, spread = targets.mean(), targets.std()
        views, targets = (views - mean) / spread, (targets - mean) / spread
    start = {"nothing": np.zeros(3), "mean": views.mean(axis=1), "last": views[:, -1]}[inputs.subtract]
    np.testing.assert_allclose(part.inputs[:, :-1], views - start[:, None], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(part.targets[:, 0], targets - start, rtol=1e-5, atol=1e-6)
    assert (part.inputs[:, -1] == 1).all()
    np.testing.assert_allclose(
        data.scaler.views((part.targets + part.offset).numpy()), data.train.targets[:, None], rtol=1e-4
    )


@pytest.mark.parametrize("inputs", ALL, ids=str)
def test_losses_are_in_views_whatever_the_inputs_are(views, split, inputs):
    settings = RunSettings(
        split, Architecture("relu", 7, 1, 8), Training(epochs=2, seeds=2, learning_rate=1e-4), inputs
    )
    data, network = run_windows(Series(views), settings), build(settings)
    *_rows, last = fit(network, data, settings)
    for windows, loss in ((data.train, last.train_loss), (data.held_out, last.held_out_loss)):
        np.testing.assert_allclose(
            loss, np.abs(predict(network, data, windows) - windows.targets).mean(axis=1), rtol=1e-4
        )


@pytest.mark.parametrize("inputs", ALL, ids=str)
def test_rescaling_what_is_prepared_is_rescaling_views(inputs):
    """Under logarithms of 1 + views only nearly, so there with views far above 1."""
    data, factor = few(inputs), 1.7
    many = 1e6 if inputs.log else 1.0
    inputs_of = Windows(data.train.inputs * many, data.train.targets * many, data.train.days)
    larger = Windows(inputs_of.inputs * factor, inputs_of.targets * factor, data.train.days)
    part, expected = (prepare(some, data.scaler, data.inputs) for some in (inputs_of, larger))
    for values, wanted in (
        (part.inputs[:, :-1].clone(), expected.inputs[:, :-1]),
        (part.targets.clone(), expected.targets),
    ):
        rescale(values, torch.tensor(factor), Augmentation.of(data))
        torch.testing.assert_close(values, wanted, rtol=1e-4, atol=1e-4)


def test_weekdays_are_one_column_each():
    columns = calendar(pd.date_range("2021-02-08", periods=9), 1, Inputs(weekday=True))  # a Monday first
    np.testing.assert_array_equal(columns, np.eye(7)[[0, 1, 2, 3, 4, 5, 6, 0, 1]])


def test_holidays_from_the_day_before_to_the_day_after():
    days = pd.DatetimeIndex(["2021-12-23", "2021-12-25", "2021-12-26", "2021-12-27"])
    columns = calendar(days, 1, Inputs(country="FR"))  # 25 December alone
    np.testing.assert_array_equal(columns, [[0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]])
    several = calendar(days[:1], 4, Inputs(country="FR"))  # 22 to 27 December
    np.testing.assert_array_equal(several, [[0, 0, 0, 1, 0, 0]])
    assert Inputs(country="FR", weekday=True).columns(4) == 13
    assert calendar(pd.DatetimeIndex(["2021-02-11"]), 1, Inputs(country="TW"))[0, 1] == 1  # New Year's Eve


@pytest.mark.parametrize("country", ["Atlantis", "datetime", "HolidayBase", "tw"])
def test_an_unknown_country_is_said(country):
    with pytest.raises(BadInput, match=country):
        calendar(pd.date_range("2021-01-01", periods=2), 1, Inputs(country=country))


def test_countries_are_known_by_two_letters():
    assert {"TW", "CN", "DE", "US"} <= set(countries())
    days = pd.date_range("2022-02-01", periods=1)  # Lunar New Year's Day
    assert is_holiday(days, "TW") and is_holiday(days, "CN") and not is_holiday(days, "DE")


def test_the_calendar_is_learnt_from(views, split):
    losses = []
    for inputs in (Inputs(), Inputs(weekday=True, country="TW")):
        settings = RunSettings(split, Architecture("linear", 1), Training("mse", "lbfgs", epochs=40, seeds=1), inputs)
        *_rows, last = fit(build(settings), run_windows(Series(views), settings), settings)
        losses.append(last.train_loss[0])
    assert losses[1] < 0.8 * losses[0]


def test_holidays_are_near_within_three_days():
    assert nearby_holiday(pd.Timestamp("2021-12-28"), "US").startswith("Christmas")
    assert nearby_holiday(pd.Timestamp("2021-12-26"), "US") == "Christmas Day"  # nearer than the day off before it
    assert nearby_holiday(pd.Timestamp("2021-10-20"), "US") == ""
    assert nearby_holiday(pd.Timestamp("2021-12-25"), "") == ""
