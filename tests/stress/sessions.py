"""How many visitors the app bears: sessions that upload, train, compare, forecast and change pages, for some minutes.

    python -m tests.stress.sessions --sessions 20 --minutes 10
    python -m tests.stress.sessions --sessions 50 --minutes 10
    python -m tests.stress.sessions --rest
    python -m tests.stress.sessions --cost

It starts the app with two workers and, beside it, the smallest app that is like it (hello.py), which as many visitors
use at the same pace. Both have the same machine at the same moment, and so have the visitors: their program, both
servers and the workers share its cores, so a wait told here is longer than one of visitors from elsewhere would be.
Printed are errors, waits by page beside hello's, memory in both halves, and what is open after all have left.
Everything stays on the loopback interface, and the program ends by itself. `--rest` measures the app without visitors,
`--cost` the processor time of each page for one visitor, which says the same on a busy machine as on a quiet one.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.stress.served import ROOT, Held, Memory, Served, seconds_of
from tests.stress.visitor import Lost, Record, Rerun, Visitor

SAMPLING_SECONDS = 2.0  # between two looks at memory
LEFT_SECONDS = 15.0  # after all have left, before what is still open is counted
RECONNECT_SECONDS = 125.0  # Streamlit's, and a little more
LEAVING_SECONDS = 60.0  # for a visitor's last wait
LONGEST_MINUTES = 60.0
MOST_SESSIONS = 200
HELLO = Path(__file__).with_name("hello.py")
CHANGES = 3  # on one page, before the next is opened
RAMP = 0.2  # of the time, over which the visitors come


@dataclass
class Samples:
    """What the app's processes took over time."""

    at: list[float] = field(default_factory=list)  # seconds since the begin
    server: list[Memory] = field(default_factory=list)
    workers: list[list[Memory]] = field(default_factory=list)
    whole: list[Memory] = field(default_factory=list)
    processor: list[tuple[float, float]] = field(default_factory=list)  # seconds of the server, of all workers


@dataclass(frozen=True)
class Pace:
    """How fast visitors are."""

    think: float  # seconds in the mean between two things that one does
    seconds: float  # that all stay

    async def pause(self, chance: random.Random) -> None:
        """Look at the page."""
        await asyncio.sleep(self.think * chance.uniform(0.5, 1.5))


# What a visitor of the app does


Pause = Callable[[], Awaitable[None]]


async def use_data(visitor: Visitor, chance: random.Random, pause: Pause) -> None:
    await visitor.go(_first(visitor))
    for _change in range(CHANGES):
        await pause()
        await visitor.set("year_before", bool_value=chance.random() < 0.5)


async def use_train(visitor: Visitor, chance: random.Random, pause: Pause) -> None:
    await visitor.go("train")
    await pause()
    await visitor.set("units", int_value=chance.randint(10, 60))
    await pause()
    await visitor.press("Train")
    await pause()
    await visitor.set("log_scale", bool_value=chance.random() < 0.5)
    await pause()


async def use_compare(visitor: Visitor, chance: random.Random, pause: Pause) -> None:
    await visitor.go("compare")
    for _change in range(CHANGES):
        await pause()
        await visitor.set("log_scale", bool_value=chance.random() < 0.5)


async def use_forecast(visitor: Visitor, chance: random.Random, pause: Pause) -> None:
    await visitor.go("forecast")
    await pause()
    await visitor.set("forecaster", string_value=chance.choice(METHODS))
    await pause()
    await visitor.press("Forecast")
    await pause()
    await visitor.set("ahead", double_array_value=[float(chance.randint(7, 60))])


async def look_around(visitor: Visitor, chance: random.Random, pause: Pause) -> None:
    for page in ("goals", "past_forecasts", "loss"):
        await visitor.go(page)
        await pause()


REPEATED = 22  # reruns whose processor time is measured
WAITING_SECONDS = 120.0  # for runs to be trained
CONTROLS = {  # a switch of each page, that changes what it shows
    "": "year_before",
    "train": "log_scale",
    "compare": "log_scale",
    "forecast": "year_before",
    "goals": "",
    "past_forecasts": "",
    "loss": "",
}
METHODS = ("Same weekday last week", "Mean of the last 7 days")
VISITS = (use_data, use_train, use_compare, use_forecast, look_around)


