"""The smallest app that is like the one measured: two pages, a control, and one chart of HELLO_DAYS days."""

import os

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

DAYS = int(os.environ.get("HELLO_DAYS", 730))
VIEWS = pd.DataFrame({"day": pd.date_range("2018-01-01", periods=DAYS), "views": 1000 + 100 * np.sin(np.arange(DAYS))})


def hello() -> None:
    st.title("Hello")
    st.toggle("Points", key="points")
    st.altair_chart(alt.Chart(VIEWS).mark_line(point=st.session_state.points).encode(x="day:T", y="views:Q"))


def world() -> None:
    st.title("World")
    st.write("Hello again.")


st.navigation([st.Page(hello, default=True), st.Page(world)]).run()
