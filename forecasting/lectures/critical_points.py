"""Where a training ends (Lee 2021, video 4): what is known of its curvature, and what the lecture claims of it.

What is looked at is the squared error of a network's prepared targets, whatever loss it was trained on: absolute errors
have kinks, and between them hardly any curvature. Records plain enough for pages, and no torch: `curvature` and
`along_training` fill them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.formats import format_three_digits
from forecasting.lectures.claims import Claim, Judgement, claim, judge_pairs
from forecasting.lectures.surfaces import Toy
from forecasting.messages import N_, Message
from forecasting.settings import Architecture, Loss, RunSettings, Training
from forecasting.split import Split

ZERO = 1e-6  # of the largest eigenvalue: what is smaller is counted as none
MOST_UNKNOWNS = 100_000  # of a run that is gone through once more: with more the looks take too long


@dataclass(frozen=True, eq=False)
class Spectrum:
    """All eigenvalues (unknowns,) of a Hessian, the lowest first."""

    eigenvalues: np.ndarray

    @property
    def nothing(self) -> float:
        """Eigenvalues up to this size are zero."""
        return ZERO * float(np.abs(self.eigenvalues).max(initial=0.0))

    @property
    def positive(self) -> int:
        """How many lie above zero."""
        return int((self.eigenvalues > self.nothing).sum())

    @property
    def negative(self) -> int:
        """How many lie below zero."""
        return int((self.eigenvalues < -self.nothing).sum())

    @property
    def zero(self) -> int:
        """How many are as good as zero: directions in which the loss stays as it is."""
        return len(self.eigenvalues) - self.positive - self.negative

    @property
    def minimum_ratio(self) -> float:
        """Positive eigenvalues among all of them, zeros included."""
        return self.positive / len(self.eigenvalues)

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest eigenvalue."""
        return float(self.eigenvalues[0]), float(self.eigenvalues[-1])


@dataclass(frozen=True)
class Extremes:
    """The lowest and the highest eigenvalue by Lanczos, which lie within the true ones; `products` it took."""

    lowest: float
    highest: float
    products: int

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest eigenvalue."""
        return self.lowest, self.highest


@dataclass(frozen=True, eq=False)
class Escape:
    """Losses (lengths,) at steps of `lengths` (0 among them) along the lowest eigenvector, which is turned downhill."""

    lengths: np.ndarray
    losses: np.ndarray
    slope: float  # of the loss along it where the steps begin: at most 0
    eigenvalue: float

    @property
    def before(self) -> float:
        """The loss without a step."""
        return float(self.losses[np.abs(self.lengths).argmin()])

    @property
    def best(self) -> int:
        """The place of the step that comes lowest."""
        return int(self.losses.argmin())

    @property
    def after(self) -> float:
        """The loss after that step."""
        return float(self.losses[self.best])

    @property
    def gained(self) -> float:
        """The share of the loss that the best step takes away."""
        return 1 - self.after / self.before if self.before else 0.0

    @property
    def gained_by_curvature(self) -> float:
        """The same of the mean loss of equal steps either way, whose slopes cancel; below 0 where it only rises."""
        both = (self.losses + self.losses[::-1]) / 2
        apart = np.abs(self.lengths) > 0
        return float(1 - both[apart].min() / self.before) if self.before and apart.any() else 0.0


@dataclass(frozen=True, eq=False)
class Plane:
    """Losses (second, first) on a plane in the space of all unknowns, through three points of a path.

    The path's end is at (0, 0), its start at (1, 0), and the one that is farthest from the line between them also lies
    on the plane; `first` and `second` count in that distance from end to start. `path` (points, 2) are the feet of all
    points, `path_losses` (points,) their own losses, `beside` (points,) how far they lie from the plane, `length` how
    long the way through all of them is.
    """

    first: np.ndarray
    second: np.ndarray
    losses: np.ndarray
    path: np.ndarray
    path_losses: np.ndarray
    beside: np.ndarray
    directions: np.ndarray  # (2, unknowns), of length 1 and upright on each other
    unit: float  # the distance from end to start
    length: float = np.nan  # of planes that were found before it was measured

    @property
    def share(self) -> float:
        """How much of the path's length, straight from point to point, is left in the plane; NaN if unknown."""
        within = float(np.linalg.norm(np.diff(self.path, axis=0), axis=1).sum())
        return 1.0 if self.length == 0 else within / self.length

    @property
    def heights(self) -> np.ndarray:
        """Losses (points,) of the plane at the feet of all points, linear between its places."""
        by_row = np.array([np.interp(self.path[:, 0], self.first, row) for row in self.losses])  # (second, points)
        return np.array([np.interp(at, self.second, by_row[:, point]) for point, at in enumerate(self.path[:, 1])])


