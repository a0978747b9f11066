"""Chapter 9: eigenvalues on the lecture's saddle and along one's own training, and the step that leads on down."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from forecasting.formats import format_in_formula
from forecasting.jobs.requests import CurvatureRequest
from forecasting.lectures import critical_points
from forecasting.lectures.claims import Claim
from forecasting.lectures.critical_points import (
    MOST_UNKNOWNS,
    NETS,
    AlongTraining,
    Escape,
    Look,
    Spectrum,
    ToyPoint,
    epochs_on_the_way,
)
from forecasting.lectures.surfaces import TOYS
from forecasting.messages import N_
from forecasting.records import Run
from forecasting.settings import LOSSES, RunSettings
from pages.parts.chapter import Preset, open_chapter
from pages.parts.curvature_panel import draw_spectrum, number
from pages.parts.stage import (
    BASELINE,
    HELD_OUT,
    INK,
    PREDICTED,
    TRAIN,
    Arrow,
    Axis,
    Dot,
    Handle,
    Line,
    Surface,
    Text,
    Track,
    stage,
)

SURFACES = {"toy": N_("The lecture's toy"), "net": N_("Own network")}
TOY = TOYS["product"]
REACH = float(TOY.high[0])  # of either weight, either way
SQUARED, STANDARDISED = N_("Loss (squared error)"), N_("Squared error (standardised views)")
MOST_RUNS = 8  # of the visitor's own that are offered
GRID = 49  # places along each weight
FIRST = (-0.6, 0.9)  # where the point stands at first
LONGEST = 2.0  # step on the toy
ACROSS = 0.5  # length of the second eigenvector's arrow
LECTURES_RATIO = (0.5, 0.6)
HALF, SMALL = 200, 240  # pixels high
PRESETS = (
    Preset(N_("Origin"), N_("No slope, and yet a way down."), {"on": "toy", "point": (0.0, 0.0), "step": (1.0,)}),
    Preset(N_("(1, 1)"), N_("Is there a way down from here?"), {"on": "toy", "point": (1.0, 1.0), "step": (1.0,)}),
    Preset(N_("Own network"), N_("Does training end in a minimum?"), {"on": "net"}),
)

chapter = open_chapter("minimum_or_saddle")
translate, channel = chapter.translate, chapter.session.channel


def experiment() -> None:
    """Drag the point, or train a network, and step along the lowest eigenvector."""
    {"toy": show_toy, "net": show_net}[chapter.choice("on", N_("Surface"), SURFACES, "toy")]()


# The toy


def show_toy() -> None:
    """A point on the lecture's surface, its eigenvectors, and the loss along the lowest."""
    at = chapter.point("point", FIRST, (-REACH, -REACH), (REACH, REACH))
    length = chapter.place("step", 1.0, -LONGEST, LONGEST)
    point = critical_points.toy_point(TOY, at)
    with chapter.picture:
        draw_surface(point, length)
        if "point" not in st.query_params:
            st.caption(translate("Drag the point to where there is no slope, and yet a way down."))
    with chapter.more:
        draw_toy_cut(point, length)
    chapter.formula(toy_formula(point))
    chapter.verdict(critical_points.is_saddle(TOY, point, length))
    low, high = (number(value) for value in point.eigenvalues)
    chapter.beside_lecture(
        [(N_("Eigenvalues"), "−2, 2", f"{low}, {high}")], lecture=N_("Lecture, at the origin"), ours=N_("This point")
    )
    chapter.open_in_train(family="sigmoid", window=7, units=12, loss="mse")


def draw_surface(point: ToyPoint, length: float) -> None:
    """The loss over both weights."""
    at, lowest, highest = point.at.tolist(), point.eigenvectors[0], point.eigenvectors[1]
    values = [f"λ = {number(value)}" for value in point.eigenvalues]
    stage(
        "saddle",
        x=Axis(translate(N_("Weight w₁")), -REACH, REACH, "w₁"),
        y=Axis(translate(N_("Weight w₂")), -REACH, REACH, "w₂"),
        translate=translate,
        surface=Surface(TOY.heights(GRID), translate(SQUARED)),
        lines=[Line(minima(), translate(N_("Minima")), HELD_OUT, dashed=True)],
        arrows=[Arrow(at, (length * lowest).tolist(), PREDICTED), Arrow(at, (ACROSS * highest).tolist(), BASELINE)],
        dots=[Dot((point.at + length * lowest).tolist(), values[0], translate(N_("After the step")), PREDICTED)],
        texts=[Text((point.at + ACROSS * highest).tolist(), values[1], 1)],
        handles=[Handle("point", at, translate(N_("Weights w₁ and w₂")), colour=INK)],
        on_move=chapter.keep_point,
        downhill=True,
        alt=translate(N_("Loss by both weights, with the eigenvectors at your point and the step along the lowest")),
    )


