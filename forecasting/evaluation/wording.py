"""Sentences on comparisons, and none of their decisions."""

from collections.abc import Sequence

import numpy as np

from forecasting.evaluation.comparison import Comparison
from forecasting.evaluation.coverage import coverage_interval, judge_coverage
from forecasting.evaluation.cross_validation import OptimismBias, Ranking
from forecasting.formats import Views, format_percent
from forecasting.messages import N_, Message

# One run has two errors, and both are named wherever they stand.
MEAN_OF_SEEDS = N_("Mean of the seeds' own losses. Their mean forecast, which Forecast judges, errs by no more.")
ERROR_OF_MEAN = N_(
    "Error of the forecast itself, which is the mean over a run's seeds. Train and Compare show the mean of the seeds'"
    " own losses, which is never smaller."
)
FEW_DAYS = N_("Only {days} held-out days to judge by; at least {needed} are needed to tell more than chance.")
ALIKE_DAYS = N_(
    "Cannot tell: errors of neighbouring days are so alike that {days} held-out days count for too few to judge by."
)
AGAINST_BASELINE = {
    "better": N_(
        "Error (MAE) {skill} lower than with “{baseline}” (90 % interval {low} to {high}). Seeds that are"
        " better: {seeds_better} of {seeds}."
    ),
    "worse": N_(
        "Error (MAE) {skill} higher than with “{baseline}” (90 % interval {low} to {high}). Seeds that "
        "are better: {seeds_better} of {seeds}."
    ),
    "cannot tell": N_(
        "Cannot tell whether this beats “{baseline}”: the 90 % interval of its error (MAE) runs from "
        "{high} lower to {low} higher, over {days} days. Seeds that are better: {seeds_better} of "
        "{seeds}."
    ),
    "one seed": N_(
        "A single seed of a trained model is not enough to tell whether this beats “{baseline}”; train more seeds."
    ),
    "few days": FEW_DAYS,
    "alike days": ALIKE_DAYS,
}
BETWEEN_RUNS = {
    "better": N_(
        "“{first}” has a lower error than “{second}”: {size} (90 % interval {low} to {high}) views less, "
        "over {days} days."
    ),
    "worse": N_(
        "“{first}” has a higher error than “{second}”: {size} (90 % interval {low} to {high}) views more,"
        " over {days} days."
    ),
    "cannot tell": N_(
        "“{first}” and “{second}” cannot be told apart: the 90 % interval of their difference runs from "
        "{low} to {high} views, over {days} days."
    ),
    "one seed": N_(
        "A single seed of a trained model is not enough to compare “{first}” with “{second}”; train more seeds."
    ),
    "few days": FEW_DAYS,
    "alike days": ALIKE_DAYS,
}
IN_A_CELL = {
    "better": N_("{size} less ({low} to {high})"),
    "worse": N_("{size} more ({low} to {high})"),
    "cannot tell": N_("cannot tell ({low} to {high})"),
    "one seed": N_("cannot tell: one seed"),
    "few days": N_("cannot tell: too few days ({days})"),
    "alike days": N_("cannot tell: neighbouring days too alike"),
}
DAYS_AHEAD = {
    "better": N_(
        "On day {ahead} of a forecast its error is lower than that of “{baseline}”: {size} (90 % interval"
        " {low} to {high}) views less, over {days} held-out days."
    ),
    "worse": N_(
        "On day {ahead} of a forecast its error is higher than that of “{baseline}”: {size} (90 % "
        "interval {low} to {high}) views more, over {days} held-out days."
    ),
    "cannot tell": N_(
        "Cannot tell whether it beats “{baseline}” on day {ahead} of a forecast: the 90 % interval of the"
        " difference runs from {low} to {high} views, over {days} held-out days."
    ),
    "few days": FEW_DAYS,
    "alike days": ALIKE_DAYS,
}
OVER_DAYS = {
    "better": N_(
        "Over the next {ahead} days its error is lower than that of “{baseline}”: {size} (90 % interval {low} to"
        " {high}) views a day less, over {days} past forecasts."
    ),
    "worse": N_(
        "Over the next {ahead} days its error is higher than that of “{baseline}”: {size} (90 % interval {low} to"
        " {high}) views a day more, over {days} past forecasts."
    ),
    "cannot tell": N_(
        "Cannot tell whether it beats “{baseline}” over the next {ahead} days: the 90 % interval of the difference runs"
        " from {low} to {high} views a day, over {days} past forecasts."
    ),
    "few days": N_(
        "Cannot tell for {ahead} days ahead: only {days} held-out days to judge by; at least {needed} are needed to"
        " tell more than chance."
    ),
    "alike days": ALIKE_DAYS,
}
COVERAGE = {
    "wider": N_(
        "Its {level} intervals held {share} of {days} past forecasts (90 % interval {low} to {high}): they are wider"
        " than needed."
    ),
    "narrower": N_(
        "Its {level} intervals held only {share} of {days} past forecasts (90 % interval {low} to {high}): they are"
        " narrower than promised."
    ),
}
OPTIMISM = {
    "better": N_("Random folds are most optimistic for “{model}”, by {share} (90 % interval {low} to {high})."),
    "worse": N_("Random folds are harder for “{model}”, by {share} (90 % interval {low} to {high})."),
    "cannot tell": N_(
        "Cannot tell whether random folds are too optimistic for “{model}”: the 90 % interval runs from "
        "{low} to {high}."
    ),
    "few days": N_("Cannot tell whether random folds flatter {model}: the validation days are too few, or too alike."),
}


