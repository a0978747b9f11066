"""The learning rate of every epoch."""

from math import cos, pi

from forecasting.settings import Training

SCHEDULES = {  # training, epochs since the schedule began -> share of the rate
    "constant": lambda training, passed: 1.0,
    "step": lambda training, passed: training.decay ** (passed // training.decay_epochs),
    "1/t": lambda training, passed: 1 / (1 + passed / training.decay_epochs),
    "cosine": lambda training, passed: (1 + cos(pi * passed / max(training.epochs - training.warmup, 1))) / 2,
}


def rate(training: Training, epoch: int) -> float:
    """Learning rate of `epoch`, 1 being the first: a linear rise over the warm-up, then the schedule from its start."""
    if epoch <= training.warmup:
        return training.learning_rate * epoch / (training.warmup + 1)
    return training.learning_rate * SCHEDULES[training.schedule](training, epoch - training.warmup - 1)
