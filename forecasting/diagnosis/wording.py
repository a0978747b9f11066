"""The evidence of a diagnosis in sentences; the branch is `tree`'s."""

from collections.abc import Sequence

import numpy as np

from forecasting.diagnosis.drift import DRIFT_NAMES, UNITS, Drift
from forecasting.diagnosis.evidence import FEWEST_HELD_OUT, FEWEST_TRAIN, MARGIN, SHIFTED, Estimate, Evidence
from forecasting.diagnosis.nested_runs import NestedRun, with_lower_train_loss
from forecasting.formats import Views, format_percent
from forecasting.messages import N_, Message

IMPROVED = 0.98  # of its training loss is what a model must fall below to have come further
RESTS_ON = {"mismatch": ("shift", "drift"), "fine": ("regret", "shift")}  # all others on validation and train


def sentences(found: Evidence, nested_runs: Sequence[NestedRun] = (), branch: str = "cannot tell") -> list[Message]:
    """The evidence in words, in the order of the tree; what the branch rests on comes before the rest."""
    parts = {
        "regret": [_regret(found), _reference_on_held_out(found, branch)],
        "train": _on_training(found, nested_runs),
        "shift": [_shift(found)],
        "seeds": [_over_seeds(found)],
        "drift": [_drift(drift) for drift in sorted(found.drifts, key=lambda drift: not drift.found)],
    }
    order = sorted(parts, key=lambda part: part not in RESTS_ON.get(branch, ()))
    return [*_too_few(found), _errors(found), *(line for part in order for line in parts[part])]


def _errors(found: Evidence) -> Message:
    losses = {"train": found.train, "validation": found.validation, "held_out": found.held_out}
    return Message(
        N_(
            "Errors, in views: {train} on train, {validation} in validation inside the training period, "
            "{held_out} on held-out."
        ),
        {name: Views(loss) for name, loss in losses.items()},
    )


def _regret(found: Evidence) -> Message:
    best = {"reference": Message(found.best.name), "loss": Views(found.best.validation)}
    return Message(
        N_(
            "The best reference model in validation is “{reference}” with {loss}; the run's loss is {times} "
            "times that (90 % interval {low} to {high}; up to {limit} times counts as equal)."
        ),
        best | _times(found.regret, MARGIN),
    )


def _reference_on_held_out(found: Evidence, branch: str) -> Message:
    facts = {"loss": Views(found.best.held_out)}
    if branch != "overfitting" or found.held_out_bears_out:
        return Message(N_("Held-out error of that reference model, in views: {loss}."), facts)
    hardly = N_(
        "Held-out error of that reference model, in views: {loss}. It is hardly smaller, so the "
        "confidence in overfitting is limited."
    )
    return Message(hardly, facts)


def _shift(found: Evidence) -> Message:
    return Message(
        N_(
            "Its held-out loss is {times} times its validation loss (90 % interval {low} to {high}). Up to "
            "{limit} times may be chance."
        ),
        _times(found.shift, SHIFTED),
    )


def _too_few(found: Evidence) -> list[Message]:
    counts = {
        N_("Only {days} training days to judge by; a verdict needs at least {needed}."): (
            found.train_days,
            FEWEST_TRAIN,
        ),
        N_("Only {days} held-out days to judge by; whether the periods are alike needs at least {needed}."): (
            found.held_out_days,
            FEWEST_HELD_OUT,
        ),
    }
    return [Message(text, {"days": days, "needed": most}) for text, (days, most) in counts.items() if days < most]


def _on_training(found: Evidence, nested_runs: Sequence[NestedRun]) -> list[Message]:
    facts = {"train": Views(found.train), "linear": Views(found.linear_train)}
    said = []
    if found.settings.architecture.hidden and found.train > found.linear_train:
        said.append(
            Message(N_("Its training loss, {train}, is above that of the exact linear solution, {linear}."), facts)
        )
    if np.isfinite(found.tuned_train):
        facts = {"tuned": Views(found.tuned_train), "train": Views(found.train)}
        further = N_("The same model with careful training reaches {tuned} on train instead of {train}.")
        as_far = N_("The same model with careful training is no better on train: {tuned}.")
        said.append(Message(further if found.tuned_train < IMPROVED * found.train else as_far, facts))
    if smaller := with_lower_train_loss(nested_runs, found.settings, found.train):
        facts = {"loss": Views(min(nested.train for nested in smaller)), "train": Views(found.train)}
        said.append(Message(N_("A smaller net among your runs reaches {loss} on train, this one only {train}."), facts))
    if found.larger_train < found.train:
        facts = {"larger": Views(found.larger_train)}
        said.append(
            Message(N_("A net of two layers of 64 units with a window of 28 days reaches {larger} on train."), facts)
        )
    return said


def _over_seeds(found: Evidence) -> Message:
    if found.settings.solved_at_once:
        return Message(N_("The seed makes no difference to this model."))
    if not np.isfinite(found.spread):
        return Message(N_("It has a single seed, so the confidence is limited; train more seeds."))
    return Message(
        N_("Standard deviation of its training loss over seeds, in views: {spread}."),
        {"spread": Views(found.spread)},
    )


def _drift(drift: Drift) -> Message:
    facts: dict[str, object] = {"name": Message(DRIFT_NAMES[drift.name]), "unit": Message(UNITS[drift.name])}
    facts |= {"between": format_percent(drift.between), "inside": format_percent(drift.inside)}
    differs = N_("{name}: differs, {between} between the periods and {inside} inside training ({unit}).")
    alike = N_(
        "{name}: no more different than usual, {between} between the periods and {inside} inside training ({unit})."
    )
    return Message(differs if drift.found else alike, facts)


def _times(estimate: Estimate, limit: float) -> dict[str, str | Views]:
    numbers = {"times": estimate.value, "low": estimate.low, "high": estimate.high, "limit": limit}
    return {name: f"{1 + number:.2f}" if number < 99 else Views(1 + number) for name, number in numbers.items()}
