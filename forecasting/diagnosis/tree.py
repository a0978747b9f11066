"""What is wrong with a model: the lecture's decision tree (Lee 2021, video 3), applied with evidence.

Training loss large: model bias, or an optimization issue. Training loss small and loss on other days large:
overfitting, or a mismatch of the periods. "Large" is measured by what the best of some simple references reaches in
validation, so a channel full of noise is not taken for a bad model.
"""

from collections.abc import Sequence

import numpy as np

from forecasting.diagnosis.branches import Branch
from forecasting.diagnosis.evidence import FEWEST_HELD_OUT, FEWEST_TRAIN, Evidence
from forecasting.diagnosis.nested_runs import NestedRun, contains_linear, is_nested_in
from forecasting.diagnosis.remedies import next_run
from forecasting.diagnosis.report import BetterReference, ComparedLosses, Diagnosis, DiagnosisReport
from forecasting.diagnosis.wording import sentences

LIKELY = 0.6  # below it none is given
LARGE = 0.15  # a training loss that much above the best reference's validation loss is large, whatever validation says
TRAIN_LOSS_FLOOR = 0.85  # a reference's training loss counts down to this share of its validation loss
RESERVED = 0.85  # the most that is claimed of a single seed, or of overfitting that the held-out days do not bear out


def diagnose(found: Evidence, nested_runs: Sequence[NestedRun] = ()) -> Diagnosis:
    """Walk the tree: train, then validation, then held-out. `nested_runs` are other runs of the channel."""
    probabilities = branch_probabilities(found, nested_runs)
    likeliest = max(probabilities, key=probabilities.__getitem__)
    if not _days_suffice(found, likeliest):
        return Diagnosis("cannot tell", None, (), tuple(sentences(found, nested_runs)), None, {})
    if found.single_seed or (likeliest == "overfitting" and not found.held_out_bears_out):
        probabilities[likeliest] = min(probabilities[likeliest], RESERVED)
    branch: Branch = "cannot tell"
    confidence = None
    if probabilities[likeliest] >= LIKELY:
        branch, confidence = likeliest, probabilities[likeliest]
    also_likely = tuple(
        name for name, probability in marginal(probabilities, found).items() if probability >= 0.5 and name != likeliest
    )
    return Diagnosis(
        branch,
        confidence,
        also_likely,
        tuple(sentences(found, nested_runs, branch)),
        next_run(branch, found),
        probabilities,
    )


def report_of(diagnosis: Diagnosis, found: Evidence, nested_runs: Sequence[NestedRun] = ()) -> DiagnosisReport:
    """The diagnosis and what can be looked at beside it."""
    losses = compared_losses(found, nested_runs)
    better = better_reference(found)
    return DiagnosisReport(diagnosis.evidence, diagnosis, found.single_seed, found.largest, losses, better)


def better_reference(found: Evidence) -> BetterReference | None:
    """The best reference model where it is better than the run; None where the run may be as good."""
    best, more = found.best, found.regret
    if not more.low > 0 or not best.held_out < found.held_out:
        return None
    return BetterReference(best.name, best.settings, best.held_out, found.held_out, less=1 - 1 / (1 + more.value))


def compared_losses(found: Evidence, nested_runs: Sequence[NestedRun] = ()) -> ComparedLosses:
    """The run's losses beside a shallower net's, its own with careful training, and the best reference's."""
    return ComparedLosses(
        found.train,
        found.held_out,
        shallower_train=_shallower_train(found, nested_runs),
        careful_train=found.tuned_train if found.tuned else None,
        reference_model=found.best.name,
        reference_train=found.best.train,
        reference_held_out=found.best.held_out,
    )


def _shallower_train(found: Evidence, nested_runs: Sequence[NestedRun]) -> float | None:
    """The smallest training loss of a net with fewer layers on the same windows; None for a model without layers."""
    layers = found.settings.architecture.hidden
    if not layers:
        return None
    nested = [one for one in nested_runs if is_nested_in(one.settings, found.settings)]
    return min([found.linear_train, *(one.train for one in nested if one.settings.architecture.hidden < layers)])


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


def _leaning(share: float, width: float) -> float:
    """0 well below one half, 1 well above it, smooth between."""
    return float(1 / (1 + np.exp(-np.clip((share - 0.5) / width, -30, 30))))


def _days_suffice(found: Evidence, branch: str) -> bool:
    needs_held_out = branch in ("mismatch", "fine")
    return found.train_days >= FEWEST_TRAIN and (not needs_held_out or found.held_out_days >= FEWEST_HELD_OUT)