async def bring_channel(visitor: Visitor, chance: random.Random) -> None:
    """Two years of daily views of one's own."""
    days = np.arange("2022-01-01", "2024-01-01", dtype="datetime64[D]")
    random_views = np.random.default_rng(chance.randrange(2**32)).lognormal(8, 0.2, len(days))
    lines = ["Date,Views", *(f"{day},{views:.0f}" for day, views in zip(days, random_views, strict=True))]
    await visitor.upload("upload_", f"{visitor.name}.csv", "\n".join(lines).encode())


async def use_app(visitor: Visitor, chance: random.Random, pace: Pace) -> None:
    """Bring a channel, then go from page to page."""
    await visitor.open()
    await pace.pause(chance)
    await bring_channel(visitor, chance)
    turn = chance.randrange(len(VISITS))
    while True:
        await pace.pause(chance)
        await VISITS[turn % len(VISITS)](visitor, chance, lambda: pace.pause(chance))
        turn += 1


async def use_hello(visitor: Visitor, chance: random.Random, pace: Pace) -> None:
    """The same pace, on two pages."""
    await visitor.open()
    first = _first(visitor)
    while True:
        for _change in range(CHANGES):
            await pace.pause(chance)
            await visitor.set("points", bool_value=chance.random() < 0.5)
        for page in ("world", first):
            await pace.pause(chance)
            await visitor.go(page)


def _first(visitor: Visitor) -> str:
    return next(iter(visitor.pages))


# All of them


async def stay(
    use: Callable[[Visitor, random.Random, Pace], Awaitable[None]], visitor: Visitor, *, pace: Pace, wait: float
) -> None:
    """Come after `wait` seconds, and leave when the time is over, after what is under way."""
    chance = random.Random(visitor.name)
    await asyncio.sleep(wait)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pace.seconds - wait):
                await use(visitor, chance, pace)
    except Lost as error:
        visitor.record.errors.append(f"{visitor.page}: {error}")
    await visitor.close()


async def sample(app: Served, samples: Samples) -> None:
    """Look at the processes again and again."""
    begun = time.monotonic()
    while True:
        workers = app.workers()
        samples.at.append(time.monotonic() - begun)
        samples.server.append(app.memory())
        samples.workers.append(list(workers.values()))
        samples.whole.append(app.whole())
        samples.processor.append((seconds_of(app.process.pid), sum(map(seconds_of, workers))))
        await asyncio.sleep(SAMPLING_SECONDS)


async def visit(app: Served, hello: Served, sessions: int, pace: Pace) -> tuple[Record, Record, Samples]:
    """All visitors of both, until all have left."""
    of_app, of_hello, samples = Record(), Record(), Samples()
    waits = np.linspace(0, RAMP * pace.seconds, sessions)
    sampler = asyncio.create_task(sample(app, samples))
    stays = [
        asyncio.create_task(stay(use, Visitor(server.url, f"visitor-{number}", record), pace=pace, wait=float(wait)))
        for number, wait in enumerate(waits)
        for use, server, record in ((use_app, app, of_app), (use_hello, hello, of_hello))
    ]
    _left, staying = await asyncio.wait(stays, timeout=pace.seconds + LEAVING_SECONDS)
    sampler.cancel()
    for one in staying:
        one.cancel()
        of_app.errors.append("a visitor did not come to an end")
    return of_app, of_hello, samples


# What is told


def tell(of_app: Record, of_hello: Record, samples: Samples) -> None:
    """Errors, waits and memory."""
    print(f"errors {len(of_app.errors)}, of hello {len(of_hello.errors)}")
    for text, count in Counter(of_app.errors + of_hello.errors).most_common(10):
        print(f"  {count} x {text}")
    for text, count in Counter(of_app.messages).most_common(10):
        print(f"  said on a page, {count} x {text}")
    for text, count in of_app.missed.most_common(10):
        print(f"  could not be used, {count} x {text}")
    tell_waits(of_app.reruns, of_hello.reruns)
    tell_processes(samples)


