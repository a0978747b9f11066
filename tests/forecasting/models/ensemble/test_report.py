"""What Auto's trials say afterwards, on trials made by hand."""

import pytest

from forecasting.models.ensemble.report import composition, regret_of_alternatives, trials_frame


def trial(name, errors, mixed, seconds=1.0):
    return {"name": name, "errors": list(enumerate(errors, 1)), "mixed": list(enumerate(mixed, 1)), "seconds": seconds}


CANDIDATES = [
    trial("last-week", (1.0, 2.0), (1.0, 2.0)),
    trial("linear, log", (0.8, 1.0), (0.8, 1.2)),
    trial("1 × 100 ReLU", (3.0, 3.0), (0.8, 1.2)),
]


def test_frame_has_means_over_days_ahead_in_the_order_tried():
    frame = trials_frame(CANDIDATES)
    assert list(frame["name"]) == ["Same day last week", "linear, log", "1 × 100 ReLU"]
    assert list(frame["alone"]) == pytest.approx([1.5, 0.9, 3.0])
    assert list(frame["mixed"]) == pytest.approx([1.5, 1.0, 1.0])


def test_others_are_held_against_the_mixture_at_the_end():
    said = regret_of_alternatives(CANDIDATES).translated()
    assert "averages 3 models (MASE 1.000 in validation)" in said
    assert "−10 % “linear, log” (the best one, known only in hindsight)" in said
    assert "+50 % “Same day last week”, +200 % “1 × 100 ReLU” (the worst)" in said


def test_trials_without_errors_claims_nothing():
    assert regret_of_alternatives([trial("linear", (), ())]).translated() == "Nothing to compare yet."


def test_baselines_that_have_most_of_the_say_are_named_as_winners():
    shares = [("last-week", (0.1, 0.5)), ("ets", (0.2, 0.1)), ("linear, raw", (0.3, 0.3)), ("2 × 100 ReLU", (0.4, 0.1))]
    (near,) = composition(shares, 1)
    assert (
        near.translated() == "On day 1: networks 40 %, linear models 30 %, exponential smoothing 20 %, baselines 10 %."
    )
    far = composition(shares, 2)
    assert [sentence.translated() for sentence in far[1:]] == [
        "On day 2 Auto is mostly a baseline: in validation no model that it tried had a smaller error."
    ]
