"""What is wrong with a model: the lecture's decision tree (Lee 2021, video 3), applied with evidence.

Training loss large: model bias, or an optimization issue. Training loss small and loss on other days large:
overfitting, or a mismatch of the periods. "Large" is measured by what the best of some simple references reaches in
validation, so a channel full of noise is not taken for a bad model.
"""

from collections.abc import Sequence

import numpy as np

from forecasting.diagnosis.branches import Branch
from forecasting.diagnosis.drift import NAMES as DRIFTS
from forecasting.diagnosis.drift import UNITS, Drift
from forecasting.diagnosis.evidence import MARGIN, SHIFTED, Estimate, Evidence
from forecasting.diagnosis.nested_runs import NestedRun, contains_linear, is_nested_in, with_lower_train_loss
from forecasting.diagnosis.remedies import next_run
from forecasting.diagnosis.report import Diagnosis, DiagnosisReport
from forecasting.formats import format_percent, format_views
from forecasting.messages import N_, Message

LIKELY = 0.6  # below it none is given
LARGE = 0.15  # a training loss that much above the best reference's validation loss is large, whatever validation says
TRAIN_LOSS_FLOOR = 0.85  # a reference's training loss counts down to this share of its validation loss
RESERVED = 0.85  # the most that is claimed of a single seed, or of overfitting that the held-out days do not bear out
IMPROVED = 0.98  # of its training loss is what a model must fall below to have come further
RESTS_ON = {"mismatch": ("shift", "drift"), "fine": ("regret", "shift")}  # all others on validation and train
FEWEST_TRAIN, FEWEST_HELD_OUT = 56, 28  # days


def diagnose(found: Evidence, nested_runs: Sequence[NestedRun] = ()) -> Diagnosis:
    """Walk the tree: train, then validation, then held-out. `nested_runs` are other runs of the channel."""
    probabilities = branch_probabilities(found, nested_runs)
    likeliest = max(probabilities, key=probabilities.__getitem__)
    if not _days_suffice(found, likeliest):
        return Diagnosis("cannot tell", None, (), tuple(sentences(found, nested_runs)), None, {})
    if _single(found) or (likeliest == "overfitting" and not _borne_out(found)):
        probabilities[likeliest] = min(probabilities[likeliest], RESERVED)
    branch: Branch = "cannot tell"
    confidence = None
    if probabilities[likeliest] >= LIKELY:
        branch, confidence = likeliest, probabilities[likeliest]
    others = tuple(
        name for name, probability in marginal(probabilities, found).items() if probability >= 0.5 and name != likeliest
    )
    return Diagnosis(
        branch, confidence, others, tuple(sentences(found, nested_runs, branch)), next_run(branch, found), probabilities
    )


def report_of(diagnosis: Diagnosis, found: Evidence) -> DiagnosisReport:
    """The diagnosis and what can be looked at beside it."""
    return DiagnosisReport(diagnosis.evidence, diagnosis, _single(found), found.largest)


def branch_probabilities(found: Evidence, nested_runs: Sequence[NestedRun] = ()) -> dict[Branch, float]:
    """From 0 to 1, of every branch. What a run loses in validation is divided by whether train shows it or not."""
    if not np.isfinite(found.train) or not np.isfinite(found.held_out):
        return {"bias": 0.0, "optimization": 1.0, "overfitting": 0.0, "mismatch": 0.0, "fine": 0.0}
    floor = found.best.validation
    # Against the reference's own training loss, so far as that is honest: trees fit what they see far too well.
    excess = found.train - max(found.best.train, TRAIN_LOSS_FLOOR * floor)
    fault, shifted = found.regret.exceeds, found.shift.exceeds
    share = excess / max(found.validation - floor, 1e-9)
    in_train = _leaning(min(max(share, (found.train / floor - 1) / (2 * LARGE)), 1.0), 0.1)
    by_steps = _leaning((found.train - reachable(found, nested_runs)) / max(excess, 1e-9), 0.1)
    # Where validation and held-out are both too large, the fault that costs more of the held-out loss comes first.
    beyond = max(found.shift.value, 0.0) / max(found.shift.value + found.regret.value, 1e-9)
    outside = shifted * _leaning(min(beyond, 1.0), 0.1)
    return {
        "bias": fault * in_train * (1 - by_steps),
        "optimization": fault * in_train * by_steps,
        "overfitting": fault * (1 - in_train) * (1 - outside),
        "mismatch": fault * (1 - in_train) * outside + (1 - fault) * shifted,
        "fine": (1 - fault) * (1 - shifted),
    }


def marginal(probabilities: dict[Branch, float], found: Evidence) -> dict[Branch, float]:
    """How likely each fault is whether or not another is there as well."""
    bias, optimization = probabilities["bias"], probabilities["optimization"]
    return {
        "bias": bias,
        "optimization": optimization,
        "overfitting": found.regret.exceeds - bias - optimization,
        "mismatch": found.shift.exceeds,
    }


def reachable(found: Evidence, nested_runs: Sequence[NestedRun] = ()) -> float:
    """The smallest training loss that this model is known to be able to reach, in views."""
    losses = [
        found.tuned_train,
        *(nested.train for nested in nested_runs if is_nested_in(nested.settings, found.settings)),
    ]
    if contains_linear(found.settings):
        losses.append(found.linear_train)
    return min([found.train, *(loss for loss in losses if np.isfinite(loss))])


