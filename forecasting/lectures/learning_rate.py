"""The learning rate (Lee 2021, video 6): one for all unknowns, or one for each that follows from its own gradients.

On two toys, and for a network of the channel. theta <- theta - eta_t / sigma_t * m_t, where eta_t may decay or warm up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np

from forecasting.formats import Views, format_percent
from forecasting.lectures.claims import TIMES, Claim, Judgement, cannot_tell, claim, judge_ratios
from forecasting.lectures.paths import (
    AdagradMean,
    Adam,
    Adaptive,
    Direction,
    RMSProp,
    bursts,
    descend,
    on_quadratic,
    plain,
    sigmas,
)
from forecasting.lectures.rate_sweeps import (
    DECADES,
    NETWORK,
    SEEDS,
    WAY,
    at_best_rate,
    judge_width,
    lacking,
    mean_loss,
    trained,
    usable_widths,
)
from forecasting.lectures.surfaces import TOYS
from forecasting.messages import N_, Message
from forecasting.series import Series
from forecasting.settings import RunSettings, Training
from forecasting.split import Split

Method = Literal["sgd", "adagrad-mean", "rmsprop", "adam"]
Schedule = Literal["constant", "decay", "warm-up"]
Shape = Literal["long ellipse", "crescent"]
METHODS: tuple[Method, ...] = ("sgd", "adagrad-mean", "rmsprop", "adam")
METHOD_NAMES: dict[Method, str] = {
    "sgd": N_("One rate for all"),
    "adagrad-mean": N_("Adagrad (mean of squares, lecture)"),
    "rmsprop": N_("RMSProp"),
    "adam": N_("Adam"),
}
ADAPTIVE: dict[Method, Adaptive] = {"adagrad-mean": AdagradMean(), "rmsprop": RMSProp(), "adam": Adam()}
DIRECTIONS: dict[Method, Direction] = {"sgd": plain, **ADAPTIVE}
STEPS = 1000  # updates on a toy
WARMUP = 100  # updates in which the rate rises
LARGE, TINY, LECTURES_UPDATES = 1e-2, 1e-7, 100_000  # the lecture's two rates, and how long it waited
LEFT = 0.9  # of the way: what has so much left stands still
SWUNG = 0.9  # of the updates that change sides: what changes so often bounces
BURSTING_RATE = 0.5  # at which Adagrad bursts on the ellipse

BATCH = 64
RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)

BOUNCES = N_("A large rate bounces, a tiny one stands still")
BURSTS = N_("Adagrad bursts, and decay stops it")
BEATS = N_("Adaptive beats the best single rate")
FORGIVES = N_("Adaptive leaves more rates usable")


# Toys


def rates_of(schedule: Schedule, rate: float, updates: int = STEPS) -> np.ndarray:
    """The rate of each update (updates,)."""
    passed = np.arange(1, updates + 1)
    shares = {"constant": np.ones(updates), "decay": passed**-0.5, "warm-up": np.minimum(passed / WARMUP, 1.0)}
    return rate * shares[schedule]


@dataclass(frozen=True, eq=False)
class Descent:
    """A path (updates + 1, 2) on a toy."""

    path: np.ndarray
    distances: np.ndarray  # (updates + 1,) to the minimum

    @property
    def steps(self) -> np.ndarray:
        """How far each update goes (updates,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.linalg.norm(np.diff(self.path, axis=0), axis=1)


def descent(shape: Shape, method: Method, *, rate: float, schedule: Schedule) -> Descent:
    """STEPS updates from the toy's start."""
    toy = TOYS[shape]
    path = descend(toy.gradient, np.array(toy.start), DIRECTIONS[method], rate=rates_of(schedule, rate), updates=STEPS)
    with np.errstate(over="ignore", invalid="ignore"):
        return Descent(path, np.linalg.norm(path - toy.minimum, axis=1))


def sigma_of(shape: Shape, method: Method, path: np.ndarray) -> np.ndarray:
    """What each gradient of a path was divided by (updates, 2); 1 where one rate is for all."""
    if method == "sgd":
        return np.ones((len(path) - 1, 2))
    return sigmas(ADAPTIVE[method], TOYS[shape].gradient(path[:-1]))


def left_by_rate(method: Method, schedule: Schedule, rates: tuple[float, ...], *, shape: Shape) -> np.ndarray:
    """Distance to the minimum after STEPS updates (rates,), all rates at once."""
    toy, column = TOYS[shape], np.array(rates)[:, None]

    def stepped(gradient: np.ndarray, state: object) -> tuple[np.ndarray, object]:
        step, state = DIRECTIONS[method](gradient, state)
        return column * step, state

    start = np.tile(np.array(toy.start, float), (len(rates), 1))
    path = descend(toy.gradient, start, stepped, rate=rates_of(schedule, 1.0), updates=STEPS)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.linalg.norm(path[-1] - toy.minimum, axis=1)


@lru_cache(maxsize=1)
def two_rates() -> tuple[float, float]:
    """The lecture's two rates on the ellipse: how often the large one changes sides, what way the tiny one has left."""
    toy = TOYS["long ellipse"]
    curvatures, start = np.diag(toy.hessian(np.array(toy.minimum))), np.array(toy.start)
    across = on_quadratic(curvatures, start, rate=LARGE, updates=np.arange(STEPS + 1))[:, 1]
    end = on_quadratic(curvatures, start, rate=TINY, updates=np.array([LECTURES_UPDATES]))[0]
    return float((np.sign(across[1:]) != np.sign(across[:-1])).mean()), float(end[0] / start[0])


def bounces() -> Claim:
    """Whether both do as the lecture says."""
    swung, left = two_rates()
    facts = {"swung": format_percent(swung), "left": tenths(left), "updates": f"{LECTURES_UPDATES:,}"}
    sentence = N_("At 1e-2, {swung} of updates change sides. At 1e-7, {left} of the way is left after {updates}.")
    judged = Judgement("holds" if swung > SWUNG and left > LEFT else "does not hold here", left)
    return claim(BOUNCES, judged, unit="", sentence=Message(sentence, facts))


def tenths(share: float) -> str:
    """A share that is nearly all: 99.8 %."""
    return f"{100 * share:.1f} %"


@lru_cache(maxsize=64)
def adagrad_bursts(rate: float) -> Claim:
    """How often Adagrad's path on the ellipse leaves its goal, at a constant rate and under decay."""
    constant, decayed = (
        len(bursts(descent("long ellipse", "adagrad-mean", rate=rate, schedule=schedule).distances))
        for schedule in ("constant", "decay")
    )
    facts = {"rate": f"{rate:g}", "constant": constant, "decayed": decayed, "updates": f"{STEPS:,}"}
    sentence = N_("Rate {rate}, {updates} updates. Bursts: {constant}; with decay: {decayed}.")
    judged = Judgement("holds" if constant and not decayed else "does not hold here", float(constant - decayed))
    return claim(BURSTS, judged, unit="", sentence=Message(sentence, facts))


# The network


def sweep_runs(split: Split, methods: tuple[Method, ...] = METHODS) -> tuple[RunSettings, ...]:
    """A network by method and rate, in the order of `product`."""
    return tuple(
        RunSettings(
            split,
            NETWORK,
            Training(optimizer=method, learning_rate=rate, batch_size=BATCH, seeds=SEEDS),
        )
        for method, rate in product(methods, RATES)
    )


def by_method(losses: np.ndarray) -> np.ndarray:
    """Losses (runs, seeds) of `sweep_runs` as (methods, rates, seeds)."""
    return losses.reshape(-1, len(RATES), losses.shape[-1])


def beats(single: np.ndarray, adaptive: np.ndarray, method: Method) -> Claim:
    """Whether the train loss is lower with a rate for each unknown, both at their best rate; losses (rates, seeds)."""
    one, each = at_best_rate(single), at_best_rate(adaptive)
    facts: dict[str, object] = {"single": Views(float(one.mean())), "adaptive": Views(float(each.mean()))}
    sentence = N_("Train loss at the best rate: {single} views with one rate, {adaptive} with {method}.")
    message = Message(sentence, facts | {"method": Message(METHOD_NAMES[method])})
    return claim(BEATS, judge_ratios(one, each), unit=TIMES, sentence=message)


def forgives(single: np.ndarray, adaptive: np.ndarray, method: Method, *, mean: float) -> Claim:
    """Whether more decades of rates are usable with a rate for each unknown; `mean` is the loss of predicting it."""
    widths = [width.mean() for width in usable_widths(RATES, single, adaptive, mean=mean)]
    facts: dict[str, object] = {"single": f"{widths[0]:.1f}", "adaptive": f"{widths[1]:.1f}"}
    facts |= {"method": Message(METHOD_NAMES[method]), "way": format_percent(WAY)}
    sentence = N_("Rates that come {way} of the way down: {single} decades with one rate, {adaptive} with {method}.")
    judged = judge_width(RATES, adaptive, single, mean=mean)
    return claim(FORGIVES, judged, unit=DECADES, sentence=Message(sentence, facts))


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """What a channel answers for Adam, for a worker: some 2 s on four years of days."""
    missing = lacking(series, split, NETWORK.window)
    if missing:
        yield from (cannot_tell(name, missing) for name in (BEATS, FORGIVES))
        return
    single, adaptive = by_method(trained(series, sweep_runs(split, ("sgd", "adam"))))
    yield beats(single, adaptive, "adam")
    yield forgives(single, adaptive, "adam", mean=mean_loss(series, split, NETWORK.window))
