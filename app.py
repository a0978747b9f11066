"""Viewcast: forecast a channel's daily views and see why a model is right or wrong."""

from pathlib import Path

import streamlit as st

from forecasting import __version__
from pages.parts.session import choose_channel, choose_language

st.set_page_config(page_title="Viewcast", page_icon=str(Path(__file__).parent / "pages" / "icon.png"), layout="wide")

with st.sidebar:
    _ = choose_language()
    choose_channel(_)

about = _("Viewcast {version} forecasts a channel's daily views and shows why a model is right or wrong.")
st.set_page_config(menu_items={"About": about.format(version=__version__)})

page = st.navigation(
    {
        _("Your channel"): [
            st.Page("pages/data.py", title=_("Data"), icon=":material/calendar_month:", default=True),
            st.Page("pages/train.py", title=_("Train"), icon=":material/model_training:"),
            st.Page("pages/compare.py", title=_("Compare"), icon=":material/compare_arrows:"),
            st.Page("pages/forecast.py", title=_("Forecast"), icon=":material/online_prediction:"),
        ],
        _("From the lectures"): [
            st.Page("pages/table.py", title=_("Lecture's table"), icon=":material/table_rows:"),
            st.Page("pages/reveal.py", title=_("Reveal"), icon=":material/visibility:"),
            st.Page("pages/cross_validation.py", title=_("Cross-validation"), icon=":material/splitscreen:"),
            st.Page("pages/selection.py", title=_("Choosing by a score"), icon=":material/casino:"),
        ],
    }
)
page.run()
