"""Boosted trees to which the days ahead are an input: one model for all of them, in logarithms beside the last week.

Every node of a depth asks the same question (oblivious trees, as CatBoost grows them; Prokhorenkova et al. 2018), so
that a tree is a few numbers in a row: a plain array, which a model file holds without any library that grew it.
Absolute errors are boosted (Friedman 2001, LAD_TreeBoost).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.models.bounds import bounded
from forecasting.series import Series
from forecasting.typical_range import WEEK
from forecasting.windows import calm_histories, futures, histories

WINDOW = 8 * WEEK  # days of views that are seen
LAGS = 2 * WEEK  # the last days, one by one
SAME_WEEKDAYS = 6  # as the day that is predicted, the latest of them
INPUTS = LAGS + SAME_WEEKDAYS + 9 + 2
YEAR = 52 * WEEK  # days: the same weekday a year before
TREES = 200
DEPTH = 4
RATE = 0.08  # share of each tree that counts
BINS = 32  # of each input, between which a question may lie
SAMPLE = 4096  # rows that a tree's questions are chosen on
HELD_BACK = 20  # rows of no error that each answer is drawn towards
FAR = 1 / 3  # share of the origins that are learnt from more than a week ahead; nearer, all
FEWEST = 100  # origins to learn from


@dataclass(frozen=True)
class PooledTrees:
    """Trees of a `depth`, a row of `parameters` each: places of inputs, thresholds, and answers in logarithms.

    An input beyond its threshold adds the power of two of its question to the place of the answer.
    """

    depth: int
    parameters: np.ndarray  # (trees, 2 * depth + 2 ** depth)
    needs = WINDOW

    def __post_init__(self) -> None:
        asked = self.parameters[:, : self.depth]
        if self.depth < 1 or self.parameters.shape[1] != 2 * self.depth + 2**self.depth:
            raise ValueError("trees of another depth than the parameters say")
        if not np.isin(asked, np.arange(INPUTS)).all():
            raise ValueError("questions about inputs that there are not")

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        logs, year = np.log1p(calm_histories(series, origins, WINDOW)), YearBefore.of(series)
        days = []
        for ahead in range(1, horizon + 1):
            inputs, level = inputs_of(logs, origins, np.full(len(origins), ahead), year=year)
            days.append(level + self.answers(inputs))
        return bounded(np.expm1(np.stack(days, axis=1)), series, origins)

    def answers(self, inputs: np.ndarray) -> np.ndarray:
        """The sum over trees (rows,) of their answers to `inputs` (rows, INPUTS)."""
        questions, thresholds, answers = np.split(self.parameters, [self.depth, 2 * self.depth], axis=1)
        powers, found = 2 ** np.arange(self.depth), np.zeros(len(inputs))
        for asked, threshold, answer in zip(questions.astype(int), thresholds, answers, strict=True):
            found += answer[(inputs[:, asked] > threshold) @ powers]
        return found


@dataclass(frozen=True)
class YearBefore:
    """What the views did a year before, from days through the origin alone: a week's mean is centred there."""

    index: pd.DatetimeIndex
    logs: np.ndarray
    weeks: np.ndarray  # mean of the days around each

    @classmethod
    def of(cls, series: Series) -> "YearBefore":
        """Of views without spikes."""
        known = series.without_spikes.known
        logs = np.log1p(known)
        return cls(known.index, logs.to_numpy(), logs.rolling(WEEK, center=True, min_periods=1).mean().to_numpy())

    def columns(self, origins: pd.DatetimeIndex, ahead: np.ndarray) -> np.ndarray:
        """Change of the week's mean (origins, 2) to the day predicted, and how that day stood to it; 0 if unknown."""
        places = self.index.get_indexer(origins)
        then, now = places + ahead - YEAR, places - WEEK // 2 - YEAR
        known = now >= WEEK // 2
        then, now = np.where(known, then, 0), np.where(known, now, 0)
        found = np.stack([self.weeks[then] - self.weeks[now], self.logs[then] - self.weeks[then]], axis=1)
        return found * known[:, None]


