"""The report card on channels whose truth is known by construction: how often each claim's answer is right.

    python -m tests.benchmark.report_card --groups data choosing --each 20

prints, for every claim, how its answers fall by what is true. A claim is *true* or *false* on a kind of channel, or has
*no effect* there: then "does not hold here" and "cannot tell" are both right, and only "holds" is wrong. Where nobody
knows the truth a kind says nothing of the claim. Confidently wrong is "holds" where it does not, and the reverse.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.jobs.machine import use_one_thread
from forecasting.lectures.card import GROUPS, judge_source
from forecasting.lectures.claims import ANSWERS, Answer
from forecasting.series import Series
from forecasting.split import default_split

SHORT, DAYS, LONG = 300, 800, 1500  # of a channel; the longest has three years to learn from
LEVEL = 5000.0  # views
Truth = Literal["true", "false", "no effect"]
RIGHT: dict[Truth, tuple[Answer, ...]] = {
    "true": ("holds",),
    "false": ("does not hold here",),
    "no effect": ("does not hold here", "cannot tell"),
}
WRONG: dict[Truth, Answer] = {"true": "does not hold here", "false": "holds", "no effect": "holds"}


@dataclass(frozen=True)
class Kind:
    """How a kind of channel is made from a generator, and what is true on it, by the names of claims."""

    make: Callable[[np.random.Generator], np.ndarray]
    truths: dict[str, Truth]


def noise(rng: np.random.Generator, days: int = DAYS) -> np.ndarray:
    """Every day for itself."""
    return LEVEL + rng.normal(0, 800, days)


def walk(rng: np.random.Generator) -> np.ndarray:
    """Tomorrow is today and a step."""
    return 4 * LEVEL + np.cumsum(rng.normal(0, 100, DAYS))


def pulled(rng: np.random.Generator, share: float, days: int = DAYS) -> np.ndarray:
    """A `share` of a day's departure is left on the next; of alternating days it is negative."""
    steps, departures = rng.normal(0, 400, days), np.zeros(days)
    for day in range(1, days):
        departures[day] = share * departures[day - 1] + steps[day]
    return LEVEL + departures


def repeated(rng: np.random.Generator, period: int, spread: float = 100.0, days: int = DAYS) -> np.ndarray:
    """The same random days again and again, with some noise."""
    return np.resize(LEVEL + rng.normal(0, 1000, period), days) + rng.normal(0, spread, days)


def season(rng: np.random.Generator) -> np.ndarray:
    """A smooth year."""
    return LEVEL + 2000 * np.sin(2 * np.pi * np.arange(DAYS) / 365 + rng.uniform(0, 6)) + rng.normal(0, 30, DAYS)


def zigzag(rng: np.random.Generator) -> np.ndarray:
    """Up for a month and down for a month: a year has twelve straight pieces."""
    month = np.arange(DAYS) / 30 + rng.uniform(0, 2)
    return LEVEL + 2000 * np.abs(month % 2 - 1) + rng.normal(0, 30, DAYS)


def last_week(rng: np.random.Generator) -> np.ndarray:
    """A day follows the same day of the week before, and no other; three hundred days in all."""
    steps, departures = rng.normal(0, 300, SHORT), np.zeros(SHORT)
    for day in range(SHORT):
        departures[day] = 0.9 * departures[day - 7] + steps[day] if day >= 7 else 3 * steps[day]
    return LEVEL + departures


def tent(rng: np.random.Generator, days: int = DAYS) -> np.ndarray:
    """Tomorrow is high after a middling day and low after a high or a low one: no line foretells it."""
    at = np.empty(days)
    at[0] = rng.uniform(0.2, 0.8)
    for day in range(1, days):
        at[day] = np.clip(1 - abs(2 * at[day - 1] - 1) * 0.98 + rng.normal(0, 0.01), 0.01, 0.99)
    return LEVEL * (0.5 + at)


