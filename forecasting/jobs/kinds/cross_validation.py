"""How models rank on folds of the training period."""

from collections.abc import Iterator

from forecasting.evaluation.fold_training import rank
from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import CrossValidationRequest
from forecasting.records import Progress


def cross_validation(task: Task[CrossValidationRequest]) -> Iterator[Progress]:
    """Reports of Ranking, after every model on every fold."""
    request = task.request
    kind, folds, borders = request.fold_kind, request.folds, request.borders
    for share, known in rank(task.channel.series, request.models, kind, folds=folds, borders=borders):
        yield Progress(share, known.rounded())
