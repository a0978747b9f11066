"""Totals of the days to come on Forecast, each with how such totals came out before."""

from datetime import date

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.totals_record import JudgedTotal, windows_at
from forecasting.formats import format_percent, format_views
from forecasting.messages import N_, Translate
from pages.parts.session import Session


def draw_totals(session: Session, forecast: Forecast) -> None:
    """A row a total; in words what a month comes to, and the verdict on the longest total that has one."""
    judged, translate = forecast.judged_totals, session.translate
    if not judged:  # a forecast of an older version
        return
    st.subheader(translate(N_("Totals")))
    for total in (one for one in judged if one.kind != "days"):
        st.write(total.sentence(month_name(total.first, session.language)).translated(translate))
    st.dataframe(
        pd.DataFrame([_row(session, total) for total in judged]),
        hide_index=True,
        alt=translate(N_("Totals and how such totals were forecast before")),
    )
    this_month = next(one for one in windows_at(pd.Timestamp(forecast.origin), 400) if one.kind == "this month")
    if this_month.kind not in {one.kind for one in judged}:
        name = month_name(this_month.first.date(), session.language)
        note = translate(N_("For {month} as a whole choose {days} days ahead or more."))
        st.caption(note.format(month=name, days=this_month.ahead))
    longest = max(judged, key=lambda one: (one.record.enough, one.kind == "days", one.days))
    st.caption(longest.verdict().translated(translate))
    label = translate(N_("Chances to reach a total, months farther ahead, and a year"))
    st.page_link("pages/goals.py", label=label, icon=":material/flag:")


def _row(session: Session, total: JudgedTotal) -> dict[str, object]:
    translate, record, enough = session.translate, total.record, total.record.enough
    label = translate(N_("Next {days} days")).format(days=total.days)
    unknown = translate(N_("cannot tell"))
    return {
        translate(N_("Total")): label if total.kind == "days" else month_name(total.first, session.language),
        translate(N_("Forecast")): format_views(total.point, translate),
        "90 %": unknown if np.isnan(total.lower) else _between(total, translate),
        translate(N_("Usual error")): format_percent(record.median_error) if enough else unknown,
        translate(N_("Largest error")): format_percent(record.largest_error) if enough else unknown,
        translate(N_("Past totals")): record.count,
        translate(N_("90 % interval held")): f"{record.held} / {record.intervals}" if record.intervals else "–",
        translate(N_("Baseline's usual error")): (format_percent(record.baseline_median) if enough else unknown),
    }


def _between(total: JudgedTotal, translate: Translate) -> str:
    return f"{format_views(total.lower, translate)} – {format_views(total.upper, translate)}"


def month_name(day: date, language: str) -> str:
    """The month of a day with its year: November 2021, 2021年11月."""
    from babel.dates import format_skeleton  # noqa: PLC0415  as for weekdays, only where a month is named

    return format_skeleton("yMMMM", day, locale=language)
