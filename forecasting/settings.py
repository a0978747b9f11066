"""What a run is made of: small frozen records that go into the URL, the run store and the command line alike."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from itertools import pairwise
from numbers import Integral
from typing import Any, Literal

from forecasting.events import KINDS
from forecasting.messages import N_, BadInput
from forecasting.split import Period, Split

Family = Literal["linear", "hard-sigmoid", "sigmoid", "relu", "svr", "trees"]
Loss = Literal["mae", "mse"]
Optimizer = Literal[
    "adam", "sgd", "momentum", "nesterov", "adagrad", "adagrad-mean", "rmsprop", "adamw", "lbfgs", "exact"
]
Schedule = Literal["constant", "step", "1/t", "cosine"]
Subtract = Literal["nothing", "mean", "last"]

FAMILIES = {
    "relu": N_("ReLU layers"),
    "sigmoid": N_("Sum of sigmoids"),
    "hard-sigmoid": N_("Sum of hard sigmoids"),
    "linear": N_("Linear"),
    "svr": N_("Support vectors"),
    "trees": N_("Boosted trees"),
}
LOSSES: dict[Loss, str] = {"mae": N_("Absolute error (MAE)"), "mse": N_("Squared error (MSE)")}
OPTIMIZERS = {
    "adam": N_("Adam"),
    "sgd": N_("SGD"),
    "momentum": N_("SGD with momentum"),
    "nesterov": N_("Nesterov momentum"),
    "adagrad": N_("Adagrad (sum of squares)"),
    "adagrad-mean": N_("Adagrad (mean of squares, lecture)"),
    "rmsprop": N_("RMSProp"),
    "adamw": N_("AdamW"),
    "lbfgs": N_("L-BFGS (full batch)"),
    "exact": N_("Exact solution"),
}
SCHEDULES = {"constant": N_("Constant"), "step": N_("Steps"), "1/t": N_("1/t decay"), "cosine": N_("Cosine")}
SUBTRACT = {"nothing": N_("Nothing"), "mean": N_("The window's mean"), "last": N_("The last day")}

EVENT_DAYS = 6  # before a predicted day whose events a model sees
SKLEARN_FAMILIES = ("svr", "trees")  # scikit-learn's models, to start shallow
MOST_PARAMETERS = 50_000_000  # over all seeds; about 1 GB with their gradients and an optimizer's state


def setting(
    default: Any,
    label: str,
    *,
    bounds: tuple[float, float] | None = None,
    choices: Mapping[Any, str] | None = None,
    explained: str = "",
) -> Any:
    """A field that says how it is asked for on a page and on the command line.

    `bounds` are the smallest and the largest value, `choices` map each value to its name; names are to be translated.
    """
    return field(default=default, metadata={"label": label, "bounds": bounds, "choices": choices, "help": explained})


@dataclass(frozen=True)
class Architecture:
    """One model: `layers` x `units` with an activation; the linear family and the references have no hidden layer."""

    family: Family = setting("relu", N_("Model"), choices=FAMILIES)
    window: int = setting(56, N_("Window (days of input)"), bounds=(1, 365))  # the lecture's
    layers: int = setting(1, N_("Layers"), bounds=(1, 8))  # hidden ones; only ReLU stacks more than one
    units: int = setting(100, N_("Units per layer"), bounds=(1, 2048))
    horizon: int = setting(  # each day ahead is an output of its own
        1,
        N_("Days ahead"),
        bounds=(1, 90),
        explained=N_("The model predicts all these days at once; the lecture's is 1."),
    )

    def __post_init__(self) -> None:
        _check(self)
        # What a family does not use is set aside, so that one network has one name.
        if not self.hidden:
            object.__setattr__(self, "units", 1)
        if self.family != "relu":
            object.__setattr__(self, "layers", 1)

    @property
    def hidden(self) -> int:
        """Number of hidden layers."""
        return 0 if self.family in ("linear", *SKLEARN_FAMILIES) else self.layers

    @property
    def sizes(self) -> tuple[int, ...]:
        """Width of every level from the window to an output a day; calendar features come on top of the first."""
        return (self.window, *[self.units] * self.hidden, self.horizon)

    @property
    def parameters(self) -> int:
        """Weights and biases of one replica; 0 for scikit-learn's models, whose number follows from the data."""
        if self.family in SKLEARN_FAMILIES:
            return 0
        return sum((before + 1) * after for before, after in pairwise(self.sizes))


