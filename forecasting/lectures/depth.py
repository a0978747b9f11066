"""Deeper (Lee 2021, videos 1 to 3): what more layers, or more units, do to the loss on train and on held-out days.

Nets are those of the lecture's table, trained as there: so a net that either has trained is there for both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.formats import Views
from forecasting.lectures.claims import Claim, claim, judge_days, judge_seeds
from forecasting.lectures.model_table import ROWS, LectureRow, table_training
from forecasting.messages import N_, Message
from forecasting.settings import Architecture, RunSettings
from forecasting.split import Split

WINDOW, UNITS, DEEPEST = 56, 100, 5  # the lecture's
WIDTHS = (0, 10, 100, 1000)  # units of a single layer, the lecture's; 0 is linear
COMPARED = 3  # layers of the deep net that is held beside a wide one: the lecture's best
Along = Literal["layers", "units", "shape"]


@dataclass(frozen=True, eq=False)
class TrainedNet:
    """What a net came to on a channel, in views."""

    architecture: Architecture
    train: np.ndarray  # (seeds,) MAE
    held_out: np.ndarray  # (seeds,) MAE
    predicted: pd.DataFrame  # (held-out days, seeds)
    actual: pd.Series  # (held-out days,)

    @property
    def errors(self) -> np.ndarray:
        """Absolute errors (seeds, days)."""
        return np.abs(self.predicted.to_numpy() - self.actual.to_numpy()[:, None]).T

    @property
    def worst_day(self) -> pd.Timestamp:
        """The day that the mean of the seeds misses by most."""
        missed = (self.predicted.mean(axis=1) - self.actual).abs()
        return missed.index[int(np.nanargmax(missed.to_numpy()))]


Nets = Mapping[Architecture, TrainedNet]


def net(layers: int, units: int = UNITS) -> Architecture:
    """So many layers of ReLU; none is a line."""
    return Architecture("relu", WINDOW, layers, units) if layers and units else Architecture("linear", WINDOW)


def as_wide(deep: Architecture) -> Architecture:
    """The net of one layer whose number of parameters is nearest to that of a deep one.

    >>> as_wide(net(3)).units, as_wide(net(3)).parameters, net(3).parameters
    (448, 25985, 26001)
    """
    return net(1, round((deep.parameters - 1) / (deep.window + 2)))


def nets_along(along: Along) -> tuple[Architecture, ...]:
    """The nets to be compared, in order."""
    if along == "units":
        return tuple(net(1, units) for units in WIDTHS)
    if along == "shape":
        return net(1), as_wide(net(COMPARED)), net(COMPARED)
    return tuple(net(layers) for layers in range(DEEPEST + 1))


def depth_settings(split: Split, along: Along, seeds: int) -> tuple[RunSettings, ...]:
    """The runs of these nets."""
    return tuple(RunSettings(split, one, table_training(seeds=seeds)) for one in nets_along(along))


def lectures_row(architecture: Architecture) -> LectureRow | None:
    """The lecture's own figures of a net."""
    return next((row for row in ROWS if row.architecture == architecture), None)


@dataclass(frozen=True)
class _Contrast:
    """A claim that the loss of `less` is below that of `more`. `figures` has {less} and {more}, in views."""

    name: str  # marked for translation, as `figures` is
    less: Architecture
    more: Architecture
    period: Literal["train", "held_out"]
    figures: str


FALLS, RISES = N_("From {more} to {less} views."), N_("From {less} to {more} views.")
CONTRASTS: dict[Along, tuple[_Contrast, ...]] = {
    "layers": (
        _Contrast(N_("Train loss falls from one layer to three"), net(3), net(1), "train", FALLS),
        _Contrast(N_("Held-out loss rises from three layers to four"), net(3), net(4), "held_out", RISES),
        _Contrast(N_("Five layers train worse than four, an optimization issue"), net(4), net(5), "train", RISES),
    ),
    "units": (
        _Contrast(N_("Train loss falls from 10 units to 1000"), net(1, 1000), net(1, 10), "train", FALLS),
        _Contrast(N_("Held-out loss rises from 100 units to 1000"), net(1, 100), net(1, 1000), "held_out", RISES),
    ),
    "shape": (
        _Contrast(
            N_("With as many parameters, deep beats wide on held-out days"),
            net(COMPARED),
            as_wide(net(COMPARED)),
            "held_out",
            N_("Deep {less} views, wide {more}."),
        ),
    ),
}


def claims(nets: Nets, along: Along) -> list[Claim]:
    """What the lecture claims of these nets, of those claims whose nets have been trained."""
    return [
        _claim(one, nets[one.less], nets[one.more]) for one in CONTRASTS[along] if {one.less, one.more} <= nets.keys()
    ]


def _claim(contrast: _Contrast, less: TrainedNet, more: TrainedNet) -> Claim:
    """On train only chance in training counts; held-out days are themselves a draw of what may come."""
    losses = {name: getattr(one, contrast.period) for name, one in (("less", less), ("more", more))}
    if contrast.period == "train":
        found = judge_seeds(losses["less"], losses["more"])
    else:
        found = judge_days(less.errors, more.errors, seeded=(True, True))
    facts = {name: Views(loss.mean()) for name, loss in losses.items()}
    return claim(contrast.name, found, unit=N_("views"), sentence=Message(contrast.figures, facts))