@dataclass(frozen=True, eq=False)
class Look:
    """Where a network stands after an epoch: its loss, the length of its gradient, and how the loss curves there."""

    epoch: int
    loss: float
    gradient_norm: float
    curvature: Spectrum | Extremes
    escape: Escape

    @property
    def minimum_ratio(self) -> float:
        """Positive eigenvalues among all; NaN where only the ends are known."""
        return self.curvature.minimum_ratio if isinstance(self.curvature, Spectrum) else np.nan

    @property
    def lowered(self) -> float:
        """The share of the loss that curvature takes away along the lowest eigenvector; at most 0 at a minimum."""
        lowest, highest = self.curvature.ends
        gained = self.escape.gained_by_curvature
        return gained if lowest < -ZERO * max(highest, -lowest) else min(gained, 0.0)


@dataclass(frozen=True, eq=False)
class AlongTraining:
    """A training as it was gone through once more. Its first seed is looked at on the way, all seeds at their ends.

    `losses` and `gradient_norms` (seeds, epochs) are the squared error of all windows and the length of its gradient;
    `batch_norms` (seeds, epochs) the mean length of the batches' gradients of the loss that was minimised, NaN at the
    start.
    """

    unknowns: int
    mean_loss: float  # the squared error of the targets' own mean
    epochs: np.ndarray
    losses: np.ndarray
    gradient_norms: np.ndarray
    batch_norms: np.ndarray
    way: tuple[Look, ...] = ()
    ends: tuple[Look, ...] = ()
    plane: Plane | None = None  # through the way


def epochs_on_the_way(total: int) -> list[int]:
    """0, 1, 3, 10, 30 and so on, and the last.

    >>> epochs_on_the_way(100)
    [0, 1, 3, 10, 30, 100]
    """
    half_decades = (factor * 10**power for power in range(5) for factor in (1, 3))
    return [0, *(epoch for epoch in half_decades if epoch < total), total]


# The networks that the chapter offers

NETS: dict[str, tuple[str, Architecture]] = {
    "sigmoid": (N_("12 sigmoids"), Architecture("sigmoid", 7, 1, 12)),
    "relu": (N_("12 ReLU"), Architecture("relu", 7, 1, 12)),
    "deep": (N_("2 layers of 12 ReLU"), Architecture("relu", 7, 2, 12)),
    "wide": (N_("2 layers of 64 ReLU"), Architecture("relu", 7, 2, 64)),  # more unknowns than an exact Hessian is for
}
EPOCHS, RATE, SEEDS = 100, 0.01, 5


def net_settings(split: Split, net: Architecture, loss: Loss) -> RunSettings:
    """The run of one of these networks."""
    return RunSettings(split, net, Training(loss, learning_rate=RATE, epochs=EPOCHS, seeds=SEEDS))


# Claims

LOWERED, NOTHING = 0.001, 1e-6  # of the loss: the least that a step has to take away, and what counts as none of it
FLAT_SHARE, FLAT = 0.2, 0.05  # of the epochs, the last; by how much of itself the loss falls there at most
SMALL = 0.1  # of the gradient's length at the start
MOST_RATIO, RATIO_MARGIN = 0.6, 0.012  # the lecture's; 2 % of it
STILL_FALLS = N_("the loss still falls at the end")
ONLY_ENDS = N_("with so many unknowns only the ends of the spectrum are known")


def no_minimum(ends: Sequence[Look]) -> Claim:
    """Whether training ends where the loss bends down: a negative eigenvalue, and a step along it lowers the loss.

    Judged by the logarithm of what the step takes away: one seed may lie next to a cliff.
    """
    shares = np.maximum([look.lowered for look in ends], NOTHING)
    judged = judge_pairs(np.log(shares / LOWERED), 0.0)
    effect, low, high = (100 * LOWERED * np.exp([judged.effect, judged.low, judged.high])).tolist()
    judged = replace(judged, effect=effect, low=low, high=high)
    last = ends[0]
    facts = {
        "value": format_three_digits(last.curvature.ends[0]).replace("-", "−"),
        "before": format_three_digits(last.escape.before),
        "after": format_three_digits(last.escape.after),
    }
    sentence = N_("Lowest eigenvalue of the first seed: {value}. A step along it: loss {before} to {after}.")
    return claim(N_("Training ends at no minimum"), judged, unit=N_("% of the loss"), sentence=Message(sentence, facts))


