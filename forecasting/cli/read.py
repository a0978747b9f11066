"""`read` prints a channel's daily views as the app reads them."""

import argparse
import json
import sys

import numpy as np

from forecasting.cli.channel import channel_of, choice_of, read_or_refuse, source_of, words_of
from forecasting.csv_cells import write_rows
from forecasting.diagnosis.level_shifts import level_shifts
from forecasting.diagnosis.unusual_days import USUAL_RATE, find_surprises, unusual_days
from forecasting.forecasts.length import what_length_allows
from forecasting.messages import Translate
from forecasting.reading import list_channels
from forecasting.series import Series

MOST_UNUSUAL = 5  # days that are printed


def read(options: argparse.Namespace) -> None:
    """Print `date,views`, as models see them; what was corrected goes to stderr."""
    if options.list:
        print(*read_or_refuse(list_channels, *source_of(options.file), choice_of(options)), sep="\n")
        return
    channel = channel_of(options)
    _say_length(channel.series, words_of(channel))
    _say_unusual(channel.series, words_of(channel))
    seen = channel.series.inputs
    if options.json:
        for day, views in seen.items():
            print(json.dumps({"date": str(day.date()), "views": None if np.isnan(views) else views}))
        return
    numbers = ("" if np.isnan(views) else f"{views:.15g}" for views in seen)
    write_rows(sys.stdout, [("date", "views"), *zip(seen.index.date, numbers, strict=True)])


def _say_length(series: Series, translate: Translate) -> None:
    """What so few days do not allow; nothing where they allow everything."""
    said = what_length_allows(series)
    if len(said) > 1:
        print("length:", *(sentence.translated(translate) for sentence in said), file=sys.stderr)


def _say_unusual(series: Series, translate: Translate) -> None:
    """The rarest days at one false alarm a year, and the changes of level."""
    days = unusual_days(find_surprises(series), USUAL_RATE)
    for day in days[:MOST_UNUSUAL]:
        print(f"unusual: {day.day}: {day.message.translated(translate)}", file=sys.stderr)
    if len(days) > MOST_UNUSUAL:
        print(f"unusual: {len(days) - MOST_UNUSUAL} days more", file=sys.stderr)
    for shift in level_shifts(series):
        print("level:", shift.message.translated(translate), file=sys.stderr)
