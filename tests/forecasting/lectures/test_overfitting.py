"""Toys as they are described, d2l's figures, each claim's answers on made data, and how often it is wrong."""

import numpy as np
import pytest
import torch

from forecasting.lectures import overfitting
from forecasting.lectures.learning_curves import Experiment, LearningCurve
from forecasting.lectures.nested_models import Examples, Problem
from forecasting.lectures.overfitting import lies_inside, polynomial, quadratic, toy_remedies
from forecasting.messages import BadInput
from forecasting.series import Series
from forecasting.split import default_split
from tests.forecasting.conftest import make_views


@pytest.mark.parametrize(
    ("make", "true", "noise"),
    [
        (quadratic, overfitting.true_quadratic, overfitting.NOISE),
        (polynomial, overfitting.true_polynomial, overfitting.D2L_NOISE),
    ],
)
def test_toys_are_their_true_curve_and_noise(make, true, noise):
    held_out = make(50).held_out
    assert (held_out.targets - true(held_out.inputs[:, 0])).std() == pytest.approx(noise, rel=0.15)
    assert make(50, 1).train.targets[0] != make(50, 0).train.targets[0]


def test_d2ls_polynomial_is_what_the_book_writes():
    x = np.array([0.5, 2.0])
    assert overfitting.true_polynomial(x) == pytest.approx(5 + 1.2 * x - 3.4 * x**2 / 2 + 5.6 * x**3 / 6)


def test_d2ls_four_features_fit_two_do_not_and_twenty_overfit():
    problem = polynomial(100)
    two, four, twenty = (problem.curve()[features - 1 - problem.constant] for features in (2, 4, 20))
    assert four[2] < 0.02
    assert two[0] > 1
    assert twenty[0] <= four[0]
    assert twenty[2] > 10 * four[2]


def test_weight_decay_comes_to_d2ls_figures():
    ends = {
        strength: [overfitting.weight_decay(strength, seed).losses[-1, 1] for seed in range(5)] for strength in (0, 3)
    }
    assert min(ends[0]) < 75 < max(ends[0])  # the book's run came to 71
    assert 0.03 < np.mean(ends[3]) < 0.2  # and 0.14


def test_weight_decay_steps_as_torch_does():
    """The same draws through torch.optim."""
    found = overfitting.weight_decay(3.0, seed=4)
    rng = np.random.default_rng(4)
    parts = [rng.normal(size=(count, 200)) for count in (20, 100)]
    train, held_out = ((x, 0.01 * x.sum(axis=1) + 0.05 + rng.normal(0, 0.01, len(x))) for x in parts)
    weights = torch.from_numpy(rng.normal(size=200)).requires_grad_()
    intercept = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    groups = [{"params": [weights], "weight_decay": 3.0}, {"params": [intercept]}]
    descent = torch.optim.SGD(groups, lr=0.003)
    for _epoch in range(100):
        for batch in np.split(rng.permutation(20), 4):
            descent.zero_grad()
            off = torch.from_numpy(train[0][batch]) @ weights + intercept - torch.from_numpy(train[1][batch])
            (0.5 * (off**2).mean()).backward()
            descent.step()
    off = torch.from_numpy(held_out[0]) @ weights + intercept - torch.from_numpy(held_out[1])
    assert found.losses[-1, 1] == pytest.approx(0.5 * float((off**2).detach().mean()))
    assert found.length == pytest.approx(float(weights.detach().norm()))


# Claims


def made(seed: int, kind: str) -> Problem:
    """Ten columns: the first tells nothing alone; `inside` three matter, `all` every one does, `none` does."""
    rng = np.random.default_rng(seed)
    weights = {"inside": [1.0] * 3 + [0] * 7, "all": [1.0] * 10, "none": [0.0] * 10}[kind]

    def draw(count: int) -> Examples:
        inputs = rng.normal(size=(count, 10))
        return Examples(inputs, inputs @ weights + rng.normal(0, 0.5, count))

    return Problem(draw(16 if kind == "inside" else 400), draw(100), draw(200), range(1, 11))


@pytest.mark.parametrize(
    ("kind", "answer"), [("inside", "holds"), ("all", "does not hold here"), ("none", "does not hold here")]
)
def test_lowest_loss_lies_inside(kind, answer):
    assert lies_inside([made(seed, kind) for seed in range(20)]).answer == answer


