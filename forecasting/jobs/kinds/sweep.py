"""Many small networks, trained one after the other for as many updates each, to see which settings work."""

from collections.abc import Iterator

import numpy as np

from forecasting.evaluation.rate_sweep import final_losses
from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import SweepRequest
from forecasting.lectures.rate_sweeps import Sweep
from forecasting.records import Progress

DIGITS = 5


def sweep(task: Task[SweepRequest]) -> Iterator[Progress]:
    """Reports of Sweep, with the runs that are whole."""
    runs, losses = task.request.runs, []
    for run in runs:
        found = final_losses(task.channel.series, run, task.request.updates)
        losses.append([float(f"{loss:.{DIGITS}g}") for loss in found])
        yield Progress(len(losses) / len(runs), Sweep(np.array(losses)))
