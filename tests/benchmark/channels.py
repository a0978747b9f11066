"""What the page Channels costs the server, by the number of channels that its owner has, each with a forecast.

    python -m tests.benchmark.channels [CHANNELS ...]

Prints milliseconds of the processor, and queries, of the first visit (nothing is remembered), of a rerun, of a change
of the days ahead, of one look at the progress of forecasts, and of a rerun of Train, whose sidebar lists the channels.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import sqlalchemy as sa

from forecasting import owners
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.kinds import Task
from forecasting.jobs.kinds.forecast import forecast
from forecasting.jobs.store import JobStore
from forecasting.jobs.tables import jobs
from forecasting.json_records import to_json
from forecasting.records import Source
from forecasting.series import Channel
from forecasting.split import default_split
from pages.parts import session
from pages.parts.channels_list import HORIZON, request_for
from tests.pages.conftest import Visitor, app_test_with

DAYS = 730
METHOD = "last-week"
ROUNDS = 7


def made_channel(number: int) -> Channel:
    """Daily views with a weekly season that end yesterday."""
    rng, day = np.random.default_rng(number), np.arange(DAYS)
    views = (1000 + 200 * np.sin(2 * np.pi * day / 7) + rng.normal(0, 60, DAYS)).round()
    last = pd.Timestamp.now().normalize() - pd.Timedelta(days=1 + number % 30)
    return Channel(f"Channel {number:04}", pd.Series(views, pd.date_range(end=last, periods=DAYS), name="views"))


def made_report(owner: str, channel: Channel) -> ForecastReport:
    """A forecast with all that is judged of it."""
    request = request_for(METHOD, default_split(channel.views))
    *_others, last = forecast(Task("", owner, "forecast", channel, request, session.store()))
    return last.result


def fill(owner: str, count: int) -> None:
    """So many channels, from one long table, with a forecast each."""
    channels, store = [made_channel(number) for number in range(count)], session.channel_store()
    report = made_report(owner, channels[0])
    for channel in channels:
        store.save(owner, channel, Source("long.csv", b"a long table", {"channel": channel.name}))
    asked = [(one.fingerprint, request_for(METHOD, default_split(one.views))) for one in channels]
    JobStore(store.engine).submit_each(owner, asked)
    moved = {one.fingerprint: _moved(report, one) for one in channels}
    with store.engine.begin() as connection:
        for fingerprint, one in moved.items():
            mine = sa.update(jobs).where(jobs.c.fingerprint == fingerprint)
            connection.execute(mine.values(status="finished", share=1.0, seconds=1.0, result=to_json(one)))


def _moved(report: ForecastReport, channel: Channel) -> ForecastReport:
    """The same forecast as if it were of this channel."""
    origin = channel.series.last.date()
    days = tuple(origin + timedelta(days=ahead) for ahead in range(1, HORIZON + 1))
    return replace(report, forecast=replace(report.forecast, origin=origin, days=days))


class Watch:
    """Middle of some rounds: milliseconds of the processor, and queries."""

    def __init__(self) -> None:
        self.queries = 0
        sa.event.listen(session.store().engine, "before_cursor_execute", self._count)

    def _count(self, *_statement: object) -> None:
        self.queries += 1

    def measure(self, act: Callable[[], object], rounds: int = ROUNDS) -> str:
        """Of `act`."""
        took = []
        for _ in range(rounds):
            self.queries, begun = 0, time.process_time()
            act()
            took.append((1e3 * (time.process_time() - begun), self.queries))
        milliseconds, queries = sorted(took)[len(took) // 2]
        return f"{milliseconds:7.0f} ms {queries:3} queries"


def measure(count: int) -> None:
    """A line of the table."""
    visitor = Visitor()
    app = visitor.go("data")
    owner = owners.browser(app.session_state.token)
    fill(owner, count)
    watch = Watch()
    print(f"{count:5} channels  first {watch.measure(lambda: visitor.go('channels'), 1)}", end="")
    print(f"  rerun {watch.measure(app.run)}", end="")
    days = iter([7, 28, 7, 28, 7, 28, 7, 28])
    print(f"  days {watch.measure(lambda: app.get_by_key('channels_days').set_value(next(days)).run(), 2)}", end="")
    states = JobStore(session.store().engine).states
    print(f"  look {watch.measure(lambda: states(owner, 'forecast'))}", end="")
    visitor.go("train")
    print(f"  Train {watch.measure(app.run)}", flush=True)


def main() -> None:
    """Every size in a store of its own."""
    for count in map(int, sys.argv[1:] or (1, 10, 200, 1000)):
        with tempfile.TemporaryDirectory() as folder, app_test_with(f"sqlite:///{folder}/channels.db"):
            measure(count)


if __name__ == "__main__":
    main()
