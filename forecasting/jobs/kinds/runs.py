"""The runs that a request names, from the store."""

from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import RunVersion
from forecasting.messages import N_, BadInput
from forecasting.models.fitting import build, fit
from forecasting.models.trained_run import TrainedRun, of_run
from forecasting.networks.checkpoints import load, take_weights
from forecasting.records import Run
from forecasting.windows import run_windows

GONE = N_("This run has been deleted; choose another one.")
CHANGED = N_("This run has been trained on meanwhile; start this again.")


def run_of(task: Task, version: RunVersion) -> Run:
    """The run as the request means it. Raises BadInput where it is gone, or has been trained on since."""
    run = task.runs.run(task.owner, version.id)
    if run is None:
        raise BadInput(GONE)
    if run.active or task.runs.epochs_done(run.id) != version.epochs:
        raise BadInput(CHANGED)
    return run


def load_run(task: Task, version: RunVersion) -> tuple[Run, TrainedRun]:
    """The run and its forecaster. What keeps no weights is fitted again, which gives the same."""
    run = run_of(task, version)
    model, checkpoint = build(run.settings), task.runs.checkpoint(task.owner, run.id)
    if checkpoint:
        take_weights(model, load(checkpoint)[1])
    else:
        for _row in fit(model, run_windows(task.channel.series, run.settings), run.settings):
            pass
    return run, of_run(run.settings, model, task.channel.series)
