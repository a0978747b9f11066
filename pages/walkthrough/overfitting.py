"""Chapter 7: complexity scrubbed on toys and on the channel, a look-up table, and each remedy against none."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st

from forecasting.formats import format_in_formula, format_three_digits, format_views
from forecasting.jobs.requests import ExperimentRequest
from forecasting.lectures import overfitting
from forecasting.lectures.claims import ANSWERS, Claim
from forecasting.lectures.learning_curves import Experiment
from forecasting.lectures.nested_models import Linear, Problem
from forecasting.lectures.overfitting import (
    BASE_DAYS,
    MOST_DAYS,
    MOST_DEGREE,
    MOST_FEATURES,
    REMEDIES,
    RIDGES,
    Decay,
    Remedy,
    Toy,
)
from forecasting.messages import N_
from forecasting.split import Split
from forecasting.windows import Windows
from pages.parts.chapter import Preset, open_chapter
from pages.parts.held_out_weeks import Prediction, draw_weeks
from pages.parts.stage import (
    BASELINE,
    HELD_OUT,
    PREDICTED,
    TRAIN,
    VALIDATION,
    Axis,
    Dot,
    Handle,
    Line,
    Track,
    stage,
    views_axis,
)

TOYS: dict[Toy, str] = {
    "quadratic": N_("A noisy quadratic"),
    "polynomial": N_("d2l's polynomial"),
    "decay": N_("d2l's weight decay"),
    "channel": N_("This channel"),
}
POINTS = (3, 5, 7, 10, 15, 20, 30, 50, 100)
DAYS = (60, 120, 240, 480, 0)
STRENGTHS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
# What is scrubbed, with its most and its default:
COMPLEXITIES: dict[Toy, tuple[str, str, int, int, int]] = {
    "quadratic": ("degree", N_("Degree"), 1, MOST_DEGREE, 9),
    "polynomial": ("features", N_("Features"), 2, MOST_FEATURES, 4),
    "channel": ("window", N_("Days of input"), 1, MOST_DAYS, 28),
}
TICKS: dict[Toy, Sequence[int]] = {
    "quadratic": range(1, MOST_DEGREE + 1),
    "polynomial": range(2, MOST_FEATURES + 1, 2),
    "channel": (1, 7, 14, 28, 42, 56),
}
TERMS = 3  # of the formula
TALL, SMALL = 300, 240  # pixels high
TINY = 1e-12  # a loss that a logarithm can draw
TOP = 1e4  # times the lowest loss: what is higher is out of the picture
PRESETS = (
    Preset(N_("Look-up table"), N_("Train loss 0: is it any use?"), {"toy": "channel", "window": 56, "days": 0}),
    Preset(
        N_("Three points"),
        N_("The curve meets every point. Then add points."),
        {"toy": "quadratic", "points": 3, "degree": 9, "ridge": 0.0},
    ),
    Preset(N_("λ 0 and 3"), N_("Held-out loss falls once λ is 3."), {"toy": "decay", "strength": 3.0}),
)

chapter = open_chapter("overfitting")
translate, channel = chapter.translate, chapter.session.channel
Curve = np.ndarray  # (complexities, 3): train, validation and held-out loss


@st.cache_data(max_entries=64, show_spinner=False)
def toy_of(toy: Toy, points: int, ridge: float) -> tuple[Problem, Curve, Claim]:
    """A toy with its bias-complexity curve, and whether the lowest loss lies inside."""
    draws = [maker(toy)(points, seed) for seed in range(overfitting.DRAWS)]
    return draws[0], draws[0].curve(ridge), overfitting.lies_inside(draws, ridge)


@st.cache_data(max_entries=64, show_spinner=False)
def toy_remedies(toy: Toy, points: int, columns: int) -> list[Remedy]:
    """Each remedy on a toy."""
    return overfitting.toy_remedies(maker(toy), points, columns)


def maker(toy: Toy) -> Callable[[int, int], Problem]:
    """What draws a toy from the number of its points and a seed."""
    return {"quadratic": overfitting.quadratic, "polynomial": overfitting.polynomial}[toy]


@st.cache_data(max_entries=16, show_spinner=False)
def decay_of(strength: float) -> list[Decay]:
    """d2l's weight decay, a few seeds."""
    return [overfitting.weight_decay(strength, seed) for seed in range(5)]


