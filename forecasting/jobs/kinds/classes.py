"""Networks that say whether tomorrow is down, flat or up."""

from collections.abc import Iterator

from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import ClassesRequest
from forecasting.lectures.classes import (
    CLASSES,
    EPOCHS,
    SEEDS,
    UNITS,
    WEIGHT_DECAY,
    WINDOW,
    ClassForecast,
    class_problem,
)
from forecasting.messages import BadInput
from forecasting.networks.classification import class_probabilities, train_classes
from forecasting.networks.network import StackedNetwork
from forecasting.records import Progress
from forecasting.settings import Architecture, Inputs, Regularisation, Training

DIGITS = 4  # of a probability


def classes(task: Task[ClassesRequest]) -> Iterator[Progress]:
    """Reports of ClassForecast, the last with what the networks say. Raises BadInput where a class is too rare."""
    problem = class_problem(task.channel.series, task.request.split, task.request.flat)
    if problem.lacking:
        raise BadInput(problem.lacking.text, **problem.lacking.facts)
    architecture = Architecture("relu", WINDOW, 1, UNITS, horizon=len(CLASSES))
    network = StackedNetwork(architecture, range(SEEDS), Inputs(), Regularisation(weight_decay=WEIGHT_DECAY))
    for epoch in train_classes(network, problem.train.inputs, problem.train.labels, training=Training(epochs=EPOCHS)):
        if epoch < EPOCHS:
            yield Progress(epoch / EPOCHS, None)
    probabilities = class_probabilities(network, problem.held_out.inputs)
    yield Progress(1.0, ClassForecast(probabilities.round(DIGITS)))
