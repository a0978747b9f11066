"""Choose a model by N folds of the training period; the held-out period takes no part in it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.evaluation.cross_validation import (
    EXAMPLE,
    FEWEST_COMPARED,
    FOLDS,
    MOST_COMPARED,
    OptimismBias,
    Ranking,
    usual_models,
)
from forecasting.evaluation.folds import FEWEST_FOLDS, MOST_FOLDS, Fold, leak, safe_folds, safe_gap
from forecasting.evaluation.wording import optimism, winner
from forecasting.formats import format_percent
from forecasting.jobs.requests import CrossValidationRequest
from forecasting.messages import N_, BadInput
from forecasting.metrics import LOSS_NAMES
from forecasting.models.registry import SKILL_BASELINE, label_of
from forecasting.records import Job
from forecasting.settings import RunSettings
from forecasting.split import Split
from pages.parts.job_progress import find, result_of, show_job, submit
from pages.parts.links import escape_markdown, reset_if_unavailable, unique_name, warn_invalid_query_param
from pages.parts.session import baseline_levels, open_page
from pages.parts.settings_form import name_of, queue
from pages.parts.split_control import choose_split

FOLD_KIND_NAMES = {"blocked": N_("Blocked"), "rolling": N_("Rolling origin"), "random": N_("Random")}
WHAT_THEY_ARE = {
    "blocked": N_("Each part of the training period is tested once, with models trained on the other parts."),
    "rolling": N_("Each part is tested with models trained on all days before it, as in real forecasting."),
    "random": N_("Days are drawn at random, as in the lecture: their neighbours stay among the training days."),
}
FAR_OFF = 1e9  # views: a model that errs by as much is diverging

session = open_page()
translate = session.translate


def offered(split: Split) -> dict[str, tuple[str, RunSettings]]:
    """Models to choose from by key: the usual ones, and those of the channel's runs, all on this split."""
    found = {f"usual-{k}": (name_of(run, translate), run) for k, run in enumerate(usual_models(split))}
    for run in session.store.runs(session.owner):
        settings = replace(run.settings, split=split)
        if run.fingerprint == session.channel.fingerprint and settings not in [
            known for _name, known in found.values()
        ]:
            found[run.id] = (unique_name(run.name, [name for name, _settings in found.values()]), settings)
    return found


def choose_models(split: Split) -> tuple[list[str], list[RunSettings]]:
    """Names and settings of the models ticked. Raises BadInput where these are not enough for a choice."""
    found = offered(split)
    names = {key: name for key, (name, _settings) in found.items()}
    if "models" in st.session_state:
        st.session_state.models = [key for key in st.session_state.models if key in found]
    usual = [key for key in found if key.startswith("usual")]
    ticked = st.multiselect(
        translate("Models"),
        names,
        usual,
        format_func=names.get,
        key="models",
        bind="query-params",
        max_selections=MOST_COMPARED,
        wrap=True,
        help=translate("The channel's runs can be chosen too; they are trained anew on every fold."),
    )
    if len(ticked) < FEWEST_COMPARED:
        raise BadInput(N_("Choose two models or more."))
    chosen = [found[key] for key in found if key in ticked]
    return [name for name, _settings in chosen], [settings for _name, settings in chosen]


def job_of(kind: str) -> Job | None:
    """The job of these models on folds of this kind, where it was submitted."""
    return find(session, CrossValidationRequest(tuple(settings), kind, folds))


def ranking_of(kind: str) -> Ranking | None:
    """What these models came to on folds of this kind, once every one of them is known."""
    job = job_of(kind)
    return result_of(session, job, Ranking) if job and job.status == "finished" else None


def share_seen(cuts: Sequence[Fold], settings: Sequence[RunSettings]) -> float:
    """The largest share, over models, of validation targets that were among the days learnt from."""
    nets = {(run.architecture.window, run.architecture.horizon) for run in settings}
    judged = sum(len(cut.validation) for cut in cuts)
    return max(sum(leak(cut, *net).targets * len(cut.validation) for cut in cuts) / judged for net in nets)


