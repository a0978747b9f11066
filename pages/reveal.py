"""The last days are hidden, the class votes for a model, and then they are uncovered: the lecture's Friday."""

import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.evaluation.baselines import BESIDE_RUNS, baseline_forecast
from forecasting.evaluation.wording import ERROR_OF_MEAN
from forecasting.jobs.requests import RevealRequest
from forecasting.lectures.reveal import BlindForecast, Reveal, hidden_days, reveal
from forecasting.messages import BadInput
from forecasting.models.registry import baseline, label_of
from forecasting.records import Job, Run
from pages.parts.forecasters import Forecasters, run_version
from pages.parts.job_progress import JOB_SECONDS, find, result_of, submit
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.session import open_page

MOST_HIDDEN_DAYS = 28  # days hidden
DEFAULT_HIDDEN_DAYS = 2  # the lecture's
SEATS = 6  # models, and at most: a chart has no more colours that can be told apart

session = open_page()
translate = session.translate
views, channel = session.channel.views, session.channel
BASELINE_SLUGS = {translate(label_of(slug)): slug for slug in BESIDE_RUNS}


def choose_runs(hidden: pd.DatetimeIndex) -> list[Run]:
    """The runs that stand for election: done, and trained on earlier days than the hidden ones."""
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
        st.page_link("pages/table.py", label=translate("Train the lecture's table"), icon=":material/table_rows:")
    return [blind[key] for key in chosen]


def request_of(run: Run, days: int) -> RevealRequest:
    """What a worker is asked about a run."""
    return RevealRequest(run_version(session, run), days)


def vote(votes: dict[str, int]) -> None:
    """Count one more."""
    name = st.session_state.voted
    votes[name] = votes.get(name, 0) + 1


def uncover(runs: list[Run], days: int) -> None:
    """Ask workers for the forecasts of the runs, which see none of the hidden days."""
    for run in runs:
        submit(session, request_of(run, days))
    st.session_state.uncovered = key_of(runs, days)


def key_of(runs: list[Run], days: int) -> tuple:
    """What an election is about."""
    return channel.fingerprint, days, *(run.id for run in runs)


def jobs_of(runs: list[Run], days: int) -> dict[str, Job]:
    """Jobs by run, those that were submitted."""
    found = {run.id: find(session, request_of(run, days)) for run in runs}
    return {run_id: job for run_id, job in found.items() if job}


def result(runs: list[Run], jobs: dict[str, Job], hidden: pd.DatetimeIndex) -> tuple[Reveal, pd.DataFrame]:
    """What came of it, and the forecasts (a row a day, a column a candidate)."""
    before = channel.series.until(hidden[0] - pd.Timedelta(days=1))
    now = before.views.index[-1:]
    baselines = {name: baseline(slug).predict(before, now, len(hidden))[0] for name, slug in BASELINE_SLUGS.items()}
    blind = {run.name: result_of(session, jobs.get(run.id), BlindForecast) for run in runs}
    points = {name: found.point for name, found in blind.items() if found}
    held_out = {run.name: session.store.predictions(run.id) for run in runs if run.settings.architecture.horizon == 1}
    ahead = {name: found.mean(axis=1) for name, found in held_out.items() if found is not None}
    if ahead:
        judged = next(iter(ahead.values())).index
        for name, slug in BASELINE_SLUGS.items():
            ahead[name] = pd.Series(baseline_forecast(slug, channel.series, judged), judged)
    points |= baselines
    return reveal(views, hidden, points, held_out=ahead), pd.DataFrame(points, index=hidden)


def draw_result(found: Reveal, forecasts: pd.DataFrame, votes: dict[str, int]) -> None:
    """The chart, each one's error, and the two sentences."""
    chart = charts.reveal_chart(views, found.days, forecasts, translate=translate, weekdays=session.weekdays())
    st.altair_chart(chart, alt=translate("The hidden days, revealed, with each model's forecast"))
    st.info(escape_markdown(found.on_the_vote(votes).translated(translate)), icon=":material/how_to_vote:")
    st.warning(escape_markdown(found.how_little().translated(translate)), icon=":material/balance:")
    lines = [
        {
            translate("Model"): name,
            translate("Votes"): votes.get(name, 0),
            translate("Error on the hidden days (MAE, views)"): round(error, 1),
            translate("Held-out, MAE of the seeds' mean, one day ahead"): round(found.held_out[name], 1)
            if name in found.held_out
            else None,
        }
        for name, error in sorted(found.errors.items(), key=lambda pair: pair[1])
    ]
    mean = translate("Held-out, MAE of the seeds' mean, one day ahead")
    st.dataframe(
        pd.DataFrame(lines),
        hide_index=True,
        placeholder="–",
        column_config={mean: st.column_config.NumberColumn(format="localized", help=translate(ERROR_OF_MEAN))},
        alt=translate("Errors of all models"),
    )


def draw_lecture() -> None:
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


def live(runs: list[Run], hidden: pd.DatetimeIndex, was_active: bool) -> None:
    """Progress while workers are on it, then the result."""
    jobs = jobs_of(runs, len(hidden))
    active = [job for job in jobs.values() if job.active]
    if was_active and not active:
        st.rerun()
    if active:
        done = len(jobs) - len(active)
        st.progress(done / len(jobs), translate("{done} of {all} forecasts").format(done=done, all=len(jobs)))
        return
    names = {run.id: run.name for run in runs}
    for run_id, job in jobs.items():
        if job.reason:
            reason = job.reason.translated(translate)
            st.error(escape_markdown(f"{names[run_id]}: {reason}"), icon=":material/error:")
    draw_result(*result(runs, jobs, hidden), votes)


st.title(translate("Reveal"))
st.caption(translate("Hide the last days, vote for the model that you expect to be closest, then reveal them."))
controls, picture = st.columns([1, 3], gap="medium")
with controls:
    warn_invalid_query_param("hidden", (1, MOST_HIDDEN_DAYS), translate)
    days = st.slider(
        translate("Hidden days"), 1, MOST_HIDDEN_DAYS, DEFAULT_HIDDEN_DAYS, key="hidden", bind="query-params"
    )
    try:
        hidden = hidden_days(views, days)
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
        st.stop()
    runs = choose_runs(hidden)
    votes = st.session_state.setdefault("votes", {}).setdefault(key_of(runs, days), {})
    uncovered = st.session_state.get("uncovered") == key_of(runs, days)
    candidates = [run.name for run in runs] + list(BASELINE_SLUGS)
    st.radio(translate("Who will be closest?"), candidates, key="voted", format_func=escape_markdown)
    st.button(
        translate("Vote"),
        icon=":material/how_to_vote:",
        on_click=vote,
        args=(votes,),
        disabled=uncovered,
        width="stretch",
    )
    if votes:
        counted = ", ".join(f"{name} {count}" for name, count in votes.items())
        st.caption(escape_markdown(translate("Votes: {votes}").format(votes=counted)))
    look = {"type": "primary", "icon": ":material/visibility:", "width": "stretch"}
    st.button(translate("Reveal"), **look, on_click=uncover, args=(runs, days), disabled=uncovered)
with picture:
    if uncovered:
        active = any(job.active for job in jobs_of(runs, days).values())
        st.fragment(live, run_every=JOB_SECONDS if active else None)(runs, hidden, active)
    else:
        chart = charts.reveal_chart(views, hidden, None, translate=translate, weekdays=session.weekdays())
        st.altair_chart(chart, alt=translate("The last weeks of real views without the hidden days"))
    draw_lecture()