@st.cache_data(max_entries=16, show_spinner=False)
def windows_of(_series, fingerprint: str, split: Split) -> tuple[Windows, Windows]:
    """The channel's training and held-out windows."""
    return overfitting.channel_windows(_series, split)


@st.cache_data(max_entries=64, show_spinner=False)
def channel_of(_windows, fingerprint: str, days: int, ridge: float) -> tuple[Problem, Curve, Claim]:
    """The channel as a problem, and the same of it as of a toy."""
    problem = overfitting.channel_problem(_windows, days)
    return problem, problem.curve(ridge), overfitting.lies_inside([problem], ridge)


@st.cache_data(max_entries=64, show_spinner=False)
def table_of(_windows, fingerprint: str, window: int) -> tuple[np.ndarray, Claim]:
    """What a look-up table answers on held-out days, and whether it loses to a line."""
    return overfitting.tables_answers(_windows, window), overfitting.table_loses(_windows, window)


def experiment() -> None:
    """Choose a problem and scrub its complexity."""
    toy = chapter.choice("toy", N_("Data"), TOYS, "quadratic")
    {"decay": show_decay, "channel": show_channel}.get(toy, partial(show_toy, toy))()
    chapter.open_in_train(family="relu", window=MOST_DAYS, layers=1, units=100, train_days=BASE_DAYS, weight_decay=0.01)


def scrubbed(toy: Toy) -> int:
    """The complexity, as it is counted."""
    name, label, least, most, default = COMPLEXITIES[toy]
    return chapter.slider(name, label, least, most, default)


def ridge_of() -> float:
    """The strength of ridge."""
    return chapter.select_slider("ridge", N_("Ridge λ"), RIDGES, 0.0)


# A toy


def show_toy(toy: Toy) -> None:
    """Points, the curve that is fitted to them, and the losses of all complexities."""
    complexity = scrubbed(toy)
    points = chapter.select_slider("points", N_("Training points"), POINTS, 10 if toy == "quadratic" else 100)
    ridge = ridge_of()
    problem, curve, inside = toy_of(toy, points, ridge)
    columns = complexity - problem.constant
    model = problem.fits.least_squares(columns, ridge)
    remedies = toy_remedies(toy, points, columns)
    with chapter.picture:
        draw_points(toy, problem, model)
        draw_curve(toy, problem, curve, complexity)
    with chapter.more:
        draw_bars(remedies, log_axis(np.array([remedy.loss for remedy in remedies])))
    chapter.formula(formula_of(model, [f"x^{{{power}}}" if power > 1 else "x" for power in range(1, TERMS + 1)]))
    chapter.verdict(inside)
    beside_lecture(remedies, lambda loss: format_three_digits(loss, translate))


def draw_points(toy: Toy, problem: Problem, model: Linear) -> None:
    """Training points, the true curve and the fitted one."""
    true, powers, reach = {
        "quadratic": (overfitting.true_quadratic, overfitting.powers, 1.0),
        "polynomial": (overfitting.true_polynomial, overfitting.scaled_powers, 3.0),
    }[toy]
    x = np.linspace(-reach, reach, 241)
    low, high = float(true(x).min()), float(true(x).max())
    room = 0.3 * (high - low)
    fitted = np.clip(model.predict(powers(x, len(model.weights))), low - 9 * room, high + 9 * room)
    stage(
        f"fit-{toy}",
        x=Axis("x", -reach, reach, "x"),
        y=Axis("y", low - room, high + room, "y"),
        translate=translate,
        lines=[
            Line(np.stack([x, true(x)], axis=1), translate(N_("True curve")), BASELINE, dashed=True),
            Line(np.stack([x, fitted], axis=1), translate("Fitted"), PREDICTED),
        ],
        dots=[
            Dot(at, legend="" if place else translate("Training points"), colour=TRAIN)
            for place, at in enumerate(zip(problem.train.inputs[:, 0], problem.train.targets, strict=True))
        ],
        height=TALL,
        alt=translate("Training points, the true curve, and the one that is fitted"),
    )


