"""Chapter 14: inputs of unlike scales stretch the loss; standardising and batch normalization make it rounder."""

import numpy as np
import streamlit as st

from forecasting.formats import format_views, units
from forecasting.jobs.requests import SweepRequest
from forecasting.lectures import batch_normalization as lecture
from forecasting.lectures.batch_normalization import BATCHES, GOAL, RATES, Line
from forecasting.lectures.paths import descend
from forecasting.lectures.rate_sweeps import UPDATES, Sweep, highest_shown, mean_loss, usable_level
from forecasting.messages import N_
from forecasting.split import Split
from pages.parts.chapter import Point, Preset, nearest, open_chapter
from pages.parts.stage import (
    BASELINE,
    HELD_OUT,
    INK,
    RUNS,
    TRAIN,
    Axis,
    Dot,
    Handle,
    Surface,
    Track,
    stage,
    views_axis,
)
from pages.parts.stage import Line as Curve

PARTS = {"scaling": N_("Two inputs"), "network": N_("Your network")}
SCALES = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0)
SHOWN = tuple(float(scale) for scale in np.geomspace(1, 100, 41))
STEPS = 300  # updates shown
GRID = 60  # places along each weight
MOST_UPDATES = 1e6  # updates shown on the axis
COUNTS = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5, MOST_UPDATES)  # ticks
SMALL = 260  # pixels high
WITHOUT, WITH = RUNS[0], TRAIN  # colours
PRESETS = (
    Preset(
        N_("Scale 1 and 100"),
        N_("The valley's walls need a tiny rate. Drag the scale to 1."),
        {"part": "scaling", "spread": 100.0, "rate": 1e-4, "norm": False},
    ),
    Preset(
        N_("Rate 0.1"),
        N_("Compare the loss with and without normalization."),
        {"part": "network", "rate": 0.1, "batch": 64, "norm": True},
    ),
    Preset(
        N_("Batch 2"),
        N_("Two examples tell little of mean and spread."),
        {"part": "network", "rate": 0.01, "batch": 2, "norm": True},
    ),
)

chapter = open_chapter("batch_normalization")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=32, show_spinner=False)
def line_of(_series, fingerprint: str, split: Split) -> Line:
    """The channel's line, on raw and on standardised views."""
    return lecture.channel_line(_series, split)


def two_inputs() -> None:
    """Drag the scale of x2, and see the loss stretch."""
    scale = chapter.select_slider("spread", N_("Scale of x₂"), SCALES, 10.0)
    rate = chapter.select_slider("rate", N_("Learning rate"), RATES, 0.01)
    standardised = chapter.switch("norm", N_("Normalize"))
    seen = 1.0 if standardised else scale
    line = line_of(channel.series, channel.fingerprint, chapter.default_split)
    with chapter.picture:
        draw_loss(seen, rate, standardised)
        draw_needed(scale, rate)
    chapter.formula(formula_of(seen))
    chapter.verdict(lecture.toy_needs_more(scale), lecture.raw_needs_more(line))
    conditions = [lecture.format_count(k) if np.isfinite(k) else "–" for k in line.conditions]
    chapter.beside_lecture(
        [
            (N_("Condition number, raw views"), translate(N_("stretched")), conditions[0]),
            (N_("Condition number, standardised"), translate(N_("round")), conditions[1]),
        ],
        lecture=N_("Lecture's picture"),
        ours=N_("Line of 7 days here"),
    )
    chapter.open_in_train(
        family="linear",
        window=lecture.WINDOW,
        loss="mse",
        optimizer="sgd",
        learning_rate=rate,
        standardise=standardised,
    )


def draw_loss(scale: float, rate: float, standardised: bool) -> None:
    """The loss over both weights, and gradient descent on it."""
    toy = lecture.two_inputs(scale)
    path = descend(toy.gradient, np.array(toy.start), rate=rate, updates=STEPS)
    x, y = (
        Axis(translate(N_("Weight of {input}")).format(input=name), *ends, symbol)
        for name, symbol, ends in zip(("x₁", "x₂"), ("w₁", "w₂"), zip(toy.low, toy.high, strict=True), strict=True)
    )
    stage(
        "loss",
        x=x,
        y=y,
        translate=translate,
        surface=Surface(toy.heights(GRID), translate("Loss")),
        tracks=[Track(path, translate("Gradient descent"))],
        dots=[Dot(toy.minimum, translate("Exact optimum"), colour=HELD_OUT), Dot(toy.start, colour=INK)],
        step=translate("Update {step} of {last}"),
        alt=translate("Loss by both weights with the path of gradient descent"),
    )
    spreads = translate(N_("Spread of x₁: 1; of x₂: {scale}.")).format(scale=f"{scale:g}")
    st.caption(f"{spreads} {translate(N_('Normalized inputs.'))}" if standardised else spreads)


