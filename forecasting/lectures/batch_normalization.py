"""Scaling and batch normalization (Lee 2021, video 7).

Two inputs of unlike scales stretch the loss: its curvature along a weight is the mean square of that weight's input, so
no single learning rate suits both. Standardised inputs make it all but round. Batch normalization does the same inside
a network, by the mean and spread of each batch, which need a batch of some size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from forecasting.formats import Views, format_percent, format_three_digits
from forecasting.lectures import surfaces
from forecasting.lectures.claims import ALIKE_DAYS, TIMES, Claim, Judgement, cannot_tell, claim, judge_ratios
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
from forecasting.messages import N_, Message
from forecasting.scaling import Scaler
from forecasting.series import Series
from forecasting.settings import Regularisation, RunSettings, Training
from forecasting.split import Split
from forecasting.windows import make_windows

CORRELATION = 0.3  # of the two inputs: standardised, the loss is nearly round
START = (-0.5, 1.5)
LOW, HIGH = (-1.0, -1.0), (3.0, 3.0)  # ends of both weights
GOAL = 0.01  # the loss to come to; that of predicting 0 is about 1
MORE = 1.02  # times the updates: fewer are no difference
WINDOW = 7  # days of input of the channel's line
NEAR = 0.01  # of the lowest loss: a line that has come so near has arrived

RATES = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCHES = (2, 8, 64)
NORMS = (False, True)
SMALL, LARGE = BATCHES[0], BATCHES[-1]

RAW_NEEDS_MORE = N_("Raw inputs need more updates")
WIDENS = N_("Batch normalization widens the usable rates")
FAILS = N_("Batch normalization fails at batch 2")


# Two inputs


def two_inputs(scale: float) -> surfaces.Toy:
    """Half the mean squared error of y = w1 x1 + w2 x2 by both weights; x1 has a spread of 1, x2 one of `scale`.

    The same data in other units: the best weight of x2 is 1 / scale.
    """
    shared = CORRELATION * scale
    return surfaces.quadratic(
        [[1.0, shared], [shared, scale**2]], minimum=(1.0, 1.0 / scale), low=LOW, high=HIGH, start=START
    )


def condition_number(toy: surfaces.Toy) -> float:
    """Largest over smallest curvature."""
    curvatures = np.linalg.eigvalsh(toy.hessian(np.array(toy.minimum)))
    return float(curvatures[-1] / curvatures[0])


def updates_needed(toy: surfaces.Toy, rate: float | None = None) -> float:
    """Updates from START to GOAL, at the best constant rate where none is given; infinite where it never arrives."""
    curvatures, directions = np.linalg.eigh(toy.hessian(np.array(toy.minimum)))
    along = directions.T @ (np.array(toy.start) - toy.minimum)
    return updates_on_quadratic(curvatures, curvatures * along**2 / 2, GOAL, rate=rate)


@lru_cache(maxsize=64)
def needed_by_scale(scales: tuple[float, ...], rate: float | None = None) -> np.ndarray:
    """Updates needed (scales,) on raw inputs."""
    return np.array([updates_needed(two_inputs(scale), rate) for scale in scales])


def updates_on_quadratic(curvatures: np.ndarray, parts: np.ndarray, goal: float, *, rate: float | None = None) -> float:
    """The first update of gradient descent on a quadratic after which its loss is at most `goal`.

    `parts` (unknowns,) are what each eigenvector of the Hessian adds to the loss at the start; an update multiplies it
    by (1 - rate * curvature)^2. Without a `rate` it is the best constant one, 2 / (largest + smallest curvature).
    """
    low, high = float(curvatures.min()), float(curvatures.max())
    if rate is None:
        moved, left = 2 * curvatures / (high + low), 2 * (high - curvatures + low) / (high + low)
    else:
        moved, left = rate * curvatures, 2 - rate * curvatures
    with np.errstate(divide="ignore"):  # a curvature that one update flattens
        falls = 2 * np.log1p(-np.minimum(moved, left))  # of the logarithm of each part; so tiny curvatures count too

    def loss(updates: float) -> float:
        return float((parts * np.exp(falls * updates)).sum())

    if parts.sum() <= goal:
        return 0.0
    if (parts[falls > 0] > 0).any() or parts[falls >= 0].sum() > goal:
        return np.inf
    most = 1.0
    while loss(most) > goal:
        most *= 2
    few = most / 2
    while most - few > max(1.0, 1e-9 * most):
        middle = np.floor((few + most) / 2)
        few, most = (middle, most) if loss(middle) > goal else (few, middle)
    return most


def toy_needs_more(scale: float) -> Claim:
    """Whether the toy's raw inputs need more updates than standardised ones, each at its best rate."""
    raw, standardised = two_inputs(scale), two_inputs(1.0)
    needed = [updates_needed(toy) for toy in (raw, standardised)]
    return _needs_more(
        N_("Unlike scales need more updates"), needed, [condition_number(raw), condition_number(standardised)]
    )


def _needs_more(name: str, needed: Sequence[float], conditions: Sequence[float]) -> Claim:
    """Raw against standardised."""
    times = needed[0] / max(needed[1], 1.0)
    judged = Judgement("holds" if times > MORE else "does not hold here", times)
    names = ("raw", "standardised")
    facts: dict[str, object] = {name: format_count(count) for name, count in zip(names, needed, strict=True)}
    facts |= {f"{name}_k": format_count(k) for name, k in zip(names, conditions, strict=True)}
    sentence = N_("Updates: {raw} raw (condition number {raw_k}), {standardised} standardised ({standardised_k}).")
    return claim(name, judged, unit=TIMES, sentence=Message(sentence, facts))


