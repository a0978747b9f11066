"""Choosing among many useless models by a public score (Lee 2021, video 3): the best looks good, then collapses."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.evaluation.baselines import baseline_forecast
from forecasting.evaluation.comparison import FEWEST_DAYS
from forecasting.formats import Views
from forecasting.lectures.claims import MARGIN, TOO_FEW_DAYS, Claim, Judgement, claim, judge_draws
from forecasting.messages import N_, BadInput, Message
from forecasting.models.registry import SKILL_BASELINE
from forecasting.series import Series
from forecasting.split import Period, Split

MOST_RANDOM_MODELS = 1_000_000  # models
FEWEST_SCORED_DAYS = 2  # one public, one private
DRAWS = 200  # of public days, for trained models
REPEATED = 1_000  # models at most whose choice is repeated: some hundredths of a second for all draws
CHUNK = 2**16  # guesses held at a time; they stay in the processor's cache


@dataclass(frozen=True)
class SelectionGame:
    """Scores are MAE in views. `steps` are (models, public, private): the best public score so far, and its private."""

    models: int
    public_days: int
    private_days: int
    public: float  # of the chosen model, the one with the best public score
    private: float  # of the same model
    mean_private: float  # of all models
    baseline: float  # private, of a forecast that is not among them
    steps: tuple[tuple[int, float, float], ...]

    def curves(self) -> tuple[np.ndarray, np.ndarray]:
        """Corners (n, 2) of the steps that the public and the private score take, by number of models."""
        models, public, private = np.array([*self.steps, (self.models, *self.steps[-1][1:])]).T
        along = np.repeat(models, 2)[1:-1]
        return np.stack([along, np.repeat(public, 2)[:-2]], 1), np.stack([along, np.repeat(private, 2)[:-2]], 1)

    @property
    def sentence(self) -> Message:
        """What happened."""
        scores = ("public", "private", "mean_private", "baseline")
        facts = {name: Views(getattr(self, name)) for name in scores}
        return Message(
            N_(
                "The best of {models} useless models: error {public} views on the public days, {private} on the "
                "private days. Private error of the average useless model: {mean_private}; of “Same day last "
                "week”: {baseline}."
            ),
            facts | {"models": f"{self.models:,}"},
        )


def play_on(series: Series, split: Split, models: int, *, public: float) -> Iterator[tuple[int, SelectionGame]]:
    """The game on a channel's measured days: training days to guess from, held-out days to be judged on."""
    return play(*_days_of(series, split), models=models, public=public)