@dataclass(frozen=True)
class Training:
    """How the unknowns are found."""

    loss: Loss = setting("mae", N_("Loss"), choices=LOSSES)  # the lecture's
    optimizer: Optimizer = setting("adam", N_("Optimizer"), choices=OPTIMIZERS)
    learning_rate: float = setting(0.001, N_("Learning rate"), bounds=(1e-7, 10.0))
    batch_size: int = setting(64, N_("Batch size"), bounds=(0, 100_000), explained=N_("Windows per update (0 = all)."))
    epochs: int = setting(100, N_("Epochs"), bounds=(1, 10_000))  # passes over all training windows; trees for trees
    seeds: int = setting(  # replicas; replica k draws its start and its batches from seed k
        5,
        N_("Seeds"),
        bounds=(1, 32),
        explained=N_("The same model from as many random starts; the band shows their spread."),
    )
    momentum: float = setting(  # momentum and nesterov only
        0.9, N_("Momentum"), bounds=(0.0, 0.999), explained=N_("Share of the last step that is kept.")
    )
    schedule: Schedule = setting("constant", N_("Learning rate schedule"), choices=SCHEDULES)  # a step an epoch
    warmup: int = setting(  # linear, before the schedule begins
        0, N_("Warm-up (epochs)"), bounds=(0, 1_000), explained=N_("Epochs in which the learning rate rises from 0.")
    )
    decay: float = setting(
        0.5, N_("Decay factor"), bounds=(0.001, 1.0), explained=N_("What each step multiplies the learning rate by.")
    )
    decay_epochs: int = setting(
        30,
        N_("Epochs per step"),
        bounds=(1, 10_000),
        explained=N_("Under 1/t: epochs until the rate has halved."),
    )

    def __post_init__(self) -> None:
        _check(self)
        if self.optimizer == "exact":  # solved at once
            _set_aside(self, "learning_rate", "batch_size", "schedule", "warmup")
            object.__setattr__(self, "epochs", 1)
            object.__setattr__(self, "seeds", 1)
        if self.optimizer == "lbfgs":  # full batch, and a line search finds each step
            _set_aside(self, "schedule", "warmup")
            object.__setattr__(self, "learning_rate", 1.0)
            object.__setattr__(self, "batch_size", 0)
        if self.optimizer not in ("momentum", "nesterov"):
            _set_aside(self, "momentum")
        if self.schedule != "step":
            _set_aside(self, "decay")
        if self.schedule not in ("step", "1/t"):
            _set_aside(self, "decay_epochs")


@dataclass(frozen=True)
class Inputs:
    """What a model sees of the days before."""

    log: bool = setting(  # log(1 + views) instead of views
        False,
        N_("Logarithm of views"),
        explained=N_("The loss minimised is then that of logarithms; the curves stay in views."),
    )
    standardise: bool = setting(
        True,
        N_("Standardise"),
        explained=N_("By mean and spread of the training days. The lecture's error surface needs it off."),
    )
    subtract: Subtract = setting("nothing", N_("Subtract from the window"), choices=SUBTRACT)  # and from the target
    weekday: bool = setting(False, N_("Weekday as input"))  # of the first target day, seven columns
    country: str = setting("", N_("Public holidays of"))  # whose are an input, as ISO code (TW); empty for none
    with_events: bool = setting(
        False,
        N_("Events as input"),
        explained=N_("The channel's named days, planned ones too: on the predicted days and the week before them."),
    )

    def __post_init__(self) -> None:
        _check(self)

    def columns(self, horizon: int) -> int:
        """Calendar columns beside the window; holidays reach from the day before the targets to the day after them."""
        of_events = len(KINDS) * (horizon + EVENT_DAYS) * self.with_events
        return 7 * self.weekday + (horizon + 2) * bool(self.country) + of_events


