"""How the loss curves along the training of a run: eigenvalues at checkpoints, and a plane through its path."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.formats import format_percent, format_three_digits
from forecasting.jobs.requests import CurvatureRequest
from forecasting.lectures.critical_points import MOST_UNKNOWNS, AlongTraining, Look, Plane, Spectrum
from forecasting.messages import N_, Message, Translate
from forecasting.records import Run
from pages.parts.job_progress import find, show_job, submit
from pages.parts.session import Session
from pages.parts.stage import BASELINE, HELD_OUT, INK, TRAIN, Axis, Dot, Line, Surface, Track, stage

SQUARED = N_("Squared error (standardised views)")
EIGENVALUE_TICKS = [
    (float(np.cbrt(value)), f"{value:g}".replace("-", "−")) for value in (-10, -1, -0.1, -0.01, 0, 0.1, 1, 10, 100)
]
HEIGHT = 340  # pixels
NOTHING = 1e-6  # of the distance from end to start: nearer to the plane is in it


def draw(session: Session, runs: Sequence[Run]) -> None:
    """One of the runs, of any channel that is in the store: what is known of its curvature, and a button to find it."""
    run = _choose(session, runs)
    if reason := why_not(run):
        st.caption(reason.translated(session.translate))
        return
    channel = session.channels.channel(session.owner, run.fingerprint)
    if channel:
        _draw(replace(session, channel=channel), request_of(session, run))


def why_not(run: Run) -> Message | None:
    """Why nothing is known, or worth knowing, of the curvature along a run's training; None where there is."""
    settings = run.settings
    if settings.solved_at_once:
        return Message(N_("This run was solved at once, so there is no training to look along."))
    if settings.architecture.family == "linear":
        return Message(N_("A linear model's squared error curves the same everywhere; choose a run of a network."))
    if settings.parameters > MOST_UNKNOWNS:
        text = N_("This run has {count} unknowns; curvature is worked out for {most} at most.")
        return Message(text, {"count": f"{settings.parameters:,}", "most": f"{MOST_UNKNOWNS:,}"})
    if run.status != "finished":
        return Message(N_("Curvature is worked out for finished runs only."))
    return None


def request_of(session: Session, run: Run) -> CurvatureRequest:
    """What a worker is asked about a run, as far as it has been trained."""
    training = replace(run.settings.training, epochs=session.store.epochs_done(run.id))
    return CurvatureRequest(replace(run.settings, training=training))


def _choose(session: Session, runs: Sequence[Run]) -> Run:
    """The one to look at, at first one that can be."""
    if len(runs) == 1:
        return runs[0]
    by_id: Mapping[str, Run] = {run.id: run for run in runs}
    first = next((place for place, run in enumerate(runs) if why_not(run) is None), 0)
    label = session.translate(N_("Run to look at"))
    return by_id[st.selectbox(label, by_id, first, format_func=lambda key: by_id[key].name, key="curvature_of")]


def _draw(session: Session, request: CurvatureRequest) -> None:
    translate, job = session.translate, find(session, request)
    explained = N_("Trains the run again, and looks at its first seed after 0, 1, 3, 10, … epochs.")
    st.caption(translate(explained))
    if request.run.training.loss == "mae":
        text = N_("MAE has kinks, and no curvature between them: everything here is of the squared error.")
        st.caption(translate(text))
    if job is None or job.status in ("stopped", "failed"):
        label = translate(N_("Train and look"))
        st.button(label, icon=":material/play_arrow:", key="curvature_start", on_click=_submit, args=(session, request))
    show_job(session, job and job.id, AlongTraining, lambda known: draw_known(known, translate))


def _submit(session: Session, request: CurvatureRequest) -> None:
    submit(session, request)


def draw_known(along: AlongTraining, translate: Translate) -> None:
    """Checkpoints in a table as they are looked at; at last the eigenvalues of one, and the plane through all."""
    if not along.way:
        return
    table = checkpoints(along.way, translate)
    st.dataframe(
        table, hide_index=True, height="content", placeholder="–", alt=translate(N_("Curvature at checkpoints"))
    )
    if along.plane is None:
        return
    looks = {look.epoch: look for look in along.way}
    label = translate(N_("Checkpoint (epoch)"))
    chosen = st.select_slider(label, looks, along.way[-1].epoch, key=f"curvature_checkpoint-{along.way[-1].epoch}")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{translate(N_('Eigenvalues of the Hessian'))}**")
        if isinstance(looks[chosen].curvature, Spectrum):
            draw_spectrum(looks[chosen], translate, height=HEIGHT)
        else:
            draw_ends(along.way, translate)
    with right:
        st.markdown(f"**{translate(N_('Loss on a plane through the path'))}**")
        draw_plane(along.plane, [*looks], chosen, translate)


def checkpoints(way: Sequence[Look], translate: Translate) -> pd.DataFrame:
    """A row a checkpoint: the signs and the ends of its spectrum, its gradient and its loss."""
    spectra = [look.curvature if isinstance(look.curvature, Spectrum) else None for look in way]
    signs = {N_("Positive"): "positive", N_("Zero"): "zero", N_("Negative"): "negative"}
    columns: dict[str, list] = {translate(N_("Epoch")): [look.epoch for look in way]}
    if all(spectra):
        columns |= {translate(word): [getattr(found, name) for found in spectra] for word, name in signs.items()}
    for place, word in enumerate((N_("Lowest eigenvalue"), N_("Highest eigenvalue"))):
        columns[translate(word)] = [three_digits(look.curvature.ends[place]) for look in way]
    columns[translate(N_("Gradient norm, all windows"))] = [three_digits(look.gradient_norm) for look in way]
    columns[translate(SQUARED)] = [three_digits(look.loss) for look in way]
    return pd.DataFrame(columns)


