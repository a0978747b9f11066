"""The days to come: Auto searches, a run, a model file or one method is asked; what is known so far is reported."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import origins_in
from forecasting.evaluation.calibration import calibrate, calibrate_run, check_days, fit_method, refit
from forecasting.forecasts.forecast import (
    Forecast,
    check_horizon,
    evaluate_held_out,
    horizon_with_totals,
    make_forecast,
)
from forecasting.forecasts.holiday_report import report_on_holidays
from forecasting.forecasts.model_file import Model, export_model, load_model, save_model
from forecasting.forecasts.report import ForecastReport, ProvisionalForecast
from forecasting.forecasts.track_record import track_record
from forecasting.forecasts.what_if import report_on_events, uses_events
from forecasting.jobs.kinds import Task
from forecasting.jobs.kinds.runs import load_run, name_of, notes_on_days
from forecasting.jobs.requests import AutoSearch, ForecastRequest, MethodFit, RunVersion
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.candidates import work_of
from forecasting.models.ensemble.search import SEARCHED, Search, planned
from forecasting.models.registry import BASELINES
from forecasting.models.with_events import EventsOfSearch, WithEvents, auto_of
from forecasting.records import Progress
from forecasting.series import Series
from forecasting.settings import SKLEARN_FAMILIES

# Work of Auto beside that of its trials: a fit of what counts, judging; and for each held-out day judging it, and
# provisional forecasts from it.
FIT_AGAIN, JUDGE, JUDGE_A_DAY, FORESEE_A_DAY = 0.85, 7.0, 0.055, 0.02
JUDGED_LAST = 0.25  # share of judging that comes after the last fit
FITTED_SHARE = 0.6  # of the work of a single method, which is then judged, and fitted once more


def forecast(task: Task[ForecastRequest]) -> Iterator[Progress]:
    """Reports of ForecastReport, with the model file where there is one."""
    request = task.request
    check_horizon(request.horizon)
    if isinstance(request.forecaster, AutoSearch):
        yield from _by_auto(task.channel.series, request.forecaster, request.horizon)
    elif isinstance(request.forecaster, RunVersion):
        yield from _by_run(task, request.forecaster, request)
    elif isinstance(request.forecaster, MethodFit):
        yield from _by_method(task.channel.series, request.forecaster, request.horizon)
    else:
        model = load_model(task.model or b"")
        found = model.forecast(task.channel.series, request.horizon)
        yield Progress(1.0, _with_holidays(model, task.channel.series, found, request))


def _by_auto(series: Series, auto: AutoSearch, horizon: int) -> Iterator[Progress]:
    learnt = series.until(auto.split.train.last)
    reach = horizon_with_totals(horizon, learnt.measured_days)
    check_days("auto", learnt, reach)
    origins_in(series.views, auto.split.held_out, 1)  # says so where there are none
    events = report_on_events(series, auto.split)
    seen = EventsOfSearch.of(learnt, reach, used=uses_events(events))
    searching = Search(seen.series, reach, budget=SEARCHED * auto.budget, country=auto.country)
    work = _Work(searching, len(series.views) - len(learnt.views))
    report = ForecastReport()
    for tried, trial in enumerate(searching.trials(), start=1):
        report = replace(report, trials=(*report.trials, trial))
        if work.is_due(tried):
            so_far = _provisional(seen.restored(searching.mixture_so_far(), provisional=True), series, horizon)
            found = ProvisionalForecast(so_far, tried, work.planned, searching.learnt_until)
            report = replace(report, provisional=found)
        yield Progress(work.share_searched(tried), report)
    mixture = searching.mixture()
    ensemble = seen.restored(replace(mixture, limit=auto.budget) if mixture.limit else mixture)
    origins, predicted = ensemble.validated
    fitted = calibrate("auto", ensemble, learnt, origins=origins, predicted=predicted)
    tested, judged = evaluate_held_out(series, fitted, auto.split, horizon=horizon)
    yield Progress(work.share_judged())
    again = ensemble.refit(series)
    record = track_record(series, tested, auto.split.held_out, horizon=horizon)
    ahead = make_forecast(again, fitted, series, scores=tested.scores, horizon=horizon, judged=judged, record=record)
    shares = tuple((name, tuple(map(float, by_day))) for name, by_day in again.shares())
    model = export_model("auto", again, series, split=auto.split, scores=tested.scores, judged=judged, track=record)
    holidays = report_on_holidays(auto_of(again), ahead.days)
    yield Progress(
        1.0, ForecastReport(report.trials, shares, ahead, events=events, holidays=holidays), save_model(model)
    )


class _Work:
    """How far Auto is: the unit is the trial of a linear recipe.

    What the search keeps is fitted again twice, on the training days and on all, and judged on `days` between.
    """

    def __init__(self, searching: Search, days: int) -> None:
        self.searching, self.judging = searching, JUDGE + JUDGE_A_DAY * days
        candidates = planned(searching.series, searching.horizon)
        self.trials = [work_of(candidate) for candidate in candidates]
        self.free = sum(not work for work in self.trials)  # candidates that take no time
        self.cheap = sum(isinstance(candidate, str) for candidate in candidates)
        self.foreseeing = FORESEE_A_DAY * days / len(self.trials)  # a trial
        self.planned, self.done, self.share = len(self.trials), 0.0, 0.0

    def share_searched(self, tried: int) -> float:
        """The share of all work that is done after so many trials; it never falls."""
        self.done = sum(self.trials[:tried])
        self.share = max(self.share, (self.done + tried * self.foreseeing) / self._total())
        return self.share

    def share_judged(self) -> float:
        """The share that is done before the last fit."""
        return max(self.share, 1 - (self._fit() + JUDGED_LAST * self.judging) / self._total())

    def is_due(self, tried: int) -> bool:
        """Whether a provisional forecast is: after what takes no time, all that is cheap, as many again, and the end.

        Each takes as long as a trial or two: after every trial it would cost more than the search.
        """
        return tried in (self.free, self.cheap, 2 * self.cheap, self.planned)

    def _total(self) -> float:
        return sum(self.trials) + self.planned * self.foreseeing + 2 * self._fit() + self.judging

    def _fit(self) -> float:
        """A fit of all that is kept, if of the trials to come as many count as of those that are done."""
        kept = self.searching.work_kept / self.done if self.done else 1.0
        return FIT_AGAIN * kept * sum(self.trials)


def _provisional(ensemble: Auto | WithEvents, series: Series, horizon: int) -> Forecast:
    """What an `ensemble` that is not fitted again says.

    It has learnt neither from the days of its validation nor from those since, so its intervals rest on both.
    """
    validated, before = ensemble.validated
    since = series.views.index[series.views.index >= ensemble.last]
    predicted = ensemble.predict(series, since, ensemble.horizon)
    origins, known = validated.append(since[:-1]), np.concatenate([before, predicted[:-1]])
    fitted = calibrate("auto", ensemble, series, origins=origins, predicted=known)
    last = _Predicted(predicted[-1:], ensemble.needs)
    return make_forecast(last, fitted, series, scores=fitted.scores, horizon=horizon, provisional=True)


@dataclass(frozen=True)
class _Predicted:
    """Views (1, horizon) from the last day that have been worked out, as what forecasts them."""

    views: np.ndarray
    needs: int

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """The same views."""
        return self.views[:, :horizon]


def _by_run(task: Task[ForecastRequest], version: RunVersion, request: ForecastRequest) -> Iterator[Progress]:
    """A run keeps its weights, so what it learnt from stays what it learnt from."""
    series, horizon = task.channel.series, request.horizon
    run, trained = load_run(task, version)
    split = run.settings.split
    name = name_of(run)
    fitted = calibrate_run(name, trained, series.until(split.train.last), horizon=horizon_with_totals(horizon))
    yield Progress(0.2)
    done, judged = evaluate_held_out(series, fitted, split, horizon=horizon)
    record = track_record(series, done, split.held_out, horizon=horizon)
    found = make_forecast(trained, fitted, series, scores=done.scores, horizon=horizon, judged=judged, record=record)
    found = replace(found, notes=(*found.notes, *notes_on_days(task, run)))
    if run.settings.architecture.family in SKLEARN_FAMILIES:
        yield Progress(1.0, ForecastReport(forecast=found))
        return
    model = export_model(name, trained, series, split=split, scores=done.scores, judged=judged, track=record)
    yield Progress(1.0, _with_holidays(model, series, found, request), save_model(model))


def _by_method(series: Series, wanted: MethodFit, horizon: int) -> Iterator[Progress]:
    """Judged as fitted on the training period, and fitted again on all days for those to come."""
    learnt, others = series.until(wanted.split.train.last), [name for name in BASELINES if name != wanted.method]
    reach = horizon_with_totals(horizon, learnt.measured_days, wanted.method)
    events = report_on_events(series, wanted.split, wanted.method)
    fitted = fit_method(wanted.method, learnt, reach, events=uses_events(events))
    yield Progress(FITTED_SHARE)
    done, judged = evaluate_held_out(series, fitted, wanted.split, horizon=horizon, beside=others)
    record = track_record(series, done, wanted.split.held_out, horizon=horizon)
    again = refit(fitted, series, reach)
    found = make_forecast(again, fitted, series, scores=done.scores, horizon=horizon, judged=judged, record=record)
    yield Progress(1.0, ForecastReport(forecast=found, events=events))


def _with_holidays(model: Model, series: Series, usual: Forecast, request: ForecastRequest) -> ForecastReport:
    """The forecast with further holidays takes the place of the `usual` one, whose views stay beside it."""
    if not request.holidays:
        return ForecastReport(forecast=usual)
    holidays = [pd.Timestamp(day) for day in request.holidays]
    found = model.forecast(series, request.horizon, holidays=holidays)
    return ForecastReport(forecast=found, without_holidays=usual.point)
