"""What stands below a forecast: its days, what Auto tried, errors by days ahead, and the model to take away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.evaluation.wording import ERROR_OF_MEAN
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.packing import NO_WEIGHTS
from forecasting.forecasts.program import program_from_file, program_of
from forecasting.forecasts.report import ForecastReport
from forecasting.formats import format_percent
from forecasting.messages import N_
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.ensemble.report import CORRECTED, composition, regret_of_alternatives, trials_frame, work_of
from forecasting.models.registry import SKILL_BASELINE, label_of, method_in_words
from forecasting.records import Run
from forecasting.settings import SKLEARN_FAMILIES, RunSettings
from forecasting.split import Period
from pages.parts.chart import draw_chart
from pages.parts.export import file_name, offer
from pages.parts.forecast_chart import last_week
from pages.parts.forecasters import SINGLE_METHODS
from pages.parts.job_progress import model_of
from pages.parts.links import escape_markdown
from pages.parts.session import SAMPLE_KEY, Session

SAMPLE_FILE = "data/sample_channel.csv"


@dataclass(frozen=True)
class Method:
    """What is to forecast, and how far: what the controls say."""

    key: str  # of Forecasters
    name: str
    run: Run | None
    settings: RunSettings | None  # of the run, or of the run in the model file
    horizon: int  # days


def draw_days(session: Session, forecast: Forecast) -> None:
    """A row a day, and the same as a file."""
    translate, frame, names = session.translate, forecast.to_frame(), session.weekdays()
    edges = {level: (frame[f"lower_{level}"].round(), frame[f"upper_{level}"].round()) for level in (90, 50)}
    between = {
        f"{level} %": ["–" if np.isnan(a) else f"{a:,.0f} – {b:,.0f}" for a, b in zip(low, high, strict=True)]
        for level, (low, high) in edges.items()
    }
    shown = pd.DataFrame(  # a phone shows the first three
        {translate("Day"): frame.index.date, translate("Forecast"): frame["forecast"].round().to_numpy()}
        | between
        | {translate("Weekday"): [names[day] for day in frame.index.day_of_week]}
        | {translate(label_of(SKILL_BASELINE)): last_week(session, len(frame)).round()}
    )
    counts = (translate("Forecast"), translate(label_of(SKILL_BASELINE)))
    st.dataframe(
        shown,
        hide_index=True,
        height=min(38 + 35 * len(shown), 320),
        column_config={name: st.column_config.NumberColumn(format="localized") for name in counts},
        alt=translate("The forecast day by day"),
    )
    offer(
        session,
        {"forecast": (translate("Forecast"), frame.reset_index())},
        {"forecast-chart": (translate("Chart"), "forecast_chart")},
        Period(frame.index[0].date(), frame.index[-1].date()),
    )


def draw_judged(session: Session, forecast: Forecast) -> None:
    """A line a method and distance: error, skill, and shares of the held-out days within their intervals."""
    translate = session.translate
    lines = [
        {
            translate("Method"): method_in_words(one.method, translate),
            translate("Days ahead"): one.horizon,
            translate("Skill"): format_percent(one.skill),
            translate("MAE of the seeds' mean, views"): round(one.mae, 1),
            "MASE": round(one.mase, 3),
            translate("50 % interval held"): format_percent(one.coverage[0]),
            translate("90 % interval held"): format_percent(one.coverage[-1]),
            translate("Mean width of the 90 % interval, views"): round(one.width[-1]),
            translate("Better than last week, share of days"): format_percent(one.won),
            translate("Held-out days"): one.origins,
        }
        for one in sorted((one for one in forecast.judged if not one.over_days), key=lambda one: one.horizon)
    ]
    if lines:
        mean = translate("MAE of the seeds' mean, views")
        st.dataframe(
            pd.DataFrame(lines),
            hide_index=True,
            column_config={mean: st.column_config.NumberColumn(format="localized", help=translate(ERROR_OF_MEAN))},
            alt=translate("Held-out errors by days ahead"),
        )
    st.caption(
        translate(
            "Every method forecasts from each held-out day, seeing only earlier days. Skill is relative to "
            "“Same day last week”."
        )
    )


def draw_trials(session: Session, trials: Sequence[TrialResult]) -> None:
    """What Auto has tried so far, and what it would have cost to choose otherwise."""
    translate, records = session.translate, [asdict(trial) for trial in trials]
    frame = trials_frame(records, translate)
    draw_chart(
        session,
        partial(charts.trials_chart, frame, translate),
        key="trials",
        alt=translate("Validation errors of the models that Auto tried"),
    )
    st.caption(translate("Dot: error of one model. Line: error of the average of all models so far."))
    st.caption(escape_markdown(regret_of_alternatives(records, translate).translated(translate)))
    st.caption(work_of(records).translated(translate))


def draw_mixture(session: Session, report: ForecastReport, days: int) -> None:
    """What Auto is made of, tomorrow and on the last day."""
    for day in sorted({1, days}):
        for sentence in composition(report.shares, day, [asdict(trial) for trial in report.trials]):
            st.write(sentence.translated(session.translate))
    st.caption(session.translate(CORRECTED))


def draw_take_away(session: Session, method: Method, job_id: str) -> None:
    """The model as a file, and the program of its run."""
    translate = session.translate
    with st.expander(translate("Take the model away"), icon=":material/output:"):
        file, said = _file_of_channel(session)
        if method.key in SINGLE_METHODS:
            st.caption(translate("It is fitted anew for every forecast, so there is no file; a command says the same:"))
            st.code(f"viewcast forecast {file} --model {method.key} --horizon {method.horizon}", language="bash")
        elif method.settings and method.settings.architecture.family in SKLEARN_FAMILIES:
            st.caption(translate(NO_WEIGHTS))
        else:
            _offer_model_file(session, method, job_id=job_id, file=file)
        if method.run:
            st.write(translate("Python code for this run:"))
            if method.run.settings.inputs.with_events:
                st.caption(translate("The run sees events: give them to the channel in this code, as channel.events."))
            st.code(program_of(method.run.settings, file, said, horizon=method.horizon))


def _offer_model_file(session: Session, method: Method, *, job_id: str, file: str) -> None:
    translate = session.translate
    name = f"{file_name(session, method.name, session.channel.views.index[-1].date())}.safetensors"
    note = N_("One file with weights, settings and errors: it forecasts here, on a command line and in Python.")
    st.write(translate(note))
    st.download_button(
        translate(N_("Model file")),
        lambda: model_of(session, job_id),
        name,
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",  # a rerun would lose the file of a second click
    )
    st.code(program_from_file(file, name, method.horizon))


def say_model(session: Session, settings: RunSettings, horizon: int) -> None:
    """How far the model has seen, and how it goes beyond its own horizon."""
    translate = session.translate
    st.caption(translate("It was trained on the days to {last}.").format(last=settings.split.train.last))
    own = settings.architecture.horizon
    if own < horizon:
        note = translate("It predicts {own} days ahead; for later days its own forecasts are fed back in.")
        st.caption(note.format(own=own))


def _file_of_channel(session: Session) -> tuple[str, dict[str, object]]:
    """The file that the channel was read from, and what was said about it; the clean series where it took several."""
    fingerprint = session.channel.fingerprint
    if st.session_state.get("channel") in (None, SAMPLE_KEY):
        return SAMPLE_FILE, {}
    _name, file = session.channels.channels(session.owner).get(fingerprint, ("", None))
    file = file if len(session.versions()) == 1 else None
    return (file, session.channels.said(session.owner, fingerprint) or {}) if file else ("views.csv", {})
