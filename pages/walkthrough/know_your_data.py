"""Chapter 2: how many days should the model see? Exact linear models of every window from 1 to 56 days."""

import numpy as np
import streamlit as st

from forecasting.formats import format_views
from forecasting.lectures import know_your_data
from forecasting.lectures.claims import Claim
from forecasting.lectures.know_your_data import CLAIMS, LECTURE_MAE, LECTURE_WEIGHTS, LOW_DAYS, WindowLengths
from forecasting.messages import N_
from forecasting.metrics import LOSS_NAMES
from forecasting.settings import LOSSES, Loss
from forecasting.split import Split
from forecasting.typical_range import WEEK
from forecasting.windows import COMMON_HISTORY
from pages.parts.chapter import Preset, open_chapter
from pages.parts.stage import BASELINE, HELD_OUT, INK, RUNS, TRAIN, Axis, Handle, Line, stage, views_axis

SMALL = 240  # pixels high
BAR = 0.38  # of the place between two bars' middles
ROOM = 0.05  # of the losses, free above and below
WRITTEN = 2  # weights at the formula's beginning; the last one follows
TICKS = (1, *range(WEEK, COMMON_HISTORY + 1, WEEK))
ROWS = {
    1: N_("Train / held-out MAE, 1 day"),
    7: N_("Train / held-out MAE, 7 days"),
    28: N_("Train / held-out MAE, 28 days"),
    56: N_("Train / held-out MAE, 56 days"),
}
PRESETS = (
    Preset(N_("Seven days"), N_("The same weekday enters. Compare the weights with the lecture's."), {"window": 7}),
    Preset(N_("Eight days"), N_("Day 7 less day 8 is last week's step to this weekday."), {"window": 8}),
    Preset(N_("All 56"), N_("Train keeps falling. Does held-out?"), {"window": 56}),
)

chapter = open_chapter("know_your_data")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=32, show_spinner=False)
def lengths_of(_series, fingerprint: str, split: Split, loss: Loss) -> tuple[WindowLengths, list[Claim]]:
    """The exact models of every window, and what they say of the claims."""
    found = know_your_data.fit_lengths(_series, split, loss)
    return found, [know_your_data.more_is_better(found, more, fewer) for more, fewer in CLAIMS]


def experiment() -> None:
    """Drag along the windows, and see what more days bring."""
    window = chapter.slider("window", N_("Window (days of input)"), 1, COMMON_HISTORY, 1)
    loss = chapter.choice("loss", N_("Loss"), LOSSES, "mae")
    split = chapter.split()
    found, claims = lengths_of(channel.series, channel.fingerprint, split, loss)
    window = min(window, found.longest)
    with chapter.picture:
        draw_losses(found, window)
    left, right = chapter.more.columns(2)
    with left:
        draw_weights(found, window)
    with right:
        draw_weekdays(split)
    chapter.formula(formula_of(found, window))
    chapter.verdict(*claims)
    beside_lecture(found, split)
    chapter.open_in_train(family="linear", window=window, loss=loss, optimizer="exact")


def days_axis(title: str, names: list[str], low: float = 1) -> Axis:
    """Days from 1 on along the bottom, one for each name."""
    last = len(names)
    ticks = [(day, str(day)) for day in (TICKS if last > 2 * WEEK else range(1, last + 1)) if day <= last]
    return Axis(title, low, max(last + 1 - low, low + 1), ticks=ticks, names=["", *names])


def draw_losses(found: WindowLengths, window: int) -> None:
    """Losses by window, with the handle that scrubs them."""
    losses = [found.train_losses, found.held_out_losses, np.full(found.longest, found.last_week)]
    windows = np.arange(1, found.longest + 1)
    names = [translate("Train"), translate("Held-out"), translate("Same day last week")]
    looks = [(TRAIN, False), (HELD_OUT, False), (BASELINE, True)]
    low, high = min(map(np.min, losses)), max(map(np.max, losses))
    room = ROOM * ((high - low) or high or 1)
    title = translate(N_("Loss ({loss}, views)")).format(loss=LOSS_NAMES[found.loss])
    held_out = float(found.held_out_losses[window - 1])
    stage(
        "losses",
        x=days_axis(
            translate("Window (days of input)"),
            [translate("{count} day", "{count} days", days).format(count=days) for days in windows.tolist()],
        ),
        y=views_axis(title, low - room, high + room),
        translate=translate,
        lines=[
            Line(np.stack([windows, values], axis=1), name, colour, dashed=dashed)
            for values, name, (colour, dashed) in zip(losses, names, looks, strict=True)
        ],
        handles=[
            Handle("scrub", (window, held_out), translate("Window (days of input)"), "x", INK, True, (1, 0), follows=1)
        ],
        on_move=lambda _name, at: chapter.set_value("window", round(at[0])),
        alt=translate("Train and held-out loss of the exact linear model by its window, beside same day last week"),
    )


