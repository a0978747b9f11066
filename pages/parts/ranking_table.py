"""Which method to trust: everything that can forecast the channel, in one table on Forecast; one click takes a row."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.forecasts.ranking import JudgedMethod, RankedMethod, Ranking, RankingReport, rank
from forecasting.forecasts.report import ForecastReport
from forecasting.formats import format_percent, format_views
from forecasting.jobs.requests import AutoSearch, ForecastRequest, ModelFile, RankingRequest
from forecasting.messages import N_, BadInput, Message, Translate
from forecasting.records import Job
from forecasting.split import Split, default_split
from pages.parts.forecasters import AUTO, Forecasters, run_version
from pages.parts.job_progress import duration, find, result_of, show_job, submit
from pages.parts.links import escape_markdown
from pages.parts.session import Session

TAKEN = "taken_method"  # in the session's state: the key of the method that a row's button has just chosen
WIDTHS = (200, 90, 250, 70)  # pixels of the first columns
NOT_YET = N_("Not judged yet; it is judged with its forecast.")
OTHER_DAYS = N_("A model file from other days or another channel: it cannot be judged here.")


def draw_ranking(session: Session, forecasters: Forecasters, chosen: str, *, horizon: int, split: Split | None) -> None:
    """The ranking on the held-out days of the split in the control, or of the last one there; `chosen` is in use."""
    try:
        judged_on = ranking_split(session, split)
    except BadInput:  # a single day: the controls say so
        return
    _RankingTable(session, forecasters, horizon=horizon, split=judged_on).draw(chosen)


class _RankingTable:
    """The ranking of one channel at one horizon, on the held-out days of one split."""

    def __init__(self, session: Session, forecasters: Forecasters, *, horizon: int, split: Split) -> None:
        self.session, self.translate = session, session.translate
        self.forecasters, self.names = forecasters, forecasters.names()
        self.horizon, self.split = horizon, split
        runs = tuple(run_version(session, run) for run in forecasters.runs.values())
        self.request = RankingRequest(horizon, split, runs)

    def draw(self, chosen: str) -> None:
        """The table, or the button that has it worked out; `chosen` is the key of the method in use."""
        translate = self.translate
        st.subheader(translate(N_("Which method to trust?")))
        job = find(self.session, self.request)
        if job is None or job.status in ("stopped", "failed"):
            label = translate(N_("Compare all methods"))
            st.button(label, icon=":material/leaderboard:", on_click=_submit, args=(self.session, self.request))
        if job is None:
            st.caption(translate(N_("All methods and your runs, judged on the same held-out days.")))
        show_job(self.session, job, RankingReport, lambda report: self._draw(report, chosen))

    def _draw(self, report: RankingReport, chosen: str) -> None:
        if TAKEN in st.session_state:  # pressed in the part of the page that is drawn by itself: the rest follows
            st.rerun()
        methods = [*report.methods, *self._with_forecasts()]
        found = _ranked(tuple((one.key, hash(one.record)) for one in methods), methods)
        translate, rows = self.translate, found.rows
        if rows:
            best = self.names.get(rows[0].judged.key, "")
            st.write(escape_markdown(found.sentence(best).translated(translate)))
        self._draw_table(found, chosen)
        if rows and rows[0].judged.record:
            said = N_(
                "From each of {count} held-out days ({first} to {last}) every method forecasts the next {horizon} days,"
                " seeing only earlier days. Errors are means over these days, in views a day."
            )
            days = rows[0].judged.record.by_origin().index + pd.Timedelta(days=1)
            facts = {"count": len(days), "first": days[0].date(), "last": days[-1].date(), "horizon": self.horizon}
            st.caption(translate(said).format(**facts))

    def _with_forecasts(self) -> list[JudgedMethod]:
        """Auto and the model files, which are judged with their forecasts."""
        files = [self._of_file(digest) for digest in self.forecasters.files]
        return [self._of_auto(), *files]

    def _of_auto(self) -> JudgedMethod:
        """By the latest forecast that is whole, whatever its limit in seconds was."""
        for job in self.forecasters.jobs:
            asked = job.request
            is_auto = isinstance(asked.forecaster, AutoSearch) and asked.forecaster.split == self.split
            is_current = asked.horizon == self.horizon and job.fingerprint == self.session.channel.fingerprint
            if is_auto and is_current:
                found = self._judged(AUTO, job)
                if found.record:
                    return found
        return JudgedMethod(AUTO, reason=Message(NOT_YET))

    def _of_file(self, digest: str) -> JudgedMethod:
        job = find(self.session, ForecastRequest(self.horizon, ModelFile(digest, self.forecasters.files[digest])))
        if job is None or job.active:
            return JudgedMethod(digest, reason=Message(NOT_YET))
        found = self._judged(digest, job)
        return found if found.record else replace(found, reason=Message(OTHER_DAYS))

    def _judged(self, key: str, job: Job) -> JudgedMethod:
        """With the record of a forecast."""
        report = result_of(self.session, job, ForecastReport)
        record = report.forecast.record if report and report.forecast else None
        seconds = job.seconds if key == AUTO else np.nan
        return JudgedMethod(key, record, seconds, reason=None if record else Message(NOT_YET))

    def _draw_table(self, found: Ranking, chosen: str) -> None:
        translate = self.translate
        lines = [self._line(row) for row in found.rows] + [self._reason(one) for one in found.unjudged]
        keys = [row.judged.key for row in found.rows] + [one.key for one in found.unjudged]
        use, used = translate(N_("Use")), translate(N_("In use"))
        frame = pd.DataFrame(lines)
        frame.insert(
            min(3, len(frame.columns)), translate(N_("Take it")), [used if key == chosen else use for key in keys]
        )
        button = st.column_config.ButtonColumn(
            width=WIDTHS[3],
            type="tertiary",
            key="take_method",
            on_click=_take,
            args=(keys,),
            help=translate(N_("Forecast with it")),
        )
        widths = {name: st.column_config.Column(width=width) for name, width in zip(frame, WIDTHS, strict=False)}
        st.dataframe(
            frame,
            hide_index=True,
            placeholder="–",
            height=min(38 + 35 * len(frame), 460),
            column_config=widths | {translate(N_("Take it")): button},
            alt=translate(N_("All methods, from the lowest error on the held-out days on")),
        )

    def _line(self, row: RankedMethod) -> dict[str, object]:
        """A phone shows the first three."""
        translate, record = self.translate, row.judged.record
        assert record is not None, "a row has a record"
        total = max(record.totals, key=lambda one: one.days, default=None)
        return self._head(row.judged.key, format_views(row.error, translate), row.verdict) | {
            "MASE": f"{row.mase:.2f}",
            translate(N_("Skill")): format_percent(row.skill),
            translate(N_("90 % interval held")): format_percent(record.coverage),
            translate(N_("Total off by")): _total(total.days, total.share, translate) if total else "–",
            translate(N_("Time to learn")): _time(row.judged.seconds, translate),
            translate(N_("Held-out days")): row.origins,
            translate(N_("Note")): row.judged.note.translated(translate) if row.judged.note else "",
        }

    def _reason(self, one: JudgedMethod) -> dict[str, object]:
        reason = one.reason or Message(NOT_YET)
        return self._head(one.key, "–", reason)

    def _head(self, key: str, error: str, verdict: Message) -> dict[str, object]:
        translate = self.translate
        return {
            translate(N_("Method")): self.names.get(key, key),
            translate(N_("Error")): error,
            translate(N_("Beside the best")): verdict.translated(translate),
        }


@st.cache_data(max_entries=16, show_spinner=False)  # it is drawn again and again while a worker is at it
def _ranked(records: tuple, _methods: list[JudgedMethod]) -> Ranking:
    return rank(_methods)


def _submit(session: Session, request: RankingRequest) -> None:
    submit(session, request)


def _take(keys: list[str]) -> None:
    """Make the method of the row the one that forecasts."""
    st.session_state.forecaster = st.session_state[TAKEN] = keys[st.session_state.take_method.row]


def was_taken(key: str) -> bool:
    """Whether a row's button has just chosen this method, so that its forecast is to be made at once."""
    return st.session_state.pop(TAKEN, None) == key


def ranking_split(session: Session, split: Split | None) -> Split:
    """The split of the ranking: the one in the control, or where a run or file brings its own the last one there."""
    kept = st.session_state.setdefault("ranking_splits", {})
    fingerprint = session.channel.fingerprint
    if split:
        kept[fingerprint] = split
    return kept.get(fingerprint) or default_split(session.channel.views)


def _total(days: int, share: float, translate: Translate) -> str:
    """28 days: 9 %."""
    return translate(N_("{days} days: {share}")).format(days=days, share=format_percent(share))


def _time(seconds: float, translate: Translate) -> str:
    if np.isnan(seconds):
        return "–"
    return translate(N_("under 1 s")) if seconds < 1 else duration(seconds, translate)
