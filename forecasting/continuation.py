"""Whether a file just read goes on with a channel that is kept, and the two as one."""

from dataclasses import dataclass, replace
from math import comb
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.events import merged
from forecasting.formats import format_percent
from forecasting.messages import N_, Message
from forecasting.series import Channel, Correction
from forecasting.typical_range import WEEK

Certainty = Literal["certain", "possible"]

FEWEST_COMMON = 7  # days that both know, below which nothing is certain
MOST_REVISED = 0.2  # share of these: an export's last days are often unfinished, all others stay as they were
MOST_DOUBTFUL = 0.5  # share that differ, up to which it is worth asking
MOST_COMPARED = 365  # days, the last ones, each with each
NEARLY = 0.1  # of the views: so near is nearly equal
BY_CHANCE = 1e-6  # how likely as many equal days may be where the files have nothing in common
LEVELS_APART = 10.0  # times: two parts of one channel that share no day are nearer than that
NEAR_DAYS = 28  # whose level counts there
LONGEST_GAP = 400  # days between two parts that may still be asked about
REVISED = N_(
    "{revised} of {common} days that both files have were revised, by {share} in the middle; the newer numbers are"
    " taken."
)


@dataclass(frozen=True)
class Continuation:
    """A channel that is kept and a file that goes on with it, as one channel."""

    channel: Channel
    certainty: Certainty
    new_days: int  # that only the file knows
    common: int  # days that both know
    revised: int  # of these, the ones that differ
    share: float  # by how much of the earlier views, in the middle of the revised days

    @property
    def note(self) -> list[Message]:
        """What became of days that differ; nothing where none does."""
        facts = {"revised": self.revised, "common": self.common, "share": format_percent(self.share)}
        return [Message(REVISED, facts)] if self.revised else []


def continuation(kept: Channel, read: Channel) -> Continuation | None:
    """How the channel just `read` goes on with the `kept` one; None where it is another channel.

    Names alone prove nothing: exports of all channels are called alike, and those of one channel carry their dates.
    """
    if kept.metric != read.metric or (read.name != kept.name and kept.name in read.channel_names):
        return None
    certainty = _certainty(kept, read)
    return joined(kept, read, certainty) if certainty else None


def joined(kept: Channel, read: Channel, certainty: Certainty = "certain") -> Continuation:
    """The two as one channel: where both have measured a day, the one whose days reach further is taken.

    A measured day goes before one that is not; days between the two are unknown. The `kept` channel's name stays.
    """
    kept, read = _with_first_zeros(kept, read), _with_first_zeros(read, kept)
    before, after = _measured(kept), _measured(read)
    views, from_file = _merged(kept, read)
    channel = replace(
        read,
        name=kept.name if kept.name in read.channel_names or len(read.channel_names) < 2 else read.name,
        views=views,
        corrections=_all_corrections(kept, read, from_file),
        events=merged(read.events, kept.events),
    )
    both = _common(before, after)
    changed = both[~_equal(both)]
    return Continuation(
        channel,
        certainty,
        new_days=len(after.dropna().index.difference(before.dropna().index)),
        common=len(both),
        revised=len(changed),
        share=float(_apart(changed).median()) if len(changed) else 0.0,
    )


def revised_days(earlier: Channel, newer: Channel) -> pd.DatetimeIndex:
    """The days measured in both versions of a channel whose views differ."""
    both = _common(_measured(earlier), _measured(newer))
    return both.index[~_equal(both)]


# Whether


def _certainty(kept: Channel, read: Channel) -> Certainty | None:
    both = _common(_measured(kept), _measured(read))
    both = both[(both != 0).any(axis=1)]  # that both have a day without views says nothing
    if not len(both):
        return "possible" if _alike(kept.name, read.name) and _follows(kept, read) else None
    equal, nearly = _equal(both), (_apart(both) <= NEARLY).to_numpy()
    if len(both) < FEWEST_COMMON:
        return "possible" if equal.all() and _alike(kept.name, read.name) else None
    if equal.mean() >= 1 - MOST_REVISED and _chance(both, rtol=0.0) < BY_CHANCE:
        return "certain"
    telling = equal.mean() >= MOST_DOUBTFUL or nearly.mean() >= 1 - MOST_REVISED
    return "possible" if telling and _chance(both, rtol=NEARLY, step=WEEK) < BY_CHANCE else None


