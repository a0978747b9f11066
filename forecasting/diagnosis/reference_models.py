"""Cheap runs beside the one in question, on the same target days: models that are hard to get wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.evaluation.folds import Fold, fold_windows
from forecasting.messages import N_
from forecasting.metrics import in_views
from forecasting.models.fitting import build, fit
from forecasting.networks.training import predict
from forecasting.series import Series
from forecasting.settings import Architecture, Family, Inputs, Regularisation, RunSettings, Training
from forecasting.windows import SplitWindows, Windows, run_windows

SEEDS = 2  # of what is trained for evidence
EPOCHS = 60
RATE = 0.003
# Training with care: briefly at each rate, then longer at those that came furthest. Sums of sigmoids need the largest.
CAREFUL_RATES = (0.003, 0.01, 0.03)
FINALISTS = 2
BRIEF_EPOCHS, LONG_EPOCHS = 15, 45
BRIEF_UPDATES, LONG_UPDATES = 500, 1500  # at least, where windows are few
MONTH = 28  # days of input of the references
DIVERGED = 1e12  # views: what stands for an error that diverged


@dataclass(frozen=True)
class Errors:
    """Predicted less real views by day, as the loss counts them and with their sign; means over seeds and horizon."""

    daily: np.ndarray  # (days,) absolute errors under MAE, squared under MSE
    signed: np.ndarray  # (days,)
    loss: str

    @classmethod
    def of(cls, predicted: np.ndarray, windows: Windows, loss: str) -> "Errors":
        """From predictions (seeds, windows) or (seeds, windows, horizon)."""
        errors = np.nan_to_num(predicted - windows.targets, nan=DIVERGED, posinf=DIVERGED, neginf=-DIVERGED)
        errors = np.where(np.isfinite(windows.targets), errors, np.nan).reshape(*errors.shape[:2], -1)
        sizes = np.abs(errors) if loss == "mae" else errors**2
        return cls(np.nanmean(sizes, axis=(0, 2)), np.nanmean(errors, axis=(0, 2)), loss)

    @property
    def size(self) -> float:
        """MAE, or root of MSE, in views."""
        return float(in_views(self.daily.mean(), self.loss))


def fitted(settings: RunSettings, data: SplitWindows):
    """The model of a run, fitted."""
    model = build(settings)
    for _row in fit(model, data, settings):
        pass
    return model


def both_periods(series: Series, settings: RunSettings) -> tuple[float, float]:
    """Loss on train and on held-out, in views."""
    data = run_windows(series, settings)
    model = fitted(settings, data)

    def loss_on(part: Windows) -> float:
        return Errors.of(predict(model, data, part), part, settings.training.loss).size

    return loss_on(data.train), loss_on(data.held_out)


def validate(series: Series, settings: RunSettings, folds: Sequence[Fold]) -> Errors:
    """Errors over the validation days of all folds, in the order of the folds."""
    found = []
    for fold in folds:
        data = fold_windows(series, settings, fold)
        predicted = predict(fitted(settings, data), data, data.held_out)
        found.append(Errors.of(predicted, data.held_out, settings.training.loss))
    daily, signed = (np.concatenate([getattr(each, name) for each in found]) for name in ("daily", "signed"))
    return Errors(daily, signed, settings.training.loss)


def brief(settings: RunSettings) -> RunSettings:
    """The same run with as few seeds as evidence needs."""
    return replace(settings, training=replace(settings.training, seeds=min(SEEDS, settings.training.seeds)))


def linear(settings: RunSettings, window: int, inputs: Inputs) -> RunSettings:
    """The exact linear solution on the same target days."""
    net = settings.architecture
    loss = settings.training.loss if net.horizon == 1 else "mse"  # absolute errors take a linear programme a day
    return _beside(settings, Architecture("linear", window, horizon=net.horizon), Training(loss, "exact"), inputs)


def candidates(settings: RunSettings) -> dict[str, RunSettings]:
    """References by name, marked for translation. All see the weekday, and what else of the calendar the run sees."""
    net, loss = settings.architecture, settings.training.loss
    calendar = Inputs(weekday=True, country=settings.inputs.country, with_events=settings.inputs.with_events)
    careful = Training(loss, learning_rate=RATE, epochs=EPOCHS, seeds=SEEDS, schedule="cosine")

    def month(
        family: Family, training: Training, inputs: Inputs = calendar, *, units: int = 32, layers: int = 1
    ) -> RunSettings:
        return _beside(settings, Architecture(family, MONTH, layers, units, net.horizon), training, inputs)

    return {
        N_("linear, 7 days, solved exactly"): linear(settings, 7, calendar),
        N_("linear, 28 days, solved exactly"): linear(settings, MONTH, calendar),
        N_("support vectors, 28 days"): month("svr", Training(loss)),
        N_("boosted trees, 28 days"): month("trees", Training(loss, epochs=EPOCHS)),
        N_("small net of logarithms, 28 days"): month("relu", careful, replace(calendar, log=True)),
        N_("larger net, 28 days"): month("relu", careful, calendar, units=64, layers=2),
    }


def brief_trainings(settings: RunSettings, windows: int) -> list[RunSettings]:
    """The same model and regularisation, trained with care but briefly at each rate; none without a descent.

    What keeps a training from its smallest loss is left out: clipping, early stopping, inputs far from 0.
    """
    if settings.solved_at_once:
        return []
    kept = replace(settings.regularisation, clip=0.0, patience=0, validation=0.0)
    inputs = replace(settings.inputs, standardise=True)
    careful = Training(settings.training.loss, seeds=SEEDS, schedule="cosine", batch_size=32)
    trainings = [replace(careful, learning_rate=rate) for rate in CAREFUL_RATES]
    runs = [RunSettings(settings.split, settings.architecture, one, inputs, kept) for one in trainings]
    return [_for_updates(run, BRIEF_EPOCHS, BRIEF_UPDATES, windows) for run in runs]


def long_trainings(losses: dict[RunSettings, float], windows: int) -> list[RunSettings]:
    """Longer trainings at the rates of those brief ones whose training loss is smallest."""
    furthest = sorted(losses, key=losses.__getitem__)[:FINALISTS]
    return [_for_updates(run, LONG_EPOCHS, LONG_UPDATES, windows) for run in furthest]


def _for_updates(settings: RunSettings, epochs: int, updates: int, windows: int) -> RunSettings:
    """With `epochs`, or more where `windows` are so few that these make less than `updates`."""
    an_epoch = -(-windows // settings.training.batch_size)
    return replace(settings, training=replace(settings.training, epochs=max(epochs, -(-updates // an_epoch))))


def _beside(settings: RunSettings, net: Architecture, training: Training, inputs: Inputs) -> RunSettings:
    kept = Regularisation(train_days=settings.regularisation.train_days)
    return RunSettings(settings.split, net, training, inputs, kept)
