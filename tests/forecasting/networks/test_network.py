"""The stacked network: against torch.nn, against finite differences, alone and in a stack."""

import numpy as np
import pytest
import torch
from torch import nn

from forecasting.networks.gradient import Passes, _blocks
from forecasting.networks.network import StackedNetwork
from forecasting.networks.updates import gradient_by_autograd
from forecasting.settings import Architecture, Regularisation

FAMILIES = {
    "linear": Architecture("linear", 5),
    "hard-sigmoid": Architecture("hard-sigmoid", 5, units=4),
    "sigmoid": Architecture("sigmoid", 5, units=4),
    "relu": Architecture("relu", 5, 1, 4),
    "deep relu": Architecture("relu", 5, 3, 4),
    "three days": Architecture("relu", 5, 2, 4, horizon=3),
    "three days linear": Architecture("linear", 5, horizon=3),
}
ACTIVATIONS = {"hard-sigmoid": nn.Hardsigmoid, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}
every_family = pytest.mark.parametrize("architecture", FAMILIES.values(), ids=FAMILIES)
NORMALISED = Regularisation(batch_norm=True, dropout=0.4)


def torch_network(network: StackedNetwork, replica: int, masks=()) -> nn.Sequential:
    """One replica as anyone would write it; `masks` stand in for dropout's draws."""
    parts, norms = [], network.parts()[len(network.layers) :]
    for place, (weight, bias) in enumerate(network.layers):
        layer = nn.Linear(*weight.shape[1:])
        layer.weight.data, layer.bias.data = weight[replica].T.clone(), bias[replica, 0].clone()
        parts.append(layer)
        if place == len(network.layers) - 1:
            break
        if norms:
            norm = nn.BatchNorm1d(weight.shape[2])
            norm.weight.data, norm.bias.data = norms[place][replica].clone()
            parts.append(norm)
        parts.append(ACTIVATIONS[network.architecture.family]())
        if masks:
            parts.append(Masked(masks[place][replica]))
    return nn.Sequential(*parts)


class Masked(nn.Module):
    """Dropout whose draws are known."""

    def __init__(self, mask):
        super().__init__()
        self.mask = mask

    def forward(self, x):
        return x * self.mask if self.training else x


def with_ones(inputs: torch.Tensor) -> torch.Tensor:
    return torch.cat([inputs, torch.ones(*inputs.shape[:-1], 1)], dim=-1)


def disturbed(network: StackedNetwork) -> StackedNetwork:
    """Away from the start, where gains are 1 and shifts 0."""
    network.parameters += 0.3 * torch.randn(network.parameters.shape, generator=torch.Generator().manual_seed(8))
    return network


@every_family
def test_predicts_as_torch_nn_does(architecture):
    network = StackedNetwork(architecture, range(3))
    inputs = torch.randn(20, 5, generator=torch.Generator().manual_seed(1))
    predicted = network.predict(inputs)
    torch.testing.assert_close(network(inputs.expand(3, -1, -1)), predicted)
    for replica in range(3):
        torch.testing.assert_close(predicted[replica], torch_network(network, replica)(inputs).detach())


@every_family
@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_gradients_are_those_of_finite_differences(architecture, loss):
    network = StackedNetwork(architecture, range(2))
    network.parameters = network.parameters.double()
    generator = torch.Generator().manual_seed(3)
    inputs, targets = (torch.randn(shape, generator=generator).double() for shape in ((2, 9, 5), (2, 9, 1)))
    gradient = torch.empty_like(network.parameters)

    def value() -> float:
        return gradient_by_autograd(
            network, with_ones(inputs), targets, loss=loss, masks=(), parts=network.parts(gradient)
        )

    value()
    flat, slopes, step = network.parameters.view(-1), gradient.clone().view(-1), 1e-6
    for place in range(0, len(flat), 3):
        start, ends = flat[place].item(), []
        for end in (start + step, start - step):
            flat[place] = end
            ends.append(value())
        flat[place] = start
        assert slopes[place].item() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-7)


