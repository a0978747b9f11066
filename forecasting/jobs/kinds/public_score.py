"""Useless models, chosen by their public score."""

from collections.abc import Iterator

from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import PublicScoreRequest
from forecasting.lectures.public_score import play_on
from forecasting.records import Progress

REPORTED_SHARE = 0.04  # share of the work between two reports: there are thousands of steps


def public_score(task: Task[PublicScoreRequest]) -> Iterator[Progress]:
    """Reports of SelectionGame."""
    request, reported = task.request, 0.0
    for done, known in play_on(task.channel.series, request.split, request.models, public=request.public):
        if done == request.models or done / request.models - reported > REPORTED_SHARE:
            reported = done / request.models
            yield Progress(reported, known)
