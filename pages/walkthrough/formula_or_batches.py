"""Chapter 4: the exact optimum by a formula, and the way to it by batches of 1 to 20 examples."""

import numpy as np
import streamlit as st

from forecasting.lectures import batches
from forecasting.lectures.batches import D2L_WEIGHTS, DAYS, STARTS, Data, Examples, Landscape, Setup, Ways
from forecasting.messages import N_
from forecasting.split import Split
from pages.parts.chapter import Preset, open_chapter
from pages.parts.stage import (
    BASELINE,
    INK,
    RUNS,
    TRAIN,
    Arrow,
    Axis,
    Dot,
    Handle,
    Line,
    Surface,
    Track,
    stage,
    thinned,
)

RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
EPOCHS = (1, 2, 3, 5, 10, 15)
DATA: dict[Data, str] = {"days": N_("20 days of this channel"), "d2l": N_("1000 examples of d2l")}
UNKNOWNS: dict[Data, tuple[str, str]] = {
    "days": (N_("Slope w (standardised)"), N_("Intercept b (standardised)")),
    "d2l": (N_("First weight"), N_("Second weight")),
}
SYMBOLS: dict[Data, tuple[str, str]] = {"days": ("w", "b"), "d2l": ("w₁", "w₂")}
ALL_AT_ONCE = RUNS[0]  # its colour
ARROWS = 12  # batches whose gradients are drawn
SMALL = 260  # pixels high
SMALLEST = 1e-4  # distance shown: of a path that lands on the optimum the logarithm is nothing to draw
MARGIN = 1.6  # times the distances, free above and below: so wide a logarithmic axis has a tick
PRESETS = (
    Preset(
        N_("1 against 20"),
        N_("Twenty noisy updates an epoch against one smooth."),
        {"data": "days", "batch": 1, "rate": 0.1, "epochs": 3},
    ),
    Preset(
        N_("d2l's data"),
        N_("Three epochs end on the formula's answer."),
        {"data": "d2l", "batch": 10, "rate": 0.03, "epochs": 3},
    ),
    Preset(
        N_("A rate for batch 1"),
        N_("A smaller rate calms the noise near the optimum."),
        {"data": "days", "batch": 1, "rate": 0.01, "epochs": 15},
    ),
)

chapter = open_chapter("formula_or_batches")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=32, show_spinner=False)
def days_of(_series, fingerprint: str, split: Split) -> Examples:
    """The channel's examples."""
    return batches.days(_series, split.train)


@st.cache_data(max_entries=128, show_spinner=False)
def ways_of(_examples: Examples, fingerprint: str, setup: Setup) -> Ways:
    """Both ways down from a start."""
    return batches.both_ways(_examples, setup)


def experiment() -> None:
    """Choose the batch, drag the start, and compare both ways down."""
    data = chapter.choice("data", N_("Data"), DATA, "days")
    batch = chapter.slider("batch", N_("Batch size"), 1, DAYS, 5)
    rate = chapter.select_slider("rate", N_("Learning rate"), RATES, 0.03)
    epochs = chapter.select_slider("epochs", N_("Epochs"), EPOCHS, 10)
    own = data == "days"
    examples = days_of(channel.series, channel.fingerprint, chapter.default_split) if own else batches.d2l()
    land = batches.landscape(examples, STARTS[data])
    low, high = ((land.firsts[end], land.seconds[end]) for end in (0, -1))
    start = chapter.point(f"start_{data}", STARTS[data], low, high)
    setup = Setup(data, batch, rate, epochs, start)
    found = ways_of(examples, channel.fingerprint, setup)
    with chapter.picture:
        if own:
            st.caption(translate("20 training days, evenly spaced, each from the day before."))
        draw_surface(examples, land, setup, found)
    noise, by_epoch, by_update = chapter.more.columns(3)
    with noise:
        draw_noise(examples, setup)
    with by_epoch:
        draw_distances("epochs", epochs, found.near[:: updates_an_epoch(examples, batch)], found.far[: epochs + 1])
    with by_update:
        draw_distances("updates", len(found.near) - 1, found.near, found.far)
    chapter.formula(formula_of(examples, batch))
    chapter.verdict(*found.claims)
    beside_lecture(examples, setup, found)
    chapter.open_in_train(
        family="linear", window=1, loss="mse", optimizer="sgd", batch_size=batch, learning_rate=rate, epochs=epochs
    )


