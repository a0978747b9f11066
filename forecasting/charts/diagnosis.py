"""The lecture's decision tree (Lee 2021, video 3) with the branch that a run is on."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from forecasting.charts.marks import BASELINE, REAL, colour_by, layered
from forecasting.diagnosis.branches import BRANCH_NAMES, Branch
from forecasting.formats import format_probability
from forecasting.messages import N_, Translate, english

LEAVES_FROM_ABOVE: tuple[Branch, ...] = ("bias", "optimization", "overfitting", "mismatch", "fine")
HEIGHT = 230  # pixels
LEAF, WIDEST = 60, 38  # where a leaf's name begins and how long a bar can be, of 100 from left to right
SHORTEST = 0.01  # a chance below it has no bar: it would be a speck
# Lines from (x, y) to (x, y), y in places of leaves; which leaves lie behind, from the first to before the last.
LINES = (
    ((0, 2), (18, 2), (0, 5)),
    ((18, 2), (18, 0.5), (0, 2)),
    ((18, 0.5), (52, 0.5), (0, 2)),
    ((18, 2), (18, 3.25), (2, 5)),
    ((18, 3.25), (40, 3.25), (2, 5)),
    ((40, 3.25), (40, 2.5), (2, 4)),
    ((40, 2.5), (52, 2.5), (2, 4)),
    ((40, 3.25), (40, 4), (4, 5)),
    ((40, 4), (58, 4), (4, 5)),
    *(line for leaf in range(4) for line in (
        ((52, 0.5 + leaf // 2 * 2), (52, leaf), (leaf, leaf + 1)), ((52, leaf), (58, leaf), (leaf, leaf + 1))
    )),
)  # fmt: skip
# Questions and answers beside the lines: their place, above (-1) or below (1) the line, which leaves lie behind.
WORDS = (
    (N_("Train loss"), (0, 2), -1, (0, 5)),
    (N_("large"), (18, 0.5), -1, (0, 2)),
    (N_("small"), (18, 3.25), -1, (2, 5)),
    (N_("Held-out loss"), (18, 3.25), 1, (2, 5)),
    (N_("large"), (40, 2.5), -1, (2, 4)),
    (N_("small"), (40, 4), -1, (4, 5)),
)


def decision_tree(
    branch: Branch, probabilities: Mapping[Branch, float], translate: Translate = english
) -> alt.LayerChart:
    """Train loss large or small, then held-out loss large or small: the way to `branch` is strong.

    Under every leaf a bar of its chance (0 to 1), unless none is known. "cannot tell" is no leaf, and then nothing is
    strong.
    """

    def role(behind: tuple[int, int]) -> str:
        return translate(REAL if branch in LEAVES_FROM_ABOVE[slice(*behind)] else BASELINE)

    colour = colour_by(translate, ()).legend(None)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 100], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-0.5, 4.5], reverse=True, nice=False))
    values = [{"x": a, "y": b, "x2": c, "y2": d, "role": role(part)} for (a, b), (c, d), part in LINES]
    strong = alt.StrokeWidthValue(**alt.condition(alt.datum.role == translate(REAL), alt.value(3), alt.value(1.2)))
    lines = alt.Chart(alt.Data(values=values)).mark_rule(strokeCap="square")
    layers = [lines.encode(x=x, y=y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), color=colour, strokeWidth=strong)]
    sides: tuple[tuple[int, dict[str, Any]], ...] = ((-1, {"baseline": "bottom"}), (1, {"baseline": "top"}))
    for side, look in sides:
        values = [
            {"x": a, "y": b, "text": translate(text), "role": role(part)}
            for text, (a, b), at, part in WORDS
            if at == side
        ]
        words = alt.Chart(alt.Data(values=values)).mark_text(align="left", **look, dx=4, dy=4 * side)
        layers.append(words.encode(x=x, y=y, text=alt.Text("text:N"), color=colour))
    return layered(*layers, *_leaves(branch, probabilities, colour, x, y, translate), height=HEIGHT)


def _leaves(
    branch: Branch, probabilities: Mapping[Branch, float], colour: alt.Color, x: alt.X, y: alt.Y, translate: Translate
) -> list[alt.Chart]:
    """Name and chance of every branch, and the chance as a bar."""
    values: list[dict[str, Any]] = [
        {
            "x": LEAF,
            "end": LEAF + WIDEST * probabilities.get(leaf, 0.0),
            "y": place,
            "text": f"{translate(BRANCH_NAMES[leaf])} {format_probability(probabilities[leaf])}"
            if probabilities
            else translate(BRANCH_NAMES[leaf]),
            "role": translate(REAL if leaf == branch else BASELINE),
        }
        for place, leaf in enumerate(LEAVES_FROM_ABOVE)
    ]
    long = [value for value in values if value["end"] >= LEAF + WIDEST * SHORTEST]
    bars = alt.Chart(alt.Data(values=long)).mark_rule(strokeWidth=4, yOffset=9)
    layers = [bars.encode(x=x, x2=alt.X2("end:Q"), y=y, color=colour)]
    rest = [leaf for leaf in LEAVES_FROM_ABOVE if leaf != branch]
    looks: tuple[tuple[dict[str, Any], list[Branch]], ...] = (({"fontWeight": "bold"}, [branch]), ({}, rest))
    for look, shown in looks:
        some = alt.Data(values=[value for value, leaf in zip(values, LEAVES_FROM_ABOVE, strict=True) if leaf in shown])
        names = alt.Chart(some).mark_text(align="left", baseline="middle", fontSize=12, dy=-3, **look)
        layers.append(names.encode(x=x, y=y, text=alt.Text("text:N"), color=colour))
    return layers
