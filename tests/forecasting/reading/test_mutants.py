"""Mutated uploads that once ended in a traceback; `tests/stress/uploads.py` found them."""

import pytest

from forecasting.messages import BadInput
from forecasting.reading import read_views
from forecasting.reading.heading import read_heading
from tests.forecasting.reading.conftest import Files

DAYS = [f"2024-01-{day:02d},{100 + 37 * day % 11}" for day in range(1, 31)]


def test_a_file_without_a_name_in_a_zip_is_none():
    table = "\n".join(["Date,Views", *DAYS]).encode()
    whole, empty = (
        Files.zipped(files).replace(b"other.csv", b"\0ther.csv")  # zipfile reads names up to a zero
        for files in ({"other.csv": b"x", "a.csv": table}, {"other.csv": b"x"})
    )
    assert len(read_views(whole, "a.zip").views) == 30
    with pytest.raises(BadInput, match="no CSV file"):
        read_views(empty, "a.zip")


def test_a_line_of_groups_may_be_shorter_than_the_table():
    top = [["Cats", "Dogs"], ["Date", "Views"], ["2024-01-01", "5", "6", "7"]]
    assert len(set(read_heading(top, 4).names)) == 4
