"""Workers, servers and the database killed at random moments while visitors train through the pages: nothing is lost.

    python -m tests.stress.faults [--kills 100] [--runs 12] [--database postgresql]

Two Streamlit servers with a worker each share a store. At each server a visitor opens Train with settings of its own
and presses the button, and comes again when the server was killed under it, until every run is in the store. Then every
run, every row, the processes and the database are looked at. SQLite has no server: its store is locked for as long.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import sqlalchemy as sa

from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.runs import RunStore
from forecasting.owners import LOCAL
from forecasting.records import History
from forecasting.sample import sample_channel
from forecasting.settings import RunSettings
from tests.stress.served import ROOT, children_of, is_worker
from tests.stress.visitor import Lost, Record, Visitor
from tests.support import postgresql
from tests.support.processes import alive, wait_for

ADDRESS, PORTS = "127.0.0.1", (8871, 8872)  # everybody there is the one local user, whatever cookies were lost
EPOCHS, SEEDS = 300, 2
PATIENCE = 600.0  # seconds for the runs to finish once nothing is killed any more
WORKERLESS = 120.0  # seconds after which a server should have a worker again
PAUSES = 0.5, 4.0  # seconds between two kills
DOWN = 0.2, 5.0  # seconds that the database is away
WEIGHTS = {"worker": 0.65, "server": 0.15, "database": 0.2}
Answer = TypeVar("Answer")


class Database(Protocol):
    """A store's database, which can be taken away for a while."""

    url: str

    def take_away(self) -> None:
        """It does not answer any more."""

    def bring_back(self) -> None:
        """It answers again."""

    def complaint(self) -> str:
        """What it finds wrong with itself; nothing where it is sound."""


