"""Chapter 3: ramps dragged onto one of the channel's curves, the best ones beside them, and what bending is worth."""

import numpy as np
import streamlit as st

from forecasting.formats import format_in_formula, format_views
from forecasting.jobs.requests import ExperimentRequest
from forecasting.lectures import bend_the_line
from forecasting.lectures.bend_the_line import MOST_PIECES, Best, Curve, Target
from forecasting.lectures.learning_curves import Experiment
from forecasting.lectures.ramps import Corners, Shape, error, parts, value
from forecasting.messages import N_
from pages.parts.chapter import Preset, open_chapter
from pages.parts.stage import (
    BASELINE,
    HELD_OUT,
    PREDICTED,
    REAL,
    RUNS,
    TRAIN,
    Axis,
    Dot,
    Handle,
    Line,
    Track,
    stage,
    views_axis,
)

TARGETS: dict[Target, str] = {
    "week": N_("Typical week"),
    "year": N_("Last year, smoothed"),
    "yesterday": N_("Yesterday to today"),
}
SHAPES: dict[Shape, str] = {"hard": N_("Hard sigmoids"), "soft": N_("Sigmoids"), "relus": N_("Two ReLUs each")}
DRAWN = 200  # places of a curve
SHOWN = 2  # terms of the formula
SMALL = 240  # pixels high
PRESETS = (
    Preset(
        N_("Three by hand"),
        N_("Drag the four corners onto the week."),
        {"target": "week", "pieces": 3, "shape": "hard"},
    ),
    Preset(N_("Two ReLUs"), N_("One turns up, the other turns back."), {"pieces": 1, "shape": "relus"}),
    Preset(
        N_("A year"),
        N_("More bends need more pieces: see the error fall."),
        {"target": "year", "pieces": 6, "shape": "hard"},
    ),
)

chapter = open_chapter("bend_the_line")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=64, show_spinner=False)
def curve_of(_series, fingerprint: str, target: Target) -> tuple[Curve, Best]:
    """A curve of the channel with the best ramps for it."""
    curve = bend_the_line.curve_of(_series, target)
    return curve, bend_the_line.best_of(curve)


def experiment() -> None:
    """Drag the corners, let go, and see what is left."""
    target = chapter.choice("target", N_("Curve"), TARGETS, "week")
    pieces = chapter.slider("pieces", N_("Pieces"), 1, MOST_PIECES, 3)
    shape = chapter.choice("shape", N_("Ramps"), SHAPES, "hard")
    curve, best = curve_of(channel.series, channel.fingerprint, target)
    low, high = curve.bounds
    names = [f"{target}{place}" for place in range(pieces + 1)]
    defaults = bend_the_line.level_corners(curve, pieces)
    points = [chapter.point(name, at, low, high) for name, at in zip(names, defaults, strict=True)]
    corners = bend_the_line.in_order(points, curve)
    by_hand = error(corners, curve.x, curve.y, shape=shape)
    tried = any(name in st.query_params for name in names)
    with chapter.picture:
        draw_curve(curve, target, dict(zip(names, points, strict=True)), best.corners if tried else [], shape)
        say_errors(by_hand, best.error(pieces) if tried else None, pieces)
    left, right = chapter.more.columns(2)
    with left:
        draw_parts(curve, target, corners, shape)
    with right:
        draw_errors(best, pieces, by_hand)
    chapter.formula(formula_of(corners, shape))
    chapter.verdict(bend_the_line.halves(best, pieces, float(np.abs(curve.y).max())))
    chapter.open_in_train(family="relu", window=56, layers=1, units=100, loss="mae")
    learnt = chapter.job(
        ExperimentRequest(bend_the_line.bending_runs(chapter.default_split)),
        Experiment,
        start=N_("Train 100 ReLU against a line"),
    )
    beside_lecture(learnt)
    if learnt:
        chapter.verdict(bend_the_line.bending_pays(learnt))
        with chapter.more:
            draw_training(learnt)
            chapter.say_default_split()


def axes(curve: Curve, target: Target) -> tuple[Axis, Axis]:
    """What the curve goes over, and views."""
    low, high = curve.bounds
    return x_axis(curve, target), views_axis(translate("Views a day"), low[1], high[1])


def x_axis(curve: Curve, target: Target) -> Axis:
    """Weekdays, days of the year, or yesterday's views."""
    low, high = float(curve.x[0]), float(curve.x[-1])
    if target == "week":
        names = [*chapter.session.weekdays(), chapter.session.weekdays()[0]]
        return Axis(translate("Weekday"), low, high, ticks=[*enumerate(names)], names=names)
    if curve.days is not None:
        names = [str(day.date()) for day in curve.days]
        return Axis(
            translate("Day"),
            low,
            high,
            ticks=[(place, names[place]) for place in range(0, len(names), 90)],
            names=names,
        )
    return views_axis(translate("Views of the day before"), low, high)


def draw_curve(
    curve: Curve, target: Target, points: dict[str, tuple[float, float]], best: list[Corners], shape: Shape
) -> None:
    """The curve and the sum that follows the corners. The best sum is shown once a corner has been dragged."""
    x, y = axes(curve, target)
    names = sorted(points, key=points.__getitem__)
    lines = [Line(np.stack([curve.x, curve.y], axis=1), translate(TARGETS[target]), REAL)]
    if best:
        corners = best[min(len(names) - 1, len(best)) - 1]
        lines.append(Line(over(curve, lambda at: value(corners, at)), translate("Best ramps"), HELD_OUT, dashed=True))
    lines.append(Line(through=names, label=translate("Your ramps"), colour=PREDICTED, faint=shape == "soft"))
    if shape == "soft":
        corners = bend_the_line.in_order(list(points.values()), curve)
        lines.append(Line(over(curve, lambda at: value(corners, at, "soft")), translate("Your sigmoids"), PREDICTED))
    label = translate(N_("Corner {number}"))
    step = {"week": 1.0, "year": 1.0, "yesterday": 0.0}[target]
    stage(
        f"curve-{target}",
        x=x,
        y=y,
        translate=translate,
        lines=lines,
        handles=[
            Handle(name, points[name], label.format(number=number), colour=PREDICTED, step=(step, 0.0))
            for number, name in enumerate(names, 1)
        ],
        on_move=chapter.keep_point,
        ordered=True,
        alt=translate("A curve of the channel, and a line through corners that are dragged"),
    )