def draw_folds(cuts: Sequence[Fold]) -> None:
    """The folds, and what leaks through them."""
    chart = charts.fold_rows(cuts, split.held_out, translate)
    st.altair_chart(chart, key="folds-chart", alt=translate("The folds over the calendar"))
    what = WHAT_THEY_ARE[kind]
    leaked = translate("{share} of the validation days were seen in training, as a day of some window.").format(
        share=format_percent(share_seen(cuts, settings))
    )
    gap = translate("{gap} days between the parts are left out, so that no window reaches across.").format(
        gap=safe_gap(settings)
    )
    learnt = translate("Training days of each fold: {days}.").format(
        days=", ".join(str(len(cut.train)) for cut in cuts)
    )
    st.caption(" ".join([translate(what), learnt, leaked, *([gap] if kind != "random" else [])]))


def draw_ranking(known: Ranking) -> None:
    """Losses on the folds as a chart, a sentence and a table, as far as they are known."""
    week = translate(label_of(SKILL_BASELINE))
    order = known.order if known.judged else range(len(names))
    lines = [(names[k], known.validation[k], known.held_out[k]) for k in order]
    lines.append((week, known.baseline, known.baseline_held_out))
    dots = [
        (name, str(fold + 1), loss, losses.mean(), held_out)
        for name, losses, held_out in lines
        if not losses.max() > FAR_OFF
        for fold, loss in enumerate(losses)
    ]
    frame = pd.DataFrame(dots, columns=["model", "fold", "validation", "mean", "held_out"])
    st.altair_chart(
        charts.fold_losses(frame, LOSS_NAMES[settings[0].training.loss], translate),
        key="losses",
        alt=translate("Validation loss of every model on every fold, with means and held-out losses"),
    )
    if known.judged:
        st.info(escape_markdown(winner(known, names).translated(translate)), icon=":material/emoji_events:")
        if known.means[known.order[0]] >= known.baseline.mean():
            st.warning(translate("None of these models beats the same day last week."), icon=":material/trending_down:")
    draw_table(lines, names[known.order[0]] if known.judged else None)


def draw_table(lines: list[tuple], best: str | None) -> None:
    """A line a model, the winner marked."""
    table = {translate("Model"): [name for name, *_losses in lines]}
    for fold in range(len(lines[0][1])):
        table[translate("Fold {number}").format(number=fold + 1)] = [
            cell(losses[fold]) for _name, losses, _held in lines
        ]
    table[translate("Mean")] = [cell(losses.mean()) + " ★" * (name == best) for name, losses, _held in lines]
    table[translate("Held-out")] = [cell(held_out) for *_rest, held_out in lines]
    st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        height="content",
        placeholder="–",
        alt=translate("Losses of the models on the folds"),
    )
    st.caption(
        translate(
            "{loss} in views, means over seeds. ★ lowest mean validation error. Held-out is for information "
            "and did not choose."
        ).format(loss=LOSS_NAMES[settings[0].training.loss])
    )


def cell(loss: float) -> str:
    """A loss, or nothing where there is none."""
    return "" if loss != loss else f"{loss:,.0f}" if loss < FAR_OFF else f"{loss:.0e}"


def draw_optimism_bias(blocked: Ranking, random: Ranking) -> None:
    """What random folds make of the same models, beside blocked ones."""
    loss = settings[0].training.loss
    found = [OptimismBias.of(*errors, loss) for errors in zip(blocked.errors, random.errors, strict=True)]
    most = max(range(len(found)), key=lambda k: (found[k].share == found[k].share, found[k].share))
    st.info(escape_markdown(optimism(found[most], names[most]).translated(translate)), icon=":material/visibility:")
    means = {translate("Blocked, mean"): blocked, translate("Random, mean"): random}
    table = {translate("Model"): names}
    for label, known in means.items():
        table[label] = [cell(mean) + " ★" * (k == known.order[0]) for k, mean in enumerate(known.means)]
    table[translate("Random is lower by")] = [shares(one) for one in found]
    table[translate("Held-out")] = [cell(held_out) for held_out in blocked.held_out]
    st.dataframe(pd.DataFrame(table), hide_index=True, height="content", alt=translate("Blocked against random folds"))
    days = {kind: days_learnt(kind) for kind in ("blocked", "random")}
    less = translate(
        "90 % intervals in brackets. Part of it may come from the gaps: {blocked} training days, not {random}."
    )
    st.caption(less.format(**days))


