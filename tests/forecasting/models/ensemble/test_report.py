"""What Auto's trials say afterwards, on trials made by hand."""

import pytest

from forecasting.models.ensemble.candidates import settings_of
from forecasting.models.ensemble.member import UPDATES, Recipe
from forecasting.models.ensemble.member_training import fit_members
from forecasting.models.ensemble.report import composition, regret_of_alternatives, trials_frame, work_of
from forecasting.networks.updates import Descent
from forecasting.series import Series
from tests.forecasting.conftest import make_views


def trial(name, errors, mixed, candidate="last-week"):
    pairs = {part: list(enumerate(values, 1)) for part, values in (("errors", errors), ("mixed", mixed))}
    return {"name": name, **pairs, "settings": settings_of(candidate), "seconds": 1.0}


CANDIDATES = [
    trial("last-week", (1.0, 2.0), (1.0, 2.0)),
    trial("linear, log", (0.8, 1.0), (0.8, 1.2), Recipe("linear")),
    trial("1 × 100 ReLU", (3.0, 3.0), (0.8, 1.2), Recipe("relu", seeds=3)),
]


def test_frame_has_means_over_days_ahead_in_the_order_tried():
    frame = trials_frame(CANDIDATES)
    assert list(frame["name"]) == ["Same day last week", "linear, log", "1 × 100 ReLU"]
    assert list(frame["alone"]) == pytest.approx([1.5, 0.9, 3.0])
    assert list(frame["mixed"]) == pytest.approx([1.5, 1.0, 1.0])


def test_work_is_stated_in_updates_of_weights(monkeypatch):
    """As many as an epoch after the other really takes, of every seed; a method without weights takes none."""
    epochs, epoch = [], Descent.epoch
    monkeypatch.setattr(Descent, "epoch", lambda self, fitted, *rest: (epochs.append(self), epoch(self, fitted, *rest)))
    series, recipe = Series(make_views(28 + 14 + 64)), Recipe("linear", window=14, seeds=3)
    fit_members(recipe, series)
    updates = len(epochs) * 2  # 92 windows are two batches
    assert list(trials_frame([trial("linear", (), (), recipe)])["updates"]) == [pytest.approx(3 * updates, abs=3)]
    assert list(trials_frame(CANDIDATES)["updates"]) == [0, 4 * UPDATES["linear"][-1], 3 * UPDATES["relu"][-1]]
    assert work_of(CANDIDATES).translated().startswith("Work: 13,000 updates of weights for 3 models, the same")


def test_others_are_compared_with_the_mixture_at_the_end():
    said = regret_of_alternatives(CANDIDATES).translated()
    assert "averages 3 models (MASE 1.000 in validation)" in said
    assert "−10 % “linear, log” (the best one, known only in hindsight)" in said
    assert "+50 % “Same day last week”, +200 % “1 × 100 ReLU” (the worst)" in said


def test_trials_without_errors_claims_nothing():
    assert regret_of_alternatives([trial("linear", (), ())]).translated() == "Nothing to compare yet."


def test_baselines_that_have_most_of_the_say_are_named_as_winners():
    shares = [("last-week", (0.1, 0.5)), ("ets", (0.2, 0.1)), ("linear, raw", (0.3, 0.2)), ("2 × 100 ReLU", (0.3, 0.1))]
    shares += [("level-1", (0.1, 0.0)), ("last-year", (0.0, 0.1))]
    (near,) = composition(shares, 1)
    assert (
        near.translated() == "On day 1: networks 30 %, linear models 30 %, exponential smoothing 20 %, level and season"
        " 10 %, baselines 10 %."
    )
    far = composition(shares, 2)
    assert [sentence.translated() for sentence in far[1:]] == ["On day 2 Auto is mostly a baseline."]


@pytest.mark.parametrize(
    ("of_ets", "said"),
    [
        (
            2.5,
            "On day 9 Auto is mostly a baseline: in validation nothing else it tried erred less (MASE 2.000; the best"
            " of the others, “ets”, 2.500).",
        ),
        (
            1.5,
            "On day 9 Auto is mostly a baseline, though in validation “ets” alone erred less (MASE 1.500, the best"
            " baseline 2.000).",
        ),
    ],
)
def test_whether_anything_erred_less_than_the_baselines_is_read_from_errors(of_ets, said):
    """Of the days ahead that were looked at, 1 and 2, the second is nearest to day 9."""
    shares = [("last-week", [0.6] * 9), ("ets", [0.4] * 9)]
    trials = [trial("last-week", (1.0, 2.0), ()), trial("ets", (0.1, of_ets), ()), trial("linear", (), ())]
    assert composition(shares, 9, trials)[1].translated() == said
