"""Exports with texts that a spreadsheet would run."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.csv_cells import safe_cell, safe_table, table_to_csv
from forecasting.forecasts.homework import Homework, as_notebook
from forecasting.models.registry import run_name
from forecasting.names import clean_name, escape_markdown
from forecasting.reading import to_csv
from forecasting.reading.events import events_to_csv
from forecasting.sample import sample_channel
from tests.support.filled_store import many_settings
from tests.support.hostile_names import HOSTILE, hostile_channel

RUN_BY_SPREADSHEETS = tuple("=+-@\t\r\n＝＋－＠")  # OWASP


@given(st.text())
def test_no_text_is_run_and_all_others_stay(text):
    found = safe_cell(text)
    assert found.endswith(text)
    if found.startswith(RUN_BY_SPREADSHEETS):
        float(found)
    else:
        assert found == text or text.startswith(RUN_BY_SPREADSHEETS)


@pytest.mark.parametrize("number", ["-5", "+3.5", "-1e9", "12"])
def test_a_number_stays_a_number(number):
    assert safe_cell(number) == number


def test_cells_and_header_of_a_table_are_safe_and_its_numbers_stay():
    frame = pd.DataFrame({"=1+1": [-1.5, 2.0], "run": ["@SUM(A1)", "a-b"], "none": [None, "\tx"]})
    rows = list(csv.reader(io.StringIO(safe_table(frame).to_csv(index=False))))
    assert rows == [["'=1+1", "run", "none"], ["-1.5", "'@SUM(A1)", ""], ["2.0", "a-b", "'\tx"]]


def test_nothing_else_writes_csv():
    """Workbooks and frames are written out for the reader itself; what anybody takes away is written in one place."""
    root = Path(__file__).parent.parent.parent
    sources = [path for room in ("forecasting", "pages") for path in (root / room).rglob("*.py")]
    own = {root / f"forecasting/{file}.py" for file in ("csv_cells", "reading/workbook", "batch/places")}
    writers = {
        path for path in sources if re.search(r"csv\.writer|\.to_csv\(|\.to_excel\(|DictWriter", path.read_text())
    }
    assert writers == own


@pytest.mark.parametrize("name", [*HOSTILE, "-5", "＝1+1"])
def test_every_export_of_a_channel_keeps_names_as_text(name):
    channel = hostile_channel(HOSTILE.index(name)) if name in HOSTILE else replace(hostile_channel(), metric=name)
    frame = pd.DataFrame({clean_name(name): [1.0], "run": [clean_name(name)]})
    for text in (to_csv(channel), events_to_csv(channel.events), table_to_csv(frame)):
        for cell in (cell for row in csv.reader(io.StringIO(text)) for cell in row):
            assert not cell.startswith(RUN_BY_SPREADSHEETS) or float(cell)


def test_the_title_of_a_notebook_is_text():
    settings = many_settings(1)[0]
    for name in HOSTILE:
        run = Homework(settings, sample_channel().series, "views.csv", epochs=3, name=run_name(name))
        title = json.loads(as_notebook(run))["cells"][0]["source"].split("\n")[0]
        assert title == f"# {escape_markdown(clean_name(name))}"