def _days_of(series: Series, split: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views to guess from, views to be judged on, and a forecast of these."""
    known, judged = (_measured(series, period) for period in (split.train, split.held_out))
    baseline = baseline_forecast(SKILL_BASELINE, series, judged.index)
    there = np.isfinite(baseline)
    return known.to_numpy(), judged.to_numpy()[there], baseline[there]


def _measured(series: Series, period: Period) -> pd.Series:
    return series.measured[str(period.first) : str(period.last)].dropna()


def play(
    known: np.ndarray, judged: np.ndarray, baseline: np.ndarray, *, models: int, public: float = 0.5, seed: int = 0
) -> Iterator[tuple[int, SelectionGame]]:
    """Let `models` guess, for each of `judged` (days,), the views of some day drawn from `known` (training days,).

    A share `public` of the judged days, drawn at random, is public. Nothing is learnt: no model beats another. Yields
    how many have guessed and how the game stands; the first ones are the same however many follow. `baseline` (days,)
    is a forecast of `judged` to compare them with.
    """
    _check(judged, models)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(judged))
    cut = public_days(len(judged), public)
    beside = float(np.abs(baseline - judged)[order[cut:]].mean())
    best, total, done = np.inf, 0.0, 0
    steps: list[tuple[int, float, float]] = []
    for scores in _scores(known, judged[order], cut, models, rng):
        places, best = _records(scores[0], best)
        steps += [(done + int(place) + 1, float(scores[0, place]), float(scores[1, place])) for place in places]
        total, done = total + float(scores[1].sum()), done + scores.shape[1]
        _models, shown, hidden = steps[-1]
        yield (
            done,
            SelectionGame(
                models=done,
                public_days=cut,
                private_days=len(judged) - cut,
                public=shown,
                private=hidden,
                mean_private=total / done,
                baseline=beside,
                steps=tuple(steps),
            ),
        )


def _scores(known: np.ndarray, judged: np.ndarray, cut: int, models: int, rng) -> Iterator[np.ndarray]:
    """Public and private scores (2, some models) until all models are done."""
    step = max(CHUNK // len(judged), 1)
    places = np.uint16 if len(known) <= 2**16 else np.uint32
    for begun in range(0, models, step):
        drawn = rng.integers(0, len(known), (min(step, models - begun), len(judged)), places)
        errors = np.abs(known.take(drawn) - judged)
        yield np.stack([errors[:, :cut].mean(axis=1), errors[:, cut:].mean(axis=1)])


def _records(scores: np.ndarray, best: float) -> tuple[np.ndarray, float]:
    """Places where a score falls below all before it and below `best`, and the best then."""
    before = np.minimum.accumulate(np.concatenate([[best], scores]))
    return np.flatnonzero(scores < before[:-1]), float(before[-1])


def _check(judged: np.ndarray, models: int) -> None:
    if not 1 <= models <= MOST_RANDOM_MODELS:
        raise BadInput(
            N_("{models} models were asked for; choose from 1 to {most}."), models=models, most=MOST_RANDOM_MODELS
        )
    if len(judged) < FEWEST_SCORED_DAYS:
        raise BadInput(N_("Public and private days are needed; hold out at least two days."))


@dataclass(frozen=True)
class Choice:
    """Seeds of trained models chosen by public days, over many draws of these days; mean MAE in views."""

    seeds: int
    public: float  # of the chosen model, on the days it was chosen by
    private: float  # of the same model on the other days
    mean_private: float  # of all of them

    def sentence(self, runs: int) -> Message:
        """What the choice promised and what it kept."""
        facts = {name: Views(getattr(self, name)) for name in ("public", "private", "mean_private")}
        return Message(
            N_(
                "Of {seeds} seeds of {runs} trained runs, the one chosen by its public score: {public} views of "
                "error on the public days, {private} on the private days. Average of all on the private days: "
                "{mean_private} (means over {draws} draws of the public days)."
            ),
            facts | {"seeds": self.seeds, "runs": runs, "draws": DRAWS},
        )


def finite_seeds(errors: np.ndarray, views: pd.Series) -> np.ndarray:
    """Which of some seeds, by absolute `errors` (seeds, days), err by less than the largest of a channel's `views`.

    To forecast no views at all errs by less than that: the others diverged, and one such would be the mean of them all.
    """
    return errors.mean(axis=1) < views.max()


def choose(errors: np.ndarray, public: float = 0.5, draws: int = DRAWS, *, seed: int = 0) -> Choice:
    """Choose among seeds of known absolute `errors` (seeds, days) by a share `public` of the days, `draws` times."""
    found = choose_again(errors, public, draws, seed=seed)
    return Choice(len(errors), *(float(scores.mean()) for scores in (found.public, found.private, found.all_private)))


@dataclass(frozen=True, eq=False)
class RepeatedChoice:
    """Mean MAE in views for each draw of the public days (draws,)."""

    public: np.ndarray  # of the chosen model, on the days that it was chosen by
    private: np.ndarray  # of the same model on the other days
    all_private: np.ndarray  # of all models, on these other days


def choose_again(errors: np.ndarray, public: float = 0.5, draws: int = DRAWS, *, seed: int = 0) -> RepeatedChoice:
    """The choice by a share `public` of the days, for so many draws of them. `errors` are absolute (models, days)."""
    days = errors.shape[1]
    _check(errors[0], len(errors))
    rng = np.random.default_rng(seed)
    cut = public_days(days, public)
    shown = np.zeros((draws, days), errors.dtype)
    for row in shown:
        row[rng.permutation(days)[:cut]] = 1
    publics = shown @ errors.T / cut
    chosen = errors[publics.argmin(axis=1)]
    hidden = (1 - shown) / (days - cut)
    return RepeatedChoice(publics.min(axis=1), (hidden * chosen).sum(axis=1), hidden @ errors.mean(axis=0))


def public_days(days: int, public: float) -> int:
    """How many of `days` are public where a share of them is: at least one, and all but one at most."""
    return min(max(round(days * public), 1), days - 1)


def score_collapses(series: Series, split: Split, models: int, *, public: float) -> Claim:
    """Whether the model that is chosen by its public score errs more on private days, over draws of the public days."""
    known, judged, _baseline = _days_of(series, split)
    _check(judged, models)
    models = min(models, REPEATED)
    drawn = np.random.default_rng(1).integers(0, len(known), (models, len(judged)), np.uint32)
    errors = known.astype(np.float32).take(drawn)
    errors -= judged.astype(np.float32)
    return collapse(choose_again(np.abs(errors, out=errors), public), *errors.shape)


def collapse(found: RepeatedChoice, models: int, days: int) -> Claim:
    """The claim on choices among so many models by a share of so many days."""
    gaps, level = found.private - found.public, float(found.all_private.mean())
    if days < FEWEST_DAYS:
        lacking = Message(TOO_FEW_DAYS, {"days": days, "needed": FEWEST_DAYS})
        judged = Judgement("cannot tell", float(gaps.mean()), lacking=lacking)
    else:
        judged = judge_draws(gaps, float(gaps.mean()), MARGIN * level)
    sentence = N_(
        "Best of {models}, over {draws} draws of the days: {public} on public days, {private} on private ones."
    )
    scores = {"public": found.public, "private": found.private}
    facts: dict[str, object] = {name: Views(float(score.mean())) for name, score in scores.items()}
    facts |= {"draws": f"{len(gaps)}", "models": f"{models:,}"}
    return claim(
        N_("The chosen score collapses on private days"), judged, unit=N_("views"), sentence=Message(sentence, facts)
    )
