"""Chapter 8: the best of many useless models looks good on the days that it was chosen by; folds choose better."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from forecasting.evaluation.comparison import FEWEST_DAYS
from forecasting.formats import format_views
from forecasting.jobs.requests import PublicScoreRequest
from forecasting.lectures.claims import Claim
from forecasting.lectures.public_score import (
    MOST_RANDOM_MODELS,
    SelectionGame,
    choose,
    finite_seeds,
    play_on,
    score_collapses,
)
from forecasting.messages import N_
from forecasting.split import Split
from pages.parts.chapter import Point, Preset, nearest, open_chapter
from pages.parts.cross_validation import draw_cross_validation
from pages.parts.stage import BASELINE, HELD_OUT, INK, VALIDATION, Axis, Handle, Line, stage, views_axis

PARTS = {"score": N_("Public and private leaderboards"), "folds": N_("Folds")}
DARED = [m * 10**e for e in range(6) for m in (1, 3)] + [MOST_RANDOM_MODELS]
AT_ONCE = 10_000  # models played on the page itself, some hundredths of a second; more are a worker's
FIRST = 10_000  # models; enough to see the fall
SHARES = [5, 10, 20, 30, 50, 70, 90]  # per cent of the held-out days
RUNS = 30  # trained models looked at, the latest
FEWEST_SEEDS = 2  # to choose from
PRESETS = (
    Preset(N_("10 models"), N_("Both scores are about alike."), {"part": "score", "dared": 10}),
    Preset(N_("10,000 models"), N_("Public falls, private does not."), {"part": "score", "dared": 10_000}),
    Preset(N_("Blocked folds"), N_("Which model would you choose?"), {"part": "folds", "fold_kind": "blocked"}),
)

chapter = open_chapter("choosing_models")
translate, session, channel = chapter.translate, chapter.session, chapter.session.channel


@st.cache_data(max_entries=64, show_spinner=False)
def small_game(_series, fingerprint: str, split: Split, models: int, public: float) -> SelectionGame:
    """A game that is over at once."""
    *_before, (_done, game) = play_on(_series, split, models, public=public)
    return game


@st.cache_data(max_entries=64, show_spinner=False)
def claim_of(_series, fingerprint: str, split: Split, models: int, public: float) -> Claim:
    """Whether the score collapses, over many draws of the public days."""
    return score_collapses(_series, split, models, public=public)


def experiment() -> None:
    """Try more and more models that have learned nothing, by slider or by handle."""
    models = chapter.select_slider("dared", N_("Useless models"), DARED, FIRST, text="{:,}".format)
    label = N_("Public share of the held-out days")
    share = chapter.select_slider("public", label, SHARES, 5, text="{} %".format)
    split = chapter.split()
    played = channel.series, channel.fingerprint, split
    game: SelectionGame | None = small_game(*played, min(models, AT_ONCE), share / 100)
    if models > AT_ONCE:
        request = PublicScoreRequest(split, models, share / 100)
        game = chapter.job(request, SelectionGame, draw=lambda known: draw_scores(known, models))
    if game is None:
        return
    full = small_game(*played, AT_ONCE, share / 100) if models < AT_ONCE else game
    with chapter.picture:
        draw_scores(full, models, movable=True)
        draw_game(game)
    chapter.formula(formula_of(game))
    chapter.verdict(claim_of(*played, min(models, AT_ONCE), share / 100))
    with chapter.more:
        draw_choice(trained(split), share)
    chapter.open_in_train(seeds=10)


def draw_scores(game: SelectionGame, models: int, movable: bool = False) -> None:
    """The best public score so far and its private score, by the number of models, which the handle sets."""
    public, private = game.curves()
    last = max(game.models, models)
    levels = {
        translate("The average useless model, private"): game.mean_private,
        translate("Same day last week, private"): game.baseline,
    }
    lines = [Line(public, translate("Public score"), VALIDATION), Line(private, translate("Private score"), HELD_OUT)]
    lines += [
        Line([[1, level], [last, level]], name, BASELINE, dashed=True, faint=bool(place))
        for place, (name, level) in enumerate(levels.items())
    ]
    top = max([*levels.values(), *public[:, 1], *private[:, 1]])
    place = max(int(np.searchsorted(public[:, 0], models, side="right")) - 1, 0)
    handle = Handle(
        "tried",
        (models, float(public[place, 1])),
        translate("Useless models tried"),
        along="x",
        colour=INK,
        rule=True,
        follows=0,
    )
    stage(
        "scores",
        x=Axis(
            translate("Useless models tried"),
            1,
            max(last, 2),
            unit=f" {translate('models')}",
            digits=0,
            log=True,
            ticks=model_ticks(last),
        ),
        y=views_axis(translate("Error (MAE, views)"), 0, 1.1 * top or 1),
        translate=translate,
        lines=lines,
        handles=[handle] if movable else [],
        on_move=take_models,
        alt=translate("Best public score so far and its private score, by number of useless models"),
    )


def model_ticks(last: int) -> list[tuple[float, str]]:
    """Powers of ten."""
    return [(10.0**power, f"{10**power:,}") for power in range(int(np.log10(last)) + 1)]


def take_models(_name: str, at: Point) -> None:
    """The handle has been let go: the nearest number on the slider."""
    chapter.set_value("dared", nearest(DARED, at[0]))


def draw_game(game: SelectionGame) -> None:
    """What happened, and on how many days."""
    st.info(game.sentence.translated(translate), icon=":material/casino:")
    days = translate(
        "{public} of the held-out days, drawn at random, are public; the other {private} are private."
    ).format(public=game.public_days, private=game.private_days)
    guess = translate("Each model's guess for a held-out day is the views of a training day drawn at random.")
    st.caption(f"{days} {guess}")
    if game.public_days + game.private_days < FEWEST_DAYS:
        few = translate("Only {days} held-out days: with so few, the outcome is mostly luck.")
        st.warning(few.format(days=game.public_days + game.private_days), icon=":material/warning:")


def formula_of(game: SelectionGame) -> str:
    """The choice, and both scores of the chosen model."""
    lines = [r"f^* = \arg\min_f L_\text{public}(f)"]
    for name, score in (("public", game.public), ("private", game.private)):
        lines.append(rf"L_\text{{{name}}}(f^*) = \text{{{format_views(score, translate)}}}")
    return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def trained(split: Split) -> list[np.ndarray]:
    """Absolute errors (seeds, held-out days) of each of the channel's runs on this split, one day ahead."""
    runs = [run for run in session.store.runs(session.owner) if run.fingerprint == channel.fingerprint]
    same = [run for run in runs if run.settings.split == split and run.settings.architecture.horizon == 1]
    found = [predicted for run in same[:RUNS] if (predicted := session.store.predictions(run.id)) is not None]
    if not found:
        return []
    days = found[0].index
    for predicted in found[1:]:
        days = days.intersection(predicted.index)
    actual = channel.views[days].to_numpy()
    return [np.abs(predicted.loc[days].to_numpy().T - actual) for predicted in found]


def draw_choice(of_runs: Sequence[np.ndarray], share: int) -> None:
    """The same choice among the seeds of trained runs; those that diverged are left out, and counted."""
    st.subheader(translate("The same with trained models"))
    kept = [errors[finite_seeds(errors, channel.views)] for errors in of_runs]
    seeds, left_out = sum(map(len, kept)), sum(map(len, of_runs)) - sum(map(len, kept))
    if seeds < FEWEST_SEEDS:
        st.caption(translate("Train two seeds or more on this split to choose among them."))
        return
    choice = choose(np.concatenate(kept), share / 100)
    st.info(choice.sentence(sum(map(bool, map(len, kept)))).translated(translate), icon=":material/model_training:")
    if left_out:
        out = translate("Left out: {seeds} seeds that diverged; their error exceeds the largest day of the channel.")
        st.caption(out.format(seeds=left_out))


if chapter.part(PARTS) == "score":
    chapter.run(experiment, PRESETS)
else:
    draw_cross_validation(session)
    chapter.close()
