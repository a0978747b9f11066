"""Any model of any settings: built, then fitted row by row. `training.predict` takes what comes out."""

from collections.abc import Callable, Iterator
from pkgutil import resolve_name

from forecasting.networks.network import StackedNetwork
from forecasting.networks.progress import Progress
from forecasting.networks.training import Row, train
from forecasting.settings import SKLEARN_FAMILIES, RunSettings
from forecasting.windows import SplitWindows

# Both load scikit-learn, which takes two seconds that a run of a network does without; so they are named.
SKLEARN, CLOSED_FORM = "forecasting.models.sklearn_models", "forecasting.networks.closed_form"


def build(settings: RunSettings):
    """A StackedNetwork at its start, or a SklearnModel yet to be fitted."""
    if settings.architecture.family in SKLEARN_FAMILIES:
        return resolve_name(f"{SKLEARN}:SklearnModel")(settings.architecture)
    seeds = range(settings.training.seeds)
    return StackedNetwork(settings.architecture, seeds, settings.inputs, settings.regularisation)


def fit(
    model,
    data: SplitWindows,
    settings: RunSettings,
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Iterator[Row]:
    """Fit what `build` made on what `run_windows` made: a row an epoch (a tree), or one row for what is solved at once.

    `progress` is of use to trained networks alone: see `training.train`.
    """
    if settings.architecture.family in SKLEARN_FAMILIES:
        return resolve_name(f"{SKLEARN}:fit_sklearn_model")(model, data, settings.training)
    if settings.training.optimizer == "exact":
        return resolve_name(f"{CLOSED_FORM}:solve")(model, data, settings.training.loss)
    return train(model, data, settings.training, stop=stop, progress=progress)