# The curve over complexity


def draw_curve(toy: Toy, problem: Problem, curve: Curve, complexity: int) -> None:
    """Losses by complexity; the handle on it is the slider."""
    name, label, least, most, _default = COMPLEXITIES[toy]
    numbers = np.array(problem.complexities) + problem.constant
    held_out = curve[:, 2]
    loss = loss_axis(held_out, toy)
    drawn = np.maximum(curve, TINY)
    lines = [(translate("Train"), TRAIN, 0), (translate("Held-out"), HELD_OUT, 2)]
    at = complexity, float(np.clip(held_out[complexity - least], loss.low, loss.high))
    stage(
        f"curve-{toy}",
        x=Axis(translate(label), least, most, digits=0, ticks=[(n, f"{n}") for n in TICKS[toy]]),
        y=loss,
        translate=translate,
        lines=[Line(np.stack([numbers, drawn[:, part]], axis=1), words, ink) for words, ink, part in lines],
        handles=[
            Handle("complexity", at, translate(label), along="x", colour=PREDICTED, step=(1, 0), rule=True, follows=1)
        ],
        on_move=lambda _handle, moved: chapter.set_value(name, round(moved[0])),
        height=SMALL,
        alt=translate("Train and held-out loss by complexity"),
    )


def loss_axis(losses: np.ndarray, toy: Toy) -> Axis:
    """Losses of a toy in powers of ten, those of the channel in views."""
    if toy != "channel":
        return log_axis(losses)
    return views_axis(translate("MAE (views)"), 0, min(1.1 * float(losses.max()), 4 * float(losses.min()) + 1))


def log_axis(losses: np.ndarray) -> Axis:
    """From a tenth of the lowest loss up; what is far higher is out of the picture."""
    lowest = max(float(losses.min()), 1e-9)
    high = min(max(2 * float(losses.max()), 10 * lowest), TOP * lowest)
    return Axis(translate(N_("Loss (mean square)")), lowest / 10, high, digits=3, log=True)


# The channel


def show_channel() -> None:
    """The last held-out weeks by a line and by a look-up table, and the losses of all windows."""
    window = scrubbed("channel")
    days = chapter.select_slider("days", N_("Training days"), DAYS, 0, text=chapter.number_or_all)
    ridge = ridge_of()
    windows = windows_of(channel.series, channel.fingerprint, chapter.default_split)
    problem, curve, inside = channel_of(windows, channel.fingerprint, days, ridge)
    answers, loses = table_of(windows, channel.fingerprint, window)
    model = problem.fits.least_squares(window, ridge)
    with chapter.picture:
        draw_weeks(
            windows[1],
            [
                Prediction(model.predict(problem.held_out.inputs), translate(N_("Line"))),
                Prediction(answers, translate(N_("Look-up table")), VALIDATION, dashed=True),
            ],
            translate=translate,
            height=TALL,
            alt=translate("The last held-out weeks: real views, a line's and a look-up table's"),
        )
        draw_curve("channel", problem, curve, window)
        chapter.say_default_split()
    learnt = chapter.job(
        ExperimentRequest(overfitting.remedy_runs(chapter.default_split)),
        Experiment,
        start=N_("Try remedies on 100 ReLU and one year"),
    )
    remedies = overfitting.channel_remedies(learnt) if learnt else [Remedy(name, np.nan) for name in REMEDIES]
    if learnt:
        with chapter.more:
            draw_bars(
                remedies, views_axis(translate("Held-out MAE (views)"), 0, 1.2 * max(one.loss for one in remedies))
            )
    chapter.formula(formula_of(model, [f"x_{{{day}}}" for day in range(1, TERMS + 1)]))
    chapter.verdict(loses, inside)
    beside_lecture(remedies, partial(format_views, translate=translate))