def minima() -> np.ndarray:
    """Where w1 w2 = 1 (points, 2), in two branches."""
    weights = np.linspace(1 / REACH, REACH, GRID)
    branch = np.stack([weights, 1 / weights], axis=1)
    return np.concatenate([branch, [[0.0, np.nan]], -branch])


def draw_toy_cut(point: ToyPoint, length: float) -> None:
    """The loss along the lowest eigenvector."""
    lengths = np.linspace(-LONGEST, LONGEST, 161)
    losses = point.cut(TOY, lengths)
    draw_cut("toy-cut", "step", np.stack([lengths, losses], axis=1), length, top=min(float(losses.max()), 4.0))


def draw_cut(key: str, name: str, points: np.ndarray, length: float, *, top: float, title: str = SQUARED) -> None:
    """Losses by the length of the step, with a handle for the step."""
    losses = points[:, 1]
    low = float(losses.min())
    room = 0.15 * ((top - low) or 1)
    at = length, float(np.clip(np.interp(length, points[:, 0], losses), low, top))
    before = float(np.interp(0, points[:, 0], losses))
    stage(
        key,
        x=Axis(translate(N_("Step along the lowest eigenvector")), points[0, 0], points[-1, 0]),
        y=Axis(translate(title), low - room, top + room, digits=3),
        translate=translate,
        lines=[
            Line(np.clip(points, [-np.inf, -np.inf], [np.inf, top + room]), translate(N_("Loss")), TRAIN),
            Line([[points[0, 0], before], [points[-1, 0], before]], translate(N_("Before")), BASELINE, dashed=True),
        ],
        handles=[Handle(name, at, translate(N_("Length of the step")), along="x", colour=PREDICTED, follows=0)],
        on_move=chapter.keep_place,
        height=SMALL,
        alt=translate(N_("Loss by the length of a step along the lowest eigenvector")),
    )


def toy_formula(point: ToyPoint) -> str:
    """The loss, its gradient and its Hessian as they are here."""
    (a, b), slope = point.at, [format_in_formula(value + 0.0) for value in point.gradient]
    (aa, ab), (_ab, bb) = ([format_in_formula(value) for value in row] for row in TOY.hessian(point.at))
    matrix = rf"\begin{{bmatrix}} {aa} & {ab} \\ {ab} & {bb} \end{{bmatrix}}"
    gradient = rf"\begin{{bmatrix}} {slope[0]} \\ {slope[1]} \end{{bmatrix}}"
    loss = rf"L = (1 - w_1 w_2)^2 = (1 - ({a:.2f})({b:.2f}))^2 = {point.loss:.2f}"
    return rf"\begin{{gathered}} {loss} \\ g = {gradient},\quad H = {matrix} \end{{gathered}}"


# One's own network


def show_net() -> None:
    """A network trained, its loss and gradient by epoch, and what the loss is like at a checkpoint."""
    settings, name = choose_network()
    along = chapter.job(CurvatureRequest(settings), AlongTraining, start=N_("Train and look"), draw=draw_known)
    if along:
        show_along(along, name)
    else:
        guess = N_("Guess first: will training end in a minimum, or where the loss still bends down?")
        chapter.picture.caption(translate(guess))
    if settings.training.loss == "mae":
        text = N_("MAE has kinks, and no curvature between them: everything here is of the squared error.")
        chapter.picture.caption(translate(text))
    with chapter.picture:
        chapter.say_split(settings.split)
    carry(settings)


def choose_network() -> tuple[RunSettings, str]:
    """One of the chapter's networks or of the visitor's own runs, with a name that tells it from all others."""
    runs = own_runs()
    labels: dict[str, str] = {name: label for name, (label, _net) in NETS.items()}
    net = chapter.choice("net", N_("Network"), labels | {key: run.name for key, run in runs.items()}, "sigmoid")
    if net not in NETS:
        settings, epochs = runs[net].settings, chapter.session.store.epochs_done(net)
        return replace(settings, training=replace(settings.training, epochs=epochs)), f"{net} {epochs}"
    loss = chapter.choice("loss", N_("Trained on"), LOSSES, "mse")
    return critical_points.net_settings(chapter.default_split, NETS[net][1], loss), f"{net} {loss}"


