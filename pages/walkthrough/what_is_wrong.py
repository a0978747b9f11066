"""Chapter 6: the branch of the lecture's tree that a reader expects of a model, beside its diagnosis."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import streamlit as st

from forecasting.charts.diagnosis import LEAF, LEAVES_FROM_ABOVE, LINES, SHORTEST, WIDEST, WORDS
from forecasting.diagnosis.branches import BRANCH_NAMES, Branch
from forecasting.diagnosis.report import ComparedLosses, Diagnosis, DiagnosisReport
from forecasting.formats import format_probability, format_views
from forecasting.lectures import what_is_wrong
from forecasting.lectures.what_is_wrong import Case
from forecasting.messages import N_
from forecasting.metrics import LOSS_NAMES
from forecasting.models.registry import SKILL_BASELINE, label_of
from forecasting.records import Run
from forecasting.settings import RunSettings
from pages.parts.chapter import Preset, open_chapter
from pages.parts.diagnosis_panel import MEANINGS, Subject, subject_of, tree_in_words
from pages.parts.run_group import RunGroup
from pages.parts.session import baseline_levels
from pages.parts.stage import (
    BASELINE,
    HELD_OUT,
    PREDICTED,
    REAL,
    TRAIN,
    Axis,
    Handle,
    Line,
    Text,
    stage,
    views_axis,
)

CASES: dict[Case, str] = {
    "small": N_("A line on yesterday"),
    "slow": N_("64 ReLU, rate 0.00001"),
    "few": N_("256 ReLU, 120 days"),
}
PLACES: tuple[Branch, ...] = (*LEAVES_FROM_ABOVE, "cannot tell")  # from above; the last is no leaf of the tree
ROOT, ANSWERED = (9, 2), 55  # where the handle stands before an answer; how far right after it
ABOVE_HANDLE = 0.25  # of the height between two branches
TALL, SMALL, BAR = 300, 240, 0.36  # pixels high; how wide a bar is
BESIDE = {
    "shown": N_("Model shown"),
    "shallower": N_("Shallower"),
    "careful": N_("With care"),  # the same model
    "reference": N_("Reference"),
}
CARRIED = (
    *("window", "layers", "units", "loss", "optimizer", "learning_rate", "batch_size", "epochs", "seeds"),
    "train_days",
)
PRESETS = (
    Preset(CASES["small"], N_("It sees one day. Which branch?"), {"model": "small"}),
    Preset(CASES["slow"], N_("Compare its train loss with a shallower net's."), {"model": "slow"}),
    Preset(CASES["few"], N_("Compare its losses on train and held-out."), {"model": "few"}),
)

Losses = tuple[float | None, float | None]  # on train and on held-out days, in views

chapter = open_chapter("what_is_wrong")
translate, session, channel = chapter.translate, chapter.session, chapter.session.channel


def experiment() -> None:
    """Drag the point to a branch, then have the model diagnosed."""
    cases = what_is_wrong.case_settings(chapter.default_split)
    own = own_runs(cases)
    model = chapter.choice("model", N_("Model"), CASES | {run.id: run.name for run in own.values()}, "small")
    settings = cases[model] if model in cases else own[model].settings
    group, answer = group_of(settings, alone=model in own), f"answer_{model[:6]}"
    run, expected = group.begun().get(group.ids[0]), answer_of(answer)
    tree = chapter.picture.container()
    subject = subject_of(session, run) if run and not group.active() else None
    if not (subject or group.active()):
        offer_training(group, run)
    chapter.watch(group)
    diagnosis, losses = diagnosed(subject, expected) if subject else (None, None)
    with tree:
        draw_tree(answer, expected, diagnosis)
        say_what_to_do(subject, expected)
    if expected and diagnosis:
        chapter.verdict(what_is_wrong.judge_answer(expected, diagnosis))
        with chapter.more:
            say_meaning(diagnosis)
    known = [losses_of(run_id) for run_id in group.ids] if subject else []
    show_losses(settings, compared(known, losses))
    open_in_train(settings, run)


def say_what_to_do(subject: Subject | None, expected: Branch | None) -> None:
    """Train first, then answer; nothing more is to be said after that."""
    if not subject:
        st.info(translate("Train the model to see its losses."), icon=":material/touch_app:")
    elif expected is None:
        hint = translate("Is its train loss large? Drag the point to the branch that you expect.")
        st.info(hint, icon=":material/touch_app:")


def own_runs(cases: Mapping[Case, RunSettings]) -> dict[str, Run]:
    """This channel's runs that have ended, by id, without those of the cases."""
    known = {settings.run_id(channel.fingerprint, session.owner) for settings in cases.values()}
    runs = [run for run in session.store.runs(session.owner) if run.fingerprint == channel.fingerprint]
    return {run.id: run for run in runs if not run.active and run.id not in known}


