"""A Wikipedia article as the channel: suggestions as one types, its views in one click, and new days later."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TypeVar

import streamlit as st

from forecasting.messages import N_, BadInput
from forecasting.reading import wikimedia, wikipedia
from forecasting.reading.wikipedia import Article
from forecasting.records import Source
from pages.parts.links import escape_markdown
from pages.parts.session import Session, if_current, source_of_channel

# The Wikipedias with the most readers, by their own names. Any other is read by the address of its article.
LANGUAGES = {
    "en": "English",
    "zh": "中文",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "ja": "日本語",
    "ru": "Русский",
    "pt": "Português",
    "it": "Italiano",
    "ar": "العربية",
    "fa": "فارسی",
    "pl": "Polski",
    "id": "Bahasa Indonesia",
    "tr": "Türkçe",
    "nl": "Nederlands",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "ko": "한국어",
    "cs": "Čeština",
    "sv": "Svenska",
    "he": "עברית",
    "hu": "Magyar",
    "fi": "Suomi",
    "el": "Ελληνικά",
    "ro": "Română",
    "th": "ไทย",
    "hi": "हिन्दी",
    "bn": "বাংলা",
    "da": "Dansk",
    "no": "Norsk",
    "ca": "Català",
}
CACHED = "3h"  # Wikimedia adds a day once a day
PAUSE = "300ms"  # without a key pressed, before titles are looked up

Response = TypeVar("Response")
Read = Callable[[Source], bool]  # makes a source the current channel; whether it could


def choose_article(session: Session, read: Read) -> None:
    """A field for a title, with suggestions; choosing one reads the article. Nothing where the host wants none."""
    if wikimedia.is_on():
        _choose(session, read)


def offer_new_days(session: Session, read: Read) -> None:
    """A button that brings an article's channel up to date; nothing for any other channel."""
    _name, file = session.channels.channels(session.owner).get(session.channel.fingerprint, ("", None))
    if file and wikimedia.is_on() and Article.named(file):
        st.button(
            session.translate(N_("Add new days")),
            help=session.translate(N_("Read from Wikipedia through {day}. A day is added once a day.")).format(
                day=session.channel.views.index[-1].date()
            ),
            key="new_days",
            icon=":material/update:",
            on_click=if_current(session, _add_new_days, read),
            width="stretch",
        )


@st.fragment
def _choose(session: Session, read: Read) -> None:
    if st.session_state.pop("article_read", False):
        st.rerun()
    translate = session.translate
    field, beside = st.columns([5, 4], gap="xsmall", vertical_alignment="bottom")
    language = beside.selectbox(
        translate(N_("Wikipedia in")),
        LANGUAGES,
        format_func=LANGUAGES.__getitem__,
        index=list(LANGUAGES).index(session.language.partition("_")[0]),
        key="article_language",
        label_visibility="collapsed",
    )
    text = field.text_input(
        translate(N_("Or from Wikipedia")),
        key=f"article_{st.session_state.setdefault('articles', 0)}",
        type="search",
        live=PAUSE,
        placeholder=translate(N_("Article title")),
        on_change=_forget_trouble,
    )
    if text.strip() and (articles := _found(language, text)):
        _offer(articles, session, read)
    if trouble := st.session_state.get("article_trouble"):
        st.error(escape_markdown(trouble.translated(session.plain)), icon=":material/error:")


def _found(language: str, text: str) -> list[Article]:
    """The articles that may be meant; what was typed itself where none is found or nobody can be asked."""
    try:
        meant = Article.typed(language, text)
        return [Article(meant.language, title) for title in _suggested(meant)] or [meant]
    except BadInput as trouble:
        st.session_state.article_trouble = trouble
        return []


def _suggested(meant: Article) -> list[str]:
    try:
        return _titles(meant.language, meant.title)
    except BadInput:  # a title can be typed without help
        return []


def _offer(articles: list[Article], session: Session, read: Read) -> None:
    names = {article.file: article.title for article in articles}
    key = f"articles_{'/'.join(names)}"
    st.pills(
        session.translate(N_("Articles")),
        names,
        format_func=lambda file: escape_markdown(names[file]),
        key=key,
        on_change=_take,
        args=(key, read),
        label_visibility="collapsed",
    )


def _take(key: str, read: Read) -> None:
    """Read the article that was chosen; the field is empty again once it is read."""
    article = Article.named(st.session_state[key] or "")
    st.session_state[key] = None  # so that it can be chosen again where it could not be read
    if article is None:
        return
    data = _fetched(_all_days, article.language, article.title)
    if data and _read(Source(article.file, data, {}), read):
        st.session_state.articles += 1
        st.session_state.article_read = True


def _add_new_days(session: Session, read: Read) -> None:
    """Read the channel again with the days since; the one before is forgotten unless it has runs."""
    source = source_of_channel(session)
    article = Article.named(source.file) if source else None
    if source is None or article is None:
        return
    kept = wikipedia.unpack(source.data)
    new = _fetched(_new_days, article.language, article.title, wikipedia.next_day(kept))
    if new == {}:
        st.toast(session.translate(N_("No new days yet.")), icon=":material/update:")
    read_on = new and _read(replace(source, data=wikipedia.pack(article, kept | new)), read)
    if read_on and st.session_state.channel != session.channel.fingerprint:
        session.channels.forget(session.owner, session.channel.fingerprint, unless_used=True)


def _fetched(fetch: Callable[..., Response], *about: object) -> Response | None:
    """What Wikimedia sends; None where it does not, and the page says why."""
    _forget_trouble()
    try:
        return fetch(*about)
    except BadInput as trouble:
        st.session_state.article_trouble = trouble
        return None


def _read(source: Source, read: Read) -> bool:
    if read(source):
        return True
    st.session_state.article_trouble = st.session_state.pop("trouble")
    return False


def _forget_trouble() -> None:
    st.session_state.pop("article_trouble", None)


@st.cache_data(ttl=CACHED, max_entries=200, show_spinner=False)
def _all_days(language: str, title: str) -> bytes:
    article = Article(language, title)
    return wikipedia.pack(article, wikipedia.fetch(article))


@st.cache_data(ttl=CACHED, max_entries=1000, show_spinner=False)
def _new_days(language: str, title: str, first: date) -> dict[date, int]:
    return wikipedia.fetch(Article(language, title), first)


@st.cache_data(ttl=CACHED, max_entries=5000, show_spinner=False)
def _titles(language: str, text: str) -> list[str]:
    return wikipedia.suggest(language, text)
