"""The table on Channels: a line a channel, the most urgent first; the one chosen is the channel of every page."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.csv_cells import table_to_csv
from forecasting.forecasts.summary import VERDICTS, ChannelSummary
from forecasting.formats import format_views
from forecasting.messages import N_, Translate
from forecasting.metric_names import in_metric
from pages.parts.channels_list import Row
from pages.parts.links import escape_markdown
from pages.parts.session import Session, make_current

TABLE = "channels_table"
LINES = 15  # in sight
PAGES = (
    ("pages/data.py", N_("Data"), ":material/calendar_month:"),
    ("pages/forecast.py", N_("Forecast"), ":material/online_prediction:"),
    ("pages/train.py", N_("Train"), ":material/model_training:"),
    ("pages/past_forecasts.py", N_("How did it go?"), ":material/history:"),
)
COLUMNS = {
    "name": N_("Channel"),
    "attention": N_("Needs attention"),
    "recent": N_("Last 8 weeks"),
    "total": N_("Next {days} days"),
    "change": N_("Change"),
    "interval": N_("90 % interval"),
    "verdict": N_("Verdict"),
    "skill": N_("Skill"),
    "corrections": N_("Corrections"),
    "last": N_("Last day"),
}


def search(session: Session, rows: list[Row]) -> list[Row]:
    """The control, and the rows whose names have every word of it."""
    label = session.plain(N_("Search by name"))
    said = st.text_input(label, key="channels_search", icon=":material/search:", width=260)
    words = said.casefold().split()
    return [row for row in rows if all(word in row.name.casefold() for word in words)]


def draw_table(session: Session, rows: list[Row], days: int) -> None:
    """The rows; choosing one makes it the current channel."""
    translate = session.plain
    frame = pd.DataFrame([_line(row, translate) for row in rows], columns=list(COLUMNS))
    _tick([place for place, row in enumerate(rows) if row.fingerprint == session.channel.fingerprint])
    st.dataframe(
        frame,
        key=TABLE,
        hide_index=True,
        height=min(len(frame), LINES) * 35 + 38,
        column_config=_columns(translate, days),
        placeholder="–",
        on_select=partial(_choose_line, [row.fingerprint for row in rows]),
        selection_mode="single-row",
        alt=translate(N_("Your channels with their forecasts, what needs attention first")),
    )


def _columns(translate: Translate, days: int) -> dict[str, Any]:
    labels = {name: translate(label).format(days=days) for name, label in COLUMNS.items()}
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    change = translate(N_("Of the forecast total against as many days before."))
    verdict = translate(N_("Whether the error is smaller than with “Same day last week”, over so many days ahead."))
    skill = translate(N_("How much smaller the error is than with “Same day last week”; 0 % = no better."))
    return {
        "name": text(labels["name"], width=170, pinned=True),
        "attention": text(labels["attention"], width=230),
        "recent": st.column_config.LineChartColumn(labels["recent"], width=130),
        "total": number(labels["total"], format="compact", width=100),
        "interval": text(labels["interval"], width=120),
        "change": number(labels["change"], format="percent", width=80, help=change),
        "skill": number(labels["skill"], format="percent", width=80, help=skill),
        "verdict": text(labels["verdict"], width=100, help=verdict),
        "corrections": number(labels["corrections"], width=90),
        "last": st.column_config.DateColumn(labels["last"], width=100),
    }


def _line(row: Row, translate: Translate) -> dict[str, object]:
    if row.summary is None:
        return {"name": row.name, "attention": row.reason(translate)}
    one = row.summary
    return {
        "name": row.name,
        "attention": row.reason(translate),
        "recent": _bridged(one.recent),
        "total": one.total,
        "interval": _interval(one, in_metric(translate, one.metric)),
        "change": _whole_percent(one.change),
        "skill": _whole_percent(one.skill),
        "verdict": translate(VERDICTS[one.verdict]) if one.verdict else None,
        "corrections": one.corrections,
        "last": one.last_day,
    }


def _whole_percent(share: float) -> float:
    """There is no −0 %."""
    return round(share, 2) + 0.0


def _bridged(views: tuple[float, ...]) -> np.ndarray:
    """For a small line, which has no gaps: days that nobody knows lie between their neighbours."""
    known = np.isfinite(views)
    days = np.arange(len(views))
    return np.interp(days, days[known], np.array(views)[known]).astype(np.float32) if known.any() else np.zeros(1)


def _interval(one: ChannelSummary, translate: Translate) -> str | None:
    if np.isnan(one.low):
        return translate(N_("cannot tell")) if one.origin else None
    low, high = format_views(one.low, translate), format_views(one.high, translate)
    return translate(N_("{low} to {high}")).format(low=low, high=high)


def _tick(lines: list[int]) -> None:
    """Have these lines ticked, wherever the channel was chosen and however they are ordered now."""
    if st.session_state.get(TABLE, {}).get("selection", {}).get("rows", []) != lines:
        st.session_state[TABLE] = {"selection": {"rows": lines, "columns": [], "cells": []}}


def _choose_line(fingerprints: list[str]) -> None:
    """Make the channel of the chosen line the one of every page."""
    lines = st.session_state[TABLE]["selection"]["rows"]
    if lines and lines[0] < len(fingerprints) and (fingerprint := fingerprints[lines[0]]):
        make_current(fingerprint)


def draw_opened(session: Session, rows: list[Row]) -> None:
    """Where the current channel can be looked at; what to do where it is none of these."""
    translate = session.plain
    if session.channel.fingerprint not in {row.fingerprint for row in rows}:
        st.caption(translate(N_("Choose a line: every page then shows its channel.")))
        return
    said = translate(N_("“{name}” is chosen; every page shows it.")).format(name=session.channel_name)
    st.markdown(escape_markdown(said))
    with st.container(horizontal=True, gap="medium"):
        for page, label, icon in PAGES:
            st.page_link(page, label=translate(label), icon=icon)


def offer_csv(session: Session, rows: list[Row]) -> None:
    """All lines, unrounded."""
    st.download_button(
        session.plain(N_("Save as CSV")),
        partial(as_csv, rows, session.plain),
        "channels.csv",
        "text/csv",
        key="save_channels",
        icon=":material/download:",
        on_click="ignore",
    )


def as_csv(rows: list[Row], translate: Translate) -> bytes:
    """The records, and files that could not be read; with a mark for spreadsheets."""
    return table_to_csv(pd.DataFrame([_record(row, translate) for row in rows])).encode("utf-8-sig")


def _record(row: Row, translate: Translate) -> dict[str, object]:
    if row.summary:
        return row.summary.to_row(translate) | {"channel": row.name}
    return {"channel": row.name, "attention": row.needs[0].kind, "reason": row.reason(translate)}
