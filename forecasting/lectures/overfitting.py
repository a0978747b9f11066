"""Overfitting, and what helps (Lee 2021, video 3; d2l): toys, and a channel's own days.

The toys: a noisy quadratic met by polynomials; d2l's polynomial of degree 3 met by 4, 2 or 20 features; and d2l's
weight decay, 200 inputs of which 20 examples tell next to nothing. On a channel the line takes in day after day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import factorial
from typing import Any, Literal

import numpy as np

from forecasting.formats import Views
from forecasting.lectures.claims import TIMES, TOO_FEW_DAYS, Claim, Judgement, claim, judge_days, judge_ratios
from forecasting.lectures.learning_curves import Experiment, LearningCurve, judge_curves
from forecasting.lectures.nested_models import Examples, Fits, Linear, Problem, look_up
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import Split
from forecasting.windows import Windows, make_windows

Toy = Literal["quadratic", "polynomial", "decay", "channel"]
MOST_DEGREE, MOST_FEATURES, MOST_DAYS = 12, 20, 56
HELD_OUT = 200  # examples of a toy
DRAWS = 20  # of a toy, to tell what is chance
NOISE = 0.3  # standard deviation about the quadratic
D2L_COEFFICIENTS, D2L_NOISE = (5.0, 1.2, -3.4, 5.6), 0.1
RIDGES = (0.0, 1e-4, 1e-3, 0.01, 0.1, 1.0, 3.0)
UPDATES = tuple(int(count) for count in np.geomspace(1, 1e6, 25))  # at which early stopping may end
MORE = 4  # times the examples
VALIDATION = 0.2  # of a channel's training days


# Toys


def quadratic(points: int, seed: int = 0) -> Problem:
    """Powers of x in [-1, 1], of a quadratic with noise."""
    rng = np.random.default_rng((seed, points))

    def draw(count: int) -> Examples:
        x = rng.uniform(-1, 1, count)
        return Examples(powers(x, MOST_DEGREE), true_quadratic(x) + rng.normal(0, NOISE, count))

    return Problem(draw(points), draw(HELD_OUT), draw(HELD_OUT), range(1, MOST_DEGREE + 1))


def true_quadratic(x: np.ndarray) -> np.ndarray:
    """Without noise."""
    return 1 - x + 3 * x**2


def powers(x: np.ndarray, most: int) -> np.ndarray:
    """x, x^2, ... (examples, most)."""
    return x[:, None] ** np.arange(1, most + 1)


def polynomial(points: int, seed: int = 0) -> Problem:
    """d2l's: powers of a normal x over their factorials. The constant counts as a feature."""
    rng = np.random.default_rng((seed, points))

    def draw(count: int) -> Examples:
        x = rng.normal(size=count)
        return Examples(scaled_powers(x, MOST_FEATURES - 1), true_polynomial(x) + rng.normal(0, D2L_NOISE, count))

    return Problem(draw(points), draw(HELD_OUT), draw(HELD_OUT), range(1, MOST_FEATURES), constant=1)


def scaled_powers(x: np.ndarray, most: int) -> np.ndarray:
    """x, x^2 / 2!, x^3 / 3!, ... (examples, most)."""
    return powers(x, most) / np.array([float(factorial(power)) for power in range(1, most + 1)])


def true_polynomial(x: np.ndarray) -> np.ndarray:
    """Without noise."""
    constant, *higher = D2L_COEFFICIENTS
    return constant + scaled_powers(x, len(higher)) @ np.array(higher)


@dataclass(frozen=True, eq=False)
class Decay:
    """d2l's losses (epochs, 2), train and held-out, half the mean squared error; and how large the weights are."""

    losses: np.ndarray
    length: float


def weight_decay(strength: float, seed: int = 0) -> Decay:
    """d2l's experiment: 20 examples, 200 inputs, batches of 5, 100 epochs at a learning rate of 0.003."""
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(count, 200)) for count in (20, 100)]
    train, held_out = ((x, 0.01 * x.sum(axis=1) + 0.05 + rng.normal(0, 0.01, len(x))) for x in parts)
    weights, intercept = rng.normal(size=200), 0.0
    losses = []
    for _epoch in range(100):
        for batch in np.split(rng.permutation(20), 4):
            off = train[0][batch] @ weights + intercept - train[1][batch]
            weights = weights - 0.003 * (train[0][batch].T @ off / 5 + strength * weights)
            intercept -= 0.003 * float(off.mean())
        losses.append([0.5 * float(((x @ weights + intercept - y) ** 2).mean()) for x, y in (train, held_out)])
    return Decay(np.array(losses), float(np.linalg.norm(weights)))


