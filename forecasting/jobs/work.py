"""How much a request asks of a worker, told before it is queued: memory, and parameters x seeds x epochs."""

from collections.abc import Iterable

from forecasting.hosting import Hosting
from forecasting.jobs.requests import CrossValidationRequest, CurvatureRequest, ExperimentRequest, SweepRequest
from forecasting.messages import N_, BadInput
from forecasting.models.memory import refuse_beyond
from forecasting.settings import RunSettings

MEGABYTE = MILLION = 1e6
FEWEST_EPOCHS = 20  # that are worth training for

EPOCHS = N_("This run is too long for this server: take at most {limit} epochs.")
SEEDS = N_("This run is too large for this server: take at most {limit} seeds.")
UNITS = N_("This run is too large for this server: take fewer units or layers.")
MODELS = N_("This is {times} times as much training as this server allows at once: take fewer models, or shorter runs.")
FOLDS = N_("This is {times} times as much training as this server allows at once: take fewer models or fewer folds.")
UPDATES = N_("This is {times} times as much training as this server allows at once: take fewer points or updates.")


def refuse_too_much(request: object, limits: Hosting) -> None:
    """Raises BadInput, which names what to lower, where the host does not allow so large a request."""
    for run in runs_of(request):
        refuse_beyond(limits.worker_memory * MEGABYTE, run, run.split.train.days)
    allowed = limits.work * MILLION
    if isinstance(request, RunSettings):
        _refuse_run(request, allowed)
    elif (asked := work_of(request)) > allowed:
        advice = {CrossValidationRequest: FOLDS, SweepRequest: UPDATES}.get(type(request), MODELS)
        raise BadInput(advice, times=f"{asked / allowed:.1f}")


def runs_of(request: object) -> tuple[RunSettings, ...]:
    """The runs that a job trains whose settings its request names; each takes its memory for itself."""
    if isinstance(request, RunSettings):
        return (request,)
    if isinstance(request, CrossValidationRequest):
        return request.models
    if isinstance(request, CurvatureRequest):
        return (request.run,)
    return request.runs if isinstance(request, ExperimentRequest | SweepRequest) else ()


def work_of(request: object) -> float:
    """Parameters x seeds x epochs, over all runs that the job trains; 0 for what the server itself bounds."""
    runs = runs_of(request)
    if isinstance(request, SweepRequest):
        return sum(_size(run) * request.updates * _share_of_epoch(run) for run in runs)
    times = request.folds if isinstance(request, CrossValidationRequest) else 1
    return times * _work(runs)


def _work(runs: Iterable[RunSettings]) -> float:
    return sum(_size(run) * run.training.epochs for run in runs)


def _size(run: RunSettings) -> float:
    return run.parameters * run.training.seeds


def _share_of_epoch(run: RunSettings) -> float:
    """What an update is of an epoch."""
    days = run.split.train.days
    return min(run.training.batch_size or days, days) / days


def _refuse_run(run: RunSettings, allowed: float) -> None:
    """Lower what is enough by itself, in the order in which it changes least of what is learnt."""
    if work_of(run) <= allowed:
        return
    epochs = int(allowed // _size(run))
    if epochs >= FEWEST_EPOCHS:
        raise BadInput(EPOCHS, limit=epochs)
    seeds = int(allowed // (run.parameters * run.training.epochs))
    raise BadInput(SEEDS, limit=seeds) if seeds else BadInput(UNITS)
