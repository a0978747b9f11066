"""A small net trained with batches of several sizes."""

from collections.abc import Iterator

from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import BatchSizeRequest
from forecasting.lectures.batch_training import experiment
from forecasting.records import Progress


def batch_size(task: Task[BatchSizeRequest]) -> Iterator[Progress]:
    """Reports of BatchSizes. Raises BadInput where the channel is too short."""
    for share, known in experiment(task.channel.series, task.request.split, seeds=task.request.seeds):
        yield Progress(share, known)
