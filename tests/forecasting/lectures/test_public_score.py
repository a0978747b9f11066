"""The public/private game: scores against a slow loop, and the collapse that it is there to show."""

import numpy as np
import pandas as pd
import pytest

from forecasting.json_records import from_json, to_json
from forecasting.lectures import public_score as selection
from forecasting.lectures.public_score import (
    SelectionGame,
    choose,
    choose_again,
    collapse,
    finite_seeds,
    play,
    play_on,
    score_collapses,
)
from forecasting.messages import BadInput
from forecasting.series import Channel, Correction


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def played(*game, **more):
    """The game when all have guessed."""
    *_before, (_done, last) = play(*game, **more)
    return last


def test_game_equals_a_slow_loop(rng):
    known, judged, baseline = rng.normal(5000, 800, 50), rng.normal(5000, 800, 20), rng.normal(5000, 800, 20)
    game = played(known, judged, baseline, models=300, public=0.3, seed=4)
    same = np.random.default_rng(4)
    order = same.permutation(20)
    best, steps, private = np.inf, [], []
    guesses = known[same.integers(0, 50, (300, 20), np.uint16)]
    for model in range(300):
        errors = [abs(guesses[model][place] - judged[day]) for place, day in enumerate(order)]
        public = sum(errors[:6]) / 6
        private.append(sum(errors[6:]) / 14)
        if public < best:
            best = public
            steps.append((model + 1, pytest.approx(public), pytest.approx(private[-1])))
    assert list(game.steps) == steps
    assert (game.public, game.private) == steps[-1][1:]
    assert game.mean_private == pytest.approx(sum(private) / 300)
    assert game.baseline == pytest.approx(sum(abs(baseline[day] - judged[day]) for day in order[6:]) / 14)
    assert (game.models, game.public_days, game.private_days) == (300, 6, 14)


def test_the_best_of_many_looks_good_and_then_collapses(rng):
    known, judged = rng.normal(5000, 800, 1000), rng.normal(5000, 800, 120)
    publics, gaps = [], []
    for seed in range(20):
        few, many = (played(known, judged, judged, models=models, seed=seed) for models in (10, 3000))
        publics.append(many.public < few.public)
        gaps.append(many.private / many.mean_private)
    assert np.mean(publics) > 0.9
    assert np.mean(gaps) == pytest.approx(1, abs=0.05)  # no better than the average useless model
    assert many.public < 0.85 * many.mean_private


def test_game_is_told_as_it_goes_and_begins_the_same_however_long(rng, monkeypatch):
    known, judged = rng.normal(5000, 800, 50), rng.normal(5000, 800, 20)
    monkeypatch.setattr(selection, "CHUNK", 20 * 7)
    stages = list(play(known, judged, judged, models=100))
    assert [done for done, _game in stages] == [*range(7, 100, 7), 100]
    long = played(known, judged, judged, models=1000)
    for done, game in stages:
        assert game.models == done
        assert game.steps == tuple(step for step in long.steps if step[0] <= done)


def test_game_on_a_channel_knows_its_measured_days_alone(views, split):
    views = views.copy()
    views.iloc[[50, 380]] = np.nan  # of training and of the held-out period
    filled = (views.index[60].date(), views.index[400].date())
    channel = Channel("mine", views, (Correction("{count} days", filled, option="fill"),))
    *_before, (done, game) = play_on(channel.series, split, 50, public=0.5)
    judged = views["2021-01-01":"2021-02-23"].drop([views.index[380], views.index[400]])
    assert (done, game.public_days + game.private_days) == (50, len(judged))
    assert from_json(SelectionGame, to_json(game)) == game


def test_sentence_says_the_collapse(rng):
    game = played(rng.normal(5000, 800, 50), rng.normal(5000, 800, 40), np.zeros(40), models=1000)
    assert game.sentence.translated().startswith("The best of 1,000 useless models: error ")


def test_choice_among_trained_models_equals_a_slow_loop(rng):
    errors = np.abs(rng.normal(300, 80, (6, 40)))
    found = choose(errors, 0.25, draws=30, seed=3)
    same, promised, kept = np.random.default_rng(3), [], []
    for _draw in range(30):
        public = set(same.permutation(40)[:10])
        scores = [
            [sum(row[d] for d in range(40) if (d in public) is shown) for shown in (True, False)] for row in errors
        ]
        best = min(scores, key=lambda score: score[0])
        promised.append(best[0] / 10)
        kept.append(best[1] / 30)
    assert (found.public, found.private) == pytest.approx((np.mean(promised), np.mean(kept)))
    assert found.mean_private == pytest.approx(errors.mean(), rel=0.02)
    assert found.seeds == 6 and "Of 6 seeds of 2 trained runs" in found.sentence(2).translated()


def test_scores_step_and_go_on_to_the_last_model():
    game = SelectionGame(500, 5, 9, 60.0, 95.0, 90.0, 40.0, ((1, 100.0, 80.0), (20, 60.0, 95.0)))
    public, private = game.curves()
    assert public.tolist() == [[1, 100], [20, 100], [20, 60], [500, 60]]
    assert private.tolist() == [[1, 80], [20, 80], [20, 95], [500, 95]]


def test_repeats_of_the_choice_equal_a_slow_loop(rng):
    errors = np.abs(rng.normal(300, 80, (5, 24)))
    found = choose_again(errors, 0.25, draws=12, seed=4)
    same = np.random.default_rng(4)
    for draw in range(12):
        order = same.permutation(24)
        public, private = order[:6], order[6:]
        best = min(range(5), key=lambda model: errors[model][public].mean())
        assert found.public[draw] == pytest.approx(errors[best][public].mean())
        assert found.private[draw] == pytest.approx(errors[best][private].mean())
        assert found.all_private[draw] == pytest.approx(errors[:, private].mean())


def test_score_of_the_best_of_many_collapses_and_that_of_one_does_not(views, split):
    channel = Channel("mine", views)
    assert score_collapses(channel.series, split, 1000, public=0.1).answer == "holds"
    assert score_collapses(channel.series, split, 1, public=0.1).answer == "cannot tell"


def test_a_channel_without_noise_has_nothing_to_collapse(split):
    flat = Channel("flat", pd.Series(100.0, pd.date_range("2020-01-01", periods=420)))
    assert score_collapses(flat.series, split, 50, public=0.5).answer == "does not hold here"


def test_choice_on_few_days_says_how_many_lack(rng):
    found = collapse(choose_again(np.abs(rng.normal(300, 80, (50, 20)))), 50, 20)
    assert found.answer == "cannot tell" and found.lacking.facts == {"days": 20, "needed": 28}


def test_without_a_choice_a_collapse_is_seldom_found():
    """A single model: over 60 made sets of errors, more than six come once in forty times at 5 %."""
    rng = np.random.default_rng(0)
    held = [collapse(choose_again(rng.exponential(300, (1, 200))), 1, 200).answer == "holds" for _set in range(60)]
    assert sum(held) <= 6


def test_seeds_that_diverged_are_left_out(rng):
    views = pd.Series(rng.uniform(100, 900, 40))
    errors = np.array([np.full(40, size) for size in (30.0, views.max() - 1, views.max() + 1, 1e7, np.nan, np.inf)])
    assert finite_seeds(errors, views).tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize(("days", "models"), [(20, 0), (20, 1_000_001), (1, 10)])
def test_games_that_cannot_be_played(days, models, rng):
    with pytest.raises(BadInput):
        played(rng.normal(size=9), rng.normal(size=days), rng.normal(size=days), models=models)
