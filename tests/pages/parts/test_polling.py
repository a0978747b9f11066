"""How often a page looks: often at what is worked on, seldom at what waits for others, less the more visitors are."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from forecasting.jobs.database import open_store
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import ForecastRequest, MethodFit
from forecasting.jobs.store import JobStore
from forecasting.sample import sample_channel
from forecasting.server_log import Rerun, ServerLog
from forecasting.split import default_split
from pages.parts import polling as polling_part
from pages.parts.polling import FEW_VISITORS, WAITING_SECONDS, Polling, polling


@pytest.fixture
def log(monkeypatch) -> ServerLog:
    """A log without a visitor yet."""
    log = ServerLog(clock=lambda: 0.0)
    monkeypatch.setattr(polling_part, "SERVER_LOG", log)
    return log


@pytest.fixture
def jobs(tmp_path, log):
    """Three jobs in the queue, each of somebody else, in the order in which they are begun."""
    engine, _said = open_store(f"sqlite:///{tmp_path}/runs.db")
    store, channel = JobStore(engine), sample_channel()
    request = ForecastRequest(horizon=7, forecaster=MethodFit("last-week", default_split(channel.views)))
    owners = [f"owner {number}" for number in range(3)]
    ids = [store.submit(owner, channel, request) for owner in owners]
    yield SimpleNamespace(
        session=SimpleNamespace(store=SimpleNamespace(engine=engine)),
        now=lambda: [store.job(owner, job_id) for owner, job_id in zip(owners, ids, strict=True)],
        queue=JobQueue(engine),
    )
    engine.dispose()


def test_what_waits_for_others_is_looked_at_seldom_until_it_begins(jobs):
    first, second, third = jobs.now()
    assert polling(jobs.session, [first], 0.3) == Polling(0.3)
    assert polling(jobs.session, [third], 0.3) == Polling(WAITING_SECONDS, far=True)
    assert polling(jobs.session, [third, first], 0.3) == Polling(0.3)
    looks = polling(jobs.session, [second], 0.3)
    assert not looks.is_over([jobs.now()[1]])
    jobs.queue.claim_next()
    jobs.queue.claim_next()
    assert looks.is_over([jobs.now()[1]])
    assert polling(jobs.session, [jobs.now()[1]], 0.3) == Polling(0.3)


def test_nothing_is_looked_at_again_that_has_ended(jobs):
    ended = replace(jobs.now()[0], status="finished")
    assert polling(jobs.session, [ended], 0.3) == polling(jobs.session, [], 0.3) == Polling(None)


def test_all_looks_together_do_not_grow_with_the_visitors(jobs, log):
    for visitor in range(10 * FEW_VISITORS):
        log.rerun(Rerun("train", f"visitor {visitor}", 0.1, memory=100.0, result="done"))
    assert polling(jobs.session, jobs.now()[:1], 0.3).seconds == pytest.approx(3.0)
