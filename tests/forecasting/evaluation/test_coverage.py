"""What a share of held forecasts says of intervals, against the exact binomial."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from forecasting.evaluation.coverage import coverage_interval, judge_coverage
from forecasting.evaluation.wording import coverage_beside_level

LEVEL = 0.9


@pytest.mark.parametrize("held", [0, 20, 34, 36, 39, 40])
def test_interval_is_scipys(held):
    wanted = binomtest(held, 40).proportion_ci(0.9, "wilson")
    np.testing.assert_allclose(coverage_interval(held / 40, origins=40, ahead=1), wanted, atol=1e-9)
    assert coverage_interval(held / 40, origins=280, ahead=7) == coverage_interval(held / 40, origins=40, ahead=1)


@pytest.mark.parametrize("days", [30, 52, 100, 365])
@pytest.mark.parametrize("ahead", [1, 7])
def test_intervals_that_hold_what_they_promise_are_rarely_called_anything_else(days, ahead):
    """Summed over every outcome; a rate of 10 % is aimed at, and outcomes are whole numbers."""
    independent = round(days / ahead)
    chances = binom.pmf(np.arange(independent + 1), independent, LEVEL)
    answers = [
        judge_coverage(held / independent, LEVEL, origins=independent * ahead, ahead=ahead)
        for held in range(independent + 1)
    ]
    rates = {answer: sum(chances[np.array(answers) == answer]) for answer in ("wider", "narrower")}
    assert sum(rates.values()) < 0.14 and max(rates.values()) < 0.1, rates


@pytest.mark.parametrize(
    ("held", "origins", "ahead", "answer"),
    [
        (0.99, 365, 1, "wider"),
        (0.99, 365, 7, "wider"),
        (0.99, 67, 7, "as promised"),  # nine weeks: chance may have done it
        (1.0, 365, 28, "as promised"),
        (0.92, 365, 1, "as promised"),
        (0.8, 365, 1, "narrower"),
        (0.33, 45, 1, "narrower"),
    ],
)
def test_answers_by_how_many_forecasts_there_were(held, origins, ahead, answer):
    assert judge_coverage(held, LEVEL, origins=origins, ahead=ahead) == answer


def test_sentences():
    wider = coverage_beside_level(0.99, LEVEL, origins=365, ahead=7)
    assert wider.translated() == (
        "Its 90 % intervals held 99 % of 365 past forecasts (90 % interval 93 % to 100 %): they are wider than needed."
    )
    assert "narrower than promised" in coverage_beside_level(0.7, LEVEL, origins=365, ahead=1).translated()
    assert coverage_beside_level(0.9, LEVEL, origins=365, ahead=1) is None
