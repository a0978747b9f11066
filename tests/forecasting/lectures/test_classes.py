"""Tomorrow's class: softmax regression against scikit-learn, reliability against a loop, the answers of both claims."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, log_loss

from forecasting.lectures.classes import (
    ClassProblem,
    beats_last_week,
    channel_claims,
    class_problem,
    confusion,
    fit,
    label,
    predicted,
    reliability,
)
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.split import default_split

CHANNELS = 40  # made without an effect


def series(views: np.ndarray) -> Series:
    return Series(pd.Series(np.asarray(views, float), pd.date_range("2019-01-01", periods=len(views))))


def made(views: np.ndarray, flat: float = 0.03) -> ClassProblem:
    return class_problem(series(views), default_split(series(views).views), flat)


def answers(views: np.ndarray) -> list[str]:
    return [claim.answer for claim in channel_claims(series(views), default_split(series(views).views))]


def walk(days: int, seed: int) -> np.ndarray:
    return 5000 * np.exp(np.random.default_rng(seed).normal(0, 0.05, days).cumsum())


def weekly(days: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 1000 * np.exp(np.array([0, 0.1, 0.1, 0.2, 0, -0.2, -0.2])[np.arange(days) % 7] + rng.normal(0, 0.03, days))


@pytest.mark.parametrize("ridge", [0.1, 1.0, 50.0])
def test_softmax_regression_equals_scikit_learns(ridge):
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 1, (300, 5))
    labels = (inputs[:, 0] + 0.3 * rng.normal(0, 1, 300) > 0).astype(int) + (inputs[:, 1] > 0.8)
    oracle = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=10_000).fit(inputs, labels)
    found = fit(inputs, labels, ridge)
    np.testing.assert_allclose(found.probabilities(inputs), oracle.predict_proba(inputs), atol=1e-6)
    np.testing.assert_allclose(found.weights, oracle.coef_.T, atol=1e-5)


def test_softmax_regression_bears_columns_that_are_equal_and_classes_that_are_parted():
    inputs = np.repeat(np.linspace(-1, 1, 60)[:, None], 2, axis=1)
    found = fit(inputs, np.repeat([0, 1, 2], 20), 1e-3)
    assert (found.probabilities(inputs).argmax(axis=1) == np.repeat([0, 1, 2], 20)).mean() > 0.9


def test_reliability_equals_a_loop():
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet([1, 2, 1], 200), rng.integers(0, 3, 200)
    found = reliability(probabilities, labels, bins=5)
    for place, low in enumerate(np.arange(5) / 5):
        pairs = [
            (p, k == label)
            for row, label in zip(probabilities, labels, strict=True)
            for k, p in enumerate(row)
            if low <= p < low + 0.2
        ]
        assert found.counts[place] == len(pairs)
        assert found.predicted[place] == pytest.approx(np.mean([p for p, _came in pairs]))
        assert found.observed[place] == pytest.approx(np.mean([came for _p, came in pairs]))


def test_certainty_is_in_the_last_bin_and_empty_bins_are_left_out():
    found = reliability(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1]))
    np.testing.assert_array_equal(found.counts, [2, 2])
    np.testing.assert_array_equal(found.observed, [0.5, 0.5])


def test_confusion_equals_scikit_learns():
    actual, guessed = np.random.default_rng(0).integers(0, 3, (2, 100))
    np.testing.assert_array_equal(confusion(actual, guessed), confusion_matrix(actual, guessed))


def test_labels_and_last_weeks_are_those_of_the_days():
    views = weekly(300)
    problem = made(views)
    split = default_split(series(views).views)
    days = pd.date_range("2019-01-01", periods=300)
    for place, day in [(0, split.held_out.first), (10, split.held_out.first + pd.Timedelta(days=10))]:
        at = days.get_loc(pd.Timestamp(day))
        expected = [label(*views[[at - 1 - ago, at - ago]]) for ago in (0, 7)]
        assert [problem.held_out.labels[place], problem.held_out.last_week[place]] == expected


def test_losses_and_baselines_equal_their_definitions():
    problem = made(weekly(700, 1))
    probabilities = predicted(problem)
    assert problem.losses(probabilities).mean() == pytest.approx(log_loss(problem.held_out.labels, probabilities))
    assert problem.losses(probabilities[None])[0] == pytest.approx(problem.losses(probabilities))
    flat = problem.train.labels[problem.train.last_week == 1]
    share = (np.sum(flat == 2) + 1) / (len(flat) + 3)
    assert problem.after_last_week[problem.held_out.last_week == 1][0, 2] == pytest.approx(share)


def test_the_sample_is_told_better_than_by_both_baselines():
    sample = sample_channel().series
    split = default_split(sample.views)
    assert [claim.answer for claim in channel_claims(sample, split)] == ["holds", "holds"]
    problem = class_problem(sample, split)
    assert problem.accuracy(problem.shares) == pytest.approx(0.395, abs=0.002)
    assert problem.losses(problem.shares).mean() == pytest.approx(1.091, abs=0.001)
    assert problem.losses(predicted(problem)).mean() < 0.92


def test_no_class_foretells_another_in_a_random_walk():
    found = [answers(walk(700, seed)) for seed in range(CHANNELS)]
    for claim in range(2):
        assert sum(one[claim] == "holds" for one in found) <= 4  # 5 % expected at most, with room for 40 channels


def test_a_week_beats_the_commonest_class_and_is_known_by_last_week_too():
    assert [answers(weekly(900, seed))[0] for seed in range(5)] == ["holds"] * 5


def test_where_last_week_says_all_it_is_not_beaten():
    problem = made(weekly(900))
    known = problem.after_last_week
    assert beats_last_week(problem, known).answer == "does not hold here"


def test_what_knows_all_beats_no_week_that_says_next_to_all():
    problem = made(np.resize(1000 * np.exp([0, 0.1, 0.1, 0.2, 0, -0.2, -0.2]), 900))
    certain = np.eye(3)[problem.held_out.labels]
    assert problem.losses(certain).max() < problem.losses(problem.after_last_week).min() < 0.02
    assert beats_last_week(problem, certain).answer == "does not hold here"


@pytest.mark.parametrize("views", [np.full(300, 7.0), np.zeros(300), np.arange(300.0) + 50])
def test_a_class_that_is_too_rare_cannot_be_told(views):
    found = list(channel_claims(series(views), default_split(series(views).views)))
    assert [claim.answer for claim in found] == ["cannot tell"] * 2
    assert "training days of the rarest class, 20 needed" in found[0].lacking.translated()


@pytest.mark.parametrize("days", [28, 60, 75])
def test_a_short_channel_cannot_be_told(days):
    found = list(channel_claims(series(weekly(days)), default_split(series(weekly(days)).views)))
    assert [claim.answer for claim in found] == ["cannot tell"] * 2
    assert all(claim.lacking for claim in found)


def test_holes_are_no_examples():
    views = weekly(500)
    views[[200, 460]] = np.nan
    whole, holed = made(weekly(500)), made(views)
    assert 0 < len(holed.train.labels) < len(whole.train.labels)
    assert np.isfinite(predicted(holed)).all()
