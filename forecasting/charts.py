"""Charts as functions from frames to Altair charts. `say` translates the words; views are plain counts.

Colours are not named here: every chart takes them from the theme's categorical palette by position, so that one
colour keeps one meaning in light and in dark. The first six positions are the roles below, the rest are runs.
"""

import json
from collections.abc import Callable, Sequence

import altair as alt
import numpy as np
import pandas as pd

from forecasting.errors import N_
from forecasting.runs import History
from forecasting.split import Period, Split

REAL, PREDICTED, TRAIN, HELD_OUT, BASELINE, VALIDATION = ROLES = (
    N_("Real views"),
    N_("Predicted"),
    N_("Train"),
    N_("Held-out"),
    N_("Baseline"),
    N_("Validation"),
)
PERIODS = {"train": TRAIN, "held_out": HELD_OUT, "validation": VALIDATION}
POINTS = 300  # a curve: more than this a screen cannot show
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
VIEWS = "~s"  # 5200 -> 5.2k
HEIGHT = 360  # pixels
CLOSE = 0.92  # two lines nearer than this share of their value would have names on top of each other

Say = Callable[[str], str]


def _colour(say: Say, shown: Sequence[str], runs: Sequence[str] = (), field: str = "role") -> alt.Color:
    """Colour by role or run, with a legend of the `shown` ones."""
    words = [say(name) if name in ROLES else name for name in shown]
    legend = alt.Legend(
        title=None,
        orient="top",
        values=words,
        symbolType="circle",
        symbolOpacity=1,
        symbolStrokeWidth=2,
        labelLimit=260,
    )
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=[*map(say, ROLES), *runs]), legend=legend)


def _as(role: str, chart: alt.Chart, say: Say) -> alt.Chart:
    """Every mark of the chart in one role."""
    return chart.transform_calculate(role=json.dumps(say(role)))


def _day(say: Say, ticks: int = 8) -> alt.X:
    return alt.X("day:T", title=say(N_("Day")), axis=alt.Axis(format="%Y-%m", tickCount=ticks, grid=False))


def _hover(field: str, tooltip: list[alt.Tooltip]) -> alt.Chart:
    """A vertical rule at the pointer's place on `field`, with one tooltip for every curve."""
    near = alt.selection_point(nearest=True, on="pointermove", fields=[field.split(":")[0]], empty=False)
    shown = alt.condition(near, alt.value(0.4), alt.value(0))
    return alt.Chart().mark_rule().encode(x=field, opacity=shown, tooltip=tooltip).add_params(near)


# The channel


def views_over_time(
    views: pd.Series, split: Split, say: Say = str, weekdays: Sequence[str] = _WEEKDAYS, mended: dict | None = None
) -> alt.LayerChart:
    """Daily views with both periods of the split shaded. `mended`: day -> what was done there; it is marked."""
    weekday = [weekdays[d] for d in views.index.day_of_week]
    frame = pd.DataFrame({"day": views.index, "views": views.to_numpy(), "weekday": weekday})
    frame["mend"] = frame["day"].map(mended or {}).fillna("") if mended else ""
    shown = (REAL, TRAIN, HELD_OUT)
    line = alt.Chart(frame).mark_line(strokeWidth=1).encode(x=_day(say), y=_views_axis(say), color=_colour(say, shown))
    tooltip = [_day_tip(say), alt.Tooltip("weekday:N", title=say(N_("Weekday"))), _views_tip("views", say(REAL))]
    shades = [
        _shade(period, role, say, shown)
        for period, role in ((split.train.clip(views), TRAIN), (split.held_out.clip(views), HELD_OUT))
        if period
    ]
    layers = [*shades, *_unknown(views, say, shown), _as(REAL, line, say)]
    if mended:
        tooltip.append(alt.Tooltip("mend:N", title=say(N_("Mended"))))
        marks = alt.Chart(frame[frame["mend"] != ""]).mark_point(size=36, strokeWidth=1.5)
        layers.append(_as(REAL, marks.encode(x=_day(say), y=_views_axis(say), color=_colour(say, shown)), say))
    return alt.layer(*layers, _hover("day:T", tooltip).properties(data=frame)).properties(height=HEIGHT)


