"""What one owner may have: jobs in the queue, runs, bytes, work. Refused with a sentence, also at one instant."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa

from forecasting.evaluation.folds import FoldKind
from forecasting.hosting import UNLIMITED
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.kinds import JOB_KINDS
from forecasting.jobs.owners import lock_owner
from forecasting.jobs.queue import JobQueue, Place, serving_order
from forecasting.jobs.quotas import bytes_kept
from forecasting.jobs.requests import CrossValidationRequest, ExperimentRequest, SweepRequest
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.work import refuse_too_much
from forecasting.messages import BadInput, Message
from forecasting.records import Source
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from tests.forecasting.jobs.test_jobs import channel
from tests.support import job_kinds
from tests.support.filled_store import fill
from tests.support.job_kinds import Count

pytestmark = pytest.mark.both_databases

CHANNEL = channel()
SPLIT = default_split(CHANNEL.views)
SMALL = replace(UNLIMITED, queue=20, runs=3, channels=2, storage=0.1)


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    for name, kind in job_kinds.KINDS.items():
        monkeypatch.setitem(JOB_KINDS, name, kind)


def run(epochs: int = 1, **training) -> RunSettings:
    return RunSettings(SPLIT, Architecture("linear", window=7), Training(epochs=epochs, **training))


def submit(store: RunStore, owner: str, epochs: int) -> str:
    return store.submit(owner, CHANNEL, run(epochs), name=f"run {epochs}")


def refusal(act, *arguments) -> str:
    with pytest.raises(BadInput) as refused:
        act(*arguments)
    return str(refused.value)


def test_sixty_clicks_at_once_queue_no_more_than_the_limit(store):
    """From six servers on one store, of jobs and runs alike."""
    engines = [open_engine(url_of(store.engine), patience=60) for _server in range(6)]

    def click(number: int) -> str:
        engine = engines[number % len(engines)]
        try:
            if number % 2:
                return JobStore(engine, SMALL).submit("me", CHANNEL, Count(number))
            return submit(RunStore(engine, replace(SMALL, runs=60)), "me", number + 1)
        except BadInput as refused:
            return str(refused)

    submit(store, "you", 1)
    with ThreadPoolExecutor(12) as clicks:
        said = Counter(clicks.map(click, range(60)))
    for engine in engines:
        engine.dispose()
    limit = "You have 20 jobs waiting or under way, the most that this server allows one person."
    assert said.pop(f"{limit} Wait until one has ended, or stop one.") == 40
    assert set(said.values()) == {1} and len(said) == 20


def test_what_waits_already_can_be_asked_for_again_and_what_stopped_counts_again(store):
    limited = RunStore(store.engine, replace(UNLIMITED, queue=2))
    jobs = JobStore(store.engine, limited.limits)
    first, second = submit(limited, "me", 1), submit(limited, "me", 2)
    assert submit(limited, "me", 1) == first
    assert "2 jobs" in refusal(jobs.submit, "me", CHANNEL, Count(1))
    jobs.cancel("me", second)
    jobs.submit("me", CHANNEL, Count(1))
    assert "2 jobs" in refusal(limited.resume, "me", second)
    assert "2 jobs" in refusal(submit, limited, "me", 2)
    assert limited.run("me", second).status == "stopped"


def test_runs_are_counted_until_they_are_removed(store):
    limited = RunStore(store.engine, replace(SMALL, queue=60))
    ids = [submit(limited, "me", epochs) for epochs in (1, 2, 3)]
    assert refusal(submit, limited, "me", 4) == (
        "You have 3 runs, the most that this server keeps for one person. Remove some on Compare."
    )
    JobStore(store.engine, limited.limits).submit("me", CHANNEL, Count(1))
    submit(limited, "you", 4)
    limited.delete("me", ids[:1])
    submit(limited, "me", 4)


def test_channels_are_counted_once_for_all_their_versions_and_the_sample_is_nobodys(store):
    channels, source = ChannelStore(store.engine, SMALL), Source("views.csv", b"file", {})
    channels.save_if_new("me", CHANNEL)  # as the sample is, which no file brought
    own = [replace(CHANNEL, views=CHANNEL.views.iloc[:days]) for days in (100, 101, 102, 103)]
    channels.save("me", own[0], source)
    channels.save("me", own[1], source, continues=own[0].fingerprint)
    channels.save("me", own[2], source)
    channels.save("me", own[2], source)
    assert refusal(channels.save, "me", own[3], source) == (
        "You have 2 channels, the most that this server keeps for one person. Remove one on Data."
    )
    channels.save("you", own[3], source)
    channels.forget("me", own[1].fingerprint)
    channels.save("me", own[3], source)


def test_bytes_are_those_that_the_tables_hold(store):
    """The oracle reads every value of the owner's rows; a row's key and what SQLite puts around it stay apart."""
    ids = fill(store, "me", runs=3, epochs=20)
    fill(store, "you", runs=1)
    with store.engine.connect() as connection:
        found = bytes_kept(connection, "me")
        held = 0
        for table in ("channels", "jobs", "runs", "rows", "checkpoints"):
            for row in connection.execute(sa.text(f"SELECT * FROM {table}")).mappings():
                mine = row.get("job", row.get("id")) in ids or row.get("owner") == "me"
                held += mine * sum(len(value) for value in row.values() if isinstance(value, str | bytes))
    assert found == pytest.approx(held, rel=0.2)
    limited = RunStore(store.engine, replace(UNLIMITED, storage=held / 2e6))
    assert "MB, the most that this server keeps for one person. Remove runs on Compare" in refusal(
        submit, limited, "me", 1
    )
    submit(limited, "them", 1)


# The queue


def begun(queue: JobQueue, count: int) -> list[str]:
    """The next jobs as one worker takes them, each ended before the next."""
    ids = []
    for _claim in range(count):
        ids.append(queue.claim_next().id)
        queue.fail(ids[-1], Message("over"))
    return ids


def test_forty_jobs_of_one_do_not_keep_a_class_waiting(store):
    jobs, queue = JobStore(store.engine), JobQueue(store.engine)
    mine = {jobs.submit("me", CHANNEL, Count(number)) for number in range(40)}
    early = begun(queue, 2)
    others = [jobs.submit(f"student {number}", CHANNEL, Count(1)) for number in range(9)]
    again = jobs.submit("student 0", CHANNEL, Count(2))
    assert mine >= {*early}
    rounds = begun(queue, 11)
    assert [one for one in rounds if one in others] == others  # each once, before anybody a second time
    assert len(mine & {*rounds}) == 1 and again == rounds[-1]


def test_the_place_that_is_told_is_the_place_that_comes(store):
    jobs, queue = JobStore(store.engine), JobQueue(store.engine)
    ids = [jobs.submit(owner, CHANNEL, Count(number)) for number, owner in enumerate("aaabbacaab")]
    begun(queue, 1)
    told = {job_id: queue.place(job_id) for job_id in ids}
    assert told.pop(ids[0]) is None  # it waits no longer
    order = begun(queue, len(told))
    assert told == {job_id: Place(before, None) for before, job_id in enumerate(order)}


def test_until_a_job_begins_the_jobs_before_it_must_find_a_slot(store):
    jobs, queue = JobStore(store.engine), JobQueue(store.engine)
    ids = [jobs.submit("me", CHANNEL, Count(number)) for number in range(5)]
    for worker, (share, seconds) in enumerate([(0.5, 60.0), (0.25, 5.0)]):
        job_id = queue.claim_next().id
        queue.start(job_id, worker)
        queue.heartbeat(job_id, worker, share=share, seconds=seconds)
    waiting = [queue.place(job_id) for job_id in ids[2:]]
    assert waiting == [Place(0, pytest.approx(15.0)), Place(1, pytest.approx(60.0)), Place(2, None)]


def test_nobody_has_more_running_than_is_allowed(store):
    jobs, queues = JobStore(store.engine), [JobQueue(store.engine, at_once=2) for _server in range(2)]
    mine = {jobs.submit("me", CHANNEL, Count(number)) for number in range(6)}
    with ThreadPoolExecutor(6) as slots:
        claims = list(slots.map(lambda slot: queues[slot % 2].claim_next(), range(6)))
    assert len([claim for claim in claims if claim]) == 2
    yours = jobs.submit("you", CHANNEL, Count(1))
    assert queues[0].claim_next().id == yours and queues[0].claim_next() is None
    queues[0].fail(next(claim.id for claim in claims if claim), Message("over"))
    assert queues[1].claim_next().id in mine


def test_two_servers_that_look_at_the_same_instant_begin_no_more_than_is_allowed(store, monkeypatch):
    """Both have read the queue before either takes a job."""
    jobs, both = JobStore(store.engine), threading.Barrier(2, timeout=60)
    for number in range(3):
        jobs.submit("me", CHANNEL, Count(number))

    def read_by_both(*queued, at_once: float) -> list:
        both.wait()
        return serving_order(*queued, at_once=at_once)

    monkeypatch.setattr("forecasting.jobs.queue.serving_order", read_by_both)
    with ThreadPoolExecutor(2) as servers:
        claims = list(servers.map(lambda _server: JobQueue(store.engine, at_once=1).claim_next(), range(2)))
    assert len([claim for claim in claims if claim]) == 1


def test_an_owner_is_locked_from_the_first_time_on(store):
    """Two that come for the first time at the same instant: neither is refused, and neither passes the other by."""
    counts = []

    def add(_number: int) -> None:
        with store.engine.begin() as connection:
            lock_owner(connection, "new")
            known = connection.execute(sa.text("SELECT turn FROM owners WHERE owner = 'new'")).scalar()
            connection.execute(sa.text("UPDATE owners SET turn = :turn"), {"turn": known + 1})
            counts.append(known)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(12)))
    assert sorted(counts) == list(range(12))


# Work


LARGE = RunSettings(SPLIT, Architecture(layers=2, units=100), Training(epochs=1000, seeds=4))


def folds(kind: FoldKind, count: int) -> CrossValidationRequest:
    return CrossValidationRequest((LARGE, LARGE), kind, count)


@pytest.mark.parametrize(("request_", "work", "advice"), [
    (LARGE, 1.0, None),
    (LARGE, 0.5, "take at most 500 epochs"),
    (replace(LARGE, training=replace(LARGE.training, epochs=30)), 0.016, "take at most 2 seeds"),
    (replace(LARGE, training=replace(LARGE.training, epochs=30, seeds=1)), 0.002, "take fewer units or layers"),
    (folds("blocked", 3), 4.0, "1.5 times as much training as this server allows at once: take fewer models or fewer"),
    (folds("blocked", 2), 4.0, None),
    (ExperimentRequest((LARGE, LARGE)), 1.0, "2.0 times as much training as this server allows at once: take fewer"),
    (SweepRequest((LARGE, LARGE), updates=5000), 1.0, "take fewer points or updates"),
    (SweepRequest((LARGE,), updates=1), 1.0, None),
    (Count(10**9), 1e-9, None),
])  # fmt: skip
def test_what_asks_for_too_much_work_is_refused_with_what_to_lower(request_, work, advice):
    """`work` is what is allowed, in runs of LARGE."""
    whole = LARGE.parameters * 4 * 1000 / 1e6
    limits = replace(UNLIMITED, work=work * whole)
    if advice is None:
        refuse_too_much(request_, limits)
    else:
        assert advice in refusal(refuse_too_much, request_, limits)


def test_memory_is_told_before_a_job_is_queued_of_whatever_kind(store):
    huge = RunSettings(SPLIT, Architecture(layers=8, units=430), Training(batch_size=0, seeds=32))
    limits = replace(UNLIMITED, worker_memory=600)
    jobs = JobStore(store.engine, limits)
    for request in (
        ExperimentRequest((huge,)),
        CrossValidationRequest((huge,), "blocked", 2),
        SweepRequest((huge,), 9),
    ):
        assert "GB of memory; a worker has 0.6 GB. Take fewer" in refusal(jobs.submit, "me", CHANNEL, request)
    train = partial(RunStore(store.engine, limits).submit, name="huge")
    assert "Take fewer" in refusal(train, "me", CHANNEL, huge)
    assert ChannelStore(store.engine).channels("me") == {}
