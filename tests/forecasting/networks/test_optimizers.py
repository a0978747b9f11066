"""Every optimizer against torch.optim on a plain network, or against a sequence worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from forecasting.networks.inputs import prepare
from forecasting.networks.network import StackedNetwork
from forecasting.networks.optimizers import AdagradMean
from forecasting.networks.training import train
from forecasting.networks.updates import Descent
from forecasting.settings import Architecture, Regularisation, Training

NET = Architecture("relu", 7, 2, 6)
TORCH = {
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
    "momentum": lambda parts, lr: torch.optim.SGD(parts, lr, momentum=0.8),
    "nesterov": lambda parts, lr: torch.optim.SGD(parts, lr, momentum=0.8, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adamw": lambda parts, lr: torch.optim.AdamW(parts, lr, weight_decay=0.0),
}


def torch_steps(network, data, make, steps, decay=0.0, l1=0.0, clip=0.0):
    """Full-batch steps of the first replica by torch.optim, with penalties on weights alone; its parameters."""
    fitted = prepare(data.train, data.scaler, data.inputs)
    weights = [weight[0].clone().requires_grad_() for weight in network.weights]
    optimizer = make(weights, 0.01)
    for _ in range(steps):
        x = fitted.inputs
        for place, weight in enumerate(weights):
            x = x[:, : weight.shape[0] - 1] @ weight[:-1] + weight[-1]
            x = torch.relu(x) if place < len(weights) - 1 else x
        optimizer.zero_grad()
        (x - fitted.targets).square().mean().backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(weights, clip)
        for weight in weights:
            weight.grad[:-1] += decay * weight.detach()[:-1] + l1 * weight.detach()[:-1].sign()
        optimizer.step()
    return torch.cat([weight.detach().flatten() for weight in weights])


def our_steps(data, training, regularisation=Regularisation()):  # noqa: B008
    network = StackedNetwork(NET, range(3), regularisation=regularisation)
    rows = list(train(network, data, training))
    return network.parameters[0], rows


@pytest.mark.parametrize("name", TORCH)
def test_steps_are_those_of_torch_optim(windows, name):
    training = Training("mse", name, 0.01, batch_size=0, epochs=12, seeds=3, momentum=0.8)
    expected = torch_steps(StackedNetwork(NET, range(3)), windows, TORCH[name], 12)
    torch.testing.assert_close(our_steps(windows, training)[0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("decay", "l1", "clip"), [(0.3, 0.0, 0.0), (0.0, 0.05, 0.0), (0.0, 0.0, 0.2), (0.1, 0.02, 0.3)]
)
def test_penalties_and_clipping_are_those_of_torch(windows, decay, l1, clip):
    training = Training("mse", "momentum", 0.01, batch_size=0, epochs=12, seeds=3, momentum=0.8)
    start = StackedNetwork(NET, range(3))
    expected = torch_steps(start, windows, TORCH["momentum"], 12, decay, l1, clip)
    found, _rows = our_steps(windows, training, Regularisation(weight_decay=decay, l1=l1, clip=clip))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(found, our_steps(windows, training)[0], atol=1e-4)


def test_adamw_decays_weights_apart_from_the_gradient(windows):
    training = Training("mse", "adamw", 0.01, batch_size=0, epochs=1, seeds=3)
    plain, _rows = our_steps(windows, training)
    decayed, _rows = our_steps(windows, training, Regularisation(weight_decay=0.5))
    start = StackedNetwork(NET, range(3))
    torch.testing.assert_close(decayed, plain - 0.01 * 0.5 * start.is_weight * start.parameters[0], rtol=0, atol=1e-6)


def test_adagrad_with_the_mean_by_hand():
    gradients = np.array([[3.0, -0.5], [1.0, 2.0], [-4.0, 0.0], [0.5, 0.5]])
    theta, expected = torch.tensor([1.0, -1.0]), np.array([1.0, -1.0])
    optimizer = AdagradMean([theta], lr=0.1)
    for step, gradient in enumerate(gradients, start=1):
        expected = expected - 0.1 / np.sqrt(np.mean(gradients[:step] ** 2, axis=0)) * gradient
        theta.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
        np.testing.assert_allclose(theta.numpy(), expected, atol=1e-6)


def test_adagrad_with_the_mean_is_torchs_at_a_rate_that_grows_with_the_root_of_steps():
    mean, total = torch.ones(3), torch.ones(3)
    ours, theirs = AdagradMean([mean], lr=0.1), torch.optim.Adagrad([total], lr=0.1)
    for step in range(1, 9):
        mean.grad = total.grad = torch.randn(3)
        theirs.param_groups[0]["lr"] = 0.1 * step**0.5
        ours.step(), theirs.step()
    torch.testing.assert_close(mean, total, rtol=1e-5, atol=1e-6)


def test_lbfgs_reaches_least_squares_in_a_few_epochs_and_each_replica_searches_for_itself(windows):
    line = Architecture("linear", 7)
    training = Training("mse", "lbfgs", epochs=25, seeds=3)
    network = StackedNetwork(line, range(3))
    rows = list(train(network, windows, training))
    design = np.column_stack([windows.train.inputs, np.ones(len(windows.train))])
    best = np.linalg.lstsq(design, windows.train.targets, rcond=None)[0]
    smallest = np.sqrt(np.mean((design @ best - windows.train.targets) ** 2))
    np.testing.assert_allclose(rows[-1].train_loss, smallest, rtol=1e-5)
    alone = list(train(StackedNetwork(line, [2]), windows, training))
    for one, three in zip(alone, rows, strict=True):
        np.testing.assert_allclose(one.train_loss[0], three.train_loss[2], rtol=1e-4)


def test_lbfgs_takes_the_steps_of_torch(windows):
    network = StackedNetwork(NET, [0], regularisation=Regularisation(weight_decay=0.01))
    start = network.parameters.clone()
    list(train(network, windows, Training("mse", "lbfgs", epochs=6, seeds=1)))
    fitted, mask = prepare(windows.train, windows.scaler, windows.inputs), network.is_weight
    plain = StackedNetwork(NET, [0])
    flat = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([flat], lr=1, max_iter=1, max_eval=25, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        residual = plain(fitted.inputs[None, :, :-1], plain.parts(flat)) - fitted.targets
        value = residual.square().mean() + 0.005 * (flat * mask).square().sum()
        value.backward()
        return value

    for _ in range(6):
        optimizer.step(loss)
    torch.testing.assert_close(network.parameters, flat.detach(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["adam", "nesterov", "rmsprop", "adagrad-mean"])
def test_groups_of_replicas_learn_as_one_stack_does(windows, monkeypatch, name):
    training = Training("mae", name, 0.01, epochs=3, seeds=5)
    replica_groups, _rows = our_steps(windows, training)
    monkeypatch.setattr(
        "forecasting.networks.training.REPLICA_GROUP_SIZE", 2 * StackedNetwork(NET, [0]).parameters.shape[1]
    )
    apart, _rows = our_steps(windows, training)
    torch.testing.assert_close(replica_groups, apart, rtol=1e-5, atol=1e-7)


def test_clipping_keeps_short_gradients_and_bounds_long_ones():
    network = StackedNetwork(Architecture("linear", 1), range(2), regularisation=Regularisation(clip=1.0))
    descent = Descent(network, replace(Training(), seeds=2))
    descent.gradient.copy_(torch.tensor([[3.0, 4.0], [0.3, 0.4]]))
    descent._regularise(descent.gradient.norm(dim=1), 0.1)
    torch.testing.assert_close(descent.gradient, torch.tensor([[0.6, 0.8], [0.3, 0.4]]), rtol=1e-5, atol=1e-6)
