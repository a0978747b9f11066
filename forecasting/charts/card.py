"""The report card as a picture: each claim's effect with its interval, on a scale of its own."""

import altair as alt
import pandas as pd

from forecasting.charts.marks import colour_by, layered
from forecasting.lectures.claims import ANSWERS
from forecasting.messages import N_, Translate, english

ROW = 24  # pixels a claim
AROUND = 60  # pixels for legend and axis
NAME = 400  # pixels for a claim, at most
WIDE = 1.15  # of the farthest end of an interval


def claims_chart(frame: pd.DataFrame, translate: Translate = english) -> alt.LayerChart:
    """A row a claim: a dot for its effect on a line for its interval, to the right where it speaks for the claim.

    `frame` has claim, answer and here (what is written), all in the language, and place, low and high from -1 to 1: the
    effect and its interval over the farthest end of that interval. NaN where there is none.
    """
    claims = list(dict.fromkeys(frame["claim"]))
    y = alt.Y("claim:N", title=None, sort=claims, axis=alt.Axis(labelLimit=NAME, ticks=False, domain=False))
    title = translate(N_("← against the claim | for the claim → (90 % intervals, each to its own scale)"))
    x = alt.X("place:Q", title=title, scale=alt.Scale(domain=[-WIDE, WIDE]), axis=alt.Axis(labels=False, values=[0]))
    words = [translate(word) for word in ANSWERS.values()]
    holds, does_not_hold, cannot_tell = words
    # By place in the theme's palette the colours of the answers elsewhere: blue, green, orange.
    colour = colour_by(translate, words, words, field="answer").scale(domain=["", cannot_tell, holds, does_not_hold])
    tips = [
        alt.Tooltip("claim:N", title=translate(N_("Claim"))),
        alt.Tooltip("answer:N", title=translate(N_("Answer"))),
        alt.Tooltip("here:N", title=translate(N_("This channel"))),
    ]
    rows = alt.Chart(frame).encode(y=y, tooltip=tips)
    there = rows.transform_filter("isValid(datum.low)")
    none = alt.Chart(alt.Data(values=[{"place": 0}])).mark_rule(strokeDash=[4, 3]).encode(x=alt.X("place:Q"))
    lines = there.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"), color=colour)
    dots = rows.mark_circle(size=90, opacity=1).encode(x=x, color=colour)
    return layered(none, dots, lines, height=AROUND + ROW * len(claims))
