"""Least squares by formula and by batches (Lee 2021, video 5; Zhang et al., Dive into Deep Learning, 3.1 to 3.5).

Two unknowns, so that the loss is a surface. An update takes one batch, an epoch takes every example once. A batch's
gradient errs from that of all examples by a noise whose covariance is exact: batches are drawn without replacement.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from forecasting.formats import ThreeDigits
from forecasting.lectures.claims import Claim, Judgement, claim, judge_fact, judge_ratios
from forecasting.lectures.paths import on_quadratic
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.split import Period
from forecasting.windows import make_windows

Data = Literal["days", "d2l"]

DAYS = 20  # examples; the lecture's
SEEDS = 20
COMPARED = 3  # epochs after which batches are compared
NEAR = 0.05  # of the smallest loss: batches that end so near have arrived
GRID = 40  # places along each unknown
ROOM = 1.3  # of the way from start to optimum that the surface reaches
DRAWS = 3000  # batches, to measure noise
NOISE_TOLERANCE = 0.05  # of the formula's noise: what so many draws may be off
DEVIATIONS = 2  # that the ellipse is wide
D2L_WEIGHTS, D2L_NOISE, D2L_EXAMPLES = (2.0, -3.4), 0.01, 1000
STARTS: dict[Data, tuple[float, float]] = {"days": (-0.5, -0.8), "d2l": (0.0, 0.0)}
ARRIVES = N_("Both arrive")
NEARER = N_("Small batches are nearer")
TINY = 1e-12  # distance that counts as none
RAN_AWAY = N_("The loss runs away to infinity: the learning rate is too large.")


@dataclass(frozen=True, eq=False)
class Examples:
    """Least squares with two unknowns: `design` (n, 2) and `targets` (n,)."""

    design: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def optimum(self) -> np.ndarray:
        """The unknowns (2,) of the smallest loss, by the normal equations."""
        return np.linalg.solve(self.design.T @ self.design, self.design.T @ self.targets)

    @cached_property
    def lowest(self) -> float:
        """The smallest loss."""
        return float(self.loss(self.optimum))

    def loss(self, at: np.ndarray) -> np.ndarray:
        """Mean squared error (...) over all examples at unknowns (..., 2)."""
        moments, shared = self.design.T @ self.design / len(self), self.design.T @ self.targets / len(self)
        off = np.asarray(at) - self.optimum
        rest = float(self.targets @ self.targets) / len(self) - float(shared @ self.optimum)
        return max(rest, 0.0) + np.einsum("...i,ij,...j->...", off, moments, off)

    def gradients(self, at: np.ndarray) -> np.ndarray:
        """The gradient (n, 2) of each example's squared error."""
        return 2 * (self.design @ at - self.targets)[:, None] * self.design


def days(series: Series, period: Period) -> Examples:
    """Twenty days evenly spaced over a period, each from the day before, both standardised: slope and intercept.

    Raises BadInput where the period has too few days, or all are the same.
    """
    windows = make_windows(series, period, window=1)
    if len(windows) < DAYS:
        raise BadInput(
            N_("There are {days} training days; this experiment needs {needed}."), days=len(windows), needed=DAYS
        )
    places = np.linspace(0, len(windows) - 1, DAYS).round().astype(int)
    x, y = windows.inputs[places, 0], windows.targets[places]
    if not (x.std() and y.std()):
        raise BadInput(N_("All days have the same views: there is nothing to learn."))
    return Examples(np.column_stack([(x - x.mean()) / x.std(), np.ones(DAYS)]), (y - y.mean()) / y.std())


@lru_cache(maxsize=1)
def d2l() -> Examples:
    """1000 examples with two normal inputs and a little noise; the intercept 4.2 is taken out by the means."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(D2L_EXAMPLES, 2))
    targets = inputs @ D2L_WEIGHTS + rng.normal(0, D2L_NOISE, D2L_EXAMPLES)
    return Examples(inputs - inputs.mean(axis=0), targets - targets.mean())


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss over first (columns) and second unknown (rows), the exact optimum in the middle."""

    firsts: np.ndarray
    seconds: np.ndarray
    heights: np.ndarray


