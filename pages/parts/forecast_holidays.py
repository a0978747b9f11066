"""Whose public holidays Auto takes into account, and what it expects of those to come."""

import streamlit as st

from forecasting.forecasts.holiday_report import HolidaysReport
from forecasting.messages import N_
from forecasting.models.holiday_effects import FIND
from pages.parts.folded import folded
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.session import Session
from pages.parts.settings_form import country_names

KEY = "holidays_of"


def choose_country(session: Session) -> str:
    """FIND, "" for no country, or a code of two letters. Names of countries are loaded once the fold is opened."""
    translate = session.translate
    linked = KEY in st.query_params
    part, opened = folded(translate(N_("Public holidays")), key="holidays_fold", icon=":material/event:", linked=linked)
    if not opened:
        return FIND
    names = {FIND: translate(N_("Found from the views")), "": translate(N_("No country"))}
    names |= country_names(session.language)
    with part:
        warn_invalid_query_param(KEY, names.values(), translate)
        why = translate(
            N_("Auto takes the country whose holidays explain unusual days best. Name it where you know better.")
        )
        return st.selectbox(
            translate(N_("Holidays of")),
            names,
            format_func=names.__getitem__,
            key=KEY,
            help=why,
            bind="query-params",
        )


def say_holidays(session: Session, report: HolidaysReport) -> None:
    """Whose they are, and by how much those to come change the forecast."""
    said = report.said(country_names(session.language).get(report.country, report.country))
    st.caption(f":material/event: {escape_markdown(said.translated(session.translate))}")
