"""One's own data: how much there is, all of it as one file, and how it goes."""

from datetime import date
from functools import partial
from math import isfinite

import streamlit as st

from forecasting.jobs.belongings import belongings, delete_all
from forecasting.jobs.saved_work.file import LARGEST, LARGEST_FILE, TOO_LARGE, from_file, to_file
from forecasting.jobs.saved_work.store import Merged, collect, merge
from forecasting.messages import N_, BadInput, Message, join_sentences
from forecasting.owners import LOCAL
from pages.parts import identity
from pages.parts.file_reading import Result, begin_reading, show_reading, stop_reading
from pages.parts.links import escape_markdown
from pages.parts.session import hosting, limits, open_page

MB = 1e6
SAVED = "saved_work"  # the uploader
DAYS_KEPT = N_("It goes {days} days after the last visit.")
KEEPS_NOTHING = N_("This browser keeps no cookie: what you do here is lost once the tab is closed or loaded again.")

session = open_page()
translate = session.plain
engine = session.store.engine


def whose() -> str:
    """Where the data are, for whom, and when they would be lost."""
    user = identity.user()
    if user:
        return escape_markdown(translate("Kept on this server for {name}.").format(name=user.name))
    if session.owner == LOCAL:
        return translate("Kept on this computer.")
    if not identity.has_cookie():
        return translate(KEEPS_NOTHING)
    said = [translate("Kept on this server for this browser alone, by a cookie; without the cookie nobody finds it.")]
    days = hosting().days_kept
    return join_sentences(said + [Message(DAYS_KEPT, {"days": f"{days:g}"}).translated(translate)] * isfinite(days))


def packed() -> bytes:
    """The file, made when it is asked for."""
    return to_file(collect(engine, session.owner))


def open_saved() -> None:
    """Have the file in the uploader read, and take it in."""
    file = st.session_state[SAVED]
    stop_reading(SAVED)
    for key in ("opened_work", "cannot_open"):
        st.session_state.pop(key, None)
    if file:
        begin_reading(SAVED, file.name, partial(from_file, file.getvalue()), take_in)


def take_in(read: Result) -> None:
    """Add what was read to what is here; where it could not be read, remember why."""
    try:
        st.session_state.opened_work = merge(engine, session.owner, read(), limits())
    except BadInput as trouble:
        st.session_state.cannot_open = trouble


def say_opened() -> None:
    """What the file brought, or why it brought nothing."""
    if trouble := st.session_state.get("cannot_open"):
        st.error(escape_markdown(trouble.translated(translate)), icon=":material/error:")
    opened: Merged | None = st.session_state.get("opened_work")
    if opened and any(vars(opened).values()):
        text = translate("New here: channels {channels}, runs {runs}, forecasts {forecasts}.")
        st.success(text.format(**vars(opened)), icon=":material/check:")
    elif opened:
        st.info(translate("All of it was here already."), icon=":material/check:")


def delete() -> None:
    """Delete all, and leave nothing of it in this tab; the language stays."""
    delete_all(engine, session.owner)
    language, token = session.language, st.session_state.get("token")
    st.session_state.clear()
    st.cache_data.clear()
    st.session_state.lang, st.session_state.deleted = language, True
    if token:
        st.session_state.token = token


st.title(translate("Your data"))
st.caption(whose())
if st.session_state.pop("deleted", False):
    st.success(translate("All your data have been deleted."), icon=":material/check:")
mine = belongings(engine, session.owner)
with st.grid(4, min_column_width=150):
    st.metric(translate("Channels"), mine.channels)
    st.metric(translate("Runs"), mine.runs)
    st.metric(translate("Forecasts"), mine.forecasts)
    st.metric(translate("Size"), f"{mine.size / MB:.1f} MB")

st.subheader(translate("Take it with you"))
st.write(translate("One file has channels with their files and events, runs with models, forecasts, and chapters."))
st.download_button(
    translate("Save my work"),
    packed,
    f"viewcast-{date.today()}.zip",
    "application/zip",
    type="primary",
    icon=":material/download:",
    on_click="ignore",
    disabled=not mine or mine.size > LARGEST,
)
if mine.size > LARGEST:
    st.warning(Message(TOO_LARGE, {"most": LARGEST // 2**20}).translated(translate), icon=":material/warning:")
st.file_uploader(
    translate("Open saved work: what is here stays, and nothing comes twice"),
    ["zip"],
    key=SAVED,
    on_change=open_saved,
    max_upload_size=LARGEST_FILE,
)
show_reading(session, SAVED)
say_opened()

st.subheader(translate("Delete it"))
with st.popover(translate("Delete my data"), icon=":material/delete:", disabled=not mine):
    text = translate(
        "Delete everything of yours here (channels: {channels}, runs: {runs}, forecasts: {forecasts}; {size} MB)?"
        " Jobs under way are stopped. This cannot be undone."
    )
    st.write(text.format(**vars(mine) | {"size": f"{mine.size / MB:.1f}"}))
    st.button(translate("Delete permanently"), key="delete_all", on_click=delete)