def draw_weights(found: WindowLengths, window: int) -> None:
    """The weight of each day before, beside the lecture's where it shows them."""
    weights, lecture = found.fits[window - 1].weights, np.array(LECTURE_WEIGHTS.get(window, ()))
    before = range(1, window + 1)
    shift = BAR / 2 if len(lecture) else 0
    bars = [bars_of(weights, translate("This channel"), RUNS[0], -shift)]
    if len(lecture):
        bars.append(bars_of(lecture, translate("Lecture, its channel"), BASELINE, shift))
    everything = np.r_[weights, lecture, 0.0, 0.1]
    room = ROOM * np.ptp(everything)
    stage(
        "weights",
        x=days_axis(
            translate("Days before"),
            [translate("{count} day before", "{count} days before", days).format(count=days) for days in before],
            low=0.5,
        ),
        y=Axis(translate("Weight"), everything.min() - room, everything.max() + room),
        translate=translate,
        lines=bars,
        height=SMALL,
        alt=translate("Weight of each day of the window, the day before first"),
    )


def bars_of(values: np.ndarray, label: str, colour: int, shift: float) -> Line:
    """Bars at 1, 2, ..., moved aside by `shift`."""
    places = np.arange(1, len(values) + 1) + shift
    return Line(np.stack([places, values], axis=1), label, colour, bar=BAR if shift else 2 * BAR)


def draw_weekdays(split: Split) -> None:
    """Mean views of each weekday in both periods."""
    means = [know_your_data.weekday_means(channel.series, period) for period in (split.train, split.held_out)]
    names = chapter.session.weekdays()
    high = float(np.nanmax(means, initial=0.0)) or 1.0
    stage(
        "weekdays",
        x=Axis(translate("Weekday"), 0.5, WEEK + 0.5, ticks=[*enumerate(names, 1)], names=["", *names]),
        y=views_axis(translate("Mean views a day"), 0, high * (1 + ROOM)),
        translate=translate,
        lines=[
            bars_of(means[0], translate("Train"), TRAIN, -BAR / 2),
            bars_of(means[1], translate("Held-out"), HELD_OUT, BAR / 2),
        ],
        height=SMALL,
        alt=translate("Mean views by weekday, in training and held-out days"),
    )


def formula_of(found: WindowLengths, window: int) -> str:
    """The model with its numbers: the first weights and the last."""
    fit = found.fits[window - 1]
    shown = [*range(min(window, WRITTEN))] + ([window - 1] if window > WRITTEN else [])
    terms = [rf"{fit.weights[place]:+.2f}\,x_{{{place + 1}}}" for place in shown]
    if window > WRITTEN + 1:
        terms.insert(WRITTEN, r"+ \dots")
    return rf"\hat y = \text{{{format_views(round(fit.intercept, 3) + 0.0, translate)}}} {' '.join(terms)}"


def beside_lecture(found: WindowLengths, split: Split) -> None:
    """The lecture's losses and low weekdays beside this channel's."""
    rows = [
        (label, " / ".join(LECTURE_MAE[window]), maes_of(found, window))
        for window, label in ROWS.items()
        if window <= found.longest
    ]
    names = chapter.session.weekdays()
    lowest = np.argsort(know_your_data.weekday_means(channel.series, split.train))[:2]
    days = [", ".join(names[day] for day in sorted(pair)) for pair in (LOW_DAYS, lowest)]
    chapter.beside_lecture([*rows, (N_("Lowest weekdays"), days[0], days[1])])


def maes_of(found: WindowLengths, window: int) -> str:
    """MAE on train and held-out, whatever the loss: the lecture's measure."""
    maes = found.train_maes[window - 1], found.errors[window - 1].mean()
    return " / ".join(format_views(mae, translate) for mae in maes)


chapter.run(experiment, PRESETS)
