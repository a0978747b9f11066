"""What chapters 1 to 8 claim of a channel, each in its chapter's first setting, without a page.

Each function yields claims on a series and a split, as soon as they are known, and raises BadInput where the channel is
no channel for them. Nets are trained, so this loads torch: for workers and commands.
"""

from collections.abc import Iterator

import numpy as np

from forecasting.evaluation.cross_validation import FOLDS, Ranking, usual_models
from forecasting.evaluation.fold_training import rank
from forecasting.evaluation.folds import FoldKind
from forecasting.lectures import (
    batches,
    bend_the_line,
    choosing,
    depth,
    know_your_data,
    overfitting,
    public_score,
    three_steps,
)
from forecasting.lectures.claims import Claim
from forecasting.lectures.depth import COMPARED, WINDOW, TrainedNet, as_wide, net
from forecasting.lectures.learn import learned_curve, trained_net
from forecasting.lectures.learning_curves import Experiment
from forecasting.lectures.model_table import table_training
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings
from forecasting.split import Split
from forecasting.windows import make_windows

RATE, UPDATES = 0.03, 500  # of the descent on the line
PIECES = 3  # twice as many are looked at
BATCH, EPOCHS = 5, 10  # of the descent by batches
USELESS, PUBLIC = 10_000, 0.05  # models, and the share of held-out days that they are chosen by
SEEDS = 5
DEPTH_EPOCHS = 60  # the chapter's 200 take three times as long; the order of the nets is the same
RANKED = 3  # of the usual models: the deepest takes as long as all others


def three_steps_claims(series: Series, split: Split) -> Iterator[Claim]:
    """A line from the day before, exact and by descent."""
    problem = three_steps.line_problem(series, split, "mae")
    land = three_steps.landscape(problem)
    yield three_steps.is_late(problem, land.optimum)
    descended = three_steps.descent(problem, land.lowest, three_steps.START, rate=RATE, updates=UPDATES)
    yield three_steps.arrives(descended, land.lowest)


def window_claims(series: Series, split: Split) -> Iterator[Claim]:
    """Lines that see more days."""
    found = know_your_data.fit_lengths(series, split, "mae")
    for more, fewer in know_your_data.CLAIMS:
        yield know_your_data.more_is_better(found, more, fewer)


def piece_claims(series: Series, split: Split) -> Iterator[Claim]:
    """The last year's curve by ramps."""
    curve = bend_the_line.curve_of(series, "year")
    yield bend_the_line.halves(bend_the_line.best_of(curve), PIECES, float(np.abs(curve.y).mean()))


def bending_claims(series: Series, split: Split) -> Iterator[Claim]:
    """A line against a net of one layer."""
    curves = [learned_curve(series, run) for run in bend_the_line.bending_runs(split)]
    yield bend_the_line.bending_pays(Experiment(tuple(curves)))


def depth_claims(series: Series, split: Split) -> Iterator[Claim]:
    """Nets of more layers: each claim as soon as its two nets are trained."""
    nets: dict[Architecture, TrainedNet] = {}
    told: set[str] = set()
    for architecture in (net(1), net(COMPARED), as_wide(net(COMPARED)), net(4), net(5)):
        nets[architecture] = trained_net(series, RunSettings(split, architecture, table_training(DEPTH_EPOCHS, SEEDS)))
        for found in (*depth.claims(nets, "layers"), *depth.claims(nets, "shape")):
            if found.name not in told:
                told.add(found.name)
                yield found


def overfitting_claims(series: Series, split: Split) -> Iterator[Claim]:
    """A look-up table, and linear models of every complexity."""
    windows = overfitting.channel_windows(series, split)
    yield overfitting.table_loses(windows, WINDOW)
    yield overfitting.lies_inside([overfitting.channel_problem(windows, 0)])


def remedy_claims(series: Series, split: Split) -> Iterator[Claim]:
    """Remedies for a net that overfits its last year of training."""
    runs = dict(zip(overfitting.REMEDIES, overfitting.remedy_runs(split), strict=True))
    train_days = len(make_windows(series, split.train, WINDOW))
    none = learned_curve(series, runs[overfitting.NONE])
    for remedy in overfitting.REMEDY_CLAIMS:
        curve = learned_curve(series, runs[remedy])
        yield overfitting.remedy_helps(remedy, curve, none, train_days=train_days)


def score_claims(series: Series, split: Split) -> Iterator[Claim]:
    """The best of many useless models."""
    yield public_score.score_collapses(series, split, USELESS, public=PUBLIC)


def fold_claims(series: Series, split: Split) -> Iterator[Claim]:
    """Models of every kind on blocked folds and on random ones."""
    models = usual_models(split)[:RANKED]
    blocked, random = (_ranking(series, models, kind) for kind in ("blocked", "random"))
    yield choosing.random_flatters(blocked, random, models[0].training.loss)


def batch_claims(series: Series, split: Split) -> Iterator[Claim]:
    """Least squares on twenty days, by batches and with all of them at once."""
    setup = batches.Setup("days", BATCH, RATE, EPOCHS, batches.STARTS["days"])
    yield from batches.both_ways(batches.days(series, split.train), setup).claims


def _ranking(series: Series, models: list[RunSettings], kind: FoldKind) -> Ranking:
    """As soon as all models have been on all folds: nobody asks for their held-out losses here."""
    return next(known for _share, known in rank(series, models, kind, folds=FOLDS) if known.judged)
