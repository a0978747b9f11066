"""Which branch of the lecture's tree a run is on."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from forecasting.diagnosis.evidence import gather_in_steps
from forecasting.diagnosis.nested_runs import NestedRun
from forecasting.diagnosis.report import DiagnosisReport
from forecasting.diagnosis.tree import diagnose as diagnosis_of
from forecasting.diagnosis.tree import report_of
from forecasting.jobs.kinds import Task
from forecasting.jobs.kinds.runs import run_of
from forecasting.jobs.requests import DiagnosisRequest
from forecasting.messages import Message
from forecasting.records import Progress, Run
from forecasting.settings import RunSettings


def diagnose(task: Task[DiagnosisRequest]) -> Iterator[Progress]:
    """Reports of DiagnosisReport: the evidence as it comes, and at the end the diagnosis."""
    request = task.request
    run, nested = run_of(task, request.run), [*_nested_runs(task, request)]
    settings = _as_trained(run, request.run.epochs)
    evidence: list[Message] = []
    train_loss, predicted = _outcome(task, run)
    for step in gather_in_steps(task.channel.series, settings, train_loss=train_loss, predicted=predicted):
        if step.found:
            yield Progress(step.share, report_of(diagnosis_of(step.found, nested), step.found, nested))
        elif step.said:
            evidence.append(step.said)
            yield Progress(step.share, DiagnosisReport(tuple(evidence)))


def _as_trained(run: Run, epochs: int) -> RunSettings:
    """What was stopped is judged for the epochs that it had."""
    if run.status == "finished":
        return run.settings
    return replace(run.settings, training=replace(run.settings.training, epochs=epochs))


def _outcome(task: Task[DiagnosisRequest], run: Run) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """Train losses (seeds,) and predictions (seeds, held-out days) in views, of a run that predicts one day.

    Of several days ahead only the farthest is kept, too little to judge by: such a run is trained again.
    """
    predictions = task.runs.predictions(run.id)
    if predictions is None or run.settings.architecture.horizon > 1:
        return None, None
    return task.runs.final_losses(task.owner, run.id)["train_seeds"].iloc[0], predictions.to_numpy().T


def _nested_runs(task: Task[DiagnosisRequest], request: DiagnosisRequest) -> Iterator[NestedRun]:
    """Those of the request that are still there."""
    for run_id in request.nested_runs:
        run, losses = task.runs.run(task.owner, run_id), task.runs.final_losses(task.owner, run_id)
        if run and len(losses):
            yield NestedRun(run.settings, float(losses["train"].iloc[0]))
