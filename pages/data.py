"""The channel's daily views: bring a file, see what was mended, choose the split."""

import streamlit as st

from forecasting import charts
from forecasting.errors import N_, BadInput
from forecasting.reading import Choice, Question, read_views
from pages.session import choose_split, keep_channel, open_page

TYPES = ["csv", "tsv", "txt", "zip", "xlsx", "gz"]
FILLS = {
    "same-weekday": N_("Mean of the same weekdays"),
    "interpolate": N_("Straight line"),
    "none": N_("Leave unknown"),
}

here = open_page()
_ = here.say


def take_file() -> None:
    """A new file forgets what was said about the last one."""
    st.session_state.said = Choice()
    read_file()


def say_more(field: str) -> None:
    """Read the file again with one more answer."""
    from dataclasses import replace  # noqa: PLC0415

    st.session_state.said = replace(st.session_state.said, **{field: st.session_state[f"said_{field}"]})
    read_file()


def read_file() -> None:
    """Make the uploaded file the current channel; where it cannot be read, the channel before stays."""
    st.session_state.pop("trouble", None)
    if (file := st.session_state.get("upload")) is None:
        return
    try:
        channel = read_views(file.getvalue(), file.name, st.session_state.said)
    except BadInput as trouble:
        st.session_state.trouble = trouble
        return
    keep_channel(channel)
    st.session_state.siblings = channel.others


def ask(question: Question) -> None:
    """The one thing the file does not say."""
    labels = dict(question.options)
    st.selectbox(
        question.say(_),
        labels,
        format_func=lambda value: _(labels[value]),
        index=None,
        key=f"said_{question.asks}",
        on_change=say_more,
        args=(question.asks,),
        placeholder=_("Choose"),
    )


st.title(_("Data"))
st.caption(_("A channel's daily views, and which days a model learns from and is judged on."))
figures = st.container()
controls, picture = st.columns([1, 3], gap="large")

with controls:
    st.file_uploader(_("Your file: CSV, Excel or a YouTube Studio zip"), TYPES, key="upload", on_change=take_file)
    trouble = st.session_state.get("trouble")
    if isinstance(trouble, Question):
        ask(trouble)
    elif trouble:
        st.error(trouble.say(_), icon=":material/error:")
    elif st.session_state.get("upload"):
        if len(siblings := st.session_state.get("siblings", ())) > 1:
            place = siblings.index(here.channel.name) if here.channel.name in siblings else 0
            st.selectbox(
                _("Column"), siblings, place, format_func=_, key="said_channel", on_change=say_more, args=("channel",)
            )
        with st.expander(_("Gaps")):
            st.radio(
                _("Missing days"),
                FILLS,
                format_func=lambda fill: _(FILLS[fill]),
                key="said_fill",
                on_change=say_more,
                args=("fill",),
            )
    try:
        split, problem = choose_split(here.channel.views, _), None
    except BadInput as unusable:
        split, problem = None, unusable
        st.warning(unusable.say(_), icon=":material/event_busy:")

views = here.channel.views
with figures, st.grid(4, min_column_width=150):
    st.metric(_("Days"), f"{len(views):,}", help=f"{views.index[0].date()} – {views.index[-1].date()}")
    st.metric(_("Views a day, last 28 days"), charts.people(views[-28:].mean()))
    if split:
        for label, period in ((_("Training days"), split.train), (_("Held-out days"), split.held_out)):
            st.metric(label, f"{(period.last - period.first).days + 1:,}", help=str(period).replace(":", " – "))

with picture:
    if split is None:
        st.stop()
    st.altair_chart(
        charts.views_over_time(views, split, _, here.weekdays()),
        alt=_("Daily views of {name} with training and held-out periods shaded").format(name=_(here.channel.name)),
    )
    st.subheader(_("Mean views by weekday"))
    st.altair_chart(
        charts.weekday_means(views, split, _, here.weekdays()), alt=_("Mean views by weekday in both periods")
    )
    st.subheader(_("What was mended"))
    if not here.channel.mends:
        st.caption(_("Nothing: every day is there once, with a count."))
    for mend in here.channel.mends:
        st.markdown(f":material/build: {mend.say(_)}")
