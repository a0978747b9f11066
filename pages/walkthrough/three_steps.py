"""Chapter 1: a function with two unknowns, its loss as a surface, and gradient descent from where you let go."""

import numpy as np
import streamlit as st

from forecasting.formats import format_views
from forecasting.lectures import three_steps
from forecasting.lectures.claims import Claim
from forecasting.lectures.three_steps import START, Descent, Landscape, LineProblem
from forecasting.messages import N_
from forecasting.settings import LOSSES, Loss
from forecasting.split import Split
from pages.parts.chapter import Point, Preset, open_chapter
from pages.parts.held_out_weeks import Prediction, draw_weeks
from pages.parts.stage import (
    HELD_OUT,
    INK,
    PREDICTED,
    TRAIN,
    Axis,
    Dot,
    Handle,
    Line,
    Surface,
    Track,
    stage,
)

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
UPDATES = (1, 10, 30, 100, 300, 500, 1000, 2000, 4000)
UNKNOWNS = {"w": N_("Slope w"), "b": N_("Intercept b")}
SMALL = 240  # pixels high
PRESETS = (
    Preset(N_("Arrives"), N_("The path turns along the valley floor."), {"rate": 0.03, "updates": 1000, "hand": START}),
    Preset(
        N_("Bounces"), N_("Steps too long for the valley never settle."), {"rate": 0.1, "updates": 500, "hand": START}
    ),
    Preset(
        N_("Slow"),
        N_("A tenth of the rate takes ten times the updates."),
        {"rate": 0.003, "updates": 4000, "hand": START},
    ),
)

chapter = open_chapter("three_steps")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=32, show_spinner=False)
def problem_of(_series, fingerprint: str, split: Split, loss: Loss) -> tuple[LineProblem, Landscape, Claim]:
    """The examples, the loss over both unknowns, and whether the best line is a day late."""
    problem = three_steps.line_problem(_series, split, loss)
    land = three_steps.landscape(problem)
    return problem, land, three_steps.is_late(problem, land.optimum)


@st.cache_data(max_entries=128, show_spinner=False)
def descent_of(
    _problem: LineProblem, _land: Landscape, fingerprint: str, loss: Loss, start: Point, rate: float, updates: int
) -> Descent:
    """The path from a start."""
    return three_steps.descent(_problem, _land.lowest, start, rate=rate, updates=updates)


def experiment() -> None:
    """Drag the start, let go, and see the path."""
    loss = chapter.choice("loss", N_("Loss"), LOSSES, "mae")
    rate = chapter.select_slider("rate", N_("Learning rate"), RATES, 0.03)
    updates = chapter.select_slider("updates", N_("Updates"), UPDATES, 500, text=str)
    axis = [*UNKNOWNS].index(chapter.choice("cut", N_("Cut along"), UNKNOWNS, "w"))
    problem, land, late = problem_of(channel.series, channel.fingerprint, chapter.default_split, loss)
    low, high = ((land.slopes[end], land.intercepts[end]) for end in (0, -1))
    hand = chapter.point("hand", START, low, high)
    descended = descent_of(problem, land, channel.fingerprint, loss, hand, rate, updates)
    with chapter.picture:
        draw_surface(problem, land, hand, descended)
    left, right = chapter.more.columns(2)
    with left:
        draw_cut(problem, land, hand, axis)
    with right:
        draw_weeks(
            problem.held_out,
            [Prediction(problem.predicted(descended.end), translate("Predicted"))],
            translate=translate,
            height=SMALL,
            alt=translate("Real and predicted views of the last held-out weeks"),
        )
    chapter.formula(formula_of(problem, hand, descended))
    chapter.verdict(late, three_steps.arrives(descended, land.lowest))
    beside_lecture(problem, land)
    chapter.open_in_train(
        family="linear", window=1, loss=loss, optimizer="sgd", batch_size=0, learning_rate=rate, epochs=updates
    )


def counted_in(problem: LineProblem) -> str:
    """What the intercept and the loss are counted in: views, k views, 10k views."""
    name = three_steps.unit_name(problem.unit, translate)
    return translate(N_("{unit} views")).format(unit=name) if name else translate(N_("views"))


def after_value(problem: LineProblem) -> str:
    """The same in short."""
    name = three_steps.unit_name(problem.unit, translate)
    return f" × {name}" if name[:1].isdigit() else f" {name}"


def axes(problem: LineProblem, land: Landscape) -> tuple[Axis, Axis]:
    """Slope and intercept."""
    title = translate(N_("Intercept b ({unit})")).format(unit=counted_in(problem))
    return (
        Axis(translate(N_("Slope w")), land.slopes[0], land.slopes[-1], "w"),
        Axis(title, land.intercepts[0], land.intercepts[-1], "b", after_value(problem)),
    )


