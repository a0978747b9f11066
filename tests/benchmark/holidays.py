"""Whose public holidays Auto finds on a folder of real series, and how often it finds some where there are none.

    python -m tests.benchmark.holidays FOLDER [--moves 13]

A calendar that is moved by weeks has the holidays of nobody: what is found with it is a false alarm.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from forecasting.messages import BadInput
from forecasting.models import holiday_regression
from forecasting.models.holiday_regression import learn_holidays
from forecasting.reading import read_views
from forecasting.series import Series

FIRST_MOVE, STEP = 35, 24  # days


@contextmanager
def moved(days: int) -> Iterator[None]:
    """All calendars, so many days later."""
    known = holiday_regression.holidays_by_ordinal

    def later(calendar: str, first: int, last: int) -> dict[int, str]:
        return {day + days: name for day, name in known(calendar, first - 1, last).items()}

    with patch.object(holiday_regression, "holidays_by_ordinal", later):
        yield


def alarms(series: Series, moves: int) -> int:
    """On how many of the moved calendars something is found."""
    found = 0
    for move in range(moves):
        with moved(FIRST_MOVE + STEP * move):
            found += bool(learn_holidays(series).calendar)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--moves", type=int, default=13)
    options = parser.parse_args()
    false, asked = 0, 0
    for file in sorted(options.folder.iterdir()):
        try:
            series = read_views(file.read_bytes(), file.name).series
        except BadInput:
            continue
        found, wrong = learn_holidays(series), alarms(series, options.moves)
        false, asked = false + wrong, asked + options.moves
        largest = min(found.logs, default=0.0)
        print(f"{file.stem:32} {len(series):5} days  {found.calendar or '-':7} {largest:+.2f}  false {wrong}")
    print(f"false alarms: {false} of {asked}")


if __name__ == "__main__":
    main()
