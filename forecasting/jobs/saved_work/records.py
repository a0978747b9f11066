"""What saved work consists of: plain records, and beside them parts that are bytes.

The parts of a channel are `views` (its days as little-endian float64) and `source` (the file it was read from); of a
run `curves` (safetensors: its rows, predictions and the losses of what predicts), `last` and `progress` (checkpoints);
of a forecast `result` (JSON of a ForecastReport) and `model` (a model file).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from forecasting.events import Event
from forecasting.jobs.requests import ForecastRequest
from forecasting.messages import Message
from forecasting.records import Status
from forecasting.series import Correction
from forecasting.settings import RunSettings

FORMAT = 1  # of the file; goes up when this version could not read, or would misread, what the next one writes


@dataclass(frozen=True)
class SavedChannel:
    """A version of a channel."""

    fingerprint: str
    name: str
    metric: str
    first_day: date
    corrections: tuple[Correction, ...]
    channel_names: tuple[str, ...]
    metrics: tuple[str, ...]
    events: tuple[Event, ...]
    continues: str | None  # fingerprint of the version before
    saved: float  # seconds since 1970, like all times
    file: str | None
    said: dict[str, object] | None


@dataclass(frozen=True)
class SavedRun:
    """A training run. One that was waited for is paused."""

    id: str
    fingerprint: str
    name: str
    settings: RunSettings
    status: Status
    reason: Message | None
    queued: float
    seconds: float
    share: float
    pinned: bool
    tags: tuple[str, ...]
    checkpoints: dict[str, int]  # part -> its epoch


@dataclass(frozen=True)
class SavedForecast:
    """A finished forecast."""

    id: str
    fingerprint: str
    request: ForecastRequest
    queued: float
    seconds: float


@dataclass(frozen=True)
class SavedWork:
    """All of one owner."""

    channels: tuple[SavedChannel, ...] = ()
    runs: tuple[SavedRun, ...] = ()
    forecasts: tuple[SavedForecast, ...] = ()
    chapters: dict[str, bool] = field(default_factory=dict)  # slug -> tried
    parts: Mapping[str, bytes] = field(default_factory=dict)  # by `part_of`


def part_of(record: SavedChannel | SavedRun | SavedForecast, part: str) -> str:
    """The name of a part: its record's kind and identity, and what it is."""
    if isinstance(record, SavedChannel):
        return f"channels/{record.fingerprint}/{part}"
    return f"{'runs' if isinstance(record, SavedRun) else 'forecasts'}/{record.id}/{part}"