def loss_title(problem: LineProblem) -> str:
    """The loss with its unit, which is squared where the errors are."""
    unit = counted_in(problem)
    squared = translate(N_("{unit}, squared")).format(unit=unit)
    return translate(N_("Loss ({unit})")).format(unit=unit if problem.loss == "mae" else squared)


def draw_surface(problem: LineProblem, land: Landscape, hand: Point, descended: Descent) -> None:
    """The loss over both unknowns. Path and optimum are shown once the start has been chosen by hand."""
    x, y = axes(problem, land)
    tried = "hand" in st.query_params
    dots = [Dot(land.optimum, translate("Exact optimum"), colour=HELD_OUT)] if tried else []
    if best := best_guess(problem.loss):
        dots.append(Dot(best, translate("Your best guess"), colour=PREDICTED))
    stage(
        "surface",
        x=x,
        y=y,
        translate=translate,
        surface=Surface(land.heights, loss_title(problem)),
        tracks=[Track(descended.path, translate("Gradient descent"))] if tried else [],
        dots=dots,
        handles=[Handle("hand", hand, translate("Start of the descent: slope and intercept"), colour=INK)],
        on_move=lambda name, at: take_guess(problem, name, at),
        step=translate("Update {step} of {last}"),
        downhill=True,
        alt=translate("Loss by slope and intercept, with the path of gradient descent from your start"),
    )
    if not tried:
        st.caption(translate("Drag the point to where you expect the lowest loss. Let go, and descent begins there."))
    elif best:
        losses = {"guess": f"{problem.error(best):.2f}", "lowest": f"{land.lowest:.2f}"}
        st.caption(translate("Loss of your best guess: {guess}; of the exact optimum: {lowest}.").format(**losses))


def take_guess(problem: LineProblem, name: str, at: Point) -> None:
    """Keep the start, and the best of all that were chosen by hand."""
    chapter.keep_point("hand", at)
    best = best_guess(problem.loss)
    if best is None or problem.error(at) < problem.error(best):
        st.session_state[f"guess-{channel.fingerprint}-{problem.loss}"] = at


def best_guess(loss: Loss) -> Point | None:
    """The start with the smallest loss among those chosen by hand on this channel."""
    return st.session_state.get(f"guess-{channel.fingerprint}-{loss}")


def draw_cut(problem: LineProblem, land: Landscape, hand: Point, axis: int) -> None:
    """The loss along one unknown, with its slope at the start."""
    points, slope = three_steps.cut(problem, land, hand, axis=axis)
    along = axes(problem, land)[axis]
    height, reach = problem.error(hand), 0.15 * (along.high - along.low)
    tangent = [[hand[axis] + side * reach, height + side * reach * slope] for side in (-1, 1)]
    named = translate(N_("Slope at the start: {slope}")).format(slope=f"{slope:.2f}".replace("-", "−"))

    def moved(name: str, at: Point) -> None:
        take_guess(problem, name, (at[0], hand[1]) if axis == 0 else (hand[0], at[0]))

    stage(
        "slice",
        x=along,
        y=Axis(loss_title(problem), 0, 1.05 * float(points[:, 1].max())),
        translate=translate,
        lines=[
            Line(points, translate("Loss"), TRAIN),
            Line(tangent, named, INK, dashed=True, read=False),
        ],
        handles=[Handle("along", (hand[axis], height), translate("Start of the descent"), along="x", follows=0)],
        on_move=moved,
        height=SMALL,
        alt=translate("Loss along one unknown, with the slope at the start"),
    )


def formula_of(problem: LineProblem, hand: Point, descended: Descent) -> str:
    """The line before and after."""
    unit = rf"\,\text{{{after_value(problem).strip()}}}"
    before, after = (
        rf"\hat y = {b:.2f}{unit} {w:+.2f}\,x_1" if np.isfinite([w, b]).all() else r"\hat y = \infty"
        for w, b in (hand, descended.end)
    )
    return rf"\begin{{aligned}} {before} \\ \longrightarrow\; {after} \end{{aligned}}"


def beside_lecture(problem: LineProblem, land: Landscape) -> None:
    """The lecture's line beside this channel's best one."""
    w, b = land.optimum
    train = float(np.abs(w * problem.x + b - problem.y).mean()) * problem.unit
    chapter.beside_lecture(
        [
            (N_("Slope w"), "0.97", f"{w:.2f}"),
            (N_("Intercept b"), format_views(100, translate), format_views(b * problem.unit, translate)),
            (N_("Train MAE"), format_views(480, translate), format_views(train, translate)),
            (
                N_("Held-out MAE"),
                format_views(580, translate),
                format_views(problem.held_out_error(land.optimum), translate),
            ),
        ]
    )


chapter.run(experiment, PRESETS)