# d2l's weight decay


def show_decay() -> None:
    """Losses by epoch, with as much decay as asked."""
    strength = chapter.select_slider("strength", N_("Weight decay λ"), STRENGTHS, 0.0)
    shown, without, with_three = decay_of(strength), decay_of(0.0), decay_of(3.0)
    losses = np.clip(shown[0].losses, 1e-6, None)
    epochs = np.arange(1, len(losses) + 1)
    with chapter.picture:
        stage(
            "decay",
            x=Axis(translate("Epoch"), 0, len(losses), digits=0),
            y=Axis(translate(N_("Loss (half the mean square)")), 1e-5, 300, digits=4, log=True),
            translate=translate,
            tracks=[
                Track(np.stack([epochs, losses[:, 0]], axis=1), translate("Train"), TRAIN, first=1),
                Track(np.stack([epochs, losses[:, 1]], axis=1), translate("Held-out"), HELD_OUT, first=1),
            ],
            step=translate("Epoch {step} of {last}"),
            alt=translate("Train and held-out loss by epoch"),
        )
    penalty = rf"\tfrac{{{strength:g}}}{{2}}\lVert w\rVert^2"
    chapter.formula(
        rf"L = \tfrac{{1}}{{2n}}\sum(\hat y - y)^2 + {penalty},\quad \lVert w\rVert = {shown[0].length:.2f}"
    )
    chapter.verdict(overfitting.decay_helps(without, with_three))
    ends = [[float(run.losses[-1, 1]) for run in runs] for runs in (without, with_three)]
    chapter.beside_lecture(
        [
            (N_("Held-out loss, λ 0"), "71", f"{np.mean(ends[0]):.3g}"),
            (N_("Held-out loss, λ 3"), "0.14", f"{np.mean(ends[1]):.2g}"),
        ],
        lecture="d2l",
        ours=N_("Here, five seeds"),
    )


# Remedies


def draw_bars(remedies: Sequence[Remedy], loss: Axis) -> None:
    """Held-out loss of each remedy."""
    losses = np.array([remedy.loss for remedy in remedies])
    names = [translate(remedy.name) for remedy in remedies]
    tops = np.clip(losses, loss.low, loss.high)
    stage(
        "remedies",
        x=Axis("", -0.6, len(names) - 0.4, ticks=[*enumerate(names)], names=names),
        y=loss,
        translate=translate,
        lines=[
            Line([[place, top], [place, loss.low]], colour=HELD_OUT if place else BASELINE, width=26)
            for place, top in enumerate(tops)
        ],
        height=SMALL,
        readout=False,
        alt=translate("Held-out loss without a remedy and with each"),
    )


def beside_lecture(remedies: Sequence[Remedy], text: Callable[[float], str]) -> None:
    """Each remedy: the lecture says that it helps; its loss here, and whether it did."""
    rows = []
    for remedy in remedies:
        known = text(remedy.loss) if np.isfinite(remedy.loss) else "–"
        answer = f" · {translate(ANSWERS[remedy.judged.answer])}" if remedy.judged else ""
        lecture = "" if remedy.name == REMEDIES[0] else translate(N_("helps"))
        rows.append((remedy.name, lecture, known + answer))
    chapter.beside_lecture(rows, lecture=N_("Lecture"), ours=N_("Held-out loss here"))


def formula_of(model: Linear, columns: Sequence[str]) -> str:
    """The constant and the first terms as they are fitted."""
    terms = [
        rf"{format_in_formula(weight, signed=True)}\,{column}"
        for weight, column in zip(model.weights, columns, strict=False)
    ]
    rest = r"+ \cdots" if len(model.weights) > len(terms) else ""
    return rf"\hat y = {format_in_formula(model.intercept)} {' '.join(terms)} {rest}"


chapter.run(experiment, PRESETS)