def landscape(examples: Examples, start: tuple[float, float]) -> Landscape:
    """Wide enough for a start."""
    reach = ROOM * float(np.abs(np.array(start) - examples.optimum).max())
    firsts, seconds = (np.linspace(best - reach, best + reach, GRID) for best in examples.optimum)
    at = np.stack(np.meshgrid(firsts, seconds), axis=-1)
    return Landscape(firsts, seconds, examples.loss(at))


@dataclass(frozen=True)
class Setup:
    """One experiment: the examples, and how batches go down from where."""

    data: Data
    batch: int
    rate: float
    epochs: int
    start: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Ways:
    """Both ways down: by batches (seeds, updates + 1, 2), and with all examples at once (updates + 1, 2)."""

    paths: np.ndarray
    full: np.ndarray
    near: np.ndarray  # (updates + 1,): median distance of the batches to the optimum, over the seeds
    far: np.ndarray  # (updates + 1,): distance with all at once
    claims: tuple[Claim, ...]


def both_ways(examples: Examples, setup: Setup) -> Ways:
    """Both ways down with as many updates, and what they say."""
    start, rate, batch = setup.start, setup.rate, setup.batch
    paths = batch_paths(examples, start, batch=batch, rate=rate, epochs=setup.epochs)
    full = full_path(examples, start, rate=rate, updates=paths.shape[1] - 1)
    return Ways(
        paths=paths,
        full=full,
        near=np.median(distances(examples, paths), axis=0),
        far=distances(examples, full),
        claims=(
            arrives(examples, paths, full),
            is_nearer(examples, start, batch=batch, rate=rate),
            noise_follows(examples, np.array(start)),
        ),
    )


# Paths


def batch_paths(
    examples: Examples, start: tuple[float, float], *, batch: int, rate: float, epochs: int, seeds: int = SEEDS
) -> np.ndarray:
    """Unknowns (seeds, updates + 1, 2) of stochastic gradient descent, the start first.

    Each seed has an order of the examples of its own for every epoch; the last batch of an epoch may be smaller. A path
    that runs away ends in infinities or NaN.
    """
    at = np.tile(np.array(start, float), (seeds, 1))
    path = [at]
    with np.errstate(over="ignore", invalid="ignore"):
        for orders in _orders(len(examples), epochs, seeds):
            design, targets = examples.design[orders], examples.targets[orders]
            for first in range(0, len(examples), batch):
                x = design[:, first : first + batch]
                errors = (x @ at[:, :, None])[:, :, 0] - targets[:, first : first + batch]
                at = at - (2 * rate / x.shape[1]) * (errors[:, None] @ x)[:, 0]
                path.append(at)
    return np.stack(path, axis=1)


@lru_cache(maxsize=8)
def _orders(count: int, epochs: int, seeds: int) -> np.ndarray:
    """An order of the examples (epochs, seeds, count) for each seed's epochs."""
    streams = [np.random.default_rng(seed) for seed in range(seeds)]
    return np.stack([[stream.permutation(count) for stream in streams] for _epoch in range(epochs)])


def full_path(examples: Examples, start: tuple[float, float], *, rate: float, updates: int) -> np.ndarray:
    """Unknowns (updates + 1, 2) of descent with all examples in every update, in closed form."""
    curvatures, axes = np.linalg.eigh(2 * examples.design.T @ examples.design / len(examples))
    begun = axes.T @ (np.array(start) - examples.optimum)
    path = on_quadratic(curvatures, begun, rate=rate, updates=np.arange(updates + 1))
    with np.errstate(over="ignore", invalid="ignore"):
        return examples.optimum + path @ axes.T


def distances(examples: Examples, paths: np.ndarray) -> np.ndarray:
    """Distance (...) of unknowns (..., 2) to the exact optimum; infinite where a path has run away."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.linalg.norm(paths - examples.optimum, axis=-1)
    return np.where(np.isfinite(found), found, np.inf)


# Noise


def noise_factor(count: int, batch: int) -> float:
    """Standard deviation of a batch's mean over that of one example, for batches drawn without replacement."""
    return float(np.sqrt((count - batch) / (batch * (count - 1))))


def exact_noise(examples: Examples, at: np.ndarray, batch: int) -> np.ndarray:
    """Covariance (2, 2) of a batch's gradient."""
    return noise_factor(len(examples), batch) ** 2 * np.cov(examples.gradients(at).T, bias=True)


