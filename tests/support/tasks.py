"""Jobs worked on in the process of the test."""

from forecasting.jobs.database import url_of
from forecasting.jobs.kinds import Task, kind_of
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import RunVersion
from forecasting.jobs.runs import RunStore
from forecasting.jobs.worker import work_on
from forecasting.series import Channel
from forecasting.settings import RunSettings

OWNER = "me"


def task(channel: Channel, request: object, store: RunStore | None = None, model: bytes | None = None) -> Task:
    """What a kind's function is given for this request."""
    return Task("a job", OWNER, kind_of(request), channel, request, store, model)


def trained(store: RunStore, channel: Channel, settings: RunSettings, name: str = "mine") -> RunVersion:
    """A run that has ended, trained here and now."""
    run_id = store.submit(OWNER, channel, settings, name=name)
    assert JobQueue(store.engine).claim_next().id == run_id
    work_on(url_of(store.engine), run_id)
    return RunVersion(run_id, store.epochs_done(run_id))
