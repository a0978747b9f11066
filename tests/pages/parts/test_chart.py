"""Charts on pages: they say what is given, whatever was drawn before, in the visitor's words."""

import json
from dataclasses import dataclass
from functools import partial

import altair as alt
import numpy as np
import pandas as pd
import pytest
from streamlit.elements.vega_charts import _convert_altair_to_vega_lite_spec

from forecasting import charts
from forecasting.messages import Translate, english
from forecasting.sample import sample_channel
from forecasting.split import default_split
from pages.parts import chart
from pages.parts.chart import FinishedCharts, content_of, finished


@dataclass
class Visit:
    """What of a session makes a chart."""

    translate: Translate
    plain: Translate
    language: str
    channel: object


@dataclass
class Counted:
    metric: str


def visit(language: str = "en", metric: str = "views") -> Visit:
    """Every script run has functions of its own that translate."""
    return Visit(lambda *said: english(*said), lambda *said: english(*said), language, Counted(metric))


def views(last: float = 5.0) -> pd.Series:
    days = pd.date_range("2024-01-01", periods=60, name="day")
    return pd.Series([*np.arange(59.0), last], days, name="views")


def weekdays(session: Visit, of: pd.Series) -> partial:
    return partial(charts.weekday_means, of, default_split(of), session.translate)


def test_the_same_content_is_the_same_in_every_rerun_and_anything_else_is_not():
    first, again = visit(), visit()
    content = content_of(first, weekdays(first, views()))
    assert content_of(again, weekdays(again, views())) == content
    chinese, minutes = visit("zh"), visit(metric="minutes")
    others = [
        content_of(first, weekdays(first, views(last=6.0))),
        content_of(chinese, weekdays(chinese, views())),
        content_of(minutes, weekdays(minutes, views())),
        content_of(first, partial(charts.weekday_means, views(), default_split(views()), first.plain)),
    ]
    assert len({content, *others}) == 1 + len(others)


def test_a_room_has_charts_of_its_own(monkeypatch: pytest.MonkeyPatch):
    session = visit()
    at_a_desk = content_of(session, weekdays(session, views()))
    monkeypatch.setattr(chart, "is_presented", lambda: True)
    assert content_of(session, weekdays(session, views())) != at_a_desk


def test_what_cannot_be_told_apart_is_refused():
    session = visit()
    with pytest.raises((AttributeError, TypeError, ValueError)):  # pickle's; a function has no content
        content_of(session, partial(charts.weekday_means, views(), default_split(views()), lambda text: text))


def test_a_finished_chart_is_what_streamlit_makes_of_it():
    sample = sample_channel()
    built = charts.views_over_time(sample.views, default_split(sample.views))
    expected = _convert_altair_to_vega_lite_spec(built)
    shown = finished(built)
    assert shown.pop("usermeta")["embedOptions"]["renderer"] == "canvas"  # as Streamlit adds where it counts the rows
    assert by_number(shown) == by_number(expected)


def by_number(spec: dict) -> tuple[str, list[bytes]]:
    """A chart with its data, whose names are taken for numbers."""
    data = spec["datasets"]
    text = json.dumps({key: part for key, part in spec.items() if key != "datasets"}, sort_keys=True)
    used = sorted(data, key=text.index)
    for number, name in enumerate(used):
        text = text.replace(name, str(number))
    return text, [data[name] for name in used]


def test_charts_are_kept_up_to_a_size_and_the_oldest_go():
    def of(letter: str) -> dict:
        return {"datasets": {letter: bytes(100_000)}, "title": letter}

    kept = FinishedCharts(most=400_000)
    for letter in "abc":
        kept.keep(letter.encode(), of(letter))
    assert kept.get(b"a") == of("a")  # asked for again, so b is the one that nobody has asked for the longest
    kept.keep(b"d", of("d"))
    assert kept.get(b"b") is None
    assert [kept.get(letter.encode()) for letter in "acd"] == [of(letter) for letter in "acd"]
    kept.keep(b"d", of("d"))
    assert kept.bytes <= 400_000 and kept.get(b"a") is not None


def test_data_of_a_chart_reach_it_unchanged():
    import pyarrow as pa

    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=3), "views": [1.0, 2.0, np.nan]})
    spec = finished(alt.Chart(frame).mark_line().encode(x="day:T", y="views:Q"))
    (data,) = spec["datasets"].values()
    read = pa.ipc.open_stream(data).read_all().to_pandas()
    pd.testing.assert_frame_equal(read, frame, check_dtype=False)
