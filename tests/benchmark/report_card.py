"""The report card on channels whose truth is known by construction: how often each claim's answer is right.

    python -m tests.benchmark.report_card --groups data choosing --each 20

prints, for every claim, how its answers fall by what is true. A claim is *true* or *false* on a kind of channel, or has
*no effect* there: then "does not hold here" and "cannot tell" are both right, and only "holds" is wrong. Where nobody
knows the truth a kind says nothing of the claim. Confidently wrong is "holds" where it does not, and the reverse.

Two facts without chance, where descents end, are true of one channel and false of the next of its kind: `ORACLES` works
them out for each, by other means than the claims do.

Of these claims no truth is known by construction:

- "Five layers train worse than four, an optimization issue": what Adam finds in 60 epochs is a property of the training
  and not of the channel. So too "Held-out loss rises from three layers to four" and "With as many parameters, deep
  beats wide on held-out days", but where nothing can be foretold and both nets must do alike.
- "Training ends at no minimum" and "The gradient is not small where the loss is flat": where training ends is no
  property of the channel. So too "The minimum ratio is at most 0.6", but where so few different windows exist that most
  unknowns cannot bend the loss at all.
- "At equal training loss the small batch lies flatter", for the same reason.
- "Batch normalization widens the usable rates", "Adaptive beats the best single rate" and "Adaptive leaves more rates
  usable": they compare ways to descend, and every channel that can be learnt at all can be learnt by both.

Others are true on every channel there is, or have no kind here on which they are false: "Raw inputs need more updates"
and "A viral day moves MSE more than MAE and Huber" by arithmetic, "Train loss falls from one layer to three" where
there is noise to fit, "Small batches are nearer", "Both arrive" at so small a rate, "After equal epochs the large batch
trains worse", "Batch normalization fails at batch 2" (on noise it can be told from no effect only by what was learnt by
heart).
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from forecasting.jobs.machine import use_one_thread
from forecasting.lectures import batches, three_steps
from forecasting.lectures.card import judge_source
from forecasting.lectures.card_groups import GROUPS, Source
from forecasting.lectures.channel_claims import BATCH, EPOCHS, RATE, UPDATES
from forecasting.lectures.claims import ANSWERS, Answer
from forecasting.series import Series
from forecasting.split import Split, default_split

SHORT, DAYS, LONG = 230, 800, 1500  # of a channel; the longest has three years to learn from
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
    """A day follows the same day of the week before, and no other; so few days that the longest line overfits."""
    steps, departures = rng.normal(0, 300, SHORT), np.zeros(SHORT)
    for day in range(SHORT):
        departures[day] = 0.9 * departures[day - 7] + steps[day] if day >= 7 else 3 * steps[day]
    return LEVEL + departures


def old_habit(rng: np.random.Generator, after: int = 515) -> np.ndarray:
    """A day follows the week before, and what it follows of seven weeks before turned round `after` so many days.

    Validation sees it turned: it chooses a line too short to have learnt it, and the longest has learnt it.
    """
    steps, departures = rng.normal(0, 300, DAYS), np.zeros(DAYS)
    for day in range(49, DAYS):
        old = (0.45 if day < after else -0.45) * departures[day - 49]
        departures[day] = 0.5 * departures[day - 7] + old + steps[day]
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


def coin(rng: np.random.Generator, days: int = DAYS) -> np.ndarray:
    """One of two views by a fair coin: any forecast between them has the same expected absolute error.

    Forecasts beyond them have a larger one. Nets of 1 and 3 layers go little beyond (1.018 to 1.03 and 1.012 to 1.021
    times, on five channels), a line of 56 days by least absolute deviations more (1.04 to 1.07): against it a net wins.
    """
    return LEVEL + 1000 * rng.choice([-1.0, 1.0], days)


def two_days(rng: np.random.Generator) -> np.ndarray:
    """Two days in turn. Only two windows exist.

    Of a sigmoid's weights and bias they see two combinations, and its output's weight: of the 109 unknowns of 12
    sigmoids from 7 days no more than 12 * 3 + 1 directions can change what is predicted, and the rest bend nothing.
    """
    return np.resize(LEVEL + rng.normal(0, 1000, 2), DAYS)


def waves(rng: np.random.Generator) -> np.ndarray:
    """Three sines without noise: each day is a linear function of the six before it and a constant, exactly."""
    periods, phases = rng.uniform(6, 50, (3, 1)), rng.uniform(0, 2 * np.pi, (3, 1))
    return LEVEL + 1000 * np.sin(2 * np.pi * np.arange(DAYS) / periods + phases).sum(axis=0)


def viral(rng: np.random.Generator) -> np.ndarray:
    """Every day for itself, one in twenty with ten times the views."""
    return noise(rng) * np.where(rng.random(DAYS) < 0.05, 10.0, 1.0)


def exponential(rng: np.random.Generator) -> np.ndarray:
    """Every day for itself, and as wide as it is high: descent's surface is no narrow valley."""
    return rng.exponential(1800, DAYS)


