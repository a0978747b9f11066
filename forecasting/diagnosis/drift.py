"""Whether two periods are alike: level, week, error distribution, and a classifier that tries to tell them apart.

Every difference between training and held-out period stands beside the same difference inside the training period, its
last part against the days before: a channel that always changed is not drifting because it changed once more.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import ks_2samp, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from forecasting.diagnosis.changes import first_targets, level_change, week_change
from forecasting.messages import N_
from forecasting.typical_range import WEEK
from forecasting.windows import Windows

STRETCH = 28  # days that are kept together when the classifier is judged
DRIFT_NAMES = {
    "level": N_("Level of views"),
    "week": N_("Share of each weekday"),
    "errors": N_("Distribution of errors"),
    "classifier": N_("Classifier that tells the periods apart"),
}
UNITS = {  # what a difference is a share of
    "level": N_("change of the mean"),
    "week": N_("largest change of a weekday's share"),
    "errors": N_("largest distance of the two distributions, 100 % where they do not overlap"),
    "classifier": N_("0 % is guessing, 100 % is always right"),
}


@dataclass(frozen=True)
class Drift:
    """One difference between the periods, in its own unit, beside the same inside the training period."""

    name: str  # of DRIFT_NAMES
    between: float
    inside: float
    limit: float  # what `between` must exceed, by itself, to count

    @property
    def found(self) -> bool:
        """Whether the periods differ by more than is usual on this channel."""
        return self.between > max(self.limit, 1.5 * self.inside)


def drifts(
    train: Windows, held_out: Windows, *, train_errors: np.ndarray, held_out_errors: np.ndarray
) -> tuple[Drift, ...]:
    """All tests. Errors are signed, in views, of validation (train days, NaN where unknown) and of the held-out days.

    `train_errors` belong to `train`, day by day; the control cuts from its end as many days as are held out, a half
    at most.
    """
    cut = len(train) - min(len(held_out), len(train) // 2)
    inside = (train[:cut], train[cut:]), (train_errors[:cut], train_errors[cut:])
    between = (train, held_out), (train_errors, held_out_errors)
    measures: dict[str, tuple[Callable, int, float]] = {
        "level": (level_change, 0, 0.15),
        "week": (week_change, 0, 0.05),
        "errors": (error_change, 1, 0.15),
        "classifier": (telling_apart, 0, 0.4),
    }
    return tuple(
        Drift(name, measure(*between[place]), measure(*inside[place]), limit)
        for name, (measure, place, limit) in measures.items()
    )


def error_change(before: np.ndarray, after: np.ndarray) -> float:
    """Largest distance between the two distribution functions (Kolmogorov and Smirnov), from 0 to 1."""
    known = [part[np.isfinite(part)] for part in (before, after)]
    return float(ks_2samp(*known, method="asymp").statistic) if min(map(len, known)) else 0.0


def telling_apart(before: Windows, after: Windows) -> float:
    """How well a classifier that sees a window's shape tells the periods apart (adversarial validation).

    0 is no better than chance, 1 is always right: twice the area under its ROC curve, less 1. The window is divided by
    its mean, so growth alone tells nothing; stretches of days are kept together, so neighbours do not tell either.
    """
    features = np.concatenate([_shape(before), _shape(after)])
    late = np.repeat([0, 1], [len(before), len(after)])
    groups = np.concatenate([np.arange(len(part)) // STRETCH + 10_000 * k for k, part in enumerate((before, after))])
    if len(set(groups[late == 1])) < 2 or len(set(groups[late == 0])) < 2:
        return 0.0
    scores = np.full(len(late), np.nan)
    for fit, judge in GroupKFold(2).split(features, late, groups):
        if 0 < late[fit].mean() < 1:
            model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, early_stopping=False, random_state=0)
            scores[judge] = rankdata(model.fit(features[fit], late[fit]).predict_proba(features[judge])[:, 1])
    known = np.isfinite(scores)
    if len(set(late[known])) < 2:
        return 0.0
    return max(2 * float(roc_auc_score(late[known], scores[known])) - 1, 0.0)


def _shape(part: Windows) -> np.ndarray:
    """The last 14 days and the target (windows, 15 at most), over their mean, with the weekday."""
    whole = np.column_stack([part.inputs[:, -2 * WEEK :], first_targets(part)])
    mean = whole.mean(axis=1, keepdims=True)
    return np.column_stack([whole / np.where(mean == 0, 1, mean), part.days.day_of_week])
