"""The smallest app that is like the one measured: two pages, a control, and one chart of two years of days."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

DAYS = pd.date_range("2024-01-01", periods=730)
VIEWS = pd.DataFrame({"day": DAYS, "views": 1000 + 100 * np.sin(np.arange(730))})


def hello() -> None:
    st.title("Hello")
    st.toggle("Points", key="points")
    st.altair_chart(alt.Chart(VIEWS).mark_line(point=st.session_state.points).encode(x="day:T", y="views:Q"))


def world() -> None:
    st.title("World")
    st.write("Hello again.")


st.navigation([st.Page(hello, default=True), st.Page(world)]).run()
