"""What is known of a forecast before it is complete, marked as provisional."""

import streamlit as st

from forecasting.forecasts.report import ProvisionalForecast
from forecasting.messages import N_
from pages.parts.session import Session

IMPROVES = N_(
    "Provisional: {models} of {planned} models, trained on the days to {last}. It still improves; how reliable it is"
    " comes last."
)
NOT_COMPLETED = N_(
    "Provisional: {models} of {planned} models, trained on the days to {last}. The forecast was not completed, so how"
    " reliable it is was not measured."
)


def say_provisional(session: Session, found: ProvisionalForecast, *, improves: bool) -> None:
    """How a forecast so far came about, before its figures; whether a worker `improves` it still."""
    said = session.translate(IMPROVES if improves else NOT_COMPLETED)
    facts = {"models": found.models, "planned": found.planned, "last": found.last}
    st.info(said.format(**facts), icon=":material/hourglass_top:")
