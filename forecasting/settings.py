"""What a run is made of: small frozen records that go into the URL, the run store and the command line alike."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from itertools import pairwise
from typing import Literal, get_args

from forecasting.messages import N_, BadInput
from forecasting.split import Period, Split

Family = Literal["linear", "hard-sigmoid", "sigmoid", "relu", "svr", "trees"]
Loss = Literal["mae", "mse"]
Optimizer = Literal[
    "adam", "sgd", "momentum", "nesterov", "adagrad", "adagrad-mean", "rmsprop", "adamw", "lbfgs", "exact"
]
Schedule = Literal["constant", "step", "1/t", "cosine"]
Subtract = Literal["nothing", "mean", "last"]

REFERENCES = ("svr", "trees")  # scikit-learn's models, to start shallow
MOST_PARAMETERS = 50_000_000  # over all seeds; about 1 GB with their gradients and an optimizer's state
BOUNDS = {
    "window": (1, 365),  # days
    "layers": (1, 8),  # hidden layers
    "units": (1, 2048),  # a layer
    "horizon": (1, 90),  # days ahead
    "seeds": (1, 32),  # replicas
    "batch_size": (0, 100_000),  # windows an update; 0 takes all of them
    "epochs": (1, 10_000),
    "learning_rate": (1e-7, 10.0),
    "momentum": (0.0, 0.999),
    "warmup": (0, 1_000),  # epochs
    "decay": (0.001, 1.0),
    "decay_epochs": (1, 10_000),
    "weight_decay": (0.0, 100.0),
    "l1": (0.0, 10.0),
    "dropout": (0.0, 0.9),
    "noise": (0.0, 2.0),
    "scale": (0.0, 1.0),
    "clip": (0.0, 1_000.0),
    "train_days": (0, 100_000),
    "validation": (0.0, 0.5),
    "patience": (0, 10_000),  # epochs
}
CHOICES = {
    "family": get_args(Family),
    "loss": get_args(Loss),
    "optimizer": get_args(Optimizer),
    "schedule": get_args(Schedule),
    "subtract": get_args(Subtract),
}


@dataclass(frozen=True)
class Architecture:
    """One model: `layers` x `units` with an activation; the linear family and the references have no hidden layer."""

    family: Family = "relu"
    window: int = 56  # days of input, the lecture's
    layers: int = 1  # hidden layers; only ReLU stacks more than one
    units: int = 100  # a hidden layer
    horizon: int = 1  # days ahead, each an output of its own

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
        return 0 if self.family in ("linear", *REFERENCES) else self.layers

    @property
    def sizes(self) -> tuple[int, ...]:
        """Width of every level from the window to an output a day; calendar features come on top of the first."""
        return (self.window, *[self.units] * self.hidden, self.horizon)

    @property
    def parameters(self) -> int:
        """Weights and biases of one replica; 0 for a reference, whose number follows from the data."""
        return 0 if self.family in REFERENCES else sum((before + 1) * after for before, after in pairwise(self.sizes))


@dataclass(frozen=True)
class Training:
    """How the unknowns are found."""

    loss: Loss = "mae"  # the lecture's
    optimizer: Optimizer = "adam"
    learning_rate: float = 0.001
    batch_size: int = 64  # windows an update; 0 takes all of them
    epochs: int = 100  # passes over all training windows; trees for the trees
    seeds: int = 5  # replicas; replica k draws its start and its batches from seed k
    momentum: float = 0.9  # share of the last step kept; momentum and nesterov only
    schedule: Schedule = "constant"  # of the learning rate, a step an epoch
    warmup: int = 0  # epochs of linear rise before the schedule begins
    decay: float = 0.5  # what a step multiplies the rate by
    decay_epochs: int = 30  # epochs from step to step; under 1/t, until the rate has halved

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

    log: bool = False  # log(1 + views) instead of views; the loss minimised is then that of logarithms
    standardise: bool = True  # by the training targets' mean and spread
    subtract: Subtract = "nothing"  # from the whole window and from the target: the window's mean, or its last day
    weekday: bool = False  # of the first target day, seven columns
    country: str = ""  # whose public holidays are shown, as ISO code (TW); empty shows none

    def __post_init__(self) -> None:
        _check(self)

    def columns(self, horizon: int) -> int:
        """Calendar columns beside the window; holidays reach from the day before the targets to the day after them."""
        return 7 * self.weekday + (horizon + 2) * bool(self.country)


@dataclass(frozen=True)
class Regularisation:
    """What holds a model back, so that it does better on days it has not seen. Everything is off by default."""

    weight_decay: float = (
        0.0  # L2: adds half of it times the squared weights to the loss (adamw: apart from the gradient)
    )
    l1: float = 0.0  # adds it times the absolute weights to the loss; neither touches biases
    dropout: float = 0.0  # share of hidden values silenced in an update
    batch_norm: bool = False  # before every activation
    noise: float = 0.0  # added to inputs in an update, in standard deviations of the training targets
    scale: float = 0.0  # windows are multiplied by exp(scale * a normal draw), with their targets
    clip: float = 0.0  # longest gradient of a replica; 0 for any
    train_days: int = 0  # only the last so many training target days; 0 for all
    validation: float = 0.0  # share of the training target days, its last ones, kept for choosing
    patience: int = 0  # epochs without a better validation loss before a replica stops; 0 never stops

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
        reference, exact = self.architecture.family in REFERENCES, self.training.optimizer == "exact"
        if exact and self.architecture.family not in ("linear", *REFERENCES):
            raise BadInput(N_("Only a linear model can be solved exactly; choose another optimizer."))
        if reference:  # a loss, a seed, and a tree an epoch
            epochs = self.training.epochs if self.architecture.family == "trees" else 1
            object.__setattr__(self, "training", Training(self.training.loss, epochs=epochs, seeds=1))
        kept = self.regularisation
        if reference or exact:
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
        return self.training.optimizer == "exact" or self.architecture.family in REFERENCES

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
        """Canonical JSON: equal settings give equal text."""
        return json.dumps(asdict(self), default=str, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "RunSettings":
        """The settings that `to_json` wrote; what an older text does not name has its default."""
        record = json.loads(text)
        split = record.pop("split")
        periods = (
            Period(*map(date.fromisoformat, (split[p]["first"], split[p]["last"]))) for p in ("train", "held_out")
        )
        kinds = {setting.name: setting.default_factory for setting in fields(cls) if setting.name != "split"}
        return cls(Split(*periods), **{name: kinds[name](**part) for name, part in record.items()})

    def flat(self) -> dict[str, object]:
        """One level of names, for tables and for telling two runs apart."""
        parts = self.architecture, self.training, self.inputs, self.regularisation
        settings = {name: value for part in parts for name, value in asdict(part).items()}
        return settings | {"train": str(self.split.train), "held_out": str(self.split.held_out)}

    def run_id(self, fingerprint: str, owner: str) -> str:
        """Twelve hex digits of settings, data and owner: the same run is never trained twice."""
        return hashlib.sha256("\n".join((self.to_json(), fingerprint, owner)).encode()).hexdigest()[:12]


def _set_aside(record, *names: str) -> None:
    """Give settings that have no say their defaults."""
    for setting in fields(record):
        if setting.name in names:
            object.__setattr__(record, setting.name, setting.default)


def _check(record) -> None:
    for name, value in asdict(record).items():
        if name in CHOICES and value not in CHOICES[name]:
            raise BadInput(
                N_("“{value}” is no {name}; choose one of {choices}."),
                value=value,
                name=name,
                choices=", ".join(CHOICES[name]),
            )
        if name in BOUNDS and not BOUNDS[name][0] <= value <= BOUNDS[name][1]:
            low, high = BOUNDS[name]
            raise BadInput(
                N_("{name} is {value}; it must lie between {low} and {high}."),
                name=name,
                value=value,
                low=low,
                high=high,
            )
