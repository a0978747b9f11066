"""How every page looks beyond the theme: labels one can read, a room's size of text, and folded controls on a phone."""

from pathlib import Path
from typing import Any

import altair as alt
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting.messages import N_, Translate

FOLDER = Path(__file__).parent
PHONE = "(max-width: 640px)"  # where Streamlit puts columns below each other
PRESENT = "present"  # the switch's key, and its name in the URL
STYLES = {name: (FOLDER / f"{name}.css").read_text("utf-8") for name in ("look", "room", "folded")}
# Labels have a contrast of 7 to the page in both themes; Streamlit's own have 3.3 to 3.7.
LABEL: Any = {"expr": "luminance(background) > 0.4 ? '#4d575e' : '#b3bdc3'"}
FULL_SCREEN = "width > 1000 && height > 520"  # as a Vega expression: a chart with so much room is read from afar
SIZES = {"label": 12.0, "title": 14.0, "name": 12.0}  # pixels of labels, titles and names inside a chart
SIZES_IN_ROOM = {"label": 16.5, "title": 19.25, "name": 17.0}
_mend_markup = st.components.v2.component("mend_markup", js=(FOLDER / "look.js").read_text("utf-8"))


@alt.theme.register("viewcast", enable=True)
def chart_theme() -> alt.theme.ThemeConfig:
    """What every chart adds to Streamlit's theme: readable labels, larger in a room and in full screen."""
    sizes = {name: _size(name) for name in SIZES}
    axis: Any = {
        "labelColor": LABEL,
        "titleColor": LABEL,
        "labelFontSize": sizes["label"],
        "titleFontSize": sizes["title"],
    }
    legend: Any = axis | {"labelFontSize": sizes["title"]}
    names: Any = {"fontSize": sizes["name"]}
    return {"config": {"axis": axis, "legend": legend, "header": axis, "text": names}}


def _size(name: str) -> dict[str, str]:
    at_a_desk = SIZES_IN_ROOM[name] if is_presented() else SIZES[name]
    return {"expr": f"{FULL_SCREEN} ? {SIZES_IN_ROOM[name]} : {at_a_desk}"}


def is_presented() -> bool:
    """Whether the page is shown to a room."""
    return bool(st.session_state.get(PRESENT))


def choose_look(translate: Translate) -> None:
    """The switch for a room, in the sidebar, and the styles that follow from it."""
    st.session_state[PRESENT] = st.session_state.get(PRESENT, st.query_params.get(PRESENT) in ("1", "true"))
    why = translate(N_("Larger text, the chart first, and controls folded: for a projector."))
    st.toggle(translate(N_("Present")), key=PRESENT, bind="query-params", help=why)
    folded = STYLES["folded"]
    room = STYLES["room"] + folded if is_presented() else f"@media {PHONE} {{ {folded} }}"
    st.html(f"<style>{STYLES['look']} {room}</style>")
    with st.container(key="mend_markup"):
        _mend_markup(key="mend")


def controls_and_picture(translate: Translate) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two columns; on a phone and in a room the controls are a bar at the bottom, which a switch unfolds."""
    narrow, picture = st.columns([1, 3], gap="medium")
    controls = narrow.container(key="controls")
    controls.toggle(translate(N_("Settings")), key="unfold")
    return controls, picture