def _chance(both: pd.DataFrame, rtol: float, step: int = 1) -> float:
    """How likely channels that have nothing in common would have as many equal days, at the most.

    Counted is how often a day of one equals another day of the other, a multiple of `step` away: with few views, often,
    and of the same weekday more often than of any.
    """
    first, second = both[-MOST_COMPARED:].to_numpy().T
    matches = np.isclose(first[:, None], second[None, :], rtol=rtol, atol=0.5)
    place = both.index[-MOST_COMPARED:].to_numpy().astype("datetime64[D]").astype(int)
    away = place[:, None] - place
    others = (away != 0) & (away % step == 0)
    days, own = len(first), int(np.diagonal(matches).sum())
    share = (int(matches[others].sum()) + 1) / (int(others.sum()) + 1)
    return min(comb(days, own) * share**own, 1.0)


def _follows(kept: Channel, read: Channel) -> bool:
    """Whether the days of the one begin not long after those of the other end, on about the same level."""
    early, late = sorted((_measured(kept).dropna(), _measured(read).dropna()), key=lambda views: views.index[0])
    gap = (late.index[0] - early.index[-1]).days
    levels = early[-NEAR_DAYS:].mean(), late[:NEAR_DAYS].mean()
    return 0 < gap <= LONGEST_GAP and max(levels) <= LEVELS_APART * min(levels)


def _alike(first: str, second: str) -> bool:
    """Whether two names differ in no more than dates, numbers and signs."""
    letters = ("".join(filter(str.isalpha, name.casefold())) for name in (first, second))
    return len({*letters}) == 1


def _measured(channel: Channel) -> pd.Series:
    """The views with NaN where the reader filled them in; a day that nothing is learnt from was measured as well."""
    return channel.views.mask(channel.views.index.isin(channel.series.filled))


def _common(kept: pd.Series, read: pd.Series) -> pd.DataFrame:
    """The days that both know: columns kept and read."""
    return pd.DataFrame({"kept": kept, "read": read}).dropna()


def _equal(both: pd.DataFrame) -> np.ndarray:
    """Which days are the same, up to rounding."""
    return np.isclose(both["kept"], both["read"], rtol=1e-3, atol=0.5)


def _apart(both: pd.DataFrame) -> pd.Series:
    """By what share of the kept views the two differ."""
    return (both["read"] - both["kept"]).abs() / both["kept"].abs().clip(lower=1)


# The two as one


def _with_first_zeros(channel: Channel, other: Channel) -> Channel:
    """With the days without views that the reader left out at its beginning, where the `other` had begun before."""
    left_out = [day for one in channel.corrections if one.option == "keep_zeros" for day in one.days]
    zeros = [day for day in left_out if day >= other.series.first.date()]
    if not zeros:
        return channel
    days = pd.date_range(min(zeros), channel.series.last, name=channel.views.index.name)
    views = channel.views.reindex(days).mask(days.isin(pd.DatetimeIndex(zeros)), 0.0)
    others = tuple(one for one in channel.corrections if one.option != "keep_zeros")
    return replace(channel, views=views, corrections=others)


def _merged(kept: Channel, read: Channel) -> tuple[pd.Series, pd.Series]:
    """The views, and which of them are the file's (boolean, the same days)."""
    days = pd.date_range(min(kept.series.first, read.series.first), max(kept.series.last, read.series.last), freq="D")
    before, after = (_measured(one).reindex(days) for one in (kept, read))
    of_file = pd.Series(days.isin(read.views.index), days)
    if read.series.last < kept.series.last:
        of_file &= ~days.isin(kept.views.index)
    of_file = (of_file & ~(before.notna() & after.isna())) | (after.notna() & before.isna())
    views = read.views.reindex(days).where(of_file, kept.views.reindex(days))
    return views.rename("views").rename_axis(kept.views.index.name), of_file


def _all_corrections(kept: Channel, read: Channel, of_file: pd.Series) -> tuple[Correction, ...]:
    """What was put right on the days that come from each; the same said of both is said once."""
    found: dict[tuple, Correction] = {}
    for channel, other, taken in ((kept, read, ~of_file), (read, kept, of_file)):
        gone = other.views.index[~taken.reindex(other.views.index).to_numpy()]
        for one in channel.corrections:
            days = tuple(day for day in one.days if pd.Timestamp(day) not in gone)
            key = (one.text, repr(one.facts), one.option)
            if days or not one.days:
                together = {*days, *(found[key].days if key in found else ())}
                found[key] = replace(one, days=tuple(sorted(together)))
    return tuple(found.values())
