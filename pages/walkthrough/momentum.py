"""Chapter 11: gradient descent with and without momentum, from where you let go."""

import numpy as np
import streamlit as st

from forecasting.formats import format_three_digits
from forecasting.lectures import momentum
from forecasting.lectures.claims import Claim
from forecasting.lectures.momentum import LEFT, SHARES, BothWays, Setup, Sweep
from forecasting.lectures.surfaces import TOYS, Toy
from forecasting.messages import N_, join_sentences
from forecasting.split import Split, default_split
from pages.parts.chapter import Point, Preset, open_chapter
from pages.parts.stage import (
    BASELINE,
    INK,
    RUNS,
    TRAIN,
    Axis,
    Dot,
    Handle,
    Line,
    Track,
    stage,
    thinned,
)
from pages.parts.stage import Surface as SurfaceLayer

RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
SURFACES: dict[momentum.Surface, str] = {
    "ellipse": N_("d2l's ellipse"),
    "plateau": N_("A plateau"),
    "channel": N_("This channel, two weights"),
}
UNKNOWNS: dict[momentum.Surface, tuple[str, str]] = {
    "ellipse": (N_("First unknown"), N_("Second unknown")),
    "plateau": (N_("First unknown"), N_("Second unknown")),
    "channel": (N_("Weight of the day before"), N_("Weight of the same day last week")),
}
D2L_RATE, D2L_SHARE, D2L_UPDATES = 0.6, 0.5, 20
D2L_ENDS = {0.0: np.array([-0.388, -1673]), D2L_SHARE: np.array([0.00719, 0.00255])}
LABELS = (N_("Without momentum"), N_("With momentum"))
PLAIN = RUNS[0]  # its colour
SMALL = 240  # pixels high
MOST_STEPS = 40  # whose parts are shown
ROAD_TOP = 2.6  # height shown
START = TOYS["ellipse"].start
PRESETS = (
    Preset(
        N_("Rate 0.6"),
        N_("Plain descent runs away; with momentum 0.5 the same rate arrives."),
        {"surface": "ellipse", "rate": 0.6, "momentum": 0.5, "start_ellipse": START},
    ),
    Preset(
        N_("0.99"),
        N_("It swings around the goal hundreds of times."),
        {"surface": "ellipse", "rate": 0.4, "momentum": 0.99, "start_ellipse": START},
    ),
    Preset(
        N_("Plateau"),
        N_("Where the slope is gone, past gradients carry on."),
        {"surface": "plateau", "rate": 0.4, "momentum": 0.8, "start_plateau": TOYS["plateau"].start},
    ),
)

chapter = open_chapter("momentum")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=32, show_spinner=False)
def claim_of(_series, fingerprint: str, split: Split, share: float, nesterov: bool) -> Claim:
    """What momentum does for a 28-day line of the channel."""
    return momentum.fewer_on_channel(_series, split, share=share, nesterov=nesterov)


@st.cache_data(max_entries=64, show_spinner=False)
def sweep_of(_toy: Toy, surface: momentum.Surface, fingerprint: str, rate: float, nesterov: bool) -> Sweep:
    """Updates from 25 starts, by momentum."""
    return momentum.sweep(_toy, rate, nesterov)


def experiment() -> None:
    """Choose the momentum, drag the start, and compare both ways down."""
    surface = chapter.choice("surface", N_("Surface"), SURFACES, "ellipse")
    rate = chapter.select_slider("rate", N_("Learning rate"), RATES, 0.4)
    share = chapter.select_slider("momentum", N_("Momentum"), SHARES, 0.5)
    setup = Setup(rate, share, chapter.switch("nesterov", N_("Nesterov: look ahead")))
    toy = TOYS[surface] if surface != "channel" else momentum.channel_surface(channel.series, chapter.default_split)
    start = chapter.point(f"start_{surface}", *corners_of(toy))
    ways = momentum.both_ways(toy, start, setup)
    found = sweep_of(toy, surface, channel.fingerprint, rate, setup.nesterov)
    with chapter.picture:
        draw_surface(surface, toy, start, ways)
        say_updates(surface, start, setup, ways)
    step, losses, road = chapter.more.columns(3)
    with step:
        draw_step(toy, ways, setup)
    with losses:
        draw_losses(ways)
    with road:
        draw_road(setup)
    chapter.formula(formula_of(surface, toy, setup))
    chapter.verdict(*claims_of(found, setup))
    beside_lecture(surface, toy, start, setup)
    optimizer = ("nesterov" if setup.nesterov else "momentum") if share else "sgd"
    chapter.open_in_train(
        family="linear",
        window=momentum.WINDOW,
        loss="mse",
        optimizer=optimizer,
        batch_size=0,
        learning_rate=rate,
        momentum=share,
    )


