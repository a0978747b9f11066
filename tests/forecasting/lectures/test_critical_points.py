"""Each claim's answers on made looks, how often it is wrong without the effect, and the lecture's toy."""

import numpy as np
import pytest

from forecasting.lectures.critical_points import (
    AlongTraining,
    Escape,
    Extremes,
    Look,
    Spectrum,
    gradient_stays,
    is_saddle,
    no_minimum,
    ratio_stays_low,
    toy_point,
)
from forecasting.lectures.surfaces import TOYS

TOY = TOYS["product"]


def look(lowest: float = -1.0, lowered: float = 0.02, ratio: float = 0.5, slope: float = 0.0) -> Look:
    """A hundred eigenvalues; a step of 1 either way lowers the loss of 1 by so much, apart from the slope."""
    positive = round(100 * ratio)
    spectrum = Spectrum(np.sort(np.r_[lowest, -1e-12 * np.ones(99 - positive), np.linspace(1, 5, positive)]))
    losses = np.array([1 - lowered - slope, 1, 1 - lowered + slope])
    return Look(10, 1.0, 0.1, spectrum, Escape(np.array([-1.0, 0.0, 1.0]), losses, slope, lowest))


@pytest.mark.parametrize(
    ("lowest", "lowered", "answer"),
    [
        (-1.0, 0.02, "holds"),
        (-1.0, -0.02, "does not hold here"),  # bends down, but only next to the point
        (-1.0, 0.0001, "does not hold here"),
        (1e-9, 0.02, "does not hold here"),  # no negative eigenvalue: what lies far away is no way down from here
    ],
)
def test_training_ends_at_no_minimum(lowest, lowered, answer):
    rng = np.random.default_rng(0)
    ends = [look(lowest, lowered * factor) for factor in rng.uniform(0.5, 1.5, 5)]
    assert no_minimum(ends).answer == answer


def test_a_slope_is_no_way_down_by_curvature():
    assert look(lowered=-0.01, slope=0.3).escape.gained > 0.2
    assert look(lowered=-0.01, slope=0.3).lowered < 0


def test_seeds_that_disagree_or_are_few_cannot_be_told():
    assert no_minimum([look(lowered=share) for share in (0.05, 0.04, -1, -1, 0.06)]).answer == "cannot tell"
    claim = no_minimum([look()] * 4)
    assert claim.answer == "cannot tell"
    assert claim.lacking.facts["needed"] == 5


def test_one_seed_next_to_a_cliff_does_not_hide_the_others():
    assert no_minimum([look(lowered=share) for share in (0.004, 0.006, 0.005, 0.004, 0.4)]).answer == "holds"


def training(whole: np.ndarray, fall: float = 0.0) -> AlongTraining:
    """Ten epochs; the gradient (seeds,) is so much of the start's in the last of them."""
    epochs, seeds = np.arange(11.0), len(whole)
    losses = np.tile(np.r_[1.0, 0.5, np.full(6, 0.2), 0.2 * np.linspace(1, 1 - fall, 3)], (seeds, 1))
    norms = 2.0 * np.ones((seeds, 11))
    norms[:, 1:] *= whole[:, None]
    batches = np.tile(np.r_[np.nan, np.ones(10)], (seeds, 1))
    return AlongTraining(109, 1.0, epochs, losses, norms, batches)


@pytest.mark.parametrize(
    ("share", "fall", "answer"),
    [(0.3, 0.0, "holds"), (0.01, 0.0, "does not hold here"), (0.3, 0.2, "cannot tell"), (0.11, 0.0, "cannot tell")],
)
def test_gradient_where_the_loss_is_flat(share, fall, answer):
    claim = gradient_stays(training(share * np.array([0.8, 0.9, 1, 1.1, 1.2]), fall))
    assert claim.answer == answer
    assert claim.statistic == pytest.approx(100 * share)
    assert claim.sentence.facts["batch"] == "100 %"


@pytest.mark.parametrize(("ratio", "answer"), [(0.5, "holds"), (0.9, "does not hold here"), (0.6, "cannot tell")])
def test_minimum_ratio(ratio, answer):
    claim = ratio_stays_low([look(ratio=ratio + change) for change in (-0.03, -0.02, 0.0, 0.02, 0.04)])
    assert claim.answer == answer
    assert claim.statistic == pytest.approx(ratio + 0.002, abs=0.011)
    assert claim.low < claim.statistic < claim.high


def test_ends_alone_have_no_ratio():
    one = look()
    ends = [Look(10, 1.0, 0.1, Extremes(-1.0, 5.0, 20), one.escape)] * 5
    assert ratio_stays_low(ends).answer == "cannot tell"
    assert no_minimum(ends).answer == "holds"


def test_rarely_holds_at_the_border_of_each_claim():
    """Effects of exactly what does not count yet, with noise: at most one in twenty."""
    rng = np.random.default_rng(1)
    held = np.zeros(3)
    for _time in range(100):
        bends = [look(lowered=0.001 * np.exp(change)) for change in rng.normal(0, 0.5, 5)]
        ratios = [look(ratio=0.6 + change) for change in rng.normal(0, 0.05, 5)]
        found = no_minimum(bends), gradient_stays(training(rng.normal(0.1, 0.03, 5))), ratio_stays_low(ratios)
        held += [claim.answer == "holds" for claim in found]
    assert (held <= 0.1 * 100).all()  # 5 % and what chance adds
    clear = [
        no_minimum([look(lowered=0.01 * np.exp(change)) for change in rng.normal(0, 0.5, 5)]).answer
        for _time in range(50)
    ]
    assert clear.count("holds") >= 45


# The toy


def test_points_of_the_toy_have_numpys_eigenvectors_turned_downhill():
    for at in np.random.default_rng(0).uniform(-2, 2, (20, 2)):
        point = toy_point(TOY, at)
        for value, vector in zip(point.eigenvalues, point.eigenvectors, strict=True):
            np.testing.assert_allclose(TOY.hessian(at) @ vector, value * vector, atol=1e-12)
            assert vector @ point.gradient <= 1e-9
        assert point.cut(TOY, np.array([0.0, 0.5])) == pytest.approx(
            [point.loss, TOY.value(at + 0.5 * point.eigenvectors[0])]
        )


@pytest.mark.parametrize(
    ("at", "answer", "words"),
    [
        ((0, 0), "holds", "from 1.00 to 0.25"),
        ((1, 1), "does not hold here", "a minimum"),
        ((0.5, 2), "does not hold here", "a minimum"),
        ((1, 0), "does not hold here", "not a critical point"),
    ],
)
def test_saddle_of_the_toy(at, answer, words):
    claim = is_saddle(TOY, toy_point(TOY, at), 1.0)
    assert claim.answer == answer
    assert words in claim.sentence.translated()


def test_the_way_down_from_the_origin_is_the_lectures():
    np.testing.assert_allclose(toy_point(TOY, (0, 0)).eigenvectors[0], np.sqrt([0.5, 0.5]))
