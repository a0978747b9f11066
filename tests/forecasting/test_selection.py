"""The public/private game: scores against a slow loop, and the collapse that it is there to show."""

import numpy as np
import pytest

from forecasting import selection
from forecasting.errors import BadInput
from forecasting.selection import play


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_game_equals_a_slow_loop(rng):
    known, judged = rng.normal(5000, 800, 50), rng.normal(5000, 800, 20)
    game = play(known, judged, models=300, public=0.3, seed=4)
    same = np.random.default_rng(4)
    judged = same.permutation(judged)
    best, steps, private = np.inf, [], []
    guesses = known[same.integers(0, 50, (300, 20))]
    for model in range(300):
        errors = [abs(guesses[model][day] - judged[day]) for day in range(20)]
        public = sum(errors[:6]) / 6
        private.append(sum(errors[6:]) / 14)
        if public < best:
            best = public
            steps.append((model + 1, pytest.approx(public), pytest.approx(private[-1])))
    assert list(game.steps) == steps
    assert (game.public, game.private) == steps[-1][1:]
    assert game.mean_private == pytest.approx(sum(private) / 300)
    assert (game.models, game.public_days, game.private_days) == (300, 6, 14)


def test_the_best_of_many_looks_good_and_then_collapses(rng):
    known, judged = rng.normal(5000, 800, 1000), rng.normal(5000, 800, 120)
    publics, gaps = [], []
    for seed in range(20):
        few, many = play(known, judged, 10, seed=seed), play(known, judged, 3000, seed=seed)
        publics.append(many.public < few.public)
        gaps.append(many.private / many.mean_private)
    assert np.mean(publics) > 0.9
    assert np.mean(gaps) == pytest.approx(1, abs=0.05)  # no better than the average useless model
    assert many.public < 0.85 * many.mean_private


def test_chunks_do_not_change_the_shape_of_the_game(rng, monkeypatch):
    known, judged = rng.normal(5000, 800, 50), rng.normal(5000, 800, 20)
    monkeypatch.setattr(selection, "CHUNK", 20 * 7)
    small = play(known, judged, models=100)
    publics = [public for _models, public, _private in small.steps]
    assert publics == sorted(publics, reverse=True)
    assert small.steps[0][0] == 1 and small.steps[-1][0] <= 100


def test_sentence_says_the_collapse(rng):
    game = play(rng.normal(5000, 800, 50), rng.normal(5000, 800, 40), 1000)
    assert game.sentence.say().startswith("The best of 1,000 useless models errs by ")


@pytest.mark.parametrize(("days", "models"), [(20, 0), (20, 1_000_001), (1, 10)])
def test_games_that_cannot_be_played(days, models, rng):
    with pytest.raises(BadInput):
        play(rng.normal(size=9), rng.normal(size=days), models)