class Sqlite:
    """A file; taken away by a lock that nobody else gets past."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{(folder / 'runs.db').as_posix()}"
        self._engine = sa.create_engine(self.url)
        self._lock: sa.Connection | None = None

    def take_away(self) -> None:
        self._lock = self._engine.connect()
        self._lock.exec_driver_sql("begin immediate")

    def bring_back(self) -> None:
        if self._lock:
            self._lock.exec_driver_sql("rollback")
            self._lock.close()

    def complaint(self) -> str:
        with self._engine.connect() as connection:
            said = connection.exec_driver_sql("pragma integrity_check").scalar()
        return "" if said == "ok" else str(said)


class Postgresql:
    """A server that keeps what it has said to have kept, killed with all its processes."""

    def __init__(self, server: postgresql.Server, url: str) -> None:
        self.server, self.url = server, url
        self._killed = 0

    def take_away(self) -> None:
        self.server.kill()
        self._killed += 1

    def bring_back(self) -> None:
        self.server.start()

    def complaint(self) -> str:
        recovered = (self.server.folder / "server.log").read_text().count("automatic recovery in progress")
        if recovered != self._killed:
            return f"killed {self._killed} times, recovered {recovered} times"
        counted = self.server.execute("select count(*) from pg_stat_database where checksum_failures > 0")
        return "" if counted == [(0,)] else "checksum failures"


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    """A new and empty one."""
    if kind == "sqlite":
        yield Sqlite(folder)
        return
    with postgresql.running(postgresql.LASTING) as server, server.database("faults") as url:
        yield Postgresql(server, url)


@dataclass
class Servers:
    """Two Streamlit servers on one store."""

    url: str
    folder: Path
    processes: dict[int, subprocess.Popen] = field(default_factory=dict)  # by port
    seen: set[int] = field(default_factory=set)  # workers that have been

    def start(self, port: int) -> None:
        """Serve; nobody waits for it."""
        options = ("server.headless=true", f"server.address={ADDRESS}", f"server.port={port}")
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.fileWatcherType=none"]
        own = {"VIEWCAST_STORE": self.url, "VIEWCAST_WORKERS": "1", "OMP_NUM_THREADS": "1"}
        with (self.folder / f"{port}.log").open("a") as log:
            self.processes[port] = subprocess.Popen(
                [*command, *(f"--{option}" for option in options)],
                cwd=ROOT,
                env=os.environ | own,
                stdout=log,
                stderr=log,
            )

    def workers(self) -> list[int]:
        """Those there are, whatever they do."""
        found = [pid for one in self.processes.values() for pid in children_of(one.pid) if is_worker(pid)]
        self.seen |= {*found}
        return sorted(found)

    def kill_one(self, victim: str, chance: random.Random) -> bool:
        """Kill a worker, or a server that has one; whether there was any."""
        if not (workers := self.workers()):
            return False
        worker = chance.choice(workers)
        if victim == "server":
            ports = [port for port, one in self.processes.items() if worker in children_of(one.pid)]
            for port in ports:
                self.kill(port)
            return bool(ports)
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        return True

    def kill(self, port: int) -> None:
        """A server alone, and begin it anew."""
        self.processes[port].kill()
        self.processes[port].wait()
        self.start(port)

    def end(self) -> None:
        """All of them."""
        self.workers()
        for process in self.processes.values():
            process.kill()
            process.wait()


async def asked(question: Callable[[], Answer]) -> Answer:
    """What the store says, once it is there. In a thread: who waits for it must not keep it from being brought back."""
    end = time.monotonic() + 60
    while True:
        try:
            return await asyncio.to_thread(question)
        except sa.exc.DBAPIError:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(0.2)


# Visitors


async def train_through_pages(port: int, units: list[int], store: RunStore, record: Record) -> None:
    """Press Train for nets of so many units, until the store has them all; then look at Train, for ever.

    A server begins to work with its first visitor: one that was killed needs somebody to come again.
    """
    url = f"http://{ADDRESS}:{port}"
    while True:
        there = await asked(lambda: trained(store))
        left = [one for one in units if one not in there]
        visitor = Visitor(url, f"visitor-{port}", record)
        with contextlib.suppress(Lost, OSError, AssertionError, TimeoutError):
            await visitor.open()
            await visitor.go("train", f"units={[*left, *units][0]}&epochs={EPOCHS}&seeds={SEEDS}")
            if left:
                await visitor.press("Train")
        with contextlib.suppress(Exception):
            await visitor.close()
        await asyncio.sleep(1.0)


def tracebacks(record: Record) -> list[str]:
    """Those that a page has shown, rather than a sentence. (The servers' logs have what was said in a sentence too.)"""
    return [error for error in record.errors if not error.startswith("websocket lost")]


def trained(store: RunStore) -> dict[int, str]:
    """Units -> the id of the run in the store."""
    return {run.settings.architecture.units: run.id for run in store.runs(LOCAL)}


# Kills


async def kill_at_random(kills: int, servers: Servers, place: Database, store: RunStore) -> Counter[str]:
    """What was killed, how often. Every run that the store has once said to have is looked for after each."""
    chance, killed, known, again = random.Random(0), Counter[str](), set[str](), Counter[str]()
    last = time.monotonic()
    while killed.total() < kills:
        await asyncio.sleep(chance.uniform(*PAUSES))
        victim = chance.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
        if victim == "database":
            await asyncio.to_thread(place.take_away)
            await asyncio.sleep(chance.uniform(*DOWN))
            await asyncio.to_thread(place.bring_back)
        elif not servers.kill_one(victim, chance):
            assert time.monotonic() < last + WORKERLESS, "no server has a worker any more"
            again += await resume_failed(store)
            continue
        else:
            last = time.monotonic()
        killed[victim] += 1
        now = {*(await asked(lambda: trained(store))).values()}
        assert known <= now, f"runs are gone: {known - now}"
        known, again = now, again + await resume_failed(store)
        if killed.total() % 10 == 0:
            print(dict(killed), dict(await asked(lambda: statuses(store))), flush=True)
    print(f"failed runs went on while there were kills, by what they said: {dict(again)}", flush=True)
    return killed


def statuses(store: RunStore) -> Counter[str]:
    """How many runs there are, by status."""
    return Counter(run.status for run in store.runs(LOCAL))


async def resume_failed(store: RunStore) -> Counter[str]:
    """Queue all that have failed again; why they had, as it is said to their owner."""
    failed = [run for run in await asked(lambda: store.runs(LOCAL)) if run.status == "failed"]
    for run in failed:
        await asked(lambda one=run.id: store.resume(LOCAL, one))
    return Counter(run.reason.translated() if run.reason else "" for run in failed)


async def finish(store: RunStore, runs: int) -> None:
    """Have every run that has failed go on, until all are done."""
    end = time.monotonic() + PATIENCE
    while (found := await asked(lambda: statuses(store))) != {"finished": runs}:
        assert time.monotonic() < end, f"the queue is wedged: {dict(found)}"
        await resume_failed(store)
        await asyncio.sleep(1.0)


# What came of it


def undisturbed(settings: Sequence[RunSettings]) -> list[History]:
    """What runs come to in workers that nobody kills."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(open_engine(f"sqlite:///{(Path(folder) / 'runs.db').as_posix()}"))
        ids = [store.submit(LOCAL, sample_channel(), one, name="undisturbed") for one in settings]
        pool = WorkerPool(url_of(store.engine), slots=1)
        while any(run.active for run in store.runs(LOCAL)):
            time.sleep(0.5)
        pool.close()
        found = [store.history(run_id) for run_id in ids]
        store.engine.dispose()
    return found


def check(store: RunStore) -> int:
    """Fails loudly where a row is missing, or other than it would have been; how many rows there are."""
    runs = store.runs(LOCAL)
    for run, expected in zip(runs, undisturbed([run.settings for run in runs]), strict=True):
        found = store.history(run.id)
        assert np.array_equal(found.epoch, np.arange(1, EPOCHS + 1)), run.id
        for part in ("train_loss", "held_out_loss"):
            here, there = getattr(found, part), getattr(expected, part)
            assert np.array_equal(here, there), (run.id, part, int((here != there).any(axis=1).argmax()) + 1)
        assert store.predictions(run.id) is not None
    return EPOCHS * len(runs)


async def main(kills: int, runs: int, kind: str) -> None:
    """Print how it went; fails loudly where anything is wrong."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, database(kind, Path(name)) as place:
        store, servers, record = RunStore(open_engine(place.url)), Servers(place.url, Path(name)), Record()
        try:
            for port in PORTS:
                servers.start(port)
            shares = [list(range(8, 8 + runs))[start::2] for start in range(2)]
            pairs = zip(PORTS, shares, strict=True)
            async with asyncio.TaskGroup() as group:  # a visitor that fails ends it all
                visits = [group.create_task(train_through_pages(port, share, store, record)) for port, share in pairs]
                killed = await kill_at_random(kills, servers, place, store)
                await finish(store, runs)
                for visit in visits:
                    visit.cancel()
        finally:
            servers.end()
        wait_for(lambda: not any(map(alive, servers.seen)))
        rows, complaint, uncaught = check(store), place.complaint(), tracebacks(record)
        store.engine.dispose()
        assert not complaint and not uncaught, (complaint, uncaught)
    print(f"{kind}: killed {dict(killed)}, {len(servers.seen)} workers were seen,")
    print(f"{runs} of {runs} runs that were begun through the pages finished, {rows} rows as undisturbed,")
    print(f"no worker left over, no traceback in a page, the database is sound, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    asyncio.run(main(given.kills, given.runs, given.database))
