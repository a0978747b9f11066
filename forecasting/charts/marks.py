"""What every chart is made of: roles and their colours, axes, the hover, reference lines.

Colours are not named here: every chart takes them from the theme's categorical palette by position, so that one
colour keeps one meaning in light and in dark. The first six positions are the roles below, the rest are runs.
"""

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from forecasting.formats import format_views, units
from forecasting.messages import N_, Translate, english
from forecasting.metric_names import is_whole
from forecasting.models.registry import label_of

REAL, PREDICTED, TRAIN, HELD_OUT, BASELINE, VALIDATION = ROLES = (
    N_("Real views"),
    N_("Predicted"),
    N_("Train"),
    N_("Held-out"),
    N_("Baseline"),
    N_("Validation"),
)
PERIODS = {"train": TRAIN, "held_out": HELD_OUT, "validation": VALIDATION}
RUN_COLOURS = 8  # in the theme's palette, after those of the roles
# A marker a run, so that colour is not all that tells runs apart.
MARKERS = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
POINTS = 300  # a curve: more than this a screen cannot show
NEAR = "near"  # the selection of the row at the pointer
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HEIGHT = 360  # pixels
BY_RUN = alt.Color("run:N")  # in a chart where another layer names the runs
NAME_HEIGHT = 18  # pixels
LEGEND_LINE = 21  # pixels
ROOM = 18  # pixels free above and below the curves, as a name needs
MARKED = 12  # pixels between axis and labels with marks of events between
SHORT = 150  # days: a shorter time has a few months only, and its axis names days
# Where names of level lines stand, from the highest line down: two at one end never meet, however near their lines are.
RIGHT, LEFT = "right", "left"
PLACES = ((RIGHT, "above"), (RIGHT, "below"), (LEFT, "above"), (LEFT, "below"))
FAR = 0.55  # a line below this share of the one above it has room for its name above, on a logarithmic axis of decades


def colour_by(
    translate: Translate,
    shown: Sequence[str],
    runs: Sequence[str] = (),
    *,
    field: str = "role",
    named: bool = True,
    in_rows: bool = False,
) -> alt.Color:
    """Colour by role or run, with a legend of the `shown` ones; without one where another chart has `named` them.

    The legend of several runs is a column, unless it is to be `in_rows`.
    """
    look: dict[str, Any] = {} if field == "run" else {"symbolType": "circle"}
    legend = _legend(translate, shown, () if in_rows else runs, **look)
    scale = alt.Scale(domain=_domain(translate, runs))
    return alt.Color(f"{field}:N", scale=scale, legend=legend if named else None)


def shape_by(translate: Translate, shown: Sequence[str], runs: Sequence[str]) -> alt.Shape:
    """A marker of its own for each run.

    Its legend is one with that of the colours where a single layer of the chart has both and names them, and all others
    are coloured BY_RUN.
    """
    domain = _domain(translate, runs)
    shapes = [MARKERS[runs.index(name) % len(MARKERS)] if name in runs else "circle" for name in domain]
    return alt.Shape("run:N", scale=alt.Scale(domain=domain, range=shapes), legend=_legend(translate, shown, runs))


def _legend(translate: Translate, shown: Sequence[str], runs: Sequence[str], **look: Any) -> alt.Legend:
    return alt.Legend(
        title=None,
        orient="top",
        values=[translate(name) if name in ROLES and name not in runs else name for name in shown],
        symbolOpacity=1,
        symbolStrokeWidth=2,
        labelLimit=260,
        columns=1 if len(runs) > 1 else alt.expr("width < 400 ? 2 : 0"),  # names are long, and a phone is narrow
        **look,
    )


def height_with_legend(runs: Sequence[str]) -> int:
    """Room for the plot below a legend of all runs, in pixels."""
    return HEIGHT - 20 + LEGEND_LINE * len(runs)


def _domain(translate: Translate, runs: Sequence[str]) -> list[str]:
    """What the theme's colours stand for, in its order: the roles, then runs.

    Where there are more runs than colours they come round again, and blanks take the roles' places: a role's colour is
    never a run's.
    """
    names = [*map(translate, ROLES)]
    for start in range(0, len(runs), RUN_COLOURS):
        names += [f"{start}.{place}" for place in range(len(ROLES)) if start]
        names += runs[start : start + RUN_COLOURS]
    return names


def layered(*layers: alt.Chart | alt.LayerChart, height: float) -> alt.LayerChart:
    """The layers on top of each other, `height` pixels high."""
    chart = alt.layer(*layers).properties(height=height)
    assert isinstance(chart, alt.LayerChart)  # it is faceted only where a layer is
    return chart


def in_role(role: str, chart: alt.Chart, translate: Translate) -> alt.Chart:
    """Every mark of the chart in one role."""
    return chart.transform_calculate(role=json.dumps(translate(role)))


