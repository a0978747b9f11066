"""Values from the URL: say which cannot be, set back which are no longer offered, and show text as it is."""

from collections.abc import Iterable
from datetime import date

import streamlit as st

from forecasting.messages import N_, Translate
from forecasting.names import escape_markdown


def warn_invalid_query_param(key: str, allowed, translate: Translate) -> None:
    """Say so when the URL asks for what cannot be; the widget that follows falls back to its default by itself.

    Only once a visit: later it is a control and not a link that is out of date.
    """
    noted = st.session_state.setdefault("noted", set())
    if key in noted:
        return
    noted.add(key)
    given = st.query_params.get_all(key)  # a period has two
    if all(_within(one, *allowed) if isinstance(allowed, tuple) else one in allowed for one in given):
        return
    note = translate(N_("The link asks for {key} = {given}, which is not possible here; the default is used."))
    facts: dict[str, object] = {"key": key, "given": " – ".join(given)[:40]}
    if isinstance(allowed, tuple):
        note = translate(N_("The link asks for {key} = {given}; possible is {low} to {high}. The default is used."))
        facts |= {"low": allowed[0], "high": allowed[1]}
    st.toast(escape_markdown(note.format(**facts)), icon=":material/link_off:", duration="long")


def reset_if_unavailable(key: str, offered: Iterable, default: object) -> None:
    """Set a control whose value is no longer offered back to its default, for the browser too."""
    if st.session_state.get(key, default) not in (None, default, *offered):
        st.session_state[key] = default


def _within(text: str, low: float | str, high: float | str) -> bool:
    """Whether a number, or a day as ISO text, lies between two of its kind."""
    try:
        if isinstance(low, str):
            return low <= date.fromisoformat(text).isoformat() <= str(high)
        return low <= float(text) <= float(high)
    except ValueError:
        return False


def unique_name(name: str, taken: list[str]) -> str:
    """`name`, with a number where it is taken: a choice and its URL need different names for different things."""
    numbered, number = name, 2
    while numbered in taken:
        numbered, number = f"{name} ({number})", number + 1
    return numbered
