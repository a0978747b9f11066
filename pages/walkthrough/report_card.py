"""The report card: every claim of the lectures, judged on this channel by workers, a job a group."""

from collections.abc import Mapping
from functools import partial
from typing import Literal

import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.jobs.requests import CardRequest
from forecasting.lectures.card import (
    Counts,
    GroupClaims,
    place_of,
    row_of,
    seconds_left,
    statement_of,
)
from forecasting.lectures.card_groups import CHEAP_FIRST, GROUPS, Statement
from forecasting.lectures.claims import Answer, Claim
from forecasting.messages import N_, BadInput, join_sentences
from forecasting.records import Job
from forecasting.split import Split
from pages.parts.chapter import LOOKS, handed_on
from pages.parts.chapters import numbered
from pages.parts.chart import draw_chart
from pages.parts.export import offer
from pages.parts.job_progress import duration, find, result_of, submit
from pages.parts.links import escape_markdown
from pages.parts.session import open_page
from pages.parts.split_control import choose_split

TOTAL = sum(group.seconds for group in GROUPS.values())  # of the processor, on the sample
WATCH_SECONDS = 1.0  # between two looks at the jobs
WIDTHS = [3, 11, 6]  # of an answer, a claim and its chapter
COLOURS: dict[Answer, Literal["green", "orange", "blue"]] = {
    "holds": "green",
    "does not hold here": "orange",
    "cannot tell": "blue",
}

session = open_page()
translate = session.translate


def requests_of(split: Split) -> dict[str, CardRequest]:
    """What a worker is asked for each group."""
    return {slug: CardRequest(slug, split, group.version) for slug, group in GROUPS.items()}


def jobs_of(split: Split) -> dict[str, Job]:
    """The jobs that were submitted, by group."""
    found = {slug: find(session, request) for slug, request in requests_of(split).items()}
    return {slug: job for slug, job in found.items() if job}


def start(split: Split) -> None:
    """Have workers judge every group that has not been judged, cheap ones first."""
    requests = requests_of(split)
    for slug in CHEAP_FIRST:
        if submit(session, requests[slug]) is None:
            break


def stop(jobs: Mapping[str, Job]) -> None:
    """Stop what is under way and what waits; groups that are finished stay."""
    for job in jobs.values():
        session.jobs.cancel(session.owner, job.id)


def draw_card(split: Split) -> None:
    """Counts, progress, claims and picture of what is known by now."""
    jobs = jobs_of(split)
    active = any(job.active for job in jobs.values())
    found = {slug: result_of(session, jobs.get(slug), GroupClaims) or GroupClaims() for slug in GROUPS}
    draw_counts([claim for judged in found.values() for claim in judged.claims])
    if active:
        st.fragment(watch, run_every=WATCH_SECONDS)(split, shares_of(jobs))
    elif any(slug not in jobs or jobs[slug].status != "finished" for slug in GROUPS):
        offer_start(split, begun=bool(jobs))
    for slug, judged in found.items():
        draw_group(slug, jobs.get(slug), judged.claims)
    shown = [(slug, claim) for slug, judged in found.items() for claim in judged.claims]
    if shown and not active:
        draw_picture(shown)


def watch(split: Split, drawn: dict[str, float]) -> None:
    """Progress, anew by itself. The claims, a hundred elements, are drawn anew only where one has come."""
    jobs = jobs_of(split)
    if shares_of(jobs) != drawn or not any(job.active for job in jobs.values()):
        st.rerun()
    draw_progress(jobs)


def shares_of(jobs: Mapping[str, Job]) -> dict[str, float]:
    """How much of each group is done; it changes with every claim."""
    return {slug: job.share for slug, job in jobs.items()}


def draw_counts(claims: list[Claim]) -> None:
    """How many hold, and how many would miss by chance."""
    counts = Counts.of(claims)
    figures = (
        (N_("Hold"), counts.holds),
        (N_("Do not hold here"), counts.does_not_hold),
        (N_("Cannot be told"), counts.cannot_tell),
    )
    for column, (label, count) in zip(st.columns(3), figures, strict=True):
        column.metric(translate(label), f"{count}" if claims else "–")
    if counts.intervals:
        st.caption(counts.sentences[1].translated(translate))


