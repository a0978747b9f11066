"""The report card: what the lectures claim, each claim judged on one channel.

What a source yields beside its statements is left out; a statement that it does not come to cannot be told. The table
of statements is `card_groups.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name

import numpy as np

from forecasting.formats import format_three_digits
from forecasting.lectures.card_groups import GROUPS, Source, Statement
from forecasting.lectures.claims import ANSWERS, TIMES, TOO_FEW_DAYS, Answer, Claim, cannot_tell, found_with_interval
from forecasting.messages import N_, BadInput, Message, Translate, english
from forecasting.series import Series
from forecasting.split import Split
from forecasting.windows import FEWEST_CHANNEL_DAYS

MISS = 0.1  # of the 90 % intervals, by chance
NO_ANSWER = N_("this channel gives no answer")


@dataclass(frozen=True)
class GroupClaims:
    """The claims of a group that are known so far, in the order of its statements at the end."""

    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Counts:
    """How a card came out."""

    holds: int
    does_not_hold: int
    cannot_tell: int
    intervals: int  # of 90 %

    @classmethod
    def of(cls, claims: Sequence[Claim]) -> "Counts":
        """Of some claims."""

        def count(answer: Answer) -> int:
            return sum(claim.answer == answer for claim in claims)

        intervals = sum(bool(np.isfinite(claim.low)) for claim in claims)
        return cls(count("holds"), count("does not hold here"), count("cannot tell"), intervals)

    @property
    def sentences(self) -> tuple[Message, Message]:
        """How many claims hold, and how many intervals miss by chance."""
        return (
            Message(
                N_("Hold: {holds}. Do not hold here: {does_not_hold}. Cannot be told: {cannot_tell}."),
                {"holds": self.holds, "does_not_hold": self.does_not_hold, "cannot_tell": self.cannot_tell},
            ),
            Message(
                N_("One in ten of the 90 % intervals misses by chance: of {intervals} about {missed}."),
                {"intervals": self.intervals, "missed": f"{MISS * self.intervals:.1g}"},
            ),
        )


def judge_group(series: Series, split: Split, slug: str) -> Iterator[Claim]:
    """Every claim of a group, as soon as it is known. The same again for the same series and split."""
    for source in GROUPS[slug].sources:
        yield from judge_source(series, split, source)


def judge_source(series: Series, split: Split, source: Source) -> Iterator[Claim]:
    """The claims of a source; where the channel is no channel for it, all that are left cannot be told."""
    left = {statement.name for statement in source.statements}
    lacking = Message(NO_ANSWER)
    try:
        if len(series) < FEWEST_CHANNEL_DAYS:
            raise BadInput(TOO_FEW_DAYS, days=len(series), needed=FEWEST_CHANNEL_DAYS)
        for claim in resolve_name(source.function)(series, split):
            if claim.name in left:
                left.remove(claim.name)
                yield claim
    except BadInput as unusable:
        lacking = unusable.message
    for statement in source.statements:
        if statement.name in left:
            yield cannot_tell(statement.name, lacking)


@dataclass(frozen=True)
class Row:
    """A claim as the card shows it, in the words of one language."""

    group: str
    claim: str
    lecture: str  # the lecture's figure, or a dash
    here: str  # the channel's, with its interval
    answer: str
    effect: float  # NaN where there is none
    low: float
    high: float
    unit: str
    found: str  # in sentences
    chapter: str  # a slug

    def plain(self) -> dict[str, str | float | None]:
        """As JSON and CSV have it: None for what there is none of."""
        return {name: None if isinstance(x, float) and not np.isfinite(x) else x for name, x in vars(self).items()}


def statement_of(group: str, claim: Claim) -> Statement:
    """What a claim of a group answers."""
    return next(statement for statement in GROUPS[group].statements if statement.name == claim.name)


def row_of(group: str, claim: Claim, translate: Translate = english) -> Row:
    """A claim of a group as a row."""
    statement = statement_of(group, claim)
    return Row(
        group=translate(GROUPS[group].label),
        claim=translate(statement.says),
        lecture=translate(statement.lecture) if statement.lecture else "–",
        here=figure(claim, translate),
        answer=translate(ANSWERS[claim.answer]),
        effect=claim.statistic,
        low=claim.low,
        high=claim.high,
        unit=translate(claim.unit) if claim.unit else "",
        found=found_with_interval(claim, translate),
        chapter=statement.chapter,
    )


def place_of(statement: Statement, claim: Claim) -> tuple[float, float, float]:
    """Effect and both ends of its interval, from -1 to 1, above 0 where they speak for the claim.

    They are shares of the farthest end; NaN for an exact fact.
    """
    ends = np.array([claim.statistic, claim.low, claim.high])
    if claim.unit.startswith(TIMES):  # a ratio, whose 1 is no effect
        ends = np.log(ends)
    ends = (statement.border - ends) if statement.below else (ends - statement.border)
    effect, low, high = ends / np.abs(ends).max() if np.abs(ends).max() else ends
    return float(effect), float(low), float(high)


def figure(claim: Claim, translate: Translate = english) -> str:
    """The effect in short, with its interval where there is one, or what is lacking."""
    if claim.lacking:
        return claim.lacking.translated(translate)
    if not np.isfinite(claim.low):  # an exact fact
        return claim.sentence.translated(translate)
    unit = f" {translate(claim.unit)}" if claim.unit else ""
    numbers = claim.statistic, claim.low, claim.high
    effect, low, high = (format_three_digits(number, translate) for number in numbers)
    return translate(N_("{effect} ({low} to {high})")).format(effect=effect, low=low, high=high) + unit


def seconds_left(shares: Mapping[str, float], worked: float, workers: int) -> float | None:
    """How long the whole card will take, from the share of each group that is done in `worked` seconds of all workers.

    Judged by what each group takes on the sample; None before there is anything.
    """
    done = sum(GROUPS[slug].seconds * share for slug, share in shares.items())
    left = [group.seconds * (1 - shares.get(slug, 0.0)) for slug, group in GROUPS.items()]
    return max(sum(left) / workers, max(left)) * worked / done if done else None
