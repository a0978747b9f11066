"""What every chart is made of: roles and their colours, axes, the hover, reference lines.

Colours are not named here: every chart takes them from the theme's categorical palette by position, so that one
colour keeps one meaning in light and in dark. The first six positions are the roles below, the rest are runs.
"""

import json
from collections.abc import Callable, Sequence

import altair as alt
import numpy as np

from forecasting.errors import N_
from forecasting.sentences import in_views

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
POINTS = 300  # a curve: more than this a screen cannot show
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
VIEWS = "~s"  # 5200 -> 5.2k
HEIGHT = 360  # pixels
CLOSE = 0.92  # two lines nearer than this share of their value would have names on top of each other

Say = Callable[[str], str]


def colour_by(say: Say, shown: Sequence[str], runs: Sequence[str] = (), field: str = "role") -> alt.Color:
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
        columns=1 if runs else 0,  # names of runs are long, and a phone is narrow
    )
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=_domain(say, runs)), legend=legend)


def _domain(say: Say, runs: Sequence[str]) -> list[str]:
    """What the theme's colours stand for, in its order: the roles, then runs.

    Where there are more runs than colours they come round again, and blanks take the roles' places: a role's colour is
    never a run's.
    """
    names = [*map(say, ROLES)]
    for start in range(0, len(runs), RUN_COLOURS):
        names += [f"{start}.{place}" for place in range(len(ROLES)) if start]
        names += runs[start : start + RUN_COLOURS]
    return names


def in_role(role: str, chart: alt.Chart, say: Say) -> alt.Chart:
    """Every mark of the chart in one role."""
    return chart.transform_calculate(role=json.dumps(say(role)))


def day_axis(say: Say, ticks: int = 8) -> alt.X:
    """Calendar days along the bottom."""
    return alt.X("day:T", title=say(N_("Day")), axis=alt.Axis(format="%Y-%m", tickCount=ticks, grid=False))


def hover(field: str, tooltip: list[alt.Tooltip]) -> alt.Chart:
    """A vertical rule at the pointer's place on `field`, with one tooltip for every curve."""
    near = alt.selection_point(nearest=True, on="pointermove", fields=[field.split(":")[0]], empty=False)
    shown = alt.condition(near, alt.value(0.4), alt.value(0))
    return alt.Chart().mark_rule().encode(x=field, opacity=shown, tooltip=tooltip).add_params(near)


def epoch_axis(epochs: float, say: Say, title: str = N_("Epoch")) -> alt.X:
    """Epochs along the bottom, all of them from the start, so that a live curve does not push its axis along."""
    return alt.X(
        "epoch:Q",
        title=say(title),
        scale=alt.Scale(domain=[0, epochs], nice=False),
        axis=alt.Axis(grid=False, tickCount=8, tickMinStep=1),
    )


def loss_axis(column: str, title: str, scale: alt.Scale) -> alt.Y:
    """A loss in views up the side."""
    return alt.Y(f"{column}:Q", title=title, scale=scale, axis=alt.Axis(format=VIEWS, tickCount=6))


def loss_words(loss: str, log: bool, say: Say) -> tuple[str, alt.Scale]:
    """Title and scale of a loss axis."""
    scale = alt.Scale(type="log", nice=False, padding=12) if log else alt.Scale(zero=False, padding=12)
    return say(N_("Loss ({loss}, views)")).format(loss=loss), scale


def views_axis(say: Say, column: str = "views") -> alt.Y:
    """Views a day up the side; what is predicted need not begin at zero."""
    scale = alt.Scale(zero=column == "views")
    return alt.Y(f"{column}:Q", title=say(N_("Views a day")), scale=scale, axis=alt.Axis(format=VIEWS, tickCount=6))


def views_tip(column: str, title: str) -> alt.Tooltip:
    """A count in a tooltip."""
    return alt.Tooltip(f"{column}:Q", title=title, format=",.0f")


def day_tip(say: Say) -> alt.Tooltip:
    """A day in a tooltip."""
    return alt.Tooltip("day:T", title=say(N_("Day")), format="%Y-%m-%d")


def reference_lines(
    baselines: dict[str, float],
    floor: float | None,
    epochs: float,
    colour: alt.Color,
    say: Say,
    start: float = 0,
    all_left: bool = False,
) -> list[alt.Chart]:
    """Horizontal lines in the baseline colour, each with its name: baselines dashed, the floor dotted.

    Along the bottom the chart runs from `start` to `epochs`. Curves fall from top left to bottom right, so names stand
    at the right end, that of the lowest line at the left; `all_left` is for charts where the right is taken.
    """
    lines = [(name, value, [6, 4]) for name, value in baselines.items()]
    lines += [(N_("Smallest possible, held-out"), floor, [2, 3])] if floor is not None else []
    layers, above = [], np.inf
    lowest = min((value for _name, value, _dash in lines), default=0.0)
    for name, value, dash in sorted(lines, key=lambda line: -line[1]):
        left = all_left or (value == lowest and len(lines) > 1)
        mark = {"value": value, "epoch": start if left else epochs, "role": say(BASELINE)}
        place = alt.Chart(alt.Data(values=[mark]))
        rule = place.mark_rule(strokeDash=dash, strokeWidth=1.5).encode(y="value:Q", color=colour)
        # A name stands above its line, or below where it would meet the name above.
        meets = value > CLOSE * above and (all_left or not left)
        at = {"baseline": "top", "dy": 4} if meets else {"baseline": "bottom", "dy": -4}
        at |= {"align": "left", "dx": 4} if left else {"align": "right"}
        label = place.mark_text(fontSize=11, text=f"{say(name)} {in_views(value)}", **at)
        layers += [rule, label.encode(x="epoch:Q", y="value:Q", color=colour)]
        above = value
    return layers


def upright_lines(baselines: dict[str, float], floor: float | None, say: Say) -> list[alt.Chart]:
    """The same lines where losses run to the right; their names stand in tooltips, there is no room beside bars."""
    lines = [(name, value, [6, 4]) for name, value in baselines.items()]
    lines += [(N_("Smallest possible, held-out"), floor, [2, 3])] if floor is not None else []
    layers = []
    for name, value, dash in lines:
        place = alt.Chart(alt.Data(values=[{"value": value, "name": say(name), "period": say(BASELINE)}]))
        rule = place.mark_rule(strokeDash=dash, strokeWidth=2)
        tips = [alt.Tooltip("name:N", title=say(BASELINE)), views_tip("value", say(N_("Views a day")))]
        layers.append(rule.encode(x="value:Q", color="period:N", tooltip=tips))
    return layers
