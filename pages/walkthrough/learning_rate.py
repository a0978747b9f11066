"""Chapter 12: one learning rate for all unknowns or one for each, constant, with decay or with warm-up."""

import numpy as np
import streamlit as st

from forecasting.formats import format_in_formula, format_percent
from forecasting.jobs.requests import SweepRequest
from forecasting.lectures import learning_rate as lecture
from forecasting.lectures.learning_rate import (
    BURSTING_RATE,
    METHOD_NAMES,
    METHODS,
    STEPS,
    Descent,
    Method,
    Schedule,
    Shape,
)
from forecasting.lectures.rate_sweeps import UPDATES, Sweep, highest_shown, mean_loss, usable_level
from forecasting.lectures.surfaces import TOYS
from forecasting.messages import N_
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
    Line,
    Surface,
    Track,
    stage,
    views_axis,
)

RATES = (1e-7, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 0.5, 1.0)
SHOWN = tuple(float(rate) for rate in np.geomspace(1e-7, 1, 43))
ADAPTIVE = {method: METHOD_NAMES[method] for method in METHODS[1:]}
SCHEDULES: dict[Schedule, str] = {
    "constant": N_("Constant"),
    "decay": N_("Decay, 1/√t"),
    "warm-up": N_("Warm-up, 100 updates"),
}
SHAPES: dict[Shape, str] = {"long ellipse": N_("Long ellipse"), "crescent": N_("Crescent")}
SINGLE, EACH = RUNS[0], TRAIN  # colours
LEAST = 1e-6  # distance, step or sigma that is shown
FARTHEST = 10.0  # distance shown
GRID = 40  # places along each unknown
BINS = 250  # of the updates, each shown by its highest
MEDIUM, SMALL = 320, 240  # pixels high
PRESETS = (
    Preset(
        N_("1e-2 and 1e-7"),
        N_("It bounces between the walls. Then choose 1e-7."),
        {"each": False, "rate": 0.01, "course": "constant"},
    ),
    Preset(
        N_("Decay"),
        N_("Adagrad's bursts are gone. Set the rate constant to see them."),
        {"each": True, "adaptive": "adagrad-mean", "rate": 0.5, "course": "decay"},
    ),
    Preset(
        N_("Warm-up"),
        N_("RMSProp's first step, ten times the rate, becomes small."),
        {"each": True, "adaptive": "rmsprop", "rate": 0.3, "course": "warm-up"},
    ),
)

chapter = open_chapter("learning_rate")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=128, show_spinner=False)
def descent_of(shape: Shape, method: Method, rate: float, schedule: Schedule) -> Descent:
    """A path on a toy."""
    return lecture.descent(shape, method, rate=rate, schedule=schedule)


@st.cache_data(max_entries=128, show_spinner=False)
def sigma_of(method: Method, rate: float, schedule: Schedule) -> np.ndarray:
    """What the gradients of the path on the ellipse are divided by."""
    return lecture.sigma_of("long ellipse", method, descent_of("long ellipse", method, rate, schedule).path)


@st.cache_data(max_entries=2, show_spinner=False)
def heights_of(shape: Shape) -> np.ndarray:
    """The toy's loss."""
    return TOYS[shape].heights(GRID)


@st.cache_data(max_entries=32, show_spinner=False)
def left_of(method: Method, schedule: Schedule) -> np.ndarray:
    """Distance left on the ellipse by rate."""
    left = lecture.left_by_rate(method, schedule, SHOWN, shape="long ellipse")
    return np.clip(np.nan_to_num(left, nan=np.inf), LEAST, FARTHEST)


def mean_of_channel() -> float:
    """The loss of predicting the mean."""
    return mean_loss(channel.series, chapter.default_split, lecture.NETWORK.window)


def experiment() -> None:
    """Drag the rate, and switch between one for all and one for each."""
    each = chapter.switch("each", N_("A rate for each unknown"))
    adaptive = chapter.choice("adaptive", N_("Optimizer"), ADAPTIVE, "adam")
    rate = chapter.select_slider("rate", N_("Learning rate"), RATES, 0.001, text=rate_text)
    schedule = chapter.choice("course", N_("Over the updates"), SCHEDULES, "constant")
    method: Method = adaptive if each else "sgd"
    paths = {shape: descent_of(shape, method, rate, schedule) for shape in SHAPES}
    with chapter.picture:
        for column, shape in zip(st.columns(2), SHAPES, strict=True):
            with column:
                draw_path(shape, paths[shape], method)
        draw_left(adaptive, schedule, rate, each)
    sigma = sigma_of(method, rate, schedule) if each else None
    places = chapter.more.columns(2) if each else [chapter.more]
    with places[-1]:
        draw_steps(paths["long ellipse"])
    if sigma is not None:
        with places[0]:
            draw_sigma(sigma)
    known = sweep_of_network(adaptive)
    chapter.formula(formula_of(method, rate, schedule, sigma))
    own = rate if method == "adagrad-mean" else BURSTING_RATE
    chapter.verdict(lecture.adagrad_bursts(own) if each else lecture.bounces(), *network_claims(known, adaptive))
    beside_lecture()
    net = lecture.NETWORK
    chapter.open_in_train(
        family="relu",
        layers=net.layers,
        units=net.units,
        optimizer=method,
        learning_rate=rate,
        batch_size=lecture.BATCH,
    )