def against_baseline(found: Comparison, baseline: str, *, baseline_error: float, seeds_better: int) -> Message:
    """A run against a baseline, as shares of the baseline's error (MAE, views); `baseline` is its translated name."""
    unit = baseline_error or 1.0
    more, low, high = (share / unit for share in (found.difference, found.low, found.high))
    if found.answer == "better":
        more, low, high = -more, -high, -low
    if found.answer == "cannot tell":  # from so much less to so much more
        low, high = high, -low
    shares = {"skill": more, "low": low, "high": high}
    facts = _counts(found) | {name: format_percent(share) for name, share in shares.items()}
    return Message(AGAINST_BASELINE[_key(found)], facts | {"baseline": baseline, "seeds_better": seeds_better})


def between_runs(found: Comparison, first: str, second: str) -> Message:
    """One run against another; `first` and `second` are their names."""
    return Message(BETWEEN_RUNS[_key(found)], _views(found) | {"first": first, "second": second})


def in_a_cell(found: Comparison) -> Message:
    """The same for a cell of a table whose head names the second run."""
    return Message(IN_A_CELL[_key(found)], _views(found))


def days_ahead(found: Comparison, baseline: str) -> Message:
    """A forecast against a baseline so many days ahead; `baseline` is its translated name."""
    return Message(DAYS_AHEAD[_key(found)], _views(found) | {"baseline": baseline})


def over_days(found: Comparison, baseline: str) -> Message:
    """A forecast against a baseline over all of so many days ahead; `baseline` is its translated name."""
    return Message(OVER_DAYS[_key(found)], _views(found) | {"baseline": baseline})


def coverage_beside_level(held: float, level: float, *, origins: int, ahead: int) -> Message | None:
    """That intervals are wider than needed, or narrower than promised; None where chance may be all there is to it."""
    found = judge_coverage(held, level, origins=origins, ahead=ahead)
    if found == "as promised":
        return None
    low, high = coverage_interval(held, origins=origins, ahead=ahead)
    shares = {"level": level, "share": held, "low": low, "high": high}
    return Message(COVERAGE[found], {"days": origins} | {name: format_percent(share) for name, share in shares.items()})


def winner(known: Ranking, names: Sequence[str]) -> Message:
    """Which of the models called `names` wins, on how many folds, and whether it clearly beats the second."""
    first, second = known.order[:2]
    best = np.nan_to_num(known.validation, nan=np.inf).argmin(axis=0)
    facts = {"model": names[first], "mean": Views(known.means[first]), "folds": len(best)}
    assert known.closest is not None, "a ranking that is judged has it"
    closest = between_runs(known.closest, names[first], names[second])
    return Message(
        N_("Lowest mean error: “{model}” ({mean}, in views), best on {wins} of {folds} folds. {closest}"),
        facts | {"wins": int((best == first).sum()), "closest": closest},
    )


def optimism(found: OptimismBias, model: str) -> Message:
    """What random folds make of the model of that name, the one that they flatter most."""
    low, high = (-found.high, -found.low) if found.answer == "worse" else (found.low, found.high)
    shares = {"share": abs(found.share), "low": low, "high": high}
    facts = {name: format_percent(share) for name, share in shares.items()}
    key = found.answer if np.isfinite(found.low) else "few days"
    return Message(OPTIMISM[key], facts | {"model": model})


def _key(found: Comparison) -> str:
    return found.reason or found.answer


def _counts(found: Comparison) -> dict[str, object]:
    return {"days": found.days, "needed": found.needed, "seeds": found.seeds, "ahead": found.ahead}


def _views(found: Comparison) -> dict[str, object]:
    """Difference and interval in views, both above 0 where the difference is."""
    low, high = (-found.high, -found.low) if found.answer == "better" else (found.low, found.high)
    views = {"size": abs(found.difference), "low": low, "high": high}
    return _counts(found) | {name: Views(number) for name, number in views.items()}
