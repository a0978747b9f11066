"""A table with many channels is read once, and each of them comes out as if it had been asked for alone."""

import pickle

import numpy as np
import pandas as pd
import pytest

from forecasting.messages import BadInput
from forecasting.reading import SUM_OF_ALL, Choice, list_channels, read_views, split_channels


def long_table(names: list[str], days: int = 60, *, shuffled: bool = False) -> bytes:
    """Columns unique_id, ds and y; the second day of each channel is missing."""
    dates = pd.date_range("2021-01-01", periods=days)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(names, days),
            "ds": np.tile(dates.astype(str), len(names)),
            "y": [1000 * place + 100 * (day % 7) + day for place in range(len(names)) for day in range(days)],
        }
    ).query("ds != '2021-01-02'")
    return (frame.sample(frac=1, random_state=0) if shuffled else frame).to_csv(index=False).encode()


WEEK = np.arange(60) % 7
WIDE = pd.DataFrame(
    {"Date": pd.date_range("2021-01-01", periods=60).astype(str), "Rain": 40 + WEEK, "Snow": 90 - WEEK}
).to_csv(index=False)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (long_table(["b", "a", "c"]), "long.csv"),
        (long_table(["b", "a", "c"], shuffled=True), "long.csv"),
        (WIDE.encode(), "pageviews.csv"),
    ],
)
def test_every_channel_is_read_as_if_alone(data, name):
    split = list(split_channels(data, name))
    assert {rows.name for rows in split} == set(list_channels(data, name)) - {SUM_OF_ALL}
    for rows in split:
        found, alone = pickle.loads(pickle.dumps(rows)).read(), read_views(data, name, Choice(channel=rows.name))
        pd.testing.assert_series_equal(found.views, alone.views)
        assert (found.name, found.corrections, found.metric) == (alone.name, alone.corrections, alone.metric)


def test_channels_stand_in_the_order_of_the_table():
    assert [rows.name for rows in split_channels(long_table(["b", "a", "c"]), "long.csv")] == ["b", "a", "c"]


def test_a_file_of_one_channel_has_that_one():
    one = b"Date,Views\n" + b"".join(b"2021-01-%02d,%d\n" % (day, 100 + day % 7) for day in range(1, 31))
    (rows,) = split_channels(one, "channel.csv")
    pd.testing.assert_series_equal(rows.read().views, read_views(one, "channel.csv").views)


def test_a_channel_that_cannot_be_read_leaves_the_others():
    broken = long_table(["a", "b"]).decode().replace("b,2021-01-03,1202", "b,2021-01-03,x")
    dead = "".join(f"dead,2021-02-{day:02},0\n" for day in range(1, 29))
    *fine, last = split_channels((broken + dead).encode(), "long.csv")
    assert [rows.read().name for rows in fine] == ["a", "b"]
    with pytest.raises(BadInput, match="zero views"):
        last.read()


def test_a_digest_is_that_of_the_rows_alone():
    before, changed = (
        {rows.name: rows.digest for rows in split_channels(data, "long.csv")}
        for data in (long_table(["a", "b"]), long_table(["a", "b"]).replace(b"b,2021-01-03,1202", b"b,2021-01-03,1203"))
    )
    assert before["a"] == changed["a"]
    assert before["b"] != changed["b"]
    read_otherwise = next(split_channels(long_table(["a", "b"]), "long.csv", Choice(fill="none")))
    assert read_otherwise.digest != before["a"]
