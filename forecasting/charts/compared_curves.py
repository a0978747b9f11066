"""Curves of several runs on shared axes: their losses, and below them the length of their gradients."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from forecasting.charts.curves import ALONG
from forecasting.charts.marks import (
    BY_RUN,
    HELD_OUT,
    POINTS,
    TRAIN,
    colour_by,
    epoch_axis,
    height_with_legend,
    hover,
    layered,
    level_lines,
    loss_axis,
    loss_words,
    shape_by,
    views_tip,
)
from forecasting.charts.training import thin
from forecasting.messages import N_, Translate, english

FAINT = 0.3  # opacity of the raw line under an averaged one
MARKED_PLACES = 5  # on a curve
GRADIENT_HEIGHT = 150  # pixels
SAME_WIDTH: dict[str, Any] = {"minExtent": 46, "maxExtent": 46}  # pixels for labels: charts below each other meet
BOTH: tuple[str, ...] = ("train", "held_out")
SHOWN = {"both": BOTH, "held_out": BOTH[1:], "train": BOTH[:1]}
PERIODS = {"both": N_("Train and held-out"), "held_out": HELD_OUT, "train": TRAIN}
LOOKS: dict[str, dict[str, Any]] = {
    "train": {"strokeWidth": 1.2, "strokeDash": [4, 2]},
    "held_out": {"strokeWidth": 2.5},
}


@dataclass(frozen=True)
class CurveView:
    """How curves are looked at."""

    along: str = "epoch"  # one of ALONG
    log: bool = True  # losses in logarithms
    averaged: bool = False  # averaged curves stand over the raw ones
    period: str = "both"  # one of PERIODS
    last: float = 1.0  # the share of the axis that is shown, up to its end

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the losses shown."""
        return SHOWN[self.period]

    def column(self, name: str) -> str:
        """The column of a loss that is drawn strongest."""
        return f"{name}_smooth" if self.averaged else name

    @property
    def zoomed(self) -> bool:
        """Whether a part is looked at, which shall fill the chart."""
        return self.last < 1 or self.period != "both"


WHOLE = CurveView()


@dataclass(frozen=True)
class _Canvas:
    """Axes and colours that all marks share."""

    runs: Sequence[str]
    translate: Translate
    view: CurveView
    end: float  # of the horizontal axis
    loss: str = ""  # what the losses are called

    def y(self, column: str) -> alt.Y:
        """A loss up the side."""
        words = loss_words(self.loss, self.view.log, self.translate)
        return loss_axis(column, *words, translate=self.translate, **SAME_WIDTH)

    @property
    def start(self) -> float:
        return (1 - self.view.last) * self.end

    @property
    def x(self) -> alt.X:
        return epoch_axis(self.end, self.translate, ALONG[self.view.along], start=self.start)

    @property
    def colour(self) -> alt.Color:
        return colour_by(self.translate, self.runs, self.runs, field="run")


def compared_curves(
    curves: pd.DataFrame,
    runs: Sequence[str],
    loss: str,
    *,
    view: CurveView = WHOLE,
    translate: Translate = english,
    levels: dict[str, float] | None = None,
    floor: float | None = None,
) -> alt.LayerChart:
    """Loss curves of several runs, train thin and dashed, held-out strong; each run has a colour and a marker.

    `curves` has run, the columns of a `full_curve`, and solved, which is true for a run that is solved at once: what
    stands in a single row is drawn as a level line. Level lines that lie outside of a part looked at are left out.
    """
    placed, canvas = _placed(curves, runs, view, translate)
    canvas = replace(canvas, loss=loss)
    if view.zoomed:
        levels, floor = _within(placed[list(view.shown)], levels or {}, floor)
    lines = level_lines(levels or {}, floor, canvas.end, colour=BY_RUN, translate=translate, start=canvas.start)
    layers = [*_losses(placed, canvas), _markers(placed, canvas, view.column(view.shown[-1]))]
    return layered(*layers, *lines, *_run_hover(placed, canvas), height=height_with_legend(runs))


def gradient_norms(
    curves: pd.DataFrame, runs: Sequence[str], *, view: CurveView = WHOLE, translate: Translate = english
) -> alt.LayerChart:
    """The length of each run's gradient in logarithms, along the axis of `compared_curves`; without a legend.

    What is solved at once has no gradient to follow. `curves` as for `compared_curves`.
    """
    placed, canvas = _placed(curves, runs, view, translate)
    placed = _thinned(placed[~placed["solved"] & (placed["gradient"] > 0)])
    words = translate(N_("Gradient norm")), alt.Scale(type="log", nice=False, padding=8)
    y = alt.Y("gradient:Q", title=words[0], scale=words[1], axis=alt.Axis(format="~g", tickCount=4, **SAME_WIDTH))
    colour = colour_by(translate, runs, runs, field="run", named=False)
    line = alt.Chart(placed).mark_line(strokeWidth=1.5).encode(x=canvas.x, y=y, color=colour)
    tips = [alt.Tooltip("run:N", title=translate(N_("Run"))), alt.Tooltip("gradient:Q", title=words[0], format=".3~g")]
    dots = alt.Chart(placed).mark_point(size=60, opacity=0).encode(x=canvas.x, y=y, tooltip=tips)
    return layered(line, dots, height=GRADIENT_HEIGHT)


