"""Where the method shown errs: by days ahead, by weekday and by month, beside the usual baseline."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from forecasting import charts
from forecasting.charts.errors import FEWEST
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.track_record import ErrorGroup
from forecasting.messages import N_
from pages.parts.chart import draw_chart
from pages.parts.links import escape_markdown
from pages.parts.session import Session

TABS = {"ahead": N_("By days ahead"), "day_of_week": N_("By weekday"), "month": N_("By month")}


def draw_errors(session: Session, forecast: Forecast) -> None:
    """A tab a way to group the held-out days; nothing for a forecast of an older version, or of other views."""
    if forecast.record is None or not forecast.record.groups:
        return
    translate = session.translate
    parts = {part: forecast.record.groups_of(part) for part in TABS}
    with st.expander(translate(N_("Where it errs")), icon=":material/bar_chart:"):
        for tab, (part, groups) in zip(
            st.tabs([translate(name) for name in TABS.values()]), parts.items(), strict=True
        ):
            with tab:
                _draw(session, part, groups)


def _draw(session: Session, part: str, groups: Sequence[ErrorGroup]) -> None:
    translate, names = session.translate, _names(session, part, groups)
    alt = translate(N_("Mean absolute errors of the method and of “Same day last week”"))
    chart = partial(charts.errors_chart, groups, names, translate)
    draw_chart(session, chart, key=f"errors_{part}", alt=alt)
    if part != "ahead":
        st.caption(escape_markdown(charts.largest_group(groups, names).translated(translate)))
    if any(group.days < FEWEST[part] for group in groups):
        st.caption(translate(N_("Pale: fewer than {count} days, too few to tell.")).format(count=FEWEST[part]))


def _names(session: Session, part: str, groups: Sequence[ErrorGroup]) -> list[str]:
    if part == "ahead":
        return [str(group.value) for group in groups]
    if part == "day_of_week":
        weekdays = session.weekdays()
        return [weekdays[group.value] for group in groups]
    from babel.dates import get_month_names  # noqa: PLC0415  40 ms, and only where a month is named

    months = get_month_names("abbreviated", context="stand-alone", locale=session.language)
    return [months[group.value] for group in groups]
