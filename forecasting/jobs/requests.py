"""What a job is asked: a record a kind. Equal requests on the same views are the same job, worked on once.

A request names a run by its id; the worker reads what the run came to from the store.
"""

from dataclasses import dataclass
from datetime import date

from forecasting.evaluation.folds import FoldKind
from forecasting.models.holiday_effects import FIND
from forecasting.settings import RunSettings
from forecasting.split import Split


@dataclass(frozen=True)
class RunVersion:
    """A run as it stands after so many epochs. One that is trained on later is another question."""

    id: str
    epochs: int


@dataclass(frozen=True)
class ModelFile:
    """A model file brought along; its bytes are kept beside the request."""

    digest: str
    name: str


@dataclass(frozen=True)
class AutoSearch:
    """Auto, given so much time."""

    budget: float  # seconds
    split: Split
    country: str = FIND  # whose holidays it knows; "" for none


@dataclass(frozen=True)
class MethodFit:
    """A single method of METHODS, any but Auto."""

    method: str
    split: Split


@dataclass(frozen=True)
class ForecastRequest:
    """The `horizon` days to come, and what forecasts them."""

    horizon: int
    forecaster: AutoSearch | RunVersion | ModelFile | MethodFit
    holidays: tuple[date, ...] = ()  # days to take for holidays, beside the public ones


@dataclass(frozen=True)
class GoalsRequest:
    """Draws of the days to come, from which any goal is answered, and what forecasts them."""

    forecaster: AutoSearch | RunVersion | ModelFile | MethodFit


@dataclass(frozen=True)
class RankingRequest:
    """How every method and these runs did on the same held-out days, over the days 1 to `horizon` ahead."""

    horizon: int
    split: Split
    runs: tuple[RunVersion, ...] = ()


@dataclass(frozen=True)
class DiagnosisRequest:
    """Which branch of the lecture's tree a run is on."""

    run: RunVersion
    nested_runs: tuple[str, ...] = ()  # ids of runs that could do more with less


@dataclass(frozen=True)
class CrossValidationRequest:
    """How models rank on so many folds."""

    models: tuple[RunSettings, ...]
    fold_kind: FoldKind
    folds: int
    borders: tuple[date, ...] = ()  # days at which stretches begin; of equal length where there are none


@dataclass(frozen=True)
class PublicScoreRequest:
    """How so many useless models fare on the held-out days, a share of them public."""

    split: Split
    models: int
    public: float


@dataclass(frozen=True)
class RevealRequest:
    """The last `days` days as a run sees them coming that knows none of them."""

    run: RunVersion
    days: int


@dataclass(frozen=True)
class ExperimentRequest:
    """Runs to be trained and compared; all on one split, so that they are judged on the same days."""

    runs: tuple[RunSettings, ...]


@dataclass(frozen=True)
class SweepRequest:
    """Runs to be trained for `updates` updates each; only the train loss that they end with is asked for."""

    runs: tuple[RunSettings, ...]
    updates: int


@dataclass(frozen=True)
class CardRequest:
    """Every claim of a group of the report card. What was judged by another `version` of it is judged anew."""

    group: str
    split: Split
    version: int


@dataclass(frozen=True)
class ClassesRequest:
    """Networks that say whether tomorrow is down, flat or up; flat is a change within that share."""

    split: Split
    flat: float


@dataclass(frozen=True)
class CurvatureRequest:
    """How the loss curves along the training of a run, which is gone through once more."""

    run: RunSettings


@dataclass(frozen=True)
class BatchSizeRequest:
    """A small net trained with batches of several sizes, from so many starts each."""

    split: Split
    seeds: int
