"""What trained runs come to, epoch by epoch and on each held-out day: what chapters compare."""

from dataclasses import dataclass

import numpy as np

from forecasting.lectures.claims import MARGIN, Judgement, judge_days


@dataclass(frozen=True)
class LearningCurve:
    """Losses (epochs,) are means over seeds, in views; a single one for what is solved at once.

    `errors` (seeds, days) are absolute, in views, of the weights that the run ended with; all runs of an experiment are
    judged on the same held-out days.
    """

    train: np.ndarray
    held_out: np.ndarray
    errors: np.ndarray
    seeded: bool  # whether chance in training changes it

    @property
    def error(self) -> float:
        """Held-out MAE in views."""
        return float(self.errors.mean())


@dataclass(frozen=True)
class Experiment:
    """Runs in the order in which they were asked for; fewer while a worker is at it."""

    curves: tuple[LearningCurve, ...]


def judge_curves(better: LearningCurve, worse: LearningCurve, margin: float = MARGIN) -> Judgement:
    """Whether one run errs less than another on the held-out days."""
    return judge_days(better.errors, worse.errors, seeded=(better.seeded, worse.seeded), margin=margin)
