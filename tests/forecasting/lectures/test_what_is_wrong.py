"""Chapter 6: the models have the fault that they are made to have, and each answer of the claim on made diagnoses."""

import pytest

from forecasting.diagnosis.branches import BRANCH_NAMES
from forecasting.diagnosis.report import Diagnosis
from forecasting.lectures.what_is_wrong import case_settings, judge_answer, shallower
from forecasting.messages import Message
from forecasting.sample import sample_channel
from forecasting.split import default_split

SHARES = {"bias": 0.02, "optimization": 0.9, "overfitting": 0.05, "mismatch": 0.02, "fine": 0.01}
SURE = Diagnosis("optimization", 0.9, ("mismatch",), (), None, SHARES)
THIN = Diagnosis("cannot tell", None, (), (), None, SHARES | {"optimization": 0.5, "overfitting": 0.45})
SHORT = Diagnosis("cannot tell", None, (), (Message("Only {days} training days.", {"days": 40}),), None, {})


@pytest.mark.parametrize("expected", BRANCH_NAMES)
def test_an_answer_is_right_where_the_diagnosis_names_its_branch(expected):
    found = judge_answer(expected, SURE)
    right = expected in ("optimization", "mismatch")
    assert found.answer == ("holds" if right else "does not hold here")
    assert found.statistic == 0.9
    said = found.sentence.translated()
    assert f"“{BRANCH_NAMES[expected]}”" in said and "“Optimization issue”, 90 % confidence" in said


@pytest.mark.parametrize("expected", BRANCH_NAMES)
@pytest.mark.parametrize(
    ("diagnosis", "words"), [(THIN, "“Optimization issue”, with 50 %"), (SHORT, "Only 40 training")]
)
def test_no_answer_is_right_or_wrong_where_nothing_can_be_told(expected, diagnosis, words):
    found = judge_answer(expected, diagnosis)
    assert found.answer == "cannot tell" and words in found.sentence.translated()


def test_too_few_days_are_said_without_evidence_too():
    assert (
        "too few days" in judge_answer("fine", Diagnosis("cannot tell", None, (), (), None, {})).sentence.translated()
    )


def test_a_shallower_model_can_do_nothing_that_the_net_cannot():
    from forecasting.diagnosis.nested_runs import is_nested_in

    cases = case_settings(default_split(sample_channel().views))
    assert shallower(cases["small"]) is None
    for case in ("slow", "few"):
        line = shallower(cases[case])
        assert is_nested_in(line, cases[case]) and not line.architecture.hidden


@pytest.mark.slow
@pytest.mark.parametrize(("case", "branch"), [("small", "bias"), ("slow", "optimization"), ("few", "overfitting")])
def test_each_model_has_the_fault_that_it_is_made_to_have(case, branch):
    from forecasting.diagnosis.evidence import gather
    from forecasting.diagnosis.tree import compared_losses, diagnose

    channel = sample_channel()
    found = gather(channel.series, case_settings(default_split(channel.views))[case])
    assert diagnose(found).branch == branch
    losses = compared_losses(found)
    if branch == "optimization":  # the lecture's sign of it
        assert losses.train > losses.shallower_train
    if branch == "overfitting":
        assert losses.held_out > 3 * losses.train
