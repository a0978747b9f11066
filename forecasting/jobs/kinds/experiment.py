"""A few runs, trained one after the other to be compared."""

from collections.abc import Iterator
from dataclasses import replace

from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import ExperimentRequest
from forecasting.lectures.learn import learn
from forecasting.lectures.learning_curves import Experiment
from forecasting.records import Progress

REPORTED_SHARE = 0.05  # of the epochs, between two reports


def experiment(task: Task[ExperimentRequest]) -> Iterator[Progress]:
    """Reports of Experiment, with the runs that are whole. Raises BadInput where one diverges."""
    runs, known = task.request.runs, Experiment(())
    epochs = [1 if run.solved_at_once else run.training.epochs for run in runs]
    for place, run in enumerate(runs):
        for row, curve in learn(task.channel.series, run):
            done = sum(epochs[:place]) + row.epoch
            if curve is not None:
                known = replace(known, curves=(*known.curves, curve))
                done = sum(epochs[: place + 1])  # early stopping leaves some out
            if curve is not None or not row.epoch % max(round(REPORTED_SHARE * run.training.epochs), 1):
                yield Progress(done / sum(epochs), known)
