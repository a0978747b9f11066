"""Any model of any settings: built, then fitted row by row. `training.predict` takes what comes out."""

from collections.abc import Callable, Iterator

from forecasting.learning.models import StackedNetwork
from forecasting.learning.progress import Progress
from forecasting.learning.training import Row, train
from forecasting.settings import REFERENCES, RunSettings
from forecasting.windows import SplitWindows


def build(settings: RunSettings):
    """A StackedNetwork at its start, or a Reference yet to be fitted."""
    if settings.architecture.family in REFERENCES:
        from forecasting.learning.references import Reference  # noqa: PLC0415  scikit-learn loads for a second or two

        return Reference(settings.architecture)
    seeds = range(settings.training.seeds)
    return StackedNetwork(settings.architecture, seeds, settings.inputs, settings.regularisation)


def fit(
    model,
    data: SplitWindows,
    settings: RunSettings,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Iterator[Row]:
    """Fit what `build` made on what `run_windows` made: a row an epoch (a tree), or one row for what is solved at once.

    `progress` is of use to trained networks alone: see `training.train`.
    """
    if settings.architecture.family in REFERENCES:
        from forecasting.learning.references import fit_reference  # noqa: PLC0415

        return fit_reference(model, data, settings.training)
    if settings.training.optimizer == "exact":
        from forecasting.learning.exact import solve  # noqa: PLC0415

        return solve(model, data, settings.training.loss)
    return train(model, data, settings.training, stop, progress)
