"""The last days are hidden, the class votes for a model, and then they are uncovered: the lecture's Friday."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.evaluation.baselines import BESIDE_RUNS, baseline_forecast
from forecasting.evaluation.wording import ERROR_OF_MEAN
from forecasting.jobs.requests import RevealRequest
from forecasting.lectures.reveal import BlindForecast, Reveal, hidden_days, reveal
from forecasting.messages import BadInput, Translate
from forecasting.models.registry import baseline, label_of
from forecasting.records import Job, Run
from pages.parts.chart import draw_chart
from pages.parts.forecasters import Forecasters, run_version
from pages.parts.job_progress import find, result_of, submit
from pages.parts.links import escape_markdown, unique_name, warn_invalid_query_param
from pages.parts.polling import JOB_SECONDS, Polling, polling
from pages.parts.session import Session

MOST_HIDDEN_DAYS = 28  # days hidden
DEFAULT_HIDDEN_DAYS = 2  # the lecture's
SEATS = 6  # models, and at most: a chart has no more colours that can be told apart


def draw_reveal(session: Session) -> None:
    """Controls beside the picture, which has the hidden days once they are uncovered."""
    translate = session.translate
    st.caption(translate("Hide the last days, vote for the model that you expect to be closest, then reveal them."))
    controls, picture = st.columns([1, 3], gap="medium")
    with controls:
        warn_invalid_query_param("hidden", (1, MOST_HIDDEN_DAYS), translate)
        days = st.slider(
            translate("Hidden days"), 1, MOST_HIDDEN_DAYS, DEFAULT_HIDDEN_DAYS, key="hidden", bind="query-params"
        )
        try:
            hidden = hidden_days(session.channel.series.measured, days)
        except BadInput as unusable:
            st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
            return
        election = _Election(session, hidden, tuple(_choose_runs(session, hidden)))
        election.draw_vote()
    with picture:
        election.draw()
        _draw_lecture(session.plain)


def _choose_runs(session: Session, hidden: pd.DatetimeIndex) -> list[Run]:
    """The runs that stand for election: done, and trained on earlier days than the hidden ones."""
    translate = session.translate
    runs = Forecasters(session).runs
    blind = {key: run for key, run in runs.items() if pd.Timestamp(run.settings.split.train.last) < hidden[0]}
    kept = [key for key in st.session_state.get("candidates", []) if key in blind]
    if kept != st.session_state.get("candidates", kept):
        st.session_state.candidates = kept
    chosen = st.multiselect(
        translate("Models"),
        blind,
        list(blind)[:SEATS],
        format_func=lambda key: blind[key].name,
        key="candidates",
        bind="query-params",
        max_selections=SEATS,
        help=translate("Runs of this channel that have seen none of the hidden days, and the baselines."),
    )
    if not runs:
        st.page_link("pages/train.py", label=translate("Train a model"), icon=":material/play_arrow:")
        st.button(
            translate("Train the lecture's table"),
            icon=":material/table_rows:",
            on_click=st.session_state.update,
            kwargs={"part": "table"},
        )
    return _told_apart(session, [blind[key] for key in chosen])


def _told_apart(session: Session, runs: list[Run]) -> list[Run]:
    """The runs under names unlike those of the baselines beside them, and of each other."""
    taken, told = [session.translate(label_of(slug)) for slug in BESIDE_RUNS], []
    for run in runs:
        taken.append(unique_name(run.name, taken))
        told.append(replace(run, name=taken[-1]))
    return told


@dataclass(frozen=True)
class _Election:
    """A vote on which model comes closest to the hidden days."""

    session: Session
    hidden: pd.DatetimeIndex
    runs: tuple[Run, ...]

    @property
    def key(self) -> tuple:
        """What it is about."""
        return self.session.channel.fingerprint, len(self.hidden), *(run.id for run in self.runs)

    @property
    def votes(self) -> dict[str, int]:
        """How many each candidate has."""
        return st.session_state.setdefault("votes", {}).setdefault(self.key, {})

    @property
    def uncovered(self) -> bool:
        """Whether the days have been revealed."""
        return st.session_state.get("uncovered") == self.key

    def draw_vote(self) -> None:
        """The candidates, each a button that counts a vote for it, and the button that reveals the days."""
        translate = self.session.translate
        st.markdown(f"**{translate('Who will be closest?')}**", help=translate("Every press is a vote."))
        for place, name in enumerate([run.name for run in self.runs] + list(self._baselines())):
            count = self.votes.get(name, 0)
            label = escape_markdown(name) + (f" · {count}" if count else "")
            if self.uncovered:
                st.caption(label)
            else:
                st.button(label, key=f"vote-{place}", on_click=self._vote, args=(name,), width="stretch")
        if self.uncovered:
            st.button(translate("Vote anew"), icon=":material/restart_alt:", on_click=self._start_anew, width="stretch")
        else:
            st.button(
                translate("Reveal"),
                type="primary",
                icon=":material/visibility:",
                key="uncover",
                on_click=self._uncover,
                width="stretch",
            )

    def draw(self) -> None:
        """The days before, or what came of it."""
        session, translate = self.session, self.session.translate
        if self.uncovered:
            looks = polling(self.session, [*self._jobs().values()], JOB_SECONDS)
            st.fragment(self._live, run_every=looks.seconds)(looks)
            return
        chart = partial(
            charts.reveal_chart,
            session.channel.views,
            self.hidden,
            None,
            translate=translate,
            weekdays=session.weekdays(),
            events=session.channel.events,
        )
        draw_chart(session, chart, alt=translate("The last weeks of real views without the hidden days"))

    def _baselines(self) -> dict[str, str]:
        return {self.session.translate(label_of(slug)): slug for slug in BESIDE_RUNS}

    def _vote(self, name: str) -> None:
        self.votes[name] = self.votes.get(name, 0) + 1

    def _start_anew(self) -> None:
        """Hide the days again; the votes are gone."""
        self.votes.clear()
        del st.session_state.uncovered

    def _uncover(self) -> None:
        """Ask workers for the forecasts of the runs, which see none of the hidden days."""
        if all(submit(self.session, self._request(run)) for run in self.runs):
            st.session_state.uncovered = self.key

    def _request(self, run: Run) -> RevealRequest:
        return RevealRequest(run_version(self.session, run), len(self.hidden))

    def _jobs(self) -> dict[str, Job]:
        """Jobs by run, those that were submitted."""
        found = {run.id: find(self.session, self._request(run)) for run in self.runs}
        return {run_id: job for run_id, job in found.items() if job}

    def _live(self, looks: Polling) -> None:
        """Progress while workers are on it, then the result."""
        translate, jobs = self.session.translate, self._jobs()
        active = [job for job in jobs.values() if job.active]
        if (looks.seconds and not active) or looks.is_over(active):
            st.rerun()
        if active:
            done = len(jobs) - len(active)
            st.progress(done / len(jobs), translate("{done} of {all} forecasts").format(done=done, all=len(jobs)))
            return
        names = {run.id: run.name for run in self.runs}
        failed = {names[run_id]: job.reason for run_id, job in jobs.items() if job.reason}
        for name, reason in failed.items():
            st.error(escape_markdown(f"{name}: {reason.translated(translate)}"), icon=":material/error:")
        if failed and st.button(translate("Try again"), icon=":material/refresh:", on_click=self._uncover):
            st.rerun()  # the whole page, which looks again until they are done
        self._draw_result(*self._result(jobs))

    def _result(self, jobs: dict[str, Job]) -> tuple[Reveal, pd.DataFrame]:
        """What came of it, and the forecasts (a row a day, a column a candidate)."""
        session, hidden = self.session, self.hidden
        before = session.channel.series.until(hidden[0] - pd.Timedelta(days=1))
        now = before.views.index[-1:]
        blind = {run.name: result_of(session, jobs.get(run.id), BlindForecast) for run in self.runs}
        points = {name: np.array(found.point) for name, found in blind.items() if found}
        points |= {
            name: baseline(slug).predict(before, now, len(hidden))[0] for name, slug in self._baselines().items()
        }
        found = reveal(session.channel.series.measured, hidden, points, held_out=self._one_day_ahead())
        return found, pd.DataFrame(points, index=hidden)

    def _one_day_ahead(self) -> dict[str, pd.Series]:
        """Forecasts of the held-out days, of the runs and of the baselines beside them."""
        session = self.session
        one_day = [run for run in self.runs if run.settings.architecture.horizon == 1]
        held_out = {run.name: session.store.predictions(run.id) for run in one_day}
        ahead = {name: found.mean(axis=1) for name, found in held_out.items() if found is not None}
        if ahead:
            judged = next(iter(ahead.values())).index
            for name, slug in self._baselines().items():
                ahead[name] = pd.Series(baseline_forecast(slug, session.channel.series, judged), judged)
        return ahead

    def _draw_result(self, found: Reveal, forecasts: pd.DataFrame) -> None:
        """The chart, the two sentences, and each one's error."""
        session, translate = self.session, self.session.translate
        chart = partial(
            charts.reveal_chart,
            session.channel.views,
            found.days,
            forecasts,
            translate=translate,
            weekdays=session.weekdays(),
            events=session.channel.events,
        )
        draw_chart(session, chart, alt=translate("The hidden days, revealed, with each model's forecast"))
        st.info(escape_markdown(found.on_the_vote(self.votes).translated(translate)), icon=":material/how_to_vote:")
        st.warning(escape_markdown(found.how_little().translated(translate)), icon=":material/balance:")
        self._draw_errors(found)

    def _draw_errors(self, found: Reveal) -> None:
        """A line a candidate, the closest first."""
        translate = self.session.translate
        mean = translate("Held-out, MAE of the seeds' mean, one day ahead")
        lines = [
            {
                translate("Model"): name,
                translate("Votes"): self.votes.get(name, 0),
                translate("Error on the hidden days (MAE, views)"): round(error, 1),
                mean: round(found.held_out[name], 1) if name in found.held_out else None,
            }
            for name, error in sorted(found.errors.items(), key=lambda pair: pair[1])
        ]
        st.dataframe(
            pd.DataFrame(lines),
            hide_index=True,
            placeholder="–",
            column_config={mean: st.column_config.NumberColumn(format="localized", help=translate(ERROR_OF_MEAN))},
            alt=translate("Errors of all models"),
        )


def _draw_lecture(translate: Translate) -> None:
    """The lecture's own Friday."""
    with st.expander(translate("In the lecture"), icon=":material/school:"):
        st.write(
            translate(
                "On Friday 26 February 2021 the views were known to the 24th. The class voted among nets of one to four"
                " layers; three layers had the smallest loss on days not learnt from, 0.38k. It foresaw 5.25k for the"
                " 25th and, fed with that, 3.96k for the 26th. The truth was about 7.5k, the highest day of the year"
                " so far: three layers were 2.58k off, two about 2k, one and four about 1.8k. The lecture calls it"
                " mismatch. These are the lecture's figures, of another channel."
            )
        )