def _unknown(views: pd.Series, say: Say, shown: Sequence[str]) -> list[alt.Chart]:
    """Stretches of days that nobody knows, shaded grey; no window reaches into them."""
    missing = views.isna()
    stretches = (
        views.index.to_series().groupby((~missing).cumsum()[missing]).agg(["min", "max"]) if missing.any() else None
    )
    if stretches is None:
        return []
    edges = pd.DataFrame({"day": stretches["min"], "end": stretches["max"] + pd.Timedelta(days=1)})
    shade = alt.Chart(edges).mark_rect(opacity=0.35).encode(x="day:T", x2="end:T", color=_colour(say, shown))
    return [_as(BASELINE, shade, say)]


def _shade(period: Period, role: str, say: Say, shown: Sequence[str]) -> alt.Chart:
    edges = pd.DataFrame(
        {"day": [pd.Timestamp(period.first)], "end": [pd.Timestamp(period.last) + pd.Timedelta(days=1)]}
    )
    shade = alt.Chart(edges).mark_rect(opacity=0.13).encode(x="day:T", x2="end:T", color=_colour(say, shown))
    return _as(role, shade, say)


def weekday_means(
    views: pd.Series, split: Split, say: Say = str, weekdays: Sequence[str] = _WEEKDAYS
) -> alt.LayerChart:
    """Mean views by weekday, the training and the held-out period side by side."""
    frames = []
    for role, period in ((TRAIN, split.train), (HELD_OUT, split.held_out)):
        part = views[str(period.first) : str(period.last)]
        means = part.groupby(part.index.day_of_week).mean()
        frames.append(
            pd.DataFrame(
                {"weekday": [weekdays[d] for d in means.index], "views": means.to_numpy(), "period": say(role)}
            )
        )
    frame = pd.concat(frames)
    colour = _colour(say, (TRAIN, HELD_OUT), field="period")
    return (
        alt.Chart(frame)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("weekday:N", title=say(N_("Weekday")), sort=list(weekdays), axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("period:N", sort=[say(TRAIN), say(HELD_OUT)]),
            y=alt.Y("views:Q", title=say(N_("Mean views a day")), axis=alt.Axis(format=VIEWS, tickCount=5)),
            color=colour,
            tooltip=[
                "weekday:N",
                alt.Tooltip("period:N", title=say(N_("Period"))),
                _views_tip("views", say(N_("Mean views a day"))),
            ],
        )
        .properties(height=260)
    )


# Training


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
    references: dict[str, float],
    loss: str = "MAE",
    log: bool = True,
    say: Say = str,
    floor: float | None = None,
    validated: bool = False,
) -> dict:
    """A Vega-Lite spec without data for a `loss_frame`; build it once and redraw by handing it a new frame.

    `references` are baselines (name -> views), drawn dashed; `floor`, where known, dotted. With `validated` the loss on
    a validation part is drawn as well.
    """
    y_title, y_scale = _loss_axis(loss, log, say)
    roles = {name: role for name, role in PERIODS.items() if validated or role != VALIDATION}
    x, colour = _epoch(epochs, say), _colour(say, tuple(roles.values()))
    layers = []
    for name, role in roles.items():
        band = alt.Chart().mark_area(opacity=0.2)
        band = band.encode(x=x, y=_loss(f"{name}_low", y_title, y_scale), y2=f"{name}_high:Q", color=colour)
        curve = alt.Chart().mark_line(strokeWidth=2, point=epochs == 1)  # a single row is no line
        curve = curve.encode(x=x, y=_loss(name, y_title, y_scale), color=colour)
        layers += [_as(role, band, say), _as(role, curve, say)]
    layers += _references(references, floor, epochs, colour, say)
    tooltip = [alt.Tooltip("epoch:Q", title=say(N_("Epoch")), format="d")]
    tooltip += [_views_tip(name, say(role)) for name, role in roles.items()]
    spec = alt.layer(*layers, _hover("epoch:Q", tooltip)).properties(height=HEIGHT).to_dict(validate=False)
    spec.pop("data", None)
    return spec


