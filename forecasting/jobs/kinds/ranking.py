"""Everything that can forecast a channel, judged on the same held-out days: the quick ones first."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from forecasting.evaluation.backtest import backtest, origins_in
from forecasting.evaluation.calibration import CalibratedForecaster, calibrate_run, fit_method
from forecasting.evaluation.scores import TOTALS
from forecasting.forecasts.forecast import check_horizon
from forecasting.forecasts.ranking import JudgedMethod, RankingReport
from forecasting.forecasts.track_record import track_record
from forecasting.forecasts.what_if import report_on_events, uses_events
from forecasting.jobs.kinds import Task
from forecasting.jobs.kinds.runs import load_run, notes_on_days
from forecasting.jobs.requests import RankingRequest, RunVersion
from forecasting.messages import N_, BadInput, Message
from forecasting.models.ensemble.auto import CANNOT_ANSWER
from forecasting.models.registry import BASELINES, METHODS
from forecasting.records import Progress
from forecasting.settings import SKLEARN_FAMILIES

# How many times what a baseline takes, for a horizon of 28 days, four years to learn from and one to be judged on.
WORK = {"ets": 2.2, "linear": 6.5, "trees": 35.0}
WORK_OF_OTHERS, WORK_OF_REFIT = 1.0, 5.0
KNOWS_THEM = N_("It has learnt from the held-out days.")
FEWER_DAYS = N_("Judged on the days after {last} alone: it has learnt from those before.")
NOTHING_MEASURED = N_("None of the held-out days was measured.")
UNFITTED = N_("It could not be fitted: {error}")
LEARNT_LESS = N_("It has learnt from the days to {last} alone.")


@dataclass(frozen=True)
class _Entry:
    """Something to be judged: its key, the work that it takes, and how it is judged."""

    key: str
    work: float
    judge: Callable[[], JudgedMethod]


def ranking(task: Task[RankingRequest]) -> Iterator[Progress]:
    """Reports of RankingReport, a method more each time."""
    request, series = task.request, task.channel.series
    check_horizon(request.horizon)
    origins_in(series.views, request.split.held_out, 1)  # says so where there are none
    entries, found = _entries(task), []
    works = np.cumsum([entry.work for entry in entries])
    for entry, work in zip(entries, works, strict=True):
        try:
            found.append(entry.judge())
        except CANNOT_ANSWER as unable:
            reason = unable.message if isinstance(unable, BadInput) else Message(UNFITTED, {"error": unable})
            found.append(JudgedMethod(entry.key, reason=reason))
        yield Progress(float(work / works[-1]), RankingReport(tuple(found)))


def _entries(task: Task[RankingRequest]) -> list[_Entry]:
    """Methods and runs, what takes least first; Auto is judged with its forecast."""
    single = [slug for slug, method in METHODS.items() if not method.takes_budget]
    events = uses_events(report_on_events(task.channel.series, task.request.split))  # as Forecast does
    methods = [
        _Entry(slug, WORK.get(slug, WORK_OF_OTHERS), partial(_judge_method, task, slug, events=events))
        for slug in single
    ]
    runs = [_Entry(run.id, _work_of(task, run), partial(_judge_run, task, run)) for run in task.request.runs]
    return sorted(methods + runs, key=lambda entry: entry.work)


def _work_of(task: Task, version: RunVersion) -> float:
    run = task.runs.run(task.owner, version.id)
    again = run is not None and run.settings.architecture.family in SKLEARN_FAMILIES
    return WORK_OF_REFIT if again else WORK_OF_OTHERS


def _judge_method(task: Task[RankingRequest], slug: str, *, events: bool) -> JudgedMethod:
    """As fitted on the training period."""
    learnt, begun = task.channel.series.until(task.request.split.train.last), time.perf_counter()
    reach = _reach(task.request.horizon, learnt.measured_days, slug)
    fitted = fit_method(slug, learnt, reach, events=events and slug not in BASELINES)
    seconds = _seconds(time.perf_counter() - begun)
    return replace(_judge(task, slug, fitted), seconds=seconds)


def _judge_run(task: Task[RankingRequest], version: RunVersion) -> JudgedMethod:
    """On held-out days that it has not learnt from."""
    run, trained = load_run(task, version)
    series, split, last = task.channel.series, task.request.split, run.settings.split.train.last
    if last >= min(split.held_out.last, series.last.date()):
        return JudgedMethod(run.id, reason=Message(KNOWS_THEM))
    fitted = calibrate_run(run.name, trained, series.until(last), horizon=_reach(task.request.horizon))
    ends = task.runs.final_losses(task.owner, run.id)
    note = Message(FEWER_DAYS, {"last": last}) if last > split.train.last else None
    if last < split.train.last:
        note = Message(LEARNT_LESS, {"last": last})
    return replace(
        _judge(task, run.id, fitted),
        seconds=_seconds(float(ends["seconds"].iloc[0])) if len(ends) else np.nan,
        note=next(iter(notes_on_days(task, run)), note),
    )


def _judge(task: Task[RankingRequest], key: str, fitted: CalibratedForecaster) -> JudgedMethod:
    """The record of forecasts from every day since the fit that lies in the held-out period."""
    series, request = task.channel.series, task.request
    origins = series.views.index[(series.views.index >= fitted.last) & (series.views.index < series.last)]
    done = backtest(series, fitted, origins, horizon=fitted.scores.horizon)
    record = track_record(series, done, request.split.held_out, horizon=request.horizon)
    return JudgedMethod(key, record, reason=None if record else Message(NOTHING_MEASURED))


def _reach(horizon: int, days: int | None = None, method: str = "auto") -> int:
    """The days asked for, and those of a week's total where `days` suffice for it."""
    week = TOTALS[0]
    return horizon if days is not None and days < METHODS[method].least(week) else max(horizon, week)


def _seconds(seconds: float) -> float:
    return round(seconds, 2)
