"""Bending a line (Lee 2021, video 2): a channel's own curves to be drawn with ramps, and what bending is worth.

The week has the mean views of each weekday, the year the mean of four weeks around every sixth day, and yesterday the
mean views of the days after such as had about as many: none of these is straight.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.formats import Views
from forecasting.lectures.claims import Claim, Judgement, claim, judge_fact
from forecasting.lectures.learning_curves import Experiment, judge_curves
from forecasting.lectures.ramps import Corners, best_ramps, error
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Split
from forecasting.typical_range import WEEK

Target = Literal["week", "year", "yesterday"]
MOST_PIECES = 6  # to drag; twice as many are looked at
MONTH, YEAR = 28, 365  # days
FEWEST = 2 * WEEK  # days of which a weekday's mean is made
EVERY = 6  # days: a year's curve has about sixty points
BINS = 24  # of days by their views
FEWEST_POINTS = 3  # two are a line
LEFT = 0.6  # of the error: what twice the pieces may leave at most
NOTHING = 1e-9  # of a curve's level: an error as small as rounding
WINDOW, UNITS, EPOCHS, SEEDS = 56, 100, 60, 5  # of the network that bends; window and units are the lecture's


@dataclass(frozen=True, eq=False)
class Curve:
    """What is to be drawn: `y` (points,) in views at rising `x` (points,)."""

    x: np.ndarray
    y: np.ndarray
    days: pd.DatetimeIndex | None = None  # of x = 0, 1, 2, ... where that counts days

    @property
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The lower left and the upper right end of where corners may stand."""
        room = max(0.3 * float(np.ptp(self.y)), 0.05 * float(np.abs(self.y).max()), 1.0)
        return (float(self.x[0]), max(float(self.y.min()) - room, 0.0)), (float(self.x[-1]), float(self.y.max()) + room)


@dataclass(frozen=True, eq=False)
class Best:
    """The best curves of 1, 2, ... pieces with their errors, in views."""

    corners: list[Corners]
    errors: np.ndarray

    def error(self, pieces: int) -> float:
        """Of the best curve of so many; more than there are points for change nothing."""
        return float(self.errors[min(pieces, len(self.errors)) - 1])


def curve_of(series: Series, target: Target) -> Curve:
    """A channel's curve. Raises BadInput where it has too few measured days for it."""
    measured = series.measured.dropna()
    needed = {"week": FEWEST, "year": 3 * MONTH, "yesterday": 3 * BINS}[target]
    if len(measured) < needed:
        raise BadInput(
            N_("{days} measured days are too few for this curve, which needs {needed}."),
            days=len(measured),
            needed=needed,
        )
    curve = {"week": _week, "year": _year, "yesterday": _yesterday}[target](series.measured)
    if len(curve.x) < FEWEST_POINTS:
        raise BadInput(N_("The channel's days are too much alike for this curve."))
    return curve


def _week(measured: pd.Series) -> Curve:
    """From Monday to Monday. A weekday that is never measured is left out."""
    known = measured.dropna()
    means = known.groupby(known.index.day_of_week).mean()
    places, views = means.index.to_numpy(float), means.to_numpy()
    return Curve(np.append(places, places[0] + WEEK), np.append(views, views[0]))


def _year(measured: pd.Series) -> Curve:
    """The last year; without days around which nothing is measured."""
    level = measured.rolling(MONTH, min_periods=MONTH // 2, center=True).mean()[-YEAR:]
    places = np.arange(len(level))[::EVERY]
    views = level.to_numpy()[places]
    there = np.isfinite(views)
    return Curve(places[there].astype(float), views[there], level.index)


def _yesterday(measured: pd.Series) -> Curve:
    """Mean views of the day after, by those of the day: as many days in each bin."""
    pairs = pd.DataFrame({"x": measured.shift(), "y": measured}).dropna().sort_values("x")
    points = np.array([part.mean(axis=0) for part in np.array_split(pairs.to_numpy(), BINS) if len(part)]).reshape(
        -1, 2
    )
    rising = np.flatnonzero(np.diff(points[:, 0], prepend=-np.inf) > 0)
    return Curve(points[rising, 0], points[rising, 1])


def best_of(curve: Curve) -> Best:
    """The best curves of up to twice the pieces that are dragged, or as many as there are points for."""
    corners = best_ramps(curve.x, curve.y, min(2 * MOST_PIECES, len(curve.x) - 1))
    return Best(corners, np.array([error(each, curve.x, curve.y) for each in corners]))


def in_order(points: list[tuple[float, float]], curve: Curve) -> Corners:
    """Corners (pieces + 1, 2) from where they were dragged, from left to right and a little apart."""
    corners = np.array(sorted(points), float)
    gap = 1e-3 * (curve.x[-1] - curve.x[0])
    steps = gap * np.arange(len(corners))
    corners[:, 0] = np.maximum.accumulate(corners[:, 0] - steps) + steps
    return corners


def level_corners(curve: Curve, pieces: int) -> list[tuple[float, float]]:
    """A flat line at the curve's mean, with its corners spread evenly: what one begins with."""
    return [(float(place), float(curve.y.mean())) for place in np.linspace(curve.x[0], curve.x[-1], pieces + 1)]


def halves(best: Best, pieces: int, level: float) -> Claim:
    """Whether twice the pieces leave less than LEFT of the error; `level` is that of the curve, in views."""
    one, two = best.error(pieces), best.error(2 * pieces)
    facts = {"pieces": pieces, "twice": 2 * pieces, "one": Views(one), "two": Views(two)}
    judged = judge_fact(two / one, LEFT) if one > NOTHING * level else Judgement("cannot tell", np.nan)
    sentence = N_("At their best, {pieces} pieces leave an error of {one} views, {twice} pieces {two}.")
    return claim(
        N_("Twice the pieces leave under 0.6 of the error"), judged, unit="", sentence=Message(sentence, facts)
    )


def bending_runs(split: Split) -> tuple[RunSettings, RunSettings]:
    """A line, solved exactly, and a network that bends it, on as many days."""
    return (
        RunSettings(split, Architecture("linear", WINDOW), Training(optimizer="exact", seeds=1)),
        RunSettings(split, Architecture("relu", WINDOW, 1, UNITS), Training(epochs=EPOCHS, seeds=SEEDS)),
    )


def bending_pays(experiment: Experiment) -> Claim:
    """Whether the network errs less than the line on held-out days."""
    line, network = experiment.curves
    facts = {"line": Views(line.error), "network": Views(network.error), "units": UNITS}
    sentence = N_("Held-out MAE is {network} with {units} ReLU, {line} with a line.")
    return claim(N_("Bending pays"), judge_curves(network, line), unit=N_("views"), sentence=Message(sentence, facts))