def _epoch(epochs: int, say: Say) -> alt.X:
    return alt.X(
        "epoch:Q",
        title=say(N_("Epoch")),
        scale=alt.Scale(domain=[0, epochs], nice=False),
        axis=alt.Axis(grid=False, tickCount=8),
    )


def _loss(column: str, title: str, scale: alt.Scale) -> alt.Y:
    return alt.Y(f"{column}:Q", title=title, scale=scale, axis=alt.Axis(format=VIEWS, tickCount=6))


def _references(
    baselines: dict[str, float], floor: float | None, epochs: int, colour: alt.Color, say: Say
) -> list[alt.Chart]:
    """Horizontal lines in the baseline colour, named at the right end: baselines dashed, the floor dotted."""
    lines = [(name, value, [6, 4]) for name, value in baselines.items()]
    lines += [(N_("Smallest possible, held-out"), floor, [2, 3])] if floor is not None else []
    layers, above = [], np.inf
    lowest = min((value for _name, value, _dash in lines), default=0.0)
    for name, value, dash in sorted(lines, key=lambda line: -line[1]):
        place = alt.Chart(alt.Data(values=[{"value": value, "epoch": epochs, "role": say(BASELINE)}]))
        rule = place.mark_rule(strokeDash=dash, strokeWidth=1.5).encode(y="value:Q", color=colour)
        # A name stands above its line; below where it is the lowest of several or would meet the name above.
        under = value > CLOSE * above or (value == lowest and len(lines) > 1)
        low = {"baseline": "top", "dy": 4} if under else {"baseline": "bottom", "dy": -4}
        label = place.mark_text(align="right", fontSize=11, text=f"{say(name)} {people(value)}", **low)
        layers += [rule, label.encode(x="epoch:Q", y="value:Q", color=colour)]
        above = value
    return layers


def real_and_predicted(
    views: pd.Series, predictions: pd.DataFrame, say: Say = str, weekdays: Sequence[str] = _WEEKDAYS
) -> alt.LayerChart:
    """Real against predicted views: mean and range over seeds. `predictions` has a row a day, a column a seed."""
    days = predictions.index
    frame = pd.DataFrame(
        {"day": days, "weekday": [weekdays[d] for d in days.day_of_week], "real": views[days].to_numpy()}
    )
    frame["predicted"] = predictions.mean(axis=1).to_numpy()
    frame["low"], frame["high"] = predictions.min(axis=1).to_numpy(), predictions.max(axis=1).to_numpy()
    base, colour = alt.Chart(frame), _colour(say, (REAL, PREDICTED))
    band = base.mark_area(opacity=0.25).encode(x=_day(say), y=_views_axis(say, "low"), y2="high:Q", color=colour)
    real = base.mark_line(strokeWidth=2.5, opacity=0.5).encode(x=_day(say), y=_views_axis(say, "real"), color=colour)
    predicted = base.mark_line(strokeWidth=1.5).encode(x=_day(say), y=_views_axis(say, "predicted"), color=colour)
    roles = [_as(PREDICTED, band, say), _as(REAL, real, say), _as(PREDICTED, predicted, say)]
    tooltip = [_day_tip(say), alt.Tooltip("weekday:N", title=say(N_("Weekday")))]
    tooltip += [_views_tip("real", say(REAL)), _views_tip("predicted", say(PREDICTED))]
    return alt.layer(*roles, _hover("day:T", tooltip).properties(data=frame)).properties(height=HEIGHT)


def _views_axis(say: Say, column: str = "views") -> alt.Y:
    scale = alt.Scale(zero=column == "views")
    return alt.Y(f"{column}:Q", title=say(N_("Views a day")), scale=scale, axis=alt.Axis(format=VIEWS, tickCount=6))