@dataclass(frozen=True)
class Regularisation:
    """What holds a model back, so that it does better on days it has not seen. Everything is off by default."""

    # Half of it times the squared weights is added to the loss (adamw: apart from the gradient); biases are left out.
    weight_decay: float = setting(0.0, N_("Weight decay (L2)"), bounds=(0.0, 100.0))
    l1: float = setting(0.0, N_("L1"), bounds=(0.0, 10.0))  # times the absolute weights, without biases
    dropout: float = setting(  # in an update
        0.0, N_("Dropout"), bounds=(0.0, 0.9), explained=N_("Share of hidden values set to 0 while training.")
    )
    batch_norm: bool = setting(False, N_("Batch normalization"))  # before every activation
    noise: float = setting(
        0.0,
        N_("Noise on inputs"),
        bounds=(0.0, 2.0),
        explained=N_("In standard deviations, drawn anew for every update."),
    )
    scale: float = setting(  # exp(scale * a normal draw)
        0.0,
        N_("Random scale"),
        bounds=(0.0, 1.0),
        explained=N_("Windows and targets are multiplied by a random factor of this spread."),
    )
    clip: float = setting(
        0.0,
        N_("Gradient clipping"),
        bounds=(0.0, 1_000.0),
        explained=N_("Longest gradient allowed; 0 allows any."),
    )
    train_days: int = setting(
        0, N_("Last training days only"), bounds=(0, 100_000), explained=N_("0 trains on all of them.")
    )
    validation: float = setting(
        0.0,
        N_("Validation part"),
        bounds=(0.0, 0.5),
        explained=N_("Share of the training days, the last ones, that is used for choosing."),
    )
    patience: int = setting(
        0,
        N_("Early stopping (epochs)"),
        bounds=(0, 10_000),
        explained=N_("Stop a seed after so many epochs without a better validation loss; 0 never stops."),
    )

    def __post_init__(self) -> None:
        _check(self)
        if self.patience and not self.validation:
            raise BadInput(
                N_("Early stopping needs a validation part; give it a share of the training period, such as 0.2.")
            )