def rate_text(rate: float) -> str:
    """0.001, 1e-7."""
    return f"{rate:g}".replace("e-0", "e-")


# Toys


def draw_path(shape: Shape, found: Descent, method: Method) -> None:
    """The toy from above, with the way down."""
    toy = TOYS[shape]
    x, y = (
        Axis(title, *ends, symbol)
        for title, symbol, ends in zip(
            (translate("First unknown"), translate("Second unknown")),
            ("θ₁", "θ₂"),
            zip(toy.low, toy.high, strict=True),
            strict=True,
        )
    )
    name = translate(SHAPES[shape])
    stage(
        shape.replace(" ", "-"),
        x=x,
        y=y,
        translate=translate,
        surface=Surface(heights_of(shape), translate("Loss")),
        tracks=[Track(found.path, translate(METHOD_NAMES[method]), SINGLE if method == "sgd" else EACH)],
        dots=[Dot(toy.minimum, colour=HELD_OUT), Dot(toy.start, colour=INK)],
        step=translate("Update {step} of {last}"),
        height=MEDIUM,
        alt=translate(N_("{toy}: the loss and the path of descent")).format(toy=name),
    )


def draw_left(adaptive: Method, schedule: Schedule, rate: float, each: bool) -> None:
    """How far from the minimum it ends, by rate; the handle is the slider."""
    ends = {method: left_of(method, schedule) for method in ("sgd", adaptive)}
    lines = [
        Line(np.column_stack([SHOWN, end]), translate(METHOD_NAMES[method]), SINGLE if method == "sgd" else EACH)
        for method, end in ends.items()
    ]
    shown = ends[adaptive if each else "sgd"]
    at = rate, float(np.exp(np.interp(np.log(rate), np.log(SHOWN), np.log(shown))))
    title = translate(N_("Distance left on the ellipse"))
    stage(
        "left",
        x=Axis(translate("Learning rate"), RATES[0], RATES[-1], "η", digits=4, log=True, ticks=powers(RATES[0], 1)),
        y=Axis(title, LEAST, FARTHEST, digits=4, log=True, ticks=powers(LEAST, FARTHEST)),
        translate=translate,
        lines=lines,
        handles=[Handle("rate", at, translate("Learning rate"), along="x", rule=True, follows=int(each))],
        on_move=take_rate,
        height=SMALL,
        alt=translate(N_("Distance to the minimum after all updates, by learning rate")),
    )


def powers(low: float, high: float) -> list[tuple[float, str]]:
    """Powers of ten as ticks."""
    exponents = range(int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9)) + 1)
    return [(10.0**exponent, f"1e{exponent}" if exponent < -2 else f"{10.0**exponent:g}") for exponent in exponents]


def take_rate(_name: str, at: Point) -> None:
    """The handle has been let go: the nearest rate of the slider."""
    chapter.set_value("rate", nearest(RATES, at[0]))


def highest(values: np.ndarray) -> np.ndarray:
    """Points (bins, 2): each bin's highest value at its update, so that no burst is left out."""
    values = np.clip(np.nan_to_num(values, nan=np.inf), LEAST, 1e6)
    parts = np.array_split(np.arange(len(values)), min(BINS, len(values)))
    places = [part[int(values[part].argmax())] for part in parts]
    return np.column_stack([places, values[places]])


def draw_sigma(sigma: np.ndarray) -> None:
    """What each unknown's gradient is divided by."""
    points = [highest(column) for column in sigma.T]
    top = max(float(part[:, 1].max()) for part in points)
    stage(
        "sigma",
        x=Axis(translate("Updates"), 0, STEPS, digits=0),
        y=Axis(translate(N_("Divided by σ")), LEAST, 3 * top, digits=4, log=True, ticks=powers(LEAST, 3 * top)[::2]),
        translate=translate,
        lines=[Line(part, name, colour) for part, name, colour in zip(points, ("σ₁", "σ₂"), RUNS[:2], strict=True)],
        height=SMALL,
        alt=translate(N_("What each unknown's gradient is divided by, by update")),
    )


