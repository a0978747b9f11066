"""A year ahead on Goals, as totals of months beside those of the year before."""

from dataclasses import asdict
from functools import partial

import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.forecasts.year_ahead import year_ahead
from forecasting.messages import N_
from pages.parts.chart import draw_chart
from pages.parts.session import Session


def draw_year(session: Session) -> None:
    """The months as far as anything can be said of them, and what is too far."""
    translate, series = session.translate, session.channel.series
    found = year_ahead(series)
    st.subheader(translate(N_("A year ahead, month by month")))
    if found.months:
        months = pd.DataFrame([asdict(month) for month in found.months])
        with st.container(key="year_chart"):
            alt = translate(N_("Totals of the months ahead with their intervals, beside the same months a year before"))
            draw_chart(session, partial(charts.year_chart, months, translate=translate), alt=alt)
        method = N_("The same month of past years, times how the level of the last three months has changed since.")
        st.caption(translate(method))
    for note in found.notes(series.measured_days):
        st.write(note.translated(translate))