def shares(found: OptimismBias) -> str:
    """12 % (8 % to 15 %), as text; nothing for a model that diverged."""
    if found.share != found.share:
        return ""
    facts = {name: format_percent(share) for name, share in vars(found).items()}
    return translate("{share} ({low} to {high})").format(**facts) if found.low == found.low else facts["share"]


def days_learnt(kind: str) -> int:
    """Training days of a fold of this kind, on average."""
    cuts = safe_folds(session.channel.series, settings, kind=kind, folds=folds)
    return round(sum(len(cut.train) for cut in cuts) / len(cuts))


def show_kind(kind: str, draw: Callable[[Ranking], None]) -> None:
    """Progress and result of the job on folds of this kind, where it was submitted."""
    job = job_of(kind)
    show_job(session, job and job.id, Ranking, draw)


def retrain(winner: RunSettings) -> None:
    """Queue the winner on the whole training period, and show it on Train."""
    st.session_state.run = queue(session, winner)
    session.workers.fill()
    name = session.store.run(session.owner, st.session_state.run).name
    st.switch_page("pages/train.py", query_params={"run": name})  # without any it stumbles over bound ones


st.title(translate("Cross-validation"))
st.caption(translate("Choose a model by days of the training period. The held-out days take no part in the choice."))
controls, picture = st.columns([1, 2], gap="medium")  # names of models are long

with controls:
    warn_invalid_query_param("folds", (FEWEST_FOLDS, MOST_FOLDS), translate)
    warn_invalid_query_param("fold_kind", [translate(word) for word in FOLD_KIND_NAMES.values()], translate)
    reset_if_unavailable("fold_kind", FOLD_KIND_NAMES, "blocked")
    try:
        split = choose_split(session.channel.views, translate)
        names, settings = choose_models(split)
        kinds = {name: translate(word) for name, word in FOLD_KIND_NAMES.items()}
        kind = st.selectbox(translate("Folds"), kinds, format_func=kinds.get, key="fold_kind", bind="query-params")
        folds = st.number_input(
            translate("Number of folds"),
            FEWEST_FOLDS,
            MOST_FOLDS,
            FOLDS,
            key="folds",
            bind="query-params",
            help=translate("The lecture has 3."),
        )
        cuts = safe_folds(session.channel.series, settings, kind=kind, folds=folds)
        baseline_levels(session.channel, session.channel.fingerprint, settings[0])
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
        st.stop()
    if st.button(translate("Cross-validate"), type="primary", icon=":material/play_arrow:", width="stretch"):
        submit(session, CrossValidationRequest(tuple(settings), kind, folds))


with picture:
    draw_folds(cuts)
    show_kind(kind, draw_ranking)
    if known := ranking_of(kind):
        period = f"{split.train.first} – {split.train.last}"
        if st.button(translate("Train the winner on the whole training period"), icon=":material/model_training:"):
            retrain(settings[known.order[0]])
        st.caption(translate("On the whole training period: {period}.").format(period=period))
    rankings = {name: ranking_of(name) for name in ("blocked", "random")}
    if any(rankings.values()):
        st.subheader(translate("How optimistic random folds are"))
        missing = [name for name, found in rankings.items() if found is None]
        if not missing:
            draw_optimism_bias(**rankings)
        else:
            other = FOLD_KIND_NAMES[missing[0]]
            label = translate("Use the other folds too: {kind}").format(kind=translate(other))
            if st.button(label, icon=":material/compare:"):
                submit(session, CrossValidationRequest(tuple(settings), missing[0], folds))
            show_kind(missing[0], lambda _ranking: None)
    with st.expander(translate("The lecture's example"), icon=":material/school:"):
        example = pd.DataFrame(EXAMPLE, columns=[translate("Fold {number}").format(number=k) for k in (1, 2, 3)])
        example.insert(0, translate("Model"), [translate("Model {number}").format(number=k) for k in (1, 2, 3)])
        means = [sum(losses) / len(losses) for losses in EXAMPLE]
        example[translate("Mean")] = [f"{mean:.1f}" + " ★" * (mean == min(means)) for mean in means]
        st.dataframe(example, hide_index=True, height="content", alt=translate("The lecture's example"))
        st.caption(translate("Losses from the lecture, not of this channel. Its folds are random thirds."))