def over(curve: Curve, function) -> np.ndarray:
    """Points (places, 2) of a function over the curve's range."""
    places = np.union1d(np.linspace(curve.x[0], curve.x[-1], DRAWN), curve.x)
    return np.stack([places, function(places)], axis=1)


def say_errors(hand: float, best: float | None, pieces: int) -> None:
    """What is left by hand, and at best once one has tried."""
    if best is None:
        st.caption(translate("Drag the corners until the blue line lies on the curve."))
        return
    text = translate("Error by hand: {hand} views; at best, with as many pieces: {best}.")
    st.markdown(text.format(hand=format_views(hand, translate), best=format_views(best, translate)))


def draw_parts(curve: Curve, target: Target, corners: Corners, shape: Shape) -> None:
    """Each part by itself, in its ramp's colour; their sum and the constant are the line."""
    places = over(curve, np.zeros_like)[:, 0]
    reach = 1.15 * max(float(np.abs(corners[:, 1] - corners[0, 1]).max()), float(np.ptp(curve.y)))
    each = 2 if shape == "relus" else 1
    stage(
        f"parts-{target}",
        x=x_axis(curve, target),
        y=views_axis(translate("Views added"), -reach, reach),
        translate=translate,
        lines=[
            Line(np.stack([places, part], axis=1), colour=RUNS[place // each], dashed=bool(place % each))
            for place, part in enumerate(parts(corners, places, shape))
        ],
        height=SMALL,
        alt=translate("The parts of the sum"),
    )


def draw_errors(best: Best, pieces: int, hand: float) -> None:
    """The error of the best ramps by their number."""
    numbers = np.arange(1, len(best.errors) + 1)
    top = 1.1 * max(float(best.errors.max()), hand, 1.0)
    stage(
        "errors",
        x=Axis(translate("Pieces"), 0, len(numbers) + 1, digits=0, ticks=[(n, f"{n}") for n in numbers.tolist()]),
        y=views_axis(translate("Error (views, root mean square)"), 0, top),
        translate=translate,
        lines=[Line(np.stack([numbers, best.errors], axis=1), translate("Best ramps"), HELD_OUT)],
        dots=[Dot((pieces, hand), legend=translate("Yours"), colour=PREDICTED)],
        height=SMALL,
        alt=translate("Error of the best ramps by their number"),
    )


def draw_training(learnt: Experiment) -> None:
    """Losses of the network epoch by epoch, and of the line."""
    line, network = learnt.curves
    epochs = np.arange(1, len(network.train) + 1)
    top = 1.1 * max(float(network.train[0]), float(network.held_out[0]), line.error)
    level = [[0, line.error], [len(epochs), line.error]]
    stage(
        "training",
        x=Axis(translate("Epoch"), 0, len(epochs), digits=0),
        y=views_axis(translate("MAE (views)"), 0, top),
        translate=translate,
        lines=[Line(level, translate("Line, held-out"), BASELINE, dashed=True)],
        tracks=[
            Track(np.stack([epochs, network.train], axis=1), translate("100 ReLU, train"), TRAIN, first=1),
            Track(np.stack([epochs, network.held_out], axis=1), translate("100 ReLU, held-out"), HELD_OUT, first=1),
        ],
        step=translate("Epoch {step} of {last}"),
        height=SMALL,
        alt=translate("Losses of the network by epoch, beside the line's"),
    )


def formula_of(corners: Corners, shape: Shape) -> str:
    """The constant and the first ramps."""
    terms = [term(start, end, shape) for start, end in zip(corners[:SHOWN], corners[1:], strict=False)]
    rest = r"+ \cdots" if len(corners) - 1 > SHOWN else ""
    return rf"\hat y = {format_in_formula(corners[0, 1])} {' '.join(terms)} {rest}"


def term(start: np.ndarray, end: np.ndarray, shape: Shape) -> str:
    """A ramp from corner to corner."""
    width, height = end - start
    begun, ended, middle, wide = (format_in_formula(x) for x in (start[0], end[0], (start[0] + end[0]) / 2, width))
    if shape == "relus":
        up, down = (format_in_formula(slope, signed=True) for slope in (height / width, -height / width))
        return rf"{up}\max(0, x - {begun}) {down}\max(0, x - {ended})"
    high = format_in_formula(height, signed=True)
    if shape == "soft":
        return rf"{high}\,\sigma\!\left(\tfrac{{4}}{{{wide}}}(x - {middle})\right)"
    return rf"{high}\operatorname{{hard}}\!\left(\tfrac{{x - {begun}}}{{{wide}}}\right)"


def beside_lecture(learnt: Experiment | None) -> None:
    """The lecture's line and network on its held-out days, and this channel's once trained."""
    line, network = (format_views(curve.error, translate) for curve in learnt.curves) if learnt else ("–", "–")
    chapter.beside_lecture(
        [
            (N_("56 days, linear: held-out MAE"), "460", line),
            (N_("100 ReLU: held-out MAE"), "430", network),
        ]
    )


chapter.run(experiment, PRESETS)
