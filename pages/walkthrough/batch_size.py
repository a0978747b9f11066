"""Chapter 10: one net trained with batches of 1 to all windows: what an update costs, and where each size ends."""

import numpy as np
import streamlit as st

from forecasting.formats import format_views
from forecasting.jobs.requests import BatchSizeRequest
from forecasting.lectures import batch_size
from forecasting.lectures.batch_size import (
    ALL,
    EPOCHS,
    LARGE,
    NET,
    RATE,
    SEEDS,
    SMALL,
    UPDATES,
    BatchSizes,
    Equal,
)
from forecasting.lectures.batches import noise_factor
from forecasting.messages import N_
from forecasting.split import Split
from pages.parts.chapter import Preset, open_chapter
from pages.parts.stage import (
    BASELINE,
    HELD_OUT,
    INK,
    RUNS,
    TRAIN,
    Axis,
    Handle,
    Line,
    stage,
    views_axis,
)

EQUAL: dict[Equal, str] = {"epochs": N_("Epochs"), "updates": N_("Updates")}
LASTS: dict[Equal, int] = {"epochs": EPOCHS, "updates": UPDATES}
ARROW = 0.1  # logarithm of what an arrow key moves by at least
ROOM = 2.0  # times the values, free above and below on logarithmic axes
TALL, SMALL_PICTURE = 280, 260  # pixels high
PRESETS = (
    Preset(N_("One at a time"), N_("Slow, and the loss trembles."), {"batch": 1, "equal": "epochs"}),
    Preset(N_("All at once"), N_("Fast, and the loss lags."), {"batch": ALL, "equal": "epochs"}),
    Preset(N_("Equal updates"), N_("Large batches catch up."), {"batch": ALL, "equal": "updates"}),
)

chapter = open_chapter("batch_size")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=32, show_spinner=False)
def windows_of(_series, fingerprint: str, split: Split) -> int:
    """How many windows there are to train on."""
    return batch_size.training_windows(_series, split)


def experiment() -> None:
    """Choose a batch size, have all of them trained, and compare."""
    windows = windows_of(channel.series, channel.fingerprint, chapter.default_split)
    sizes = batch_size.sizes_for(windows)
    batch = chapter.select_slider(
        "batch", N_("Batch size"), sizes, SMALL if SMALL in sizes else ALL, text=chapter.number_or_all
    )
    equal = chapter.choice("equal", N_("Compare at equal"), EQUAL, "epochs")
    seeds = chapter.select_slider("seeds", N_("Seeds"), (5, SEEDS, 20), SEEDS, text=str)
    place = chapter.picture.container()
    known = chapter.job(
        BatchSizeRequest(chapter.default_split, seeds), BatchSizes, start=N_("Train with every batch size")
    )
    with place:
        draw_cost(windows, sizes, batch, known)
    if known:
        with chapter.picture:
            draw_losses(known, batch or windows, equal)
            chapter.say_default_split()
        jitter, curvature = chapter.more.columns(2)
        with jitter:
            draw_jitter(known, batch or windows)
        with curvature:
            draw_curvature(known)
            st.caption(translate("Flatness is disputed: other weights make the same net sharper."))
        chapter.verdict(*batch_size.claims(known, equal))
    chapter.formula(formula_of(windows, batch or windows, known))
    beside_lecture(known)
    chapter.open_in_train(
        family=NET.family,
        window=NET.window,
        layers=NET.layers,
        units=NET.units,
        loss="mse",
        optimizer="adam",
        batch_size=batch,
        learning_rate=RATE,
        epochs=EPOCHS,
    )


def sizes_axis(windows: int) -> Axis:
    """Batch sizes from one to all."""
    ticks = [(size or windows, chapter.number_or_all(size)) for size in batch_size.sizes_for(windows)]
    return Axis(translate("Batch size"), 0.8, 1.25 * windows, "B", digits=0, log=True, ticks=ticks)


