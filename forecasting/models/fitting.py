"""Any model of any settings: built, then fitted row by row. `training.predict` takes what comes out."""

from collections.abc import Callable, Iterator

from forecasting.networks.network import StackedNetwork
from forecasting.networks.progress import Progress
from forecasting.networks.training import Row, train
from forecasting.settings import SKLEARN_FAMILIES, RunSettings
from forecasting.windows import SplitWindows


def build(settings: RunSettings):
    """A StackedNetwork at its start, or a SklearnModel yet to be fitted."""
    if settings.architecture.family in SKLEARN_FAMILIES:
        from forecasting.models.sklearn_models import SklearnModel  # noqa: PLC0415  scikit-learn loads for a second or two

        return SklearnModel(settings.architecture)
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
    if settings.architecture.family in SKLEARN_FAMILIES:
        from forecasting.models.sklearn_models import fit_sklearn_model  # noqa: PLC0415

        return fit_sklearn_model(model, data, settings.training)
    if settings.training.optimizer == "exact":
        from forecasting.networks.closed_form import solve  # noqa: PLC0415

        return solve(model, data, settings.training.loss)
    return train(model, data, settings.training, stop, progress)