def group_of(settings: RunSettings, *, alone: bool) -> RunGroup:
    """The model and, as the lecture has it, a shallower one; nothing beside a run of one's own, which is there."""
    line = None if alone else what_is_wrong.shallower(settings)
    return RunGroup(session, (settings, line) if line else (settings,))


def answer_of(name: str) -> Branch | None:
    """The branch that the point was dragged to; None before."""
    place = chapter.place(name, -1, 0, len(PLACES) - 1)
    return PLACES[round(place)] if place >= 0 else None


def keep_answer(name: str, at: tuple[float, float]) -> None:
    """The point has been let go: the nearest branch is the answer."""
    chapter.keep_place(name, (len(PLACES) - 1 - round(at[1]), 0))


# Training and diagnosis


def offer_training(group: RunGroup, run: Run | None) -> None:
    """A button that trains the model; why it has not come to an end, where it has not."""
    with chapter.picture:
        if run and run.reason:
            st.warning(run.reason.translated(translate), icon=":material/error:")
        label, icon = translate("Train this model"), ":material/play_arrow:"
        st.button(label, key="start", icon=icon, type="primary", on_click=start, args=(group,))


def start(group: RunGroup) -> None:
    """Train it."""
    chapter.note("tried")
    group.start()


def diagnosed(subject: Subject, expected: Branch | None) -> tuple[Diagnosis | None, ComparedLosses | None]:
    """What is wrong, once one has answered and a worker has looked; no worker has to look at a run that diverged."""
    if expected is None:
        return None, None
    if subject.request is None:
        return subject.diagnosis(), None
    report = chapter.job(subject.request, DiagnosisReport, start=N_("Diagnose"), draw=say_latest)
    return (report.diagnosis, report.losses) if report else (None, None)


def say_latest(report: DiagnosisReport) -> None:
    """What a worker has found last."""
    if report.evidence:
        st.caption(report.evidence[-1].translated(translate))


def say_meaning(diagnosis: Diagnosis) -> None:
    """What the branch means, and which others are likely too."""
    said = [translate(MEANINGS[diagnosis.branch])] if diagnosis.branch in MEANINGS else []
    if diagnosis.also_likely:
        names = translate(N_(", ")).join(translate(BRANCH_NAMES[other]) for other in diagnosis.also_likely)
        said.append(translate(N_("Also likely: {branches}.")).format(branches=names))
    st.markdown(" ".join(said))


# The tree


