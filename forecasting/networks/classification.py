"""Networks whose outputs are classes: the same stack of replicas and the same updates, under cross-entropy."""

from collections.abc import Iterator

import numpy as np
import torch

from forecasting.networks.inputs import Prepared
from forecasting.networks.network import StackedNetwork
from forecasting.networks.updates import Descent
from forecasting.settings import Training


class ClassDescent(Descent):
    """Replicas on their way down the cross-entropy after a softmax. Without batch normalization, whose gradient
    is found by autograd of a regression's loss."""

    def slope_of(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Probabilities less 1 at the class, over the windows."""
        return torch.softmax(outputs, dim=2).sub_(targets).div_(outputs.shape[1])


def train_classes(
    network: StackedNetwork, inputs: np.ndarray, labels: np.ndarray, *, training: Training
) -> Iterator[int]:
    """Train in place on `inputs` (examples, columns) and `labels` (examples,); gives each epoch when it is done."""
    descent, examples = ClassDescent(network, training), _prepared(inputs, labels, network.sizes[-1])
    for epoch in range(training.epochs):
        descent.epoch(examples, training.learning_rate, stop=lambda: False)
        yield epoch + 1


def class_probabilities(network: StackedNetwork, inputs: np.ndarray) -> np.ndarray:
    """Of every replica (replicas, examples, classes)."""
    return torch.softmax(network.predict(torch.from_numpy(inputs.astype(np.float32))), dim=2).numpy().astype(float)


def _prepared(inputs: np.ndarray, labels: np.ndarray, classes: int) -> Prepared:
    """Examples as a network takes them: a last column of ones, and targets that are 1 at their class."""
    with_ones = np.column_stack([inputs, np.ones(len(inputs))]).astype(np.float32)
    targets = torch.eye(classes)[torch.from_numpy(labels)]
    return Prepared(torch.from_numpy(with_ones), targets, torch.zeros(len(labels), 1), targets)
