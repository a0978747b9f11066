"""Chapter 13: two losses after a softmax by hand, tomorrow's class, and a viral day under three losses."""

import numpy as np
import streamlit as st

from forecasting.formats import format_percent, format_three_digits, format_views
from forecasting.jobs.requests import ClassesRequest
from forecasting.lectures import class_losses, classes, viral_day
from forecasting.lectures.claims import Claim
from forecasting.lectures.class_losses import (
    EPSILONS,
    GRID,
    LOSS_NAMES,
    METHODS,
    REACH,
    START,
    UPDATES,
    ClassLoss,
    LogitPath,
    Method,
    Paths,
)
from forecasting.lectures.classes import CLASSES, ClassForecast, ClassProblem
from forecasting.lectures.viral_day import ROBUST_LOSSES, RobustLoss, ViralProblem
from forecasting.messages import N_
from forecasting.split import Split
from pages.parts.chapter import Point, Preset, nearest, open_chapter
from pages.parts.held_out_weeks import Prediction, draw_weeks
from pages.parts.stage import (
    BASELINE,
    HELD_OUT,
    INK,
    PREDICTED,
    TRAIN,
    VALIDATION,
    Axis,
    Dot,
    Handle,
    Line,
    Surface,
    Text,
    Track,
    stage,
    views_axis,
)

PARTS = {"surface": N_("Two losses"), "tomorrow": N_("Tomorrow's class"), "viral": N_("A viral day")}
TARGETS = {"first": N_("Class 1"), "second": N_("Class 2")}
MODELS = {"softmax": N_("Softmax regression"), "network": N_("Network")}
COLOURS = {"cross-entropy": TRAIN, "mse": PREDICTED}
VIRAL_COLOURS = {"mse": PREDICTED, "mae": TRAIN, "huber": VALIDATION}
CLASS_COLOURS = (HELD_OUT, BASELINE, TRAIN)
TIMES = (1, 2, 3, 5, 7, 10, 15, 20, 30)
FLATTEST, WIDEST = 1, 20  # per cent
SHOWN, BARS = 50, 50  # per cent up and down, and bars, of the histogram of changes
TALL, SMALL = 340, 240  # pixels high
PRESETS = (
    Preset(
        N_("(−8, 8)"),
        N_("Cross-entropy comes down. MSE stands still."),
        {"part": "surface", "start": START, "method": "sgd"},
    ),
    Preset(
        N_("Adam"), N_("From the same start MSE comes down too."), {"part": "surface", "start": START, "method": "adam"}
    ),
    Preset(
        N_("(−10, 10)"),
        N_("The slope is below ε. Take Adam's smaller ε."),
        {"part": "surface", "start": (-10.0, 10.0), "method": "adam-coarse"},
    ),
)

chapter = open_chapter("loss")
translate, channel = chapter.translate, chapter.session.channel


# Two losses


@st.cache_data(max_entries=8, show_spinner=False)
def surface_of(loss: ClassLoss, target: int) -> np.ndarray:
    """The loss over both logits."""
    return class_losses.logit_surface(loss, target, np.linspace(-REACH, REACH, GRID))


@st.cache_data(max_entries=128, show_spinner=False)
def paths_of(target: int, start: Point, method: Method) -> Paths:
    """The way down on both."""
    return class_losses.logit_paths(target, start, method)


def two_losses() -> None:
    """Drag the start on either surface."""
    target = [*TARGETS].index(chapter.choice("target", N_("Target"), TARGETS, "first"))
    method = chapter.choice("method", N_("Optimizer"), METHODS, "sgd")
    start = chapter.point("start", START, (-REACH, -REACH), (REACH, REACH))
    paths, by_descent = paths_of(target, start, method), paths_of(target, start, "sgd")
    adam = method if method in EPSILONS else "adam"
    by_adam = paths_of(target, start, adam)
    with chapter.picture:
        for place, (loss, column) in enumerate(zip(LOSS_NAMES, st.columns(2), strict=True)):
            with column:
                draw_surface(loss, target, start, paths[loss], place)
        if "start" not in st.query_params:
            st.caption(translate(N_("Drag the start: where does MSE stand still? y₃ = −1000.")))
    with chapter.more:
        draw_probabilities(paths)
    chapter.formula(formula_of(target, start))
    chapter.verdict(
        class_losses.squared_error_sticks(by_descent),
        class_losses.adam_rescues(target, by_descent, by_adam, epsilon=EPSILONS[adam]),
    )
    ends = [class_losses.format_chance(paths[loss].end) for loss in LOSS_NAMES]
    chapter.beside_lecture(
        [
            (N_("Cross-entropy"), translate(N_("slopes")), f"p = {ends[0]}"),
            (N_("Squared error (MSE)"), translate(N_("gets stuck")), f"p = {ends[1]}"),
            (N_("softmax(3, 1, −3)"), "0.88, 0.12, 0", softmax_text(np.array([3.0, 1.0, -3.0]))),
        ],
        lecture=N_("Lecture"),
        ours=N_("Here"),
    )
    chapter.open_in_train(loss="mse", optimizer="sgd" if method == "sgd" else "adam")