def draw_tree(name: str, expected: Branch | None, diagnosis: Diagnosis | None) -> None:
    """The tree with the way to the answer, and to the branch that the diagnosis lights."""
    at = (ANSWERED, height_of(PLACES.index(expected))) if expected else (ROOT[0], height_of(ROOT[1]))
    names = [translate(BRANCH_NAMES[branch]) for branch in reversed(PLACES)]
    if expected is None:
        names[round(at[1])] = translate("No answer yet")
    lit, probabilities = (diagnosis.branch, diagnosis.probabilities) if diagnosis else (None, {})
    lines = [Line(points, colour=BASELINE, width=1.2) for points, _behind in edges()]
    lines += way_to(expected, translate("Your answer"), PREDICTED, 8, faint=True)
    lines += way_to(lit, translate("Diagnosis"), REAL, 3)
    stage(
        "tree",
        x=Axis("", 0, 100, names=[""] * 101),
        y=Axis("", -0.5, len(PLACES) - 0.5, names=names),
        translate=translate,
        lines=[*lines, *bars(probabilities)],
        texts=[*questions(), *leaves(lit, probabilities)],
        handles=[Handle("answer", at, translate("Your answer"), colour=PREDICTED, step=(0, 1))],
        on_move=lambda _handle, to: keep_answer(name, to),
        height=TALL,
        readout=False,
        axes=False,
        alt=tree_in_words(diagnosis, translate) if diagnosis else translate("The lecture's decision tree"),
    )


def height_of(place: float) -> float:
    """The y of a place counted from above."""
    return len(PLACES) - 1 - place


def edges() -> list[tuple[np.ndarray, tuple[str, ...]]]:
    """The lines of the tree with the leaves that lie behind each."""
    return [
        (np.array([[x, height_of(y)] for x, y in (start, end)]), LEAVES_FROM_ABOVE[slice(*behind)])
        for start, end, behind in LINES
    ]


def way_to(branch: str | None, label: str, colour: int, width: float, *, faint: bool = False) -> list[Line]:
    """The lines from the root to a branch; none to what is no leaf."""
    on_way = [points for points, behind in edges() if branch in behind]
    broken = [part for start, end in on_way for part in (start, end, [end[0], np.nan])]
    return [Line(broken, label, colour, width=width, faint=faint)] if on_way else []


def questions() -> list[Text]:
    """What is asked at each fork, and the answers; the first question above the handle, which waits beside it."""
    return [
        Text((x + 1, height_of(y) + (0 if x else ABOVE_HANDLE)), translate(text), -side)
        for text, (x, y), side, _behind in WORDS
    ]


def leaves(lit: str | None, probabilities: Mapping[Branch, float]) -> list[Text]:
    """The branches, each with its chance where one is known."""
    return [
        Text(
            (LEAF, height_of(place)),
            " ".join([translate(BRANCH_NAMES[branch]), *shares(probabilities, branch)]),
            bold=branch == lit,
        )
        for place, branch in enumerate(PLACES)
    ]


def shares(probabilities: Mapping[Branch, float], branch: Branch) -> list[str]:
    """A branch's chance in words, if it has one."""
    return [format_probability(probabilities[branch])] if branch in probabilities else []


def bars(probabilities: Mapping[Branch, float]) -> list[Line]:
    """A bar below each branch, as long as its chance."""
    return [
        Line([[LEAF, height := height_of(place) - 0.3], [LEAF + WIDEST * share, height]], colour=BASELINE, width=4)
        for place, branch in enumerate(LEAVES_FROM_ABOVE)
        if (share := probabilities.get(branch, 0.0)) >= SHORTEST
    ]


# Losses


def losses_of(run_id: str) -> Losses:
    """Train and held-out loss of a run, means over seeds in views; None before the first epoch."""
    found = session.store.final_losses(session.owner, run_id)
    return (float(found["train"].iloc[0]), float(found["held_out"].iloc[0])) if len(found) else (None, None)


def compared(known: Sequence[Losses], found: ComparedLosses | None) -> dict[str, Losses]:
    """Losses of the model and of those beside it, by name; `known` are the runs', the model's first."""
    losses = dict(zip(("shown", "shallower"), known, strict=False))
    if found:
        losses.setdefault("shallower", (found.shallower_train, None))
        losses["careful"] = found.careful_train, None
        losses["reference"] = found.reference_train, found.reference_held_out
    return {name: pair for name, pair in losses.items() if pair != (None, None)}


