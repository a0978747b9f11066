"""How likely values as large as each of a sample are, beyond the largest too: peaks over a threshold.

What exceeds a high threshold follows a generalised Pareto distribution, whatever the values are (Coles, An Introduction
to Statistical Modeling of Extreme Values, 2001, chapter 4; for alarms: Siffer et al., KDD 2017). With numpy alone.
"""

from dataclasses import dataclass

import numpy as np

EXCEEDING = 0.1  # share of the values above the threshold
CENSORED = 0.005  # share of the values that are only known to be larger: no extraordinary one sets the tail
MOST_CENSORED = 0.03  # where a gap sets more of them apart
HEAVY = 0.25  # shape of the tails in which a gap is judged, at least: those have gaps of their own
CHANCE_OF_GAP = 0.01  # that a sample without extraordinary values has one
HEAVIEST = 6.0  # times 1 / mean excess: the largest ratio of shape and scale that is tried
CURVES = 60  # ratios that are tried on either side of the exponential tail


def tail_probabilities(values: np.ndarray) -> np.ndarray:
    """The chance of a value as large or larger, for each of `values` (n,) from 0 on; 1 up to the threshold."""
    count, above = len(values), round(EXCEEDING * len(values))
    ordered = np.sort(values)[::-1]
    excess = ordered[:above] - ordered[above]
    usual, most = (max(round(share * count), 1) for share in (CENSORED, MOST_CENSORED))
    if excess[most:].sum() <= 0:  # nothing but ties: ranks are all that is known
        return np.searchsorted(-ordered, -values, side="right") / count
    chances = _chances(excess, max(usual, _set_apart(excess, most)), (values - ordered[above]).clip(0))
    return np.where(values > ordered[above], above / count * chances, 1.0)


@dataclass(frozen=True)
class _Curves:
    """Generalised Pareto distributions of excesses, of which the largest are censored; all arrays have one a curve.

    With the ratio of shape and scale given, the logarithms of 1 + ratio * excess are exponential with the shape as
    their mean, so that a likelihood in one number is left (Grimshaw, Technometrics 1993).
    """

    ratios: np.ndarray
    shapes: np.ndarray
    likelihood: np.ndarray  # logarithm
    known: int  # excesses that are not censored


def _fitted(excess: np.ndarray, censored: int) -> _Curves:
    """All curves that are tried on `excess` (falling), of which the first `censored` are only known to be larger."""
    known, edge = excess[censored:], excess[censored]
    ratios = _ratios(excess[0], (known.sum() + censored * edge) / len(known))
    sums = np.log1p(ratios[:, None] * known).sum(axis=1)
    shapes = (sums + censored * np.log1p(ratios * edge)) / len(known)
    return _Curves(ratios, shapes, len(known) * np.log(ratios / shapes) - sums, len(known))


def _ratios(largest: float, mean: float) -> np.ndarray:
    """Ratios of shape and scale: negative ones, whose tail ends beyond all that was seen, to those of heavy tails."""
    bounded = -np.geomspace(0.98 / largest, min(0.003 / mean, 0.5 / largest), CURVES)
    return np.concatenate([bounded, np.geomspace(0.003, HEAVIEST, CURVES) / mean])


def _set_apart(excess: np.ndarray, most: int) -> int:
    """How many of the largest, `most` at most, lie beyond a gap that no heavy tail has; 0 without one.

    Distances between neighbours of an exponential sample, each times its rank, are exponential themselves.
    """
    curves = _fitted(excess, most)
    heavy = np.where(curves.shapes >= HEAVY, curves.likelihood, -np.inf).argmax()
    exponential = np.log1p(curves.ratios[heavy] * excess[: most + 1]) / curves.shapes[heavy]
    gaps = np.arange(1, most + 1) * -np.diff(exponential)
    return int(gaps.argmax()) + 1 if gaps.max() > np.log(most / CHANCE_OF_GAP) else 0


def _chances(excess: np.ndarray, censored: int, asked: np.ndarray) -> np.ndarray:
    """The chance of excesses as large as `asked`.

    The likeliest curve alarms too often, as its parameters are estimated; the mean over all curves by their likelihood
    too seldom, as each value is in its own sample. Their geometric mean keeps the rate
    (`tests.benchmark.unusual_days`).
    """
    curves = _fitted(excess, censored)
    best = curves.likelihood.argmax()
    plug_in = (1 + curves.ratios[best] * asked).clip(0) ** (-1 / curves.shapes[best])
    weights = np.exp(curves.likelihood - curves.likelihood[best]) * np.abs(np.gradient(curves.shapes))
    passed = np.log((1 + curves.ratios[:, None] * asked).clip(1e-12)) / (curves.shapes[:, None] * curves.known)
    return np.sqrt(plug_in * (weights / weights.sum() @ (1 + passed) ** -curves.known))
