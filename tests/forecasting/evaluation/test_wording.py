"""Comparisons as sentences, each answer and each reason for none."""

from dataclasses import replace

import numpy as np
import pytest

from forecasting.evaluation.comparison import Comparison
from forecasting.evaluation.cross_validation import OptimismBias
from forecasting.evaluation.wording import against_baseline, between_runs, days_ahead, in_a_cell, optimism

BETTER = Comparison("better", -23.0, -30.0, -16.0, days=200, seeds=4, ahead=7)
WORSE = replace(BETTER, answer="worse", difference=23.0, low=16.0, high=30.0)
UNSURE = replace(BETTER, answer="cannot tell", difference=-3.0, low=-10.0, high=4.0)
NONE = replace(UNSURE, low=np.nan, high=np.nan)
ONE_SEED = replace(NONE, reason="one seed", seeds=1)
FEW_DAYS = replace(NONE, reason="few days", days=20)
ALIKE_DAYS = replace(NONE, reason="alike days")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            BETTER,
            "Error (MAE) 23 % lower than with “last week” (90 % interval 16 % to 30 %). Seeds that are better: 3 of 4.",
        ),
        (
            WORSE,
            "Error (MAE) 23 % higher than with “last week” (90 % interval 16 % to 30 %)."
            " Seeds that are better: 3 of 4.",
        ),
        (
            UNSURE,
            "Cannot tell whether this beats “last week”: the 90 % interval of its error (MAE) runs from 10 % lower to"
            " 4 % higher"
            ", over 200 days. Seeds that are better: 3 of 4.",
        ),
        (
            ONE_SEED,
            "A single seed of a trained model is not enough to tell whether this beats “last week”; train more seeds.",
        ),
        (FEW_DAYS, "Only 20 held-out days to judge by; at least 28 are needed to tell more than chance."),
        (
            ALIKE_DAYS,
            "Cannot tell: errors of neighbouring days are so alike that 200 held-out days count for too few to judge"
            " by.",
        ),
    ],
)
def test_against_a_baseline_of_100_views(found, said):
    assert against_baseline(found, "last week", baseline_error=100.0, seeds_better=3).translated() == said


def test_a_baseline_without_error_has_no_shares():
    assert "nan" not in against_baseline(WORSE, "x", baseline_error=0.0, seeds_better=0).translated()


@pytest.mark.parametrize(
    ("found", "said", "cell"),
    [
        (
            BETTER,
            "“A” has a lower error than “B”: 23 (90 % interval 16 to 30) views less, over 200 days.",
            "23 less (16 to 30)",
        ),
        (
            WORSE,
            "“A” has a higher error than “B”: 23 (90 % interval 16 to 30) views more, over 200 days.",
            "23 more (16 to 30)",
        ),
        (
            UNSURE,
            "“A” and “B” cannot be told apart: the 90 % interval of their difference runs from −10 to 4 views",
            "cannot tell (−10 to 4)",
        ),
        (
            ONE_SEED,
            "A single seed of a trained model is not enough to compare “A” with “B”; train more seeds.",
            "cannot tell: one seed",
        ),
        (FEW_DAYS, "Only 20 held-out days to judge by; at least 28", "cannot tell: too few days (20)"),
        (ALIKE_DAYS, "Cannot tell: errors of neighbouring days", "cannot tell: neighbouring days too alike"),
    ],
)
def test_between_runs(found, said, cell):
    assert between_runs(found, "A", "B").translated().startswith(said)
    assert in_a_cell(found).translated() == cell


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            BETTER,
            "On day 7 of a forecast its error is lower than that of “x”: 23 (90 % interval 16 to 30) views less,"
            " over 200 held-out days.",
        ),
        (
            WORSE,
            "On day 7 of a forecast its error is higher than that of “x”: 23 (90 % interval 16 to 30) views more,"
            " over 200 held-out days.",
        ),
        (
            UNSURE,
            "Cannot tell whether it beats “x” on day 7 of a forecast: the 90 % interval of the difference runs from −10"
            " to 4 views, over 200 held-out days.",
        ),
        (replace(FEW_DAYS, ahead=28), "Only 20 held-out days to judge by; at least 112 are needed to tell more than"),
        (ALIKE_DAYS, "Cannot tell: errors of neighbouring days"),
    ],
)
def test_days_ahead(found, said):
    assert days_ahead(found, "x").translated().startswith(said)


def test_optimism_of_random_folds():
    assert (
        optimism(OptimismBias(0.11, 0.08, 0.13), "it").translated()
        == "Random folds are most optimistic for “it”, by 11 % (90 % interval 8 % to 13 %)."
    )
    assert (
        optimism(OptimismBias(-0.05, -0.09, -0.02), "it").translated()
        == "Random folds are harder for “it”, by 5 % (90 % interval 2 % to 9 %)."
    )
    assert "Cannot tell" in optimism(OptimismBias(0.01, -0.01, 0.03), "it").translated()
    few = optimism(OptimismBias(0.01, np.nan, np.nan), "it").translated()
    assert "too few" in few and "nan" not in few
