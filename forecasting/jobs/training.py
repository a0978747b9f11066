"""What a worker does with a run: train it and write its rows as they come."""

import os
import time
from contextlib import nullcontext

import numpy as np
import pandas as pd

from forecasting.jobs.watch import GLANCE, SIGN, watched
from forecasting.messages import N_, BadInput
from forecasting.metrics import IN_VIEWS
from forecasting.runs import RunQueue

FLUSH = 0.1  # seconds between two writes of rows: a chart cannot show more
KEEP = 10.0  # seconds between two checkpoints to go on from


def train_run(url: str, run_id: str) -> None:
    """Train one run of the store at `url`, in this process, and write its rows as they come."""
    queue, worker = RunQueue(url), os.getpid()
    started = queue.start(run_id, worker)
    if started is None:
        return
    try:
        _train(queue, run_id, worker, *started)
    except BadInput as reason:
        queue.fail(run_id, reason)
    finally:
        queue.engine.dispose()


def _train(queue: RunQueue, run_id: str, worker: int, channel, settings, kept: bytes | None) -> None:
    from forecasting.models.fitting import build, fit  # noqa: PLC0415  the server process never loads torch
    from forecasting.networks.checkpoints import load  # noqa: PLC0415
    from forecasting.networks.progress import Progress  # noqa: PLC0415
    from forecasting.networks.training import predict  # noqa: PLC0415
    from forecasting.windows import run_windows  # noqa: PLC0415

    data, model = run_windows(channel.series, settings), build(settings)
    progress = Progress(load(kept)[1] if kept else None)
    scribe = RunRecorder(queue, run_id, worker, settings, model, progress)

    def stopped() -> None:
        queue.end(run_id, worker, "stopped")

    watchdog = watched(lambda: queue.asked(run_id, worker), lambda: queue.write(run_id, worker, [], {}), stopped)
    with watchdog if settings.solved_at_once else nullcontext():
        for row in fit(model, data, settings, scribe.told_to_stop, progress):
            scribe.note(row)
            if not row.finite:
                scribe.write()
                raise diverged(row)
    state = {"pause": "paused", "stop": "stopped"}.get(scribe.requested, "finished")
    if not (scribe.noted or progress.epoch):  # stopped before its first epoch: nothing is learnt, nothing to show
        queue.end(run_id, worker, state)
        return
    scribe.write(at_end=True)
    predicted = predict(model, data, data.held_out)
    # Of several days ahead the farthest is kept to be looked at.
    farthest = predicted.reshape(len(predicted), len(data.held_out), -1)[:, :, -1]
    days = data.held_out.days + pd.Timedelta(days=settings.architecture.horizon - 1)
    frame = pd.DataFrame(farthest.T, index=days)
    queue.end(
        run_id, worker, state, frame, [_losses(part, model, data, settings) for part in (data.train, data.held_out)]
    )


def _losses(windows, model, data, settings) -> np.ndarray:
    """Losses in views (replicas,) of the weights that were kept; under early stopping those of an earlier epoch."""
    from forecasting.networks.training import predict  # noqa: PLC0415

    predicted = predict(model, data, windows)
    return IN_VIEWS[settings.training.loss](windows.targets.ravel(), predicted.reshape(len(predicted), -1))


class RunRecorder:
    """Writes rows and checkpoints for one worker, no oftener than anyone can look, and hears what the owner wants."""

    def __init__(self, queue: RunQueue, run_id: str, worker: int, settings, model, progress) -> None:
        self.queue, self.run_id, self.worker = queue, run_id, worker
        self.settings, self.model, self.progress = settings, model, progress
        self.rows: list = []
        self.noted = 0  # rows so far
        self.weights: dict[tuple[str, int], bytes | None] = {}
        self.requested: str | None = None
        self.looked = self.kept = time.monotonic()
        self.wrote = 0.0  # the first row is written at once

    def told_to_stop(self) -> bool:
        """Asked before every update, however short that is."""
        now = time.monotonic()
        if now - self.looked > GLANCE:
            self.requested, self.looked = self.queue.asked(self.run_id, self.worker), now
        if now - self.wrote > SIGN and self.wrote:
            self.write()
        return self.requested is not None

    def note(self, row) -> None:
        """Take a row; write once there is enough to show."""
        from forecasting.networks.checkpoints import is_logged, save_progress, save_weights  # noqa: PLC0415

        self.rows.append(row)
        self.noted += 1
        if self._is_network and is_logged(row.epoch):
            self.weights["epoch", row.epoch] = save_weights(self.settings, self.model)
        now = time.monotonic()
        if self.progress.record and now - self.kept > KEEP:
            self.weights["progress", row.epoch] = save_progress(self.settings, self.progress)
            self.kept = now
        if self.weights or now - self.wrote > FLUSH:
            self.write()

    def write(self, at_end: bool = False) -> None:
        """All that waits; at the end also the last and the best weights, and the progress."""
        from forecasting.networks.checkpoints import best_weights, save_progress, save_weights  # noqa: PLC0415

        if at_end and self._is_network:
            epoch = self.progress.epoch
            self.weights["last", epoch] = save_weights(self.settings, self.model)
            if self.progress.record:
                self.weights["best", epoch] = best_weights(self.settings, self.progress)
                self.weights["progress", epoch] = save_progress(self.settings, self.progress)
        self.queue.write(self.run_id, self.worker, self.rows, self.weights)
        self.rows, self.weights, self.wrote = [], {}, time.monotonic()

    @property
    def _is_network(self) -> bool:
        """Whether the model has weights to keep; scikit-learn's have none of ours."""
        return hasattr(self.model, "parameters")


def diverged(row) -> BadInput:
    """Why a run ends at a row that is not finite, and what to try."""
    return BadInput(
        N_("The loss left the numbers in epoch {epoch}; try a learning rate below {rate:g}."),
        epoch=row.epoch,
        rate=row.learning_rate,
    )
