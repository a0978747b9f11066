"""The runs that a request names, from the store."""

import pandas as pd

from forecasting.continuation import revised_days
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import RunVersion
from forecasting.messages import N_, BadInput, Message
from forecasting.models.fitting import build, fit
from forecasting.models.registry import METHODS
from forecasting.models.trained_run import TrainedRun, of_run
from forecasting.networks.checkpoints import load, take_weights
from forecasting.records import Run
from forecasting.series import Channel
from forecasting.windows import run_windows

GONE = N_("This run has been deleted; choose another one.")
REVISED = N_(
    "{count} of the days that this run learnt from have been revised since; train again to learn from the newer"
    " numbers."
)
CHANGED = N_("This run has been trained on meanwhile; start this again.")


def run_of(task: Task, version: RunVersion) -> Run:
    """The run as the request means it. Raises BadInput where it is gone, or has been trained on since."""
    run = task.runs.run(task.owner, version.id)
    if run is None:
        raise BadInput(GONE)
    if run.active or task.runs.epochs_done(run.id) != version.epochs:
        raise BadInput(CHANGED)
    return run


def name_of(run: Run) -> str:
    """What its forecasts are called: never like a method, which a name of METHODS would mean."""
    return f"{run.name} (2)" if run.name in METHODS else run.name


def load_run(task: Task, version: RunVersion) -> tuple[Run, TrainedRun]:
    """The run and its forecaster. What keeps no weights is fitted again, which gives the same.

    Its scaling is that of the days that it learnt from, as they were then.
    """
    run = run_of(task, version)
    learnt = _version_of(task, run).series
    model, checkpoint = build(run.settings), task.runs.checkpoint(task.owner, run.id)
    if checkpoint:
        take_weights(model, load(checkpoint)[1])
    else:
        for _row in fit(model, run_windows(learnt, run.settings), run.settings):
            pass
    return run, of_run(run.settings, model, learnt)


def notes_on_days(task: Task, run: Run) -> list[Message]:
    """That days that the run learnt from have been revised since; nothing where they are as they were."""
    revised, split = revised_days(_version_of(task, run), task.channel), run.settings.split
    learnt = (revised >= pd.Timestamp(split.train.first)) & (revised <= pd.Timestamp(split.train.last))
    return [Message(REVISED, {"count": int(learnt.sum())})] if learnt.any() else []


def _version_of(task: Task, run: Run) -> Channel:
    """The version of the channel that the run was trained on."""
    if run.fingerprint == task.channel.fingerprint:
        return task.channel
    channel = ChannelStore(task.runs.engine).channel(task.owner, run.fingerprint)
    if channel is None:
        raise BadInput(GONE)
    return channel