def heavy(rng: np.random.Generator) -> np.ndarray:
    """Every day for itself, some far above all others: one batch can throw the line far off."""
    return 1300 * np.exp(rng.normal(0, 1.5, DAYS))


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

UPDATES_WORSE = "After equal updates the large batch trains worse"
DESCENT, BOTH = "Descent arrives", "Both arrive"
DEEP, FOUR_WORSE = (
    "With as many parameters, deep beats wide on held-out days",
    "Held-out loss rises from three layers to four",
)
DECAY, LAST_WEEK = "Weight decay helps", "It beats the class of last week"
RATIO, NORM_FAILS = "The minimum ratio is at most 0.6", "Batch normalization fails at batch 2"

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
    DECAY: "true",  # a net of 5800 unknowns that learns from a year has nothing but noise in them
    FLATTER: "no effect",  # no day tells of another
    LAST_WEEK: "true",  # which tells nothing
    UPDATES_WORSE: "no effect",  # an update on all windows has the gradient of the train loss itself
}
UNFORESEEABLE: dict[str, Truth] = dict.fromkeys(
    (ONE, SEVEN, LONGER, DEEP, FOUR_WORSE, INSIDE, FLATTER, REFIT), "no effect"
)
KINDS = {
    "noise": Kind(noise, NOTHING),
    "walk": Kind(
        walk,
        {LATE: "true", ONE: "no effect", SEVEN: "no effect", LONGER: "no effect", BENDING: "false", TABLE: "true"}
        | {INSIDE: "no effect", SCORE: "true", FLATTER: "true", NEARER: "true", MOMENTUM: "true"}
        | {LARGE_WORSE: "true"}
        | {COMMONEST: "no effect", LAST_WEEK: "no effect", RAW: "true"},
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
    "noisy week": Kind(lambda rng: repeated(rng, 7, 700), {COMMONEST: "true", LAST_WEEK: "true"}),
    "four weeks": Kind(lambda rng: repeated(rng, 28), {SEVEN: "true", SCORE: "true"}),
    "eight weeks": Kind(lambda rng: repeated(rng, 56), {LONGER: "true", INSIDE: "false"}),
    "last week": Kind(last_week, {INSIDE: "true", ONE: "true"}),
    "old habit": Kind(old_habit, {INSIDE: "true"}),
    "thirteen weeks": Kind(lambda rng: repeated(rng, 91, 1.0), {TABLE: "false"}),
    "season": Kind(season, {PIECES: "true", LATE: "true", FLATTER: "true"}),
    "zigzag": Kind(zigzag, {PIECES: "false", LATE: "true"}),
    "tent": Kind(tent, {BENDING: "true", SCORE: "true"}),
    "coin": Kind(coin, UNFORESEEABLE),
    "long coin": Kind(lambda rng: coin(rng, LONG), {MORE_DAYS: "no effect"}),
    "two days": Kind(two_days, {RATIO: "true"}),
    "waves": Kind(waves, {BENDING: "false", DECAY: "no effect", NORM_FAILS: "true"}),
    "viral": Kind(viral, {VIRAL: "true"}),
    "exponential": Kind(exponential, {}),
    "heavy": Kind(heavy, {}),
    "exact week": Kind(lambda rng: repeated(rng, 7, 0.0), {LAST_WEEK: "no effect", LARGEST: "true"}),
    "flat": Kind(lambda _rng: np.full(DAYS, LEVEL), {SCORE: "false"}),
    "long tent": Kind(lambda rng: tent(rng, LONG), {MORE_DAYS: "true"}),
    "stepped": Kind(stepped, {DIFFER: "true"}),
    "turns later": Kind(lambda rng: turned(rng, after=LONG - 275), {REFIT: "true"}),
    "turned": Kind(turned, {MORE_DAYS: "false", SHORTER: "true"}),
}


def least_absolute(x: np.ndarray, y: np.ndarray) -> float:
    """The lowest mean absolute error of a line, as a linear programme."""
    above = np.eye(len(x))
    design = np.column_stack([x, np.ones(len(x)), above, -above])
    costs = np.r_[0.0, 0.0, np.ones(2 * len(x))]
    bounds = [(None, None)] * 2 + [(0, None)] * (2 * len(x))
    return float(linprog(costs, A_eq=design, b_eq=y, bounds=bounds).fun) / len(x)


def descent_arrives(series: Series, split: Split) -> Truth:
    """Descent on a line's absolute errors in plain steps, held against the lowest loss."""
    problem = three_steps.line_problem(series, split, "mae")
    x, y = problem.x, problem.y
    slope, intercept = three_steps.START
    for _update in range(UPDATES):
        sides = np.sign(slope * x + intercept - y)
        slope, intercept = slope - RATE * (sides * x).mean(), intercept - RATE * sides.mean()
    reached = float(np.abs(slope * x + intercept - y).mean())
    return "true" if reached <= (1 + three_steps.NEAR) * least_absolute(x, y) else "false"


def both_arrive(series: Series, split: Split) -> Truth | None:
    """Batches in plain steps, 100 times; unknown where chance decides, or where all examples do not arrive either."""
    examples = batches.days(series, split.train)
    x, y = examples.design, examples.targets
    lowest = float(np.linalg.lstsq(x, y, rcond=None)[1][0]) / len(y)

    def times(orders: Iterator[np.ndarray]) -> float:
        at = np.array(batches.STARTS["days"])
        for batch in orders:
            at = at - RATE * 2 * (x[batch] @ at - y[batch]) @ x[batch] / len(batch)
        return float(((x @ at - y) ** 2).mean()) / lowest

    rng, everything, updates = np.random.default_rng(1), np.arange(len(y)), EPOCHS * len(y) // BATCH
    drawn = [
        times(batch for _epoch in range(EPOCHS) for batch in rng.permutation(everything).reshape(-1, BATCH))
        for _seed in range(100)
    ]
    mean, chance = np.mean(drawn) - 1, np.std(drawn) / np.sqrt(batches.SEEDS)
    if times(everything for _update in range(updates)) - 1 > batches.NEAR or abs(mean - batches.NEAR) < 2 * chance:
        return None
    return "true" if mean < batches.NEAR else "false"


ORACLES: dict[str, Callable[[Series, Split], Truth | None]] = {DESCENT: descent_arrives, BOTH: both_arrive}
ORACLES_KINDS = ("noise", "walk", "week", "season", "tent", "viral", "exponential", "heavy")


def truth_of(name: str, title: str, series: Series, split: Split) -> Truth | None:
    """What is true of a claim on a channel of a kind; None where nobody knows."""
    return ORACLES[name](series, split) if name in ORACLES else KINDS[title].truths[name]


def series_of(kind: Kind, seed: int) -> Series:
    """A channel of a kind."""
    values = np.maximum(kind.make(np.random.default_rng(seed)), 0.0)
    return Series(pd.Series(values, pd.date_range("2020-01-01", periods=len(values)), name="views"))


def answers(groups: list[str], each: int, about: str = "") -> Iterator[tuple[str, str, Truth, Answer]]:
    """Claim, kind of channel, truth and answer, for `each` channels of every kind; of claims `about` something."""
    for source in (source for group in groups for source in GROUPS[group].sources):
        for title in KINDS:
            asked = {statement.name for statement in source.statements if about in statement.name}
            known = known_of(title) & asked
            for seed in range(each if known else 0):
                yield from answers_of(title, seed, source, known)


def known_of(title: str) -> set[str]:
    """The claims whose truth is known on a kind of channel."""
    return {*KINDS[title].truths} | ({*ORACLES} if title in ORACLES_KINDS else set())


def answers_of(title: str, seed: int, source: Source, known: set[str]) -> Iterator[tuple[str, str, Truth, Answer]]:
    """Of one channel. What comes after the last claim that is known there is not trained for."""
    series = series_of(KINDS[title], seed)
    split = default_split(series.views)
    left = set(known)
    for claim in judge_source(series, split, source):
        truth = truth_of(claim.name, title, series, split) if claim.name in left else None
        if truth:
            yield claim.name, title, truth, claim.answer
        left.discard(claim.name)
        if not left:
            return


def main() -> None:
    """Print the matrix of every claim, then the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--each", type=int, default=20, help="channels of each kind")
    parser.add_argument("--about", default="", help="only claims whose name has this text")
    options = parser.parse_args()
    use_one_thread()
    begun = time.process_time()
    found = Counter(answers(options.groups, options.each, options.about))
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
