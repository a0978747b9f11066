"""What is to be done with every channel of a batch."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from forecasting import __version__
from forecasting.batch.tasks import TASKS, Task
from forecasting.forecasts.forecast import check_horizon
from forecasting.json_records import to_record
from forecasting.lectures.card_groups import GROUPS
from forecasting.lectures.model_table import EPOCHS, ROWS, SEEDS, table_training
from forecasting.messages import BadInput
from forecasting.models.holiday_effects import FIND
from forecasting.models.holiday_regression import calendars_of
from forecasting.models.registry import BUDGET, METHODS
from forecasting.split import Split

IDENTITY = 16  # hexadecimal digits
MODELS = tuple(row.name for row in ROWS)


@dataclass(frozen=True)
class Batch:
    """A task and its settings. A task takes no notice of settings that are not its own."""

    task: str = "forecast"
    methods: tuple[str, ...] = ("auto",)
    horizon: int = 28  # days
    level: float = 0.9  # share of days that an interval shall hold
    seconds: float = BUDGET  # that Auto may take a channel
    country: str = FIND  # whose public holidays Auto knows; "" for none
    split: Split | None = None  # each channel's own where there is none
    origins: int = 0  # held-out days that a backtest asks from; 0 for every one
    refit_days: int = 0  # after which it fits again; 0 for never
    models: tuple[str, ...] = MODELS  # of the lecture's table
    epochs: int = EPOCHS
    seeds: int = SEEDS
    groups: tuple[str, ...] = tuple(GROUPS)  # of claims of the report card

    def __post_init__(self) -> None:
        check_horizon(self.horizon)
        _check_names("task", [self.task], TASKS)
        _check_names("method", self.methods, METHODS)
        _check_names("model", self.models, MODELS)
        _check_names("group of claims", self.groups, GROUPS)
        calendars_of(self.country)  # refuses one whose holidays are not known
        if not 0 < self.level < 1:
            raise BadInput("an interval holds a share of the days such as 0.9, not {level}", level=self.level)
        table_training(self.epochs, self.seeds)  # refuses what cannot be trained

    @property
    def work(self) -> Task:
        """What is done with a channel."""
        return TASKS[self.task]

    @property
    def group_versions(self) -> dict[str, int]:
        """What was judged by an older version of a group is judged anew."""
        return {slug: GROUPS[slug].version for slug in self.groups}

    @property
    def share(self) -> int:
        """Channels that are worked on at once: always the same ones, however many workers there are."""
        return self.work.share(self)

    def identity(self, digest: str) -> str:
        """Names the result of a channel of this `digest`: equal where the same version would do the same again."""
        settings = {name: to_record(getattr(self, name)) for name in self.work.settings}
        said = json.dumps([__version__, self.task, settings, digest], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:IDENTITY]


def _check_names(kind: str, names: Sequence[str], known: Collection[str]) -> None:
    """Raise BadInput where there is no name, or one that nobody knows."""
    if unknown := [name for name in names if name not in known]:
        said = "a batch knows no {kind} “{name}”; choose from {all}"
        raise BadInput(said, kind=kind, name=unknown[0], all=", ".join(known))
    if not names:
        raise BadInput("a batch needs at least one {kind} of {all}", kind=kind, all=", ".join(known))
