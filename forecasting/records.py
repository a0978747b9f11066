"""What the run store hands out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecasting.messages import BadInput
from forecasting.settings import RunSettings

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed"]
ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class Source:
    """The file a channel was read from, kept so that it can be read another way."""

    file: str
    data: bytes
    said: dict[str, object]  # the fields of forecasting.reading.Choice


@dataclass(frozen=True)
class Run:
    """One run as the store knows it."""

    id: str
    name: str
    fingerprint: str  # of the channel's views
    settings: RunSettings
    status: Status
    reason: BadInput | None  # why it failed
    queued: float  # seconds since 1970
    pinned: bool = False
    tags: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether more rows may come."""
        return self.status in ACTIVE


@dataclass(frozen=True)
class Study:
    """A question about a channel that takes a worker longer than a page can wait, and what is known of its answer."""

    id: str
    fingerprint: str  # of the channel's views
    kind: str  # a name in forecasting.studies
    request: dict[str, object]  # what was asked, as JSON can say it
    status: Status
    reason: BadInput | None  # why it failed
    queued: float  # seconds since 1970
    share: float  # of the work that is done, 0 to 1
    seconds: float  # since its worker began
    answer: dict | None  # what is known so far; whole once finished

    @property
    def active(self) -> bool:
        """Whether more may come."""
        return self.status in ACTIVE

    @property
    def left(self) -> float | None:
        """Seconds still to go, judged by the work so far; None before there is any."""
        return self.seconds / self.share * (1 - self.share) if self.share else None


@dataclass(frozen=True)
class Finding:
    """What is known after `share` (0 to 1) of the work."""

    share: float
    answer: dict | None = None
    weights: bytes | None = None  # safetensors, where the answer comes with a model


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
        parts = zip(vars(self).values(), vars(later).values(), strict=True)
        return History(*(np.concatenate(pair) for pair in parts))


NOTHING_YET = History(np.empty(0), *(np.empty((0, 0)) for _array in range(4)), np.empty(0), np.empty(0))
