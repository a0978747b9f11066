"""Hessians against differences and double backward, ends against the whole spectrum, steps and planes against loops."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from forecasting.json_records import from_json, to_json
from forecasting.lectures.critical_points import Escape, Extremes, Plane, Spectrum
from forecasting.lectures.curvature import (
    escape,
    extremes,
    gradient_norm,
    hessian,
    lowest_direction,
    plane,
    sharpness,
    snapshots,
    spectrum,
    squared_error,
    step_lengths,
    unknowns,
)
from forecasting.models.fitting import build, fit
from forecasting.networks.inputs import prepared_periods
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.windows import run_windows

NETS = {
    "sigmoid": (Architecture("sigmoid", 7, 1, 5), Regularisation()),
    "relu of two layers": (Architecture("relu", 7, 2, 4), Regularisation()),
    "hard sigmoid": (Architecture("hard-sigmoid", 7, 1, 5), Regularisation()),
    "two days ahead": (Architecture("sigmoid", 7, 1, 3, horizon=2), Regularisation()),
    "batch normalization": (Architecture("relu", 7, 1, 4), Regularisation(batch_norm=True)),
    "linear": (Architecture("linear", 7), Regularisation()),
}


@pytest.fixture(params=[*NETS])
def net(request, views, split):
    """A loss, where training stands after a few epochs, and the network and its data. A day is a hole."""
    architecture, kept = NETS[request.param]
    views = views.copy()
    views.iloc[200] = np.nan
    settings = RunSettings(split, architecture, Training("mse", epochs=4, seeds=1), regularisation=kept)
    data, model = run_windows(Series(views), settings), build(settings)
    for _row in fit(model, data, settings):
        pass
    return squared_error(model, prepared_periods(data)["train"]), unknowns(model), model, data


def test_loss_is_that_of_the_network(net):
    loss, at, model, data = net
    errors = data.scaler.scale(predict(model, data, data.train)[0]) - data.scaler.scale(data.train.targets)
    assert float(loss(at)) == pytest.approx(np.nanmean(errors**2), rel=1e-5)


def test_hessian_equals_differences_of_the_loss(net):
    """Second differences know nothing of derivatives. A kink within a step would show: so the middle value is taken."""
    loss, at, *_rest = net
    step, found = 1e-4, hessian(loss, at)
    off = []
    for a, b in np.random.default_rng(0).integers(len(at), size=(40, 2)):
        first, second = (step * torch.eye(len(at), dtype=at.dtype)[place] for place in (a, b))
        corners = [float(loss(at + one * first + other * second)) for one in (1, -1) for other in (1, -1)]
        off.append(abs((corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2) - found[a, b]))
    assert np.median(off) < 1e-6


def test_hessian_equals_double_backward_in_any_blocks(net):
    loss, at, *_rest = net
    expected = torch.autograd.functional.hessian(loss, at).numpy()
    for columns in (1, 7, 64):
        np.testing.assert_allclose(hessian(loss, at, columns), expected, atol=1e-12)


def test_linear_networks_have_the_hessian_of_least_squares(views, split):
    settings = RunSettings(split, Architecture("linear", 7), Training("mse", epochs=1, seeds=1))
    data, model = run_windows(Series(views), settings), build(settings)
    inputs = prepared_periods(data)["train"].inputs.double().numpy()
    found = hessian(squared_error(model, prepared_periods(data)["train"]), unknowns(model))
    np.testing.assert_allclose(found, 2 * inputs.T @ inputs / len(inputs), atol=1e-12)
    assert spectrum(found).negative == 0


def test_ends_equal_those_of_the_whole_spectrum(net):
    loss, at, *_rest = net
    matrix = hessian(loss, at)
    whole, (ends, direction) = spectrum(matrix), extremes(loss, at)
    assert ends.ends == pytest.approx(whole.ends, abs=1e-6 * whole.ends[1])
    assert sharpness(loss, at, seed=3) == pytest.approx(whole.ends[1], rel=1e-6)
    assert direction @ matrix @ direction == pytest.approx(whole.ends[0], abs=1e-6 * whole.ends[1])
    assert np.linalg.norm(direction) == pytest.approx(1)


@pytest.mark.parametrize("unknown", [1, 2, 500])
def test_ends_of_a_known_spectrum_come_without_all_products(unknown):
    values = np.linspace(-0.1, 1, unknown)
    values[-1] = 30
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(unknown, unknown)))[0]
    matrix = torch.from_numpy(turned * values @ turned.T)
    ends, direction = extremes(lambda at: at @ matrix @ at / 2, torch.ones(unknown, dtype=torch.double))
    assert ends.ends == pytest.approx((values[0], 30), abs=1e-3)
    assert ends.lowest >= values[0] - 1e-9  # never beyond
    assert ends.products <= 150
    if unknown > 2:
        assert abs(direction @ turned[:, 0]) > 0.99


def test_zero_is_a_millionth_of_the_largest():
    found = spectrum(np.diag([4.0, -3.0, 3.9e-6, -3.9e-6, 0.0, 4.1e-6]))
    assert (found.positive, found.negative, found.zero) == (2, 1, 3)
    assert found.minimum_ratio == pytest.approx(2 / 6)
    assert spectrum(np.zeros((3, 3))).zero == 3


def test_lowest_direction_is_the_eigenvector():
    matrix = np.array([[0.0, -2.0], [-2.0, 0.0]])  # the lecture's saddle
    direction = lowest_direction(matrix)
    assert abs(direction @ [1, 1]) == pytest.approx(np.sqrt(2))


# Steps


def saddle(at: torch.Tensor) -> torch.Tensor:
    return (1 - at[0] * at[1]) ** 2


def test_escape_from_the_lectures_saddle():
    lengths = np.linspace(-2, 2, 41)
    found = escape(saddle, torch.zeros(2, dtype=torch.double), np.array([1.0, 1.0]), lengths=lengths)
    assert found.eigenvalue == pytest.approx(-2)
    assert found.losses == pytest.approx((1 - lengths**2 / 2) ** 2)
    assert (found.before, found.after) == pytest.approx((1, 0), abs=1e-3)
    assert found.gained == found.gained_by_curvature == pytest.approx(1, abs=1e-3)


def test_escape_goes_down_and_slopes_are_no_curvature():
    """From the side of a bowl a step goes down, but not because the bowl bends down."""
    at, up = torch.tensor([1.0, 0.0], dtype=torch.double), np.array([3.0, 0.0])
    found = escape(lambda at: (at**2).sum(), at, up, lengths=np.linspace(-0.5, 0.5, 11))
    assert found.slope == pytest.approx(-2)
    assert found.lengths[found.best] == 0.5
    assert found.gained == pytest.approx(0.75)
    assert found.gained_by_curvature < 0


def test_lengths_of_steps_are_alike_either_way():
    lengths = step_lengths(torch.full((4,), 3.0), count=5)
    assert len(lengths) == 11
    assert lengths == pytest.approx(-lengths[::-1])
    assert lengths[-1] == pytest.approx(3)


# The way there


def test_snapshots_are_the_run_that_was_trained_among_others(views, split):
    settings = RunSettings(split, Architecture("relu", 7, 1, 4), Training(epochs=5, seeds=3))
    found = list(snapshots(Series(views), settings, (0, 2, 5), seeds=slice(1, 2)))
    assert [one.epoch for one in found] == [0, 2, 5]
    for one in found:
        model, shorter = build(settings), replace(settings, training=replace(settings.training, epochs=one.epoch or 1))
        for _row in fit(model, run_windows(Series(views), settings), shorter) if one.epoch else ():
            pass
        torch.testing.assert_close(one.unknowns, unknowns(model, 1))
    assert gradient_norm(lambda at: (at**2).sum(), torch.tensor([3.0, 4.0])) == pytest.approx(10)


def test_plane_goes_through_three_points_and_says_how_far_the_others_lie():
    rng = np.random.default_rng(0)
    path = [torch.from_numpy(rng.normal(size=6)) for _point in range(5)]

    def loss(at: torch.Tensor) -> torch.Tensor:
        return torch.sin(at).sum() + (at**2).sum()

    found = plane(loss, path, places=7)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(2), atol=1e-12)
    end, unit = path[-1].numpy(), found.unit
    on_plane = end + unit * found.path @ found.directions
    away = [np.linalg.norm(point.numpy() - foot) / unit for point, foot in zip(path, on_plane, strict=True)]
    np.testing.assert_allclose(found.beside, away, atol=1e-12)
    assert (found.beside < 1e-12).sum() == 3
    assert found.path[0] == pytest.approx([1, 0])
    assert found.path[-1] == pytest.approx([0, 0])
    assert found.path_losses == pytest.approx([float(loss(point)) for point in path])
    for row, b in enumerate(found.second):
        for column, a in enumerate(found.first):
            place = torch.from_numpy(end + unit * (a * found.directions[0] + b * found.directions[1]))
            assert found.losses[row, column] == pytest.approx(float(loss(place)))
    assert found.length * unit == pytest.approx(sum(float((a - b).norm()) for a, b in pairwise(path)))


@pytest.mark.parametrize("steps", [(1.0, 0.0), (1.0, 0.4, 0.0)])
def test_a_straight_path_lies_wholly_on_its_plane(steps):
    path = [torch.tensor([step, 2 * step, 0.0], dtype=torch.double) for step in steps]
    found = plane(lambda at: (at**2).sum(), path, places=5)
    assert found.share == pytest.approx(1)
    assert np.isfinite(found.losses).all()


def test_a_path_that_never_moved_is_a_point():
    found = plane(lambda at: (at**2).sum(), [torch.ones(3, dtype=torch.double)] * 3, places=5)
    assert found.path == pytest.approx(0)
    assert found.share == 1
    assert np.isfinite(found.losses).all()


def test_heights_below_a_path_are_the_losses_at_its_feet():
    path = [torch.tensor(point, dtype=torch.double) for point in ([2.0, 0, 0], [1, 3, 0], [1, 1, 1.5], [0, 0, 0])]
    found = plane(lambda at: at @ torch.tensor([1.0, 2.0, 5.0], dtype=torch.double), path, places=7)
    assert found.beside == pytest.approx([0, 0, 0.75, 0])
    assert found.heights == pytest.approx([2, 7, 3, 0])
    assert found.path_losses == pytest.approx([2, 7, 10.5, 0])
    whole = np.sqrt(10) + np.sqrt(4 + 1.5**2) + np.sqrt(2 + 1.5**2)
    assert found.share == pytest.approx((np.sqrt(10) + 2 + np.sqrt(2)) / whole)


def test_records_travel_as_json():
    records = [
        Spectrum(np.array([-1.0, 2.0])),
        Extremes(-1.0, 2.0, 7),
        Escape(np.array([-1.0, 0.0, 1.0]), np.array([0.5, 1.0, 0.6]), -0.1, -2.0),
    ]
    for record in records:
        assert to_json(from_json(type(record), to_json(record))) == to_json(record)
    drawn = plane(lambda at: (at**2).sum(), [torch.ones(2), torch.zeros(2)], places=3)
    assert to_json(from_json(Plane, to_json(drawn))) == to_json(drawn)


def test_inputs_besides_views_are_part_of_the_loss(views, split):
    settings = RunSettings(split, Architecture("relu", 7, 1, 3), Training("mse", seeds=1), Inputs(weekday=True))
    data, model = run_windows(Series(views), settings), build(settings)
    loss, at = squared_error(model, prepared_periods(data)["train"]), unknowns(model)
    assert hessian(loss, at).shape == (len(at), len(at)) == (settings.parameters, settings.parameters)