def own_runs() -> dict[str, Run]:
    """The latest runs on this channel that have weights and not too many, by id; of equal names the latest."""
    taken, by_name = {label for label, _net in NETS.values()}, dict[str, Run]()
    for run in chapter.session.store.runs(chapter.session.owner):
        if run.fingerprint == channel.fingerprint and run.name not in taken and can_be_looked_at(run):
            by_name.setdefault(run.name, run)
    return {run.id: run for run in [*by_name.values()][:MOST_RUNS]}


def can_be_looked_at(run: Run) -> bool:
    """Whether it is a network that went down its loss, and a small one."""
    settings = run.settings
    return not settings.solved_at_once and run.status == "finished" and settings.parameters <= MOST_UNKNOWNS


def draw_known(along: AlongTraining) -> None:
    """What is known while a worker is at it."""
    draw_curves(along, along.epochs[-1])


@st.cache_data(max_entries=32, show_spinner=False)
def claims_of(_along: AlongTraining, fingerprint: str, name: str) -> list[Claim]:
    """What the lecture claims of a training."""
    return critical_points.claims(_along)


def show_along(along: AlongTraining, name: str) -> None:
    """The training, and one checkpoint of it."""
    looks = {look.epoch: look for look in along.way}
    epoch = chapter.select_slider("checkpoint", N_("Checkpoint (epoch)"), [*looks], along.way[-1].epoch, text=str)
    look = looks[epoch]
    reach = float(look.escape.lengths[-1])
    length = chapter.place("step_net", float(look.escape.lengths[look.escape.best]), -reach, reach)
    with chapter.picture:
        draw_curves(along, epoch)
    left, middle, right = chapter.more.columns(3)
    with left:
        draw_spectrum(look, translate, height=SMALL)
    with middle:
        draw_escape(look.escape, length)
    with right:
        draw_ratios(along, look)
    chapter.formula(net_formula(look, length))
    chapter.verdict(*claims_of(along, channel.fingerprint, name))
    beside_lecture(along, look)


def epoch_axis(along: AlongTraining, title: str) -> Axis:
    """Epochs, checkpoints at even distances."""
    checkpoints = epochs_on_the_way(int(along.epochs[-1]))
    ticks = [*enumerate(map(str, checkpoints))]
    names = [translate(N_("Epoch {epoch}")).format(epoch=epoch) for epoch in checkpoints]
    return Axis(title, 0, max(len(checkpoints) - 1, 1), ticks=ticks, names=names)


def places_of(along: AlongTraining) -> np.ndarray:
    """Where the epochs stand on that axis."""
    checkpoints = epochs_on_the_way(int(along.epochs[-1]))
    return np.interp(along.epochs, checkpoints, np.arange(len(checkpoints)))


def draw_curves(along: AlongTraining, epoch: float) -> None:
    """Loss by epoch, and the length of the gradient below it."""
    places, here = places_of(along), np.abs(along.epochs - epoch).argmin()
    losses, norms, batches = along.losses, along.gradient_norms, along.batch_norms
    handle = Handle(
        "checkpoint",
        (places[here], losses[0, here]),
        translate(N_("Checkpoint")),
        along="x",
        rule=True,
        step=(1, 0),
        follows=0,
    )
    mean = [[0.0, along.mean_loss], [places[-1], along.mean_loss]]
    stage(
        "losses",
        x=epoch_axis(along, ""),
        y=positive_axis(STANDARDISED, [losses, np.array([along.mean_loss])]),
        translate=translate,
        lines=[
            *curves(places, losses, translate(N_("All windows, first seed")), TRAIN),
            Line(mean, translate(N_("Mean of the training days")), BASELINE, dashed=True),
        ],
        handles=[handle] if along.ends else [],
        on_move=lambda _name, moved: chapter.set_value("checkpoint", along.way[round(moved[0])].epoch),
        height=HALF,
        alt=translate(N_("Loss by epoch")),
    )
    stage(
        "norms",
        x=epoch_axis(along, translate(N_("Epoch"))),
        y=positive_axis(N_("Length of the gradient"), [norms, batches]),
        translate=translate,
        lines=[
            *curves(places, norms, translate(N_("All windows, first seed")), TRAIN),
            Line(np.stack([places, batches[0]], axis=1), translate(N_("A batch, mean of the epoch")), PREDICTED),
        ],
        height=HALF,
        alt=translate(N_("Length of the gradient by epoch")),
    )


