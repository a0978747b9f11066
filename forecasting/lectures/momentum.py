"""Momentum (Lee 2021, video 5; Zhang et al., Dive into Deep Learning, 12.6): the past gradients carry a step on.

Shown on toys and on the loss of two weights on a channel, the day before and the same day last week, both
standardised. A path has arrived when it stays below 1 % of the loss that its start had above the lowest point.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecasting.formats import format_three_digits
from forecasting.lectures.claims import TOO_FEW_DAYS, Claim, Judgement, claim, judge_ratios
from forecasting.lectures.paths import Momentum, best_momentum, descend, updates_to_stay
from forecasting.lectures.surfaces import Toy, quadratic
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.split import Split
from forecasting.typical_range import WEEK
from forecasting.windows import make_windows

Surface = Literal["ellipse", "plateau", "channel"]

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
TOO_MUCH = SHARES[-1]
USUAL = 0.9
MORE_UPDATES = 0.1  # as a share: less is of no use
LEFT = 0.01  # of the loss that the start has above the lowest
MOST_UPDATES = 500  # that the starts are followed
FEWEST_SHOWN, MOST_SHOWN, MORE = 20, 300, 1.3  # updates, and times those that it takes to arrive
RUN_AWAY = 100.0  # times the start's height
STARTS = 5  # along each unknown
GRID = 40  # places along each unknown of a surface
ROOM = 2.0  # times the distance from start to minimum that is shown around the minimum
WINDOW = 28  # days that the line of the channel's verdict sees
RATES = 20  # learning rates of which each way has the best
SLOWEST = 0.1  # of them, in terms of the largest that does not run away
EXAMPLES_PER_UNKNOWN = 2
FEWER = N_("Momentum needs fewer updates")
SWINGS = N_("Too much momentum swings past the goal")
ON_CHANNEL = N_("Momentum needs fewer updates on this channel")
WITHOUT, AS_MANY = N_("times as many without"), N_("times as many")
STILL = 0.01  # of what is shown: who moves no farther stands still


@dataclass(frozen=True)
class Setup:
    """How a surface is gone down."""

    rate: float
    share: float
    nesterov: bool


@dataclass(frozen=True, eq=False)
class BothWays:
    """Without and with momentum from one start: points (updates + 1, n), and after how many updates each arrives.

    A path ends in NaN where its height is a hundred times the start's: it has run away.
    """

    plain: np.ndarray
    heavy: np.ndarray
    heights: tuple[np.ndarray, np.ndarray]  # above the lowest point (updates + 1,)
    arrived: tuple[float, float]  # infinite where it does not

    @property
    def shown(self) -> int:
        """Updates until both have arrived, run away or stopped short, and some more."""
        ends = [
            arrived if np.isfinite(arrived) else _still(path)
            for arrived, path in zip(self.arrived, (self.plain, self.heavy), strict=True)
        ]
        return int(np.clip(MORE * max(ends), FEWEST_SHOWN, MOST_SHOWN))


def channel_surface(series: Series, split: Split) -> Toy:
    """The mean squared error of two weights. Raises BadInput where the training days are too few, or all the same."""
    windows = make_windows(series, split.train, window=WEEK)
    views, targets = windows.inputs, windows.targets
    if not (views.std() and targets.std()):
        raise BadInput(N_("All days have the same views: there is nothing to learn."))
    inputs = (views[:, [-1, 0]] - views.mean()) / views.std()
    matrix = 2 * inputs.T @ inputs / len(inputs)
    best = np.linalg.lstsq(inputs, (targets - views.mean()) / views.std(), rcond=None)[0]
    reach = ROOM * float(np.abs(best - (-1, -1)).max())
    low, high = (tuple(float(value) for value in best + side * reach) for side in (-1, 1))
    return quadratic(matrix, minimum=best, low=low, high=high, start=(-1.0, -1.0))


def heights_of(toy: Toy) -> np.ndarray:
    """The surface (second unknown, first unknown) above its lowest point."""
    return toy.heights(GRID) - toy.value(np.array(toy.minimum))


def both_ways(toy: Toy, start: tuple[float, ...], setup: Setup, *, updates: int = MOST_UPDATES) -> BothWays:
    """Both ways down from a start."""
    shares = np.array([[0.0], [setup.share]])
    begun = np.tile(np.array(start, float), (2, 1))
    paths = descend(toy.gradient, begun, Momentum(shares, setup.nesterov), rate=setup.rate, updates=updates)
    heights = _above(toy, paths)
    arrived = updates_to_stay(heights, LEFT * heights[0])
    heights[~(heights <= RUN_AWAY * heights[0])] = np.nan
    paths[np.isnan(heights)] = np.nan
    return BothWays(
        plain=paths[:, 0],
        heavy=paths[:, 1],
        heights=(heights[:, 0], heights[:, 1]),
        arrived=(float(arrived[0]), float(arrived[1])),
    )


def end(toy: Toy, start: tuple[float, ...], setup: Setup, *, updates: int) -> np.ndarray:
    """Where the path with momentum is after so many updates, however far it has run."""
    way = Momentum(setup.share, setup.nesterov)
    return descend(toy.gradient, np.array(start, float), way, rate=setup.rate, updates=updates)[-1]


def parts_of_step(toy: Toy, path: np.ndarray, setup: Setup, *, update: int) -> np.ndarray:
    """What each gradient so far (update,) adds to the step of an update, along that step; their sum is its length."""
    gradients = toy.gradient(path[:update])
    weights = setup.share ** np.arange(update - 1, -1, -1.0)
    if setup.nesterov:
        weights = weights * setup.share
        weights[-1] += 1
    parts = -setup.rate * weights[:, None] * gradients
    length = np.linalg.norm(parts.sum(axis=0))
    return parts @ (parts.sum(axis=0) / length) if length else np.zeros(update)


def condition(toy: Toy) -> float:
    """Largest over smallest curvature at the minimum; infinite where there is none along some direction."""
    low, high = np.linalg.eigvalsh(toy.hessian(np.array(toy.minimum)))[[0, -1]]
    return float(high / low) if low > 0 else np.inf


def exact_best(toy: Toy, rate: float | None = None) -> tuple[float, float]:
    """Momentum and learning rate that descend a quadratic fastest; with `rate` the best momentum at that one."""
    curvatures = np.linalg.eigvalsh(toy.hessian(np.array(toy.minimum)))
    rate = rate or float(4 / (np.sqrt(curvatures[0]) + np.sqrt(curvatures[-1])) ** 2)
    return best_momentum(curvatures, rate), rate


# Claims


@dataclass(frozen=True, eq=False)
class Sweep:
    """Updates (shares, starts) until a path has arrived, infinite where it has not, by momentum."""

    shares: tuple[float, ...]
    updates: np.ndarray

    def of(self, share: float) -> np.ndarray:
        """Of one momentum (starts,); who has not arrived counts as having taken all."""
        return np.minimum(self.updates[self.shares.index(share)], MOST_UPDATES)

    @property
    def best(self) -> float:
        """The momentum with the fewest updates on average."""
        return min(self.shares, key=lambda share: float(self.of(share).mean()))


def sweep(toy: Toy, rate: float, nesterov: bool) -> Sweep:
    """From 25 starts spread over the surface."""
    inner = [np.linspace(low, high, STARTS + 2)[1:-1] for low, high in zip(toy.low, toy.high, strict=True)]
    starts = np.stack(np.meshgrid(*inner), axis=-1).reshape(-1, len(toy.low))
    shares = np.array(SHARES)[:, None, None]
    begun = np.broadcast_to(starts, (len(SHARES), *starts.shape))
    heights = _above(toy, descend(toy.gradient, begun, Momentum(shares, nesterov), rate=rate, updates=MOST_UPDATES))
    return Sweep(SHARES, updates_to_stay(heights, LEFT * heights[0]))


def needs_fewer(found: Sweep, share: float) -> Claim:
    """Whether momentum arrives after fewer updates than plain descent at the same learning rate."""
    plain, heavy = found.of(0.0), found.of(share)
    sentence = N_("Middle of {starts} starts: {heavy} updates with momentum {share}, {plain} without.")
    facts = {"share": f"{share:g}", "heavy": _count(heavy), "plain": _count(plain)}
    return _fewer(FEWER, plain, heavy, unit=WITHOUT, sentence=Message(sentence, facts | {"starts": len(plain)}))


def swings(found: Sweep) -> Claim:
    """Whether momentum 0.99 takes more updates than the best of all that were tried."""
    many, few = found.of(TOO_MUCH), found.of(found.best)
    sentence = N_("Middle of {starts} starts: {many} updates with momentum {much}, {few} with {best}.")
    facts = {"much": f"{TOO_MUCH:g}", "best": f"{found.best:g}", "many": _count(many), "few": _count(few)}
    return _fewer(SWINGS, many, few, unit=AS_MANY, sentence=Message(sentence, facts | {"starts": len(many)}))


def line_curvatures(series: Series, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Curvatures (unknowns,) of the MSE of a 28-day line, and 25 starts (25, unknowns) from its minimum, along them.

    Inputs and target are standardised, and starts drawn as a network's. Raises BadInput where all days are the same or
    two training days an unknown lack.
    """
    windows = make_windows(series, split.train, window=WINDOW)
    needed = EXAMPLES_PER_UNKNOWN * (WINDOW + 1)
    if len(windows) < needed:
        raise BadInput(TOO_FEW_DAYS, days=len(windows), needed=needed)
    middle, spread = windows.inputs.mean(), windows.inputs.std()
    if not spread:
        raise BadInput(N_("All days have the same views: there is nothing to learn."))
    design = np.column_stack([(windows.inputs - middle) / spread, np.ones(len(windows))])
    curvatures, axes = np.linalg.eigh(2 * design.T @ design / len(design))
    best = np.linalg.lstsq(design, (windows.targets - middle) / spread, rcond=None)[0]
    drawn = np.random.default_rng(0).uniform(-1, 1, (STARTS**2, WINDOW + 1)) / np.sqrt(WINDOW)
    return np.maximum(curvatures, 0), (drawn - best) @ axes