def day_axis(
    translate: Translate, days: Sequence | None = None, title: str = N_("Day"), *, marked: bool = False
) -> alt.X:
    """Calendar days along the bottom. `days` are those shown; where they are few the axis names days, not months.

    Days have their year below them where it begins: at the first label and at the first one of a year. `marked` leaves
    room between axis and labels for the marks of events.
    """
    span = (max(days) - min(days)).days if days is not None and len(days) else SHORT
    ticks = min(8, max(span, 1))
    apart = 7 if 3.7 < span / ticks < 14.6 else 1  # days; others than weeks of ticks meet every 1 January
    first = f"datum.index == 0 || dayofyear(datum.value) <= {apart}"
    label = f"[timeFormat(datum.value, '%m-%d'), {first} ? timeFormat(datum.value, '%Y') : '']"
    short = {"labelExpr": label, "tickCount": ticks}
    look: dict[str, Any] = short if span < SHORT else {"format": "%Y-%m", "tickCount": 8}
    look |= {"labelPadding": MARKED} if marked else {}
    return alt.X("day:T", title=translate(title), axis=alt.Axis(grid=False, labelOverlap=True, **look))


def brush() -> alt.Parameter:
    """A period chosen by dragging along the bottom: the selection "brush" of field day, for who draws the chart."""
    return alt.selection_interval(name="brush", encodings=["x"])


def hover(field: str, tooltip: list[alt.Tooltip], data: Any = alt.Undefined) -> list[alt.Chart]:
    """A vertical rule at the row of `data` nearest to the pointer along `field`, with one tooltip for every curve.

    Rows are in the order of the field. Each has an unseen cell, from half way to the row before to half way to the row
    after. For the days of six years that costs a browser 30 ms, Vega-Lite's own search for the nearest mark 110.
    """
    name = field.split(":")[0]
    near = alt.selection_point(name=NEAR, on="pointermove", fields=[name], empty=False)
    left, right = (f"scale('x', (datum['{name}'] + datum.{other}) / 2)" for other in ("row_before", "row_after"))
    cells = alt.Chart(data).transform_window(row_before=f"lag({name})", row_after=f"lead({name})")
    cells = cells.encode(
        x=alt.XValue(alt.expr(f"datum.row_before === null ? 0 : {left}")),
        x2=alt.X2Value(alt.expr(f"datum.row_after === null ? width : {right}")),
        tooltip=tooltip,
    )
    found = f"{NEAR}['{name}']"
    rule = alt.Chart(alt.Data(values=[{}])).encode(
        x=alt.XValue(alt.expr(f"{found} ? scale('x', {found}[0]) : 0")),
        opacity=alt.OpacityValue(alt.expr(f"{found} ? 0.4 : 0")),
    )
    # Without a name for who cannot see: the chart has its own, and a cell without views has none.
    return [cells.mark_rect(fill="transparent", aria=False).add_params(near), rule.mark_rule(aria=False)]


def epoch_axis(epochs: float, translate: Translate, title: str = N_("Epoch"), *, start: float = 0) -> alt.X:
    """Epochs along the bottom, all of them from `start`, so that a live curve does not push its axis along."""
    return alt.X(
        "epoch:Q",
        title=translate(title),
        scale=alt.Scale(domain=[start, epochs], nice=False),
        axis=alt.Axis(grid=False, tickCount=8, tickMinStep=1),
    )


def views_ticks(translate: Translate, count: int = 6, **look: Any) -> alt.Axis:
    """Of an axis of views, about `count` of them, in the language's units, as `format_views` has them: 5.2k, or 2.6 万.

    A logarithmic axis leaves the labels between its powers empty, and so they stay.
    """
    text = "format(datum.value, ',.4~r')"
    for size, unit in units(translate):  # a larger unit is asked for first
        said = f"format(datum.value / {size:g}, ',.4~r') + {json.dumps(unit, ensure_ascii=False)}"
        text = f"abs(datum.value) >= {size:g} ? {said} : {text}"
    return alt.Axis(tickCount=count, labelExpr=f"datum.label == '' ? '' : {text}", **look)


def loss_axis(column: str, title: str, scale: alt.Scale, *, translate: Translate, **look: Any) -> alt.Y:
    """A loss in views up the side; `look` is the axis's."""
    return alt.Y(f"{column}:Q", title=title, scale=scale, axis=views_ticks(translate, 6, **look))


def loss_words(loss: str, log: bool, translate: Translate) -> tuple[str, alt.Scale]:
    """Title and scale of a loss axis."""
    scale = alt.Scale(type="log", nice=False, padding=ROOM) if log else alt.Scale(zero=False, padding=ROOM)
    return translate(N_("Loss ({loss}, views)")).format(loss=loss), scale