def format_count(count: float) -> str:
    """A number that may be huge: 31, 4.2 × 10⁸."""
    if not np.isfinite(count):
        return "∞"
    if count < 1e6:
        return f"{count:,.0f}" if count >= 100 else format_three_digits(count)
    digits, power = f"{count:.1e}".split("e")
    return f"{digits} × 10{str(int(power)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


# The channel's line


@dataclass(frozen=True)
class Line:
    """Least squares from WINDOW days and an intercept, on raw views and on standardised ones: each a pair."""

    conditions: tuple[float, float]  # of the curvature
    needed: tuple[float, float]  # updates to NEAR of the lowest loss, from weights that predict 0
    lacking: Message | None = None


def channel_line(series: Series, split: Split) -> Line:
    """The line of the channel's training days."""
    missing = lacking(series, split, WINDOW)
    if missing:
        return Line((np.nan, np.nan), (np.nan, np.nan), missing)
    windows = make_windows(series, split.train, WINDOW)
    scaler = Scaler.fit(windows.targets)
    found = [_descent(inputs, windows.targets) for inputs in (windows.inputs, scaler.scale(windows.inputs))]
    if not all(np.isfinite(found).ravel()):
        return Line((np.nan, np.nan), (np.nan, np.nan), Message(ALIKE_DAYS))
    (raw, raw_needed), (standardised, standardised_needed) = found
    return Line((raw, standardised), (raw_needed, standardised_needed))


def _descent(inputs: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Condition number and updates needed, both from the singular values, which keep the digits of large views.

    The weights begin where 0 is predicted, in views, so that both scales begin with the same loss.
    """
    design = np.column_stack([inputs, np.ones(len(inputs))]) / np.sqrt(len(inputs))
    left, spread, _right = np.linalg.svd(design, full_matrices=False)
    along = left.T @ targets / np.sqrt(len(inputs))
    lowest = float(((targets / np.sqrt(len(inputs)) - left @ along) ** 2).sum() / 2)
    if spread[-1] <= 1e-13 * spread[0] or lowest <= 0:
        return np.nan, np.nan
    return float((spread[0] / spread[-1]) ** 2), updates_on_quadratic(spread**2, along**2 / 2, NEAR * lowest)


def raw_needs_more(line: Line) -> Claim:
    """Whether the channel's raw views need more updates than standardised ones."""
    if line.lacking:
        return cannot_tell(RAW_NEEDS_MORE, line.lacking)
    return _needs_more(RAW_NEEDS_MORE, line.needed, line.conditions)


# The network


def norm_runs(split: Split, batches: tuple[int, ...] = BATCHES) -> tuple[RunSettings, ...]:
    """A network without and with batch normalization, by batch and rate, in the order of `product`."""
    return tuple(
        RunSettings(
            split,
            NETWORK,
            Training(learning_rate=rate, batch_size=batch, seeds=SEEDS),
            regularisation=Regularisation(batch_norm=norm),
        )
        for norm, batch, rate in product(NORMS, batches, RATES)
    )


def by_norm(losses: np.ndarray, batches: tuple[int, ...] = BATCHES) -> np.ndarray:
    """Losses (runs, seeds) of `norm_runs` as (norms, batches, rates, seeds)."""
    return losses.reshape(len(NORMS), len(batches), len(RATES), -1)


def widens(without: np.ndarray, normalised: np.ndarray, *, mean: float) -> Claim:
    """Whether more decades of rates are usable with batch normalization, from losses (rates, seeds) at batch LARGE.

    `mean` is the loss of predicting the mean.
    """
    widths = [width.mean() for width in usable_widths(RATES, without, normalised, mean=mean)]
    facts = {"without": f"{widths[0]:.1f}", "normalised": f"{widths[1]:.1f}", "way": format_percent(WAY)}
    sentence = N_("Rates that come {way} of the way down: {normalised} decades with it, {without} without.")
    judged = judge_width(RATES, normalised, without, mean=mean)
    return claim(WIDENS, judged, unit=DECADES, sentence=Message(sentence, facts))


def fails(without: np.ndarray, normalised: np.ndarray) -> Claim:
    """Whether the train loss is higher with batch normalization, each at its best rate, at the smallest batch."""
    plain, own = at_best_rate(without), at_best_rate(normalised)
    facts = {"without": Views(float(plain.mean())), "normalised": Views(float(own.mean()))}
    sentence = N_("Train loss at its best rate: {normalised} views with it, {without} without.")
    return claim(FAILS, judge_ratios(own, plain), unit=TIMES, sentence=Message(sentence, facts))


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """What a channel answers, for a worker: some 7 s on four years of days."""
    yield raw_needs_more(channel_line(series, split))
    missing = lacking(series, split, NETWORK.window)
    if missing:
        yield from (cannot_tell(name, missing) for name in (WIDENS, FAILS))
        return
    batches = (SMALL, LARGE)
    small, large = np.moveaxis(by_norm(trained(series, norm_runs(split, batches)), batches), 1, 0)
    yield widens(*large, mean=mean_loss(series, split, NETWORK.window))
    yield fails(*small)
