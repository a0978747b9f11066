"""Tomorrow down, flat or up: classification on one's own channel, by softmax regression, with numpy alone.

The inputs are the last weeks' logarithms, each against their mean: so the level tells nothing, and growth changes
nothing. All is judged by the log loss, -log of the probability that was given to what happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecasting.formats import format_percent, format_three_digits
from forecasting.lectures.claims import MARGIN, Claim, cannot_tell, claim, judge_days
from forecasting.lectures.class_losses import log_sum_exp, softmax
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.split import Split
from forecasting.typical_range import WEEK
from forecasting.windows import Windows, make_windows

CLASSES = (N_("Down"), N_("Flat"), N_("Up"))
WINDOW = 28  # days of input
FLAT = 0.03  # share of the day's views by which the next may differ and still be flat
FEWEST_OF_A_CLASS = 20  # training days
RIDGE = 10.0
FARTHEST = 5.0  # standard deviations of an input: a viral day says no more than this
MOST_STEPS = 60  # of Newton; about eight are needed
SETTLED = 1e-9  # of an example: the slope of the loss that counts as none
UNITS, EPOCHS, SEEDS = 32, 30, 5  # of the networks
WEIGHT_DECAY = 0.01
BINS = 10  # of predicted probability
TOO_FEW_OF_A_CLASS = N_("{days} training days of the rarest class, {needed} needed")


def label(today: np.ndarray, tomorrow: np.ndarray, flat: float = FLAT) -> np.ndarray:
    """Places in CLASSES (days,): by more than `flat` below today, within it, above it.

    >>> label(np.array([100.0, 100, 100, 0, 0]), np.array([96.9, 97.1, 103.1, 0, 1]))
    array([0, 1, 2, 1, 2])
    """
    return 1 + (tomorrow > (1 + flat) * today) - (tomorrow < (1 - flat) * today)


@dataclass(frozen=True, eq=False)
class SoftmaxRegression:
    """`weights` (inputs, classes) and `intercepts` (classes,)."""

    weights: np.ndarray
    intercepts: np.ndarray

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """Of each class (examples, classes)."""
        return softmax(inputs @ self.weights + self.intercepts)


def fit(inputs: np.ndarray, labels: np.ndarray, ridge: float = RIDGE) -> SoftmaxRegression:
    """Minimises the sum of log losses plus half of `ridge` times the squared weights, by Newton's method.

    `inputs` (examples, columns), `labels` (examples,) from 0 up, each at least once.
    """
    design = np.column_stack([inputs, np.ones(len(inputs))])
    actual = np.eye(labels.max() + 1)[labels]
    penalty = np.append(np.full(inputs.shape[1], ridge), 0.0)[:, None]
    unknowns = np.zeros((design.shape[1], actual.shape[1]))
    height = _penalised(design, actual, unknowns, penalty)
    for _step in range(MOST_STEPS):
        probabilities = softmax(design @ unknowns)
        slope = design.T @ (probabilities - actual) + penalty * unknowns
        if np.abs(slope).max() <= SETTLED * len(inputs):
            break
        step = _newton(design, probabilities, slope, penalty)
        share = 1.0
        while (lower := _penalised(design, actual, unknowns - share * step, penalty)) > height and share > SETTLED:
            share /= 2
        unknowns, height = unknowns - share * step, lower
    return SoftmaxRegression(unknowns[:-1], unknowns[-1])


def _penalised(design: np.ndarray, actual: np.ndarray, unknowns: np.ndarray, penalty: np.ndarray) -> float:
    logits = design @ unknowns
    return float(log_sum_exp(logits).sum() - (logits * actual).sum() + (penalty * unknowns**2).sum() / 2)


def _newton(design: np.ndarray, probabilities: np.ndarray, slope: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """The step (columns, classes). Intercepts may all rise alike without effect; their sum is held still."""
    columns, classes = slope.shape
    hessian = np.zeros((classes, columns, classes, columns))
    for one in range(classes):
        for other in range(classes):
            share = probabilities[:, one] * ((one == other) - probabilities[:, other])
            hessian[one, :, other] = design.T @ (share[:, None] * design)
        hessian[one, :, one] += np.diag(penalty[:, 0])
    hessian[:, -1, :, -1] += 1.0
    flat = hessian.reshape(classes * columns, classes * columns)
    return np.linalg.solve(flat, slope.T.ravel()).reshape(classes, columns).T


# On a channel


@dataclass(frozen=True, eq=False)
class Part:
    """One period: `inputs` (days, WINDOW), `labels` and those of the same day last week (days,), the change (days,)."""

    inputs: np.ndarray
    labels: np.ndarray
    last_week: np.ndarray
    changes: np.ndarray  # of tomorrow against today, as a share


@dataclass(frozen=True, eq=False)
class ClassProblem:
    """Both periods; inputs are in standard deviations of the training days."""

    train: Part
    held_out: Part

    @property
    def counts(self) -> np.ndarray:
        """Training days of each class."""
        return np.bincount(self.train.labels, minlength=len(CLASSES))

    @property
    def lacking(self) -> Message | None:
        """Why classes cannot be told; None where they can."""
        rarest = int(self.counts.min())
        few = Message(TOO_FEW_OF_A_CLASS, {"days": rarest, "needed": FEWEST_OF_A_CLASS})
        return few if rarest < FEWEST_OF_A_CLASS else None

    @property
    def shares(self) -> np.ndarray:
        """Probabilities (held-out days, classes) of somebody who knows how common each class is."""
        counted = self.counts + 1
        return np.tile(counted / counted.sum(), (len(self.held_out.labels), 1))

    @property
    def after_last_week(self) -> np.ndarray:
        """Probabilities (held-out days, classes) by what the same day last week was: its shares on training days."""
        counts = np.ones((len(CLASSES), len(CLASSES)))
        np.add.at(counts, (self.train.last_week, self.train.labels), 1)
        return (counts / counts.sum(axis=1, keepdims=True))[self.held_out.last_week]

    def losses(self, probabilities: np.ndarray) -> np.ndarray:
        """Log losses (..., held-out days) of probabilities (..., held-out days, classes)."""
        given = np.take_along_axis(probabilities, self._actual(probabilities), axis=-1)[..., 0]
        return -np.log(np.maximum(given, np.finfo(float).tiny))

    def accuracy(self, probabilities: np.ndarray) -> float:
        """The share of held-out days whose likeliest class came."""
        return float((probabilities.argmax(axis=-1) == self.held_out.labels).mean())

    def _actual(self, probabilities: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.held_out.labels[:, None], (*probabilities.shape[:-1], 1))


def class_problem(series: Series, split: Split, flat: float = FLAT) -> ClassProblem:
    """The classes of a split. Raises BadInput where it has too few days."""
    train, held_out = (make_windows(series, period, WINDOW) for period in (split.train, split.held_out))
    shapes = [_shape(part) for part in (train, held_out)]
    mean, spread = shapes[0].mean(axis=0), shapes[0].std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    inputs = [np.clip((shape - mean) / spread, -FARTHEST, FARTHEST) for shape in shapes]
    return ClassProblem(_part(train, inputs[0], flat), _part(held_out, inputs[1], flat))


def _shape(windows: Windows) -> np.ndarray:
    """Logarithms of the views of a window, against their mean."""
    logs = np.log1p(windows.inputs)
    return logs - logs.mean(axis=1, keepdims=True)


def _part(windows: Windows, inputs: np.ndarray, flat: float) -> Part:
    today, week_ago, before = windows.inputs[:, -1], windows.inputs[:, -WEEK], windows.inputs[:, -WEEK - 1]
    changes = windows.targets / np.where(today > 0, today, 1.0) - 1
    return Part(inputs, label(today, windows.targets, flat), label(before, week_ago, flat), changes)


def predicted(problem: ClassProblem) -> np.ndarray:
    """Probabilities (held-out days, classes) by softmax regression; needs a day of each class."""
    return fit(problem.train.inputs, problem.train.labels).probabilities(problem.held_out.inputs)


@dataclass(frozen=True)
class ClassForecast:
    """What networks say: probabilities (seeds, held-out days, classes); empty while a worker is at it."""

    probabilities: np.ndarray


@dataclass(frozen=True, eq=False)
class Reliability:
    """By bins of predicted probability: their mean, how often the class came, and how many there were."""

    predicted: np.ndarray
    observed: np.ndarray
    counts: np.ndarray


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> Reliability:
    """Whether what is called 70 % comes 70 times of a hundred: all classes together, bins of equal width.

    `probabilities` (examples, classes), `labels` (examples,). Empty bins are left out.
    """
    said = probabilities.ravel()
    came = np.eye(probabilities.shape[1])[labels].ravel()
    places = np.minimum((said * bins).astype(int), bins - 1)
    counts = np.bincount(places, minlength=bins)
    kept = counts > 0
    mean_said, mean_came = (np.bincount(places, values, bins)[kept] / counts[kept] for values in (said, came))
    return Reliability(mean_said, mean_came, counts[kept])


def confusion(labels: np.ndarray, guessed: np.ndarray, classes: int = len(CLASSES)) -> np.ndarray:
    """How many examples (actual, guessed) there are of each pair."""
    return np.bincount(classes * labels + guessed, minlength=classes**2).reshape(classes, classes)


# Claims

UNIT = N_("log loss")
COMMONEST, LAST_WEEK = N_("Tomorrow's class beats the commonest class"), N_("It beats the class of last week")


def beats_commonest(problem: ClassProblem, probabilities: np.ndarray | None) -> Claim:
    """Whether the log loss is below that of the classes' shares. `probabilities` ([seeds,] held-out days, classes)."""
    return _beats(problem, probabilities, problem.shares, COMMONEST)