def stepped(rng: np.random.Generator) -> np.ndarray:
    """Half as many views again on all held-out days."""
    return noise(rng) * np.where(np.arange(DAYS) < DAYS - DAYS // 5, 1.0, 1.5)


def turned(rng: np.random.Generator, after: int = LONG - 730) -> np.ndarray:
    """What follows a high day was a low one, and from some day on is a high one; usually that is two years ago."""
    steps, departures = rng.normal(0, 400, LONG), np.zeros(LONG)
    for day in range(1, LONG):
        departures[day] = (-0.9 if day < after else 0.9) * departures[day - 1] + steps[day]
    return LEVEL + departures


LATE, ONE, SEVEN, LONGER = "The line is a day late", "7 days beat 1", "28 days beat 7", "56 days beat 28"
PIECES, BENDING = "Twice the pieces leave under 0.6 of the error", "Bending pays"
TRAIN_FALLS = "Train loss falls from one layer to three"
TABLE, INSIDE = "A look-up table loses to a line", "The lowest held-out loss lies inside"
SCORE, FLATTER = "The chosen score collapses on private days", "Random folds flatter"
MORE_DAYS = "More training days help"
RAW, COMMONEST = "Raw inputs need more updates", "Tomorrow's class beats the commonest class"
VIRAL, DIFFER = "A viral day moves MSE more than MAE and Huber", "The two periods differ"
REFIT, SHORTER = "Refitting every week helps", "A shorter history helps"
LARGEST = "The largest day was foreseeable"
NEARER, MOMENTUM = "Small batches are nearer", "Momentum needs fewer updates on this channel"
LARGE_WORSE = "After equal epochs the large batch trains worse"

NOTHING: dict[str, Truth] = {
    LATE: "no effect",
    ONE: "no effect",
    SEVEN: "no effect",
    LONGER: "no effect",
    BENDING: "false",
    TRAIN_FALLS: "true",
    TABLE: "true",
    INSIDE: "no effect",
    SCORE: "true",
    NEARER: "true",
    MOMENTUM: "false",
    COMMONEST: "true",  # a high day is followed by a lower one
    DIFFER: "no effect",
    REFIT: "no effect",
    SHORTER: "no effect",
    LARGEST: "false",
    RAW: "true",
}
KINDS = {
    "noise": Kind(noise, NOTHING),
    "walk": Kind(
        walk,
        {LATE: "true", ONE: "no effect", SEVEN: "no effect", LONGER: "no effect", BENDING: "false", TABLE: "true"}
        | {INSIDE: "no effect", SCORE: "true", FLATTER: "true", NEARER: "true", MOMENTUM: "true"}
        | {LARGE_WORSE: "true"}
        | {COMMONEST: "no effect", RAW: "true"},
    ),
    "alternating": Kind(lambda rng: pulled(rng, -0.7), {LATE: "false", SCORE: "true", BENDING: "false"}),
    "week": Kind(
        lambda rng: repeated(rng, 7, 300),
        {
            COMMONEST: "true",
            VIRAL: "true",
            DIFFER: "no effect",
            REFIT: "no effect",
            ONE: "true",
            SCORE: "true",
            TABLE: "true",
            NEARER: "true",
            LARGE_WORSE: "true",
        },
    ),
    "four weeks": Kind(lambda rng: repeated(rng, 28), {SEVEN: "true", SCORE: "true"}),
    "eight weeks": Kind(lambda rng: repeated(rng, 56), {LONGER: "true", INSIDE: "false"}),
    "last week": Kind(last_week, {INSIDE: "true", ONE: "true"}),
    "thirteen weeks": Kind(lambda rng: repeated(rng, 91, 1.0), {TABLE: "false"}),
    "season": Kind(season, {PIECES: "true", LATE: "true", FLATTER: "true"}),
    "zigzag": Kind(zigzag, {PIECES: "false", LATE: "true"}),
    "tent": Kind(tent, {BENDING: "true", SCORE: "true"}),
    "flat": Kind(lambda _rng: np.full(DAYS, LEVEL), {SCORE: "false"}),
    "long tent": Kind(lambda rng: tent(rng, LONG), {MORE_DAYS: "true"}),
    "stepped": Kind(stepped, {DIFFER: "true"}),
    "turns later": Kind(lambda rng: turned(rng, after=LONG - 275), {REFIT: "true"}),
    "turned": Kind(turned, {MORE_DAYS: "false", SHORTER: "true"}),
}


def series_of(kind: Kind, seed: int) -> Series:
    """A channel of a kind."""
    values = np.maximum(kind.make(np.random.default_rng(seed)), 0.0)
    return Series(pd.Series(values, pd.date_range("2020-01-01", periods=len(values)), name="views"))


def answers(groups: list[str], each: int) -> Iterator[tuple[str, str, Truth, Answer]]:
    """Claim, kind of channel, truth and answer, for `each` channels of every kind that says something of a source."""
    for source in (source for group in groups for source in GROUPS[group].sources):
        names = {statement.name for statement in source.statements}
        for title, kind in KINDS.items():
            for seed in range(each if names & kind.truths.keys() else 0):
                series = series_of(kind, seed)
                for claim in judge_source(series, default_split(series.views), source):
                    if claim.name in kind.truths:
                        yield claim.name, title, kind.truths[claim.name], claim.answer


def main() -> None:
    """Print the matrix of every claim, then the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--each", type=int, default=20, help="channels of each kind")
    options = parser.parse_args()
    use_one_thread()
    begun = time.process_time()
    found = Counter(answers(options.groups, options.each))
    print(f"{'':48}{'holds':>7}{'not':>7}{'?':>7}{'right %':>9}{'wrong %':>9}")
    for name in dict.fromkeys(name for name, *_rest in found):
        print(name)
        for kind, truth in dict.fromkeys((kind, truth) for other, kind, truth, _answer in found if other == name):
            counts = {answer: found[name, kind, truth, answer] for answer in ANSWERS}
            print_line(f"    {truth} ({kind})", counts, right=RIGHT[truth], wrong=WRONG[truth])
    total = sum(found.values())
    right = sum(count for (_n, _k, truth, answer), count in found.items() if answer in RIGHT[truth])
    wrong = sum(count for (_n, _k, truth, answer), count in found.items() if answer == WRONG[truth])
    print(f"\n{total} answers: right {100 * right / total:.1f} %, confidently wrong {100 * wrong / total:.1f} %")
    print(f"{time.process_time() - begun:.0f} s of the processor")


def print_line(title: str, counts: dict[Answer, int], *, right: tuple[Answer, ...], wrong: Answer) -> None:
    """How many answers of each kind, and the shares that are right and confidently wrong."""
    total = sum(counts.values())
    shares = [100 * sum(counts[answer] for answer in those) / total for those in (right, (wrong,))]
    print(f"{title:48}" + "".join(f"{count:7}" for count in counts.values()) + "".join(f"{x:9.0f}" for x in shares))


if __name__ == "__main__":
    main()
