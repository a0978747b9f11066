"""Plain records that travel between workers, the store and pages: runs, jobs and what is known of them. No SQL here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from forecasting.messages import Message
from forecasting.settings import RunSettings

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class Source:
    """The file a channel was read from, kept so that it can be read another way."""

    file: str
    data: bytes
    said: dict[str, Any]  # the fields of forecasting.reading.Choice


@dataclass(frozen=True)
class Run:
    """One training run as the store knows it."""

    id: str
    name: str
    fingerprint: str  # of the channel's views
    settings: RunSettings
    status: Status
    reason: Message | None  # why it failed
    queued: float  # seconds since 1970
    pinned: bool = False
    tags: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether more rows may come."""
        return self.status in ACTIVE


@dataclass(frozen=True)
class Job:
    """Work on a channel that takes a worker longer than a page can wait. Its result is fetched where it is shown."""

    id: str
    kind: str  # a name in forecasting.jobs.kinds.JOB_KINDS
    fingerprint: str  # of the channel's views
    request: Any  # a record of forecasting.jobs.requests
    status: Status
    reason: Message | None  # why it failed
    queued: float  # seconds since 1970
    share: float  # of the work that is done, 0 to 1
    seconds: float  # since its worker began

    @property
    def active(self) -> bool:
        """Whether more may come."""
        return self.status in ACTIVE

    @property
    def seconds_left(self) -> float | None:
        """Judged by the work so far; None before there is any."""
        return self.seconds / self.share * (1 - self.share) if self.share else None


@dataclass(frozen=True)
class TrainingProgress:
    """What a training run has come to since the last report."""

    rows: Sequence = ()  # of forecasting.networks.training.Row, an epoch each
    checkpoints: Mapping[tuple[str, int], bytes | None] = field(default_factory=dict)  # safetensors by kind and epoch
    predictions: pd.DataFrame | None = None  # views, a held-out day a row and a replica a column; once it has ended
    losses: tuple[np.ndarray, ...] = ()  # in views, train and held-out (replicas,) of the weights that predicted them


@dataclass(frozen=True)
class Progress:
    """What a worker reports of a job: `share` (0 to 1) of the work is done."""

    share: float
    result: object | None = None  # what is known so far, as a record that json_records can write
    model: bytes | None = None  # a model file, where the result comes with one
    status: Status | None = None  # how the job ends; None while it goes on
    training: TrainingProgress | None = None


@dataclass(frozen=True)
class History:
    """A run's rows as arrays: per epoch (epochs,), losses and gradient norm (epochs, replicas). Losses in views."""

    epoch: np.ndarray
    train_loss: np.ndarray
    held_out_loss: np.ndarray
    gradient_norm: np.ndarray
    validation_loss: np.ndarray  # (epochs, 0) where no part of the training period is kept for choosing
    learning_rate: np.ndarray
    seconds: np.ndarray

    def __len__(self) -> int:
        return len(self.epoch)

    def followed_by(self, later: "History") -> "History":
        """These rows and then `later` ones."""
        if not (len(self) and len(later)):
            return later if len(later) else self
        return History(**{name: np.concatenate([rows, getattr(later, name)]) for name, rows in vars(self).items()})


_NO_ROWS, _NO_LOSSES = np.empty(0), np.empty((0, 0))
NOTHING_YET = History(
    epoch=_NO_ROWS,
    train_loss=_NO_LOSSES,
    held_out_loss=_NO_LOSSES,
    gradient_norm=_NO_LOSSES,
    validation_loss=_NO_LOSSES,
    learning_rate=_NO_ROWS,
    seconds=_NO_ROWS,
)