def draw_needed(scale: float, rate: float) -> None:
    """Updates to a loss by scale; the handle is the slider."""
    best, standardised = lecture.needed_by_scale(SHOWN), lecture.updates_needed(lecture.two_inputs(1.0))
    own = lecture.needed_by_scale(SHOWN, rate)
    at_rate = translate(N_("Raw, rate {rate}")).format(rate=f"{rate:g}")
    lines = [
        Curve(np.column_stack([SHOWN, best]), translate(N_("Raw, best rate")), WITHOUT),
        Curve(np.column_stack([SHOWN, np.where(own <= MOST_UPDATES, own, np.nan)]), at_rate, BASELINE, dashed=True),
        Curve([[SHOWN[0], standardised], [SHOWN[-1], standardised]], translate(N_("Standardised, best rate")), WITH),
    ]
    at = scale, lecture.updates_needed(lecture.two_inputs(scale))
    title = translate(N_("Updates to a loss of {goal}")).format(goal=GOAL)
    stage(
        "needed",
        x=Axis(translate(N_("Scale of x₂")), SHOWN[0], SHOWN[-1], log=True, digits=0),
        y=Axis(title, 1, MOST_UPDATES, digits=0, log=True, ticks=[(count, tick(count)) for count in COUNTS]),
        translate=translate,
        lines=lines,
        handles=[Handle("scale", at, translate(N_("Scale of x₂")), along="x", colour=INK, rule=True, follows=0)],
        on_move=take_scale,
        height=SMALL,
        alt=translate("Updates needed by the scale of the second input"),
    )


def tick(count: float) -> str:
    """A power of ten in the units of the language: 100, 10k."""
    size, unit = max(((size, unit) for size, unit in [(1.0, ""), *units(translate)] if size <= count))
    return f"{count / size:,.0f}{unit}"


def take_scale(_name: str, at: Point) -> None:
    """The handle has been let go: the nearest scale of the slider."""
    chapter.set_value("spread", nearest(SCALES, at[0]))


def formula_of(scale: float) -> str:
    """The curvature along both weights."""
    toy = lecture.two_inputs(scale)
    (one, shared), (_shared, two) = toy.hessian(np.array(toy.minimum))
    matrix = rf"\begin{{pmatrix}} {one:g} & {shared:g} \\ {shared:g} & {two:g} \end{{pmatrix}}"
    condition = lecture.format_count(lecture.condition_number(toy))
    return rf"\begin{{gathered}} y = w_1 x_1 + w_2 x_2 \\ H = {matrix},\quad \kappa = {condition} \end{{gathered}}"


# The network


def network() -> None:
    """Losses of the own network by rate and by batch, without and with batch normalization."""
    rate = chapter.select_slider("rate", N_("Learning rate"), RATES, 0.01)
    batch = chapter.select_slider("batch", N_("Batch size"), BATCHES, 64, text=str)
    norm = chapter.switch("norm", N_("Normalize"))
    request = SweepRequest(lecture.norm_runs(chapter.default_split), UPDATES)
    known = chapter.job(request, Sweep, start=N_("Train 54 small networks"))
    place = BATCHES.index(batch), RATES.index(rate)
    shown = None
    if known is not None:
        losses = lecture.by_norm(known.losses)
        mean = mean_loss(channel.series, chapter.default_split, lecture.NETWORK.window)
        shown = losses.mean(axis=-1)[:, *place]
        with chapter.picture:
            draw_rates(losses[:, place[0]], rate, norm, level=usable_level(mean, *losses[:, place[0]]))
            draw_batches(losses[:, :, place[1]], batch, norm)
            say_how(batch)
        chapter.verdict(lecture.widens(*losses[:, -1], mean=mean), lecture.fails(*losses[:, 0]))
    chapter.formula(normalization_formula(batch))
    texts = ["–" if shown is None else loss_text(loss) for loss in (shown if shown is not None else (0, 0))]
    chapter.beside_lecture(
        [
            (N_("Train loss without normalization"), "–", texts[0]),
            (N_("Train loss with normalization"), translate(N_("lower, if the batch is large")), texts[1]),
        ],
        lecture=N_("Lecture"),
        ours=N_("Here, at this rate and batch"),
    )
    net = lecture.NETWORK
    chapter.open_in_train(
        family="relu", layers=net.layers, units=net.units, batch_size=batch, learning_rate=rate, batch_norm=norm
    )


