"""Charts of what several runs ended with, on shared axes."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from forecasting.charts.marks import (
    BASELINE,
    BY_RUN,
    HELD_OUT,
    TRAIN,
    colour_by,
    height_with_legend,
    layered,
    level_lines,
    loss_words,
    shape_by,
    upright_lines,
    views_ticks,
    views_tip,
)
from forecasting.messages import N_, Translate, english

MARGIN = 0.08  # of the range of losses, left free on all sides
NAME_PLACES = (0.7, 0.45, 0.25)  # up the diagonal, where its name may stand
NAME_BELOW, NAME_ROOM = 0.06, 0.12  # of the height: the name's middle below its place, and what is to be free of levels


def generalization_gap(
    frame: pd.DataFrame,
    runs: Sequence[str],
    loss: str,
    *,
    log: bool = True,
    translate: Translate = english,
    levels: dict[str, float] | None = None,
    floor: float | None = None,
) -> alt.LayerChart:
    """A dot a run, train loss to the right and held-out loss up: on the diagonal there is no gap between them.

    `frame` has run and, in views, train, held_out and gap, and train_low, train_high, held_out_low and held_out_high,
    the range over seeds that is drawn as a cross (NaN for none). `runs` are the names of all runs that other charts
    show, so that each keeps its colour where one of them has no dot.
    """
    lines_at = [*(levels or {}).values(), *([floor] if floor else [])]
    low, high = _square(frame, lines_at, log)
    log = log and low > 0  # a loss of nothing has no logarithm

    def axis(title: str) -> dict[str, Any]:
        scale = alt.Scale(type="log" if log else "linear", domain=[low, high], nice=False)
        return {"title": title.format(loss=loss), "scale": scale, "axis": views_ticks(translate, 5)}

    right, up = axis(translate(N_("Train loss ({loss}, views)"))), axis(translate(N_("Held-out loss ({loss}, views)")))
    x, y = alt.X("train:Q", **right), alt.Y("held_out:Q", **up)
    base, named = alt.Chart(frame), list(frame["run"])
    dots = base.mark_point(size=110, filled=True, opacity=0.9).encode(
        x=x,
        y=y,
        color=colour_by(translate, named, runs, field="run"),
        shape=shape_by(translate, named, runs),
        tooltip=_gap_tips(translate),
    )
    # Nothing to read out: a run of one seed has no cross, and an empty group would be a picture without a name.
    rule = base.mark_rule(strokeWidth=1.5, opacity=0.6, aria=False)
    across = rule.encode(x=alt.X("train_low:Q", **right), x2=alt.X2("train_high:Q"), y=y, color=BY_RUN)
    upright = rule.encode(x=x, y=alt.Y("held_out_low:Q", **up), y2=alt.Y2("held_out_high:Q"), color=BY_RUN)
    lines = level_lines(levels or {}, floor, high, colour=BY_RUN, translate=translate, start=low, all_left=True)
    layers = [*_no_gap(lines_at, low=low, high=high, log=log, translate=translate), *lines, across, upright, dots]
    return layered(*layers, height=height_with_legend(runs))  # as the curves beside it, which name them all


def _gap_tips(translate: Translate) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("run:N", title=translate(N_("Run"))),
        views_tip("train", translate(TRAIN), translate=translate),
        views_tip("held_out", translate(HELD_OUT), translate=translate),
        views_tip("gap", translate(N_("Gap")), translate=translate),
    ]


def _square(frame: pd.DataFrame, levels: list[float], log: bool) -> tuple[float, float]:
    """The same range for both axes: all losses and lines, with a margin."""
    losses = frame.filter(regex="^(train|held_out)(_low|_high)?$").to_numpy(float)
    found = np.array([*losses[np.isfinite(losses)], *levels])
    low, high = float(found.min()), float(found.max())
    if log and low > 0:
        room = max(high / low, 1.1) ** MARGIN
        return low / room, high * room
    room = MARGIN * max(high - low, 0.1 * high, 1e-6)
    return low - room, high + room


def _place_of_name(shares: np.ndarray) -> float:
    """How far up the diagonal its name stands: free of the levels, which lie at `shares` of the height."""
    free = {place: np.abs(shares - (place - NAME_BELOW)).min(initial=1.0) for place in NAME_PLACES}
    return next((place for place, room in free.items() if room >= NAME_ROOM), max(free, key=free.__getitem__))


def _no_gap(levels: Sequence[float], *, low: float, high: float, log: bool, translate: Translate) -> list[alt.Chart]:
    """The diagonal, with its name below it, where there are hardly ever dots and none of the `levels`."""
    role = translate(BASELINE)
    ends = alt.Chart(alt.Data(values=[{"train": edge, "held_out": edge, "run": role} for edge in (low, high)]))
    onto = np.log if log else np.asarray
    shares = (onto(np.array(levels, float)) - onto(low)) / (onto(high) - onto(low))
    share = _place_of_name(shares)
    at = low ** (1 - share) * high**share if log else low + share * (high - low)
    name = alt.Chart(alt.Data(values=[{"train": at, "held_out": at, "run": role}]))
    text = name.mark_text(text=translate(N_("No gap")), align="left", baseline="top", dx=6, dy=4)
    line = ends.mark_line(strokeWidth=1.5, opacity=0.7)
    return [mark.encode(x=alt.X("train:Q"), y=alt.Y("held_out:Q"), color=BY_RUN) for mark in (line, text)]


def final_losses(
    frame: pd.DataFrame,
    loss: str,
    translate: Translate = english,
    *,
    levels: dict[str, float] | None = None,
    floor: float | None = None,
) -> alt.LayerChart:
    """A bar for train and a bar for held-out a run, beside the baselines. `frame`: run, train, held_out (views)."""
    bars = frame.melt("run", ["train", "held_out"], "period", "loss")
    bars["period"] = bars["period"].map({"train": translate(TRAIN), "held_out": translate(HELD_OUT)})
    order = list(frame["run"])
    # A row without a run comes first: the names of the lines stand there.
    y = alt.Y("run:N", title=None, scale=alt.Scale(domain=["", *order]), axis=alt.Axis(labelLimit=150, ticks=False))
    x = alt.X("loss:Q", title=loss_words(loss, False, translate)[0], axis=views_ticks(translate, 4))
    offset = alt.YOffset("period:N", sort=[translate(TRAIN), translate(HELD_OUT)])
    colour = colour_by(translate, (TRAIN, HELD_OUT), field="period")
    tips = [alt.Tooltip("run:N", title=translate(N_("Run"))), alt.Tooltip("period:N", title=translate(N_("Period")))]
    chart = alt.Chart(bars).mark_bar(cornerRadiusEnd=2)
    chart = chart.encode(
        x=x, y=y, yOffset=offset, color=colour, tooltip=[*tips, views_tip("loss", loss, translate=translate)]
    )
    widest = max([*bars["loss"], *(levels or {}).values()])
    lines = upright_lines(levels or {}, floor, translate, loss=loss, widest=widest)
    return layered(chart, *lines, height=90 + 40 * (1 + len(order)))