def ellipse(middle: np.ndarray, covariance: np.ndarray, points: int = 64) -> np.ndarray:
    """Points (points + 1, 2) two standard deviations around a middle."""
    variances, axes = np.linalg.eigh(covariance)
    turn = np.linspace(0, 2 * np.pi, points + 1)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return middle + DEVIATIONS * (circle * np.sqrt(np.maximum(variances, 0))) @ axes.T


def batch_gradients(examples: Examples, at: np.ndarray, batch: int, *, draws: int = DRAWS) -> np.ndarray:
    """Gradients (draws, 2) of batches drawn without replacement."""
    return examples.gradients(at)[_batch_places(len(examples), draws)[:, :batch]].mean(axis=1)


@lru_cache(maxsize=2)
def _batch_places(count: int, draws: int) -> np.ndarray:
    """Places (draws, 20) of different examples, at random: the first so many are a batch."""
    everything = np.broadcast_to(np.arange(count), (draws, count))
    return np.random.default_rng(0).permuted(everything, axis=1)[:, :DAYS]


# Claims


def arrives(examples: Examples, paths: np.ndarray, full: np.ndarray) -> Claim:
    """Whether batches end within 5 % of the smallest loss, on average over the seeds.

    It cannot be told where `full`, which has no noise, is not there after as many updates either.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        times, without_noise = (
            float(examples.loss(ends).mean() / examples.lowest) for ends in (paths[:, -1], full[-1:])
        )
    if not np.isfinite(times):
        return claim(ARRIVES, judge_fact(np.inf, NEAR), unit="", sentence=Message(RAN_AWAY))
    judged = judge_fact(times - 1, NEAR)
    if judged.answer != "holds" and without_noise - 1 > NEAR:
        judged = Judgement("cannot tell", times - 1, lacking=Message(N_("more epochs at this learning rate")))
    sentence = N_("Batches end at {times} times the formula's loss (mean of {seeds} seeds).")
    facts = {"times": f"{times:.2f}" if times < 100 else ThreeDigits(times), "seeds": len(paths)}
    return claim(ARRIVES, judged, unit="", sentence=Message(sentence, facts))


def is_nearer(examples: Examples, start: tuple[float, float], *, batch: int, rate: float) -> Claim:
    """Whether batches are nearer to the optimum after three epochs than all examples at once, over the seeds.

    The statistic is how many times nearer: seeds that run away are judged by ratios, which have a mean.
    """
    paths = batch_paths(examples, start, batch=batch, rate=rate, epochs=COMPARED)
    near = distances(examples, paths[:, -1])
    far = float(distances(examples, full_path(examples, start, rate=rate, updates=COMPARED)[-1]))
    if not np.isfinite([*near, far]).all():
        return claim(NEARER, Judgement("does not hold here", 0.0), unit=N_("times nearer"), sentence=Message(RAN_AWAY))
    judged = judge_ratios(np.full(len(near), max(far, TINY)), np.maximum(near, TINY))
    facts = {"near": ThreeDigits(np.median(near)), "far": ThreeDigits(far), "batch": batch}
    sentence = N_("Median distance after 3 epochs: {near} with batch {batch}, {far} with all at once.")
    return claim(NEARER, judged, unit=N_("times nearer"), sentence=Message(sentence, facts))


def noise_follows(examples: Examples, at: np.ndarray, sizes: tuple[int, ...] = (1, 2, 5, 10)) -> Claim:
    """Whether the noise of drawn batches is the formula's."""
    everything = examples.gradients(at)
    one = np.sqrt(((everything - everything.mean(axis=0)) ** 2).sum(axis=1).mean())
    measured = [
        np.sqrt(((batch_gradients(examples, at, size) - everything.mean(axis=0)) ** 2).sum(axis=1).mean())
        for size in sizes
    ]
    off = max(
        abs(found / (one * noise_factor(len(examples), size)) - 1) for found, size in zip(measured, sizes, strict=True)
    )
    facts = {"draws": f"{DRAWS:,}", "off": f"{100 * off:.1f} %"}
    sentence = Message(N_("{draws} drawn batches of 1 to 10 are at most {off} off the formula."), facts)
    return claim(N_("Noise follows the formula"), judge_fact(float(off), NOISE_TOLERANCE), unit="", sentence=sentence)
