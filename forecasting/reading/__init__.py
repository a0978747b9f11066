"""Uploaded bytes -> a channel's daily views, and what was corrected on the way."""

from forecasting.names import EVERY_COLUMN, NUMBER_OF_ROWS, SUM_OF_ALL
from forecasting.reading.choice import Choice, Question
from forecasting.reading.export import to_csv
from forecasting.reading.reader import ChannelRows, list_channels, read_each, read_views, split_channels

__all__ = [
    "EVERY_COLUMN",
    "NUMBER_OF_ROWS",
    "SUM_OF_ALL",
    "ChannelRows",
    "Choice",
    "Question",
    "list_channels",
    "read_each",
    "read_views",
    "split_channels",
    "to_csv",
]
