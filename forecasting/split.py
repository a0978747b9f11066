"""Which target days a model learns from, and which it is only judged on."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from forecasting.messages import N_, BadInput, Message

YEAR = 365  # days
LAST_FIFTH = 5
SHORTEST_HELD_OUT = 28  # days; less is too few to tell models apart
ENOUGH_HELD_OUT = 90  # days, or a tenth of all: 2022 is held out by default where it has so many
LATEST = (
    90  # days after 2022: where more follow, a model would be judged by days of long ago, and learn from older ones
)
NOT_COVERED = N_("The last {days} days are held out: 2022 is not covered, or not with enough days before it.")
FEW_DAYS_OF_2022 = N_(
    "The last {days} days are held out: of 2022 there is only {count} day.",
    "The last {days} days are held out: of 2022 there are only {count} days.",
)
LATER_DAYS = N_(
    "The last {days} days are held out: after 2022 comes {count} day more, which 2021 / 2022 would not use.",
    "The last {days} days are held out: after 2022 come {count} days more, which 2021 / 2022 would not use.",
)


@dataclass(frozen=True)
class Period:
    """Calendar days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BadInput(
                N_("The period ends on {last}, before it begins on {first}."), first=self.first, last=self.last
            )

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `2017-01-01:2021-12-31`."""
        try:
            first, last = (date.fromisoformat(part.strip()) for part in text.split(":"))
        except ValueError:
            raise BadInput(N_("“{text}” is not a period; write it as 2017-01-01:2021-12-31."), text=text) from None
        return cls(first, last)

    def __str__(self) -> str:
        return f"{self.first}:{self.last}"

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def clip(self, views: pd.Series) -> "Period | None":
        """The part of the period that the series covers; None where it covers nothing."""
        first, last = max(self.first, views.index[0].date()), min(self.last, views.index[-1].date())
        return Period(first, last) if first <= last else None


@dataclass(frozen=True)
class Split:
    """A training period and the held-out period after it. A window belongs to the period of its target day."""

    train: Period
    held_out: Period

    def __post_init__(self) -> None:
        if self.held_out.first <= self.train.last:
            raise BadInput(
                N_("The held-out period begins on {held_out}, but training ends on {train} only; let it begin later."),
                held_out=self.held_out.first,
                train=self.train.last,
            )


YEAR_2022 = Split(Period(date(1900, 1, 1), date(2021, 12, 31)), Period(date(2022, 1, 1), date(2022, 12, 31)))
LECTURE = Split(Period(date(2017, 1, 1), date(2020, 12, 31)), Period(date(2021, 1, 1), date(2021, 12, 31)))


def fits(split: Split, views: pd.Series) -> bool:
    """Whether the series reaches far enough into both periods to train and to judge."""
    train, held_out = split.train.clip(views), split.held_out.clip(views)
    return bool(
        train and held_out and min(train.days, held_out.days) >= SHORTEST_HELD_OUT and train.days >= 2 * held_out.days
    )


def last_part(views: pd.Series) -> Split:
    """The last year held out where at least two more come before it, else the last fifth."""
    first, last = views.index[0].date(), views.index[-1].date()
    held_out = last_part_days(len(views))
    if len(views) < 2:
        raise BadInput(N_("The channel has a single day of views; a forecast needs many more."))
    cut = last - timedelta(days=held_out)
    return Split(Period(first, cut), Period(cut + timedelta(days=1), last))


def last_part_days(days: int) -> int:
    """How many of so many days are held out where that is the last part of them."""
    return YEAR if days >= 3 * YEAR else max(days // LAST_FIFTH, 1)


def default_split(views: pd.Series) -> Split:
    """2021 / 2022 where it judges by days of today, and enough of them; else the last part of the days."""
    return last_part(views) if why_last_part(views) else clipped(YEAR_2022, views)


def why_last_part(views: pd.Series) -> Message | None:
    """Why the last part is held out and not 2022; None where 2022 is."""
    held_out = YEAR_2022.held_out.clip(views)
    facts = {"days": last_part(views).held_out.days}
    if held_out and held_out.days < min(ENOUGH_HELD_OUT, len(views) / 10):
        return Message(FEW_DAYS_OF_2022, facts | {"count": held_out.days})
    if not fits(YEAR_2022, views):
        return Message(NOT_COVERED, facts)
    later = (views.index[-1].date() - held_out.last).days if held_out else 0
    return Message(LATER_DAYS, facts | {"count": later}) if later > LATEST else None


def clipped(split: Split, views: pd.Series) -> Split:
    """The split with both periods cut to the days that the series has."""
    train, held_out = split.train.clip(views), split.held_out.clip(views)
    if train is None or held_out is None:
        missing = split.train if train is None else split.held_out
        raise BadInput(
            N_("The channel has no views from {first} to {last}; it covers {begin} to {end}. Choose another split."),
            first=missing.first,
            last=missing.last,
            begin=views.index[0].date(),
            end=views.index[-1].date(),
        )
    return Split(train, held_out)
