"""Other runs at hand that show what training loss a model can reach: it can do whatever a smaller one does."""

from collections.abc import Iterable
from dataclasses import dataclass

from forecasting.settings import RunSettings


@dataclass(frozen=True)
class NestedRun:
    """Another run at hand, and its training loss in views."""

    settings: RunSettings
    train: float


def with_lower_train_loss(nested_runs: Iterable[NestedRun], settings: RunSettings, train: float) -> list[NestedRun]:
    """Those that show that a run of `settings`, whose training loss is `train`, could have come further."""
    return [nested for nested in nested_runs if is_nested_in(nested.settings, settings) and nested.train < train]


def contains_linear(settings: RunSettings) -> bool:
    """Whether the model can be the linear one: two ReLU make a line, if nothing holds them back."""
    kept = settings.regularisation
    free = not (kept.weight_decay or kept.l1 or kept.dropout or kept.noise or kept.scale)
    return free and settings.architecture.family in ("linear", "relu") and settings.architecture.units >= 2


def is_nested_in(smaller: RunSettings, larger: RunSettings) -> bool:
    """Whether a net on the same windows has fewer layers or units, so that the larger one can do whatever it does."""
    one, other = smaller.architecture, larger.architecture
    same = (smaller.split, smaller.inputs, smaller.training.loss, one.window, one.horizon, smaller.regularisation)
    alike = (larger.split, larger.inputs, larger.training.loss, other.window, other.horizon, larger.regularisation)
    if same != alike or other.family != "relu" or one.family not in ("linear", "relu"):
        return False
    return contains_linear(larger) and one.hidden <= other.hidden and (not one.hidden or one.units <= other.units)