def views_axis(
    translate: Translate, column: str = "views", *, title: str = N_("Views a day"), zero: bool = False
) -> alt.Y:
    """Views a day up the side; with `zero` from there on."""
    scale = alt.Scale(zero=zero)
    return alt.Y(f"{column}:Q", title=translate(title), scale=scale, axis=views_ticks(translate, 6))


def views_tip(column: str, title: str, *, translate: Translate = english) -> alt.Tooltip:
    """A count in a tooltip, or an amount with its decimals, as what the channel counts in `translate`."""
    return alt.Tooltip(f"{column}:Q", title=title, format=",.0f" if is_whole(translate) else ",.2f")


def day_tip(translate: Translate, title: str = N_("Day"), form: str = "%Y-%m-%d") -> alt.Tooltip:
    """A day in a tooltip, or the first one of a week or month."""
    return alt.Tooltip("day:T", title=translate(title), format=form)


def level_lines(
    baselines: dict[str, float],
    floor: float | None,
    epochs: float,
    *,
    colour: alt.Color,
    translate: Translate,
    start: float = 0,
    all_left: bool = False,
) -> list[alt.Chart]:
    """Horizontal lines in the baseline colour, each with its name: baselines dashed, the floor dotted.

    Along the bottom the chart runs from `start` to `epochs`. Curves fall from top left to bottom right, so names stand
    at the right end first; `all_left` is for charts where the right is taken.
    """
    lines = [(name, value, [6, 4]) for name, value in baselines.items()]
    lines += [(N_("Smallest possible, held-out"), floor, [2, 3])] if floor is not None else []
    places = PLACES if not all_left else (*PLACES[2:], *PLACES[:2])
    rules, names, last = [], [], np.inf
    for place, (name, value, dash) in enumerate(sorted(lines, key=lambda line: -line[1])):
        end, side = places[place % len(places)]
        side = "above" if value < FAR * last else side  # below a baseline is where held-out losses end
        last = value
        mark: dict[str, object] = {"value": value, "epoch": epochs if end == RIGHT else start}
        mark |= dict.fromkeys(("role", "run"), translate(BASELINE))  # whichever the chart's colours stand for
        chart = alt.Chart(alt.Data(values=[mark]))
        rules.append(chart.mark_rule(strokeDash=dash, strokeWidth=1.5).encode(y=alt.Y("value:Q"), color=colour))
        at: dict[str, Any] = {"baseline": "bottom", "dy": -4} if side == "above" else {"baseline": "top", "dy": 4}
        at |= {"align": end, "dx": 0 if end == RIGHT else 4}
        names += _name(
            chart,
            f"{translate(label_of(name))} {format_views(value, translate)}",
            at,
            {"x": alt.X("epoch:Q"), "y": alt.Y("value:Q")},
            colour,
        )
    return rules + names


def _name(chart: alt.Chart, text: str, at: dict[str, Any], where: dict[str, Any], colour: alt.Color) -> list[alt.Chart]:
    """A name in a chart, with a rim in the page's colour around it: it is read where curves pass below."""
    rim: dict[str, Any] = {
        "stroke": alt.expr("background"),
        "fill": alt.expr("background"),
        "strokeWidth": 4,
        "strokeJoin": "round",
    }
    rim["opacity"] = 0.75  # a curve's end is still seen
    return [
        chart.mark_text(text=text, **at, **rim).encode(**where),
        chart.mark_text(text=text, **at).encode(**where, color=colour),
    ]


def upright_lines(
    baselines: dict[str, float], floor: float | None, translate: Translate, *, loss: str, widest: float
) -> list[alt.Chart]:
    """The same lines where losses run to the right up to `widest`; their names stand above the bars, one below another.

    `loss` is the name of what the lines are.
    """
    lines = [(name, value, [6, 4]) for name, value in baselines.items()]
    lines += [(N_("Smallest possible, held-out"), floor, [2, 3])] if floor is not None else []
    layers, names = [], []
    for place, (name, value, dash) in enumerate(lines):
        mark = {"value": value, "name": translate(label_of(name)), "period": translate(BASELINE)}
        chart = alt.Chart(alt.Data(values=[mark]))
        rule = chart.mark_rule(strokeDash=dash, strokeWidth=2)
        tips = [alt.Tooltip("name:N", title=translate(BASELINE)), views_tip("value", loss, translate=translate)]
        layers.append(rule.encode(x=alt.X("value:Q"), color=alt.Color("period:N"), tooltip=tips))
        left = value < widest / 2
        at = {"baseline": "middle", "align": LEFT if left else RIGHT, "dx": 6 if left else -6}
        where = {"x": alt.X("value:Q"), "y": alt.YValue(NAME_HEIGHT * (place + 0.5))}
        text = f"{translate(label_of(name))} {format_views(value, translate)}"
        names += _name(chart, text, at, where, alt.Color("period:N"))
    return layers + names
