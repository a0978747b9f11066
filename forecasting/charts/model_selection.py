"""Charts of choosing: the folds over the calendar, and the losses on them."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from forecasting.charts.marks import (
    HELD_OUT,
    TRAIN,
    VALIDATION,
    colour_by,
    day_axis,
    day_tip,
    layered,
    loss_words,
    views_ticks,
    views_tip,
)
from forecasting.evaluation.folds import Fold
from forecasting.messages import N_, Translate, english
from forecasting.split import Period

A_WEEK = 7  # days: a narrower hole in a row of train days cannot be seen
ROW = 26  # pixels a fold
AROUND = 112  # pixels for legend and axis


def fold_rows(folds: Sequence[Fold], held_out: Period, translate: Translate = english) -> alt.LayerChart:
    """Each fold a row over the calendar: the days it trains on, those it is judged on, and the held-out period."""
    rows = []
    for number, fold in enumerate(folds, 1):
        name = translate(N_("Fold {number}")).format(number=number)
        for role, days, hole in ((TRAIN, fold.train, A_WEEK), (VALIDATION, fold.validation, 1)):
            rows += [(name, translate(role), first, end, len(days)) for first, end in stretches(days, hole)]
        begin, end = pd.Timestamp(held_out.first), pd.Timestamp(held_out.last) + pd.Timedelta(days=1)
        rows.append((name, translate(HELD_OUT), begin, end, (end - begin).days))
    frame = pd.DataFrame(rows, columns=["fold", "role", "day", "end", "days"])
    names = list(dict.fromkeys(frame["fold"]))
    y = alt.Y("fold:N", title=None, sort=names, scale=alt.Scale(paddingInner=0.25))
    tips = [alt.Tooltip("fold:N", title=translate(N_("Fold"))), alt.Tooltip("role:N", title=translate(N_("Period")))]
    tips += [day_tip(translate), alt.Tooltip("days:Q", title=translate(N_("Days")))]
    colour = colour_by(translate, (TRAIN, VALIDATION, HELD_OUT))
    bars = (
        alt.Chart()
        .mark_rect()
        .encode(x=day_axis(translate, frame["day"]), x2=alt.X2("end:T"), y=y, color=colour, tooltip=tips)
    )
    # Validation on top: the scattered days of random folds lie within a row of train days.
    layers = [bars.properties(data=frame[frame["role"] == translate(role)]) for role in (TRAIN, HELD_OUT, VALIDATION)]
    return layered(*layers, height=AROUND + ROW * len(names))


def stretches(days: pd.DatetimeIndex, hole: int) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First day and the day after the last of every stretch of `days` in order, ended by a hole of `hole` days."""
    ends = np.flatnonzero(np.diff(days) > np.timedelta64(hole, "D"))
    firsts, lasts = days[np.append(0, ends + 1)], days[np.append(ends, len(days) - 1)]
    return list(zip(firsts, lasts + pd.Timedelta(days=1), strict=True))


def fold_losses(frame: pd.DataFrame, loss: str, translate: Translate = english) -> alt.LayerChart:
    """A line a model, in order: its losses on the folds, their mean, and its held-out loss.

    `frame`: model, fold, validation; mean and held_out the same in all lines of a model; views.
    """
    models = list(dict.fromkeys(frame["model"]))
    y = alt.Y("model:N", title=None, sort=models, axis=alt.Axis(labelLimit=170))
    axis = views_ticks(translate, 5)
    colour = colour_by(translate, (VALIDATION, HELD_OUT))
    name = alt.Tooltip("model:N", title=translate(N_("Model")))

    def marks(chart: alt.Chart, column: str, role: str, *tips: alt.Tooltip) -> alt.Chart:
        x = alt.X(f"{column}:Q", title=loss_words(loss, False, translate)[0], axis=axis, scale=alt.Scale(zero=False))
        return chart.encode(x=x, y=y, color=colour, tooltip=[name, *tips]).transform_calculate(
            role=f"'{translate(role)}'"
        )

    base, once = alt.Chart(frame), alt.Chart(frame.drop_duplicates("model"))
    fold = alt.Tooltip("fold:N", title=translate(N_("Fold")))
    layers = [
        marks(
            base.mark_circle(size=45, opacity=0.5),
            "validation",
            VALIDATION,
            fold,
            views_tip("validation", loss, translate=translate),
        ),
        marks(
            once.mark_tick(thickness=4, size=22),
            "mean",
            VALIDATION,
            views_tip("mean", translate(N_("Mean over folds")), translate=translate),
        ),
        marks(
            once.mark_point(shape="diamond", size=80, filled=True, opacity=1),
            "held_out",
            HELD_OUT,
            views_tip("held_out", translate(HELD_OUT), translate=translate),
        ),
    ]
    return layered(*layers, height=AROUND + ROW * len(models))
