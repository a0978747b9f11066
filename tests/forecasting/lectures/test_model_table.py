"""The lecture's table: its rows, its runs, and the sentence that the numbers make."""

import numpy as np
import pytest

from forecasting.lectures.model_table import ROWS, Outcome, best_on, clearly_less, table_settings, what_it_shows
from forecasting.settings import RunSettings
from forecasting.split import LECTURE


def outcomes(train, held_out, spread=1.0, seeds=10, days=None, noise=0.0):
    """A table (rows,) of means with the same spread everywhere.

    With `days`, held-out errors of so many days come along: each row's mean and, of its own, `noise` times a gamma.
    """
    rng = np.random.default_rng(0)

    def errors(mean):
        return None if days is None else mean + noise * (rng.gamma(1.0, 1.0, days) - 1) + np.zeros((seeds, 1))

    pairs = zip(ROWS, train, held_out, strict=True)
    return [Outcome(row, fitted, spread, judged, spread, seeds, errors(judged)) for row, fitted, judged in pairs]


def shown(table: list[Outcome]) -> str:
    """What the table shows, its points one after the other."""
    return " ".join(point.translated() for point in what_it_shows(table))


def test_the_figures_are_the_lectures():
    """Training and unseen loss in thousands of views, as the slides have them (Lee 2021, videos 1 and 2)."""
    slides = {
        "1 day, linear": (0.48, 0.58),
        "7 days, linear": (0.38, 0.49),
        "28 days, linear": (0.33, 0.46),
        "56 days, linear": (0.32, 0.46),
        "10 ReLU": (0.32, 0.45),
        "100 ReLU": (0.28, 0.43),
        "1000 ReLU": (0.27, 0.43),
        "2 layers of 100 ReLU": (0.18, 0.39),
        "3 layers of 100 ReLU": (0.14, 0.38),
        "4 layers of 100 ReLU": (0.10, 0.44),
        "5 layers of 100 ReLU": (0.34, None),
    }
    found = {row.name: (row.train / 1000, row.unseen and row.unseen / 1000) for row in ROWS}
    assert found == {
        name: (pytest.approx(train), unseen and pytest.approx(unseen)) for name, (train, unseen) in slides.items()
    }


LEE_TRAIN = [row.train for row in ROWS]
LEE_UNSEEN = [row.unseen or 500.0 for row in ROWS]


def test_the_lectures_own_figures_make_the_lectures_own_point():
    said = shown(outcomes(LEE_TRAIN, LEE_UNSEEN, days=365))
    assert said == (
        "Lowest train loss: “4 layers of 100 ReLU” (100). Lowest held-out loss: “3 layers of 100 ReLU” (380); it is"
        " clearly ahead of all others. More layers: depth lowers the train loss from 280 with 100 ReLU to 100 with 4"
        " layers of 100 ReLU, but 5 layers of 100 ReLU ends at 340; past 3 layers of 100 ReLU held-out turns up again,"
        " to 500 with 5 layers of 100 ReLU."
    )


def test_the_turn_names_the_highest_row_past_the_best_and_not_the_last():
    held_out = [500, 450, 440, 430, 377, 380, 390, 410, 400, 387, 394]
    said = shown(outcomes(LEE_TRAIN, held_out, spread=4.0, days=365))
    assert said.endswith("past 10 ReLU held-out turns up again, to 410 with 2 layers of 100 ReLU.")


def test_seeds_that_agree_are_not_enough_where_the_days_do_not():
    """Ten seeds that err alike day by day say nothing of other days; weeks drawn anew do."""
    held_out = [*[420.0] * 7, 380.0, 400.0, 400.0, 400.0]
    quiet, noisy = (shown(outcomes(LEE_TRAIN, held_out, 1.0, days=200, noise=n)) for n in (5.0, 400.0))
    assert "clearly ahead of all others" in quiet and "turns up again, to 400" in quiet
    assert "others cannot be told apart from it." in noisy
    assert noisy.endswith("it cannot be told whether held-out turns up again past 2 layers of 100 ReLU.")


