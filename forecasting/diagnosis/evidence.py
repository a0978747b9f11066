"""What a diagnosis rests on: the run beside cheap trials, validation inside the training period, and drift."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.diagnosis.drift import Drift, drifts
from forecasting.diagnosis.reference_models import (
    Errors,
    both_periods,
    brief,
    brief_trainings,
    candidates,
    fitted,
    linear,
    long_trainings,
    validate,
)
from forecasting.diagnosis.report import LargeError
from forecasting.evaluation.bootstrap import block_means, block_places, spread_out
from forecasting.evaluation.comparison import interval
from forecasting.evaluation.folds import Fold, make_folds, safe_gap, target_days
from forecasting.formats import Views
from forecasting.messages import N_, Message
from forecasting.metrics import in_views
from forecasting.models.effort import effort
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import SplitWindows, Windows, make_windows, run_windows

FOLDS = 4
MARGIN = 0.07  # a validation loss that much above the best reference is a fault
SHIFTED = 0.25  # a held-out loss that much above validation is a mismatch
LARGEST = 5  # errors that are listed
FEWEST_TRAIN, FEWEST_HELD_OUT = 56, 28  # days that a diagnosis needs
NEXT_TO_NOTHING = 1e-9  # views: what a share is taken of at least
SAID_ON_TRAIN = {
    "best": N_("Error on train of the best of these reference models, in views: {loss}."),
    "linear": N_("Error on train of the exact linear solution on the same windows, in views: {loss}."),
    "larger": N_("Error on train of a net of two layers of 64 units with a window of 28 days, in views: {loss}."),
}
TRIED = N_("Error on train of the same model after {epochs} epochs at a learning rate from {rate}, in views: {loss}.")


@dataclass(frozen=True)
class Estimate:
    """A number with its 90 % interval, and the share of bootstrap draws in which it exceeds its margin."""

    value: float
    low: float
    high: float
    exceeds: float

    @classmethod
    def of(cls, value: float, draws: np.ndarray, margin: float) -> "Estimate":
        """From bootstrap `draws` of `value`."""
        return cls(float(value), *interval(draws), float((draws > margin).mean()))


@dataclass(frozen=True)
class ReferenceModel:
    """A model that is hard to get wrong, on the same target days. Losses in views."""

    name: str  # marked for translation
    settings: RunSettings
    train: float
    validation: float
    held_out: float


@dataclass(frozen=True)
class Evidence:
    """All losses in views, means over seeds."""

    settings: RunSettings
    train: float
    spread: float  # of train over seeds, one standard deviation; NaN for a single seed
    held_out: float
    validation: float  # blocked, inside the training period
    train_days: int
    held_out_days: int
    best: ReferenceModel  # the one with the smallest validation loss
    linear_train: float  # exact linear solution on the same windows
    larger_train: float  # larger net
    tuned: RunSettings | None  # the same model's training that came furthest; None where it is not trained by steps
    tuned_train: float  # NaN without
    regret: Estimate  # validation over the best reference's, less 1
    shift: Estimate  # held-out over validation, less 1; the smaller of views and share of the level
    drifts: tuple[Drift, ...]
    largest: tuple[LargeError, ...]

    @property
    def single_seed(self) -> bool:
        """Whether another seed would give another model, and there is none."""
        return not self.settings.solved_at_once and not np.isfinite(self.spread)

    @property
    def held_out_bears_out(self) -> bool:
        """Whether the run errs more than the best reference on the held-out days too, as it does in validation."""
        return self.held_out > (1 + MARGIN) * self.best.held_out


@dataclass(frozen=True)
class Step:
    """What came out of one trial more; the last step brings all the evidence."""

    share: float  # of the work that is done, 0 to 1
    said: Message | None = None
    found: Evidence | None = None


def gather(
    series: Series,
    settings: RunSettings,
    *,
    train_loss: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
) -> Evidence:
    """All of `gather_in_steps` at once."""
    *_, last = gather_in_steps(series, settings, train_loss=train_loss, predicted=predicted)
    assert last.found is not None, "the last step brings all the evidence"
    return last.found


def gather_in_steps(
    series: Series,
    settings: RunSettings,
    *,
    train_loss: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
) -> Iterator[Step]:
    """Train what is needed to judge the run of `settings`: some seconds for a model of a hundred units.

    `train_loss` (seeds,) and `predicted` (seeds, held-out days) are what the run came to, in views; without them it is
    run again with two seeds. Raises BadInput where the days are too few for windows or folds.
    """
    plan = _Plan.of(series, settings)
    again = train_loss is None or predicted is None
    for share, found in zip((*_shares(plan, again), 1.0), _trials(plan, train_loss, predicted), strict=True):
        yield Step(float(share), found) if isinstance(found, Message) else Step(share, found=found)


@dataclass(frozen=True)
class _Plan:
    """What is trained beside the run of `settings`, and on which days."""

    series: Series
    settings: RunSettings
    data: SplitWindows
    folds: Sequence[Fold]
    models: dict[str, RunSettings]  # reference models by name, the largest net last
    exact: RunSettings  # the linear solution on the run's own windows
    briefly: Sequence[RunSettings]  # the run's own model, trained with care; none without a descent

    @classmethod
    def of(cls, series: Series, settings: RunSettings) -> "_Plan":
        data = run_windows(series, settings)
        return cls(
            series,
            settings,
            data,
            folds=make_evidence_folds(series, settings),
            models=candidates(settings),
            exact=linear(settings, settings.architecture.window, settings.inputs),
            briefly=brief_trainings(settings, len(data.train)),
        )

    @property
    def larger(self) -> RunSettings:
        return list(self.models.values())[-1]

    def longer(self, losses: dict[RunSettings, float]) -> list[RunSettings]:
        """The trainings with care that go on from the brief ones with these losses."""
        return long_trainings(losses, len(self.data.train))


def _shares(plan: _Plan, again: bool) -> np.ndarray:
    """Share of the work that is done after each trial (trials,): the run `again`, validations, trainings."""
    days, own = len(plan.data.train), brief(plan.settings)
    best = plan.larger  # which one it will be is not known yet
    careful = (*plan.briefly, *plan.longer(dict.fromkeys(plan.briefly, 0.0)))
    efforts = [effort(own, days) if again else 0.0]
    efforts += [(FOLDS - 1) * effort(run, days) for run in (*plan.models.values(), own)]  # each fold leaves out a part
    efforts += [effort(run, days) for run in (best, plan.exact, plan.larger, *careful)]
    return np.cumsum(efforts) / sum(efforts)


def _trials(plan: _Plan, train_loss: np.ndarray | None, predicted: np.ndarray | None) -> Iterator[Message | Evidence]:
    """A sentence for each trial as soon as it is done, and at the end all the evidence."""
    settings, data = plan.settings, plan.data
    if train_loss is None or predicted is None:
        train_loss, predicted = _run_again(settings, data)
    held_out = Errors.of(predicted, data.held_out, settings.training.loss)
    yield _with_loss(N_("Held-out error, in views: {loss}."), held_out.size)
    errors = yield from _validate_models(plan)
    best = min(errors, key=lambda name: errors[name].size)
    own = validate(plan.series, brief(settings), plan.folds)
    yield _with_loss(N_("Validation error of the run itself, in views: {loss}."), own.size)
    losses = yield from _train_models(plan, plan.models[best])
    careful = yield from _train_with_care(plan)
    tuned = min(careful, key=careful.__getitem__, default=None)
    validation = _validation_windows(plan)
    yield Evidence(
        settings,
        train=float(np.mean(train_loss)),
        spread=float(np.std(train_loss, ddof=1)) if len(train_loss) > 1 else np.nan,
        held_out=held_out.size,
        validation=own.size,
        train_days=len(data.train),
        held_out_days=len(data.held_out),
        best=ReferenceModel(best, plan.models[best], losses["best"][0], errors[best].size, losses["best"][1]),
        linear_train=losses["linear"][0],
        larger_train=losses["larger"][0],
        tuned=tuned,
        tuned_train=np.nan if tuned is None else careful[tuned],
        regret=regret(own, errors[best]),
        shift=shift(own, held_out, level=_level(validation), held_out_level=_level(data.held_out)),
        drifts=drifts(validation, data.held_out, train_errors=own.signed, held_out_errors=held_out.signed),
        largest=largest(data.held_out, predicted),
    )


def _validate_models(plan: _Plan) -> Generator[Message, None, dict[str, Errors]]:
    """Errors of the reference models over the folds, by name."""
    errors = {}
    for name, run in plan.models.items():
        errors[name] = validate(plan.series, run, plan.folds)
        text = N_("Validation error of “{model}”, in views: {loss}.")
        yield _with_loss(text, errors[name].size, model=Message(name))
    return errors


def _train_models(plan: _Plan, best: RunSettings) -> Generator[Message, None, dict[str, tuple[float, float]]]:
    """Losses on train and on held-out of three reference models on the whole training period."""
    losses = {}
    for name, run in {"best": best, "linear": plan.exact, "larger": plan.larger}.items():
        losses[name] = both_periods(plan.series, run)
        yield _with_loss(SAID_ON_TRAIN[name], losses[name][0])
    return losses


def _train_with_care(plan: _Plan) -> Generator[Message, None, dict[RunSettings, float]]:
    """Losses on train of the run's own model: briefly at each rate, then longer at those that came furthest."""
    losses: dict[RunSettings, float] = {}

    def trainings() -> Iterator[RunSettings]:
        yield from plan.briefly
        yield from plan.longer(losses)  # those of the brief ones, which are known by then

    for run in trainings():
        losses[run], _held_out = both_periods(plan.series, run)
        yield _with_loss(TRIED, losses[run], epochs=run.training.epochs, rate=f"{run.training.learning_rate:g}")
    return losses