def softmax_text(logits: np.ndarray) -> str:
    """Probabilities, to two digits."""
    return ", ".join(f"{share:.2f}" for share in class_losses.softmax(logits))


def draw_surface(loss: ClassLoss, target: int, start: Point, path: LogitPath, place: int) -> None:
    """The loss over both logits, the start, and the path once one has been dropped."""
    title = translate(LOSS_NAMES[loss])
    tried = "start" in st.query_params
    st.markdown(f"**{title}**")
    stage(
        f"surface-{loss}",
        x=Axis("y₁", -REACH, REACH, "y₁"),
        y=Axis("y₂", -REACH, REACH, "y₂"),
        translate=translate,
        surface=Surface(surface_of(loss, target), translate(N_("Loss")), levels=levels(loss)),
        tracks=[Track(path.points, translate("Path"), COLOURS[loss])] if tried else [],
        handles=[Handle("start", start, translate(N_("Start on {loss}: y₁ and y₂")).format(loss=title), colour=INK)],
        on_move=lambda _name, at: chapter.keep_point("start", at),
        step=translate("Update {step} of {last}") if tried else "",
        downhill=True,
        height=TALL,
        alt=translate(N_("Loss by both logits, with the path from the start")),
    )


def levels(loss: ClassLoss) -> list[float]:
    """Borders of bands, even in the loss: what is flat is to look flat."""
    top = 2.0 if loss == "mse" else 2 * REACH
    return [float(level) for level in np.linspace(0, top, 13)[1:-1]]


def draw_probabilities(paths: Paths) -> None:
    """The target's probability by update."""
    updates = np.arange(UPDATES + 1)
    stage(
        "probabilities",
        x=Axis(translate("Update"), 0, UPDATES, digits=0),
        y=Axis(translate(N_("Probability of the target")), 0, 1, "p", digits=3),
        translate=translate,
        lines=[
            Line(np.stack([updates, path.probabilities], axis=1)[::5], translate(LOSS_NAMES[loss]), COLOURS[loss])
            for loss, path in paths.items()
        ],
        height=SMALL,
        alt=translate(N_("Probability of the target by update, under both losses")),
    )