def three_digits(value: float) -> float:
    """As many as tell checkpoints apart."""
    return float(f"{value:.3g}")


def number(value: float) -> str:
    """Two digits after the point, zero without a sign."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def draw_spectrum(look: Look, translate: Translate, *, height: int) -> None:
    """Eigenvalues in order; where only the ends are known, those."""
    if not isinstance(look.curvature, Spectrum):
        ends = [number(value) for value in look.curvature.ends]
        text = N_("Lowest eigenvalue {low}, highest {high}, by Lanczos.")
        st.caption(translate(text).format(low=ends[0], high=ends[1]))
        return
    values, nothing = look.curvature.eigenvalues, look.curvature.nothing
    heights, ranks = np.cbrt(values), np.arange(1, len(values) + 1)
    parts = [
        (N_("Negative"), HELD_OUT, values < -nothing),
        (N_("Zero"), BASELINE, np.abs(values) <= nothing),
        (N_("Positive"), TRAIN, values > nothing),
    ]
    stage(
        "spectrum",
        x=Axis(translate(N_("Eigenvalues in order")), 0.5, len(values) + 0.5, digits=0),
        y=eigenvalue_axis(min(float(heights[0]), 0.0), max(float(heights[-1]), 0.0), translate),
        translate=translate,
        lines=[
            Line(np.stack([ranks[kept], heights[kept]], axis=1), translate(label), colour, bar=1, read=False)
            for label, colour, kept in parts
            if kept.any()
        ],
        height=height,
        readout=False,
        alt=translate(N_("Eigenvalues of the Hessian at the checkpoint, lowest first")),
    )


def draw_ends(way: Sequence[Look], translate: Translate) -> None:
    """The lowest and the highest eigenvalue by checkpoint, where only those are known."""
    ends = np.cbrt([look.curvature.ends for look in way])  # (checkpoints, 2)
    places, epochs = np.arange(len(way)), [str(look.epoch) for look in way]
    words = ((N_("Lowest eigenvalue"), HELD_OUT), (N_("Highest eigenvalue"), TRAIN))
    stage(
        "spectrum-ends",
        x=Axis(translate(N_("Epoch")), 0, len(way) - 1, ticks=[*enumerate(epochs)]),
        y=eigenvalue_axis(min(float(ends.min()), 0.0), max(float(ends.max()), 0.0), translate),
        translate=translate,
        lines=[
            Line(np.stack([places, ends[:, end]], axis=1), translate(word), colour, read=False)
            for end, (word, colour) in enumerate(words)
        ],
        height=HEIGHT,
        readout=False,
        alt=translate(N_("Lowest and highest eigenvalue of the Hessian by checkpoint")),
    )
    text = N_("With so many unknowns only the lowest and the highest eigenvalue are found, by Lanczos.")
    st.caption(translate(text))


def eigenvalue_axis(low: float, high: float, translate: Translate) -> Axis:
    """Cube roots of eigenvalues: a few are a thousand times as large as the others."""
    room = 0.05 * (high - low) or 1
    ticks = [(at, text) for at, text in EIGENVALUE_TICKS if low - room <= at <= high + room]
    return Axis(translate(N_("Eigenvalue (cube-root scale)")), low - room, high + room, ticks=ticks)


def draw_plane(plane: Plane, epochs: Sequence[int], chosen: int, translate: Translate) -> None:
    """The loss on a plane through start, end and the farthest checkpoint, the path on it, and what it cannot show."""
    stage(
        "loss-plane",
        x=Axis(translate(N_("From end (0) to start (1)")), plane.first[0], plane.first[-1]),
        y=Axis(translate(N_("Across, in the same unit")), plane.second[0], plane.second[-1]),
        translate=translate,
        surface=Surface(plane.losses, translate(SQUARED), digits=3),
        tracks=[Track(plane.path, translate(N_("Path of training")), TRAIN, dots=True)],
        dots=dots(plane, epochs, chosen, translate),
        height=HEIGHT,
        alt=translate(N_("Loss on a plane through start, end and farthest checkpoint, with the path of training")),
    )
    st.warning(warning(plane, epochs).translated(translate), icon=":material/layers:")


def dots(plane: Plane, epochs: Sequence[int], chosen: int, translate: Translate) -> list[Dot]:
    """Start and end by name, and the checkpoint that is looked at."""
    text = translate(N_("Epoch {epoch}"))
    named = dict.fromkeys((epochs[0], epochs[-1], chosen))
    return [Dot(plane.path[epochs.index(epoch)].tolist(), text.format(epoch=epoch), colour=INK) for epoch in named]


def warning(plane: Plane, epochs: Sequence[int]) -> Message:
    """How much of the path lies in the plane, and how wrong its height is where the path lies farthest beside it."""
    if plane.beside.max() < NOTHING:
        return Message(N_("All checkpoints lie in this plane; between them the path of training may leave it."))
    place = int(plane.beside.argmax())
    facts = {
        "share": format_percent(plane.share),
        "epoch": epochs[place],
        "own": format_three_digits(float(plane.path_losses[place])),
        "drawn": format_three_digits(float(plane.heights[place])),
    }
    text = N_(
        "The plane holds {share} of the path's length, from checkpoint to checkpoint. Beside the plane the height is "
        "not the loss on the path: after epoch {epoch} the loss is {own}, the height {drawn}."
    )
    return Message(text, facts)
