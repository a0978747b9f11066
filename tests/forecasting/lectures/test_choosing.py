"""Whether random folds flatter: three answers, what is left out, and the rate of false answers."""

import numpy as np
import pytest

from forecasting.evaluation.cross_validation import Ranking
from forecasting.lectures.choosing import random_flatters

SETS = 60


def ranking(errors):
    """A ranking of which only the errors (models, days) count here."""
    return Ranking(np.ones((len(errors), 3)), np.ones(len(errors)), np.ones(3), 1.0, np.asarray(errors))


def errors(rng, mean, models=3, days=300):
    return np.abs(rng.exponential(mean, (models, days)))


@pytest.mark.parametrize(
    ("of_random", "answer"), [(60, "holds"), (160, "does not hold here"), (100, "does not hold here")]
)
@pytest.mark.parametrize("loss", ["mae", "mse"])
def test_answers(of_random, answer, loss):
    blocked = errors(np.random.default_rng(0), 100)
    found = random_flatters(ranking(blocked), ranking(blocked * of_random / 100), loss)
    assert found.answer == answer
    assert found.statistic == pytest.approx(100 - of_random)


def test_models_that_diverged_are_left_out():
    blocked = errors(np.random.default_rng(0), 100)
    wild = blocked.copy()
    wild[1] = np.nan
    assert random_flatters(ranking(blocked), ranking(wild * 0.5), "mae").statistic == pytest.approx(50)


def test_few_days_are_named_as_what_is_lacking():
    same = np.full((2, 20), 100.0)
    found = random_flatters(ranking(same), ranking(same), "mae")
    assert (found.answer, found.lacking.translated()) == ("cannot tell", "20 days, 28 needed")


def test_without_leaks_random_folds_seldom_flatter():
    held = []
    for place in range(SETS):
        rng = np.random.default_rng(place)
        held.append(random_flatters(ranking(errors(rng, 100)), ranking(errors(rng, 100)), "mae").answer == "holds")
    assert sum(held) <= 6
