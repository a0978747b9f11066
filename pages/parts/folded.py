"""Folded parts of a page that are drawn from the first time they are opened.

Streamlit makes what lies folded too: the script draws it, and the browser fetches the code of its controls before the
page's first chart stands. Once opened a part stays drawn, so that closing it loses nothing that was typed.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def folded(label: str, *, key: str, icon: str) -> tuple[DeltaGenerator, bool]:
    """A folded part, and whether it has been opened in this session; its content is drawn only then."""
    part = st.expander(label, key=key, icon=icon, on_change="rerun")
    opened = st.session_state.setdefault("opened_folds", set())
    if part.open:
        opened.add(key)
    return part, key in opened