def updates_an_epoch(examples: Examples, batch: int) -> int:
    """Batches that an epoch has, the last of them perhaps smaller."""
    return -(-len(examples) // batch)


def draw_surface(examples: Examples, land: Landscape, setup: Setup, found: Ways) -> None:
    """The loss over both unknowns, and both ways down."""
    ends = [(land.firsts[0], land.firsts[-1]), (land.seconds[0], land.seconds[-1])]
    x, y = (
        Axis(translate(title), *end, symbol)
        for title, end, symbol in zip(UNKNOWNS[setup.data], ends, SYMBOLS[setup.data], strict=True)
    )
    name = f"start_{setup.data}"
    stage(
        "surface",
        x=x,
        y=y,
        translate=translate,
        surface=Surface(land.heights, translate("Loss")),
        tracks=[
            Track(found.full[: setup.epochs + 1], translate("All at once"), ALL_AT_ONCE, dots=True),
            Track(found.paths[0], translate("Batches of {batch}").format(batch=setup.batch), TRAIN),
        ],
        dots=[Dot(examples.optimum.tolist(), translate("Exact optimum"), colour=BASELINE)],
        handles=[Handle(name, setup.start, translate("Start of the descent"), colour=INK)],
        on_move=chapter.keep_point,
        step=translate("Update {step} of {last}"),
        alt=translate("Loss by both unknowns, with the paths of batches and of all examples at once"),
    )


def draw_noise(examples: Examples, setup: Setup) -> None:
    """Gradients of some batches at the start, around the one of all examples, with the ellipse of their exact noise."""
    at = np.array(setup.start)
    middle = examples.gradients(at).mean(axis=0)
    some = batches.batch_gradients(examples, at, setup.batch)[:ARROWS]
    around = batches.ellipse(middle, batches.exact_noise(examples, at, setup.batch))
    everything = np.concatenate([some, around, [middle, (0.0, 0.0)]])
    low, high = everything.min(axis=0), everything.max(axis=0)
    room = 0.08 * np.maximum(high - low, 1e-9)
    title = translate(N_("Gradient along {symbol}"))
    x, y = (
        Axis(title.format(symbol=symbol), low[i] - room[i], high[i] + room[i])
        for i, symbol in enumerate(SYMBOLS[setup.data])
    )
    stage(
        "noise",
        x=x,
        y=y,
        translate=translate,
        lines=[
            Line(around, translate("Exact noise, two standard deviations"), BASELINE),
            Line(label=translate("Batches of {batch}").format(batch=setup.batch), colour=TRAIN),
        ],
        arrows=[*(Arrow((0, 0), gradient, TRAIN) for gradient in some), Arrow((0, 0), middle, INK)],
        dots=[Dot(middle, legend=translate("All examples"))],
        height=SMALL,
        alt=translate("Gradients of single batches at the start, with the ellipse of their exact noise"),
    )


def draw_distances(along: str, last: int, near: np.ndarray, far: np.ndarray) -> None:
    """Distance to the exact optimum by epochs or updates, by batches and with all examples at once."""
    title = {"epochs": translate("Epochs"), "updates": translate(N_("Updates"))}[along]
    names = [translate("All at once"), translate("Batches (median of 20 seeds)")]
    shown = [np.clip(values, SMALLEST, 1e6) for values in (far, near)]
    low, high = min(map(np.min, shown)), max(map(np.max, shown))
    stage(
        f"by_{along}",
        x=Axis(title, 0, last, digits=0),
        y=Axis(translate("Distance to the optimum"), low / MARGIN, high * MARGIN, digits=3, log=True),
        translate=translate,
        lines=[
            Line(np.stack([kept := thinned(len(values)), values[kept]], axis=1), name, colour)
            for values, name, colour in zip(shown, names, (ALL_AT_ONCE, TRAIN), strict=True)
        ],
        height=SMALL,
        alt=translate("Distance to the exact optimum along {along}").format(along=title),
    )


def formula_of(examples: Examples, batch: int) -> str:
    """The exact optimum, and how much of one example's noise a batch has."""
    first, second = (f"{value + 0.0:.2f}" for value in examples.optimum.round(2))
    count = len(examples)
    noise = rf"\sqrt{{\frac{{{count}-{batch}}}{{{batch}\cdot {count - 1}}}}} = {batches.noise_factor(count, batch):.2f}"
    lines = rf"(X^\top X)^{{-1}} X^\top y = ({first},\ {second}) \\ \sigma_B / \sigma_1 = {noise}"
    return rf"\begin{{gathered}} {lines} \end{{gathered}}"  # a phone is too narrow for both on one line


def beside_lecture(examples: Examples, setup: Setup, found: Ways) -> None:
    """Updates an epoch, and for d2l's data where its batches end."""
    if setup.data == "days":
        updates = f"{len(examples)} / 1"
        chapter.beside_lecture([(N_("Updates an epoch, batch 1 / all at once"), "20 / 1", updates)])
        return
    ended = found.paths[:, -1].mean(axis=0)
    weights = [", ".join(f"{value:.2f}" for value in pair).replace("-", "−") for pair in (D2L_WEIGHTS, ended)]
    rows = [
        (N_("Updates an epoch"), "100", str(updates_an_epoch(examples, setup.batch))),
        (N_("Weights: true, and after the last epoch"), weights[0], weights[1]),
    ]
    chapter.beside_lecture(rows, lecture=N_("d2l, batch 10"), ours=N_("Here"))


chapter.run(experiment, PRESETS)
