"""Chapter 5: nets of more layers or more units, what they do on train and on held-out days, and the day missed most."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.formats import format_views
from forecasting.formula import formula
from forecasting.lectures import depth
from forecasting.lectures.claims import Claim
from forecasting.lectures.depth import Along, Nets, TrainedNet
from forecasting.lectures.model_table import EPOCHS
from forecasting.messages import N_
from forecasting.models.registry import SKILL_BASELINE, label_of
from forecasting.settings import Architecture
from pages.parts.chapter import Preset, open_chapter
from pages.parts.held_out_weeks import days_axis
from pages.parts.lecture_table import draw_lecture_table
from pages.parts.reveal import draw_reveal
from pages.parts.run_group import RunGroup
from pages.parts.session import baseline_levels
from pages.parts.stage import BASELINE, HELD_OUT, INK, PREDICTED, REAL, TRAIN, Axis, Handle, Line, stage, views_axis

PARTS = {"depth": N_("Depth"), "table": N_("Lecture's table"), "reveal": N_("Reveal")}
ALONG: dict[Along, str] = {"layers": N_("Layers"), "units": N_("Units"), "shape": N_("Deep or wide")}
TITLES = {
    "layers": N_("Layers of 100 ReLU (0: linear)"),
    "units": N_("ReLU in one layer (0: linear)"),
    "shape": N_("Layers × ReLU"),
}
FIRST = {"layers": 3, "units": 2, "shape": 2}  # where the handle stands at first
SEEDS = (5, 10)  # the second as in the lecture's table
AROUND = 14  # days shown on each side of the one that was missed most
SMALL = 240  # pixels high
MARGIN = 0.25  # left free beside the first net and the last
PERIODS = {"train": N_("Train MAE"), "held_out": N_("Held-out MAE")}
PRESETS = (
    Preset(N_("Four layers"), N_("Does held-out loss rise again?"), {"along": "layers", "at": (4,)}),
    Preset(N_("Largest miss"), N_("Look below: could the days before have told?"), {"along": "layers", "at": (3,)}),
    Preset(N_("Wide"), N_("As many parameters in one layer."), {"along": "shape", "at": (1,)}),
)

chapter = open_chapter("deeper")
translate, session, channel = chapter.translate, chapter.session, chapter.session.channel


def experiment() -> None:
    """Drag the line along the nets; each is trained once."""
    along = chapter.choice("along", N_("Along"), ALONG, "layers")
    seeds = chapter.select_slider("seeds_drawn", N_("Seeds"), SEEDS, SEEDS[0])
    group = RunGroup(session, depth.depth_settings(chapter.split(), along, seeds))
    levels, _floor = baseline_levels(channel, channel.fingerprint, group.settings[0])
    at = round(chapter.place("at", FIRST[along], 0, len(group.settings) - 1))
    ids, shown = finished(group), group.settings[at].architecture
    nets = trained(group, ids)
    with chapter.picture:
        draw_nets(group, nets, along, at, levels[SKILL_BASELINE])
        if len(nets) == len(group.settings):
            draw_lowest(nets)
        elif not group.active():
            offer_training(group)
    chapter.watch(group)
    chapter.formula(formula_of(shown))
    chapter.verdict(*claims_on(nets, ids, along))
    if shown in nets:
        with chapter.more:
            draw_worst_day(nets[shown])
    beside_lecture(shown, nets.get(shown))
    training = group.settings[at].training
    carried: dict[str, object] = {
        "family": shown.family,
        "window": shown.window,
        "layers": shown.layers,
        "units": shown.units,
    }
    carried |= {"loss": "mae", "batch_size": training.batch_size, "epochs": EPOCHS, "seeds": seeds}
    chapter.open_in_train(**carried)


def formula_of(shown: Architecture) -> str:
    """The net, and how many unknowns it has."""
    unknowns = rf"\text{{{translate('Parameters')}}} = {shown.parameters:,}".replace(",", "{,}")
    lines = [*formula(shown).split(r",\ \ "), unknowns]  # a phone has no room for one
    return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def finished(group: RunGroup) -> tuple[str, ...]:
    """The ids of the runs that have been trained to the end: what they came to never changes."""
    return tuple(run.id for run in group.begun().values() if run.status == "finished")


@st.cache_resource(max_entries=32, show_spinner=False)
def trained(_group: RunGroup, ids: tuple[str, ...]) -> Nets:
    """The nets of these runs."""
    losses, found = _group.losses(), {}
    for run_id, settings in zip(_group.ids, _group.settings, strict=True):
        if run_id in ids and (predicted := session.store.predictions(run_id)) is not None:
            actual = channel.views[predicted.index]
            found[settings.architecture] = depth.TrainedNet(settings.architecture, *losses[run_id], predicted, actual)
    return found


@st.cache_data(max_entries=32, show_spinner=False)
def claims_on(_nets: Nets, ids: tuple[str, ...], along: Along) -> list[Claim]:
    """What the lecture claims of them."""
    return depth.claims(_nets, along)


def draw_nets(group: RunGroup, nets: Nets, along: Along, at: int, baseline: float) -> None:
    """Losses by net with the spread of their seeds."""
    places = [nets.get(settings.architecture) for settings in group.settings]
    held_out = curve(places, "held_out")
    lines = [Line(curve(places, "train"), translate("Train"), TRAIN), Line(held_out, translate("Held-out"), HELD_OUT)]
    lines += [Line(spread(places, "train"), colour=TRAIN), Line(spread(places, "held_out"), colour=HELD_OUT)]
    ends = [[-MARGIN, baseline], [len(places) - 1 + MARGIN, baseline]]
    lines.append(Line(ends, translate(label_of(SKILL_BASELINE)), BASELINE, dashed=True))
    height = held_out[at, 1] if np.isfinite(held_out[at, 1]) else baseline
    stage(
        "nets",
        x=net_axis(group, along),
        y=views_axis(translate("Error (MAE, views)"), 0, 1.1 * np.nanmax([baseline, *held_out[:, 1]]) or 1),
        translate=translate,
        lines=lines,
        handles=[Handle("at", (at, height), translate("Net shown"), along="x", rule=True, step=(1, 0))],
        on_move=chapter.keep_place,
        alt=translate("Train and held-out loss by net, with the spread of its seeds"),
    )


def offer_training(group: RunGroup) -> None:
    """Guess first; then train."""
    guess = translate("Where will held-out loss be lowest? Drag the line there, then train.")
    st.info(guess, icon=":material/touch_app:")
    for run in group.begun().values():
        if run.reason:
            st.warning(run.reason.translated(translate), icon=":material/error:")
    st.button(
        translate("Train these nets"),
        key="start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=start,
        args=(group,),
    )


def start(group: RunGroup) -> None:
    """Train what has not been trained."""
    chapter.note("tried")
    group.start()


def draw_lowest(nets: Nets) -> None:
    """Which nets have the smallest losses."""
    train, held_out = (min(nets.values(), key=lambda one: getattr(one, period).mean()) for period in PERIODS)
    text = translate("Lowest train loss: {train}. Lowest held-out loss: {held_out}.")
    st.caption(text.format(train=name_of(train.architecture), held_out=name_of(held_out.architecture)))


def name_of(architecture: Architecture) -> str:
    """As the lecture's table has it."""
    row = depth.lectures_row(architecture)
    return translate(row.name) if row else translate("{units} ReLU").format(units=architecture.units)


