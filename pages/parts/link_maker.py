"""A link for others: to this page with all that its address says, and what of it does not travel. No page either."""

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from forecasting.messages import N_, Translate
from forecasting.names import name_in_words
from pages.parts.links import escape_markdown
from pages.parts.look import PRESENT, is_presented
from pages.parts.run_settings import settings_in_url
from pages.parts.session import LANGUAGES, SAMPLE_KEY, browser_language, current_channel, owner, store
from pages.parts.settings_form import LABELS

STAYS = N_(
    "The data of “{name}” do not travel with a link. Send your saved work too: whoever opens it finds the channel here."
)
OPENS = N_("Everybody who opens it gets this page with: {carried}. Each works alone; nothing is shared.")
NAMES = LABELS | {
    "lang": N_("Language"),
    "channel": N_("Channel"),
    "present": N_("Present"),
    "run": N_("Run shown"),
    "split": N_("Split: train / held-out"),
    "train_period": N_("Training period"),
    "held_out_period": N_("Held-out period"),
}
Query = dict[str, list[str]]


def offer_link(translate: Translate) -> None:
    """The link, made when it is asked for: by then the address says what is shown."""
    place = st.popover(translate(N_("Link to this page")), icon=":material/link:", key="link", on_change="rerun")
    if not place.open:
        return
    query = _query(translate)
    carried = [f"{translate(NAMES.get(name, name))} {' – '.join(values)}" for name, values in query.items()]
    with place:
        st.code(f"{_address()}?{urlencode(query, doseq=True)}", language=None, wrap_lines=True)
        st.caption(escape_markdown(translate(OPENS).format(carried=translate(N_(", ")).join(carried))))
        if st.session_state.get("channel", SAMPLE_KEY) != SAMPLE_KEY:
            name = name_in_words(current_channel().name, translate)
            st.warning(escape_markdown(translate(STAYS).format(name=name)), icon=":material/lock:")


def _address() -> str:
    return (st.context.url or "").split("?")[0]


def _query(translate: Translate) -> Query:
    """What the address says, and what it would leave to the reader's browser; of a run shown its own settings."""
    language = st.session_state.get("lang") or browser_language()
    query: Query = {"lang": [LANGUAGES[language]]} | {key: st.query_params.get_all(key) for key in st.query_params}
    if is_presented():
        query |= {PRESENT: ["true"]}
    return query | _of_run(query, translate, language)


def _of_run(query: Mapping[str, list[str]], translate: Translate, language: str) -> Query:
    """The settings of the run that Train shows: whoever does not have it can train the same."""
    run = store().run(owner(), st.session_state.get("run") or "") if "run" in query else None
    channel = current_channel()
    if run is None or run.fingerprint != channel.fingerprint:
        return {}
    return settings_in_url(run.settings, channel.views, translate, language=language)
