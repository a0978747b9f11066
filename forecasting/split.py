"""Which target days a model learns from, and which it is only judged on."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from forecasting.messages import N_, BadInput

LAST_FIFTH = 5
SHORTEST_HELD_OUT = 28  # days; less is too few to tell models apart


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
        train
        and held_out
        and min(_days(train), _days(held_out)) >= SHORTEST_HELD_OUT
        and _days(train) >= 2 * _days(held_out)
    )


def last_part(views: pd.Series) -> Split:
    """The last year held out where at least two more come before it, else the last fifth."""
    first, last = views.index[0].date(), views.index[-1].date()
    days = len(views)
    held_out = 365 if days >= 3 * 365 else max(days // LAST_FIFTH, 1)
    if days < 2:
        raise BadInput(N_("The channel has a single day of views; a forecast needs many more."))
    cut = last - timedelta(days=held_out)
    return Split(Period(first, cut), Period(cut + timedelta(days=1), last))


def default_split(views: pd.Series) -> Split:
    """2021 / 2022 where the data reach, else the last part of them."""
    return clipped(YEAR_2022, views) if fits(YEAR_2022, views) else last_part(views)


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


def _days(period: Period) -> int:
    return (period.last - period.first).days + 1
