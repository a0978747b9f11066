"""Choose a model by N folds of the training period; the held-out period takes no part in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
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
from forecasting.evaluation.folds import (
    FEWEST_FOLDS,
    MOST_FOLDS,
    Fold,
    FoldKind,
    leak,
    safe_folds,
    safe_gap,
    target_days,
    usual_borders,
)
from forecasting.evaluation.wording import optimism, winner
from forecasting.formats import format_percent
from forecasting.jobs.requests import CrossValidationRequest
from forecasting.lectures.choosing import random_flatters
from forecasting.messages import N_, BadInput, Translate, join_sentences
from forecasting.metrics import LOSS_NAMES
from forecasting.models.registry import SKILL_BASELINE, label_of
from forecasting.records import Job
from forecasting.settings import RunSettings
from forecasting.split import Split
from pages.parts.chapter import draw_claim
from pages.parts.chart import draw_chart
from pages.parts.job_progress import find, result_of, show_job, submit
from pages.parts.links import escape_markdown, reset_if_unavailable, unique_name, warn_invalid_query_param
from pages.parts.run_settings import name_of, queue
from pages.parts.session import Session, baseline_levels
from pages.parts.split_control import choose_split
from pages.parts.stage import INK, REAL, Axis, Handle, Line, stage, views_axis

FOLD_KIND_NAMES: dict[FoldKind, str] = {
    "blocked": N_("Blocked"),
    "rolling": N_("Rolling origin"),
    "random": N_("Random"),
}
WHAT_THEY_ARE = {
    "blocked": N_("Each part of the training period is tested once, with models trained on the other parts."),
    "rolling": N_("Each part is tested with models trained on all days before it, as in real forecasting."),
    "random": N_("Days are drawn at random, as in the lecture: their neighbours stay among the training days."),
}
FAR_OFF = 1e9  # views: a model that errs by as much is diverging
TIMELINE = 220  # pixels high
TICKS = 6  # dates below it


def draw_cross_validation(session: Session) -> None:
    """Controls beside the folds and what the models came to on them."""
    translate = session.translate
    st.caption(
        translate("Choose a model by days of the training period. The held-out days take no part in the choice.")
    )
    controls, picture = st.columns([1, 2], gap="medium")  # names of models are long
    with controls:
        try:
            chosen = _choose(session)
        except BadInput as unusable:
            st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
            return
        start = controls.container()
    with picture:
        try:
            chosen.draw_timeline()  # before its borders are used: one that is too near to another can be dragged back
            cuts = chosen.cuts()
            baseline_levels(session.channel, session.channel.fingerprint, chosen.settings[0])
        except BadInput as unusable:
            st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
            return
        label = translate("Cross-validate")
        if start.button(label, type="primary", icon=":material/play_arrow:", width="stretch"):
            chosen.submit(chosen.kind)
        chosen.draw(cuts)


def _choose(session: Session) -> "_CrossValidation":
    """Split, models and folds as the controls have them. Raises BadInput where they are no choice."""
    translate = session.translate
    warn_invalid_query_param("folds", (FEWEST_FOLDS, MOST_FOLDS), translate)
    warn_invalid_query_param("fold_kind", [translate(word) for word in FOLD_KIND_NAMES.values()], translate)
    reset_if_unavailable("fold_kind", FOLD_KIND_NAMES, "blocked")
    split = choose_split(session.channel.views, translate)
    names, settings = _choose_models(session, split)
    kinds = {name: translate(word) for name, word in FOLD_KIND_NAMES.items()}
    kind = st.selectbox(translate("Folds"), kinds, format_func=kinds.__getitem__, key="fold_kind", bind="query-params")
    folds = st.number_input(
        translate("Number of folds"),
        FEWEST_FOLDS,
        MOST_FOLDS,
        FOLDS,
        key="folds",
        bind="query-params",
        help=translate("The lecture has 3."),
    )
    return _CrossValidation(session, split, tuple(names), tuple(settings), kind, folds)


def _offered(session: Session, split: Split) -> dict[str, tuple[str, RunSettings]]:
    """Models to choose from by key: the usual ones, and those of the channel's runs, all on this split."""
    found = {f"usual-{k}": (name_of(run, session.translate), run) for k, run in enumerate(usual_models(split))}
    for run in session.store.runs(session.owner):
        settings = replace(run.settings, split=split)
        if run.fingerprint == session.channel.fingerprint and settings not in [
            known for _name, known in found.values()
        ]:
            found[run.id] = (unique_name(run.name, [name for name, _settings in found.values()]), settings)
    return found


