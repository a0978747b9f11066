"""Days with a name in a channel's chart: a small mark below the axis, and the names where the pointer is."""

from collections.abc import Iterable, Sequence
from datetime import date

import altair as alt
import pandas as pd

from forecasting.charts.marks import REAL, in_role
from forecasting.charts.periods import Step
from forecasting.events import KIND_NAMES, Event
from forecasting.messages import N_, Translate

NAMED = 3  # events of a point whose names are said
LONGEST = 60  # letters of a name
BELOW = 5  # pixels from the axis to a mark's middle


def event_tips(
    frame: pd.DataFrame, events: Sequence[Event], *, step: Step = "day", translate: Translate
) -> list[alt.Tooltip]:
    """The events of each point in a tooltip; `frame`, which has a row a `step`, gets them as a column `event`.

    Nothing where no event is on a day of the frame.
    """
    said = _said_by_step(step, events, translate)
    here = frame["day"].map(said)
    if not here.notna().any():
        return []
    frame["event"] = here.fillna("")
    return [alt.Tooltip("event:N", title=translate(N_("Events")))]


def event_marks(
    step: Step, frame: pd.DataFrame, events: Sequence[Event], *, x: alt.X, colour: alt.Color, translate: Translate
) -> list[alt.Chart]:
    """A small triangle below the axis at each point with an event, hollow where nothing is learnt from its days.

    `frame` is one that `event_tips` has been given, `x` a `day_axis` with room for marks.
    """
    if "event" not in frame:
        return []
    learnt = {_start(step, event.day) for event in events if event.learn}
    at = frame.loc[frame["event"] != "", ["day"]].drop_duplicates()
    marks = []
    for filled, days in ((True, at[at["day"].isin(learnt)]), (False, at[~at["day"].isin(learnt)])):
        if len(days):
            shape = alt.Chart(days).mark_point(
                shape="triangle-up", size=28, yOffset=BELOW, opacity=0.75, filled=filled, strokeWidth=1
            )
            shape = shape.encode(x=x, y=alt.YValue("height"), color=colour)
            marks.append(in_role(REAL, shape, translate))
    return marks


def _said_by_step(step: Step, events: Iterable[Event], translate: Translate) -> dict[pd.Timestamp, str]:
    """The first day of a step -> what happened in it."""
    names: dict[pd.Timestamp, list[str]] = {}
    for event in sorted(events):
        names.setdefault(_start(step, event.day), []).append(_name(event, translate))
    return {day: _list(said, translate) for day, said in names.items()}


def _name(event: Event, translate: Translate) -> str:
    name = event.name or translate(KIND_NAMES[event.kind])
    short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    return short if event.learn else translate(N_("{name} (not learnt from)")).format(name=short)


def _list(names: list[str], translate: Translate) -> str:
    listed = translate(N_(", ")).join(names[:NAMED])
    if len(names) <= NAMED:
        return listed
    return translate(N_("{names} and {count} more")).format(names=listed, count=len(names) - NAMED)


def _start(step: Step, day: date) -> pd.Timestamp:
    """The first day of the step in which a day is."""
    stamp = pd.Timestamp(day)
    if step == "day":
        return stamp
    return pd.offsets.MonthBegin().rollback(stamp) if step == "month" else stamp - pd.Timedelta(days=stamp.weekday())
