"""The channel's daily views: bring a file, see what was corrected, choose the split."""

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from forecasting import charts
from forecasting.forecasts.length import what_length_allows
from forecasting.formats import format_views
from forecasting.messages import N_, BadInput, join_sentences
from forecasting.names import name_in_words
from forecasting.owners import LOCAL, signs_in
from forecasting.reading import Choice, Question, read_each, to_csv
from forecasting.records import Source
from forecasting.sample import sample_channel
from forecasting.series import Channel, Correction
from forecasting.split import Period, Split
from pages.parts.chapters import CONTENTS
from pages.parts.chart import draw_chart
from pages.parts.events_editor import edit_events, say_events
from pages.parts.export import file_name
from pages.parts.file_reading import begin_reading, readers, release, show_reading, stop_reading
from pages.parts.links import escape_markdown
from pages.parts.look import controls_and_picture
from pages.parts.newer_file import (
    Readings,
    Take,
    offer_to_continue,
    say_continued,
    take_again,
    take_in,
    take_other_numbers,
    ways_to_read,
)
from pages.parts.session import Session, as_now, if_current, limits, on_current, open_page, source_of_channel
from pages.parts.split_control import choose_split
from pages.parts.time_control import choose_time, draw_with_brush
from pages.parts.unusual_days import show_unusual_days
from pages.parts.wikipedia import choose_article, offer_new_days

TYPES = ["csv", "tsv", "txt", "zip", "xlsx", "xls", "ods", "gz"]
FILLS = {
    "same-weekday": N_("Line shaped by the weekday"),
    "interpolate": N_("Straight line"),
    "none": N_("Leave unknown"),
}
ABSENT_WEEKDAYS = {
    "unmeasured": N_("Not measured: their forecasts follow the other weekdays"),
    "closed": N_("Closed: 0 views, learnt and forecast as such"),
}
AS_FITS = "calendar"
ORDERS = {
    AS_FITS: N_("As the calendar fits"),
    "dmy": N_("Day/month/year"),
    "mdy": N_("Month/day/year"),
    "ymd": N_("Year/month/day"),
}
UPLOADED, KEPT = "upload", "data"  # files that are read here: one just brought, and that of the channel shown
SAMPLES = 3  # days named in a sentence about a correction

session = open_page()
translate = session.translate


def take_file(session: Session) -> None:
    """Read the file in the uploader; once it is read, the uploader is empty again."""
    file = st.session_state[inbox()]
    st.session_state.pop("trouble", None)
    stop_reading(UPLOADED)
    if file:
        read(session, Source(file.name, file.getvalue(), {}), done=lambda: empty_inbox(file))


def empty_inbox(file: UploadedFile | None = None) -> None:
    """The next file comes into a new uploader."""
    st.session_state.uploads += 1
    if file:
        release(file)


def inbox() -> str:
    """The uploader's key: a new one after every file that was read."""
    return f"upload_{st.session_state.setdefault('uploads', 0)}"


def answer(session: Session, field: str) -> None:
    """Read the uploaded file again, now that its question is answered."""
    source, value = st.session_state.unread, st.session_state.answer
    if value is not None:
        read(session, replace(source, said=source.said | {field: value}), done=empty_inbox)


def read_again(session: Session, field: str) -> None:
    """Read the current channel's file another way; the reading before is forgotten unless it has runs or forecasts."""
    source = source_of_channel(session)
    if source is None:
        return
    value = st.session_state[f"said_{field}"]
    said = source.said | {field: None if value == AS_FITS else value}
    if field == "metric":  # other numbers may hold other channels, and may be no totals so far
        said |= {"channel": None, "decimal": None, "cumulative": None}
    take = take_other_numbers if field in ("metric", "channel") else take_again
    read(session, replace(source, said=said), take, place=KEPT)


def read(
    session: Session,
    source: Source,
    take: Take = take_in,
    done: Callable[[], None] = lambda: None,
    *,
    place: str = UPLOADED,
) -> None:
    """Make a file the current channel once it is read; where it cannot be, say why, and the channel before stays."""
    st.session_state.pop("trouble", None)
    ways = ways_to_read(session, source)
    read_so = partial(read_each, source.data, source.file, [Choice(**said) for said in ways])

    def finish(now: Session, found: Callable[[], list[Channel | BadInput]]) -> None:
        if take_or_say_why(now, source, take, lambda: list(zip(ways, found(), strict=True)), place=place):
            done()

    on_shown = if_current if place == KEPT else on_current
    begin_reading(place, source.file, read_so, lambda found: on_shown(session, finish, found)())