def _choose_models(session: Session, split: Split) -> tuple[list[str], list[RunSettings]]:
    """Names and settings of the models ticked. Raises BadInput where these are not enough for a choice."""
    translate, found = session.translate, _offered(session, split)
    names = {key: name for key, (name, _settings) in found.items()}
    if "models" in st.session_state:
        st.session_state.models = [key for key in st.session_state.models if key in found]
    usual = [key for key in found if key.startswith("usual")]
    ticked = st.multiselect(
        translate("Models"),
        names,
        usual,
        format_func=names.__getitem__,
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


@dataclass(frozen=True)
class _CrossValidation:
    """Models to be ranked on folds."""

    session: Session
    split: Split
    names: tuple[str, ...]
    settings: tuple[RunSettings, ...]
    kind: FoldKind
    folds: int

    @property
    def days(self) -> pd.DatetimeIndex:
        """Target days that every model knows."""
        return target_days(self.session.channel.series, self.settings)

    def borders(self, kind: FoldKind) -> tuple[date, ...]:
        """Days that stretches begin at, where the link has them dragged; none for stretches of equal length."""
        usual = usual_borders(self.days, kind, self.folds)
        try:
            linked = tuple(map(date.fromisoformat, st.query_params.get("borders", "").split(",")))
        except ValueError:
            return ()
        return linked if kind == self.kind and len(linked) == len(usual) and list(linked) == sorted(linked) else ()

    def cuts(self, kind: FoldKind | None = None) -> list[Fold]:
        """The folds, of this kind or another. Raises BadInput where days are too few for them."""
        kind = kind or self.kind
        return safe_folds(
            self.session.channel.series, self.settings, kind=kind, folds=self.folds, borders=self.borders(kind)
        )

    def request(self, kind: FoldKind) -> CrossValidationRequest:
        """What a worker is asked for on folds of this kind."""
        return CrossValidationRequest(self.settings, kind, self.folds, self.borders(kind))

    def submit(self, kind: FoldKind) -> None:
        """Have a worker begin."""
        submit(self.session, self.request(kind))

    def job(self, kind: FoldKind) -> Job | None:
        """The job of these models on folds of this kind, where it was submitted."""
        return find(self.session, self.request(kind))

    def ranking(self, kind: FoldKind) -> Ranking | None:
        """What these models came to on folds of this kind, once every one of them is known."""
        job = self.job(kind)
        return result_of(self.session, job, Ranking) if job and job.status == "finished" else None

    def draw_timeline(self) -> None:
        """The channel's training days, with the borders of the folds to be dragged; random folds have none."""
        translate, days = self.session.translate, self.days
        borders = self.borders(self.kind) or tuple(usual_borders(days, self.kind, self.folds))
        views = self.session.channel.views[days].to_numpy()
        middle = float(np.nanmin(views) + np.nanmax(views)) / 2
        places = days.searchsorted(pd.DatetimeIndex(borders))
        name = translate("Border {number} of the folds")
        stage(
            "timeline",
            x=_day_axis(days, translate("Training day")),
            y=views_axis(translate("Views a day"), 0, 1.05 * float(np.nanmax(views)) or 1),
            translate=translate,
            lines=[Line(np.stack([np.arange(len(days)), views], axis=1), translate("Real views"), REAL, width=1)],
            handles=[
                Handle(
                    str(number),
                    (place, middle),
                    name.format(number=number + 1),
                    along="x",
                    colour=INK,
                    rule=True,
                    step=(1, 0),
                )
                for number, place in enumerate(places)
            ],
            on_move=lambda moved, at: self._keep_border(borders, int(moved), round(at[0])),
            height=TIMELINE,
            ordered=True,
            alt=translate("Views of the training period, with the borders of the folds"),
        )
        if borders:
            st.caption(translate("Drag the lines: each begins another part."))

    def _keep_border(self, borders: Sequence[date], number: int, place: int) -> None:
        moved = [*borders]
        moved[number] = self.days[min(max(place, 0), len(self.days) - 1)].date()
        st.query_params["borders"] = ",".join(map(str, moved))

    def draw(self, cuts: Sequence[Fold]) -> None:
        """The folds, the models on them, and how much random folds flatter."""
        translate = self.session.translate
        self._draw_folds(cuts)
        self._show(self.kind, self._draw_ranking)
        if known := self.ranking(self.kind):
            period = f"{self.split.train.first} – {self.split.train.last}"
            if st.button(translate("Train the winner on the whole training period"), icon=":material/model_training:"):
                self._retrain(self.settings[known.order[0]])
            st.caption(translate("On the whole training period: {period}.").format(period=period))
        self._draw_other_kind()
        _draw_example(self.session.translate)

    def _draw_folds(self, cuts: Sequence[Fold]) -> None:
        """The folds over the calendar, and what leaks through them."""
        translate = self.session.translate
        chart = partial(charts.fold_rows, cuts, self.split.held_out, translate)
        draw_chart(self.session, chart, key="folds-chart", alt=translate("The folds over the calendar"))
        leaked = translate("{share} of the validation days were seen in training, as a day of some window.")
        gap = translate("{gap} days between the parts are left out, so that no window reaches across.")
        learnt = translate("Training days of each fold: {days}.")
        said = [
            translate(WHAT_THEY_ARE[self.kind]),
            learnt.format(days=", ".join(str(len(cut.train)) for cut in cuts)),
            leaked.format(share=format_percent(_share_seen(cuts, self.settings))),
        ]
        if self.kind != "random":
            said.append(gap.format(gap=safe_gap(self.settings)))
        st.caption(join_sentences(said))

    def _draw_ranking(self, known: Ranking) -> None:
        """Losses on the folds as a chart, a sentence and a table, as far as they are known."""
        translate = self.session.translate
        order = known.order if known.judged else range(len(self.names))
        lines = [(self.names[k], known.validation[k], known.held_out[k]) for k in order]
        lines.append((translate(label_of(SKILL_BASELINE)), known.baseline, known.baseline_held_out))
        draw_chart(
            self.session,
            partial(charts.fold_losses, _dots(lines), self._loss, translate),
            key="losses",
            alt=translate("Validation loss of every model on every fold, with means and held-out losses"),
        )
        if known.judged:
            st.info(escape_markdown(winner(known, self.names).translated(translate)), icon=":material/emoji_events:")
            if known.means[known.order[0]] >= known.baseline.mean():
                none = translate("None of these models beats the same day last week.")
                st.warning(none, icon=":material/trending_down:")
        self._draw_table(lines, self.names[known.order[0]] if known.judged else None)

    @property
    def _loss(self) -> str:
        return LOSS_NAMES[self.settings[0].training.loss]

    def _draw_table(self, lines: list[tuple], best: str | None) -> None:
        """A line a model, the winner marked."""
        translate = self.session.translate
        table = {translate("Model"): [name for name, *_losses in lines]}
        for fold in range(len(lines[0][1])):
            table[translate("Fold {number}").format(number=fold + 1)] = [
                _cell(losses[fold]) for _name, losses, _held in lines
            ]
        table[translate("Mean")] = [_cell(losses.mean()) + " ★" * (name == best) for name, losses, _held in lines]
        table[translate("Held-out")] = [_cell(held_out) for *_rest, held_out in lines]
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
            ).format(loss=self._loss)
        )

    def _draw_other_kind(self) -> None:
        """What random folds make of the same models, once both kinds are known; until then a button for the other."""
        translate = self.session.translate
        blocked, random = self.ranking("blocked"), self.ranking("random")
        if not (blocked or random):
            return
        st.subheader(translate("How optimistic random folds are"))
        if blocked and random:
            self._draw_optimism_bias(blocked, random)
            return
        missing: FoldKind = "random" if blocked else "blocked"
        other = translate(FOLD_KIND_NAMES[missing])
        if st.button(translate("Use the other folds too: {kind}").format(kind=other), icon=":material/compare:"):
            self.submit(missing)
        self._show(missing, lambda _ranking: None)

    def _draw_optimism_bias(self, blocked: Ranking, random: Ranking) -> None:
        """Both kinds side by side."""
        translate, loss = self.session.translate, self.settings[0].training.loss
        draw_claim(random_flatters(blocked, random, loss), translate)
        found = [OptimismBias.of(*errors, loss) for errors in zip(blocked.errors, random.errors, strict=True)]
        most = max(range(len(found)), key=lambda k: (found[k].share == found[k].share, found[k].share))
        most_optimistic = optimism(found[most], self.names[most]).translated(translate)
        st.info(escape_markdown(most_optimistic), icon=":material/visibility:")
        table = {translate("Model"): list(self.names)}
        for label, known in {translate("Blocked, mean"): blocked, translate("Random, mean"): random}.items():
            table[label] = [_cell(mean) + " ★" * (k == known.order[0]) for k, mean in enumerate(known.means)]
        table[translate("Random is lower by")] = [_shares(one, translate) for one in found]
        table[translate("Held-out")] = [_cell(held_out) for held_out in blocked.held_out]
        alt = translate("Blocked against random folds")
        st.dataframe(pd.DataFrame(table), hide_index=True, height="content", alt=alt)
        less = translate(
            "90 % intervals in brackets. Part of it may come from the gaps: {blocked} training days, not {random}."
        )
        st.caption(less.format(blocked=self._days_learnt("blocked"), random=self._days_learnt("random")))

    def _days_learnt(self, kind: FoldKind) -> int:
        """Training days of a fold of this kind, on average."""
        cuts = self.cuts(kind)
        return round(sum(len(cut.train) for cut in cuts) / len(cuts))

    def _show(self, kind: FoldKind, draw: Callable[[Ranking], None]) -> None:
        """Progress and result of the job on folds of this kind, where it was submitted."""
        job = self.job(kind)
        show_job(self.session, job and job.id, Ranking, draw)

    def _retrain(self, best: RunSettings) -> None:
        """Queue the winner on the whole training period, and show it on Train."""
        session = self.session
        run_id = queue(session, best)
        if run_id is None:
            return
        st.session_state.run = run_id
        session.workers.fill()
        run = session.store.run(session.owner, st.session_state.run)
        # Without any parameter it stumbles over bound ones.
        st.switch_page("pages/train.py", query_params={"run": run.name} if run else {})