def inputs_of(
    logs: np.ndarray, origins: pd.DatetimeIndex, ahead: np.ndarray, *, year: YearBefore
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (rows, all) of the days `ahead` (rows,) of `origins`, and the last week's mean (rows,) of `logs`."""
    level = logs[:, -WEEK:].mean(axis=1)
    beside = logs - level[:, None]
    days = origins + pd.to_timedelta(ahead, unit="D")
    back = -ahead % WEEK  # days before the origin of the latest same weekday
    rows, weeks = np.arange(len(logs))[:, None], WEEK * np.arange(SAME_WEEKDAYS)
    angle = 2 * np.pi * days.day_of_year.to_numpy() / 365.25
    means = [beside.mean(axis=1), beside[:, WINDOW // 2 :].mean(axis=1)]
    unrest = [beside[:, WINDOW // 2 :].std(axis=1), beside[:, -WEEK:].std(axis=1)]
    alone = np.stack([*means, *unrest, level, ahead, days.day_of_week, np.sin(angle), np.cos(angle)], axis=1)
    same = beside[rows, WINDOW - 1 - back[:, None] - weeks]
    return np.concatenate([beside[:, -LAGS:], same, alone, year.columns(origins, ahead)], axis=1), level


def fit_pooled_trees(series: Series, horizon: int) -> PooledTrees:
    """Trees for up to `horizon` days ahead, grown on measured days. Raises BadInput where the days do not suffice."""
    series = series.without_spikes
    known, rng = series.known, np.random.default_rng(0)
    if len(known) < WINDOW + FEWEST:
        raise BadInput(N_("{days} days of views leave too few windows for this model to learn from."), days=len(known))
    origins, year = known.index[WINDOW - 1 : -1], YearBefore.of(series)
    logs = np.log1p(histories(known, origins, WINDOW))
    targets = np.log1p(futures(series.measured.reindex(known.index), origins, horizon))
    inputs, left = [], []
    for ahead in range(1, horizon + 1):
        share = 1 if ahead <= WEEK else FAR
        rows = np.flatnonzero(np.isfinite(targets[:, ahead - 1]) & (rng.random(len(origins)) < share))
        columns, level = inputs_of(logs[rows], origins[rows], np.full(len(rows), ahead), year=year)
        inputs.append(columns)
        left.append(targets[rows, ahead - 1] - level)
    return grow(np.concatenate(inputs), np.concatenate(left), rng)


def grow(inputs: np.ndarray, left: np.ndarray, rng: np.random.Generator) -> PooledTrees:
    """Trees whose sum is near the targets `left` (rows,), each grown on what those before leave of them."""
    cuts = np.quantile(inputs, np.arange(1, BINS) / BINS, axis=0).T  # (inputs, BINS - 1)
    bins = np.stack([np.searchsorted(cut, column) for cut, column in zip(cuts, inputs.T, strict=True)], axis=1)
    left, questions, places, answers = left.copy(), [], [], []
    for _tree in range(TREES):
        rows = rng.choice(len(left), min(SAMPLE, len(left)), replace=False)
        asked, cut = _questions(bins[rows], np.sign(left[rows]))
        leaves = (bins[:, asked] > cut) @ 2 ** np.arange(DEPTH)
        answer = RATE * _medians(left, leaves)
        left -= answer[leaves]
        questions.append(asked)
        places.append(cut)
        answers.append(answer)
    asked = np.array(questions)
    thresholds = cuts[asked, np.array(places)]
    return PooledTrees(DEPTH, np.concatenate([asked, thresholds, np.array(answers)], axis=1))


def _questions(bins: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and bins (DEPTH,) that split the `signs` (rows,) of what is left best, one after the other."""
    count, columns = bins.shape
    leaves, asked, cuts = np.zeros(count, int), np.empty(DEPTH, int), np.empty(DEPTH, int)
    for depth in range(DEPTH):
        parts = 2**depth
        cells = ((leaves[:, None] * columns + np.arange(columns)) * BINS + bins).ravel()
        shape, size = (parts, columns, BINS), parts * columns * BINS
        numbers = np.bincount(cells, minlength=size).reshape(shape).cumsum(axis=2)
        sums = np.bincount(cells, np.repeat(signs, columns), size).reshape(shape).cumsum(axis=2)
        below = sums**2 / (numbers + HELD_BACK)
        above = (sums[..., -1:] - sums) ** 2 / (numbers[..., -1:] - numbers + HELD_BACK)
        gains = (below + above).sum(axis=0)[:, :-1]
        asked[depth], cuts[depth] = np.unravel_index(gains.argmax(), gains.shape)
        leaves += (bins[:, asked[depth]] > cuts[depth]) * parts
    return asked, cuts


def _medians(left: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """The median of what is left in each leaf (2 ** DEPTH,), drawn towards 0 where few rows are."""
    found = np.zeros(2**DEPTH)
    for leaf in np.unique(leaves):
        values = left[leaves == leaf]
        found[leaf] = np.median(values) * len(values) / (len(values) + HELD_BACK)
    return found
