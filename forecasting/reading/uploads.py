"""Many channels brought at once: a zip -> its files, a file -> its channels, each to be read by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forecasting.messages import BadInput
from forecasting.reading import words
from forecasting.reading.bounds import UPLOAD, Bounds
from forecasting.reading.choice import Choice, Question
from forecasting.reading.containers import files_in_zip, is_workbook
from forecasting.reading.reader import FROM_FILE, ChannelRows, read_views, split_channels
from forecasting.series import Channel

ZIP = b"PK\3\4"


@dataclass(frozen=True)
class Opened:
    """What an upload holds: files, of a zip that is no export of a single channel, or else channels.

    An export of a single channel has its videos or countries in its tables, and is read as a whole.
    """

    files: tuple[tuple[str, bytes | BadInput], ...] = ()  # name, and bytes or why they cannot be had
    channels: tuple[ChannelRows | Channel, ...] = ()


def open_upload(data: bytes, filename: str) -> Opened:
    """What there is to be read in an upload. Raises Question (a BadInput) where it does not say, and BadInput."""
    if data.startswith(ZIP) and not is_workbook(data):
        files = tuple(files_in_zip(data))
        if not all(words.is_of_export(name) for name, _data in files):
            return Opened(files=files)
        return Opened(channels=(read_views(data, filename),))
    return Opened(channels=tuple(channels_of(data, filename)))


def channels_of(
    data: bytes, filename: str, choice: Choice = FROM_FILE, bounds: Bounds = UPLOAD
) -> Sequence[ChannelRows | Channel]:
    """The channels of every table of a file that would do; one of what is a part of a channel's export."""
    if words.is_of_export(filename):
        return [read_views(data, filename, choice)]
    try:
        return list(split_channels(data, filename, choice, bounds))
    except Question as question:
        if question.asks != "table":
            raise
        tables = [replace(choice, table=name) for name, _label in question.options]
        return [channel for table in tables for channel in channels_of(data, filename, table, bounds)]


def read_rows(channels: Sequence[ChannelRows | Channel]) -> list[Channel | BadInput]:
    """Each channel, or why it cannot be read."""
    return [_read(channel) for channel in channels]


def _read(rows: ChannelRows | Channel) -> Channel | BadInput:
    try:
        return rows if isinstance(rows, Channel) else rows.read()
    except BadInput as refusal:
        return refusal