def beats_last_week(problem: ClassProblem, probabilities: np.ndarray | None) -> Claim:
    """Whether it is below that of what followed the same class last week, on training days."""
    return _beats(problem, probabilities, problem.after_last_week, LAST_WEEK)


def _beats(problem: ClassProblem, probabilities: np.ndarray | None, baseline: np.ndarray, name: str) -> Claim:
    if problem.lacking:
        return cannot_tell(name, problem.lacking)
    assert probabilities is not None, "no class is too rare"
    own, other, unknown = (problem.losses(each) for each in (probabilities, baseline, problem.shares))
    # A share of what is lost where nothing is known: of a baseline that is nearly always right it would be nothing.
    margin = MARGIN * float(unknown.mean() / other.mean())
    judged = judge_days(own, other, seeded=(probabilities.ndim == 3, False), margin=margin)
    skill = 1 - own.mean() / other.mean()
    sentence = Message(
        N_("Log loss {own} instead of {other}, skill {skill}."),
        {
            "own": format_three_digits(own.mean()),
            "other": format_three_digits(other.mean()),
            "skill": format_percent(skill).replace("-", "−"),
        },
    )
    return claim(name, judged, unit=UNIT, sentence=sentence)


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """What this chapter claims of a channel's classes, by softmax regression."""
    try:
        problem = class_problem(series, split)
    except BadInput as short:
        yield from (cannot_tell(name, short.message) for name in (COMMONEST, LAST_WEEK))
        return
    probabilities = None if problem.lacking else predicted(problem)
    yield beats_commonest(problem, probabilities)
    yield beats_last_week(problem, probabilities)
