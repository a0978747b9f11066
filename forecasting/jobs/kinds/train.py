"""Training a run: a row an epoch, checkpoints to go on from, and predictions at its end."""

import time
from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
import pandas as pd
import torch

from forecasting.jobs.heartbeats import HEARTBEAT_SECONDS
from forecasting.jobs.kinds import Task
from forecasting.jobs.machine import worker_memory
from forecasting.jobs.watchdog import POLL_SECONDS
from forecasting.metrics import IN_VIEWS
from forecasting.models.fitting import build, fit
from forecasting.models.memory import refuse_beyond
from forecasting.networks.checkpoints import load, save_progress, save_weights
from forecasting.networks.inputs import Prepared
from forecasting.networks.network import StackedNetwork
from forecasting.networks.progress import Progress as TrainingState
from forecasting.networks.training import Row, diverged, predict
from forecasting.networks.updates import Descent
from forecasting.records import Progress, Status, TrainingProgress
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.windows import SplitWindows, Windows, run_windows

FLUSH_SECONDS = 0.1  # between two reports of rows: a chart cannot show more
CHECKPOINT_SECONDS = 10.0  # between two checkpoints to go on from
ENDS: dict[str | None, Status] = {None: "finished", "pause": "paused", "stop": "stopped"}


def train(task: Task[RunSettings]) -> Iterator[Progress]:
    """Train the run whose settings are the request, from its last checkpoint on."""
    settings, kept = task.request, task.runs.restore(task.id)
    data = run_windows(task.channel.series, settings)
    refuse_beyond(worker_memory(), settings, len(data.train))
    model = build(settings)
    state = TrainingState(load(kept)[1] if kept else None)
    recorder = RunRecorder(task, model, state)
    with task.watchdog() if settings.solved_at_once else nullcontext():
        for row in fit(model, data, settings, stop=recorder.told_to_stop, progress=state):
            recorder.note(row)
            if recorder.is_due or not row.finite:
                yield recorder.take()
            if not row.finite:
                raise diverged(row)
    end = ENDS[recorder.requested]
    if not (recorder.noted or state.epoch):  # stopped before its first epoch: nothing is learnt, nothing to show
        yield Progress(0.0, status=end)
        return
    yield recorder.take_last()
    yield Progress(1.0, status=end, training=_outcome(model, data, settings))


def warm_up() -> None:
    """Take one small step: the first update of a process loads as much as torch itself (0.7 s)."""
    network, one = StackedNetwork(Architecture(window=2), [0]), torch.ones(1, 1)
    Descent(network, Training(seeds=1)).epoch(Prepared(torch.ones(1, 3), one, one, one), 0.001, lambda: False)


def _outcome(model, data: SplitWindows, settings: RunSettings) -> TrainingProgress:
    """Predictions of the measured held-out days, the farthest of several ahead, with the losses of these weights."""
    predicted = predict(model, data, data.held_out)
    farthest = predicted.reshape(len(predicted), len(data.held_out), -1)[:, :, -1]
    days = data.held_out.days + pd.Timedelta(days=settings.architecture.horizon - 1)
    losses = tuple(_losses(part, model, data, settings) for part in (data.train, data.held_out))
    measured = np.isfinite(data.held_out.targets.reshape(len(data.held_out), -1)[:, -1])
    return TrainingProgress(predictions=pd.DataFrame(farthest.T[measured], index=days[measured]), losses=losses)


def _losses(windows: Windows, model, data: SplitWindows, settings: RunSettings) -> np.ndarray:
    """Losses in views (replicas,) of the weights that were kept; under early stopping those of an earlier epoch."""
    predicted = predict(model, data, windows)
    return IN_VIEWS[settings.training.loss](windows.targets.ravel(), predicted.reshape(len(predicted), -1))


class RunRecorder:
    """Gathers rows and checkpoints until there is enough to show, and looks what the owner wants."""

    def __init__(self, task: Task[RunSettings], model, state: TrainingState) -> None:
        self.task, self.model, self.state = task, model, state
        self.settings: RunSettings = task.request
        self.rows: list[Row] = []
        self.noted = 0  # rows so far
        self.checkpoints: dict[tuple[str, int], bytes | None] = {}
        self.requested: str | None = None
        self.polled = self.saved = time.monotonic()
        self.reported = 0.0  # the first row is reported at once

    def told_to_stop(self) -> bool:
        """Called before every update, however short that is."""
        now = time.monotonic()
        if now - self.polled > POLL_SECONDS:
            self.requested, self.polled = self.task.requested(), now
        if now - self.reported > HEARTBEAT_SECONDS and self.reported:
            self.task.heartbeat()
            self.reported = now
        return self.requested is not None

    def note(self, row: Row) -> None:
        """Take a row, and the checkpoints that are due with it."""
        self.rows.append(row)
        self.noted += 1
        now = time.monotonic()
        if self.state.record and now - self.saved > CHECKPOINT_SECONDS:
            self.checkpoints["progress", row.epoch] = save_progress(self.settings, self.state)
            self.saved = now

    @property
    def is_due(self) -> bool:
        """Whether there is enough to show."""
        return bool(self.checkpoints) or time.monotonic() - self.reported > FLUSH_SECONDS

    def take(self) -> Progress:
        """All that was gathered since the last time."""
        new = TrainingProgress(tuple(self.rows), self.checkpoints)
        self.rows, self.checkpoints, self.reported = [], {}, time.monotonic()
        return Progress(min(self.state.epoch / self.settings.training.epochs, 1.0), training=new)

    def take_last(self) -> Progress:
        """The same at the end, with the last weights, and all it takes to go on."""
        if self._is_network:
            epoch = self.state.epoch
            self.checkpoints["last", epoch] = save_weights(self.settings, self.model)
            if self.state.record:
                self.checkpoints["progress", epoch] = save_progress(self.settings, self.state)
        return self.take()

    @property
    def _is_network(self) -> bool:
        """Whether the model has weights to keep; scikit-learn's have none of ours."""
        return hasattr(self.model, "parameters")