@dataclass(frozen=True)
class RunSettings:
    """All that a run depends on besides the views."""

    split: Split
    architecture: Architecture = field(default_factory=Architecture)
    training: Training = field(default_factory=Training)
    inputs: Inputs = field(default_factory=Inputs)
    regularisation: Regularisation = field(default_factory=Regularisation)

    def __post_init__(self) -> None:
        by_sklearn, exact = self.architecture.family in SKLEARN_FAMILIES, self.training.optimizer == "exact"
        if exact and self.architecture.family not in ("linear", *SKLEARN_FAMILIES):
            raise BadInput(N_("Only a linear model can be solved exactly; choose another optimizer."))
        if by_sklearn:  # a loss, a seed, and a tree an epoch
            epochs = self.training.epochs if self.architecture.family == "trees" else 1
            object.__setattr__(self, "training", Training(self.training.loss, epochs=epochs, seeds=1))
        kept = self.regularisation
        if by_sklearn or exact:
            kept = Regularisation(train_days=kept.train_days, validation=kept.validation)
        if not self.architecture.hidden:
            kept = replace(kept, dropout=0.0, batch_norm=False)
        if self.training.optimizer == "lbfgs":  # a line search needs a loss that stands still
            kept = replace(kept, dropout=0.0, noise=0.0, scale=0.0, clip=0.0)
        object.__setattr__(self, "regularisation", kept)
        if self.parameters * self.training.seeds > MOST_PARAMETERS:
            raise BadInput(
                N_("{count} million parameters over all seeds are too many; take fewer units, layers or seeds."),
                count=round(self.parameters * self.training.seeds / 1e6),
            )

    @property
    def solved_at_once(self) -> bool:
        """Whether there is no descent to watch, pause or draw seeds for: an exact solution or a shallow reference."""
        return self.training.optimizer == "exact" or self.architecture.family in SKLEARN_FAMILIES

    @property
    def parameters(self) -> int:
        """Unknowns of one replica, those of calendar features and batch normalization included."""
        net = self.architecture
        extra = (
            self.inputs.columns(net.horizon) * net.sizes[1]
            + 2 * net.hidden * net.units * self.regularisation.batch_norm
        )
        return net.parameters + extra if net.parameters else 0

    def to_json(self) -> str:
        """Canonical JSON: equal settings give equal text, in which events are named only where they are an input."""
        record = asdict(self)
        if not self.inputs.with_events:
            del record["inputs"]["with_events"]
        return json.dumps(record, default=str, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "RunSettings":
        """The settings that `to_json` wrote; what an older text does not name has its default."""
        record = json.loads(text)
        split = record.pop("split")
        periods = (
            Period(*map(date.fromisoformat, (split[p]["first"], split[p]["last"]))) for p in ("train", "held_out")
        )
        return cls(Split(*periods), **{name: PARTS[name](**part) for name, part in record.items()})

    def flat(self) -> dict[str, object]:
        """One level of names, for tables and for telling two runs apart."""
        parts = self.architecture, self.training, self.inputs, self.regularisation
        settings = {name: value for part in parts for name, value in asdict(part).items()}
        return settings | {"train": str(self.split.train), "held_out": str(self.split.held_out)}

    def run_id(self, fingerprint: str, owner: str) -> str:
        """Twelve hex digits of settings, data and owner: the same run is never trained twice."""
        return hashlib.sha256("\n".join((self.to_json(), fingerprint, owner)).encode()).hexdigest()[:12]


PARTS = {"architecture": Architecture, "training": Training, "inputs": Inputs, "regularisation": Regularisation}
SETTINGS = {one.name: one for part in PARTS.values() for one in fields(part)}
DEFAULTS: dict[str, Any] = {name: one.default for name, one in SETTINGS.items()}
# Where a family learns better than with the defaults of all: within 3 % of the best held-out MAE on a grid of learning
# rates and schedules, mean over four channels (tests/benchmark/defaults.py). A stored run names all its values.
FAMILY_DEFAULTS: dict[str, dict[str, Any]] = {
    "relu": {},  # the defaults of all come as near
    "sigmoid": {"learning_rate": 0.003, "schedule": "cosine"},
    "hard-sigmoid": {"learning_rate": 0.01, "schedule": "cosine"},
    "linear": {"learning_rate": 0.003},
}
BY_FAMILY = sorted({name for own in FAMILY_DEFAULTS.values() for name in own})  # settings whose default depends on it
LABELS = {name: one.metadata["label"] for name, one in SETTINGS.items()}
HELP = {name: one.metadata["help"] for name, one in SETTINGS.items() if one.metadata["help"]}
BOUNDS: dict[str, tuple[Any, Any]] = {  # whole numbers of a setting that is one
    name: one.metadata["bounds"] for name, one in SETTINGS.items() if one.metadata["bounds"]
}
CHOICES: dict[str, dict[Any, str]] = {
    name: one.metadata["choices"] for name, one in SETTINGS.items() if one.metadata["choices"]
}


def defaults_of(family: str) -> dict[str, Any]:
    """The default of every setting, by name, for a model of `family`."""
    return DEFAULTS | {"family": family} | FAMILY_DEFAULTS.get(family, {})


def _set_aside(record, *names: str) -> None:
    """Give settings that are not used their defaults."""
    for name in names:
        object.__setattr__(record, name, DEFAULTS[name])


def _check(record) -> None:
    for name, value in vars(record).items():
        if name in CHOICES and value not in CHOICES[name]:
            raise BadInput(
                N_("“{value}” is no {name}; choose one of {choices}."),
                value=value,
                name=name,
                choices=", ".join(CHOICES[name]),
            )
        if name not in BOUNDS:
            continue
        low, high = BOUNDS[name]
        if isinstance(low, int) and not isinstance(value, Integral):
            raise BadInput(N_("{name} is {value}; it must be a whole number."), name=name, value=value)
        if not low <= value <= high:
            raise BadInput(
                N_("{name} is {value}; it must lie between {low} and {high}."),
                name=name,
                value=value,
                low=low,
                high=high,
            )
