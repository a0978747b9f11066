"""Many channels brought at once: what a zip and a table hold, and that what cannot be read loses nothing else."""

import io
import zipfile

import pandas as pd
import pytest

from forecasting.messages import BadInput
from forecasting.reading import Question, read_views
from forecasting.reading.uploads import open_upload, read_rows

DAYS = pd.date_range("2024-01-01", periods=60)


def table(count: int, header: str = "Date,Views") -> bytes:
    return "\n".join([header, *(f"{day.date()},{count + day.day * 7 % 31}" for day in DAYS)]).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def test_a_long_table_is_read_channel_by_channel_as_each_would_be_alone():
    rows = [f"{name},{day.date()},{count + day.day * 7 % 31}" for name, count in (("b", 10), ("a", 20)) for day in DAYS]
    found = read_rows(open_upload("\n".join(["unique_id,ds,y", *rows]).encode(), "long.csv").channels)
    assert [(one.name, list(one.views)) for one in sorted(found, key=lambda one: one.name)] == [
        ("a", [20.0 + day.day * 7 % 31 for day in DAYS]),
        ("b", [10.0 + day.day * 7 % 31 for day in DAYS]),
    ]


def test_a_zip_holds_files_that_are_each_opened_by_themselves():
    files = {"one.csv": table(5), "folder/two.csv": table(7), "broken.csv": b"\x89PNG\r\n", "__MACOSX/x.csv": b"1"}
    opened = open_upload(zipped(files), "many.zip").files
    assert [name for name, _data in opened] == ["one.csv", "two.csv", "broken.csv"]
    (one,) = read_rows(open_upload(opened[0][1], opened[0][0]).channels)
    assert (one.name, one.fingerprint) == ("one", read_views(table(5), "one.csv").fingerprint)
    with pytest.raises(BadInput, match="picture"):
        open_upload(opened[2][1], opened[2][0])


def test_a_damaged_file_of_a_zip_leaves_the_others_whole():
    packed = bytearray(zipped({"one.csv": table(5), "two.csv": table(7)}))
    packed[packed.index(b"Views") + 20] ^= 0xFF  # the first file's checksum is wrong now
    (_one, damaged), (two, data) = open_upload(bytes(packed), "many.zip").files
    assert isinstance(damaged, BadInput) and (two, data) == ("two.csv", table(7))


def test_an_export_of_one_channel_stays_one_channel():
    by_video = [f"{day.date()},{video},{day.day * 7 % 31}" for day in DAYS for video in ("v1", "v2")]
    chart = "\n".join(["Date,Content,Views", *by_video]).encode()
    export = zipped({"Totals.csv": table(100), "Chart data.csv": chart})
    (found,) = read_rows(open_upload(export, "Content 2024.zip").channels)
    assert found.fingerprint == read_views(export, "Content 2024.zip").fingerprint
    (alone,) = read_rows(open_upload(chart, "Chart data.csv").channels)
    assert list(alone.views) == [2.0 * (day.day * 7 % 31) for day in DAYS]


def test_what_a_file_does_not_say_is_a_question():
    with pytest.raises(Question) as asked:
        open_upload(table(5, "Date,Users"), "users.csv")
    assert asked.value.asks == "metric"
