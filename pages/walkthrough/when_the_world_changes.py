"""Chapter 15: a border and a history dragged over the channel's years; drift, and whether fitting anew helps."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.formats import format_views
from forecasting.jobs.requests import ExperimentRequest
from forecasting.lectures import worlds
from forecasting.lectures.claims import Claim
from forecasting.lectures.learning_curves import Experiment
from forecasting.lectures.worlds import EVERY, HISTORIES, MONTH, LargestDay, Months, Refit, World
from forecasting.messages import N_, BadInput
from forecasting.split import LECTURE, YEAR, Split
from pages.parts.chapter import Point, Preset, open_chapter
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
    stage,
    views_axis,
)

REFITS: dict[Refit, str] = {"never": N_("Never"), "monthly": N_("Every 4 weeks"), "weekly": N_("Weekly")}
MODELS = {"linear": N_("Linear, exact"), "network": N_("Network")}
FEWEST_BEFORE = worlds.WINDOW + 4 * worlds.WINDOW  # days before the border, at least
FEWEST_AFTER = 28  # and from it on
LECTURE_DAY = (5250, 7500)  # predicted and real views of 25 February 2021, the latter read off its curve
TALL, SMALL = 320, 240  # pixels high
ROOM = 1.1  # above the highest

chapter = open_chapter("when_the_world_changes")
translate, channel = chapter.translate, chapter.session.channel


@st.cache_data(max_entries=32, show_spinner=False)
def world_of(_series, fingerprint: str, split: Split) -> World:
    """The windows of a split."""
    return worlds.world_of(_series, split)


@st.cache_data(max_entries=64, show_spinner=False)
def once_of(_world: World, fingerprint: str, split: Split, history: int) -> tuple[Claim, LargestDay, Claim]:
    """Whether the held-out days are like those of the history, and the largest day by a line that is fitted once."""
    once = worlds.refit(_world, every=0, history=history)
    differ = worlds.periods_differ(_world.last(history))
    return differ, worlds.largest_day(_world, once), worlds.largest_foreseeable(_world, once)


@st.cache_data(max_entries=64, show_spinner=False)
def months_of(_world: World, fingerprint: str, split: Split, every: int, history: int) -> tuple[Months, list[Claim]]:
    """Errors by month: never fitted again, as chosen, and same day last week; and the claims on both."""
    once = worlds.refit(_world, every=0, history=history)
    chosen = worlds.refit(_world, every=every, history=history)
    claims = [
        worlds.refit_helps(_world, every=every or EVERY["weekly"], history=history),
        worlds.shorter_helps(_world, history or YEAR),
    ]
    return worlds.by_month(_world, [once, chosen, worlds.last_week(_world)]), claims


def bounds() -> tuple[date, date]:
    """Between which days the border may stand. Raises BadInput, with the days that lack, on a short channel."""
    needed = FEWEST_BEFORE + FEWEST_AFTER
    if len(channel.series) < needed:
        text = N_("The channel has {days} days of views; this chapter needs at least {needed}.")
        raise BadInput(text, days=len(channel.series), needed=needed)
    first = channel.series.first.date() + timedelta(days=FEWEST_BEFORE)
    return first, channel.series.last.date() - timedelta(days=FEWEST_AFTER - 1)


def presets() -> tuple[Preset, ...]:
    """The lecture's border only moves what reaches so far."""
    return (
        Preset(
            N_("The lecture's split"),
            N_("Trained to 2020. Were 2021 and before alike?"),
            {"border": LECTURE.held_out.first, "history": 0},
        ),
        Preset(N_("One year"), N_("Only the last year teaches. What does it cost?"), {"history": YEAR}),
        Preset(N_("Weekly"), N_("Refitted each week: does the gap close?"), {"refit": "weekly"}),
    )


def experiment() -> None:
    """Drag the border and the history."""
    history = chapter.select_slider("history", N_("Training days"), HISTORIES, 0, text=chapter.number_or_all)
    refit = chapter.choice("refit", N_("Refit"), REFITS, "weekly")
    model = chapter.choice("model", N_("Model"), MODELS, "linear")
    first, last = bounds()
    border = chapter.day("border", min(max(chapter.default_split.held_out.first, first), last), first, last)
    split = worlds.split_at(channel.series, border)
    world = world_of(channel.series, channel.fingerprint, split)
    differ, largest, foreseeable = once_of(world, channel.fingerprint, split, history)
    months, (helps, shorter) = months_of(world, channel.fingerprint, split, EVERY[refit], history)
    with chapter.picture:
        draw_years(split, history, largest)
        draw_months(split, months, refit)
    if model == "network":
        helps, shorter = by_network(split, history, (helps, shorter))
    chapter.formula(formula_of(world, history))
    chapter.verdict(differ, helps, shorter, foreseeable)
    beside_lecture(largest)
    chapter.open_in_train(family="linear", window=worlds.WINDOW, optimizer="exact", loss="mse", train_days=history)


def by_network(split: Split, history: int, of_lines: tuple[Claim, Claim]) -> tuple[Claim, Claim]:
    """The same claims of networks, once they are trained."""
    found = chapter.job(
        ExperimentRequest(worlds.network_runs(channel.series, split, history or YEAR)),
        Experiment,
        start=N_("Train networks, once and every 4 weeks"),
    )
    return worlds.network_claims(found, history or YEAR) if found else of_lines


def beside_lecture(largest: LargestDay) -> None:
    """The lecture's largest day beside this channel's."""
    lecture, here = (
        " / ".join(format_views(views, translate) for views in day)
        for day in (LECTURE_DAY, (largest.predicted, largest.actual))
    )
    chapter.beside_lecture([(N_("Largest day: predicted / real"), lecture, here)])


# Pictures


