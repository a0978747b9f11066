"""How long several runs still take, told from those that are under way or done."""

from collections.abc import Sequence
from dataclasses import dataclass

from forecasting.models.effort import effort
from forecasting.settings import RunSettings


@dataclass(frozen=True)
class RunTime:
    """How far a run is: `done` of its `epochs` took `seconds`; `cost` is that of an epoch, in any unit."""

    cost: float
    epochs: int
    done: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, settings: RunSettings, *, done: int = 0, seconds: float = 0.0) -> "RunTime":
        """Of a run, its cost told from its size."""
        epochs = 1 if settings.solved_at_once else settings.training.epochs
        return cls(effort(settings, settings.split.train.days) / epochs, epochs, done, seconds)

    def left(self, seconds_a_cost: float) -> float:
        """Seconds that the run still takes, from its own pace where it has one."""
        own = self.seconds / self.done if self.done else seconds_a_cost * self.cost
        return own * max(self.epochs - self.done, 0)


def seconds_left(runs: Sequence[RunTime], at_once: int) -> float | None:
    """Seconds until all are done where so many are trained `at_once`; None before any has an epoch."""
    costs = sum(run.cost * run.done for run in runs)
    if not costs:
        return None
    left = [run.left(sum(run.seconds for run in runs) / costs) for run in runs]
    return max(sum(left) / max(at_once, 1), *left)