def _share_seen(cuts: Sequence[Fold], settings: Sequence[RunSettings]) -> float:
    """The largest share, over models, of validation targets that were among the days learnt from."""
    nets = {(run.architecture.window, run.architecture.horizon) for run in settings}
    judged = sum(len(cut.validation) for cut in cuts)
    return max(sum(leak(cut, *net).targets * len(cut.validation) for cut in cuts) / judged for net in nets)


def _day_axis(days: pd.DatetimeIndex, title: str) -> Axis:
    """Days along the bottom, by their place."""
    names = [str(day.date()) for day in days]
    ticks = [(int(place), names[int(place)]) for place in np.linspace(0, len(days) - 1, TICKS)]
    return Axis(title, 0, max(len(days) - 1, 1), ticks=ticks, names=names)


def _dots(lines: list[tuple]) -> pd.DataFrame:
    """A row a model and fold, without those that diverged."""
    dots = [
        (name, str(fold + 1), loss, losses.mean(), held_out)
        for name, losses, held_out in lines
        if not losses.max() > FAR_OFF
        for fold, loss in enumerate(losses)
    ]
    return pd.DataFrame(dots, columns=["model", "fold", "validation", "mean", "held_out"])


def _cell(loss: float) -> str:
    """A loss, or nothing where there is none."""
    return "" if loss != loss else f"{loss:,.0f}" if loss < FAR_OFF else f"{loss:.0e}"


def _shares(found: OptimismBias, translate: Translate) -> str:
    """12 % (8 % to 15 %), as text; nothing for a model that diverged."""
    if found.share != found.share:
        return ""
    facts = {name: format_percent(share) for name, share in vars(found).items()}
    return translate("{share} ({low} to {high})").format(**facts) if found.low == found.low else facts["share"]


def _draw_example(translate: Translate) -> None:
    """The lecture's own losses."""
    with st.expander(translate("The lecture's example"), icon=":material/school:"):
        example = pd.DataFrame(EXAMPLE, columns=[translate("Fold {number}").format(number=k) for k in (1, 2, 3)])
        example.insert(0, translate("Model"), [translate("Model {number}").format(number=k) for k in (1, 2, 3)])
        means = [sum(losses) / len(losses) for losses in EXAMPLE]
        example[translate("Mean")] = [f"{mean:.1f}" + " ★" * (mean == min(means)) for mean in means]
        st.dataframe(example, hide_index=True, height="content", alt=translate("The lecture's example"))
        st.caption(translate("Losses from the lecture, not of this channel. Its folds are random thirds."))