def curve(places: list[TrainedNet | None], period: str) -> np.ndarray:
    """Mean losses (nets, 2) by place; NaN where a net has not been trained."""
    return np.array([[place, getattr(one, period).mean() if one else np.nan] for place, one in enumerate(places)])


def spread(places: list[TrainedNet | None], period: str) -> np.ndarray:
    """An upright line (3 points) a net, from its lowest seed to its highest."""
    ends = [
        [[place, losses.min()], [place, losses.max()], [place, np.nan]]
        for place, one in enumerate(places)
        if one and (losses := getattr(one, period)).size
    ]
    return np.array(ends).reshape(-1, 2)


def net_axis(group: RunGroup, along: Along) -> Axis:
    """The nets, in order."""
    nets = [settings.architecture for settings in group.settings]
    texts = {
        "layers": [str(net.hidden) for net in nets],
        "units": [str(net.units if net.hidden else 0) for net in nets],
        "shape": [f"{net.layers} × {net.units}" for net in nets],
    }[along]
    ticks, names = list(enumerate(texts)), [name_of(net) for net in nets]
    return Axis(translate(TITLES[along]), -MARGIN, len(nets) - 1 + MARGIN, ticks=ticks, names=names)


def draw_worst_day(shown: TrainedNet) -> None:
    """The weeks around the day that the net missed by most."""
    worst, foretold = shown.worst_day, shown.predicted.mean(axis=1)
    near = shown.actual[abs(shown.actual.index - worst) <= pd.Timedelta(days=AROUND)]
    places, at = np.arange(len(near)), near.index.get_loc(worst)
    real, predicted = near.to_numpy(), foretold[near.index].to_numpy()
    weekday = session.weekdays()[worst.weekday()]
    text = translate("Largest miss of {net}: {day} ({weekday}), {actual} views, {predicted} predicted.")
    facts = {
        "actual": format_views(shown.actual[worst], translate),
        "predicted": format_views(foretold[worst], translate),
    }
    st.markdown(text.format(net=name_of(shown.architecture), day=worst.date(), weekday=weekday, **facts))
    low, high = float(min(real.min(), predicted.min())), float(max(real.max(), predicted.max()))
    room = 0.1 * (high - low) or 1
    stage(
        "worst",
        x=days_axis(near.index, translate, every=7),
        y=views_axis(translate("Views a day"), low - room, high + room),
        translate=translate,
        lines=[
            Line(np.stack([places, real], axis=1), translate("Real views"), REAL),
            Line(np.stack([places, predicted], axis=1), translate("Predicted"), PREDICTED),
            Line([[at, low - room], [at, high + room]], colour=INK, dashed=True),
        ],
        height=SMALL,
        alt=translate("Real and predicted views around the day that was missed most"),
    )


def beside_lecture(shown: Architecture, ours: TrainedNet | None) -> None:
    """The lecture's figures of this net, where it has them, beside this channel's."""
    row = depth.lectures_row(shown)
    lectures = {"train": row.train, "held_out": row.unseen} if row else {}
    chapter.beside_lecture(
        [
            (
                label,
                format_views(theirs, translate) if (theirs := lectures.get(period)) else "–",
                format_views(getattr(ours, period).mean(), translate) if ours else "–",
            )
            for period, label in PERIODS.items()
        ]
    )


part = chapter.part(PARTS)
if part == "depth":
    chapter.run(experiment, PRESETS)
else:
    {"table": draw_lecture_table, "reveal": draw_reveal}[part](session)
    chapter.close()
