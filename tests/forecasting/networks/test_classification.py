"""Networks of classes: their updates against plain torch, and that they learn."""

import numpy as np
import torch

from forecasting.networks.classification import class_probabilities, train_classes
from forecasting.networks.network import StackedNetwork
from forecasting.settings import Architecture, Training


def examples(count: int) -> tuple[np.ndarray, np.ndarray]:
    inputs = np.random.default_rng(0).normal(0, 1, (count, 4))
    return inputs, (inputs[:, 0] > 0).astype(int) + (inputs[:, 0] * inputs[:, 1] > 0.5)


def test_updates_equal_torchs():
    inputs, labels = examples(40)
    network = StackedNetwork(Architecture("relu", 4, 1, 6, horizon=3), range(2))
    alone = [torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3)) for _seed in range(2)]
    for replica, plain in enumerate(alone):
        for place, (weight, bias) in zip((0, 2), network.layers, strict=True):
            plain[place].weight.data = weight[replica].T.clone()
            plain[place].bias.data = bias[replica, 0].clone()
    training = Training(optimizer="sgd", learning_rate=0.1, batch_size=0, epochs=5)
    assert list(train_classes(network, inputs, labels, training=training)) == [1, 2, 3, 4, 5]
    found = class_probabilities(network, inputs)
    for replica, plain in enumerate(alone):
        optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
        given = torch.tensor(inputs, dtype=torch.float32)
        for _epoch in range(5):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(plain(given), torch.tensor(labels)).backward()
            optimizer.step()
        np.testing.assert_allclose(found[replica], torch.softmax(plain(given), 1).detach(), atol=1e-6)


def test_a_network_learns_what_no_line_parts():
    inputs, labels = examples(600)
    network = StackedNetwork(Architecture("relu", 4, 1, 32, horizon=3), range(1))
    for _epoch in train_classes(network, inputs, labels, training=Training(learning_rate=0.01, epochs=40)):
        pass
    assert (class_probabilities(network, inputs)[0].argmax(axis=1) == labels).mean() > 0.9
