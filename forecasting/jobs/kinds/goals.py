"""Draws of the days to come by whatever forecasts, and the record of the chances that they gave before."""

from collections.abc import Generator, Iterator

import numpy as np

from forecasting.evaluation.calibration import (
    CalibratedForecaster,
    calibrate,
    calibrate_run,
    check_days,
    fit_method,
    refit,
)
from forecasting.evaluation.scores import Scores, make_scores
from forecasting.forecasts.forecast import honest_scores
from forecasting.forecasts.goals import days_ahead, make_goals
from forecasting.forecasts.model_file import load_model
from forecasting.forecasts.what_if import report_on_events, uses_events
from forecasting.jobs.kinds import Task
from forecasting.jobs.kinds.runs import load_run, name_of
from forecasting.jobs.requests import AutoSearch, GoalsRequest, MethodFit, ModelFile, RunVersion
from forecasting.models.ensemble.candidates import work_of
from forecasting.models.ensemble.search import SEARCHED, Search, planned
from forecasting.models.with_events import EventsOfSearch
from forecasting.records import Progress
from forecasting.series import Series

SEARCH_SHARE, FITTED_SHARE = 0.4, 0.9  # of the work is done when Auto has been found, and before paths are drawn


def goals(task: Task[GoalsRequest]) -> Iterator[Progress]:
    """A GoalsReport."""
    series, wanted = task.channel.series, task.request.forecaster
    if isinstance(wanted, ModelFile):
        model = load_model(task.model or b"")
        ahead = min(days_ahead(series), model.scores.horizon)
        forecaster, fitted = model.calibrated(series, ahead, reach=ahead)
        scores = fitted.scores
    else:
        fitted = yield from _fitted(task, wanted)
        scores = _scores_through(series, fitted)
        forecaster = refit(fitted, series, scores.horizon)
    yield Progress(FITTED_SHARE)
    yield Progress(1.0, make_goals(series, fitted.method, forecaster, scores=honest_scores(fitted, scores)))


def _fitted(task: Task, wanted: AutoSearch | RunVersion | MethodFit) -> Generator[Progress, None, CalibratedForecaster]:
    """What has learnt from the training period alone."""
    if isinstance(wanted, RunVersion):
        return _run(task, wanted)
    series = task.channel.series
    if isinstance(wanted, AutoSearch):
        return (yield from _auto(series, wanted))
    events = uses_events(report_on_events(series, wanted.split, wanted.method))
    return fit_method(wanted.method, series.until(wanted.split.train.last), days_ahead(series), events=events)


def _auto(series: Series, wanted: AutoSearch) -> Generator[Progress, None, CalibratedForecaster]:
    """Auto as found on the training period; progress on the way."""
    learnt, reach = series.until(wanted.split.train.last), days_ahead(series)
    check_days("auto", learnt, reach)
    seen = EventsOfSearch.of(learnt, reach, used=uses_events(report_on_events(series, wanted.split)))
    works = [work_of(candidate) for candidate in planned(seen.series, reach)]
    worked = SEARCH_SHARE * np.cumsum(works) / sum(works)
    searching = Search(seen.series, reach, budget=SEARCHED * wanted.budget, country=wanted.country)
    for tried, _trial in enumerate(searching.trials()):
        yield Progress(float(worked[tried]))
    ensemble = seen.restored(searching.mixture())
    origins, predicted = ensemble.validated
    return calibrate("auto", ensemble, learnt, origins=origins, predicted=predicted)


def _run(task: Task, version: RunVersion) -> CalibratedForecaster:
    series = task.channel.series
    run, trained = load_run(task, version)
    learnt = series.until(run.settings.split.train.last)
    return calibrate_run(name_of(run), trained, learnt, horizon=days_ahead(series, judged=len(series) - len(learnt)))


def _scores_through(series: Series, fitted: CalibratedForecaster) -> Scores:
    """Of the forecasts it was calibrated by and those from every day since, by all that is known now."""
    days = series.views.index
    origins = days[(days >= fitted.last) & (days < days[-1])]
    if not len(origins):
        return fitted.scores
    predicted = fitted.forecaster.predict(series, origins, fitted.scores.horizon)
    before = fitted.scores.before(origins[0])
    return make_scores(series, before.origins.append(origins), np.concatenate([before.predicted, predicted]))
