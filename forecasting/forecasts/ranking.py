"""Which method to trust: everything that can forecast a channel, ranked on the same held-out days.

The lowest error of many is low by chance too. So every other one is compared with it day by day, and those that cannot
be told apart from it stand beside it. Of k comparisons each has a k-th of the chance to be wrong (Bonferroni).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.evaluation.comparison import LEVEL, Comparison, compare
from forecasting.forecasts.track_record import TrackRecord
from forecasting.formats import format_percent
from forecasting.messages import N_, Message
from forecasting.models.registry import SKILL_BASELINE

BEST_OF_ALL = N_(
    "“{best}” has the lowest error over the next {horizon} days, and every other method errs more, beyond chance."
)
BEST_OF_GROUP = N_(
    "“{best}” has the lowest error over the next {horizon} days. {count} other method cannot be told apart from it: its"
    " larger error may be chance.",
    "“{best}” has the lowest error over the next {horizon} days. {count} other methods cannot be told apart from it:"
    " their larger errors may be chance.",
)
TOO_FEW = N_(
    "“{best}” had the lowest error over the next {horizon} days, but that may be chance: {days} held-out days are too"
    " few to tell methods apart; at least {needed} are needed, or fewer days ahead."
)
TOO_ALIKE = N_(
    "“{best}” had the lowest error over the next {horizon} days, but that may be chance: errors of neighbouring days"
    " are so alike that {days} held-out days cannot tell methods apart."
)
NOBODY = N_("No method could be judged on the held-out days.")
VERDICTS = {
    "best": N_("Lowest error"),
    "as good": N_("Cannot tell: {share} worse may be chance"),
    "worse": N_("{share} worse ({low} to {high})"),
    "other days": N_("Cannot tell: only {days} days to compare"),
}


@dataclass(frozen=True)
class JudgedMethod:
    """A method with its record on the held-out days, or the reason why it has none."""

    key: str  # a slug of METHODS, a run's id, or the digest of a model file
    record: TrackRecord | None = None
    seconds: float = np.nan  # that it took to learn
    reason: Message | None = None  # why it has no record
    note: Message | None = None  # what to know of its record, as that it is of fewer days


@dataclass(frozen=True)
class RankingReport:
    """What a worker has judged so far."""

    methods: tuple[JudgedMethod, ...]


@dataclass(frozen=True)
class RankedMethod:
    """A row of the ranking. Errors in views, means over the days ahead and the origins."""

    judged: JudgedMethod
    error: float
    mase: float
    skill: float  # against the same day last week on the same days; NaN without that
    origins: int
    best_error: float  # of the best on the same days
    against_best: Comparison | None  # None of the best itself
    as_good: bool  # it is the best, or cannot be told apart from it

    @property
    def verdict(self) -> Message:
        """Beside the best."""
        found = self.against_best
        if found is None:
            return Message(VERDICTS["best"])
        shares = {"share": found.difference, "low": found.low, "high": found.high}
        facts = {name: format_percent(views / (self.best_error or 1.0)) for name, views in shares.items()}
        kind = "worse" if found.answer == "worse" else "as good" if self.as_good else "other days"
        return Message(VERDICTS[kind], facts | {"days": found.days})


@dataclass(frozen=True)
class Ranking:
    """Rows from the best on, those that are as good first; then what could not be judged."""

    rows: tuple[RankedMethod, ...]
    unjudged: tuple[JudgedMethod, ...]

    def sentence(self, best: str) -> Message:
        """The answer; `best` is the name of the first."""
        if not self.rows:
            return Message(NOBODY)
        first, others = self.rows[0], self.rows[1:]
        record = first.judged.record
        assert record is not None, "a row has a record"
        facts: dict[str, object] = {"best": best, "horizon": record.horizon, "days": first.origins}
        reasons = {row.against_best.reason for row in others if row.against_best and row.origins == first.origins}
        if reasons and "" not in reasons:  # of none of those judged on the same days anything can be told
            needed = next(row.against_best.needed for row in others if row.against_best)
            return Message(TOO_FEW if "few days" in reasons else TOO_ALIKE, facts | {"needed": needed})
        count = sum(row.as_good for row in others)
        return Message(BEST_OF_GROUP, facts | {"count": count}) if count else Message(BEST_OF_ALL, facts)


def rank(methods: Sequence[JudgedMethod]) -> Ranking:
    """The ranking of all that have a record of the same horizon.

    The best is the best of those that were judged on most days. One judged on fewer, because it has learnt from the
    others, is compared with it on its own days, and stands where it would with as many times its error.
    """
    errors = {place: one.record.by_origin() for place, one in enumerate(methods) if one.record}
    if not errors:
        return Ranking((), tuple(methods))
    most = max(map(len, errors.values()))
    whole = [place for place, known in errors.items() if len(known) == most]
    best = min(whole, key=lambda place: errors[place].mean())
    usual = next((errors[place] for place in errors if methods[place].key == SKILL_BASELINE), None)
    level = 1 - (1 - LEVEL) / max(len(errors) - 1, 1)
    rows = [
        _row(methods[place], known, errors[best], usual=usual, level=level, is_best=place == best)
        for place, known in errors.items()
        if len(known.index.intersection(errors[best].index))
    ]
    rows.sort(key=lambda row: (row.against_best is not None, not row.as_good, _on_all_days(row, errors[best])))
    judged = {row.judged.key for row in rows}
    return Ranking(tuple(rows), tuple(one for one in methods if one.key not in judged))


def _row(
    judged: JudgedMethod,
    errors: pd.Series,
    best: pd.Series,
    *,
    usual: pd.Series | None,
    level: float,
    is_best: bool,
) -> RankedMethod:
    record = judged.record
    assert record is not None, "only a record can be ranked"
    common = errors.index.intersection(best.index)
    mine, theirs = errors[common].to_numpy(), best[common].to_numpy()
    found = None
    if not is_best:
        found = compare(mine, theirs, ahead=record.horizon, seeded=(False, False), level=level)
    return RankedMethod(
        judged,
        float(errors.mean()),
        mase=float(errors.mean()) / record.usual if record.usual else np.nan,
        skill=_skill(errors, usual),
        origins=len(errors),
        best_error=float(theirs.mean()),
        against_best=found,
        as_good=found is None or (found.answer != "worse" and (not found.reason or len(errors) >= len(best))),
    )


def _skill(errors: pd.Series, usual: pd.Series | None) -> float:
    if usual is None:
        return np.nan
    common = errors.index.intersection(usual.index)
    expected = float(usual[common].mean()) if len(common) else 0.0
    return 1 - float(errors[common].mean()) / expected if expected else np.nan


def _on_all_days(row: RankedMethod, best: pd.Series) -> float:
    """The error that it would have on the days of the best, if it erred as many times as much there."""
    difference = row.against_best.difference if row.against_best else 0.0
    return float(best.mean()) * (1 + difference / row.best_error) if row.best_error else row.error