def corners_of(toy: Toy) -> tuple[Point, Point, Point]:
    """Start, low end and high end of a surface of two unknowns."""
    (first, second), (left, below), (right, above) = toy.start, toy.low, toy.high
    return (first, second), (left, below), (right, above)


def claims_of(found: Sweep, setup: Setup) -> list[Claim]:
    """On the surface shown, and on a line of the channel; without momentum there is nothing to compare."""
    if not setup.share:
        return [momentum.swings(found)]
    split = default_split(channel.views)
    own = claim_of(channel.series, channel.fingerprint, split, setup.share, setup.nesterov)
    return [momentum.needs_fewer(found, setup.share), momentum.swings(found), own]


def axes_of(surface: momentum.Surface, toy: Toy) -> tuple[Axis, Axis]:
    """Both unknowns."""
    first, second = (translate(title) for title in UNKNOWNS[surface])
    return Axis(first, toy.low[0], toy.high[0], "θ₁"), Axis(second, toy.low[1], toy.high[1], "θ₂")


def draw_surface(surface: momentum.Surface, toy: Toy, start: Point, ways: BothWays) -> None:
    """The surface with both paths."""
    x, y = axes_of(surface, toy)
    stage(
        "surface",
        x=x,
        y=y,
        translate=translate,
        surface=SurfaceLayer(momentum.heights_of(toy), translate("Loss above the lowest")),
        tracks=[
            Track(path[: ways.shown + 1], translate(label), colour, dots=True)
            for path, label, colour in zip((ways.plain, ways.heavy), LABELS, (PLAIN, TRAIN), strict=True)
        ],
        dots=[Dot(toy.minimum, translate("Lowest point"), colour=BASELINE)],
        handles=[Handle(f"start_{surface}", start, translate("Start of the descent"), colour=INK)],
        on_move=chapter.keep_point,
        step=translate("Update {step} of {last}"),
        downhill=True,
        alt=translate("Loss by both unknowns, with the paths of descent with and without momentum"),
    )


def say_updates(surface: momentum.Surface, start: Point, setup: Setup, ways: BothWays) -> None:
    """After how many updates both arrive, and the fewest that the visitor has found so far."""
    plain, heavy = (f"{updates:.0f}" if np.isfinite(updates) else "> 500" for updates in ways.arrived)
    text = translate(N_("Updates until 1 % of the start's loss is left: {plain} without momentum, {heavy} with."))
    said = [text.format(plain=plain, heavy=heavy)]
    tries = st.session_state.setdefault("momentum_tries", {})
    fewest = tries.get((surface, channel.fingerprint, start, setup.rate), (np.inf, 0.0))
    fewest = min(fewest, (ways.arrived[1], setup.share))
    tries[surface, channel.fingerprint, start, setup.rate] = fewest
    if np.isfinite(fewest[0]) and fewest[1] != setup.share:
        best = translate(N_("Your best: {updates}, with {share}."))
        said.append(best.format(updates=f"{fewest[0]:.0f}", share=f"{fewest[1]:g}"))
    st.caption(join_sentences(said))


def draw_step(toy: Toy, ways: BothWays, setup: Setup) -> None:
    """One step of the path with momentum, as bars of the gradients that it is made of."""
    last = max(min(ways.shown, MOST_STEPS, int(np.isfinite(ways.heavy[:, 0]).sum()) - 1), 2)
    update = round(chapter.place("update", min(10, last), 1, last))
    parts = momentum.parts_of_step(toy, ways.heavy, setup, update=update)
    low, high = min(parts.min(), 0.0), max(parts.max(), 0.0, 1e-9)
    room = 0.1 * (high - low)
    stage(
        "step",
        x=Axis(translate(N_("Gradient of update")), 0.5, last + 0.5, digits=0),
        y=Axis(translate(N_("Part of the step")), low - room, high + room, digits=3),
        translate=translate,
        lines=[
            Line(
                np.stack([np.arange(1, update + 1), parts], axis=1),
                translate(N_("Step of update {update}")).format(update=update),
                TRAIN,
                bar=0.8,
            )
        ],
        handles=[Handle("update", (update, 0.0), translate("Update shown"), along="x", rule=True, step=(1, 0))],
        on_move=chapter.keep_place,
        height=SMALL,
        alt=translate("What each gradient so far adds to one step"),
    )