def tell_waits(reruns: Sequence[Rerun], of_hello: Sequence[Rerun]) -> None:
    """By page, and beside hello's."""
    asked = [rerun for rerun in reruns if rerun.kind != "live"]
    level = [rerun.seconds for rerun in of_hello]
    print(f"{'seconds':28} {'n':>6} {'median':>7} {'p95':>7} {'most':>7} {'p95 / hello':>12}")
    _tell_wait("hello", level, level)
    _tell_wait("all pages", [rerun.seconds for rerun in asked], level)
    for page in sorted({rerun.page for rerun in asked}):
        for kind in ("open", "change", "upload"):
            _tell_wait(f"{page}, {kind}", [one.seconds for one in asked if (one.page, one.kind) == (page, kind)], level)
        _tell_wait(f"{page}, all", [one.seconds for one in asked if one.page == page], level)
    for page in sorted({rerun.page for rerun in reruns if rerun.kind == "live"}):
        live = [one.seconds for one in reruns if (one.page, one.kind) == (page, "live")]
        _tell_wait(f"{page}, by itself", live, level)


def _tell_wait(name: str, seconds: Sequence[float], level: Sequence[float]) -> None:
    if seconds and level:
        high = np.quantile(seconds, 0.95)
        ratio = high / np.quantile(level, 0.95)
        print(f"{name:28} {len(seconds):6} {np.median(seconds):7.2f} {high:7.2f} {max(seconds):7.2f} {ratio:12.1f}")


def tell_processes(samples: Samples) -> None:
    """Memory in both halves and its slope in the second; how busy the processes were."""
    at, half = np.array(samples.at), len(samples.at) // 2
    for kind in ("pss", "uss"):
        server = np.array([getattr(memory, kind) for memory in samples.server]) / 1e6
        slope = np.polyfit(at[half:] / 60, server[half:], 1)[0] if len(at) - half > 2 else float("nan")
        print(
            f"server, {kind.upper()} in MB: most {server.max():.0f}, first half {server[:half].mean():.0f}, "
            f"second half {server[half:].mean():.0f}, slope there {slope:+.1f} a minute"
        )
        each = [getattr(memory, kind) / 1e6 for workers in samples.workers for memory in workers]
        whole = max(getattr(memory, kind) for memory in samples.whole) / 1e6
        worker = f"a worker {np.median(each or [0]):.0f}, at most {max(each or [0]):.0f}"
        print(f"  {worker}; all processes {whole:.0f} at most")
    server, workers = (np.subtract(samples.processor[-1], samples.processor[0]) / (at[-1] - at[0])).tolist()
    print(f"cores busy: server {server:.2f}, workers {workers:.2f} of {os.cpu_count()}")


def tell_held(name: str, held: Held) -> None:
    """What is open."""
    print(f"{name}: {held.descriptors} descriptors, {held.threads} threads, {held.sessions} sessions")


# The program


