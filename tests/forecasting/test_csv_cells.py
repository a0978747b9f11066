"""Exports with texts that a spreadsheet would run."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.csv_cells import safe_cell, safe_table

RUN_BY_SPREADSHEETS = tuple("=+-@\t\r\n")  # OWASP


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