def decay_helps(without: Sequence[Decay], decayed: Sequence[Decay]) -> Claim:
    """Whether weight decay lowers the held-out loss at the end, seed by seed."""
    first, second = (np.array([run.losses[-1, 1] for run in runs]) for runs in (without, decayed))
    facts = {"without": f"{first.mean():.3g}", "decayed": f"{second.mean():.2g}"}
    sentence = N_("Held-out loss after 100 epochs is {without} without it and {decayed} with λ = 3.")
    return claim(N_("Weight decay helps"), judge_ratios(first, second), unit=TIMES, sentence=Message(sentence, facts))


# The channel


def channel_windows(series: Series, split: Split) -> tuple[Windows, Windows]:
    """Training and held-out windows of MOST_DAYS days. Raises BadInput where there are none."""
    train, held_out = (make_windows(series, period, MOST_DAYS) for period in (split.train, split.held_out))
    return train, held_out


def channel_problem(windows: tuple[Windows, Windows], days: int) -> Problem:
    """The last `days` of training (0 for all), the day before first; the last fifth of them is for choosing."""
    train, held_out = (Examples(part.inputs[:, ::-1], part.targets) for part in windows)
    begin = max(len(train.targets) - days, 0) if days else 0
    cut = len(train.targets) - max(round(VALIDATION * (len(train.targets) - begin)), 1)
    if cut - begin < 2:
        raise BadInput(N_("The training period is too short for a validation part; choose a smaller share."))
    learnt, chosen = (
        Examples(train.inputs[part], train.targets[part]) for part in (slice(begin, cut), slice(cut, None))
    )
    return Problem(learnt, chosen, held_out, range(1, MOST_DAYS + 1), "mae")


def tables_answers(windows: tuple[Windows, Windows], window: int) -> np.ndarray:
    """What a look-up table of all training days answers for each held-out day, by so many days before it, in views."""
    train, held_out = windows
    return look_up(Examples(train.inputs[:, -window:], train.targets), held_out.inputs[:, -window:])


def table_loses(windows: tuple[Windows, Windows], window: int) -> Claim:
    """Whether a line errs less on held-out days than a look-up table, both of all training days and so many inputs."""
    train, held_out = windows
    line = Fits(Examples(train.inputs[:, -window:], train.targets)).least_squares(window)
    by_line = np.abs(line.predict(held_out.inputs[:, -window:]) - held_out.targets)
    by_table = np.abs(tables_answers(windows, window) - held_out.targets)
    facts = {name: Views(float(errors.mean())) for name, errors in (("line", by_line), ("table", by_table))}
    sentence = N_("From {window} days, held-out MAE is {table} with the table (train loss 0), {line} with a line.")
    judged = judge_days(by_line, by_table)
    return claim(
        N_("A look-up table loses to a line"),
        judged,
        unit=N_("views"),
        sentence=Message(sentence, facts | {"window": window}),
    )


# The lowest loss lies inside


def lies_inside(problems: Sequence[Problem], ridge: float = 0.0) -> Claim:
    """Whether the complexity that validation chooses errs less than both the least and the most complex model.

    On a channel (one problem) by its held-out days; on a toy by its draws, in the ratio of losses.
    """
    judged, chosen = _by_days(problems[0], ridge) if len(problems) == 1 else _by_draws(problems, ridge)
    few, many = (problems[0].complexities[end] for end in (0, -1))
    facts = {name: at + problems[0].constant for name, at in (("chosen", chosen), ("few", few), ("many", many))}
    sentence = N_("Validation chooses {chosen}, to be compared with {few} and {many} on held-out data.")
    unit = N_("views") if len(problems) == 1 else TIMES
    return claim(N_("The lowest held-out loss lies inside"), judged, unit=unit, sentence=Message(sentence, facts))


def _by_days(problem: Problem, ridge: float) -> tuple[Judgement, int]:
    place = int(problem.curve(ridge)[:, 1].argmin())
    models = [problem.fits.least_squares(problem.complexities[at], ridge) for at in (place, 0, -1)]
    best, few, many = (problem.errors(model, problem.held_out) for model in models)
    return _weaker(judge_days(best, few), judge_days(best, many)), problem.complexities[place]


def _by_draws(problems: Sequence[Problem], ridge: float) -> tuple[Judgement, int]:
    curves = np.array([problem.curve(ridge) for problem in problems])
    places = curves[:, :, 1].argmin(axis=1)
    best = curves[np.arange(len(curves)), places, 2]
    return _weaker(*(judge_ratios(curves[:, end, 2], best) for end in (0, -1))), problems[0].complexities[
        int(np.median(places))
    ]