@every_family
@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_the_gradient_by_hand_is_that_of_autograd(architecture, loss):
    network = disturbed(StackedNetwork(architecture, range(3)))
    inputs, targets = with_ones(torch.randn(3, 12, 5)), torch.randn(3, 12, architecture.horizon)
    plain, by_hand = (torch.empty_like(network.parameters) for _ in range(2))
    gradient_by_autograd(network, inputs, targets, loss=loss, masks=(), parts=network.parts(plain))
    passes = Passes(network.weights, architecture.family, 12)
    for rows in (12, 7, 12):  # a last batch is smaller; what an earlier one left in the buffers must not matter
        residual = passes.forward(inputs[:, :rows]) - targets[:, :rows]
        torch.testing.assert_close(residual, network(inputs[:, :rows, :-1]) - targets[:, :rows])
    slope = (residual.sign() if loss == "mae" else 2 * residual) / (12 * architecture.horizon)
    passes.backward(inputs, slope, network.parts(by_hand))
    torch.testing.assert_close(by_hand, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("family", ["hard-sigmoid", "sigmoid", "relu"])
def test_the_gradient_of_dropout_by_hand_is_that_of_autograd(family):
    architecture = Architecture(family, 5, 1 if "sigmoid" in family else 3, 4)
    network = disturbed(StackedNetwork(architecture, range(3)))
    network.parameters[:, ::7] *= 20  # far enough out for a hard sigmoid to be flat
    inputs, targets = with_ones(torch.randn(3, 12, 5)), torch.randn(3, 12, 1)
    passes, hidden = Passes(network.weights, family, 12), network.layers[:-1]
    passes.forward(inputs)  # without masks, as for another purpose
    for rows in (12, 7, 12):
        masks = [(torch.rand(3, rows, 4) < 0.7) / 0.7 for _ in hidden]
        plain, by_hand = (torch.empty_like(network.parameters) for _ in range(2))
        some = inputs[:, :rows].contiguous()
        gradient_by_autograd(network, some, targets[:, :rows], loss="mse", masks=masks, parts=network.parts(plain))
        residual = passes.forward(some, masks) - targets[:, :rows]
        passes.backward(some, 2 * residual / rows, network.parts(by_hand), masks=masks)
        torch.testing.assert_close(by_hand, plain, rtol=1e-4, atol=1e-5)


def test_a_wide_layer_is_multiplied_in_blocks_to_the_same_gradient():
    network = StackedNetwork(Architecture("relu", 56, 1, 1000), range(2))
    assert _blocks(64 * 57, 1000) == 4 and _blocks(64 * 57, 997) == 1  # a prime has no equal blocks
    inputs, targets = with_ones(torch.randn(2, 64, 56)), torch.randn(2, 64, 1)
    plain, by_hand = (torch.empty_like(network.parameters) for _ in range(2))
    gradient_by_autograd(network, inputs, targets, loss="mse", masks=(), parts=network.parts(plain))
    passes = Passes(network.weights, "relu", 64)
    passes.backward(inputs, 2 * (passes.forward(inputs) - targets) / 64, network.parts(by_hand))
    torch.testing.assert_close(by_hand, plain, rtol=1e-4, atol=1e-6)


def test_the_start_is_drawn_as_torch_nn_linear_draws_it_and_from_the_seed_alone():
    wide = Architecture("relu", 56, 2, 100)
    stack, alone = StackedNetwork(wide, [4, 5, 6]), StackedNetwork(wide, [5])
    assert torch.equal(stack.parameters[1], alone.parameters[0])
    assert not torch.equal(stack.parameters[0], stack.parameters[1])
    for (weight, bias), inputs in zip(stack.layers, (56, 100, 100), strict=True):
        for part in (weight, bias):
            assert part.abs().max() <= inputs**-0.5
        assert weight.std().item() == pytest.approx(inputs**-0.5 / 3**0.5, rel=0.1)


def test_prediction_in_parts_is_prediction_at_once(monkeypatch):
    network = StackedNetwork(Architecture("relu", 5, 2, 8), range(2))
    inputs = torch.randn(150, 5)
    whole = network.predict(inputs)
    monkeypatch.setattr("forecasting.networks.network.CHUNK", 100)
    torch.testing.assert_close(network.predict(inputs), whole)


@pytest.mark.parametrize("family", ["relu", "sigmoid"])
def test_batch_norm_and_dropout_learn_as_in_torch_nn(family):
    network = disturbed(StackedNetwork(Architecture(family, 5, 2, 6), range(3), regularisation=NORMALISED))
    inputs, targets = torch.randn(3, 16, 5), torch.randn(3, 16, 1)
    masks = [(torch.rand(3, 16, 6) < 0.6) / 0.6 for _ in network.layers[:-1]]
    gradient = torch.empty_like(network.parameters)
    parts = network.parts(gradient)
    others = [torch_network(network, replica, masks) for replica in range(3)]
    for _ in range(2):  # twice, so that the averages move on from where they were
        gradient_by_autograd(network, with_ones(inputs), targets, loss="mse", masks=masks, parts=parts)
    for replica, other in enumerate(others):
        for _ in range(2):
            other.zero_grad()
            (other(inputs[replica]) - targets[replica]).square().mean().backward()
        torch.testing.assert_close(parts[0][replica, :-1], other[0].weight.grad.T, rtol=1e-4, atol=1e-6)
        gains = parts[len(network.layers)][replica]
        torch.testing.assert_close(gains, torch.stack([other[1].weight.grad, other[1].bias.grad]), rtol=1e-4, atol=1e-6)
    unseen = torch.randn(9, 5)
    for replica, predicted in enumerate(network.predict(unseen)):  # moving averages and no dropout
        torch.testing.assert_close(predicted, others[replica].eval()(unseen).detach(), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(network(unseen.expand(3, -1, -1))[replica], predicted, rtol=1e-4, atol=1e-5)


def test_weights_are_told_from_biases_gains_and_shifts():
    network = StackedNetwork(Architecture("relu", 5, 2, 6), [0], regularisation=NORMALISED)
    assert network.is_weight.sum() == 5 * 6 + 6 * 6 + 6
    assert len(network.is_weight) == network.parameters.shape[1] == 5 * 6 + 6 * 6 + 6 + 13 + 2 * 2 * 6


def test_some_replicas_share_the_memory_of_all():
    network = StackedNetwork(Architecture("relu", 5, 2, 6), range(4))
    some = network.of(slice(1, 3))
    some.parameters += 1
    assert some.seeds == (1, 2)
    np.testing.assert_array_equal(network.parameters[1:3], some.parameters)
    torch.testing.assert_close(network.predict(torch.ones(2, 5))[1:3], some.predict(torch.ones(2, 5)))