def draw_steps(found: Descent) -> None:
    """Distance to the minimum and length of each step."""
    lines = [
        Line(highest(found.distances), translate("Distance to the optimum"), INK),
        Line(highest(found.steps), translate(N_("Length of the step")), EACH),
    ]
    top = min(float(max(np.max(line.points, axis=0)[1] for line in lines)), 1e3)
    stage(
        "steps",
        x=Axis(translate("Updates"), 0, STEPS, digits=0),
        y=Axis(translate(N_("On the ellipse")), LEAST, 3 * top, digits=4, log=True, ticks=powers(LEAST, 3 * top)[::2]),
        translate=translate,
        lines=lines,
        height=SMALL,
        alt=translate(N_("Distance to the minimum and length of the step, by update")),
    )


def formula_of(method: Method, rate: float, schedule: Schedule, sigma: np.ndarray | None) -> str:
    """The update with its numbers, those of the last update."""
    eta = format_in_formula(float(lecture.rates_of(schedule, rate)[-1]))
    if sigma is None:
        return rf"\theta_{{t+1}} = \theta_t - \eta_t\, g_t,\quad \eta_{{{STEPS}}} = {eta}"
    last = ",\\ ".join(format_in_formula(float(value)) for value in sigma[-1])
    step = "m_t" if method == "adam" else "g_t"
    rule = rf"\theta_{{t+1}} = \theta_t - \frac{{\eta_t}}{{\sigma_t}}\, {step}"
    return (
        rf"\begin{{gathered}} {rule} \\ \eta_{{{STEPS}}} = {eta},\quad \sigma_{{{STEPS}}} = ({last}) \end{{gathered}}"
    )


def beside_lecture() -> None:
    """The lecture's two rates."""
    swung, left = lecture.two_rates()
    chapter.beside_lecture(
        [
            (N_("1e-2: updates that change sides"), translate(N_("bounces")), format_percent(swung)),
            (N_("1e-7: way left after 100,000 updates"), translate(N_("no headway")), lecture.tenths(left)),
        ],
        lecture=N_("Lecture"),
        ours=N_("Long ellipse here"),
    )


# The network


def sweep_of_network(adaptive: Method) -> np.ndarray | None:
    """Losses (methods, rates, seeds) of the own network, drawn once they are known."""
    request = SweepRequest(lecture.sweep_runs(chapter.default_split), UPDATES)
    known = chapter.job(request, Sweep, start=N_("Try rates on your network"))
    if known is None:
        return None
    losses = lecture.by_method(known.losses)
    with chapter.picture:
        draw_losses(losses, adaptive)
        chapter.say_default_split()
    return losses


def network_claims(losses: np.ndarray | None, adaptive: Method) -> tuple:
    """One rate against one for each on the own network."""
    if losses is None:
        return ()
    pair = losses[0], losses[METHODS.index(adaptive)]
    return lecture.beats(*pair, adaptive), lecture.forgives(*pair, adaptive, mean=mean_of_channel())


def draw_losses(losses: np.ndarray, adaptive: Method) -> None:
    """Train loss after as many updates, by rate and method."""
    means = losses.mean(axis=-1)
    place = METHODS.index(adaptive)
    y = views_axis(translate("Train MAE (views)"), 0, highest_shown(means[[0, place]]))
    level = usable_level(mean_of_channel(), losses[0], losses[place])
    curves: dict[Method, np.ndarray] = {"sgd": means[0], adaptive: means[place]}
    lines = [
        Line(
            np.column_stack([lecture.RATES, np.minimum(curve, y.high)]),
            translate(METHOD_NAMES[method]),
            SINGLE if method == "sgd" else EACH,
        )
        for method, curve in curves.items()
    ]
    ends = lecture.RATES[0], lecture.RATES[-1]
    stage(
        "losses",
        x=Axis(translate("Learning rate"), *ends, "η", digits=4, log=True, ticks=powers(*ends)),
        y=y,
        translate=translate,
        lines=[
            *lines,
            Line([[end, level] for end in ends], translate("Usable below"), BASELINE, dashed=True),
        ],
        height=SMALL,
        alt=translate(N_("Train loss of your network by learning rate, with one rate and with one for each unknown")),
    )
    net = lecture.NETWORK
    text = translate(N_("{layers} layers of {units} ReLU, {updates} updates of {batch} windows, five seeds."))
    st.caption(text.format(layers=net.layers, units=net.units, updates=UPDATES, batch=lecture.BATCH))


chapter.run(experiment, PRESETS)