def _weaker(one: Judgement, other: Judgement) -> Judgement:
    """Both must hold: the answer that speaks less for the claim."""
    order = ("does not hold here", "cannot tell", "holds")
    return min(one, other, key=lambda judged: (order.index(judged.answer), judged.effect))


# Remedies


@dataclass(frozen=True)
class Remedy:
    """What a remedy came to: held-out loss (NaN where it is not known) and whether it helped."""

    name: str  # marked for translation
    loss: float
    judged: Judgement | None = None  # None for no remedy


NONE, RIDGE, STOPPED, FEWER, MORE_DATA = (
    N_("No remedy"),
    N_("Weight decay"),
    N_("Early stopping"),
    N_("Fewer features"),
    N_("More data"),
)


def toy_remedies(make: Callable[[int, int], Problem], points: int, columns: int) -> list[Remedy]:
    """Each remedy at some complexity, its strength chosen by validation; median held-out losses over DRAWS draws."""
    losses = np.array([_remedied(make(points, seed), make(MORE * points, seed), columns) for seed in range(DRAWS)])
    middle = np.median(losses, axis=0)
    judged = [judge_ratios(losses[:, 0], losses[:, place]) for place in range(1, losses.shape[1])]
    found = [Remedy(NONE, float(middle[0]))]
    names = (RIDGE, STOPPED, FEWER, MORE_DATA)
    return found + [Remedy(*each) for each in zip(names, map(float, middle[1:]), judged, strict=True)]


def _remedied(problem: Problem, larger: Problem, columns: int) -> list[float]:
    """Held-out losses without a remedy, and with each."""
    fits = problem.fits
    models: list[Linear] = [
        fits.least_squares(columns),
        problem.chosen([fits.least_squares(columns, ridge) for ridge in RIDGES]),
        problem.chosen([fits.after(columns, updates) for updates in UPDATES]),
        problem.chosen([fits.least_squares(fewer) for fewer in range(1, columns + 1)]),
    ]
    return [problem.loss(model, problem.held_out) for model in models] + [
        larger.loss(larger.fits.least_squares(columns), larger.held_out)
    ]


REMEDIES = (NONE, RIDGE, STOPPED, N_("Dropout"), FEWER, N_("Fewer units"), MORE_DATA)
BASE_DAYS, EPOCHS, SEEDS = 365, 100, 5


def remedy_runs(split: Split) -> tuple[RunSettings, ...]:
    """A network that overfits its last year of training, then the same with each remedy, in the order of REMEDIES."""
    base = RunSettings(
        split,
        Architecture("relu", MOST_DAYS, 1, 100),
        Training(epochs=EPOCHS, seeds=SEEDS),
        regularisation=Regularisation(train_days=BASE_DAYS),
    )

    def kept(**remedy: Any) -> RunSettings:
        return replace(base, regularisation=replace(base.regularisation, **remedy))

    return (
        base,
        kept(weight_decay=0.01),
        kept(validation=VALIDATION, patience=10),
        kept(dropout=0.3),
        replace(base, architecture=replace(base.architecture, window=7)),
        replace(base, architecture=replace(base.architecture, units=10)),
        kept(train_days=0),
    )


def channel_remedies(experiment: Experiment) -> list[Remedy]:
    """Each remedy against none by held-out MAE in views; as many as have been trained."""
    none, *curves = experiment.curves
    found = [Remedy(NONE, none.error)]
    names = REMEDIES[1 : len(curves) + 1]
    return found + [
        Remedy(name, curve.error, judge_curves(curve, none)) for name, curve in zip(names, curves, strict=True)
    ]


REMEDY_CLAIMS = {
    RIDGE: N_("Weight decay helps"),
    MORE_DATA: N_("More training days help"),
}


def remedy_helps(remedy: str, remedied: LearningCurve, none: LearningCurve, *, train_days: int) -> Claim:
    """Whether a remedy of REMEDY_CLAIMS lowers the held-out loss of the network of `remedy_runs`.

    `train_days` are the split's: where there are hardly more than the network learns from anyhow, nothing was added.
    """
    judged = judge_curves(remedied, none)
    if remedy == MORE_DATA and train_days < 2 * BASE_DAYS:
        lacking = Message(TOO_FEW_DAYS, {"days": train_days, "needed": 2 * BASE_DAYS})
        judged = Judgement("cannot tell", judged.effect, lacking=lacking)
    facts = {"remedied": Views(remedied.error), "none": Views(none.error), "days": BASE_DAYS}
    sentence = N_("100 ReLU that learn from {days} days: held-out MAE is {remedied} with it, {none} without.")
    return claim(REMEDY_CLAIMS[remedy], judged, unit=N_("views"), sentence=Message(sentence, facts))
