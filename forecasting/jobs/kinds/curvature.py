"""How the loss curves along a training."""

from collections.abc import Iterator

from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import CurvatureRequest
from forecasting.lectures.along_training import look_along
from forecasting.records import Progress


def curvature(task: Task[CurvatureRequest]) -> Iterator[Progress]:
    """Reports of AlongTraining, with the looks that have been taken."""
    for share, known in look_along(task.channel.series, task.request.run):
        yield Progress(share, known)
