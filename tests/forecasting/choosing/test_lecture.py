"""The lecture's table: its rows, its runs, and the sentence that the numbers make."""

import numpy as np
import pytest

from forecasting.choosing.lecture import ROWS, Outcome, best_on, clearly_less, table_settings, what_it_shows
from forecasting.settings import RunSettings
from forecasting.split import LECTURE


def outcomes(train, held_out, spread=1.0, seeds=10):
    """A table (rows,) of means with the same spread everywhere."""
    pairs = zip(ROWS, train, held_out, strict=True)
    return [Outcome(row, fitted, spread, judged, spread, seeds) for row, fitted, judged in pairs]


LEE_TRAIN = [row.train for row in ROWS]
LEE_UNSEEN = [row.unseen or 500.0 for row in ROWS]


def test_the_lectures_own_figures_make_the_lectures_own_point():
    said = what_it_shows(outcomes(LEE_TRAIN, LEE_UNSEEN)).say()
    assert said == (
        "On train 4 layers of 100 ReLU is best (100), on held-out 3 layers of 100 ReLU (380); depth lowers train"
        " from 280 to 100 with 4 layers of 100 ReLU, but 5 layers of 100 ReLU ends at 340, and held-out turns up"
        " again after that, to 500 with 5 layers of 100 ReLU."
    )


def test_figures_of_the_lecture():
    figures = {row.name: (row.train, row.unseen) for row in ROWS}
    assert figures["7 days, linear"] == (380, 490)
    assert figures["3 layers of 100 ReLU"] == (140, 380)
    assert figures["5 layers of 100 ReLU"] == (340, None)


def test_every_row_has_a_run_of_ten_seeds():
    runs = table_settings(LECTURE, epochs=7)
    assert [run.architecture for run in runs] == [row.architecture for row in ROWS]
    assert {(run.training.seeds, run.training.batch_size, run.training.epochs) for run in runs} == {(10, 64, 7)}
    assert all(RunSettings.from_json(run.to_json()) == run for run in runs)


def test_nothing_is_claimed_of_a_single_seed():
    said = what_it_shows(outcomes(LEE_TRAIN, LEE_UNSEEN, spread=np.nan, seeds=1)).say()
    assert "these seeds do not tell whether depth helps train" in said
    assert "do not tell whether held-out turns up again" in said


def test_nothing_is_claimed_where_seeds_explain_the_difference():
    said = what_it_shows(outcomes([300.0] * 11, [400 + place % 2 for place in range(11)], spread=40.0)).say()
    assert said.endswith(
        "these seeds do not tell whether depth helps train,"
        " and these seeds do not tell whether held-out turns up again."
    )


def test_clear_is_three_standard_errors_of_the_means():
    one, near, far = outcomes([100.0, 101.2, 101.5, *[200.0] * 8], LEE_UNSEEN)[:3]  # a standard error is sqrt(2 / 10)
    assert not clearly_less(one, near, "train")
    assert clearly_less(one, far, "train")


def test_depth_that_hurts_and_held_out_that_falls_to_the_end():
    train = [*LEE_TRAIN[:6], 270, 400, 410, 420, 430]
    said = what_it_shows(outcomes(train, list(range(500, 390, -10)))).say()
    assert "depth does not help train (280 with one layer, 400 at best with more)" in said
    assert said.endswith("held-out does not turn up again.")


def test_mean_and_spread_equal_a_loop():
    losses = [3.0, 5.0, 10.0]
    outcome = Outcome.of(ROWS[0], np.array(losses), np.array(losses) * 2)
    slow = (sum((loss - 6) ** 2 for loss in losses) / 2) ** 0.5
    assert (outcome.train, outcome.train_spread, outcome.seeds) == (6, pytest.approx(slow), 3)
    assert (outcome.held_out, outcome.held_out_spread) == (12, pytest.approx(2 * slow))
    assert np.isnan(Outcome.of(ROWS[0], np.ones(1), np.ones(1)).train_spread)


def test_a_row_that_left_the_numbers_is_never_best():
    table = outcomes([np.nan, *LEE_TRAIN[1:]], LEE_UNSEEN)
    assert best_on(table, "train").row is ROWS[9]
    assert clearly_less(table[1], table[0], "train")
    assert not clearly_less(table[0], table[1], "train")