def draw_progress(jobs: Mapping[str, Job]) -> None:
    """How far all groups are, and a button that stops them."""
    shares = shares_of(jobs)
    left = seconds_left(shares, sum(job.seconds for job in jobs.values()), workers=session.workers.slots)
    text = (
        translate("In progress")
        if left is None
        else translate("In progress, {left} left").format(left=duration(left, translate))
    )
    bar, button = st.columns([4, 1], vertical_alignment="center")
    bar.progress(sum(GROUPS[slug].seconds * share for slug, share in shares.items()) / TOTAL, text)
    button.button(
        translate("Stop"), icon=":material/stop:", on_click=stop, args=(jobs,), key="stop-card", width="stretch"
    )


def offer_start(split: Split, *, begun: bool) -> None:
    """A button that has workers judge what is left."""
    label = translate(N_("Judge the rest")) if begun else translate(N_("Judge every claim"))
    if st.button(label, key="start", icon=":material/play_arrow:", type="primary"):
        start(split)
        st.rerun()
    st.caption(translate(N_("Trains about forty small networks: one to three minutes. What is judged stays.")))


def draw_group(slug: str, job: Job | None, claims: tuple[Claim, ...]) -> None:
    """The claims of a group, those that are not judged yet without an answer."""
    known = {claim.name: claim for claim in claims}
    with st.container(border=True):
        st.markdown(f"**{translate(GROUPS[slug].label)}**")
        if note := GROUPS[slug].note:
            st.caption(translate(note))
        if job and job.reason:
            st.error(escape_markdown(job.reason.translated(translate)), icon=":material/error:")
        for statement in GROUPS[slug].statements:
            draw_statement(slug, statement, known.get(statement.name))


def draw_statement(slug: str, statement: Statement, claim: Claim | None) -> None:
    """A claim with the lecture's figure and what this channel says, its answer and its chapter."""
    answer, said, chapter = st.columns(WIDTHS, vertical_alignment="center")
    beneath = []
    if statement.lecture:
        beneath.append(translate(N_("Lecture: {figure}.")).format(figure=translate(statement.lecture)))
    if claim:
        row = row_of(slug, claim, translate)
        answer.badge(row.answer, icon=LOOKS[claim.answer][1], color=COLOURS[claim.answer])
        beneath.append(row.found)
    together = join_sentences(beneath).replace(" %", "\N{NO-BREAK SPACE}%")
    said.markdown(f"{translate(statement.says)}  \n:small[:gray[{escape_markdown(together)}]]")
    number, entry = numbered(statement.chapter)
    chapter.page_link(
        entry.page,
        label=f"{number} · {translate(entry.title)}",
        icon=":material/arrow_forward:",
        query_params=handed_on() | {name: [translate(value)] for name, value in statement.query.items()},
    )


def draw_picture(shown: list[tuple[str, Claim]]) -> None:
    """All intervals on one chart, and everything as files."""
    rows = [row_of(slug, claim, translate) for slug, claim in shown]
    frame = pd.DataFrame([row.plain() for row in rows])
    places = pd.DataFrame(
        [place_of(statement_of(slug, claim), claim) for slug, claim in shown], columns=["place", "low", "high"]
    )
    drawn = frame[["claim", "answer", "here"]].join(places)
    with st.container(key="card-chart"):
        alt = translate(N_("Effect of each claim with its 90 % interval"))
        draw_chart(session, partial(charts.claims_chart, drawn, translate), alt=alt, key="claims")
    offer(
        session,
        tables={"report-card": (translate(N_("Report card")), frame)},
        charts={"report-card": (translate(N_("Report card")), "card-chart")},
    )


st.title(translate(N_("Report card")))
st.caption(translate(N_("Every claim of the lectures, judged on this channel. A claim leads to its chapter.")))
try:
    split = choose_split(session.channel.series.views, translate)
except BadInput as unusable:
    st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
    st.stop()
draw_card(split)
