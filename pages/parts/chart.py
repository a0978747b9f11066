"""Charts on a page. One that was drawn before from the same content is not built again: building is most of a rerun.

Altair takes 20 to 60 ms for a chart, and every rerun draws a page's charts again. What is kept is the finished chart,
by all that it is made of, values and words: so nothing can be shown that is out of date, and who sees a chart has all
that is in it.
"""

import hashlib
import io
import pickle
import threading
from collections import OrderedDict
from functools import partial
from typing import Any

import altair as alt
import streamlit as st
from altair.utils import schemapi
from streamlit.dataframe_util import convert_anything_to_arrow_bytes
from streamlit.delta_generator import DeltaGenerator

from pages.parts.look import is_presented
from pages.parts.session import Session

MOST_BYTES = 24 * 2**20  # of finished charts: those of fifty visitors at a time
MOST_ELEMENTS = 2000  # rows of a chart's data that a browser draws as elements of SVG; more it draws on a canvas
SPEC_BYTES = 30_000  # what a chart takes besides its data, about
Spec = dict[str, Any]

# Charts are checked against Vega-Lite's schema where they are tested; here that would take half the time.
schemapi.disable_debug_mode()


class FinishedCharts:
    """Charts by what they are made of, no more than `most` bytes. Safe to use from several threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most, self.bytes = most, 0
        self._kept: OrderedDict[bytes, Spec] = OrderedDict()  # the one that was asked for last comes last
        self._lock = threading.Lock()

    def get(self, content: bytes) -> Spec | None:
        """The chart of this content, where it is still kept."""
        with self._lock:
            if content in self._kept:
                self._kept.move_to_end(content)
            return self._kept.get(content)

    def keep(self, content: bytes, spec: Spec) -> None:
        """Keep a chart; those that nobody has asked for the longest go."""
        with self._lock:
            self.bytes += 0 if content in self._kept else _size(spec)
            self._kept[content] = spec
            while self.bytes > self.most and self._kept:
                self.bytes -= _size(self._kept.popitem(last=False)[1])


class _Content(pickle.Pickler):
    """Pickles all that a chart is made of; what translates it is its language and what the channel counts."""

    def __init__(self, file: io.BytesIO, session: Session) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._words = {id(session.translate): session.channel.metric, id(session.plain): ""}
        self._language = session.language

    def persistent_id(self, value: Any) -> tuple[str, str] | None:
        """The words of a translation, which is a function and has no content of its own."""
        words = self._words.get(id(value))
        return None if words is None else (self._language, words)


def fetch_chart_code() -> DeltaGenerator:
    """Have a browser that is new here fetch the code of charts while the page is made; what is returned to be emptied.

    A browser asks for a control's code when it gets the first control of the kind. That of charts is the largest, and
    the chart comes late in the script. This one is where nothing is shown, so it is never drawn itself.
    """
    place = st._event.empty()
    if "chart_code" not in st.session_state:
        st.session_state.chart_code = "asked for"
        place.vega_lite_chart(spec={"mark": "point", "data": {"values": []}})
    return place


_finished = FinishedCharts()
_themes = threading.Lock()  # Altair has one theme and one place for data for all threads


def draw_chart(session: Session, chart: partial, *, alt: str, **how: Any) -> Any:
    """Draw what the call `chart` of a function of forecasting.charts makes; `how` is for st.vega_lite_chart.

    All that the chart is made of are arguments of that call, and can be pickled or are the session's translation.
    """
    content = content_of(session, chart)
    spec = _finished.get(content)
    if spec is None:
        spec = finished(chart())
        _finished.keep(content, spec)
    return st.vega_lite_chart(spec=spec, alt=alt, **how)


def content_of(session: Session, chart: partial) -> bytes:
    """A digest of all that the chart is made of."""
    written = io.BytesIO()
    _Content(written, session).dump((chart, is_presented()))
    return hashlib.blake2b(written.getbuffer(), digest_size=20).digest()


def finished(chart: alt.TopLevelMixin) -> Spec:
    """The chart for Vega-Lite, with its data as Arrow's bytes."""
    data: dict[str, bytes] = {}
    rows: list[int] = []
    alt.data_transformers.register("arrow", _take_out)
    with _themes, alt.data_transformers.enable("arrow", data=data, rows=rows):
        spec = chart.to_dict(validate=False)
    if max(rows, default=0) > MOST_ELEMENTS:
        spec["usermeta"] = {"embedOptions": {"renderer": "canvas"}}
    return spec | {"datasets": spec.get("datasets", {}) | data}


def _take_out(found: Any, data: dict[str, bytes], rows: list[int]) -> dict[str, str]:
    """Put a chart's data into `data` and their length into `rows`; what stands in the chart instead."""
    packed = convert_anything_to_arrow_bytes(found)
    name = hashlib.blake2b(packed, digest_size=16).hexdigest()
    data[name] = packed
    rows.append(len(found))
    return {"name": name}


def _size(spec: Spec) -> int:
    return SPEC_BYTES + sum(len(data) for data in spec["datasets"].values() if isinstance(data, bytes))
