"""What a lecture claims, and whether it holds on a channel: the one rule, for every chapter.

An effect is positive where it speaks for the claim. It *holds* when its 90 % interval lies above 0 and the effect
exceeds the margin; it *does not hold here* when the interval lies below 0, or wholly within the margin on both sides;
all else *cannot be told*, as does anything under 28 days or five seeds. Facts without chance have a tolerance instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecasting.evaluation.comparison import Comparison, Seeds, compare, compare_seeds
from forecasting.formats import format_three_digits
from forecasting.messages import N_, Message, Translate, english, join_sentences
from forecasting.metrics import in_views
from forecasting.settings import Loss

Answer = Literal["holds", "does not hold here", "cannot tell"]
ANSWERS: dict[Answer, str] = {
    "holds": N_("Holds"),
    "does not hold here": N_("Does not hold here"),
    "cannot tell": N_("Cannot tell"),
}
MARGIN = 0.02  # of the loss that it is compared with; a smaller effect is of no use
FEWEST_SEEDS = 5
TOO_FEW_DAYS = N_("{days} days, {needed} needed")
TOO_FEW_SEEDS = N_("{seeds} seeds, {needed} needed")
NOT_MEASURED = N_("Not measured.")
ALIKE_DAYS = N_("the days are too much alike")
TIMES = N_("times")  # the unit of a ratio


@dataclass(frozen=True)
class Judgement:
    """An answer with the effect that it rests on. `low` and `high` are NaN where there is no interval."""

    answer: Answer
    effect: float
    low: float = np.nan
    high: float = np.nan
    lacking: Message | None = None  # why there is no interval


@dataclass(frozen=True)
class Claim:
    """A claim of a lecture as one channel answers it."""

    name: str  # marked for translation: the claim in a few words
    answer: Answer
    statistic: float
    low: float  # the 90 % interval of the statistic; NaN for an exact fact, or where something is lacking
    high: float
    unit: str
    sentence: Message  # what was found, with its figures
    lacking: Message | None = None


def claim(name: str, found: Judgement, *, unit: str, sentence: Message) -> Claim:
    """A claim answered by a judgement."""
    return Claim(name, found.answer, found.effect, found.low, found.high, unit, sentence, found.lacking)


def cannot_tell(name: str, lacking: Message) -> Claim:
    """A claim that a channel cannot answer at all."""
    return Claim(name, "cannot tell", np.nan, np.nan, np.nan, "", Message(NOT_MEASURED), lacking)


def found_with_interval(claim: Claim, translate: Translate = english) -> str:
    """What was found, then its interval or what is lacking, as sentences."""
    found, unit = [claim.sentence.translated(translate)], translate(claim.unit) if claim.unit else ""
    if claim.lacking:
        found.append(translate(N_("Lacking: {what}.")).format(what=claim.lacking.translated(translate)))
    elif np.isfinite(claim.low):
        ends = {"low": format_three_digits(claim.low, translate), "high": format_three_digits(claim.high, translate)}
        interval = translate(N_("90 % interval: {low} to {high} {unit}.")).format(**ends, unit=unit)
        found.append(interval.replace(" .", "."))  # where it has no unit
    return join_sentences(found)


def answer_from(effect: float, low: float, high: float, *, margin: float) -> Answer:
    """The rule for an effect with its interval.

    >>> answer_from(5, 3, 7, margin=2), answer_from(-5, -7, -3, margin=2), answer_from(1, -1, 1.5, margin=2)
    ('holds', 'does not hold here', 'does not hold here')
    >>> answer_from(1, 0.5, 2.5, margin=2), answer_from(5, -1, 11, margin=2)
    ('cannot tell', 'cannot tell')
    """
    if low > 0 and effect > margin:
        return "holds"
    if high < 0 or (-margin <= low and high <= margin):
        return "does not hold here"
    return "cannot tell"


def judge_days(
    better: np.ndarray,
    worse: np.ndarray,
    *,
    loss: Loss = "mae",
    seeded: tuple[bool, bool] = (False, False),
    margin: float = MARGIN,
) -> Judgement:
    """Whether absolute errors `better` (days,) or (seeds, days) are smaller than `worse` on the same days, in views.

    The effect is how much smaller, in views; the margin a share of the loss of `worse`. `seeded` as in `compare`.
    """
    seeds = [len(run) for run, drawn in zip(map(np.atleast_2d, (better, worse)), seeded, strict=True) if drawn]
    found = compare(better, worse, loss=loss, seeded=seeded)
    lacking = _lacking(found, min(seeds, default=FEWEST_SEEDS))
    if lacking:
        return Judgement("cannot tell", -found.difference, lacking=lacking)
    level = float(in_views((np.atleast_2d(worse) ** (1 if loss == "mae" else 2)).mean(), loss))
    return _judged(found, margin * level)


def judge_seeds(better: Sequence[float], worse: Sequence[float], margin: float = MARGIN) -> Judgement:
    """Whether the losses of some seeds are smaller than those of others, where only chance in training counts."""
    fewest = min(len(better), len(worse))
    first, second = (_seeds(np.asarray(losses, float)) for losses in (better, worse))
    if fewest < FEWEST_SEEDS:
        return Judgement("cannot tell", second.mean - first.mean, lacking=_too_few_seeds(fewest))
    return _judged(compare_seeds(first, second), margin * second.mean)


def judge_pairs(effects: Sequence[float] | np.ndarray, margin: float) -> Judgement:
    """Whether effects measured seed by seed are positive on average; `margin` in their unit."""
    found = _seeds(np.asarray(effects, float))
    if found.count < FEWEST_SEEDS:
        return Judgement("cannot tell", found.mean, lacking=_too_few_seeds(found.count))
    against = compare_seeds(Seeds(-found.mean, found.spread, found.count), Seeds(0.0, 0.0, found.count))
    return _judged(against, margin)


def judge_ratios(worse: np.ndarray, better: np.ndarray, margin: float = MARGIN) -> Judgement:
    """Whether what was measured (draws,) is larger than on the same draws of something else; as the geometric mean.

    The effect is by how many times; `margin` the share by which it may be above 1. Judged by the logarithm: a few draws
    may be a million times as large as the others.
    """
    tiny = np.finfo(float).tiny
    judged = judge_pairs(np.log(np.maximum(worse, tiny)) - np.log(np.maximum(better, tiny)), float(np.log1p(margin)))
    effect, low, high = np.exp([judged.effect, judged.low, judged.high]).tolist()
    return replace(judged, effect=effect, low=low, high=high)


def judge_draws(draws: np.ndarray, effect: float, margin: float) -> Judgement:
    """Whether an effect is positive, from draws of it; `margin` in its unit."""
    low, high = (float(end) for end in np.quantile(draws, [0.05, 0.95]))
    return Judgement(answer_from(effect, low, high, margin=margin), effect, low, high)


def judge_fact(value: float, at_most: float) -> Judgement:
    """A fact without chance: it holds where `value` is at most `at_most`, which is finite."""
    return Judgement("holds" if value <= at_most else "does not hold here", value)


def _judged(found: Comparison, margin: float) -> Judgement:
    """A difference in error turned round: less error speaks for the claim."""
    effect, low, high = -found.difference, -found.high, -found.low
    return Judgement(answer_from(effect, low, high, margin=margin), effect, low, high)


def _lacking(found: Comparison, seeds: int) -> Message | None:
    if seeds < FEWEST_SEEDS:
        return _too_few_seeds(seeds)
    if found.reason == "few days":
        return Message(TOO_FEW_DAYS, {"days": found.days, "needed": found.needed})
    return Message(ALIKE_DAYS) if found.reason else None


def _too_few_seeds(seeds: int) -> Message:
    return Message(TOO_FEW_SEEDS, {"seeds": seeds, "needed": FEWEST_SEEDS})


def _seeds(losses: np.ndarray) -> Seeds:
    return Seeds(float(losses.mean()), float(losses.std(ddof=1)) if len(losses) > 1 else 0.0, len(losses))
