"""The last days of a channel, as a run sees them coming that knows none of them."""

from collections.abc import Iterator

import pandas as pd

from forecasting.jobs.kinds import Task
from forecasting.jobs.kinds.runs import load_run
from forecasting.jobs.requests import RevealRequest
from forecasting.lectures.reveal import BlindForecast
from forecasting.records import Progress


def reveal(task: Task[RevealRequest]) -> Iterator[Progress]:
    """A BlindForecast."""
    request = task.request
    _run, trained = load_run(task, request.run)
    series = task.channel.series
    before = series.until(series.last - pd.Timedelta(days=request.days))
    point = trained.predict(before, before.views.index[-1:], request.days)[0]
    yield Progress(1.0, BlindForecast(tuple(map(float, point))))