def loss_text(loss: float) -> str:
    """A loss, or that there is none."""
    return format_views(loss, translate) if np.isfinite(loss) else "∞"


def say_how(batch: int) -> None:
    """How the networks were trained."""
    net = lecture.NETWORK
    text = translate(N_("{layers} layers of {units} ReLU, Adam, {updates} updates each, five seeds, batch {batch}."))
    st.caption(text.format(layers=net.layers, units=net.units, updates=UPDATES, batch=batch))
    chapter.say_default_split()


def draw_rates(losses: np.ndarray, rate: float, norm: bool, *, level: float) -> None:
    """Train losses (norms, rates, seeds) by rate; the handle is the slider."""
    means, y = losses.mean(axis=-1), loss_axis(losses)
    at = rate, float(np.clip(means[int(norm), RATES.index(rate)], y.low, y.high))
    stage(
        "rates",
        x=Axis(translate("Learning rate"), RATES[0], RATES[-1], digits=4, log=True),
        y=y,
        translate=translate,
        lines=[
            *norm_curves(np.array(RATES), means, y),
            Curve([[RATES[0], level], [RATES[-1], level]], translate(N_("Usable below")), BASELINE, dashed=True),
        ],
        handles=[Handle("rate", at, translate("Learning rate"), along="x", rule=True, follows=int(norm))],
        on_move=lambda _name, moved: chapter.set_value("rate", nearest(RATES, moved[0])),
        height=SMALL,
        alt=translate("Train loss by learning rate, without and with batch normalization"),
    )


def draw_batches(losses: np.ndarray, batch: int, norm: bool) -> None:
    """Train losses (norms, batches, seeds) by batch; the handle is the slider."""
    means, y = losses.mean(axis=-1), loss_axis(losses)
    at = batch, float(np.clip(means[int(norm), BATCHES.index(batch)], y.low, y.high))
    stage(
        "batches",
        x=Axis(translate("Batch size"), 1.8, 70, digits=0, log=True, ticks=[(size, f"{size}") for size in BATCHES]),
        y=y,
        translate=translate,
        lines=norm_curves(np.array(BATCHES), means, y),
        handles=[Handle("batch", at, translate("Batch size"), along="x", rule=True, follows=int(norm))],
        on_move=lambda _name, moved: chapter.set_value("batch", nearest(BATCHES, moved[0])),
        height=SMALL,
        alt=translate("Train loss by batch size, without and with batch normalization"),
    )


def loss_axis(losses: np.ndarray) -> Axis:
    """Views, from 0; what is far higher is out of the picture."""
    return views_axis(translate(N_("Train MAE (views)")), 0, highest_shown(losses.mean(axis=-1)))


def norm_curves(places: np.ndarray, means: np.ndarray, y: Axis) -> list[Curve]:
    """One without and one with normalization; beyond the picture they stay at its edge."""
    drawn = np.minimum(means, y.high)
    names = [translate(N_("Without")), translate(N_("With normalization"))]
    return [
        Curve(np.column_stack([places, curve]), name, colour)
        for curve, name, colour in zip(drawn, names, (WITHOUT, WITH), strict=True)
    ]


def normalization_formula(batch: int) -> str:
    """What normalization does to a unit; of two examples it leaves the sign alone."""
    rule = r"\tilde z = \frac{z - \mu_B}{\sigma_B},\quad \hat z = \gamma \tilde z + \beta"
    return rule + r",\quad B = 2 \Rightarrow \tilde z = \pm 1" if batch == 2 else rule + rf",\quad B = {batch}"


if chapter.part(PARTS) == "scaling":
    chapter.run(two_inputs, PRESETS)
else:
    chapter.run(network, PRESETS)