def read_article(source: Source) -> bool:
    """The same at once, for days that came from Wikimedia as they should; whether they could be read."""
    now = as_now(session)
    ways = ways_to_read(now, source)
    choices = [Choice(**said) for said in ways]
    readings = list(zip(ways, read_each(source.data, source.file, choices), strict=True))
    return take_or_say_why(now, source, take_in, lambda: readings)


def take_or_say_why(
    now: Session, source: Source, take: Take, readings: Callable[[], Readings], *, place: str = UPLOADED
) -> bool:
    """Whether the file is the current channel now."""
    try:
        take(now, source, readings())
    except BadInput as trouble:
        st.session_state.trouble = trouble
        st.session_state.trouble_of = now.channel.fingerprint if place == KEPT else None
        if isinstance(trouble, Question):
            st.session_state.unread = source
        return False
    st.session_state.pop("unread", None)
    return True


def show_trouble(trouble: BadInput) -> None:
    """What is wrong with the file, or the one thing that it does not say; nothing where that file is gone."""
    if not isinstance(trouble, Question):
        if not st.session_state.get(inbox()) and st.session_state.trouble_of != session.channel.fingerprint:
            return
        st.error(escape_markdown(trouble.translated(session.plain)), icon=":material/error:")
        return
    labels = dict(trouble.options)
    st.warning(escape_markdown(trouble.translated(session.plain)), icon=":material/help:")
    st.selectbox(
        translate("Your answer"),
        labels,
        format_func=lambda value: name_in_words(labels[value], session.plain),
        index=None,
        key="answer",
        on_change=on_current(session, answer, trouble.asks),
        placeholder=translate("Choose"),
    )


def choose_reading(said: dict[str, Any]) -> None:
    """Which column, and how dates and gaps are read; remembered with the channel."""
    said = asdict(Choice(**said))

    def say_so(field: str) -> dict:
        return {"key": f"said_{field}", "on_change": if_current(session, read_again, field)}

    for field in ("fill", "absent_weekdays", "keep_zeros", "keep_last"):
        st.session_state[f"said_{field}"] = said[field]
    st.session_state.said_channel, st.session_state.said_dates = session.channel.name, said["dates"] or AS_FITS
    if len(session.channel.metrics) > 1:
        st.session_state.said_metric = session.channel.metrics[0]
        st.selectbox(translate("Column"), session.channel.metrics, format_func=as_named, **say_so("metric"))
    if len(session.channel.channel_names) > 1:
        label = translate("Channel in the file")
        st.selectbox(label, session.channel.channel_names, format_func=as_named, **say_so("channel"))
    if absent := weekdays_without_rows():
        st.radio(
            translate("No rows on {weekdays}").format(weekdays=", ".join(absent)),
            ABSENT_WEEKDAYS,
            format_func=lambda meaning: translate(ABSENT_WEEKDAYS[meaning]),
            **say_so("absent_weekdays"),
        )
    with st.expander(translate("How the file is read")):
        st.radio(translate("Missing days"), FILLS, format_func=lambda fill: translate(FILLS[fill]), **say_so("fill"))
        st.selectbox(
            translate("Dates such as 1/7/20"),
            ORDERS,
            format_func=lambda order: translate(ORDERS[order]),
            **say_so("dates"),
        )
        st.checkbox(translate("Keep zeros before the first count above 0"), **say_so("keep_zeros"))
        st.checkbox(translate("Keep last days that look unfinished"), **say_so("keep_last"))
        with st.popover(translate("Remove this channel"), icon=":material/delete:", width="stretch"):
            st.write(translate("Remove the channel, its file and all its runs? This cannot be undone."))
            st.button(translate("Remove permanently"), key="remove", on_click=if_current(session, remove))


def as_named(name: str) -> str:
    """A channel or a column as its file names it."""
    return name_in_words(name, session.plain)


def weekdays_without_rows() -> list[str]:
    """Names of the weekdays that never have a row in the file; none where every weekday has some."""
    said = [correction for correction in session.channel.corrections if correction.option == "absent_weekdays"]
    gone = {day.weekday() for correction in said for day in correction.days}
    names = session.weekdays()
    return [names[day] for day in sorted(gone)]


def remove(session: Session) -> None:
    """Forget the channel, its file and its runs."""
    session.channels.forget(session.owner, session.channel.fingerprint)
    st.session_state.pop("channel", None)


def name_days(correction: Correction) -> str:
    """The first few days of a correction."""
    named = ", ".join(str(day) for day in correction.days[:SAMPLES])
    return f" ({named}{', …' if len(correction.days) > SAMPLES else ''})" if named else ""