def formula_of(target: int, start: Point) -> str:
    """Probabilities and both losses at the start."""
    logits = class_losses.with_third(np.array(start))
    probability = float(class_losses.softmax(logits)[target])
    entropy, squared = (float(class_losses.loss_of(logits, target, loss)) for loss in LOSS_NAMES)
    lines = [
        rf"p_{target + 1} = \frac{{e^{{y_{target + 1}}}}}{{\sum_k e^{{y_k}}}} = {scientific(probability)}",
        rf"-\ln p_{target + 1} = {entropy:.2f},\quad \lVert p - \hat y \rVert^2 = {squared:.2f}",
    ]
    return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def scientific(value: float) -> str:
    """A small number with a power of ten."""
    if value >= 0.001:
        return f"{value:.3f}"
    digits, power = f"{value:.1e}".split("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}"


# Tomorrow's class


@st.cache_data(max_entries=32, show_spinner=False)
def classes_of(_series, fingerprint: str, split: Split, flat: int) -> tuple[ClassProblem, np.ndarray | None]:
    """The examples and, where no class is too rare, the probabilities of the held-out days."""
    problem = classes.class_problem(_series, split, flat / 100)
    return problem, None if problem.lacking else classes.predicted(problem)


def tomorrow() -> None:
    """Drag the bounds of flat."""
    flat = chapter.slider("flat", N_("Flat within (%)"), FLATTEST, WIDEST, 3)
    model = chapter.choice("model", N_("Model"), MODELS, "softmax")
    split = chapter.default_split
    problem, probabilities = classes_of(channel.series, channel.fingerprint, split, flat)
    with chapter.picture:
        draw_changes(problem, flat)
        chapter.say_default_split()
    if model == "network" and not problem.lacking:
        found = chapter.job(ClassesRequest(split, flat / 100), ClassForecast, start=N_("Train five networks"))
        probabilities = found.probabilities if found else None
        if found is None:
            return
    if probabilities is not None:
        mean = probabilities.reshape(-1, *probabilities.shape[-2:]).mean(axis=0)
        left, right = chapter.more.columns(2)
        with left:
            draw_reliability(mean, problem.held_out.labels)
        with right:
            draw_confusion(mean, problem.held_out.labels)
        chapter.beside_lecture(figures_of(problem, mean), lecture=N_("Commonest class"), ours=N_("Here"))
    chapter.formula(r"p = \mathrm{softmax}(W x + b),\quad L = -\tfrac{1}{n}\sum \ln p_{\text{actual}}")
    chapter.verdict(classes.beats_commonest(problem, probabilities), classes.beats_last_week(problem, probabilities))
    chapter.open_in_train(family="relu", window=classes.WINDOW, layers=1, units=classes.UNITS)


def figures_of(problem: ClassProblem, probabilities: np.ndarray) -> list[tuple[str, str, str]]:
    """Log loss and accuracy beside those of the classes' shares."""
    shares = problem.shares
    losses = [format_three_digits(problem.losses(each).mean()) for each in (shares, probabilities)]
    right = [format_percent(problem.accuracy(each)) for each in (shares, probabilities)]
    return [(N_("Held-out log loss"), losses[0], losses[1]), (N_("Right class"), right[0], right[1])]


def draw_changes(problem: ClassProblem, flat: int) -> None:
    """How much views change from day to day, with the bounds of flat to be dragged."""
    changes = np.clip(100 * problem.train.changes, -SHOWN, SHOWN)
    edges = np.linspace(-SHOWN, SHOWN, BARS + 1)
    counts, middles = np.histogram(changes, edges)[0], (edges[1:] + edges[:-1]) / 2
    top = 1.15 * float(counts.max() or 1)
    places = classes.label(np.ones(BARS), 1 + middles / 100, flat / 100)
    days = problem.counts
    stage(
        "changes",
        x=Axis(translate(N_("Change to the next day (%; outer bars: all beyond)")), -SHOWN, SHOWN, unit=" %", digits=0),
        y=Axis(translate(N_("Training days")), 0, top, digits=0),
        translate=translate,
        lines=[
            Line(
                np.stack([middles, counts], axis=1)[places == place],
                f"{translate(name)}: {days[place]}",
                CLASS_COLOURS[place],
                bar=0.9 * float(edges[1] - edges[0]),
                read=False,
            )
            for place, name in enumerate(CLASSES)
        ],
        handles=[
            Handle(name, (sign * flat, 0.9 * top), translate(label), along="x", rule=True, step=(1, 0))
            for name, sign, label in (("from", -1, N_("Flat from")), ("to", 1, N_("Flat to")))
        ],
        on_move=lambda _name, at: chapter.set_value("flat", int(np.clip(round(abs(at[0])), FLATTEST, WIDEST))),
        height=TALL,
        alt=translate(N_("Training days by their change, and where flat ends")),
    )


def draw_reliability(probabilities: np.ndarray, labels: np.ndarray) -> None:
    """How often a class came, by the probability it was given."""
    found = classes.reliability(probabilities, labels)
    stage(
        "reliability",
        x=Axis(translate(N_("Predicted probability")), 0, 1, "p"),
        y=Axis(translate(N_("Observed share")), 0, 1),
        translate=translate,
        lines=[
            Line([[0, 0], [1, 1]], translate(N_("Perfect calibration")), BASELINE, dashed=True),
            Line(np.stack([found.predicted, found.observed], axis=1), translate("Held-out"), HELD_OUT),
        ],
        dots=[Dot(at, colour=HELD_OUT) for at in zip(found.predicted, found.observed, strict=True)],
        height=SMALL,
        alt=translate(N_("Reliability diagram: observed share by predicted probability")),
    )


def draw_confusion(probabilities: np.ndarray, labels: np.ndarray) -> None:
    """How many held-out days of each class were taken for which."""
    counts = classes.confusion(labels, probabilities.argmax(axis=-1))
    names = [translate(name) for name in CLASSES]
    top = float(counts.max() or 1)
    width = 0.8 / len(CLASSES)
    actual = np.arange(len(CLASSES))
    stage(
        "confusion",
        x=Axis(translate(N_("Actual class")), -0.5, len(names) - 0.5, ticks=[*enumerate(names)], names=names),
        y=Axis(translate(N_("Held-out days")), 0, 1.25 * top, digits=0),
        translate=translate,
        lines=[
            Line(
                np.stack([actual + (place - 1) * width, counts[:, place]], axis=1),
                translate(N_("Predicted: {name}")).format(name=name),
                CLASS_COLOURS[place],
                bar=0.9 * width,
                read=False,
            )
            for place, name in enumerate(names)
        ],
        texts=[
            Text((row + (place - 1) * width - 0.3 * width, counts[row, place]), str(counts[row, place]), side=1)
            for row in actual
            for place in range(len(names))
        ],
        height=SMALL,
        readout=False,
        alt=translate(N_("Confusion matrix: actual class by predicted class")),
    )


# A viral day


@st.cache_data(max_entries=16, show_spinner=False)
def viral_of(
    _series, fingerprint: str, split: Split
) -> tuple[ViralProblem, dict[RobustLoss, np.ndarray], np.ndarray, Claim]:
    """The examples, the usual predictions, how far each loss moves (times, losses), and the claim."""
    problem = viral_day.viral_problem(_series, split)
    usual = problem.predicted(problem.train)
    moves = [problem.moves(int(problem.drawn[0]), times, usual) for times in TIMES]
    table = np.array([[each[loss] for loss in ROBUST_LOSSES] for each in moves])
    return problem, usual, table, viral_day.moves_most(problem)


@st.cache_data(max_entries=64, show_spinner=False)
def viral_predictions(
    _problem: ViralProblem, fingerprint: str, split: Split, times: int
) -> dict[RobustLoss, np.ndarray]:
    """What lines predict that learnt from the viral day."""
    return _problem.predicted(_problem.viral(int(_problem.drawn[0]), times))


def viral() -> None:
    """Drag how viral a training day goes."""
    times = chapter.select_slider("times", N_("Times its views"), TIMES, 10, text=str)
    split = chapter.default_split
    problem, usual, moves, moved = viral_of(channel.series, channel.fingerprint, split)
    predicted = viral_predictions(problem, channel.fingerprint, split, times)
    with chapter.picture:
        draw_moves(moves, times)
        chapter.say_default_split()
    with chapter.more:
        after = [
            Prediction(predicted[loss], translate(name), VIRAL_COLOURS[loss]) for loss, name in ROBUST_LOSSES.items()
        ]
        draw_weeks(
            problem.held_out,
            [Prediction(usual["mse"], translate(N_("Without it")), BASELINE, dashed=True), *after],
            translate=translate,
            height=SMALL,
            alt=translate(N_("The last held-out weeks, predicted after a viral day in training")),
            whole=True,
        )
    chapter.formula(
        r"\text{Huber}(e) = \begin{cases} e^2/2 & |e| \le \delta \\ \delta\,(|e| - \delta/2) & \text{else}\end{cases}"
    )
    chapter.verdict(moved)
    now = moves[TIMES.index(times)]
    chapter.beside_lecture(
        [
            (name, f"× {times}", format_views(move, translate))
            for name, move in zip(ROBUST_LOSSES.values(), now, strict=True)
        ],
        lecture=N_("Views of one day"),
        ours=N_("Predictions move by (views)"),
    )
    chapter.open_in_train(family="linear", window=7, loss="mae", optimizer="exact")


def draw_moves(moves: np.ndarray, times: int) -> None:
    """How far predictions move, by how viral the day goes."""
    at = TIMES.index(times)
    stage(
        "moves",
        x=Axis(
            translate(N_("Views of one training day, times the usual")),
            1,
            TIMES[-1],
            "×",
            digits=0,
            log=True,
            ticks=[(float(each), str(each)) for each in TIMES],
        ),
        y=views_axis(translate(N_("Predictions move by (views a day)")), 0, 1.1 * float(moves.max()) or 1.0),
        translate=translate,
        lines=[
            Line(np.stack([TIMES, moves[:, place]], axis=1), translate(name), VIRAL_COLOURS[loss])
            for place, (loss, name) in enumerate(ROBUST_LOSSES.items())
        ],
        handles=[
            Handle(
                "times", (times, float(moves[at, 0])), translate(N_("Times its views")), along="x", rule=True, follows=0
            )
        ],
        on_move=take_times,
        height=TALL,
        alt=translate(N_("How far predictions move by how viral a training day goes, under three losses")),
    )


def take_times(_name: str, at: Point) -> None:
    """The nearest on the slider."""
    chapter.set_value("times", nearest(TIMES, at[0]))


EXPERIMENTS = {"surface": two_losses, "tomorrow": tomorrow, "viral": viral}
chapter.run(EXPERIMENTS[chapter.part(PARTS)], PRESETS)