def _with_loss(text: str, loss: float, **facts: object) -> Message:
    return Message(text, facts | {"loss": Views(loss)})


def _run_again(settings: RunSettings, data: SplitWindows) -> tuple[np.ndarray, np.ndarray]:
    """Training losses (seeds,) and held-out predictions of the run, with two seeds."""
    model = fitted(brief(settings), data)
    on_train = predict(model, data, data.train)
    train_loss = [Errors.of(one[None], data.train, settings.training.loss).size for one in on_train]
    return np.array(train_loss), predict(model, data, data.held_out)


def _validation_windows(plan: _Plan) -> Windows:
    """The windows of all validation days, with those that early stopping keeps apart."""
    net = plan.settings.architecture
    windows = make_windows(plan.series, plan.settings.split.train, net.window, horizon=net.horizon)
    return windows[windows.days.isin(np.concatenate([fold.validation for fold in plan.folds]))]


def make_evidence_folds(series: Series, settings: RunSettings) -> list[Fold]:
    """Blocked folds; where days are few, the gap is smaller than safe: what then leaks are inputs, no targets."""
    days = target_days(series, [settings])
    days = days.intersection(target_days(series, list(candidates(settings).values())))
    return make_folds(days, "blocked", FOLDS, gap=min(safe_gap([settings]), len(days) // 16))


def regret(own: Errors, best: Errors) -> Estimate:
    """How much more a run errs in validation than a reference does, as a share, on the same drawn days."""
    daily = np.stack([own.daily, best.daily])
    means = _positive(daily.mean(axis=1, keepdims=True))
    found = float(_log_ratio(means[:, 0]))
    draws = spread_out(_log_ratio(block_means(daily)), found, np.subtract(*(daily / means)))
    return Estimate.of(own.size / (best.size or 1) - 1, in_views(np.exp(draws), own.loss) - 1, MARGIN)


def shift(own: Errors, held_out: Errors, *, level: np.ndarray, held_out_level: np.ndarray) -> Estimate:
    """How much more a run errs on held-out than in validation, as a share, over periods of the same length.

    Counted in views and as a share of the level of the days before, and the smaller of the two is taken: a channel that
    grows errs more in views, one that shrinks errs more by share, and neither is a mismatch.
    """
    power = 1 if own.loss == "mae" else 2
    values, draws = [], []
    for unit, later_unit in ((1.0, 1.0), (level**power, held_out_level**power)):
        usual, found = own.daily / unit, held_out.daily / later_unit
        values.append(float(in_views(found.mean() / _positive(usual.mean()), own.loss)) - 1)
        drawn = _mean_losses(found, len(found), seed=2) / _mean_losses(usual, len(found), seed=1)
        draws.append(in_views(drawn, own.loss) - 1)
    return Estimate.of(min(values), np.minimum(*draws), SHIFTED)


def _mean_losses(daily: np.ndarray, days: int, seed: int) -> np.ndarray:
    """Means (draws,) of as many `days` put together from blocks of `daily` losses."""
    means = _positive(daily[block_places(len(daily), days, seed=seed)].mean(axis=1))
    # Spread in logarithms, since no loss is below 0.
    return np.exp(spread_out(np.log(means), float(np.log(_positive(daily.mean()))), daily, seed=seed))


def _log_ratio(means: np.ndarray) -> np.ndarray:
    """Of the first over the second."""
    return np.subtract(*np.log(_positive(means)))


def _positive(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, NEXT_TO_NOTHING)


def largest(held_out: Windows, predicted: np.ndarray) -> tuple[LargeError, ...]:
    """The days on which the mean prediction (over seeds; of the first day ahead) is furthest off, worst first."""
    actual, mean = (values.reshape(len(held_out), -1)[:, 0] for values in (held_out.targets, predicted.mean(axis=0)))
    measured = np.flatnonzero(np.isfinite(actual))
    off = np.nan_to_num(np.abs(mean - actual)[measured], nan=np.inf)
    worst = measured[np.argsort(-off, kind="stable")[:LARGEST]]
    return tuple(LargeError(held_out.days[k], float(actual[k]), float(mean[k])) for k in worst)


def _level(windows: Windows) -> np.ndarray:
    """Mean views of each window (windows,), 1 at least."""
    return np.maximum(windows.inputs.mean(axis=1), 1.0)
