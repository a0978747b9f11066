"""A channel of subscribers: no page says views of it, in words, figures, charts or tables."""

import json
import re
from collections.abc import Iterator

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.support.quiet_series import quiet_series

PAGES = ("data", "channels", "train", "compare", "forecast", "goals", "past_forecasts", "walkthrough/know_your_data")
VIEWS = re.compile(r"\b[Vv]iews?\b|播放|观看次")
KINDS = ("title", "caption", "markdown", "subheader", "text", "info", "warning", "error")
LABELLED = ("metric", "button", "selectbox", "toggle", "slider", "checkbox", "radio", "number_input", "expander")


def words_of(app: AppTest) -> Iterator[str]:
    """Everything that the page says."""
    for kind in KINDS:
        yield from (str(element.value) for element in app.get(kind))
    for kind in LABELLED:
        yield from (str(element.label) for element in app.get(kind))
    for table in app.dataframe:
        yield from map(str, table.value.columns)
        yield from map(str, table.value.select_dtypes(exclude="number").to_numpy().ravel())
    for chart in app.get("vega_lite_chart"):
        yield from _titles(json.loads(chart.proto.spec))


def _titles(spec: object, key: str = "") -> Iterator[str]:
    if isinstance(spec, dict):
        for name, value in spec.items():
            yield from _titles(value, name)
    elif isinstance(spec, list):
        for value in spec:
            yield from _titles(value, key)
    elif isinstance(spec, str) and key in ("title", "values", "domain", "description"):
        yield spec


def subscribers() -> bytes:
    views = quiet_series("weekly season", 3, 500).views
    return pd.DataFrame({"Date": views.index.date, "Subscribers": views.to_numpy(int)}).to_csv(index=False).encode()


@pytest.mark.parametrize("language", ["English", "中文"])
def test_no_page_says_views_of_subscribers(visitor, language):
    app = visitor.go("data", lang=language)
    app.file_uploader[0].upload("mine.csv", subscribers()).run()
    app.get_by_key("answer").set_value("Subscribers").run()
    for page in PAGES:
        said = [text for text in words_of(visitor.go(page)) if VIEWS.search(text)]
        assert said == [], page
    assert any("ubscribers" in text or "订阅" in text for text in words_of(visitor.go("data")))
