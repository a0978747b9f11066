"""A training that was stopped and goes on gives the rows of one that never was, bit for bit."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from forecasting.models.fitting import build, fit
from forecasting.networks.checkpoints import load, save_progress, save_weights, take_weights
from forecasting.networks.progress import Progress
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import CHOICES, Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.windows import run_windows

OPTIMIZERS = [name for name in CHOICES["optimizer"] if name != "exact"]
DISTURBED = Regularisation(dropout=0.2, batch_norm=True, noise=0.1, scale=0.05, validation=0.2, clip=1, l1=1e-4)


def same(one, two):
    for name, value in vars(one).items():
        if name != "seconds":
            np.testing.assert_array_equal(value, getattr(two, name), name)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_continued_is_uninterrupted_bit_for_bit(views, split, name):
    regularisation = replace(DISTURBED, patience=50)
    training = Training("mae", name, 0.01, epochs=9, seeds=3, schedule="step", decay_epochs=2, warmup=2)
    settings = RunSettings(split, Architecture("relu", 7, 2, 8), training, Inputs(weekday=True), regularisation)
    data, whole = run_windows(Series(views), settings), build(settings)
    expected = list(fit(whole, data, settings))

    progress, begun = Progress(), build(settings)
    first = list(islice(fit(begun, data, settings, progress=progress), 4))
    blob = save_progress(settings, progress)
    assert isinstance(blob, bytes)
    read_settings, record = load(blob)
    assert read_settings == settings
    fresh = build(read_settings)
    rest = list(fit(fresh, data, read_settings, progress=Progress(record)))
    assert [row.epoch for row in first + rest] == list(range(1, 10))
    for one, two in zip(first + rest, expected, strict=True):
        same(one, two)
    assert torch.equal(fresh.parameters, whole.parameters) and torch.equal(fresh.running, whole.running)


def test_more_epochs_are_those_of_a_longer_run(views, split):
    short = RunSettings(split, Architecture("relu", 7, 1, 8), Training(epochs=3, seeds=2))
    long = replace(short, training=replace(short.training, epochs=6))
    data, network, progress = run_windows(Series(views), short), build(short), Progress()
    rows = list(fit(network, data, short, progress=progress))
    _settings, record = load(save_progress(short, progress))
    rows += fit(build(long), data, long, progress=Progress(record))
    for one, two in zip(rows, fit(build(long), data, long), strict=True):
        same(one, two)


def test_a_stop_within_an_epoch_leaves_nothing_of_it(views, split):
    settings = RunSettings(split, Architecture("relu", 7, 1, 8), Training(epochs=6, seeds=2), regularisation=DISTURBED)
    data, network, progress, asked = run_windows(Series(views), settings), build(settings), Progress(), []
    rows = list(fit(network, data, settings, stop=lambda: len(asked) >= 9 or asked.append(1), progress=progress))
    assert len(rows) == 2 == progress.epoch
    predicted = predict(network, data, data.held_out)
    np.testing.assert_allclose(
        np.abs(predicted - data.held_out.targets).mean(axis=1), rows[-1].held_out_loss, rtol=1e-5
    )
    rows += fit(network, data, settings, progress=progress)
    for one, two in zip(rows, fit(build(settings), data, settings), strict=True):
        same(one, two)


def test_weights_come_back_with_their_settings(views, split):
    settings = RunSettings(
        split, Architecture("sigmoid", 7, units=5), Training(epochs=4, seeds=2), regularisation=DISTURBED
    )
    data, network, progress = run_windows(Series(views), settings), build(settings), Progress()
    list(fit(network, data, settings, progress=progress))
    other = build(settings)
    take_weights(other, load(save_weights(settings, network))[1])
    np.testing.assert_array_equal(predict(other, data, data.held_out), predict(network, data, data.held_out))
