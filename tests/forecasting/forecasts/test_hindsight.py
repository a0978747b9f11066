"""What Auto's ladder says afterwards, on ladders made by hand."""

import pytest

from forecasting.forecasts.hindsight import ladder_frame, what_it_is, what_others_cost


def rung(name, errors, mixed, seconds=1.0):
    return {"name": name, "errors": list(enumerate(errors, 1)), "mixed": list(enumerate(mixed, 1)), "seconds": seconds}


LADDER = [
    rung("last-week", (1.0, 2.0), (1.0, 2.0)),
    rung("linear, log", (0.8, 1.0), (0.8, 1.2)),
    rung("1 × 100 ReLU", (3.0, 3.0), (0.8, 1.2)),
]


def test_frame_has_means_over_days_ahead_in_the_order_tried():
    frame = ladder_frame(LADDER)
    assert list(frame["name"]) == ["Same day last week", "linear, log", "1 × 100 ReLU"]
    assert list(frame["alone"]) == pytest.approx([1.5, 0.9, 3.0])
    assert list(frame["mixed"]) == pytest.approx([1.5, 1.0, 1.0])


def test_others_are_held_against_the_mixture_at_the_end():
    said = what_others_cost(LADDER).say()
    assert "mixture of 3 errs by a MASE of 1.000" in said
    assert "−10 % with the best single one, as is known afterwards (linear, log)" in said
    assert "+50 % with “Same day last week”, +200 % with the worst (1 × 100 ReLU)" in said


def test_a_ladder_without_errors_claims_nothing():
    assert what_others_cost([rung("linear", (), ())]).say() == "Nothing to compare yet."


def test_baselines_that_have_most_of_the_say_are_named_as_winners():
    shares = [("last-week", (0.1, 0.5)), ("ets", (0.2, 0.1)), ("linear, raw", (0.3, 0.3)), ("2 × 100 ReLU", (0.4, 0.1))]
    (near,) = what_it_is(shares, 1)
    assert near.say() == "On day 1: networks 40 %, linear models 30 %, exponential smoothing 20 %, baselines 10 %."
    far = what_it_is(shares, 2)
    assert [sentence.say() for sentence in far[1:]] == [
        "On day 2 Auto is mostly a baseline: in validation nothing it tried beat that."
    ]