def test_nothing_is_claimed_of_few_held_out_days():
    said = shown(outcomes(LEE_TRAIN, LEE_UNSEEN, days=27))
    assert "27 days cannot tell the models apart" in said
    assert "cannot be told whether held-out turns up again" in said
    assert "clearly ahead" in shown(outcomes(LEE_TRAIN, LEE_UNSEEN, days=28))


def test_without_days_it_is_said_that_seeds_alone_were_asked():
    assert "0 others cannot be told apart from it by their seeds alone" in shown(outcomes(LEE_TRAIN, LEE_UNSEEN))


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
    said = shown(outcomes(LEE_TRAIN, LEE_UNSEEN, spread=np.nan, seeds=1, days=365))
    assert "one seed a model cannot tell them apart" in said
    assert "these seeds do not tell whether depth lowers the train loss" in said
    assert "cannot be told whether held-out turns up again" in said


def test_nothing_is_claimed_where_seeds_explain_the_difference():
    said = shown(outcomes([300.0] * 11, [400 + place % 2 for place in range(11)], spread=40.0))
    assert said.endswith(
        "these seeds do not tell whether depth lowers the train loss;"
        " it cannot be told whether held-out turns up again past 1 day, linear."
    )


def test_clear_is_three_standard_errors_of_the_means():
    one, near, far = outcomes([100.0, 101.2, 101.5, *[200.0] * 8], LEE_UNSEEN)[:3]  # a standard error is sqrt(2 / 10)
    assert not clearly_less(one, near, "train")
    assert clearly_less(one, far, "train")


def test_depth_that_hurts_and_held_out_that_falls_to_the_end():
    train = [*LEE_TRAIN[:6], 270, 400, 410, 420, 430]
    said = shown(outcomes(train, list(range(500, 390, -10))))
    assert "depth does not lower the train loss (280 with one layer, 400 at best with more)" in said
    assert said.endswith("held-out does not turn up again.")


def test_mean_and_spread_equal_a_loop():
    losses = [3.0, 5.0, 10.0]
    outcome = Outcome.of(ROWS[0], np.array(losses), np.array(losses) * 2)
    slow = (sum((loss - 6) ** 2 for loss in losses) / 2) ** 0.5
    assert (outcome.train, outcome.train_spread, outcome.seeds) == (6, pytest.approx(slow), 3)
    assert (outcome.held_out, outcome.held_out_spread) == (12, pytest.approx(2 * slow))
    assert np.isnan(Outcome.of(ROWS[0], np.ones(1), np.ones(1)).train_spread)


def test_a_row_that_left_the_numbers_is_never_best():
    table = [Outcome.diverged(ROWS[0]), *outcomes(LEE_TRAIN, LEE_UNSEEN)[1:]]
    assert best_on(table, "train").row is ROWS[9]
    assert clearly_less(table[1], table[0], "train")
    assert not clearly_less(table[0], table[1], "train")


def test_depth_that_diverged_in_the_end_is_not_said_to_end_at_a_figure():
    table = [*outcomes(LEE_TRAIN, LEE_UNSEEN, days=100)[:-1], Outcome.diverged(ROWS[-1])]
    said = shown(table)
    assert "inf" not in said and "to 440 with 4 layers" in said


def test_two_nets_are_enough_for_depth_and_one_is_not():
    rows = outcomes(LEE_TRAIN, LEE_UNSEEN, days=365)
    one, two = (next(row for row in rows if row.row.name == name) for name in ("100 ReLU", "2 layers of 100 ReLU"))
    said = shown([rows[0], one, two])
    assert "depth lowers the train loss from 280 with 100 ReLU to 180 with 2 layers of 100 ReLU" in said
    assert "depth was not tried" in shown([rows[0], one])
    assert "depth was not tried" in shown([rows[0], two])