def log_axis(title: str, values: np.ndarray, digits: int) -> Axis:
    """Powers of ten around the values."""
    return Axis(title, float(values.min()) / ROOM, float(values.max()) * ROOM, digits=digits, log=True)


def draw_cost(windows: int, sizes: tuple[int, ...], batch: int, known: BatchSizes | None) -> None:
    """What a batch size costs, with the handle that chooses one: updates an epoch, and once measured their time."""
    batches = np.array([size or windows for size in sizes])
    updates = -(-windows // batches)
    if known:
        seconds = 1000 * np.array([time.best for time in known.times])
        lines = [(translate("An epoch"), RUNS[0], seconds * updates), (translate("An update"), TRAIN, seconds)]
        title = translate(N_("Time on this machine (milliseconds)"))
    else:
        lines, title = [(translate("Updates an epoch"), RUNS[0], updates.astype(float))], translate("Updates an epoch")
    at = batch or windows, float(lines[0][2][sizes.index(batch)])
    stage(
        "cost",
        x=sizes_axis(windows),
        y=log_axis(title, np.concatenate([values for _label, _colour, values in lines]), digits=3 if known else 0),
        translate=translate,
        lines=[Line(np.stack([batches, values], axis=1), label, colour) for label, colour, values in lines],
        handles=[Handle("batch", at, translate("Batch size"), along="x", colour=INK, rule=True, follows=0)],
        on_move=lambda _name, moved: chapter.set_value("batch", moved_to(sizes, windows, batch, moved[0])),
        height=TALL,
        alt=translate("What an epoch and an update cost by batch size"),
    )
    if not known:
        text = translate("Drag the point to the batch size that you expect to train best. Then train.")
        st.info(text, icon=":material/swipe:")


def moved_to(sizes: tuple[int, ...], windows: int, batch: int, at: float) -> int:
    """The size next to a place on the logarithmic axis; a step of an arrow key leads to the next one."""
    ways = np.log(np.array([size or windows for size in sizes]) / at)
    place, found = sizes.index(batch), int(np.abs(ways).argmin())
    if found == place and abs(ways[place]) > ARROW / 2:
        found = int(np.clip(place - np.sign(ways[place]), 0, len(sizes) - 1))
    return sizes[found]


def draw_losses(known: BatchSizes, batch: int, equal: Equal) -> None:
    """The train loss by epoch or by update, the chosen size in bold."""
    last = LASTS[equal]
    lines: list[Line] = []
    drawn: list[np.ndarray] = []
    for place, run in enumerate(known.runs):
        along = run.updates / (run.per_epoch(known.windows) if equal == "epochs" else 1)
        shown = along <= last
        points = np.stack([along[shown], run.train.mean(axis=1)[shown]], axis=1)
        label = chapter.number_or_all(0 if run.batch == known.windows else run.batch)
        chosen = run.batch == batch
        lines.append(Line(points, label, RUNS[place], faint=not chosen, width=4 if chosen else 2))
        drawn.append(points[:, 1])
    everything = np.concatenate(drawn)
    low, high = float(everything.min()), float(np.quantile(everything, 0.9))
    stage(
        "losses",
        x=Axis(translate(EQUAL[equal]), 0, last, digits=0),
        y=views_axis(translate(N_("Train RMSE (views)")), max(low - 0.1 * (high - low), 0), high + 0.1 * (high - low)),
        translate=translate,
        lines=lines,
        height=TALL,
        alt=translate("Train loss of every batch size"),
    )


def draw_jitter(known: BatchSizes, batch: int) -> None:
    """How the train loss trembles at the end."""
    sizes = np.array([run.batch for run in known.runs])
    jitter = 100 * np.array([float(run.jitter.mean()) for run in known.runs])
    stage(
        "jitter",
        x=sizes_axis(known.windows),
        y=log_axis(translate(N_("Jitter (% of the train loss)")), np.maximum(jitter, 1e-4), digits=3),
        translate=translate,
        lines=[
            Line(np.stack([sizes, np.maximum(jitter, 1e-4)], axis=1), translate("Change from update to update"), TRAIN)
        ],
        height=SMALL_PICTURE,
        alt=translate("Change of the train loss from update to update, by batch size"),
    )


def draw_curvature(known: BatchSizes) -> None:
    """The highest curvature, after equal epochs and at equal training loss."""
    sizes = np.array([one.batch for one in known.sharpness])
    epochs, losses = (
        np.array([float(np.median(getattr(one, name))) for one in known.sharpness])
        for name in ("equal_epochs", "equal_loss")
    )
    losses[[one.reached.mean() <= 0.5 for one in known.sharpness]] = np.nan
    high = 1.2 * float(np.nanmax([epochs, losses]))
    stage(
        "curvature",
        x=sizes_axis(known.windows),
        y=Axis(translate(N_("Highest curvature")), 0, max(high, 1e-6), digits=2),
        translate=translate,
        lines=[
            Line(np.stack([sizes, epochs], axis=1), translate("After equal epochs"), BASELINE, dashed=True),
            Line(np.stack([sizes, losses], axis=1), translate("At equal training loss"), HELD_OUT),
        ],
        height=SMALL_PICTURE,
        alt=translate("Highest curvature by batch size, after equal epochs and at equal training loss"),
    )


def formula_of(windows: int, batch: int, known: BatchSizes | None) -> str:
    """Updates an epoch, their noise, and what they take."""
    updates = -(-windows // batch)
    noise = rf"\sqrt{{\frac{{{windows}-{batch}}}{{{batch}\cdot {windows - 1}}}}} = {noise_factor(windows, batch):.3g}"
    lines = [rf"\lceil {windows} / {batch} \rceil = {updates}", rf"\sigma_B / \sigma_1 = {noise}"]
    if known:
        best = next(time.best for time in known.times if time.batch == batch)
        each, whole = (batch_size.milliseconds(seconds) for seconds in (best, best * updates))
        lines.insert(1, rf"{updates} \cdot {each}\,\text{{ms}} = {whole}\,\text{{ms}}")
    return r"\begin{gathered} " + r" \\ ".join(lines) + r" \end{gathered}"


def beside_lecture(known: BatchSizes | None) -> None:
    """Times and losses of the lecture and of Keskar et al. beside this machine's and this channel's."""
    flat = f"{batch_size.flat_up_to(known)}" if known else "–"
    chapter.beside_lecture(
        [
            (N_("An epoch"), "360 s / 10 s", epochs_of(known)),
            (N_("As fast up to batch"), "1000", flat),
            (N_("Train accuracy (MNIST); here RMSE"), "0.983 / 0.838", losses_of(known, "train")),
            (N_("Test accuracy (Keskar, C1); here held-out RMSE"), "80.04 / 77.26 %", losses_of(known, "held_out")),
        ],
        lecture=N_("Lecture, small / large"),
        ours=N_("Here, small / large"),
    )


def epochs_of(known: BatchSizes | None) -> str:
    """Milliseconds of an epoch with the smallest and with the largest batch."""
    if not known:
        return "–"
    ends = [known.times[place].best * -(-known.windows // known.times[place].batch) for place in (0, -1)]
    return " / ".join(f"{batch_size.milliseconds(seconds)} ms" for seconds in ends)


def losses_of(known: BatchSizes | None, period: str) -> str:
    """After equal epochs."""
    if not known or known.windows <= SMALL:
        return "–"
    runs = [known.run(size) for size in (SMALL, LARGE)]
    ends = [getattr(run, period)[run.place(run.updates_of_epochs(known.windows))].mean() for run in runs]
    return " / ".join(format_views(loss, translate) for loss in ends)


chapter.run(experiment, PRESETS)
