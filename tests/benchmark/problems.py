"""Problems of diagnosis whose answer is known, because series and settings were made to have it.

Two halves with other causes and other seeds: thresholds are tuned on one, and the other is for looking only. A third
set has milder faults, which show whether a confidence between the extremes means what it says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from forecasting.settings import RunSettings
from forecasting.split import Period, Split
from tests.benchmark import causes as of


@dataclass(frozen=True)
class Problem:
    """`answers` holds every fault that was put in, or "fine"."""

    half: str
    cause: str
    answers: frozenset[str]
    views: pd.Series
    settings: RunSettings
    oracle: pd.Series  # the best forecast of each day, by whoever knows the recipe


@dataclass(frozen=True)
class Recipe:
    """What a series is made of; sizes are in logs."""

    days: int
    held_out: int  # its last days
    level: float  # views
    noise: float
    week: np.ndarray  # (7,)
    pull: float  # share of a day's departure that is left a day later
    growth: float  # a year
    season: float
    tails: float = 30.0  # degrees of freedom of Student's t


def recipe(rng: np.random.Generator, **fixed) -> Recipe:
    noise = rng.uniform(0.04, 0.15)
    drawn = {
        "days": int(rng.integers(750, 1150)),
        "held_out": int(rng.integers(100, 220)),
        "level": float(10 ** rng.uniform(2.5, 6)),
        "noise": noise,
        "week": _week(rng, noise * rng.uniform(2.0, 5.0)),
        "pull": rng.uniform(0.3, 0.8),
        "growth": rng.uniform(-0.05, 0.08),
        "season": rng.uniform(0, 0.1),
    }
    return Recipe(**{**drawn, **fixed})


def _week(rng: np.random.Generator, size: float) -> np.ndarray:
    week = rng.permutation(np.linspace(-1, 1, 7)) + rng.normal(0, 0.2, 7)
    return size * (week - week.mean())


def series(rng: np.random.Generator, made: Recipe, turn: Callable | None = None, step: Callable | None = None):
    """Views and their oracle by day. `turn` changes noise and weekly part when held out, `step` the dynamics."""
    days = np.arange(made.days)
    late = days >= made.days - made.held_out
    shocks = rng.standard_t(made.tails, made.days) * made.noise
    weekly = made.week[days % 7]
    if turn:
        shocks, weekly = turn(rng, made, late, shocks, weekly)
    pull, rest, foreseen = step or (lambda before: made.pull * before), np.zeros(made.days), np.zeros(made.days)
    for day in range(1, made.days):
        foreseen[day] = pull(rest[day - 1])
        rest[day] = np.clip(foreseen[day] + shocks[day], -3, 3)
    trend = made.growth * days / 365 + made.season * np.sin(2 * np.pi * days / 365.25)
    days = pd.date_range("2019-01-06", periods=made.days)
    logs = (weekly + trend + part for part in (rest, foreseen))
    return tuple(pd.Series(np.round(made.level * np.exp(log)), index=days, name="views") for log in logs)


def split_of(views: pd.Series, held_out: int) -> Split:
    first, last = views.index[0].date(), views.index[-1].date()
    cut = last - timedelta(days=held_out)
    return Split(Period(first, cut), Period(cut + timedelta(days=1), last))


TUNING = {
    "bias": [
        (of.short_window, None, None),
        (of.one_day_linear, None, None),
        (of.held_back, None, None),
        (of.short_window_sigmoids, None, None),
    ],
    "optimization": [
        (of.slow_rate, None, None),
        (of.fast_rate, None, None),
        (of.deep_plain, None, None),
        (of.slow_sigmoids, None, None),
    ],
    "overfitting": [(of.few_days, None, None), (of.deep_and_long, None, None)],
    "mismatch": [(of.good_model, of.louder, None), (of.good_model, of.other_week, None)],
    "fine": [
        (of.good_model, None, None),
        (of.good_model, "tails", None),
        (of.good_model, "noise", None),
        (of.good_sigmoids, None, None),
    ],
    "bias+mismatch": [(of.one_day_linear, of.louder, None)],
    "optimization+mismatch": [(of.slow_rate, of.other_week, None)],
    "overfitting+mismatch": [(of.deep_and_long, of.louder, None)],
}
FRESH = {
    "bias": [
        (of.much_l1, None, None),
        (of.noisy_inputs, None, None),
        (of.three_days, None, None),
        (of.linear_for_bends, None, of.tent),
        (of.held_back_hard_sigmoids, None, None),
    ],
    "optimization": [
        (of.raw_inputs, None, None),
        (of.few_epochs, None, None),
        (of.fading_rate, None, None),
        (of.timid_adagrad, None, None),
        (of.clipped, None, None),
        (of.brief_hard_sigmoids, None, None),
    ],
    "overfitting": [(of.long_linear, None, None), (of.many_trees, None, None), (of.wide_by_lbfgs, None, None)],
    "mismatch": [
        (of.good_model, of.moving_week, None),
        (of.good_model, of.bursts, None),
        (of.good_model, of.outages, None),
    ],
    "fine": [
        (of.good_model, "growth", None),
        (of.good_model, "season", None),
        (of.good_model, "few", None),
        (of.good_hard_sigmoids, None, None),
    ],
    "bias+mismatch": [(of.three_days, of.bursts, None)],
    "optimization+mismatch": [(of.timid_adagrad, of.moving_week, None)],
    "overfitting+mismatch": [(of.long_linear, of.outages, None)],
}
MILD = {
    "bias": [(of.bit_held_back, None, None), (of.few_units, None, None)],
    "optimization": [(of.slowish, None, None), (of.slowish_sigmoids, None, None)],
    "overfitting": [(of.bit_long, None, None)],
    "mismatch": [(of.good_model, of.bit_louder, None)],
}
FINE, FAULTY = 0.1, 0.15  # error above the oracle's: less is fine, more is a fault
HALVES = {"tuning": TUNING, "fresh": FRESH, "mild": MILD}
SEED = {"fresh": 0, "tuning": 1, "mild": 2}  # halves never share a random number
KINDS = {  # of series on which nothing is wrong
    "tails": lambda rng: {"tails": 4.0},
    "noise": lambda rng: {"week": np.zeros(7), "pull": 0.0, "season": 0.0},
    "growth": lambda rng: {"growth": rng.uniform(0.15, 0.3)},
    "season": lambda rng: {"season": rng.uniform(0.15, 0.25)},
    "few": lambda rng: {"level": rng.uniform(40, 80)},
}


def make_problem(half: str, answer: str, cause: tuple, seed: int) -> Problem:
    """One problem; sets never share a random number."""
    rng = np.random.default_rng([seed, SEED[half]])
    model, turn, step = cause
    kind = turn if isinstance(turn, str) else None
    fixed = KINDS[kind](rng) if kind else {}
    if step:
        fixed |= {"week": _week(rng, 0.02), "noise": rng.uniform(0.04, 0.08)}
    made = recipe(rng, **fixed)
    views, oracle = series(rng, made, None if kind else turn, step)
    settings = RunSettings(split_of(views, made.held_out), **model(rng))
    names = [part if isinstance(part, str) else part.__name__ for part in cause if part]
    return Problem(half, " + ".join(names), frozenset(answer.split("+")), views, settings, oracle)


def has_its_answer(problem: Problem, predicted: np.ndarray) -> bool:
    """Whether the run's forecasts (seeds, held-out days) are as far from the oracle as the answer says.

    It decides which problems are put, from what the generator knows and from nothing that a diagnosis rests on.
    """
    if "mismatch" in problem.answers:
        return True  # the oracle sees the change coming, and nothing else can
    held_out = problem.settings.split.held_out
    actual, best = (
        part[str(held_out.first) : str(held_out.last)].to_numpy() for part in (problem.views, problem.oracle)
    )
    excess = np.abs(predicted - actual).mean() / np.abs(best - actual).mean() - 1
    return excess < FINE if "fine" in problem.answers else not excess < FAULTY


def problems(half: str, each: int, first: int = 0) -> list[tuple]:
    """What `make_problem` takes, `each` times every cause; seeds begin at `first`."""
    return [
        (half, answer, cause, 1000 * place + first + seed)
        for place, (answer, cause) in enumerate((a, c) for a, causes in HALVES[half].items() for c in causes)
        for seed in range(each)
    ]