def test_few_draws_cannot_be_told():
    assert lies_inside([made(seed, "inside") for seed in range(4)]).answer == "cannot tell"


def test_one_problem_is_judged_by_its_days_and_rarely_wrong_where_nothing_lies_inside():
    assert lies_inside([made(0, "inside")]).answer == "holds"
    answers = [lies_inside([made(seed, "none")]).answer for seed in range(60)]
    assert answers.count("holds") <= 3


@pytest.mark.parametrize("copies", [1, 5])
def test_complexity_is_chosen_on_other_data_than_it_is_judged_on(copies):
    problem = next(
        problem
        for problem in (made(seed, "inside") for seed in range(20))
        if problem.curve()[:, 1].argmin() != problem.curve()[:, 2].argmin()
    )
    chosen = lies_inside([problem] * copies).sentence.facts["chosen"]
    assert chosen == problem.complexities[problem.curve()[:, 1].argmin()]


def test_remedies_help_a_wild_polynomial_and_not_one_that_fits():
    wild = {remedy.name: remedy for remedy in toy_remedies(quadratic, 10, 9)}
    assert all(remedy.judged.answer == "holds" for remedy in wild.values() if remedy.judged)
    fitting = {remedy.name: remedy for remedy in toy_remedies(polynomial, 100, 3)}
    assert fitting[overfitting.FEWER].judged.answer == "does not hold here"


# The channel


def windows_of(views):
    return overfitting.channel_windows(Series(views), default_split(views))


def test_a_channels_columns_are_the_days_before_and_its_last_fifth_chooses(views):
    train, held_out = windows_of(views)
    problem = overfitting.channel_problem((train, held_out), 100)
    assert (len(problem.train.targets), len(problem.validation.targets)) == (80, 20)
    assert problem.train.inputs[5, 0] == problem.train.targets[4]
    assert problem.validation.targets[-1] == train.targets[-1]
    assert problem.held_out.inputs[3, 6] == views[held_out.days[3] - np.timedelta64(7, "D")]


@pytest.mark.parametrize(("window", "answers"), [(1, {"holds"}), (7, {"holds", "cannot tell"})])
def test_table_loses_where_noise_is_learnt_by_heart(views, window, answers):
    assert overfitting.table_loses(windows_of(make_views(900)), window).answer in answers


def test_table_wins_where_views_repeat_exactly_what_no_line_can_say():
    rng = np.random.default_rng(0)
    views = make_views(900)
    views[:] = np.tile(rng.permutation(100) * 50.0 + 100, 9)
    assert overfitting.table_loses(windows_of(views), 1).answer == "does not hold here"


@pytest.mark.parametrize("kind", ["constant", "zeros", "holes", "spike"])
@pytest.mark.parametrize("days", [60, 120, 400])
def test_any_channel_has_finite_losses_or_says_why_not(kind, days):
    views = make_views(days)
    if kind in ("constant", "zeros"):
        views[:] = 7.0 if kind == "constant" else 0.0
    if kind == "holes":
        views[10:40] = np.nan
    if kind == "spike":
        views.iloc[50] = 1e7
    try:
        windows = windows_of(views)
        problem = overfitting.channel_problem(windows, 60)
    except BadInput:
        assert days < 100 or kind == "holes"
        return
    assert np.isfinite(problem.curve()).all()
    assert lies_inside([problem]).answer in ("holds", "does not hold here", "cannot tell")
    assert overfitting.table_loses(windows, 7).answer in ("holds", "does not hold here", "cannot tell")


def test_remedies_on_a_channel_are_compared_with_none_and_named_in_order():
    rng = np.random.default_rng(0)

    def curve(level: float) -> LearningCurve:
        return LearningCurve(np.ones(2), np.ones(2), np.abs(rng.normal(level, 10, (5, 100))), seeded=True)

    split = default_split(make_views(900))
    levels = [100, 80, 120, 100, 70, 100, 60]
    found = overfitting.channel_remedies(Experiment(tuple(map(curve, levels))))
    assert len(found) == len(overfitting.REMEDIES) == len(overfitting.remedy_runs(split))
    assert [remedy.name for remedy in found] == list(overfitting.REMEDIES)
    answers = [remedy.judged.answer for remedy in found[1:]]
    assert (answers[0], answers[1], answers[3]) == ("holds", "does not hold here", "holds")
