"""Charts of one run: its loss by epoch, and what it predicts. Live ones take a new frame and keep their spec."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from forecasting.charts.events import event_marks, event_tips
from forecasting.charts.marks import (
    HEIGHT,
    PERIODS,
    POINTS,
    PREDICTED,
    REAL,
    VALIDATION,
    WEEKDAYS,
    colour_by,
    day_axis,
    day_tip,
    epoch_axis,
    hover,
    in_role,
    layered,
    level_lines,
    loss_axis,
    loss_words,
    views_axis,
    views_tip,
)
from forecasting.events import Event
from forecasting.messages import N_, Translate, english
from forecasting.records import History


def thin(epochs: int) -> np.ndarray:
    """Indices of at most POINTS rows, first and last among them, evenly spaced."""
    return (
        np.unique(np.linspace(0, epochs - 1, min(epochs, POINTS)).round().astype(int)) if epochs else np.empty(0, int)
    )


def loss_frame(history: History) -> pd.DataFrame:
    """Thinned curves for `loss_spec`: epoch; of every period the mean loss over seeds, the lowest and the highest."""
    kept = thin(len(history))
    columns = {"epoch": history.epoch[kept].astype("float32")}
    for name in PERIODS:
        part = getattr(history, f"{name}_loss")[kept]
        part = part if part.size else np.full((len(part), 1), np.nan)  # a run may be empty, or without validation
        columns |= {name: part.mean(axis=1), f"{name}_low": part.min(axis=1), f"{name}_high": part.max(axis=1)}
    return pd.DataFrame(columns, dtype="float32")


def loss_spec(
    epochs: int,
    levels: dict[str, float],
    loss: str = "MAE",
    *,
    log: bool = True,
    translate: Translate = english,
    floor: float | None = None,
    validated: bool = False,
) -> dict:
    """A Vega-Lite spec without data for a `loss_frame`; build it once and redraw by handing it a new frame.

    `references` are baselines (name -> views), drawn dashed; `floor`, where known, dotted. With `validated` the loss on
    a validation part is drawn as well.
    """
    y_title, y_scale = loss_words(loss, log, translate)
    roles = {name: role for name, role in PERIODS.items() if validated or role != VALIDATION}
    x, colour = epoch_axis(epochs, translate), colour_by(translate, tuple(roles.values()))
    layers = []
    for name, role in roles.items():
        band = alt.Chart().mark_area(opacity=0.2)
        band = band.encode(
            x=x,
            y=loss_axis(f"{name}_low", y_title, y_scale, translate=translate),
            y2=alt.Y2(f"{name}_high:Q"),
            color=colour,
        )
        curve = alt.Chart().mark_line(strokeWidth=2, point=epochs == 1)  # a single row is no line
        curve = curve.encode(x=x, y=loss_axis(name, y_title, y_scale, translate=translate), color=colour)
        layers += [in_role(role, band, translate), in_role(role, curve, translate)]
    layers += level_lines(levels, floor, epochs, colour=colour, translate=translate)
    tooltip = [alt.Tooltip("epoch:Q", title=translate(N_("Epoch")), format="d")]
    tooltip += [views_tip(name, translate(role), translate=translate) for name, role in roles.items()]
    spec = layered(*layers, *hover("epoch:Q", tooltip), height=HEIGHT).to_dict(validate=False)
    spec.pop("data", None)
    return spec


def real_and_predicted(
    views: pd.Series,
    predictions: pd.DataFrame,
    translate: Translate = english,
    *,
    weekdays: Sequence[str] = WEEKDAYS,
    events: Sequence[Event] = (),
) -> alt.LayerChart:
    """Real against predicted views: mean and range over seeds. `predictions` has a row a day, a column a seed.

    `events` are marked below the axis.
    """
    days = pd.date_range(predictions.index[0], predictions.index[-1])  # an unknown day is a hole in the lines
    predictions = predictions.reindex(days)
    frame = pd.DataFrame(
        {"day": days, "weekday": [weekdays[d] for d in days.day_of_week], "real": views.reindex(days).to_numpy()}
    )
    frame["predicted"] = predictions.mean(axis=1).to_numpy()
    frame["low"], frame["high"] = predictions.min(axis=1).to_numpy(), predictions.max(axis=1).to_numpy()
    base, colour = alt.Chart(frame), colour_by(translate, (REAL, PREDICTED))
    named = event_tips(frame, events, translate=translate)
    x = day_axis(translate, days, marked=bool(named))
    band = base.mark_area(opacity=0.25).encode(x=x, y=views_axis(translate, "low"), y2=alt.Y2("high:Q"), color=colour)
    real = base.mark_line(strokeWidth=2.5, opacity=0.5).encode(x=x, y=views_axis(translate, "real"), color=colour)
    predicted = base.mark_line(strokeWidth=1.5).encode(x=x, y=views_axis(translate, "predicted"), color=colour)
    roles = [
        in_role(PREDICTED, band, translate),
        in_role(REAL, real, translate),
        in_role(PREDICTED, predicted, translate),
        *event_marks("day", frame, events, x=x, colour=colour, translate=translate),
    ]
    tooltip = [day_tip(translate), alt.Tooltip("weekday:N", title=translate(N_("Weekday")))]
    tooltip += [
        views_tip("real", translate(REAL), translate=translate),
        views_tip("predicted", translate(PREDICTED), translate=translate),
        *named,
    ]
    return layered(*roles, *hover("day:T", tooltip, frame), height=HEIGHT)
