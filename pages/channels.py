"""All of the owner's channels: bring many at once, forecast them with one press, and see first what needs attention."""

from datetime import date

import streamlit as st

from forecasting.evaluation.scores import TOTALS
from pages.parts.channels_forecasts import Forecasts, choose_method
from pages.parts.channels_list import Row, list_channels
from pages.parts.channels_table import draw_opened, draw_table, offer_csv, search
from pages.parts.channels_upload import current_upload, draw_uploader, show_upload
from pages.parts.file_reading import readers
from pages.parts.session import open_page

session = open_page()
translate = session.plain  # channels of all kinds: what the one shown counts is not what the others do


def draw_figures(channels: list[Row], rows: list[Row]) -> None:
    """How many there are, and how many need a look."""
    with st.grid(4, min_column_width=120):
        st.metric(translate("Channels"), f"{len(channels):,}")
        st.metric(translate("Need attention"), f"{sum(bool(row.needs) for row in rows):,}")
        forecast = sum(row.summary is not None and row.summary.origin is not None for row in channels)
        st.metric(translate("With a forecast"), f"{forecast:,}")
        st.metric(translate("Could not be read"), f"{len(rows) - len(channels):,}")


readers().warm()
st.title(translate("Channels"))
st.caption(translate("All your channels with their forecasts. What needs attention comes first."))
days = st.session_state.get("channels_days") or TOTALS[-1]
upload = current_upload()
listing = list_channels(session, upload.unread if upload else (), days=days, today=date.today())
rows, channels = list(listing.rows), listing.channels
if rows:
    draw_figures(channels, rows)
else:
    first = translate("No channels yet. Bring many files at once, or one table with the columns unique_id, ds, y.")
    st.info(first, icon=":material/upload_file:")
with st.expander(translate("Bring channels"), expanded=not channels, icon=":material/upload_file:"):
    draw_uploader(session)
show_upload(session)
if not rows:
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    shown = search(session, rows)
    st.segmented_control(translate("Days ahead"), TOTALS, default=days, required=True, key="channels_days")
    forecasts = Forecasts(session, listing, choose_method(session))
    forecasts.draw_button()
forecasts.say_time()
forecasts.show_progress()
draw_table(session, shown, days)
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    draw_opened(session, channels)
    offer_csv(session, shown)