def show_losses(settings: RunSettings, losses: Mapping[str, Losses]) -> None:
    """The model's losses beside those of others, as bars, as a formula and beside the lecture's."""
    train, held_out = losses.get("shown", (None, None))
    shallower, _held_out = losses.get("shallower", (None, None))
    chapter.formula(formula_of({N_("Train"): train, N_("Held-out"): held_out, N_("Shallower"): shallower}))
    if any(is_number(loss) for pair in losses.values() for loss in pair):
        with chapter.more:
            draw_losses(settings, losses)
    beside = "{} · {}".format
    chapter.beside_lecture(
        [
            (
                N_("Optimization: train loss · a shallower net's"),
                "340 · 100",
                beside(views(train), views(shallower)),
            ),
            (N_("Overfitting: train loss · held-out loss"), "100 · 440", beside(views(train), views(held_out))),
        ],
        lecture=N_("Lecture, 5 layers · 4 layers"),
        ours=N_("Model shown"),
    )


def is_number(loss: float | None) -> bool:
    """Whether there is such a loss, and it did not diverge."""
    return loss is not None and bool(np.isfinite(loss))


def views(loss: float | None) -> str:
    """A loss in views, or a dash."""
    return format_views(loss, translate) if loss is not None and np.isfinite(loss) else "–"


def formula_of(losses: Mapping[str, float | None]) -> str:
    """The three losses that the tree asks for."""
    terms = [rf"L_{{\text{{{translate(name)}}}}} = \text{{{views(loss)}}}" for name, loss in losses.items()]
    return r"\begin{gathered}" + r"\quad ".join(terms[:2]) + r" \\ " + terms[2] + r"\end{gathered}"


def draw_losses(settings: RunSettings, losses: Mapping[str, Losses]) -> None:
    """A bar a period, and the loss of a baseline on held-out days."""
    levels, _floor = baseline_levels(channel, channel.fingerprint, settings)
    baseline, names = levels[SKILL_BASELINE], [translate(BESIDE[name]) for name in losses]
    pairs = np.array([[loss if is_number(loss) else np.nan for loss in pair] for pair in losses.values()])
    places, last = np.arange(len(names)), len(BESIDE) - 0.5
    bar = [np.stack([places + side * BAR / 2, pairs[:, period]], axis=1) for period, side in enumerate((-1, 1))]
    unit = f"{LOSS_NAMES[settings.training.loss]} ({translate('views')})"
    stage(
        "losses",
        x=Axis(translate("Held-out: {days}").format(days=period_of(settings)), -0.5, last, ticks=[*enumerate(names)]),
        y=views_axis(unit, 0, 1.1 * np.nanmax([baseline, *pairs.flat]) or 1),
        translate=translate,
        lines=[
            Line(bar[0], translate("Train"), TRAIN, bar=BAR),
            Line(bar[1], translate("Held-out"), HELD_OUT, bar=BAR),
            Line([[-0.5, baseline], [last, baseline]], translate(label_of(SKILL_BASELINE)), BASELINE, dashed=True),
        ],
        height=SMALL,
        readout=False,
        alt=losses_in_words(names, losses.values()),
    )


def losses_in_words(names: Sequence[str], losses: Iterable[Losses]) -> str:
    """The bars for those who do not see them."""
    each = [f"{name} {views(train)} · {views(held_out)}" for name, (train, held_out) in zip(names, losses, strict=True)]
    return translate("Train and held-out loss, in views: {losses}").format(losses=translate(N_(", ")).join(each))


def period_of(settings: RunSettings) -> str:
    """The held-out days."""
    return f"{settings.split.held_out.first} – {settings.split.held_out.last}"


def open_in_train(settings: RunSettings, run: Run | None) -> None:
    """Train with what this model was set to, and with its run once there is one."""
    usual, now = RunSettings(settings.split).flat(), settings.flat()
    drawn = [name for name in CARRIED if settings.architecture.hidden or name not in ("layers", "units")]
    carried = {name: now[name] for name in drawn if now[name] != usual[name]}
    chapter.open_in_train(family=settings.architecture.family, **carried, **({"run": run.name} if run else {}))


chapter.run(experiment, PRESETS)
