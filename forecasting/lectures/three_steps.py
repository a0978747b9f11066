"""The three steps (Lee 2021, video 1) on one line: a function with two unknowns, its loss, and gradient descent.

y = b + w x, x being the day before. Views are counted in a power of ten near the channel's level: on raw views no
single learning rate moves both unknowns (the condition number on the sample is 4e8; in thousands 435).
"""

from dataclasses import dataclass

import numpy as np

from forecasting.formats import Views, units
from forecasting.lectures.claims import Claim, Judgement, claim, judge_days, judge_fact
from forecasting.lectures.lateness import MOST_DAYS_LATE, Lateness, best_shift
from forecasting.lectures.paths import descend, updates_to
from forecasting.lectures.surfaces import error_of_line, error_surface, exact_optimum, gradient_of_line
from forecasting.messages import N_, Message, Translate, english
from forecasting.series import Series
from forecasting.settings import Loss
from forecasting.split import Split
from forecasting.windows import Windows, make_windows

GRID = 48  # places along each unknown
SLOPES = (-0.75, 1.25)  # the lecture's
INTERCEPTS = (-1.0, 1.0)  # the lecture's, in thousands; widened where the best line lies outside
START = (-0.5, -0.8)
# Of the error against the day itself: by so much a line that is late is nearer to the day before. A flat line whose
# slope is no more than chance comes some hundredths nearer, by arithmetic alone.
NEARER = 0.1
NEAR = 0.01  # of the smallest loss: a descent that comes so near has arrived


@dataclass(frozen=True, eq=False)
class LineProblem:
    """A line to be fitted. `x` and `y` are training examples in units of `unit` views, and so is the intercept."""

    x: np.ndarray
    y: np.ndarray
    unit: float
    loss: Loss
    held_out: Windows  # in views

    def error(self, at: tuple[float, float]) -> float:
        """The training loss of slope and intercept, in units (MAE) or their square (MSE)."""
        return error_of_line(self.x, self.y, at, loss=self.loss)

    def predicted(self, at: tuple[float, float]) -> np.ndarray:
        """Views that a line foretells for the held-out days."""
        return at[0] * self.held_out.inputs[:, 0] + at[1] * self.unit

    def held_out_error(self, at: tuple[float, float]) -> float:
        """MAE in views on the held-out days."""
        return float(np.abs(self.predicted(at) - self.held_out.targets).mean())


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss over slopes (columns) and intercepts (rows), with its lowest point, exactly."""

    slopes: np.ndarray
    intercepts: np.ndarray
    heights: np.ndarray
    optimum: tuple[float, float]
    lowest: float


@dataclass(frozen=True, eq=False)
class Descent:
    """A path (updates + 1, 2) over slope and intercept with its losses; `arrived` is the first update near enough."""

    path: np.ndarray
    losses: np.ndarray
    arrived: int | None

    @property
    def end(self) -> tuple[float, float]:
        """Where it ended."""
        return float(self.path[-1, 0]), float(self.path[-1, 1])


def unit_of(views: np.ndarray) -> float:
    """The power of ten, of views, that the typical day has between one and ten of."""
    return float(10 ** max(np.floor(np.log10(max(np.nanmedian(views), 1))), 0))


def unit_name(unit: float, translate: Translate = english) -> str:
    """k for thousands, 10k for ten thousands, in Chinese 万 for these; nothing for single views."""
    for size, name in reversed(units(translate)):
        if unit >= size:
            return name.strip() if unit == size else f"{unit / size:.0f}{name}"
    return "" if unit == 1 else f"{unit:.0f}"


def line_problem(series: Series, split: Split, loss: Loss) -> LineProblem:
    """The examples of a split. Raises BadInput where it has none."""
    train, held_out = (make_windows(series, period, window=1) for period in (split.train, split.held_out))
    unit = unit_of(train.targets)
    return LineProblem(train.inputs[:, 0] / unit, train.targets / unit, unit, loss, held_out)


def landscape(problem: LineProblem) -> Landscape:
    """The error surface over the lecture's range, wide enough for the lowest point."""
    optimum = exact_optimum(problem.x, problem.y, problem.loss)
    slopes, intercepts = (
        np.linspace(min(low, 1.2 * best), max(high, 1.2 * best), GRID)
        for (low, high), best in zip((SLOPES, INTERCEPTS), optimum, strict=True)
    )
    heights = error_surface(problem.x, problem.y, slopes=slopes, intercepts=intercepts, loss=problem.loss)
    return Landscape(slopes, intercepts, heights, optimum, problem.error(optimum))