def draw_years(split: Split, history: int, largest: LargestDay) -> None:
    """The channel's weeks; the border and where the history begins are dragged."""
    series, start = channel.series, channel.series.first.date()
    weeks = series.measured.resample("7D").mean()
    places = np.minimum((weeks.index - series.first).days.to_numpy() + 3, len(series) - 1)  # middles of weeks
    border = (split.held_out.first - start).days
    begin = max(border - history, 0) if history else 0
    end = (split.held_out.last - start).days
    top = ROOM * float(np.nanmax(weeks.to_numpy(), initial=1.0))
    stage(
        "years",
        x=Axis(translate(N_("Day")), 0, len(series) - 1, ticks=year_ticks(), names=day_names()),
        y=views_axis(translate(N_("Views a day (weekly mean)")), 0, top),
        translate=translate,
        lines=year_lines(places, weeks.to_numpy(float), begin=begin, border=border, end=end),
        dots=[
            Dot(((largest.day - start).days, min(largest.actual, top)), legend=translate(N_("Largest held-out day")))
        ],
        handles=[
            Handle("history", (begin, 0.1 * top), translate(N_("First training day")), "x", TRAIN, rule=True),
            Handle("border", (border, 0.9 * top), translate(N_("First held-out day")), "x", INK, rule=True),
        ],
        on_move=lambda name, at: take_border(at) if name == "border" else take_history(border, at),
        ordered=True,
        height=TALL,
        alt=translate(N_("Weekly views, with the first training day and the first held-out day")),
    )
    facts = {"first": start + timedelta(days=begin), "border": split.held_out.first, "last": split.held_out.last}
    st.caption(translate(N_("Trained from {first}, held out {border} to {last}. Drag both lines.")).format(**facts))


def year_lines(places: np.ndarray, values: np.ndarray, *, begin: int, border: int, end: int) -> list[Line]:
    """Weekly views (weeks,) at `places`, coloured by what they are used for, and the mean of either period."""
    parts = {
        N_("Not used"): ((places < begin) | (places > end), BASELINE),
        N_("Train"): ((places >= begin) & (places < border), TRAIN),
        N_("Held-out"): ((places >= border) & (places <= end), HELD_OUT),
    }
    lines = [
        Line(np.stack([places, np.where(inside, values, np.nan)], axis=1), translate(name), colour)
        for name, (inside, colour) in parts.items()
        if inside.any()
    ]
    for ends, (inside, colour) in zip(((begin, border), (border, end)), [*parts.values()][1:], strict=True):
        if np.isfinite(values[inside]).any():
            mean = float(np.nanmean(values[inside]))
            lines.append(Line([[day, mean] for day in ends], colour=colour, dashed=True, read=False))
    return lines


def take_border(at: Point) -> None:
    """The border has been let go."""
    chapter.keep_day("border", channel.series.first.date() + timedelta(days=round(at[0])))


def take_history(border: int, at: Point) -> None:
    """The nearest history that is offered; at the left end all days."""
    days = max(border - round(at[0]), 0)
    lengths = {length or border: length for length in HISTORIES if length < border}
    chapter.set_value("history", lengths[min(lengths, key=lambda length: abs(length - days))])


@st.cache_data(max_entries=8, show_spinner=False)
def names_of(first: pd.Timestamp, days: int) -> list[str]:
    """Days as they are read out."""
    return [str(day.date()) for day in pd.date_range(first, periods=days)]


def day_names() -> list[str]:
    """Of the whole channel."""
    return names_of(channel.series.first, len(channel.series))


def year_ticks() -> list[tuple[float, str]]:
    """Each first of January; of a channel with fewer than two, each quarter."""
    days = channel.series.views.index
    begins = days[(days.day == 1) & (days.month == 1)]
    if len(begins) > 1:
        return [((day - days[0]).days, str(day.year)) for day in begins]
    quarters = days[(days.day == 1) & (days.month % 3 == 1)]
    return [((day - days[0]).days, f"{day:%Y-%m}") for day in quarters]


def draw_months(split: Split, months: Months, refit: Refit) -> None:
    """Errors by month."""
    middles = months.begins + MONTH / 2
    once, chosen, baseline = months.errors
    lines = [
        (translate("Same day last week"), BASELINE, baseline, True),
        (translate(N_("Fitted once")), VALIDATION, once, False),
    ]
    if refit != "never":
        lines.append((translate(REFITS[refit]), PREDICTED, chosen, False))
    start = split.held_out.first
    ticks = [
        (begin, str(start + timedelta(days=int(begin)))[5:]) for begin in months.begins[:: len(months.begins) // 4 or 1]
    ]
    stage(
        "months",
        x=Axis(
            translate("Held-out day"),
            0,
            float(months.begins[-1] + MONTH),
            ticks=ticks,
            names=[str(start + timedelta(days=day)) for day in range(int(months.begins[-1]) + MONTH + 1)],
        ),
        y=views_axis(translate("MAE (views)"), 0, ROOM * float(months.errors.max()) or 1.0),
        translate=translate,
        lines=[
            Line(np.stack([middles, errors], axis=1), name, colour, dashed=dashed)
            for name, colour, errors, dashed in lines
        ],
        height=SMALL,
        alt=translate(N_("Error of every four held-out weeks: fitted once, refitted, and same day last week")),
    )


def formula_of(world: World, history: int) -> str:
    """The first and the last weight of the line at the border."""
    line = worlds.fit_line(world.last(history).train)
    first, last = line.weights[-1], line.weights[0]
    constant = rf"\text{{{format_views(line.intercept, translate)}}}"
    return rf"\hat y = {constant} {first:+.2f}\,x_1 + \dots {last:+.2f}\,x_{{{worlds.WINDOW}}}"


chapter.run(experiment, presets())
