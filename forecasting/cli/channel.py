"""The channel that a command works on: its file, how to read it, and what was corrected."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from forecasting.events import Event, merged
from forecasting.jobs.reader import UNFORESEEN
from forecasting.messages import BadInput, Translate, english
from forecasting.metric_names import in_metric
from forecasting.reading import Choice, read_views, wikipedia
from forecasting.reading.events import read_event_file
from forecasting.series import Channel
from forecasting.split import Period

Answer = TypeVar("Answer")


def add_reading(command: argparse.ArgumentParser) -> None:
    """The file and every option that says how to read it."""
    command.add_argument("file", metavar="FILE", help="a file, or an article such as wikipedia:en:Influenza")
    command.add_argument("--channel", metavar="NAME", help="which channel, where the file holds several")
    command.add_argument("--table", metavar="NAME", help="which file of the zip or sheet of the workbook")
    add_choice(command)
    said = "days with a name, one a line: day, name, kind, and no where nothing is to be learnt from it"
    command.add_argument("--events", metavar="FILE", help=f"{said}; or an export that says when things were published")
    command.add_argument("--json", action="store_true", help="one JSON object a line, with every column")


def add_choice(command: argparse.ArgumentParser) -> None:
    """How to read any file, whatever channels it holds."""
    command.add_argument("--dates", choices=("dmy", "mdy", "ymd"), help="how to read dates such as 1/7/20")
    command.add_argument("--decimal", choices=(".", ","), help="the decimal mark, where 1.234 can be both")
    command.add_argument("--metric", metavar="NAME", help="the column to use although it is not called views")
    command.add_argument("--dated", choices=("counted", "published"), help="what the dates of rows with titles say")
    command.add_argument("--cumulative", choices=("yes", "no"), help="whether the numbers are totals so far")
    command.add_argument("--fill", choices=("none", "interpolate", "same-weekday"), default=Choice.fill)
    command.add_argument(
        "--absent-weekdays",
        choices=("unmeasured", "closed"),
        default=Choice.absent_weekdays,
        help="what weekdays are that never have a row: not measured, or closed with 0 views",
    )
    command.add_argument("--duplicates", choices=("sum", "first", "last"), help="days with rows that disagree")
    command.add_argument("--keep-zeros", action="store_true", help="keep the zeros before the first view")
    command.add_argument("--keep-last", action="store_true", help="keep last days that look unfinished")


def channel_of(options: argparse.Namespace) -> Channel:
    """The channel as read, with its events; what was corrected, and lines that are no events, go to stderr."""
    channel = read_or_refuse(read_views, *source_of(options.file), choice_of(options))
    if options.events:
        channel = replace(channel, events=_events_of(options.events, channel))
    for correction in channel.corrections:
        print("corrected:", correction.translated(words_of(channel)), file=sys.stderr)
    return channel


def read_or_refuse(read: Callable[..., Answer], *arguments: object) -> Answer:
    """What a reading comes to. Raises BadInput, whatever it raised itself: a file may hold what nobody foresaw."""
    try:
        return read(*arguments)
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(UNFORESEEN) from error


def words_of(channel: Channel) -> Translate:
    """English in the words of what the channel counts."""
    return in_metric(english, channel.metric)


def _events_of(file: str, channel: Channel) -> tuple[Event, ...]:
    near = Period(channel.series.first.date(), channel.series.last.date())
    found = read_or_refuse(partial(read_event_file, near=near), bytes_of(file), Path(file).name)
    for complaint in found.complaints:
        print("events:", complaint.translated(), file=sys.stderr)
    return merged((), found.events)


def choice_of(options: argparse.Namespace) -> Choice:
    """What the options say of how to read."""
    return Choice(**{said.name: getattr(options, said.name) for said in fields(Choice) if said.name in options})


def source_of(file: str) -> tuple[bytes, str]:
    """A file's bytes and name, or an article's. Raises BadInput where it cannot be had."""
    if article := wikipedia.Article.named(file):
        return wikipedia.pack(article, wikipedia.fetch(article)), article.file
    return bytes_of(file), Path(file).name


def bytes_of(file: str) -> bytes:
    """The whole file. Raises BadInput where it cannot be opened."""
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise BadInput("cannot open {file}: {why}", file=file, why=problem.strerror) from None
