"""Charts of several runs on shared axes."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from forecasting.charts.marks import (
    HEIGHT,
    HELD_OUT,
    POINTS,
    TRAIN,
    VIEWS,
    Say,
    colour_by,
    epoch_axis,
    hover,
    loss_axis,
    loss_words,
    reference_lines,
    upright_lines,
    views_tip,
)
from forecasting.errors import N_


def compared_curves(
    curves: pd.DataFrame,
    runs: Sequence[str],
    loss: str,
    log: bool = True,
    say: Say = str,
    references: dict[str, float] | None = None,
    floor: float | None = None,
) -> alt.LayerChart:
    """Loss curves of several runs, train thin and held-out strong. `curves` has run, epoch, and
    in views train, held_out, held_out_low and held_out_high, its range over seeds."""
    y_title, y_scale = loss_words(loss, log, say)
    colour = colour_by(say, runs, runs, field="run")
    epochs = int(curves["epoch"].max())
    rows = curves["run"].map(curves["run"].value_counts())
    solved = curves[rows == 1].assign(epoch=epochs)  # what is solved at once has a single row: drawn as a level line
    curves = pd.concat([curves, solved], ignore_index=True)
    base, x = alt.Chart(curves), epoch_axis(epochs, say)
    train = base.mark_line(strokeWidth=1.2, strokeDash=[4, 2], point=epochs == 1).encode(
        x=x, y=loss_axis("train", y_title, y_scale), color=colour
    )
    held_out = base.mark_line(strokeWidth=2.5, point=epochs == 1).encode(
        x=x, y=loss_axis("held_out", y_title, y_scale), color=colour
    )
    band = base.mark_area(opacity=0.12).encode(
        x=x, y=loss_axis("held_out_low", y_title, y_scale), y2="held_out_high:Q", color=colour
    )
    lines = reference_lines(references or {}, floor, epochs, colour_by(say, runs, runs), say)
    return alt.layer(band, train, held_out, *lines, _run_hover(curves, runs, say)).properties(height=HEIGHT)


def _run_hover(curves: pd.DataFrame, runs: Sequence[str], say: Say) -> alt.Chart:
    """One hover for all runs: their held-out losses at the pointer's epoch."""
    grid = np.unique(curves["epoch"])
    wide = pd.DataFrame({"epoch": grid})
    tooltip = [alt.Tooltip("epoch:Q", title=say(N_("Epoch")), format="d")]
    for place, run in enumerate(runs):
        curve = curves[curves["run"] == run].set_index("epoch")["held_out"]
        wide[f"r{place}"] = curve.reindex(grid, method="ffill", limit=len(grid) // POINTS + 1).to_numpy()
        tooltip.append(views_tip(f"r{place}", run))
    return hover("epoch:Q", tooltip).properties(data=wide)


def final_losses(
    frame: pd.DataFrame,
    loss: str,
    say: Say = str,
    references: dict[str, float] | None = None,
    floor: float | None = None,
) -> alt.LayerChart:
    """A bar for train and a bar for held-out a run, beside the baselines. `frame`: run, train, held_out (views)."""
    bars = frame.melt("run", ["train", "held_out"], "period", "loss")
    bars["period"] = bars["period"].map({"train": say(TRAIN), "held_out": say(HELD_OUT)})
    order = list(frame["run"])
    y = alt.Y("run:N", title=None, sort=order, axis=alt.Axis(labelLimit=150))
    x = alt.X("loss:Q", title=loss_words(loss, False, say)[0], axis=alt.Axis(format=VIEWS, tickCount=4))
    offset = alt.YOffset("period:N", sort=[say(TRAIN), say(HELD_OUT)])
    colour = colour_by(say, (TRAIN, HELD_OUT), field="period")
    tips = [alt.Tooltip("run:N", title=say(N_("Run"))), alt.Tooltip("period:N", title=say(N_("Period")))]
    chart = alt.Chart(bars).mark_bar(cornerRadiusEnd=2)
    chart = chart.encode(x=x, y=y, yOffset=offset, color=colour, tooltip=[*tips, views_tip("loss", loss)])
    lines = upright_lines(references or {}, floor, say)
    return alt.layer(chart, *lines).properties(height=130 + 40 * len(order))
