"""A training gone through once more: what is seen on the way is what is there, on any channel."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures import along_training
from forecasting.lectures.along_training import channel_claims, epochs_of_curve, look_along
from forecasting.lectures.critical_points import Extremes, claims
from forecasting.lectures.curvature import hessian, snapshots, spectrum, squared_error, unknowns
from forecasting.models.fitting import build, fit
from forecasting.networks.inputs import prepared_periods
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views


@pytest.fixture
def settings(split) -> RunSettings:
    return RunSettings(split, Architecture("sigmoid", 7, 1, 3), Training("mse", epochs=4, seeds=2))


def test_looks_are_those_of_the_run(views, settings):
    reports = list(look_along(Series(views), settings))
    shares = [share for share, _known in reports]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    known = reports[-1][1]
    assert [look.epoch for look in known.way] == [0, 1, 3, 4]
    assert len(known.ends) == 2
    data = run_windows(Series(views), settings)
    model, fitted = build(settings), prepared_periods(data)["train"]
    rows = list(fit(model, data, settings))
    np.testing.assert_allclose(known.batch_norms[:, 1:].T, [row.gradient_norm for row in rows], rtol=1e-6)
    np.testing.assert_allclose(
        np.sqrt(known.losses[:, 1:]) * data.scaler.spread, np.array([row.train_loss for row in rows]).T, rtol=1e-4
    )
    for seed, end in enumerate(known.ends):
        alone = model.of(slice(seed, seed + 1))
        matrix = hessian(squared_error(alone, fitted), unknowns(alone))
        assert end.curvature.eigenvalues == pytest.approx(spectrum(matrix).eigenvalues, rel=1e-3)
        assert end.loss == pytest.approx(known.losses[seed, -1])
        assert end.gradient_norm == pytest.approx(known.gradient_norms[seed, -1])
        assert end.escape.eigenvalue == pytest.approx(end.curvature.ends[0], rel=1e-3)
    assert known.mean_loss == pytest.approx(1, abs=1e-4)  # of standardised targets
    assert known.way[-1] is known.ends[0]
    assert known.plane.path_losses == pytest.approx([look.loss for look in known.way])


def test_large_networks_are_looked_at_by_their_ends(views, settings, monkeypatch):
    exact = list(look_along(Series(views), settings))[-1][1]
    monkeypatch.setattr(along_training, "MOST_EXACT", 10)
    by_ends = list(look_along(Series(views), settings))[-1][1]
    for one, other in zip(exact.ends, by_ends.ends, strict=True):
        assert isinstance(other.curvature, Extremes)
        assert other.curvature.ends == pytest.approx(one.curvature.ends, rel=1e-3)
        assert other.lowered == pytest.approx(one.lowered, rel=1e-2, abs=1e-6)


def test_a_convex_loss_has_no_saddle_and_few_epochs_no_flat_end(views, split):
    line = RunSettings(split, Architecture("linear", 7), Training("mse", epochs=3, learning_rate=0.01, seeds=5))
    known = list(look_along(Series(views), line, on_the_way=False))[-1][1]
    assert [look.epoch for look in known.way] == [3]
    answers = {claim.name: claim.answer for claim in claims(known)}
    assert answers["Training ends at no minimum"] == "does not hold here"
    assert answers["The gradient is not small where the loss is flat"] == "cannot tell"
    assert answers["The minimum ratio is at most 0.6"] == "does not hold here"


def test_early_stopping_is_passed_over(views, settings):
    wild = replace(settings, training=replace(settings.training, epochs=8, learning_rate=0.3))
    stopped = replace(wild, regularisation=Regularisation(validation=0.2, patience=1))
    data, model = run_windows(Series(views), stopped), build(stopped)
    assert len(list(fit(model, data, stopped))) < 8
    assert list(look_along(Series(views), stopped, on_the_way=False))[-1][1].epochs[-1] == 8


@pytest.mark.parametrize("total", [1, 2, 59, 60, 61, 1000])
def test_curves_have_every_epoch_of_a_short_training_and_some_of_a_long(total):
    epochs = epochs_of_curve(total)
    assert epochs == sorted(set(epochs))
    assert (epochs[0], epochs[-1]) == (0, total)
    assert len(epochs) <= 75
    if total <= 60:
        assert epochs == list(range(total + 1))


@pytest.mark.parametrize("kind", ["constant", "zeros", "holes", "just long enough"])
def test_claims_on_any_channel(kind, monkeypatch):
    monkeypatch.setattr("forecasting.lectures.critical_points.EPOCHS", 5)
    views = make_views(300)
    if kind == "holes":
        views.iloc[[20, 100, 180]] = np.nan
    elif kind == "just long enough":
        views = views[:72]
    elif kind in ("constant", "zeros"):
        views = pd.Series(100.0 * (kind == "constant"), views.index)
    found = list(channel_claims(Series(views), default_split(views)))
    assert len(found) == 3
    assert all(claim.sentence.translated() for claim in found)


def test_snapshots_of_several_seeds_are_each_ones(views, settings):
    both = list(snapshots(Series(views), settings, (4,), seeds=slice(0, 2)))[0]
    second = list(snapshots(Series(views), settings, (4,), seeds=slice(1, 2)))[0]
    np.testing.assert_allclose(both.replicas[1].parameters, second.network.parameters, rtol=1e-5, atol=1e-6)