def descent(problem: LineProblem, lowest: float, start: tuple[float, float], *, rate: float, updates: int) -> Descent:
    """Full-batch gradient descent from a start."""
    path = descend(
        lambda at: gradient_of_line(problem.x, problem.y, at, loss=problem.loss),
        np.array(start),
        rate=rate,
        updates=updates,
    )
    with np.errstate(over="ignore", invalid="ignore"):
        losses = np.array([problem.error((at[0], at[1])) for at in path])
    return Descent(path, losses, updates_to(losses, (1 + NEAR) * lowest))


def cut(problem: LineProblem, land: Landscape, at: tuple[float, float], *, axis: int) -> tuple[np.ndarray, float]:
    """Points (places, 2) of the loss along one unknown (0 slope, 1 intercept) through `at`, and the slope there."""
    along = (land.slopes, land.intercepts)[axis]
    places = np.linspace(along[0], along[-1], 2 * GRID)
    slopes, intercepts = (places, np.array([at[1]])) if axis == 0 else (np.array([at[0]]), places)
    heights = error_surface(problem.x, problem.y, slopes=slopes, intercepts=intercepts, loss=problem.loss).ravel()
    gradient = gradient_of_line(problem.x, problem.y, np.array(at), loss=problem.loss)
    return np.stack([places, heights], axis=1), float(gradient[axis])


def is_late(problem: LineProblem, at: tuple[float, float]) -> Claim:
    """Whether the line foretells the day before: nearest to the real curve when that is moved by one day."""
    found = _lateness(problem, at)
    facts: dict[str, object] = {"now": "–", "before": "–", "w": f"{at[0]:.2f}".replace("-", "−")}
    sentence = N_(
        "Its error on held-out days is {now} views against the day itself, {before} against the day before (w = {w}; at"
        " w = 1 the two curves are the same)."
    )
    if found is None:
        judged = Judgement("cannot tell", np.nan)
    else:
        judged = judge_days(found.errors[1], found.errors[0], margin=NEARER)
        if judged.answer == "holds" and found.best != 1:
            judged = Judgement("does not hold here", judged.effect, judged.low, judged.high)
        facts |= {"now": Views(found.means[0]), "before": Views(found.means[1])}
    return claim(N_("The line is a day late"), judged, unit=N_("views"), sentence=Message(sentence, facts))


def arrives(descended: Descent, lowest: float) -> Claim:
    """Whether descent comes within 1 % of the smallest loss, and stays there to the end."""
    gap = float(descended.losses[-1] / lowest - 1) if lowest else 0.0
    judged = judge_fact(gap if np.isfinite(gap) else np.inf, NEAR)
    if not np.isfinite(gap):
        sentence = Message(N_("The loss runs away to infinity: the learning rate is too large."))
    elif descended.arrived is not None and judged.answer == "holds":
        sentence = Message(
            N_("Within 1 % of the exact optimum after {updates} updates."), {"updates": descended.arrived}
        )
    else:
        sentence = Message(N_("It ends {gap} above the exact optimum."), {"gap": f"{100 * gap:,.0f} %"})
    return claim(N_("Descent arrives"), judged, unit="", sentence=sentence)


def _lateness(problem: LineProblem, at: tuple[float, float]) -> Lateness | None:
    """On the longest run of held-out days without a gap; None where it is no longer than the shifts."""
    days = problem.held_out.days
    borders = np.flatnonzero(np.diff(days.to_numpy()) != np.timedelta64(1, "D")) + 1
    longest = max(np.split(np.arange(len(days)), borders), key=len)
    if len(longest) <= MOST_DAYS_LATE + 1:
        return None
    return best_shift(problem.held_out.targets[longest], problem.predicted(at)[longest])
