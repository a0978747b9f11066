"""The chapters of the walkthrough, each with its picture, its idea and how far one has come."""

from pathlib import Path

import streamlit as st

from forecasting.jobs.chapters import ChapterStore
from pages.parts.chapter import handed_on
from pages.parts.chapters import CHAPTERS, Entry
from pages.parts.session import open_page

CARD = 260  # pixels wide, at least

session = open_page()
translate = session.translate
progress = ChapterStore(session.store.engine).tried(session.owner)


def draw_card(number: int, entry: Entry) -> None:
    """Picture, title as a link, idea, and a mark once it has been opened or played."""
    st.image(Path(entry.picture).read_text("utf-8"), width="stretch", alt="")
    title = f"**{number} · {translate(entry.title)}**"
    st.page_link(entry.page, label=title, query_params=handed_on())
    st.caption(translate(entry.idea))
    if entry.slug in progress:
        tried = progress[entry.slug]
        word, icon = (translate("Done"), "check_circle") if tried else (translate("Opened"), "visibility")
        st.badge(word, icon=f":material/{icon}:", color="green" if tried else "gray")


st.title(translate("Walkthrough"))
st.caption(translate("The lectures' ideas as experiments on this channel, three to five minutes each."))
with st.grid(3, min_column_width=CARD):
    for number, entry in enumerate(CHAPTERS, 1):
        with st.container(border=True):
            draw_card(number, entry)
