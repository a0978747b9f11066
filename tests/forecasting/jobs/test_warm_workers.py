"""A worker is ready for the next job, and no more of them than that: each takes memory before it does anything."""

from concurrent.futures import Executor, Future

from forecasting.jobs.database import url_of
from forecasting.jobs.pool import WorkerPool
from tests.forecasting.jobs.test_runs import channel, settings
from tests.support.processes import wait_for


class Lent(Executor):
    """A worker that begins with the first call and ends no job by itself."""

    def __init__(self) -> None:
        self.begun, self.jobs = False, list[Future]()

    def submit(self, call, /, *about, **_more) -> Future:
        self.begun = True
        future = Future()
        if call is not int:
            self.jobs.append(future)
        return future

    def shutdown(self, wait: bool = True, **_more) -> None:
        """Nothing to end."""


def test_one_worker_more_than_there_is_work_for_is_ready(store):
    lent = []

    def lend() -> Lent:
        lent.append(Lent())
        return lent[-1]

    workers = WorkerPool(url_of(store.engine), slots=3, executor=lend, round_seconds=0.05)
    try:
        wait_for(lambda: any(one.begun for one in lent))
        assert sum(one.begun for one in lent) == 1
        store.submit("me", channel(), settings(epochs=3), name="first")
        workers.fill()
        wait_for(lambda: sum(one.begun for one in lent) == 2)
        assert [len(one.jobs) for one in lent if one.begun] == [1, 0]
        for epochs in (4, 5):
            store.submit("me", channel(), settings(epochs=epochs), name=str(epochs))
        workers.fill()
        wait_for(lambda: all(one.jobs for one in lent))
        lent[0].jobs[0].set_exception(OSError("it broke"))  # its worker is gone: another comes, and is ready
        wait_for(lambda: len(lent) == 4 and lent[3].begun)
    finally:
        workers.close()