def fewer_on_channel(series: Series, split: Split, *, share: float = USUAL, nesterov: bool = False) -> Claim:
    """The same for a 28-day line of a channel, each way at its own best learning rate.

    At one rate for both the answer would depend on the rate: a small one makes momentum look good everywhere.
    """
    sentence = N_("A line over {window} days, each at its best learning rate: {heavy} updates instead of {plain}.")
    try:
        curvatures, starts = line_curvatures(series, split)
    except BadInput as unusable:
        facts = {"window": WINDOW, "heavy": "–", "plain": "–"}
        judged = Judgement("cannot tell", np.nan, lacking=unusable.message)
        return claim(ON_CHANNEL, judged, unit=WITHOUT, sentence=Message(sentence, facts))
    plain, heavy = (updates_at_best_rate(curvatures, starts, one, nesterov=nesterov) for one in (0.0, share))
    facts = {"window": WINDOW, "heavy": _count(heavy), "plain": _count(plain)}
    return _fewer(ON_CHANNEL, plain, heavy, unit=WITHOUT, sentence=Message(sentence, facts))


def updates_at_best_rate(curvatures: np.ndarray, starts: np.ndarray, share: float, *, nesterov: bool) -> np.ndarray:
    """Updates (starts,) until each start's path has arrived, at the rate with the fewest on average; at most 500."""
    steepest = 2 * (1 + share) / ((1 + 2 * share * nesterov) * curvatures[-1])  # a larger rate runs away
    rates = np.geomspace(SLOWEST, 1, RATES + 1)[:-1, None] * steepest
    # A curvature times its rate, and each start as a sum over the eigenvectors: one path serves all starts.
    left = descend(
        lambda at: rates * curvatures * at,
        np.ones((RATES, len(curvatures))),
        Momentum(share, nesterov),
        rate=1.0,
        updates=MOST_UPDATES,
    )
    heights = left**2 @ (curvatures[:, None] * starts.T**2)  # (updates + 1, rates, starts)
    found = np.minimum(updates_to_stay(heights, LEFT * heights[0]), MOST_UPDATES)
    return found[found.mean(axis=1).argmin()]


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """The chapter's claim about a channel, at momentum 0.9."""
    yield fewer_on_channel(series, split)


def _fewer(name: str, many: np.ndarray, few: np.ndarray, *, unit: str, sentence: Message) -> Claim:
    """Whether `few` updates (starts,) are fewer than `many`, as a ratio; who starts at the goal counts one."""
    judged = judge_ratios(np.maximum(many, 1), np.maximum(few, 1), margin=MORE_UPDATES)
    return claim(name, judged, unit=unit, sentence=sentence)


def _count(updates: np.ndarray) -> str:
    """Their middle, or that there are more than were followed."""
    middle = float(np.median(updates))
    return f"> {MOST_UPDATES}" if middle >= MOST_UPDATES else format_three_digits(middle)


def _still(path: np.ndarray) -> float:
    """The update from which on a path stays near where it ends; where it has run away, the last that is known."""
    known = path[np.isfinite(path).all(axis=1)]
    far = np.abs(known - known[-1]).max(axis=1) > STILL * np.ptp(known, axis=0).max()
    return float(far.sum() and len(far) - far[::-1].argmax())


def _above(toy: Toy, at: np.ndarray) -> np.ndarray:
    """Heights above the lowest point."""
    with np.errstate(over="ignore", invalid="ignore"):
        return toy.value(at) - toy.value(np.array(toy.minimum))
