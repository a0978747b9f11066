"""Trees of all days ahead: learnt, held to what is known, and kept as plain numbers."""

import numpy as np
import pandas as pd
import pytest

from forecasting.messages import BadInput
from forecasting.models.ensemble.auto import Auto
from forecasting.models.pooled_trees import INPUTS, PooledTrees, fit_pooled_trees
from forecasting.models.registry import unfitted
from forecasting.series import Series

DAYS = pd.date_range("2019-01-01", periods=500)


def series_of(values: np.ndarray) -> Series:
    return Series(pd.Series(np.asarray(values, float), DAYS[: len(values)]))


@pytest.fixture(scope="module")
def waves() -> Series:
    """A level that swings back within ten days, which no level carried on foresees."""
    days = np.arange(500)
    noise = np.exp(np.random.default_rng(0).normal(0, 0.03, 500))
    return series_of(1000 * np.exp(0.5 * np.sin(2 * np.pi * days / 10)) * noise)


def test_it_learns_what_a_level_does_not_know(waves):
    origins = waves.views.index[400:470]
    fitted = fit_pooled_trees(waves.until(origins[0]), 28)
    actual = np.stack([waves.views.iloc[place + 1 : place + 29] for place in range(400, 470)])
    of_trees, of_level = (
        np.abs(one.predict(waves, origins, 28) - actual).mean() for one in (fitted, unfitted("level-14"))
    )
    assert of_trees < 0.3 * of_level


def test_nothing_after_an_origin_moves_its_forecast(waves):
    fitted = fit_pooled_trees(waves.until(DAYS[400]), 28)
    changed = waves.views.copy()
    changed.iloc[421:] *= 7
    origins = DAYS[410:421]
    assert (fitted.predict(Series(changed), origins, 28) == fitted.predict(waves, origins, 28)).all()


def test_the_same_days_grow_the_same_trees(waves):
    one, other = (fit_pooled_trees(waves, 14).parameters for _time in range(2))
    assert (one == other).all()


def test_an_answer_is_the_sum_of_the_leaves_that_the_questions_lead_to():
    rows = [[3, 5, 0.5, -1.0, 10.0, 20.0, 30.0, 40.0], [0, 3, 0.0, 2.0, 1.0, 2.0, 3.0, 4.0]]
    inputs = np.zeros((2, INPUTS))
    inputs[0, [3, 5]] = 1.0, -2.0  # first tree: yes, no; second: no, no
    inputs[1, [0, 3]] = 1.0, 3.0  # first tree: yes, and 0 lies beyond -1; second: yes, yes
    assert PooledTrees(2, np.array(rows)).answers(inputs).tolist() == [20.0 + 1.0, 40.0 + 4.0]


@pytest.mark.parametrize("row", [[0.0] * 7, [INPUTS, 0, 0, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0, 0, 0]])
def test_numbers_that_are_no_trees_are_refused(row):
    with pytest.raises(ValueError, match="trees|questions"):
        PooledTrees(2, np.array([row], float))


def test_too_few_days_are_one_sentence():
    with pytest.raises(BadInput, match="155 days"):
        fit_pooled_trees(series_of(np.arange(155.0)), 28)


def test_auto_mixes_them(waves):
    from forecasting.models.registry import fit

    auto = fit("auto", waves.until(DAYS[300]), 7, budget=0.0)
    assert isinstance(auto, Auto)
    assert "pooled-trees" in auto.names