def gradient_stays(along: AlongTraining) -> Claim:
    """Whether the gradient is not small where the loss has become flat: no critical point has been reached."""
    before = along.epochs[along.epochs <= (1 - FLAT_SHARE) * along.epochs[-1]]
    flat = along.epochs >= before.max()
    fallen = 1 - float((along.losses[:, -1] / along.losses[:, flat][:, 0]).mean())
    whole, batch = (_share_of_first(norms, flat) for norms in (along.gradient_norms, along.batch_norms))
    judged = judge_pairs(100 * (whole - SMALL), 2.0)
    if fallen > FLAT:
        judged = Judgement("cannot tell", judged.effect, lacking=Message(STILL_FALLS))
    facts = {
        "fallen": f"{100 * fallen:.0f} %".replace("-", "−"),
        "whole": f"{100 * whole.mean():.0f} %",
        "batch": f"{100 * batch.mean():.0f} %",
    }
    sentence = N_(
        "In the last fifth of epochs the loss falls by {fallen}; the gradient is {whole} as long as at the start"
        " ({batch} for a batch)."
    )
    name, tenth = N_("The gradient is not small where the loss is flat"), 100 * SMALL
    judged = replace(judged, effect=judged.effect + tenth, low=judged.low + tenth, high=judged.high + tenth)
    return claim(name, judged, unit="%", sentence=Message(sentence, facts))


def ratio_stays_low(ends: Sequence[Look]) -> Claim:
    """Whether at most so many eigenvalues are positive at the end of training."""
    name = N_("The minimum ratio is at most 0.6")
    ratios = np.array([look.minimum_ratio for look in ends])
    if not np.isfinite(ratios).all():
        lacking = Judgement("cannot tell", np.nan, lacking=Message(ONLY_ENDS))
        return claim(name, lacking, unit="", sentence=Message(N_("It is not known.")))
    judged = judge_pairs(MOST_RATIO - ratios, RATIO_MARGIN)
    judged = replace(judged, effect=float(ratios.mean()), low=MOST_RATIO - judged.high, high=MOST_RATIO - judged.low)
    facts = {"ratio": f"{ratios.mean():.2f}"}
    sentence = Message(N_("It is {ratio} at the end of training."), facts)
    return claim(name, judged, unit="", sentence=sentence)


def claims(along: AlongTraining) -> list[Claim]:
    """What the lecture claims, of a training that has been gone through to its end."""
    return [no_minimum(along.ends), gradient_stays(along), ratio_stays_low(along.ends)]


def _share_of_first(norms: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """Middle lengths (seeds,) in the flat stretch, by the first that is known."""
    first = norms[:, 0] if np.isfinite(norms[:, 0]).all() else norms[:, 1]
    return np.median(norms[:, flat], axis=1) / first


# The toy

NO_SLOPE = 0.05  # a gradient up to this length is none: what a hand can tell


@dataclass(frozen=True, eq=False)
class ToyPoint:
    """A place on a toy's surface: loss, gradient (2,), eigenvalues (2,), the lowest first, and eigenvectors as rows.

    The first eigenvector points downhill; where the gradient does not say which way that is, to the upper right.
    """

    at: np.ndarray
    loss: float
    gradient: np.ndarray
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray

    def cut(self, toy: Toy, lengths: np.ndarray) -> np.ndarray:
        """Losses (lengths,) along the lowest eigenvector."""
        return toy.value(self.at + np.asarray(lengths)[:, None] * self.eigenvectors[0])


def toy_point(toy: Toy, at: Sequence[float]) -> ToyPoint:
    """What a toy is like at a place (2,)."""
    place = np.asarray(at, float)
    gradient = toy.gradient(place)
    values, vectors = np.linalg.eigh(toy.hessian(place))
    turned = vectors.T.copy()
    for vector in turned:
        slope = float(gradient @ vector)
        if slope > 1e-9 or (abs(slope) <= 1e-9 and vector.sum() < 0):
            vector *= -1
    return ToyPoint(place, float(toy.value(place)), gradient, values, turned)


def is_saddle(toy: Toy, point: ToyPoint, length: float) -> Claim:
    """Whether the place is a saddle, with what a step along the lowest eigenvector does."""
    norm, (low, high) = float(np.linalg.norm(point.gradient)), point.eigenvalues
    after = float(point.cut(toy, np.array([length]))[0])
    kind = _kind_of(norm, low, high)
    judged = Judgement("holds" if kind == SADDLE else "does not hold here", norm)
    facts = {"kind": Message(kind, {"norm": f"{norm:.2f}"}), "before": f"{point.loss:.2f}", "after": f"{after:.2f}"}
    sentence = Message(N_("{kind} The step takes the loss from {before} to {after}."), facts)
    return claim(N_("This point is a saddle"), judged, unit="", sentence=sentence)


SADDLE = N_("No gradient, and eigenvalues of both signs.")
MINIMUM = N_("No gradient, and no negative eigenvalue: a minimum.")
MAXIMUM = N_("No gradient, and no positive eigenvalue: a maximum.")
NOT_CRITICAL = N_("The gradient has length {norm}: not a critical point.")


def _kind_of(norm: float, low: float, high: float) -> str:
    if norm > NO_SLOPE:
        return NOT_CRITICAL
    nothing = ZERO * max(abs(low), abs(high))
    if low < -nothing:
        return SADDLE if high > nothing else MAXIMUM
    return MINIMUM
