"""The tree walked on records whose answer is plain, and on a whole problem with a known answer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.diagnosis.branches import BRANCH_NAMES
from forecasting.diagnosis.drift import Drift
from forecasting.diagnosis.evidence import Estimate, Evidence, LargeError, ReferenceModel
from forecasting.diagnosis.nested_runs import NestedRun, is_nested_in, with_lower_train_loss
from forecasting.diagnosis.remedies import next_run
from forecasting.diagnosis.report import DiagnosisReport
from forecasting.diagnosis.tree import better_reference, compared_losses, diagnose, report_of
from forecasting.diagnosis.wording import sentences
from forecasting.json_records import from_json, to_json
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import LECTURE

NET = RunSettings(LECTURE, Architecture("relu", 28, 2, 50))
CAREFUL = RunSettings(LECTURE, NET.architecture, Training(learning_rate=0.003))
BEST = ReferenceModel("svr", RunSettings(LECTURE, Architecture("svr", 28)), 95.0, 100.0, 102.0)
NO, YES = Estimate(0.0, -0.1, 0.1, 0.0), Estimate(0.5, 0.3, 0.7, 1.0)


def evidence(**facts) -> Evidence:
    """A run with which nothing is wrong, but for `facts`."""
    fine = {
        "settings": NET,
        "train": 94.0,
        "spread": 1.0,
        "held_out": 103.0,
        "validation": 101.0,
        "train_days": 800,
        "held_out_days": 200,
        "best": BEST,
        "linear_train": 99.0,
        "larger_train": 60.0,
        "tuned": CAREFUL,
        "tuned_train": 90.0,
        "regret": NO,
        "shift": NO,
        "drifts": (),
        "largest": (),
    }
    return Evidence(**fine | facts)


BIAS = evidence(train=148, validation=150, held_out=151, tuned_train=147, linear_train=160, regret=YES)
OPTIMIZATION = evidence(train=148, validation=150, held_out=151, tuned_train=60, regret=YES)
OVERFITTING = evidence(train=20, validation=150, held_out=151, tuned_train=18, regret=YES)
MISMATCH = evidence(held_out=160, shift=YES)


@pytest.mark.parametrize(
    ("found", "branch"),
    [
        (BIAS, "bias"),
        (OPTIMIZATION, "optimization"),
        (OVERFITTING, "overfitting"),
        (MISMATCH, "mismatch"),
        (evidence(), "fine"),
    ],
)
def test_each_branch_of_the_tree(found, branch):
    said = diagnose(found)
    assert (said.branch, said.confident, said.also_likely) == (branch, True, ())
    assert sum(said.probabilities.values()) == pytest.approx(1)
    assert all(sentence.translated() for sentence in said.evidence)


def test_a_deeper_net_above_the_linear_solution_is_an_optimization_issue():
    found = replace(BIAS, linear_train=98.0)
    assert diagnose(found).branch == "optimization"
    assert any("above that of the exact linear solution" in line.translated() for line in diagnose(found).evidence)
    held_back = replace(found, settings=replace(NET, regularisation=Regularisation(weight_decay=3.0)))
    assert diagnose(held_back).branch == "bias"  # it may not be that line


def test_a_large_training_loss_comes_before_a_larger_validation_loss():
    wild = replace(OPTIMIZATION, validation=600, held_out=150)  # an unsteady training that broke on some folds
    assert diagnose(wild).branch == "optimization"
    assert diagnose(replace(wild, train=103)).branch == "overfitting"


def test_a_reference_that_is_better_on_train_as_well_shows_bias():
    solved = replace(NET, architecture=Architecture("linear", 7), training=Training(optimizer="exact"))
    found = evidence(settings=solved, train=101, linear_train=101, validation=120, tuned_train=np.nan, regret=YES)
    assert diagnose(replace(found, best=replace(BEST, train=85.0))).branch == "bias"
    assert diagnose(replace(found, best=replace(BEST, train=99.0))).branch == "overfitting"


def test_a_smaller_net_of_the_set_shows_an_optimization_issue():
    smaller = replace(NET, architecture=Architecture("relu", 28, 1, 50))
    assert diagnose(BIAS, [NestedRun(smaller, 80.0)]).branch == "optimization"
    other_window = replace(NET, architecture=Architecture("relu", 56, 1, 50))
    assert diagnose(BIAS, [NestedRun(other_window, 80.0)]).branch == "bias"
    assert is_nested_in(smaller, NET) and not is_nested_in(NET, smaller)
    wider = replace(NET, architecture=Architecture("relu", 28, 1, 51))
    assert not is_nested_in(wider, NET)


def test_two_faults_are_both_named():
    both = diagnose(replace(BIAS, held_out=230, shift=YES))
    assert (both.branch, both.also_likely) == ("bias", ("mismatch",))
    mild = Estimate(0.1, 0.08, 0.12, 1.0)
    found = diagnose(replace(OVERFITTING, validation=110, regret=mild, shift=Estimate(2.0, 1.0, 3.0, 1.0)))
    assert (found.branch, found.also_likely) == ("mismatch", ("overfitting",))  # the one that costs more comes first


def test_a_run_that_left_the_numbers_did_not_train():
    assert diagnose(evidence(train=np.nan)).branch == "optimization"


@pytest.mark.parametrize(
    "found",
    [
        evidence(regret=Estimate(0.07, 0.0, 0.14, 0.5)),
        evidence(shift=Estimate(0.25, 0.0, 0.5, 0.5)),
        replace(BIAS, tuned_train=121.5),
        replace(MISMATCH, held_out_days=20),
        evidence(held_out_days=20),
        replace(BIAS, train_days=40),
    ],
)
def test_thin_evidence_is_no_verdict(found):
    said = diagnose(found)
    assert said.branch == "cannot tell" and not said.confident and said.next_run is None
    assert said.confidence is None and not said.also_likely


@pytest.mark.parametrize("found", [replace(BIAS, train_days=40, shift=YES), evidence(held_out_days=20)])
def test_too_few_days_give_no_probabilities(found):
    assert diagnose(found).probabilities == {}
    assert report_of(diagnose(found), found).diagnosis.confidence is None


def test_the_likeliest_of_what_cannot_be_told_is_not_named_again_as_another():
    said = diagnose(replace(BIAS, tuned_train=121.5, shift=YES))  # bias or optimization, and a mismatch beside it
    assert said.branch == "cannot tell" and max(said.probabilities, key=said.probabilities.get) == "bias"
    assert said.also_likely == ("mismatch",)


def test_evidence_that_decides_comes_first():
    drifting = (Drift("week", 0.0, 0.0, 0.05), Drift("level", 0.3, 0.1, 0.15))
    said = [line.translated() for line in diagnose(replace(MISMATCH, drifts=drifting)).evidence]
    assert "held-out loss" in said[1]
    assert said[2] == (
        "Level of views: differs, 30 % between the periods and 10 % inside training (change of the mean)."
    )
    assert "best reference" in diagnose(BIAS).evidence[1].translated()
    assert diagnose(BIAS).evidence[2].translated() == "Held-out error of that reference model, in views: 102."
    orders = [sorted(line.translated() for line in sentences(BIAS, branch=branch)) for branch in BRANCH_NAMES]
    assert all(order == orders[0] for order in orders)


def test_too_few_days_are_named_first():
    assert diagnose(replace(BIAS, train_days=40)).evidence[0].translated().startswith("Only 40 training days")
    assert diagnose(evidence(held_out_days=20)).evidence[0].translated().startswith("Only 20 held-out days")
    assert not diagnose(BIAS).evidence[0].translated().startswith("Only")


def test_a_single_seed_is_never_sure():
    said = diagnose(evidence(spread=np.nan))
    assert said.branch == "fine" and not said.confident
    assert said.probabilities["fine"] == said.confidence == 0.85  # one number, wherever it is shown
    solved = replace(NET, architecture=Architecture("linear", 28), training=Training(optimizer="exact"))
    assert diagnose(evidence(spread=np.nan, settings=solved)).confident


def test_overfitting_that_held_out_days_do_not_bear_out_is_never_sure():
    said = diagnose(replace(OVERFITTING, held_out=108))  # the best reference has 102
    assert (said.branch, said.confident, said.confidence) == ("overfitting", False, 0.85)
    assert said.probabilities["overfitting"] == said.confidence
    assert "confidence in overfitting is limited" in said.evidence[2].translated()
    assert diagnose(replace(OVERFITTING, held_out=112)).confident
    assert diagnose(replace(BIAS, held_out=90)).confident  # a large training loss is what bias is about


def test_what_to_try_next():
    assert diagnose(OPTIMIZATION).next_run == CAREFUL
    assert diagnose(BIAS).next_run == BEST.settings
    kept = diagnose(OVERFITTING).next_run.regularisation
    assert kept.patience and kept.weight_decay and kept.validation
    assert next_run("overfitting", evidence(settings=BEST.settings)) == BEST.settings
    assert diagnose(MISMATCH).next_run.regularisation.train_days == 365
    assert diagnose(evidence()).next_run is None
    few = replace(CAREFUL, training=replace(CAREFUL.training, seeds=2))
    assert diagnose(replace(OPTIMIZATION, tuned=few)).next_run == CAREFUL  # five seeds again, as the run has


def test_tree_on_a_whole_problem():
    from forecasting.diagnosis.evidence import gather
    from tests.benchmark.problems import TUNING, make_problem

    problem = make_problem("tuning", "bias", TUNING["bias"][1], seed=1)
    assert diagnose(gather(Series(problem.views), problem.settings)).branch == "bias"


def test_only_problems_that_have_their_answer_are_put():
    from tests.benchmark.problems import FRESH, has_its_answer, make_problem

    for answer, cause in (("fine", FRESH["fine"][0]), ("bias", FRESH["bias"][0]), ("mismatch", FRESH["mismatch"][0])):
        problem = make_problem("fresh", answer, cause, seed=0)
        held_out = problem.settings.split.held_out
        days = slice(str(held_out.first), str(held_out.last))
        perfect, poor = problem.oracle[days].to_numpy()[None], problem.oracle[days].to_numpy()[None] * 3
        put = has_its_answer(problem, perfect), has_its_answer(problem, poor)
        assert put == {"fine": (True, False), "bias": (False, True), "mismatch": (True, True)}[answer]


def test_calibration_counts_verdicts_by_their_confidence():
    from tests.benchmark.diagnosis import Answer, calibration

    def said(confidence: float | None, right: bool) -> Answer:
        branch = "fine" if right else "bias"
        return Answer(frozenset({"fine"}), "", branch, (), False, confidence, {}, "")

    answers = [said(0.9, True), said(0.93, False), said(0.949, True), said(1.0, True), said(None, False)]
    assert calibration(answers) == [(0.6, 0.75, 0, 0), (0.75, 0.9, 0, 0), (0.9, 0.95, 3, 2), (0.95, 1.0, 1, 1)]


def test_sigmoids_trained_too_slowly_are_no_bias():
    from forecasting.diagnosis.evidence import gather
    from tests.benchmark.problems import TUNING, make_problem

    (cause,) = [one for one in TUNING["optimization"] if one[0].__name__ == "slow_sigmoids"]
    problem = make_problem("tuning", "optimization", cause, seed=0)
    assert diagnose(gather(Series(problem.views), problem.settings)).branch == "optimization"


def test_problems_repeat_and_halves_share_no_cause():
    from tests.benchmark.problems import FRESH, TUNING, make_problem, problems

    asked = problems("fresh", 1)[0]
    one, again = make_problem(*asked), make_problem(*asked)
    assert one.views.equals(again.views) and one.settings == again.settings
    causes = [{(c, t) for causes in half.values() for c, t, _s in causes} for half in (TUNING, FRESH)]
    assert not causes[0] & causes[1]
    assert set(TUNING) == set(FRESH)


def test_verdict_goes_through_json():
    worst = LargeError(pd.Timestamp("2021-02-11"), 4100.0, 5200.0)
    found = replace(OVERFITTING, largest=(worst,), drifts=(Drift("level", 0.3, 0.1, 0.15),))
    said = diagnose(found)
    assert (said.branch, said.confident) == ("overfitting", True) and said.next_run
    report = from_json(DiagnosisReport, to_json(report_of(said, found)))
    assert report == DiagnosisReport(
        said.evidence,
        said,
        single_seed=False,
        largest=(worst,),
        losses=compared_losses(found),
        better=better_reference(found),
    )
    alone = replace(found, spread=np.nan)
    assert report_of(diagnose(alone), alone).single_seed


def test_a_reference_is_better_only_beyond_chance_and_on_held_out_too():
    best, surely = replace(BIAS.best, held_out=100.0), Estimate(0.25, 0.1, 0.4, 0.99)
    found = better_reference(replace(BIAS, regret=surely, best=best, held_out=130.0))
    assert (found.settings, found.held_out, found.run_held_out) == (best.settings, 100.0, 130.0)
    assert found.less == pytest.approx(0.2)  # of 125 parts 25
    assert better_reference(replace(BIAS, regret=replace(surely, low=-0.01), best=best, held_out=130.0)) is None
    assert better_reference(replace(BIAS, regret=surely, best=best, held_out=90.0)) is None


def test_peers_that_tell_have_come_further_with_less():
    smaller = replace(NET, architecture=Architecture("relu", 28, 1, 50))
    further, short = NestedRun(smaller, 80.0), NestedRun(smaller, 200.0)
    other = NestedRun(replace(NET, architecture=Architecture("relu", 56, 1, 50)), 80.0)
    assert with_lower_train_loss([further, short, other], NET, 100.0) == [further]


def test_only_what_came_further_is_said_to_have():
    said = " ".join(line.translated() for line in diagnose(replace(BIAS, larger_train=200.0)).evidence)
    assert "is no better on train: 147" in said and "two layers of 64" not in said
    said = " ".join(line.translated() for line in diagnose(replace(OPTIMIZATION, larger_train=90.0)).evidence)
    assert "reaches 60 on train instead of 148" in said and "reaches 90 on train" in said


def test_a_run_that_diverged_is_an_optimization_issue_for_certain():
    said = diagnose(replace(BIAS, train=np.inf))
    assert said.branch == "optimization"
    assert said.probabilities == {"bias": 0, "optimization": 1, "overfitting": 0, "mismatch": 0, "fine": 0}


def test_losses_stand_beside_the_best_shallower_net():
    two_layers = replace(NET, architecture=Architecture("relu", 28, 2, 100))
    found = evidence(settings=two_layers, linear_train=99.0)
    assert compared_losses(found).shallower_train == 99.0
    one, narrow = Architecture("relu", 28, 1, 100), Architecture("relu", 28, 2, 50)
    assert compared_losses(found, [NestedRun(replace(NET, architecture=one), 80.0)]).shallower_train == 80.0
    assert compared_losses(found, [NestedRun(replace(NET, architecture=narrow), 70.0)]).shallower_train == 99.0
    line = replace(NET, architecture=Architecture("linear", 28))
    assert compared_losses(evidence(settings=line, tuned=None)).shallower_train is None
    assert compared_losses(evidence(tuned=None)).careful_train is None
