"""One viral day among the training days: how far it moves a linear model under MSE, MAE and Huber's loss."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecasting.formats import Views
from forecasting.lectures.claims import MARGIN, Claim, cannot_tell, claim, judge_pairs
from forecasting.lectures.linear_windows import least_deviations
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.split import Split
from forecasting.typical_range import WEEK
from forecasting.windows import Windows, make_windows

RobustLoss = Literal["mse", "mae", "huber"]
ROBUST_LOSSES: dict[RobustLoss, str] = {"mse": "MSE", "mae": "MAE", "huber": N_("Huber")}
DAYS = 8  # drawn, one after the other made viral
TIMES = 10.0  # a viral day's views are so many times as large
HUBER = 1.345  # robust standard deviations from which errors count by their size: 95 % efficient for normal ones
NORMAL = 0.6745  # median absolute deviation of a standard normal
MOST_STEPS, SETTLED = 60, 1e-9
RIDGE = 1e-10  # of the mean square of a column: columns that are equal share what they explain
FEWEST_TRAIN_DAYS = 4 * WEEK
NAME = N_("A viral day moves MSE more than MAE and Huber")


@dataclass(frozen=True, eq=False)
class ViralProblem:
    """Training days as they are, the held-out days, and the training days (DAYS,) that may go viral, as places."""

    train: Windows
    held_out: Windows
    drawn: np.ndarray

    @property
    def scale(self) -> tuple[float, float]:
        """Mean and standard deviation of the training inputs."""
        return float(self.train.inputs.mean()), float(self.train.inputs.std()) or 1.0

    def predicted(self, train: Windows) -> dict[RobustLoss, np.ndarray]:
        """Held-out views (days,) by a line that learnt from `train`, under each loss."""
        level, scale = self.scale
        design, targets = self._design(train), (train.targets - level) / scale
        asked = self._design(self.held_out)
        fits = {"mse": least_squares(design, targets), "huber": huber(design, targets)}
        start = fits["huber"]
        fits["mae"] = least_deviations(design, targets, start, dual=np.zeros(len(targets)))[0]
        return {loss: level + scale * (asked @ fits[loss]) for loss in ROBUST_LOSSES}

    def viral(self, place: int, times: float) -> Windows:
        """The training days with one that had `times` its views: as a target, and in the inputs of the days after."""
        day = self.train.days[place]
        inputs, targets = self.train.inputs.copy(), self.train.targets.copy()
        targets[place] *= times
        later = (self.train.days - day).days.to_numpy()
        for ago in range(1, inputs.shape[1] + 1):
            inputs[later == ago, -ago] *= times
        return replace(self.train, inputs=inputs, targets=targets)

    def moves(self, place: int, times: float, usual: dict[RobustLoss, np.ndarray]) -> dict[RobustLoss, float]:
        """By how many views a day the predictions move on average, against the `usual` ones."""
        moved = self.predicted(self.viral(place, times))
        return {loss: float(np.abs(moved[loss] - usual[loss]).mean()) for loss in ROBUST_LOSSES}

    def _design(self, windows: Windows) -> np.ndarray:
        level, scale = self.scale
        return np.column_stack([np.ones(len(windows)), (windows.inputs - level) / scale])


def viral_problem(series: Series, split: Split) -> ViralProblem:
    """A week of input. Raises BadInput where there are too few days."""
    train, held_out = (make_windows(series, period, WEEK) for period in (split.train, split.held_out))
    if len(train) < FEWEST_TRAIN_DAYS:
        raise BadInput(
            N_("There are {days} training days; a line needs at least {needed}."),
            days=len(train),
            needed=FEWEST_TRAIN_DAYS,
        )
    room = len(train) - 2 * WEEK
    drawn = np.random.default_rng(0).choice(room, min(DAYS, room), replace=False) + WEEK
    return ViralProblem(train, held_out, drawn)


def least_squares(design: np.ndarray, targets: np.ndarray, weights: np.ndarray | float = 1.0) -> np.ndarray:
    """Unknowns (columns,) of the smallest sum of squares, each example weighted."""
    weighted = (design.T * weights) @ design
    ridge = RIDGE * np.trace(weighted) / len(weighted)
    return np.linalg.solve(weighted + ridge * np.eye(len(weighted)), (design.T * weights) @ targets)


def huber(design: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Unknowns of the smallest Huber loss, by reweighted least squares.

    Errors beyond HUBER robust standard deviations, of those that least absolute deviations would leave about, count by
    their size and not by its square. The scale is that of the least-squares errors, from their median.
    """
    found = least_squares(design, targets)
    border = HUBER * float(np.median(np.abs(targets - design @ found))) / NORMAL
    for _step in range(MOST_STEPS):
        errors = np.abs(targets - design @ found)
        weights = np.minimum(1.0, border / np.maximum(errors, 1e-12)) if border else np.ones(len(errors))
        before, found = found, least_squares(design, targets, weights)
        if np.abs(found - before).max() <= SETTLED:
            break
    return found


def moves_most(problem: ViralProblem, times: float = TIMES) -> Claim:
    """Whether squared error is moved more than both others, over the drawn days."""
    usual = problem.predicted(problem.train)
    found = [problem.moves(int(place), times, usual) for place in problem.drawn]
    means = {loss: float(np.mean([moves[loss] for moves in found])) for loss in ROBUST_LOSSES}
    effects = [moves["mse"] - max(moves["mae"], moves["huber"]) for moves in found]
    judged = judge_pairs(effects, MARGIN * means["mse"])
    sentence = N_(
        "{times} times the views, mean over {days} days: predictions move by {mse} views, by {mae} and {huber}."
    )
    facts: dict[str, object] = {loss: Views(mean) for loss, mean in means.items()}
    facts |= {"times": f"{times:g}", "days": len(problem.drawn)}
    return claim(NAME, judged, unit=N_("views"), sentence=Message(sentence, facts))


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """What this chapter claims of a viral day."""
    try:
        yield moves_most(viral_problem(series, split))
    except BadInput as short:
        yield cannot_tell(NAME, short.message)
