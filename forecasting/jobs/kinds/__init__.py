"""Kinds of jobs, a file each. Their functions are imported by name and in a worker only: the server loads no torch.

A kind's function is a generator of Progress. It gets a Task, and may raise BadInput.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, Generic, TypeVar

from forecasting.jobs.requests import (
    BatchSizeRequest,
    CardRequest,
    ClassesRequest,
    CrossValidationRequest,
    CurvatureRequest,
    DiagnosisRequest,
    ExperimentRequest,
    ForecastRequest,
    GoalsRequest,
    PublicScoreRequest,
    RankingRequest,
    RevealRequest,
    SweepRequest,
)
from forecasting.jobs.runs import RunStore
from forecasting.json_records import from_json
from forecasting.records import Progress
from forecasting.series import Channel
from forecasting.settings import RunSettings

Request = TypeVar("Request")


@dataclass(frozen=True)
class Task(Generic[Request]):
    """A job as its worker has it."""

    id: str
    owner: str
    kind: str  # a name in JOB_KINDS
    channel: Channel
    request: Request  # the record that the kind takes
    runs: RunStore  # where the runs are that a request names
    model: bytes | None = None  # the model file that came with the request
    requested: Callable[[], str | None] = lambda: None  # what the owner wants of the worker: to pause or to stop
    heartbeat: Callable[[], None] = lambda: None  # the worker is alive
    watchdog: Callable[[], AbstractContextManager] = nullcontext  # does both for work that cannot


@dataclass(frozen=True)
class Kind:
    """`function` is "module:function"; `request` the record that it takes."""

    function: str
    request: type
    listens: bool = False  # whether it looks by itself for what the owner wants; all others get a watchdog

    def load(self) -> Callable[[Task], Iterator[Progress]]:
        """The function."""
        return resolve_name(self.function)

    def read(self, text: str) -> Any:
        """The request that the store has as JSON."""
        return from_json(self.request, text)


JOB_KINDS = {
    "train": Kind("forecasting.jobs.kinds.train:train", RunSettings, listens=True),
    "diagnose": Kind("forecasting.jobs.kinds.diagnose:diagnose", DiagnosisRequest),
    "forecast": Kind("forecasting.jobs.kinds.forecast:forecast", ForecastRequest),
    "goals": Kind("forecasting.jobs.kinds.goals:goals", GoalsRequest),
    "ranking": Kind("forecasting.jobs.kinds.ranking:ranking", RankingRequest),
    "cross_validation": Kind("forecasting.jobs.kinds.cross_validation:cross_validation", CrossValidationRequest),
    "public_score": Kind("forecasting.jobs.kinds.public_score:public_score", PublicScoreRequest),
    "reveal": Kind("forecasting.jobs.kinds.reveal:reveal", RevealRequest),
    "experiment": Kind("forecasting.jobs.kinds.experiment:experiment", ExperimentRequest),
    "sweep": Kind("forecasting.jobs.kinds.sweep:sweep", SweepRequest),
    "card": Kind("forecasting.jobs.kinds.card:card", CardRequest),
    "classes": Kind("forecasting.jobs.kinds.classes:classes", ClassesRequest),
    "curvature": Kind("forecasting.jobs.kinds.curvature:curvature", CurvatureRequest),
    "batch_size": Kind("forecasting.jobs.kinds.batch_size:batch_size", BatchSizeRequest),
}


def kind_of(request: object) -> str:
    """The kind of job that takes a request like this one."""
    return next(name for name, kind in JOB_KINDS.items() if isinstance(request, kind.request))