def curves(places: np.ndarray, values: np.ndarray, label: str, colour: int) -> list[Line]:
    """The first seed's, then those of the others faintly; NaN where a logarithm cannot draw it."""
    drawn = np.where(values > 0, values, np.nan)
    first = Line(np.stack([places, drawn[0]], axis=1), label, colour)
    return [
        first,
        *(Line(np.stack([places, other], axis=1), colour=colour, faint=True, width=1) for other in drawn[1:]),
    ]


def positive_axis(title: str, values: Sequence[np.ndarray]) -> Axis:
    """A logarithmic axis around all values above 0."""
    every = np.concatenate([part.ravel() for part in values])
    every = every[np.isfinite(every) & (every > 0)]
    low, high = (float(every.min()), float(every.max())) if every.size else (0.1, 1.0)
    return Axis(translate(title), max(low / 1.3, high / 1e6), 1.3 * high, digits=3, log=True)


def draw_escape(escape: Escape, length: float) -> None:
    """The loss along the lowest eigenvector, as far as it does not rise out of the picture."""
    top = 3 * escape.before - 2 * escape.after
    low_enough = np.abs(escape.lengths[escape.losses <= top])
    shown = np.abs(escape.lengths) <= max(float(low_enough.max()), abs(length), float(escape.lengths[-1]) / 20)
    draw_cut(
        "net-cut",
        "step_net",
        np.stack([escape.lengths, escape.losses], axis=1)[shown],
        length,
        top=top,
        title=STANDARDISED,
    )


def draw_ratios(along: AlongTraining, look: Look) -> None:
    """Minimum ratio by loss: the first seed on its way, and where each seed ends."""
    way = np.array([[one.loss, one.minimum_ratio] for one in along.way])
    if not np.isfinite(way).all():
        return
    losses = [one.loss for one in (*along.way, *along.ends)]
    x = Axis(translate(STANDARDISED), 0.8 * min(losses), 1.2 * max(losses), digits=3, log=True)
    stage(
        "ratios",
        x=x,
        y=Axis(translate(N_("Minimum ratio")), 0, 1),
        translate=translate,
        lines=[
            Line([[x.low, ratio], [x.high, ratio]], translate(N_("Lecture")) if place else "", BASELINE, dashed=True)
            for place, ratio in enumerate(LECTURES_RATIO)
        ],
        tracks=[Track(way, translate(N_("First seed")), TRAIN, dots=True)],
        dots=[
            *(
                Dot((one.loss, one.minimum_ratio), legend="" if place else translate(N_("Ends")), colour=HELD_OUT)
                for place, one in enumerate(along.ends)
            ),
            Dot((look.loss, look.minimum_ratio), colour=INK),
        ],
        height=SMALL,
        readout=False,
        alt=translate(N_("Minimum ratio by loss, along training and at each seed's end")),
    )


def net_formula(look: Look, length: float) -> str:
    """The ends of the spectrum, and the loss before and after the step."""
    low, high = (format_in_formula(value) for value in look.curvature.ends)
    after = float(np.interp(length, look.escape.lengths, look.escape.losses))
    ends = rf"\lambda_{{\min}} = {low},\quad \lambda_{{\max}} = {high}"
    return rf"\begin{{gathered}} {ends} \\ L = {look.loss:.4f} \;\longrightarrow\; {after:.4f} \end{{gathered}}"


def beside_lecture(along: AlongTraining, look: Look) -> None:
    """The lecture's minimum ratio beside this network's, and how its eigenvalues are counted."""
    rows = [
        (N_("Unknowns"), "–", f"{along.unknowns}"),
        (N_("Length of the gradient"), "–", f"{look.gradient_norm:.3f}"),
    ]
    if isinstance(look.curvature, Spectrum):
        found = look.curvature
        counts = f"{found.positive} / {found.zero} / {found.negative}"
        rows.append((N_("Positive / zero / negative"), "–", counts))
        rows.append((N_("Minimum ratio"), "0.5–0.6", f"{found.minimum_ratio:.2f}"))
    chapter.beside_lecture(rows, lecture=N_("Lecture"))


def carry(settings: RunSettings) -> None:
    """The network, to be opened in Train."""
    net, training = settings.architecture, settings.training
    carried: dict[str, object] = {"family": net.family, "window": net.window, "layers": net.layers, "units": net.units}
    carried |= {"loss": training.loss, "learning_rate": training.learning_rate, "epochs": training.epochs}
    chapter.open_in_train(**carried, batch_size=training.batch_size, seeds=training.seeds)


chapter.run(experiment, PRESETS)
