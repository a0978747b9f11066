"""When a total is passed, how likely a goal is reached, and whether such chances came true in the past."""

import numpy as np
import streamlit as st

from forecasting.forecasts.goals import GoalsReport
from forecasting.jobs.requests import AutoSearch, GoalsRequest
from forecasting.messages import BadInput
from forecasting.models.registry import BUDGET
from forecasting.split import default_split
from pages.parts.forecast_holidays import choose_country
from pages.parts.forecasters import AUTO, Forecasters
from pages.parts.goal_answers import Goal, draw_before, draw_figures, draw_passing, draw_record
from pages.parts.goal_year import draw_year
from pages.parts.job_progress import find, result_of, show_job, submit
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.look import controls_and_picture
from pages.parts.session import open_page

LARGEST_GOAL = 10**12  # views
KEYS = ("goal", "so_far", "target")  # of controls whose first values are the channel's

session = open_page()
translate, views = session.translate, session.channel.views


def round_goal(so_far: float, month: float) -> int:
    """The roundest total that two months at a pace of `month` views pass: a multiple of 5, 2 or 1 and zeros."""
    so_far, month = max(so_far, 0), max(month, 1)
    size = 10.0 ** np.ceil(np.log10(max(so_far, 10)))
    steps = [size / 10**zeros * first for zeros in range(12) for first in (5, 2, 1)]
    goals = [(so_far // step + 1) * step for step in steps]
    return int(next((goal for goal in goals if goal <= so_far + 2 * month), goals[-1]))


def choose_goal() -> Goal:
    """The totals that are asked for; their first values belong to the channel shown."""
    if st.session_state.get("goals_of", session.channel.fingerprint) != session.channel.fingerprint:
        for key in KEYS:
            st.session_state.pop(key, None)
    st.session_state.goals_of = session.channel.fingerprint
    in_file = int(np.nansum(views.to_numpy(float)))
    month = float(session.channel.series.known.iloc[-28:].mean()) * 30
    so_far = count(
        "so_far", translate("Total so far"), in_file, translate("The file's own total, unless you know more.")
    )
    goal = count("goal", translate("When is this total passed?"), round_goal(so_far, month))
    target = float(f"{1.05 * month:.1e}")  # two digits
    return Goal(so_far, goal, count("target", translate("Chance to reach, in a month or 28 days"), target))


def count(key: str, label: str, first: float, why: str | None = None) -> int:
    """A number of views from 0 on, kept in the URL."""
    warn_invalid_query_param(key, (0, LARGEST_GOAL), translate)
    return int(
        st.number_input(
            label, 0, LARGEST_GOAL, int(np.clip(first, 0, LARGEST_GOAL)), key=key, help=why, bind="query-params"
        )
    )


st.title(translate("Goals"))
st.caption(
    translate("When a total is passed, how likely a month's goal is, and whether such chances came true before.")
)
figures = st.container()
controls, picture = controls_and_picture(translate)

with controls:
    forecasters = Forecasters(session)
    chosen = forecasters.choose()
    goal = choose_goal()
    request: GoalsRequest | None = None
    try:
        split = default_split(views)
        auto = AutoSearch(BUDGET, split, choose_country(session)) if chosen == AUTO else None
        request = GoalsRequest(auto or forecasters.request(chosen, split))
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
    job = find(session, request) if request else None
    busy = bool(job and job.active)
    label, icon = translate("Work out chances"), ":material/flag:"
    pressed = st.button(label, type="primary", icon=icon, width="stretch", disabled=request is None or busy)
    if pressed and request and submit(session, request, forecasters.model_file(chosen)):
        st.rerun()

report = result_of(session, job, GoalsReport)
with figures:
    draw_figures(session, goal, report)
with picture:
    if report is None:
        draw_before(session, goal)
    if report is None and not busy:
        st.info(
            translate("Press “Work out chances”: draws of the days to come answer every goal."), icon=":material/flag:"
        )


def draw(found: GoalsReport) -> None:
    """The total's chart and answer, then what came of such chances."""
    draw_passing(session, goal, found)
    draw_record(session, goal, found)


with picture:
    show_job(session, job, GoalsReport, draw)
    draw_year(session)
