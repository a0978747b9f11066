"""What is to be done with every channel of a batch."""

import hashlib
import json
from dataclasses import dataclass

from forecasting.batch.tasks import TASKS, Task
from forecasting.forecasts.forecast import check_horizon
from forecasting.json_records import to_record
from forecasting.lectures.card_groups import GROUPS
from forecasting.lectures.model_table import EPOCHS, SEEDS, table_training
from forecasting.messages import BadInput
from forecasting.models.registry import BUDGET, METHODS
from forecasting.split import Split

IDENTITY = 16  # hexadecimal digits


@dataclass(frozen=True)
class Batch:
    """A task and its settings. A task takes no notice of settings that are not its own."""

    task: str = "forecast"
    methods: tuple[str, ...] = ("auto",)
    horizon: int = 28  # days
    level: float = 0.9  # share of days that an interval shall hold
    seconds: float = BUDGET  # that Auto may take a channel
    split: Split | None = None  # each channel's own where there is none
    origins: int = 0  # held-out days that a backtest asks from; 0 for every one
    refit_days: int = 0  # after which it fits again; 0 for never
    epochs: int = EPOCHS  # of each row of the lecture's table
    seeds: int = SEEDS
    groups: tuple[str, ...] = tuple(GROUPS)  # of claims of the report card

    def __post_init__(self) -> None:
        check_horizon(self.horizon)
        if self.task not in TASKS:
            raise BadInput("a batch has no task “{task}”; choose from {tasks}", task=self.task, tasks=", ".join(TASKS))
        for name in self.methods:
            if name not in METHODS:
                raise BadInput("there is no method “{name}”; choose from {all}", name=name, all=", ".join(METHODS))
        if not self.methods:
            raise BadInput("name at least one method of {all}", all=", ".join(METHODS))
        if not 0 < self.level < 1:
            raise BadInput("an interval holds a share of the days such as 0.9, not {level}", level=self.level)
        if unknown := set(self.groups) - set(GROUPS):
            raise BadInput(
                "the report card has no group “{name}”; choose from {all}", name=min(unknown), all=", ".join(GROUPS)
            )
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
        return self.work.share(self.methods)

    def identity(self, digest: str) -> str:
        """Names the result of a channel of this `digest`: equal exactly where the same would be done again."""
        settings = {name: to_record(getattr(self, name)) for name in self.work.settings}
        said = json.dumps([self.task, settings, digest], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:IDENTITY]
