"""The game of public and private scores: the best of many useless models looks good, and then collapses."""

import numpy as np
import streamlit as st

from forecasting import charts
from forecasting.evaluation.comparison import FEWEST_DAYS
from forecasting.jobs.requests import PublicScoreRequest
from forecasting.lectures.public_score import MOST_RANDOM_MODELS, SelectionGame, choose, finite_seeds, play_on
from forecasting.messages import BadInput
from forecasting.split import Split
from pages.parts.job_progress import find, show_job, submit
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.session import open_page
from pages.parts.split_control import choose_split

DARED = [m * 10**e for e in range(6) for m in (1, 3)] + [MOST_RANDOM_MODELS]
AT_ONCE = 10_000  # models played on the page itself, some hundredths of a second; more are a worker's
FIRST = 10_000  # models; enough to see the fall
SHARES = [5, 10, 20, 30, 50, 70, 90]  # per cent of the held-out days
RUNS = 30  # trained models looked at, the latest
FEWEST_SEEDS = 2  # to choose from

session = open_page()
translate = session.translate


@st.cache_data(max_entries=64, show_spinner=False)
def small_game(_channel, fingerprint: str, split: Split, models: int, public: float) -> SelectionGame:
    """A game that is over at once."""
    *_before, (_done, game) = play_on(_channel, split, models, public=public)
    return game


def draw_game(game: SelectionGame) -> None:
    """Scores by number of models, and what happened."""
    st.altair_chart(
        charts.game_scores(game, translate, models),
        key="scores",
        alt=translate("Best public score so far and its private score, by number of useless models"),
    )
    st.info(game.sentence.translated(translate), icon=":material/casino:")
    days = translate(
        "{public} of the held-out days, drawn at random, are public; the other {private} are private."
    ).format(public=game.public_days, private=game.private_days)
    st.caption(days)
    if game.public_days + game.private_days < FEWEST_DAYS:
        few = translate("Only {days} held-out days: with so few, the outcome is mostly luck.")
        st.warning(few.format(days=game.public_days + game.private_days), icon=":material/warning:")


def played(request: PublicScoreRequest) -> str:
    """The id of a game that a worker plays, begun where it is new; one that was stopped can be begun again."""
    job = find(session, request)
    if job and job.status in ("stopped", "failed"):
        again = st.button(translate("Draw again"), icon=":material/play_arrow:")
        return submit(session, request) if again else job.id
    return job.id if job else submit(session, request)


def trained(split: Split) -> list[np.ndarray]:
    """Absolute errors (seeds, held-out days) of each of the channel's runs on this split, one day ahead."""
    runs = [run for run in session.store.runs(session.owner) if run.fingerprint == session.channel.fingerprint]
    same = [run for run in runs if run.settings.split == split and run.settings.architecture.horizon == 1]
    found = [predicted for run in same[:RUNS] if (predicted := session.store.predictions(run.id)) is not None]
    if not found:
        return []
    days = found[0].index
    for predicted in found[1:]:
        days = days.intersection(predicted.index)
    actual = session.channel.views[days].to_numpy()
    return [np.abs(predicted.loc[days].to_numpy().T - actual) for predicted in found]


def draw_choice(of_runs: list[np.ndarray]) -> None:
    """The same choice among the seeds of trained runs; those that diverged are left out, and counted."""
    kept = [errors[finite_seeds(errors, session.channel.views)] for errors in of_runs]
    seeds, left_out = sum(map(len, kept)), sum(map(len, of_runs)) - sum(map(len, kept))
    if seeds < FEWEST_SEEDS:
        st.caption(translate("Train a model with two seeds or more on this split to make the same choice among them."))
        st.page_link("pages/train.py", label=translate("Train a model"), icon=":material/play_arrow:")
        return
    choice = choose(np.concatenate(kept), share / 100)
    st.info(choice.sentence(sum(map(bool, map(len, kept)))).translated(translate), icon=":material/model_training:")
    if left_out:
        out = translate("Left out: {seeds} seeds that diverged; their error exceeds the largest day of the channel.")
        st.caption(out.format(seeds=left_out))


st.title(translate("Public and private leaderboards"))
st.caption(
    translate(
        "Try enough models that have learned nothing: the best one looks good on the days it was chosen "
        "by, and only there."
    )
)
controls, picture = st.columns([1, 3], gap="medium")

with controls:
    warn_invalid_query_param("dared", [f"{number:,}" for number in DARED], translate)
    warn_invalid_query_param("public", [f"{share} %" for share in SHARES], translate)
    try:
        split = choose_split(session.channel.views, translate)
        models = st.select_slider(
            translate("Useless models"), DARED, FIRST, format_func="{:,}".format, key="dared", bind="query-params"
        )
        share = st.select_slider(
            translate("Public share of the held-out days"),
            SHARES,
            5,
            format_func="{} %".format,
            key="public",
            bind="query-params",
        )
        st.caption(translate("Each model's guess for a held-out day is the views of a training day drawn at random."))
        small = small_game(session.channel, session.channel.fingerprint, split, min(models, AT_ONCE), share / 100)
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
        st.stop()

with picture:
    if models <= AT_ONCE:
        draw_game(small)
    else:
        job_id = played(PublicScoreRequest(split, models, share / 100))
        show_job(session, job_id, SelectionGame, draw_game)
    st.subheader(translate("The same with trained models"))
    draw_choice(trained(split))
