"""What a run is made of: small frozen records that go into the URL, the run store and the command line alike."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import pairwise
from typing import Literal, get_args

from forecasting.errors import N_, BadInput
from forecasting.split import Period, Split

Family = Literal["linear", "hard-sigmoid", "sigmoid", "relu"]
Loss = Literal["mae", "mse"]
Optimizer = Literal["adam", "sgd"]

BOUNDS = {
    "window": (1, 365),  # days
    "layers": (1, 8),  # hidden layers
    "units": (1, 2048),  # a layer
    "seeds": (1, 32),  # replicas
    "batch_size": (0, 100_000),  # windows an update; 0 takes all of them
    "epochs": (1, 10_000),
    "learning_rate": (1e-7, 10.0),
}
CHOICES = {"family": get_args(Family), "loss": get_args(Loss), "optimizer": get_args(Optimizer)}
SUM = r"\hat y = b + \sum_{i=1}^{%%(units)d} c_i \, %s\Big(b_i + \sum_{j=1}^{%%(window)d} w_{ij} x_j\Big)"
FORMULAS = {
    "linear": r"\hat y = b + \sum_{j=1}^{%(window)d} w_j x_j",
    "hard-sigmoid": SUM % r"\mathrm{hard\,sigmoid}",
    "sigmoid": SUM % r"\sigma",
    "relu": r"a^1 = \mathrm{ReLU}(b^1 + W^1 x),\ \ "
    r"a^l = \mathrm{ReLU}(b^l + W^l a^{l-1}),\ \ \hat y = b + c^\top a^{%(layers)d}",
}


@dataclass(frozen=True)
class Architecture:
    """One network: `layers` x `units` with an activation; the linear family has no hidden layer."""

    family: Family = "relu"
    window: int = 56  # days of input, the lecture's
    layers: int = 1  # hidden layers; only ReLU stacks more than one
    units: int = 100  # a hidden layer

    def __post_init__(self) -> None:
        _check(self)
        # What a family does not use is set aside, so that one network has one name.
        if self.family == "linear":
            object.__setattr__(self, "units", 1)
        if self.family != "relu":
            object.__setattr__(self, "layers", 1)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Width of every level from the input to the one output."""
        hidden = 0 if self.family == "linear" else self.layers
        return (self.window, *[self.units] * hidden, 1)

    @property
    def parameters(self) -> int:
        """Weights and biases of one replica."""
        return sum((before + 1) * after for before, after in pairwise(self.sizes))

    @property
    def formula(self) -> str:
        """The model in LaTeX, x_1 being yesterday's views."""
        return FORMULAS[self.family] % vars(self)


@dataclass(frozen=True)
class Training:
    """How the unknowns are found."""

    loss: Loss = "mae"  # the lecture's
    optimizer: Optimizer = "adam"
    learning_rate: float = 0.001
    batch_size: int = 64  # windows an update; 0 takes all of them
    epochs: int = 100  # passes over all training windows
    seeds: int = 5  # replicas; replica k draws its start and its batches from seed k

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True)
class RunSettings:
    """All that a run depends on besides the views."""

    split: Split
    architecture: Architecture = field(default_factory=Architecture)
    training: Training = field(default_factory=Training)

    def to_json(self) -> str:
        """Canonical JSON: equal settings give equal text."""
        return json.dumps(asdict(self), default=str, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "RunSettings":
        """The settings that `to_json` wrote."""
        record = json.loads(text)
        train, held_out = (Period(*map(date.fromisoformat, (p["first"], p["last"]))) for p in _periods(record))
        return cls(Split(train, held_out), Architecture(**record["architecture"]), Training(**record["training"]))

    def flat(self) -> dict[str, object]:
        """One level of names, for tables and for telling two runs apart."""
        periods = {"train": str(self.split.train), "held_out": str(self.split.held_out)}
        return asdict(self.architecture) | asdict(self.training) | periods

    def run_id(self, fingerprint: str, owner: str) -> str:
        """Twelve hex digits of settings, data and owner: the same run is never trained twice."""
        return hashlib.sha256("\n".join((self.to_json(), fingerprint, owner)).encode()).hexdigest()[:12]


def _periods(record: dict) -> tuple[dict, dict]:
    return record["split"]["train"], record["split"]["held_out"]


def _check(record: Architecture | Training) -> None:
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