@contextlib.contextmanager
def servers(workers: int) -> Iterator[tuple[Served, Served]]:
    """The app and hello, on a store of their own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "VIEWCAST_STORE": f"sqlite:///{(Path(folder) / 'runs.db').as_posix()}",
            "VIEWCAST_WORKERS": str(workers),
        }
        app = Served(ROOT / "app.py", Path(folder), environment)
        hello = Served(HELLO, Path(folder), {})
        try:
            yield app, hello
        finally:
            app.stop()
            hello.stop()
            said = [line for line in app.log.read_text().splitlines() if "Error" in line or "WARNING" in line.upper()]
            print(f"lines of warnings in the log: {len(said)}")
            print(*(f"  {line[:200]}" for line in said[:10]), sep="\n")


async def look_once(app: Served) -> None:
    """One visitor looks at every page."""
    visitor = Visitor(app.url, "one", Record())
    await visitor.open()
    for page in ("train", "compare", "forecast", "goals", "past_forecasts", "loss", "train", _first(visitor)):
        await visitor.go(page)
    await visitor.close()


def rest(workers: int) -> None:
    """Memory of an app that has been looked at once, with its workers ready."""
    with servers(workers) as (app, _hello):
        asyncio.run(look_once(app))
        time.sleep(LEFT_SECONDS)
        for name, one in (("server", app.memory()), ("all processes", app.whole())):
            print(f"{name}: PSS {one.pss / 1e6:.0f} MB, USS {one.uss / 1e6:.0f} MB, RSS {one.rss / 1e6:.0f} MB")
        for one in app.workers().values():
            print(f"a worker: PSS {one.pss / 1e6:.0f} MB, USS {one.uss / 1e6:.0f} MB, RSS {one.rss / 1e6:.0f} MB")


async def cost(app: Served, hello: Served) -> None:
    """Processor time of the server for one rerun of each page, by a visitor with some runs."""
    visitor = Visitor(app.url, "one", Record())
    await visitor.open()
    await bring_channel(visitor, random.Random(1))
    await train_some(visitor)
    for page, key in CONTROLS.items():
        address = page or _first(visitor)
        await _tell_cost(f"{address or 'data'}, open", app, lambda address=address: visitor.go(address))
        if key:
            await _tell_cost(f"{address or 'data'}, change", app, _switches(visitor, key))
    await visitor.close()
    other = Visitor(hello.url, "other", Record())
    await other.open()
    await _tell_cost("hello, open", hello, lambda: other.go(_first(other)))
    await _tell_cost("hello, change", hello, _switches(other, "points"))
    await other.close()


async def train_some(visitor: Visitor) -> None:
    """Have three runs trained to their end."""
    await visitor.go("train")
    await visitor.set("epochs", int_value=20)
    for units in (10, 20, 30):
        await visitor.set("units", int_value=units)
        await visitor.press("Train")
    end = time.monotonic() + WAITING_SECONDS
    while visitor.find("Stop") and time.monotonic() < end:
        await asyncio.sleep(1)


def _switches(visitor: Visitor, key: str) -> Callable[[], Awaitable[None]]:
    values = itertools.cycle((True, False))
    return lambda: visitor.set(key, bool_value=next(values))


async def _tell_cost(name: str, server: Served, rerun: Callable[[], Awaitable[None]]) -> None:
    """The first two, which fill caches, and the mean of those after."""
    first, then = 2, REPEATED - 2
    marks = [seconds_of(server.process.pid)]
    for count in range(REPEATED):
        await rerun()
        if count in (0, first - 1, REPEATED - 1):
            marks.append(seconds_of(server.process.pid))
    steady = (marks[-1] - marks[-2]) / then
    print(f"{name:28} first {1000 * (marks[1] - marks[0]):5.0f} ms, later {1000 * steady:5.1f} ms")


def load(sessions: int, pace: Pace, workers: int) -> int:
    """Visitors, and what is left of them; the number of errors."""
    with servers(workers) as (app, hello):
        asyncio.run(look_once(app))
        before = app.held()
        of_app, of_hello, samples = asyncio.run(visit(app, hello, sessions, pace))
        tell(of_app, of_hello, samples)
        time.sleep(LEFT_SECONDS)
        tell_held("before anyone came", before)
        tell_held(f"{LEFT_SECONDS:.0f} s after all have left", app.held())
        time.sleep(RECONNECT_SECONDS)  # Streamlit keeps what a lost connection had so long, three descriptors each
        asyncio.run(look_once(app))
        tell_held(f"{RECONNECT_SECONDS:.0f} s later, after one more visitor", app.held())
        after = app.memory()
        print(f"server then: PSS {after.pss / 1e6:.0f} MB, USS {after.uss / 1e6:.0f} MB")
        return len(of_app.errors) + len(of_hello.errors)


def main() -> None:
    parser = argparse.ArgumentParser(description="Visitors of the app, bounded in number and time.")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--think", type=float, default=4.0, help="seconds between two things that a visitor does")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cost", action="store_true", help="processor time of each page")
    parser.add_argument("--rest", action="store_true", help="memory of the app at rest, without visitors")
    asked = parser.parse_args()
    if not (0 < asked.sessions <= MOST_SESSIONS and 0 < asked.minutes <= LONGEST_MINUTES):
        parser.error(f"up to {MOST_SESSIONS} sessions and {LONGEST_MINUTES:.0f} minutes")
    if asked.rest:
        rest(asked.workers)
        return
    if asked.cost:
        with servers(asked.workers) as (app, hello):
            asyncio.run(cost(app, hello))
        return
    sys.exit(load(asked.sessions, Pace(asked.think, 60 * asked.minutes), asked.workers) > 0)


if __name__ == "__main__":
    main()