def _views_tip(column: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{column}:Q", title=title, format=",.0f")


def _day_tip(say: Say) -> alt.Tooltip:
    return alt.Tooltip("day:T", title=say(N_("Day")), format="%Y-%m-%d")


# Comparison


def compared_curves(
    curves: pd.DataFrame,
    runs: Sequence[str],
    loss: str,
    log: bool = True,
    say: Say = str,
    references: dict[str, float] | None = None,
    floor: float | None = None,
) -> alt.LayerChart:
    """Loss curves of several runs, train thin and held-out strong. `curves`: run, epoch, train, held_out (views)."""
    y_title, y_scale = _loss_axis(loss, log, say)
    colour = _colour(say, runs, runs, field="run")
    epochs = int(curves["epoch"].max())
    single = bool((curves["run"].value_counts() == 1).any())  # what is solved at once has a single row, and no line
    base, x = alt.Chart(curves), _epoch(epochs, say)
    train = base.mark_line(strokeWidth=1.2, strokeDash=[4, 2], point=single).encode(
        x=x, y=_loss("train", y_title, y_scale), color=colour
    )
    held_out = base.mark_line(strokeWidth=2.5, point=single).encode(
        x=x, y=_loss("held_out", y_title, y_scale), color=colour
    )
    lines = _references(references or {}, floor, epochs, _colour(say, runs, runs), say)
    return alt.layer(train, held_out, *lines, _run_hover(curves, runs, say)).properties(height=HEIGHT)


def _run_hover(curves: pd.DataFrame, runs: Sequence[str], say: Say) -> alt.Chart:
    """One hover for all runs: their held-out losses at the pointer's epoch."""
    grid = np.unique(curves["epoch"])
    wide = pd.DataFrame({"epoch": grid})
    tooltip = [alt.Tooltip("epoch:Q", title=say(N_("Epoch")), format="d")]
    for place, run in enumerate(runs):
        curve = curves[curves["run"] == run].set_index("epoch")["held_out"]
        wide[f"r{place}"] = curve.reindex(grid, method="ffill", limit=len(grid) // POINTS + 1).to_numpy()
        tooltip.append(_views_tip(f"r{place}", run))
    return _hover("epoch:Q", tooltip).properties(data=wide)


def final_losses(frame: pd.DataFrame, loss: str, say: Say = str) -> alt.Chart:
    """A bar for train and a bar for held-out a run. `frame`: run, train, held_out (views)."""
    bars = frame.melt("run", ["train", "held_out"], "period", "loss")
    bars["period"] = bars["period"].map({"train": say(TRAIN), "held_out": say(HELD_OUT)})
    order = list(frame["run"])
    y = alt.Y("run:N", title=None, sort=order, axis=alt.Axis(labelLimit=150))
    x = alt.X("loss:Q", title=_loss_axis(loss, False, say)[0], axis=alt.Axis(format=VIEWS, tickCount=4))
    offset = alt.YOffset("period:N", sort=[say(TRAIN), say(HELD_OUT)])
    colour = _colour(say, (TRAIN, HELD_OUT), field="period")
    tips = [
        alt.Tooltip("run:N", title=say(N_("Run"))),
        alt.Tooltip("period:N", title=say(N_("Period"))),
        _views_tip("loss", loss),
    ]
    chart = alt.Chart(bars).mark_bar(cornerRadiusEnd=2).encode(x=x, y=y, yOffset=offset, color=colour, tooltip=tips)
    return chart.properties(height=110 + 52 * len(order))


def _loss_axis(loss: str, log: bool, say: Say) -> tuple[str, alt.Scale]:
    scale = alt.Scale(type="log", nice=False, padding=12) if log else alt.Scale(zero=False, padding=12)
    return say(N_("Loss ({loss}, views)")).format(loss=loss), scale


def people(views: float) -> str:
    """A count as people say it: 460, 5.2k, 1.3M."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(views) >= size * 0.9995:
            return f"{views / size:.3g}{unit}"
    return f"{views:.0f}" if abs(views) >= 10 else f"{views:.2g}"
