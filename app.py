"""Viewcast: forecast a channel's daily views and see why a model is right or wrong."""

from pathlib import Path
from time import perf_counter

import streamlit as st

from forecasting import __version__
from pages.parts.chapters import CHAPTERS, CONTENTS, MOVED, REPORT_CARD, leads_to_part, open_linked_chapter
from pages.parts.chart import fetch_chart_code
from pages.parts.file_reading import finish_readings
from pages.parts.history import keep_history
from pages.parts.identity import end_if_signed_out
from pages.parts.look import choose_look, is_presented
from pages.parts.session import choose_channel, choose_language, refuse_bad_hosting, use_navigation
from pages.parts.sidebar_foot import YOUR_DATA, draw_foot
from pages.parts.store_trouble import handle_store_trouble
from pages.parts.watch import is_named_admin, timed_rerun, write_log_lines

begun = perf_counter()
write_log_lines()
handle_store_trouble()
open_linked_chapter()
use_navigation()
refuse_bad_hosting()
end_if_signed_out()
keep_history()
finish_readings()

st.set_page_config(page_title="Viewcast", page_icon=str(Path(__file__).parent / "pages" / "icon.png"), layout="wide")

unseen = fetch_chart_code()

with st.sidebar:
    translate = choose_language()
    choose_channel(translate)
    choose_look(translate)

about = translate("Viewcast {version} forecasts a channel's daily views and shows why a model is right or wrong.")
st.set_page_config(
    menu_items={"About": about.format(version=__version__)},
    initial_sidebar_state="collapsed" if is_presented() else "auto",
)

page = st.navigation(
    {
        translate("Your channel"): [
            st.Page("pages/data.py", title=translate("Data"), icon=":material/calendar_month:", default=True),
            st.Page("pages/train.py", title=translate("Train"), icon=":material/model_training:"),
            st.Page("pages/compare.py", title=translate("Compare"), icon=":material/compare_arrows:"),
            st.Page("pages/forecast.py", title=translate("Forecast"), icon=":material/online_prediction:"),
            st.Page("pages/goals.py", title=translate("Goals"), icon=":material/flag:"),
            st.Page("pages/past_forecasts.py", title=translate("How did it go?"), icon=":material/history:"),
            st.Page("pages/channels.py", title=translate("Channels"), icon=":material/table_rows:"),
            st.Page(YOUR_DATA, title=translate("Your data"), visibility="hidden"),
        ],
        translate("Walkthrough"): [
            st.Page(CONTENTS, title=translate("Contents"), icon=":material/apps:"),
            st.Page(REPORT_CARD, title=translate("Report card"), icon=":material/fact_check:"),
            *(st.Page(entry.page, title=translate(entry.title), visibility="hidden") for entry in CHAPTERS),
            *(
                st.Page(leads_to_part(moved), title=translate(moved.part), url_path=moved.address, visibility="hidden")
                for moved in MOVED
            ),
        ],
        translate("Host"): [
            st.Page(
                "pages/admin.py",
                title=translate("This server"),
                icon=":material/dns:",
                visibility="visible" if is_named_admin() else "hidden",
            ),
        ],
    }
)
draw_foot(translate)
with timed_rerun(page.url_path, since=begun):
    page.run()
unseen.empty()
