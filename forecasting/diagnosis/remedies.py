"""What to try next, as the settings of a run."""

from dataclasses import replace

from forecasting.diagnosis.evidence import Evidence
from forecasting.settings import SKLEARN_FAMILIES, RunSettings

YEAR = 365  # days


def next_run(branch: str, found: Evidence) -> RunSettings | None:
    """The run that the branch of the lecture's tree asks for; None where there is nothing to correct or to go by."""
    tried = _remedy(branch, found)
    return tried and _with_seeds(tried, found.settings.training.seeds)


def _remedy(branch: str, found: Evidence) -> RunSettings | None:
    settings = found.settings
    if branch == "optimization":
        return found.tuned or found.best.settings
    if branch == "bias":  # more features, or a more flexible model: what was better in validation has one of them
        return found.best.settings
    if branch == "overfitting":
        return held_back(settings) or found.best.settings
    return recent(settings) if branch == "mismatch" else None


def _with_seeds(settings: RunSettings, seeds: int) -> RunSettings:
    """With `seeds` at least: evidence is gathered with few."""
    return replace(settings, training=replace(settings.training, seeds=max(seeds, settings.training.seeds)))


def held_back(settings: RunSettings) -> RunSettings | None:
    """The same net with early stopping and weight decay; None where it has both, or is not trained by steps."""
    kept = settings.regularisation
    if settings.architecture.family in SKLEARN_FAMILIES or settings.training.optimizer == "exact":
        return None
    if kept.patience and kept.weight_decay:
        return None
    mild = replace(
        kept,
        weight_decay=kept.weight_decay or 0.01,
        validation=kept.validation or 0.2,
        patience=kept.patience or 10,
    )
    return replace(settings, regularisation=mild)


def recent(settings: RunSettings) -> RunSettings:
    """Learn from the last year only and see windows around their mean, so that what changed long ago is not used."""
    kept = replace(settings.regularisation, train_days=min(settings.regularisation.train_days or YEAR, YEAR))
    return replace(settings, inputs=replace(settings.inputs, subtract="mean", weekday=True), regularisation=kept)