def _losses(placed: pd.DataFrame, canvas: _Canvas) -> list[alt.Chart]:
    """The range over seeds, the raw curves under averaged ones, and the curves."""
    base, view = alt.Chart(_thinned(placed)), canvas.view
    single = bool((placed.groupby("run").size() == 1).all())  # a single row is no line

    def line(column: str, **look) -> alt.Chart:
        return base.mark_line(point=single, **look).encode(x=canvas.x, y=canvas.y(column), color=BY_RUN)

    raw = [line(name, opacity=FAINT, strokeWidth=1) for name in view.shown if view.averaged]
    drawn = [line(view.column(name), **LOOKS[name]) for name in view.shown]
    if "held_out" not in view.shown:
        return raw + drawn
    band = base.mark_area(opacity=0.12)
    low = canvas.y("held_out_low")
    drawn.append(band.encode(x=canvas.x, y=low, y2=alt.Y2("held_out_high:Q"), color=BY_RUN))
    return raw + drawn  # the legend looks as the first mark does


def _markers(placed: pd.DataFrame, canvas: _Canvas, column: str) -> alt.Chart:
    """Each run's marker at places of its own, so that curves that lie on each other can be told apart."""
    rows = []
    for place, run in enumerate(canvas.runs):
        curve = placed[placed["run"] == run].sort_values("epoch", kind="stable")
        if len(curve):
            share = (np.arange(MARKED_PLACES) + (place + 0.5) / len(canvas.runs)) / MARKED_PLACES
            at = np.unique((canvas.start + share * (canvas.end - canvas.start)).clip(*curve["epoch"].iloc[[0, -1]]))
            losses = np.interp(at, curve["epoch"], curve[column])
            rows.append(pd.DataFrame({"run": run, "epoch": at, column: losses}))
    marks = alt.Chart(pd.concat(rows)).mark_point(size=70, filled=True, opacity=0.9)
    named = {"color": canvas.colour, "shape": shape_by(canvas.translate, canvas.runs, canvas.runs)}
    return marks.encode(x=canvas.x, y=canvas.y(column), **named)


def _placed(
    curves: pd.DataFrame, runs: Sequence[str], view: CurveView, translate: Translate
) -> tuple[pd.DataFrame, _Canvas]:
    """The part of the curves that is shown, with `epoch` the place on the axis; and what marks share.

    A run of a single row has a level line where it is solved at once.
    """
    if view.along == "seconds":  # what is solved at once has no loss before its end
        curves = curves[~curves["solved"] | ~curves["run"].duplicated(keep="last")]
    curves = curves.assign(epoch=curves[view.along].astype(float))
    canvas = _Canvas(runs, translate, view, float(curves["epoch"].max()))
    single = curves["run"].map(curves["run"].value_counts()) == 1
    ends = curves[curves["solved"] & single].assign(epoch=canvas.end)
    starts = ends.assign(epoch=canvas.start) if view.last < 1 else ends.iloc[:0]
    curves = pd.concat([curves[curves["epoch"] >= canvas.start], starts, ends], ignore_index=True)
    return curves.drop(columns=["update", "seconds"]), canvas


def _thinned(placed: pd.DataFrame) -> pd.DataFrame:
    kept = [curve.iloc[thin(len(curve))] for _run, curve in placed.groupby("run", sort=False)]
    return pd.concat(kept, ignore_index=True) if kept else placed


def _within(
    losses: pd.DataFrame, levels: dict[str, float], floor: float | None
) -> tuple[dict[str, float], float | None]:
    """Level lines among the losses shown, or hardly outside."""
    low, high = losses.min(axis=None) / 1.05, losses.max(axis=None) * 1.05
    kept = {name: level for name, level in levels.items() if low <= level <= high}
    return kept, floor if floor is not None and low <= floor <= high else None


def _run_hover(placed: pd.DataFrame, canvas: _Canvas) -> list[alt.Chart]:
    """One hover for all runs: their losses at the pointer's place, of the last row before it; held-out where shown."""
    view, column = canvas.view, canvas.view.shown[-1]
    grid = np.unique(placed["epoch"])
    grid = grid if len(grid) <= 2 * POINTS else np.linspace(grid[0], grid[-1], POINTS)
    wide, digits = pd.DataFrame({"epoch": grid}), ",.1f" if view.along == "seconds" else ",.0f"
    tooltip = [alt.Tooltip("epoch:Q", title=canvas.translate(ALONG[view.along]), format=digits)]
    for place, run in enumerate(canvas.runs):
        curve = placed[placed["run"] == run].sort_values("epoch", kind="stable")
        at = curve["epoch"].searchsorted(grid, side="right") - 1
        known = (at >= 0) & (grid <= curve["epoch"].max())
        wide[f"r{place}"] = np.where(known, curve[column].to_numpy()[at], np.nan) if len(curve) else np.nan
        tooltip.append(views_tip(f"r{place}", run))
    return hover("epoch:Q", tooltip, wide)
