"""The last held-out weeks: real views, and what was predicted of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.messages import N_, Translate
from forecasting.windows import Windows
from pages.parts.stage import PREDICTED, REAL, Axis, Line, stage, views_axis

WEEKS = 8 * 7  # days shown
TICKS = 14  # days between two
ROOM = 0.2  # above and below, as a share of the range


@dataclass(frozen=True)
class Prediction:
    """A curve: views of all held-out days (days,)."""

    values: np.ndarray
    label: str
    colour: int = PREDICTED
    dashed: bool = False


def draw_weeks(
    held_out: Windows,
    predictions: Sequence[Prediction],
    *,
    translate: Translate,
    alt: str,
    height: int,
    whole: bool = False,
) -> None:
    """Draw them, with room for the real views; `whole` for the predictions too, which are finite then."""
    places = np.arange(len(held_out.days[-WEEKS:]))
    curves = [Prediction(held_out.targets, translate(N_("Real views")), REAL), *predictions]
    stage(
        "weeks",
        x=days_axis(held_out.days[-WEEKS:], translate),
        y=_axis_around([curve.values[-WEEKS:] for curve in (curves if whole else curves[:1])], translate),
        translate=translate,
        lines=[
            Line(np.stack([places, curve.values[-WEEKS:]], axis=1), curve.label, curve.colour, dashed=curve.dashed)
            for curve in curves
        ],
        height=height,
        alt=alt,
    )


def days_axis(days: pd.DatetimeIndex, translate: Translate, *, every: int = TICKS) -> Axis:
    """Held-out days one after the other, from 0, with a tick at `every` so many."""
    names = [str(day.date()) for day in days]
    ticks = [(place, names[place][5:]) for place in range(0, len(names), every)]
    return Axis(translate(N_("Held-out day")), 0, max(len(names) - 1, 1), ticks=ticks, names=names)


def _axis_around(curves: Sequence[np.ndarray], translate: Translate) -> Axis:
    low, high = float(np.min(curves)), float(np.max(curves))
    room = ROOM * max(high - low, 0.1 * high, 1.0)
    return views_axis(translate(N_("Views a day")), max(low - room, 0), high + room)
