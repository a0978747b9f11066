"""Names as an attacker would give them: of channel, column, video, event, run, tag and file."""

import numpy as np
import sqlalchemy as sa

from forecasting.events import Event
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import ForecastRequest, RunVersion
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.tables import jobs
from forecasting.names import apart, distinct
from forecasting.records import Progress, Source
from forecasting.sample import sample_channel
from forecasting.series import Channel, Correction
from tests.forecasting.forecasts.test_past import forecast
from tests.support.filled_store import chance, many_settings, write

MARK = "Zq"  # stands in each, so that it is found wherever it is shown
HOSTILE = (
    f"![{MARK}](http://evil.test/p.png)",
    f"[{MARK}](http://evil.test)",
    f"${MARK}^2$ and $${MARK}$$",
    f":red[{MARK}] :smile: {MARK}",
    f":material/delete: {MARK} :streamlit:",
    f"<b>{MARK}</b> <img src=//evil.test/p>",
    f"https://evil.test/{MARK} www.evil.test",
    f"{MARK} a@evil.test",
    f"# {MARK}",
    f"- {MARK}",
    f"1. {MARK}",
    f"={MARK}()+1",
    f"+{MARK}",
    f"@{MARK}",
    f"\t{MARK}",
    f"{{}} %s {{0.__class__}} {MARK}",
    f"{MARK}\u202eabc\u200b",
    f"{MARK}\nline\r\nline\x00\ud800",
    f"`{MARK}` **b** ~~s~~ | {MARK} |",
    f"{MARK} -> <- >= --",
    f"&lt;{MARK}&gt; &amp;amp;",
    f"\\{MARK}\\",
    f'"{MARK}", \'x\' datum["y"]',
    MARK + "x" * 10_000,
)


def hostile_channel(place: int = 0, days: int = 0) -> Channel:
    """The sample's last days (0: all) under one of the names, beside the others; columns and events have them too."""
    views = sample_channel().views[-days:]
    named = [day.date() for day in views.index[-10 * len(HOSTILE) :: 10]]
    said = Correction("Read as totals so far: {column}.", facts={"column": HOSTILE[place]})
    return Channel(
        name=apart(HOSTILE[place], "B"),
        views=views,
        corrections=(said,),
        metric=apart(HOSTILE[place], "B"),
        channel_names=distinct(apart(name, "B") for name in HOSTILE),
        metrics=distinct(apart(name, "B") for name in (HOSTILE[place], *HOSTILE)),
        events=tuple(Event(day, apart(name, "B"), "upload") for day, name in zip(named, HOSTILE, strict=True)),
    )


def fill_hostile(store: RunStore, owner: str, channel: Channel) -> tuple[str, str]:
    """Keep the channel with a file, a run and a tag of every name, and a forecast of one; its key and that run's id."""
    source = Source(f"{HOSTILE[0]}.csv", b"Date,Views\n2020-01-01,1\n", {})
    ChannelStore(store.engine).save(owner, channel, source)
    queue, ids = JobQueue(store.engine), []
    for place, settings in enumerate(many_settings(len(HOSTILE), epochs=3, seeds=2)):
        ids.append(store.submit(owner, channel, settings, name=HOSTILE[place]))
        _begin(store, ids[-1])
        write(ids[-1], queue, settings, chance(place))
    store.tag(owner, ids, HOSTILE)
    request = ForecastRequest(7, RunVersion(ids[0], 3))
    job = JobStore(store.engine).submit(owner, channel, request)
    _begin(store, job)
    queue.start(job, 1)
    queue.report(job, 1, Progress(1.0, ForecastReport(forecast=forecast_of(channel)), status="finished"))
    return channel.fingerprint, ids[0]


def forecast_of(channel: Channel) -> Forecast:
    """A week from its last day."""
    return forecast(np.full(7, 1000.0), channel.series.last)


def _begin(store: RunStore, job_id: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(status="running", beats=1, worker=None))
