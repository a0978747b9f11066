"""Folded parts of a page that are drawn from the first time they are opened.

Streamlit makes what lies folded too: the script draws it, and the browser fetches the code of its controls before the
page's first chart stands. Once opened a part stays drawn, so that closing it loses nothing that was typed.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def folded(label: str, *, key: str, icon: str, linked: bool = False) -> tuple[DeltaGenerator, bool]:
    """A folded part, and whether it has been opened in this session; its content is drawn only then.

    One that holds what a link has set stands open from the start.
    """
    # Once and for all: a part that is open stays open though what is chosen in it leaves the link again.
    linked = st.session_state[f"{key}_linked"] = linked or st.session_state.get(f"{key}_linked", False)
    part = st.expander(label, linked, key=key, icon=icon, on_change="rerun")
    opened = st.session_state.setdefault("opened_folds", set())
    if part.open or linked:
        opened.add(key)
    return part, key in opened
