"""The stacked network: against torch.nn, against finite differences, alone and in a stack."""

import numpy as np
import pytest
import torch
from torch import nn

from forecasting.models import StackedNetwork
from forecasting.settings import Architecture

FAMILIES = {
    "linear": Architecture("linear", 5),
    "hard-sigmoid": Architecture("hard-sigmoid", 5, units=4),
    "sigmoid": Architecture("sigmoid", 5, units=4),
    "relu": Architecture("relu", 5, 1, 4),
    "deep relu": Architecture("relu", 5, 3, 4),
}
ACTIVATIONS = {"hard-sigmoid": nn.Hardsigmoid, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}


def torch_network(network: StackedNetwork, replica: int) -> nn.Sequential:
    """One replica as anyone would write it."""
    parts = []
    for weight, bias in network.layers:
        layer = nn.Linear(*weight.shape[1:])
        layer.weight.data, layer.bias.data = weight[replica].detach().T.clone(), bias[replica, 0].detach().clone()
        parts += [layer, ACTIVATIONS.get(network.architecture.family, nn.Identity)()]
    return nn.Sequential(*parts[:-1])


def in_doubles(network: StackedNetwork) -> StackedNetwork:
    """The same network with float64 parameters."""
    network.layers = [tuple(part.detach().double().requires_grad_() for part in layer) for layer in network.layers]
    return network


@pytest.mark.parametrize("architecture", FAMILIES.values(), ids=FAMILIES)
def test_predicts_as_torch_nn_does(architecture):
    network = StackedNetwork(architecture, range(3))
    inputs = torch.randn(20, 5, generator=torch.Generator().manual_seed(1))
    predicted = network.predict(inputs)
    for replica in range(3):
        expected = torch_network(network, replica)(inputs).squeeze(-1)
        torch.testing.assert_close(predicted[replica], expected.detach())


@pytest.mark.parametrize("architecture", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("loss", [torch.abs, torch.square], ids=["mae", "mse"])
def test_gradients_are_those_of_finite_differences(architecture, loss):
    network = in_doubles(StackedNetwork(architecture, range(2)))
    generator = torch.Generator().manual_seed(3)
    inputs, targets = (torch.randn(shape, generator=generator).double() for shape in ((2, 9, 5), (2, 9)))

    def value() -> torch.Tensor:
        return loss(network(inputs) - targets).mean(dim=1).sum()

    value().backward()
    step = 1e-6
    for part in network.parameters:
        flat, gradient = part.detach().view(-1), part.grad.view(-1)
        for place in range(0, len(flat), 3):
            start = flat[place].item()
            ends = []
            for end in (start + step, start - step):
                flat[place] = end
                ends.append(value().item())
            flat[place] = start
            assert gradient[place].item() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-7)


def test_the_start_is_drawn_as_torch_nn_linear_draws_it_and_from_the_seed_alone():
    wide = Architecture("relu", 56, 2, 100)
    stack, alone = StackedNetwork(wide, [4, 5, 6]), StackedNetwork(wide, [5])
    for in_stack, by_itself in zip(stack.parameters, alone.parameters, strict=True):
        assert torch.equal(in_stack[1], by_itself[0])
        assert not torch.equal(in_stack[0], in_stack[1])
    for (weight, bias), inputs in zip(stack.layers, (56, 100, 100), strict=True):
        for part in (weight, bias):
            assert part.abs().max() <= inputs**-0.5
        assert weight.std().item() == pytest.approx(inputs**-0.5 / 3**0.5, rel=0.1)


def test_prediction_in_parts_is_prediction_at_once(monkeypatch):
    network = StackedNetwork(Architecture("relu", 5, 2, 8), range(2))
    inputs = torch.randn(50, 5)
    whole = network.predict(inputs)
    monkeypatch.setattr("forecasting.models.ROWS_AT_ONCE", 100)
    torch.testing.assert_close(network.predict(inputs), whole)


def test_the_gradient_norm_is_that_of_the_replica():
    network = StackedNetwork(Architecture("relu", 5, 2, 8), range(3))
    network(torch.randn(3, 7, 5)).square().mean(dim=1).sum().backward()
    for replica, norm in enumerate(network.gradient_norm()):
        parts = [part.grad[replica].numpy().ravel() for part in network.parameters]
        assert norm.item() == pytest.approx(np.linalg.norm(np.concatenate(parts)), rel=1e-5)
