"""The reveal as a worker makes it."""

from forecasting.jobs.kinds.reveal import reveal
from forecasting.jobs.requests import RevealRequest
from forecasting.models.fitting import build, fit
from forecasting.models.trained_run import of_run
from forecasting.series import Channel, Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.windows import run_windows
from tests.support.tasks import task, trained


def test_run_sees_nothing_of_the_hidden_days(views, split, store):
    settings = RunSettings(split, Architecture("relu", 7, 1, 4), Training(epochs=2, seeds=2))
    run = trained(store, Channel("mine", views), settings)
    (found,) = reveal(task(Channel("mine", views), RevealRequest(run, 3), store))
    changed = views.copy()
    changed.iloc[-3:] *= 7
    (again,) = reveal(task(Channel("mine", changed), RevealRequest(run, 3), store))
    assert again.result == found.result
    model = build(settings)
    for _row in fit(model, run_windows(Series(views), settings), settings):
        pass
    before = views[:-3]
    expected = of_run(settings, model, Series(views)).predict(Series(before), before.index[-1:], 3)[0]
    assert found.result.point == tuple(expected)
