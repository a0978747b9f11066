"""What Forecast comes to in a row of figures, and how far it can be trusted in a sentence."""

from typing import Any

import numpy as np
import streamlit as st

from forecasting.evaluation.comparison import FEWEST_DAYS
from forecasting.evaluation.wording import coverage_beside_level, days_ahead, over_days
from forecasting.forecasts.forecast import Forecast, HeldOutScore
from forecasting.formats import format_percent, format_views
from forecasting.messages import N_, Translate
from forecasting.models.registry import SKILL_BASELINE, label_of
from pages.parts.links import escape_markdown
from pages.parts.session import Session

BESIDE: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}  # a second line that is no change
LOOKS = {
    "better": (st.success, ":material/trending_up:"),
    "worse": (st.error, ":material/trending_down:"),
    "cannot tell": (st.info, ":material/help:"),
}


def own_scores(forecast: Forecast | None) -> list[HeldOutScore]:
    """How the forecast's own method did on the held-out days; nothing before there is a forecast."""
    return [one for one in forecast.judged if one.method == forecast.method] if forecast else []


def draw_figures(session: Session, forecast: Forecast | None) -> None:
    """Totals with their interval, coverage beside its nominal level, and skill."""
    with st.grid(4, min_column_width=150):
        _draw_totals(session.translate, forecast)
        _draw_record(session.translate, for_horizon(own_scores(forecast)))


def _draw_totals(translate: Translate, forecast: Forecast | None) -> None:
    for place, label in enumerate((N_("Next 7 days, views"), N_("Next 28 days, views"))):
        total = forecast.totals[place] if forecast and len(forecast.totals) > place else None
        value = format_views(total.point, translate) if total else "–"
        st.metric(translate(label), value, _edges(translate, total.bands[-1]) if total else None, **BESIDE)


def _draw_record(translate: Translate, at: HeldOutScore | None) -> None:
    judged = N_("Days 1 to {ahead}, over {days} past forecasts")
    if at and not at.over_days:
        judged = N_("{ahead} days ahead, over {days} past forecasts")
    over = translate(judged).format(ahead=at.horizon, days=at.origins) if at else None
    why = translate(N_("Share of the held-out days that were inside their 90 % interval."))
    held = _share(translate, at, at.coverage[-1] if at else None)
    st.metric(translate(N_("90 % interval held")), held, over, help=why, **BESIDE)
    why = translate(
        N_("How much smaller the error is than with “Same day last week” on the held-out days; 0 % = no better.")
    )
    skill = _share(translate, at, at.skill if at else None)
    st.metric(translate(N_("Skill")), skill, over, help=why, **BESIDE)


def _share(translate: Translate, at: HeldOutScore | None, share: float | None) -> str:
    """A figure of the held-out days; a share of a few of them says nothing."""
    if at is None or share is None:
        return "–"
    return format_percent(share) if at.origins >= FEWEST_DAYS else translate(N_("cannot tell"))


def for_horizon(judged: list[HeldOutScore]) -> HeldOutScore | None:
    """Over all the days asked for; of what an older version stored, on the last day judged. None without any."""
    scores = [one for one in judged if one.over_days] or judged
    return max(scores, key=lambda one: one.horizon, default=None)


def _edges(translate: Translate, band: tuple[float, float, float]) -> str:
    """90 %: 36k to 49k."""
    level, low, high = band
    if np.isnan(low):
        return translate(N_("Interval: cannot tell"))
    return translate(N_("{level}: {low} to {high}")).format(
        level=format_percent(level), low=format_views(low, translate), high=format_views(high, translate)
    )


def say_trust(session: Session, forecast: Forecast) -> None:
    """Whether it beats the usual baseline, and where an interval cannot be had."""
    translate = session.translate
    _say_record(translate, own_scores(forecast), forecast.bands[-1].level)
    for sentence in forecast.notes:
        st.info(escape_markdown(sentence.translated(translate)), icon=":material/info:")
    without_interval = int(np.isnan(forecast.bands[-1].lower).sum())
    if without_interval:
        note = translate(N_("No interval for {count} of {days} days: too few held-out days that far ahead."))
        st.info(note.format(count=without_interval, days=len(forecast.days)), icon=":material/help:")


def _say_record(translate: Translate, judged: list[HeldOutScore], level: float) -> None:
    at = for_horizon(judged)
    if at is None:
        note = N_("Cannot tell how reliable this is: the model comes from the views of another channel.")
        st.info(translate(note), icon=":material/help:")
        return
    _say_verdict(translate, at)
    if at.reason and (nearer := for_horizon([one for one in judged if not one.reason])):
        _say_verdict(translate, nearer)  # so far, days suffice
    if width := coverage_beside_level(at.coverage[-1], level, origins=at.origins, ahead=at.horizon):
        st.info(width.translated(translate), icon=":material/straighten:")


def _say_verdict(translate: Translate, at: HeldOutScore) -> None:
    show, icon = LOOKS[at.comparison.answer]
    say = over_days if at.over_days and at.horizon > 1 else days_ahead
    show(say(at.comparison, translate(label_of(SKILL_BASELINE))).translated(translate), icon=icon)
