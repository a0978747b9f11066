"""The report card: its table, what becomes of a channel that is too short, and what it says of some claims."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation import rate_sweep
from forecasting.evaluation.cross_validation import usual_models
from forecasting.lectures import card, channel_claims
from forecasting.lectures.card import (
    NO_ANSWER,
    Counts,
    figure,
    judge_group,
    place_of,
    row_of,
    seconds_left,
)
from forecasting.lectures.card_groups import CHEAP_FIRST, GROUPS, Group, Source, Statement
from forecasting.lectures.claims import Claim
from forecasting.messages import BadInput, Message
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.split import default_split
from forecasting.windows import FEWEST_CHANNEL_DAYS
from tests.forecasting.conftest import make_views


def made(name: str = "first", answer="holds", effect: float = 3.0, low: float = 1.0, high: float = 5.0, unit="views"):
    return Claim(name, answer, effect, low, high, unit, Message("Found {what}.", {"what": name}))


def two_and_no_more(_series, _split) -> Iterator[Claim]:
    yield made("second")
    yield made("not on the card")
    raise BadInput("nothing after {day}", day="Monday")


@pytest.fixture
def own_group(monkeypatch) -> None:
    statements = tuple(Statement(name, f"{name} is so.", "", "three_steps") for name in ("first", "second", "third"))
    source = Source(f"{__name__}:two_and_no_more", statements)
    monkeypatch.setitem(GROUPS, "own", Group("Own", 1.0, (source,)))


def test_what_a_source_does_not_come_to_cannot_be_told(views, split, own_group):
    found = {claim.name: claim for claim in judge_group(Series(views), split, "own")}
    assert list(found) == ["second", "first", "third"]
    assert found["second"].answer == "holds"
    assert [found[name].answer for name in ("first", "third")] == ["cannot tell"] * 2
    assert found["third"].lacking.translated() == "nothing after Monday"
    assert figure(found["third"]) == "nothing after Monday"


def test_names_are_once_on_the_card():
    names = [statement.name for group in GROUPS.values() for statement in group.statements]
    assert len(set(names)) == len(names)
    assert [GROUPS[slug].seconds for slug in CHEAP_FIRST] == sorted(group.seconds for group in GROUPS.values())


def test_a_channel_too_short_says_how_many_days_it_lacks():
    views = make_views(FEWEST_CHANNEL_DAYS - 1)
    for slug, group in GROUPS.items():
        found = list(judge_group(Series(views), default_split(views), slug))
        assert [claim.name for claim in found] == [statement.name for statement in group.statements]
        assert {figure(claim) for claim in found} == {f"{FEWEST_CHANNEL_DAYS - 1} days, {FEWEST_CHANNEL_DAYS} needed"}


@pytest.fixture
def brief(monkeypatch) -> None:
    """Nets learn for two epochs or updates: what they come to does not matter here."""
    for name in ("learned_curve", "trained_net"):
        whole = getattr(channel_claims, name)
        monkeypatch.setattr(channel_claims, name, lambda series, run, learn=whole: learn(series, briefly(run)))
    whole_sweep = rate_sweep.final_losses
    monkeypatch.setattr(rate_sweep, "final_losses", lambda series, run, _updates: whole_sweep(series, run, 2))
    monkeypatch.setattr("forecasting.lectures.critical_points.EPOCHS", 2)
    monkeypatch.setattr("forecasting.lectures.batch_size.EPOCHS", 2)
    monkeypatch.setattr("forecasting.lectures.batch_size.UPDATES", 20)
    monkeypatch.setattr(channel_claims, "usual_models", lambda split: [*map(briefly, usual_models(split))])


def briefly(run: RunSettings) -> RunSettings:
    return replace(run, training=replace(run.training, epochs=2))


@pytest.mark.slow
@pytest.mark.parametrize("slug", GROUPS)
@pytest.mark.parametrize("kind", ["short", "flat"])
def test_every_claim_has_an_answer_on_any_usable_channel(slug, kind, brief):
    views = make_views(150) if kind == "short" else pd.Series(7.0, pd.date_range("2020-01-01", periods=150))
    found = list(judge_group(Series(views), default_split(views), slug))
    assert sorted(claim.name for claim in found) == sorted(statement.name for statement in GROUPS[slug].statements)
    for claim in found:
        assert not claim.lacking or claim.lacking.text != NO_ANSWER, claim.name
        assert row_of(slug, claim).here


def test_the_sample_answers_as_its_chapters_do_and_twice_the_same():
    channel = sample_channel()
    split = default_split(channel.views)
    found = list(judge_group(channel.series, split, "data"))
    assert {claim.name: claim.answer for claim in found} == {
        "The line is a day late": "holds",
        "Descent arrives": "holds",
        "7 days beat 1": "holds",
        "28 days beat 7": "holds",
        "56 days beat 28": "cannot tell",
        "Twice the pieces leave under 0.6 of the error": "does not hold here",
    }
    assert repr(found) == repr(list(judge_group(channel.series, split, "data")))


def test_counts_and_what_misses_by_chance():
    fact = made(low=np.nan, high=np.nan)
    claims = [made()] * 9 + [made(answer="cannot tell")] * 3 + [fact, replace(fact, answer="does not hold here")]
    counts = Counts.of(claims)
    assert [sentence.translated() for sentence in counts.sentences] == [
        "Hold: 10. Do not hold here: 1. Cannot be told: 3.",
        "One in ten of the 90 % intervals misses by chance: of 12 about 1.",
    ]


def test_figures_are_effects_with_intervals_or_facts_in_words():
    assert figure(made()) == "3 (1 to 5) views"
    assert figure(made(low=np.nan, high=np.nan)) == "Found first."


def test_places_are_shares_of_the_farthest_end():
    plain = Statement("first", "First is so.", "", "three_steps")
    assert place_of(plain, made()) == pytest.approx((0.6, 0.2, 1.0))
    assert place_of(plain, made(low=-6.0)) == pytest.approx((0.5, -1.0, 5 / 6))
    assert place_of(plain, made(effect=2.0, low=0.5, high=8.0, unit="times")) == pytest.approx((1 / 3, -1 / 3, 1.0))
    assert np.isnan(place_of(plain, made(low=np.nan, high=np.nan))[1])
    assert place_of(replace(plain, border=2.0), made()) == pytest.approx((1 / 3, -1 / 3, 1.0))
    assert place_of(replace(plain, border=6.0, below=True), made()) == pytest.approx((0.6, 1.0, 0.2))


def test_time_left_follows_the_pace_so_far(monkeypatch):
    groups = {name: Group(name, seconds, ()) for name, seconds in (("a", 10.0), ("b", 30.0))}
    monkeypatch.setattr(card, "GROUPS", groups)
    assert seconds_left({}, 0.0, workers=2) is None
    assert seconds_left({"a": 1.0}, 20.0, workers=1) == 60.0  # twice as slow as on the sample
    assert seconds_left({"a": 0.5, "b": 0.5}, 20.0, workers=2) == 15.0  # the longer one