def sentences(found: Evidence, nested_runs: Sequence[NestedRun] = (), branch: str = "cannot tell") -> list[Message]:
    """The evidence in words, in the order of the tree; what the branch rests on comes before the rest."""
    best, best_name = found.best, Message(found.best.name)
    losses = {"train": format_views(found.train), "validation": format_views(found.validation)}
    regret = Message(
        N_(
            "The best reference model in validation is “{reference}” with {loss}; the run's loss is {times} "
            "times that (90 % interval {low} to {high}; up to {limit} times counts as equal)."
        ),
        {"reference": best_name, "loss": format_views(best.validation), **_times(found.regret, MARGIN)},
    )
    hardly = N_(
        "Held-out error of that reference model, in views: {loss}. It is hardly smaller, so the "
        "confidence in overfitting is limited."
    )
    reserved = branch == "overfitting" and not _borne_out(found)
    on_held_out = Message(
        hardly if reserved else N_("Held-out error of that reference model, in views: {loss}."),
        {"loss": format_views(best.held_out)},
    )
    shift = Message(
        N_(
            "Its held-out loss is {times} times its validation loss (90 % interval {low} to {high}). Up to "
            "{limit} times may be chance."
        ),
        _times(found.shift, SHIFTED),
    )
    first = Message(
        N_(
            "Errors, in views: {train} on train, {validation} in validation inside the training period, "
            "{held_out} on held-out."
        ),
        losses | {"held_out": format_views(found.held_out)},
    )
    drifting = sorted(found.drifts, key=lambda drift: not drift.found)
    parts = {
        "regret": [regret, on_held_out],
        "train": _on_training(found, nested_runs),
        "shift": [shift],
        "seeds": [_over_seeds(found)],
        "drift": [_drift(drift) for drift in drifting],
    }
    order = sorted(parts, key=lambda part: part not in RESTS_ON.get(branch, ()))
    return [*_too_few(found), first, *(line for part in order for line in parts[part])]


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
    facts = {"train": format_views(found.train), "linear": format_views(found.linear_train)}
    said = []
    if found.settings.architecture.hidden and found.train > found.linear_train:
        said.append(
            Message(N_("Its training loss, {train}, is above that of the exact linear solution, {linear}."), facts)
        )
    if np.isfinite(found.tuned_train):
        facts = {"tuned": format_views(found.tuned_train), "train": format_views(found.train)}
        further = N_("The same model with careful training reaches {tuned} on train instead of {train}.")
        as_far = N_("The same model with careful training is no better on train: {tuned}.")
        said.append(Message(further if found.tuned_train < IMPROVED * found.train else as_far, facts))
    if smaller := with_lower_train_loss(nested_runs, found.settings, found.train):
        facts = {"loss": format_views(min(nested.train for nested in smaller)), "train": format_views(found.train)}
        said.append(Message(N_("A smaller net among your runs reaches {loss} on train, this one only {train}."), facts))
    if found.larger_train < found.train:
        facts = {"larger": format_views(found.larger_train)}
        said.append(
            Message(N_("A net of two layers of 64 units with a window of 28 days reaches {larger} on train."), facts)
        )
    return said


def _borne_out(found: Evidence) -> bool:
    """Whether the run errs more than the best reference on the held-out days too, as it does in validation."""
    return found.held_out > (1 + MARGIN) * found.best.held_out


def _over_seeds(found: Evidence) -> Message:
    if found.settings.solved_at_once:
        return Message(N_("The seed makes no difference to this model."))
    if not np.isfinite(found.spread):
        return Message(N_("It has a single seed, so the confidence is limited; train more seeds."))
    return Message(
        N_("Standard deviation of its training loss over seeds, in views: {spread}."),
        {"spread": format_views(found.spread)},
    )


def _drift(drift: Drift) -> Message:
    facts: dict[str, object] = {"name": Message(DRIFTS[drift.name]), "unit": Message(UNITS[drift.name])}
    facts |= {"between": format_percent(drift.between), "inside": format_percent(drift.inside)}
    differs = N_("{name}: differs, {between} between the periods and {inside} inside training ({unit}).")
    alike = N_(
        "{name}: no more different than usual, {between} between the periods and {inside} inside training ({unit})."
    )
    return Message(differs if drift.found else alike, facts)


def _times(estimate: Estimate, limit: float) -> dict[str, str]:
    numbers = {"times": estimate.value, "low": estimate.low, "high": estimate.high, "limit": limit}
    return {name: f"{1 + number:.2f}" if number < 99 else format_views(1 + number) for name, number in numbers.items()}


def _single(found: Evidence) -> bool:
    """Whether another seed would give another model, and there is none."""
    return not found.settings.solved_at_once and not np.isfinite(found.spread)


def _leaning(share: float, width: float) -> float:
    """0 well below one half, 1 well above it, smooth between."""
    return float(1 / (1 + np.exp(-np.clip((share - 0.5) / width, -30, 30))))


def _days_suffice(found: Evidence, branch: str) -> bool:
    needs_held_out = branch in ("mismatch", "fine")
    return found.train_days >= FEWEST_TRAIN and (not needs_held_out or found.held_out_days >= FEWEST_HELD_OUT)
