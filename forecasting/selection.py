"""Choosing among many useless models by a public score (Lee 2021, video 3): the best looks good, then collapses."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecasting.errors import N_, BadInput
from forecasting.sentences import Sentence, in_views

MOST = 1_000_000  # models
FEWEST_DAYS = 2  # one public, one private
CHUNK = 2**21  # guesses held at a time


@dataclass(frozen=True)
class Game:
    """Scores are MAE in views. `steps` are (models, public, private): the best public score so far, and its private."""

    models: int
    public_days: int
    private_days: int
    public: float  # of the chosen model, the one with the best public score
    private: float  # of the same model
    mean_private: float  # of all models
    steps: tuple[tuple[int, float, float], ...]

    @property
    def sentence(self) -> Sentence:
        """What happened."""
        facts = {name: in_views(getattr(self, name)) for name in ("public", "private", "mean_private")}
        return Sentence(
            N_(
                "The best of {models} useless models errs by {public} views on the public days and by {private} on the"
                " private ones, where the average useless model errs by {mean_private}."
            ),
            facts | {"models": f"{self.models:,}"},
        )


def play(known: np.ndarray, judged: np.ndarray, models: int, public: float = 0.5, seed: int = 0) -> Game:
    """Let `models` guess, for each of `judged` (days,), the views of some day drawn from `known` (training days,).

    A share `public` of the judged days, drawn at random, is public. Nothing is learnt: no model beats another.
    """
    _check(judged, models)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(judged)
    cut = min(max(round(len(judged) * public), 1), len(judged) - 1)
    best, steps, total, done = np.inf, [], 0.0, 0
    for scores in _scores(known, shuffled, cut, models, rng):
        places, bests = _records(scores[0], best)
        steps += [(done + int(place) + 1, float(scores[0][place]), float(scores[1][place])) for place in places]
        best, total, done = bests, total + float(scores[1].sum()), done + scores.shape[1]
    last = steps[-1]
    return Game(models, cut, len(judged) - cut, last[1], last[2], total / models, tuple(steps))


def _scores(known: np.ndarray, judged: np.ndarray, cut: int, models: int, rng) -> Iterator[np.ndarray]:
    """Public and private scores (2, some models) until all models are done."""
    step = max(CHUNK // len(judged), 1)
    for begun in range(0, models, step):
        guesses = known[rng.integers(0, len(known), (min(step, models - begun), len(judged)))]
        errors = np.abs(guesses - judged)
        yield np.stack([errors[:, :cut].mean(axis=1), errors[:, cut:].mean(axis=1)])


def _records(scores: np.ndarray, best: float) -> tuple[np.ndarray, float]:
    """Places where a score falls below all before it and below `best`, and the best then."""
    before = np.minimum.accumulate(np.concatenate([[best], scores]))
    return np.flatnonzero(scores < before[:-1]), float(before[-1])


def _check(judged: np.ndarray, models: int) -> None:
    if not 1 <= models <= MOST:
        raise BadInput(N_("{models} models were asked for; choose from 1 to {most}."), models=models, most=MOST)
    if len(judged) < FEWEST_DAYS:
        raise BadInput(N_("The game needs public and private days; hold out at least two days."))