def draw_losses(ways: BothWays) -> None:
    """The loss by update, both ways, in terms of the start's."""
    updates = thinned(ways.shown + 1)
    stage(
        "losses",
        x=Axis(translate("Update"), 0, ways.shown, digits=0),
        y=Axis(translate(N_("Loss (start = 1)")), LEFT / 10, 2, digits=3, log=True),
        translate=translate,
        lines=[
            Line(np.stack([updates, heights[updates] / (heights[0] or 1.0)], axis=1), translate(label), colour)
            for heights, label, colour in zip(ways.heights, LABELS, (PLAIN, TRAIN), strict=True)
        ]
        + [Line([[0, LEFT], [ways.shown, LEFT]], "1 %", BASELINE, dashed=True, read=False)],
        height=SMALL,
        alt=translate("Loss by update with and without momentum"),
    )


def draw_road(setup: Setup) -> None:
    """A road with a dip before its lowest point, both ways down it."""
    road = TOYS["road"]
    (low,), (high,) = road.low, road.high
    start = chapter.place("start_road", road.start[0], low, high)
    at = start, float(road.value(np.array([start])))
    ways = momentum.both_ways(road, (start,), setup)
    places = np.linspace(low, high, 200)
    line = np.stack([places, road.value(places[:, None])], axis=1)
    stage(
        "road",
        x=Axis("θ", low, high, "θ"),
        y=Axis(translate("Loss"), -0.2, ROAD_TOP),
        translate=translate,
        lines=[Line(line, translate("Loss"), BASELINE)],
        tracks=[
            Track(np.column_stack([path, road.value(path)])[: ways.shown + 1], translate(label), colour, dots=True)
            for path, label, colour in zip((ways.plain, ways.heavy), LABELS, (PLAIN, TRAIN), strict=True)
        ],
        handles=[Handle("start_road", at, translate("Start on the road"), along="x", follows=0)],
        on_move=chapter.keep_place,
        step=translate("Update {step} of {last}"),
        height=SMALL,
        alt=translate("A road with a dip on the way, and both ways down it"),
    )


def formula_of(surface: momentum.Surface, toy: Toy, setup: Setup) -> str:
    """The update with its numbers, and once something has been tried the best momentum of a quadratic."""
    kept, rate = f"{setup.share:g}", f"{setup.rate:g}"
    if setup.nesterov:
        lines = [
            rf"v_t = {kept}\,v_{{t-1}} + \nabla L(\theta_{{t-1}})",
            rf"\theta_t = \theta_{{t-1}} - {rate}\,(\nabla L(\theta_{{t-1}}) + {kept}\,v_t)",
        ]
    else:
        lines = [
            rf"m_t = {kept}\,m_{{t-1}} - {rate}\,\nabla L(\theta_{{t-1}})",
            r"\theta_t = \theta_{t-1} + m_t",
        ]
    linked = {"rate", "momentum", "start_ellipse", "start_channel"} & {*st.query_params}
    if (chapter.tried or linked) and surface != "plateau" and not setup.nesterov:
        lines.append(best_momentum(toy, setup.rate))
    return r"\begin{gathered} " + r" \\ ".join(lines) + r" \end{gathered}"


def best_momentum(toy: Toy, rate: float) -> str:
    """The momentum that descends a quadratic fastest, at the best rate and at the one chosen."""
    best, best_rate = momentum.exact_best(toy)
    here, _rate = momentum.exact_best(toy, rate)
    root = rf"\sqrt{{{momentum.condition(toy):.3g}}}"
    text = rf"\beta^* = \left(\tfrac{{{root}-1}}{{{root}+1}}\right)^2 = {best:.2f}\ (\eta = {best_rate:.2f})"
    return text + (rf",\quad {here:.2f}\ (\eta = {rate:g})" if here < 1 else "")


def beside_lecture(surface: momentum.Surface, toy: Toy, start: Point, setup: Setup) -> None:
    """d2l's condition number and ends beside this surface's."""
    rows = [(N_("Condition number"), "20", f"{momentum.condition(toy):.3g}" if surface != "plateau" else "–")]
    names = {0.0: N_("End after 20 updates at 0.6, plain"), D2L_SHARE: N_("End after 20 updates at 0.6, momentum 0.5")}
    for share, name in names.items():
        end = momentum.end(toy, start, Setup(D2L_RATE, share, nesterov=False), updates=D2L_UPDATES)
        rows.append((name, place_of(D2L_ENDS[share]), place_of(end)))
    chapter.beside_lecture(rows, lecture=N_("d2l's ellipse"), ours=N_("Here, from your start"))


def place_of(at: np.ndarray) -> str:
    """Both unknowns."""
    return ", ".join(format_three_digits(round(value, 5) + 0.0, translate) for value in at)


chapter.run(experiment, PRESETS)