def introduce() -> None:
    """For a first visit: what this is, what the sample is, and where files stay."""
    about = translate("Viewcast forecasts a channel's daily views and shows why a model is right or wrong.")
    sample = translate(
        "The sample is synthetic: a program made it, so the smallest error that any model could reach is known."
    )
    st.container(key="introduction").markdown(f"**{about}**  \n{join_sentences([sample, *where_files_stay()])}")


def where_files_stay() -> list[str]:
    """Where, and for how long where the host does not keep them for ever."""
    if session.owner == LOCAL:
        return [translate("Files stay on this computer.")]
    days, here = limits().days_kept, translate("Files stay on this server, for you alone.")
    if signs_in(session.owner) or math.isinf(days):
        return [here]
    return [here, translate("They go {days} days after your last visit.").format(days=f"{days:g}")]


def offer_next_step() -> None:
    """Where to go from here; the forecast is the one button."""
    with st.container(horizontal=True, gap="medium"):
        st.page_link("pages/train.py", label=translate("Train a model on it"), icon=":material/model_training:")
        st.page_link(CONTENTS, label=translate("Follow the course"), icon=":material/apps:")


readers().warm()
st.title(translate("Data"))
# Always there: what stands below it would otherwise move up with another channel, and a fragment stay behind.
with st.container():
    if session.channel.fingerprint == sample_channel().fingerprint:
        introduce()
st.caption(translate("A channel's daily views, and the days that a model trains on and is tested on."))
with st.container():
    say_continued(session)
    offer_to_continue(session)
figures = st.container()
controls, picture = controls_and_picture(translate)
channel, views = session.channel, session.channel.views

with controls:
    st.file_uploader(
        translate("Your file: CSV, Excel or zip"), TYPES, key=inbox(), on_change=on_current(session, take_file)
    )
    for place in (UPLOADED, KEPT):
        show_reading(session, place)
    if "trouble" in st.session_state:
        show_trouble(st.session_state.trouble)
    choose_article(session, read_article)
    offer_new_days(session, read_article)
    if (said := session.channels.said(session.owner, channel.fingerprint)) is not None:
        choose_reading(said)
    split: Split | None = None
    try:
        split = choose_split(views, translate)
    except BadInput as unusable:
        st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
    label, icon = translate("Forecast it"), ":material/online_prediction:"
    if st.button(label, type="primary", icon=icon, width="stretch", disabled=split is None):
        st.switch_page("pages/forecast.py", query_params={})

with figures, st.grid(4, min_column_width=150):
    st.metric(translate("Days"), f"{len(views):,}", help=f"{views.index[0].date()} – {views.index[-1].date()}")
    st.metric(translate("Views a day, last 28 days"), format_views(views[-28:].mean(), translate))
    for label, period in (
        (translate("Training days"), split and split.train),
        (translate("Held-out days"), split and split.held_out),
    ):
        st.metric(
            label,
            f"{(period.last - period.first).days + 1:,}" if period else "–",
            help=str(period or "–").replace(":", " – "),
        )

with picture:
    st.caption(join_sentences(sentence.translated(translate) for sentence in what_length_allows(channel.series)))
    if split is None:
        st.stop()
    corrected = {
        pd.Timestamp(day): correction.translated(translate)
        for correction in channel.corrections
        for day in correction.days
    }
    whole = Period(views.index[0].date(), views.index[-1].date())
    time = choose_time(session, "shown", whole)
    drawn = st.container()
    unusual = show_unusual_days(session)
    chart = partial(
        charts.views_over_time,
        views,
        split,
        translate,
        weekdays=session.weekdays(),
        corrected=corrected,
        events=channel.events,
        unusual=unusual.days,
        shifts=unusual.shifts,
        step=time.step,
        shown=time.shown,
        year_before=time.year_before,
    )
    name = translate("Daily views of {name} with training and held-out periods shaded").format(
        name=session.channel_name
    )
    with drawn:
        draw_with_brush(session, "shown", chart, whole=whole, alt=name)
        say_events(session)
        edit_events(session)
    offer_next_step()
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(translate("Mean views by weekday"))
        chart = partial(
            charts.weekday_means,
            views.mask(views.index.isin(channel.series.ignored)),
            split,
            translate,
            weekdays=session.weekdays(),
        )
        draw_chart(session, chart, alt=translate("Mean views by weekday in both periods"))
    with right:
        st.subheader(translate("Corrections"))
        if not channel.corrections:
            st.caption(translate("Nothing: every day is there once, with a count."))
        for correction in channel.corrections:
            st.text(correction.translated(translate) + name_days(correction))
        st.download_button(
            translate("Clean series as CSV"),
            partial(to_csv, channel),
            f"{file_name(session, 'views')}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
