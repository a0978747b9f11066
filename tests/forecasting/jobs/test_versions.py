"""A channel's versions: newer days and events make a new one, and what was worked out on an older one stays."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from forecasting.events import Event
from forecasting.jobs.channels import ChannelStore, newest_version
from forecasting.jobs.requests import ForecastRequest, RunVersion
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.tables import channels as channels_table
from forecasting.records import Source
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split

pytestmark = pytest.mark.both_databases

WHOLE = pd.Series(
    100 + 10.0 * (np.arange(120) % 7), index=pd.date_range("2024-01-01", periods=120, name="date"), name="views"
)


def version(days: int, *events: Event, name: str = "mine") -> Channel:
    return Channel(name, WHOLE[:days], events=events)


FIRST, SECOND, THIRD = version(60), version(90), version(120)
NAMED = version(120, Event(date(2024, 2, 1), "launch"))
SETTINGS = RunSettings(default_split(FIRST.views), Architecture("linear", window=7), Training(epochs=1, seeds=1))


@pytest.fixture
def channels(store: RunStore) -> ChannelStore:
    """Three versions of one channel, and another channel."""
    kept = ChannelStore(store.engine)
    kept.save("me", FIRST, Source("a.csv", b"first", {"fill": "none"}))
    kept.save("me", SECOND, Source("b.csv", b"second", {}), continues=FIRST.fingerprint)
    kept.save("me", THIRD, Source("c.csv", b"third", {}), continues=SECOND.fingerprint)
    kept.save("me", version(50, name="other"))
    return kept


def fingerprints(*versions: Channel) -> list[str]:
    return [one.fingerprint for one in versions]


def test_newest_version_stands_for_the_channel_and_the_older_ones_stay(channels):
    assert sorted(name for name, _file in channels.channels("me").values()) == ["mine", "other"]
    assert channels.channels("me")[THIRD.fingerprint] == ("mine", "c.csv")
    assert channels.versions("me", THIRD.fingerprint) == fingerprints(THIRD, SECOND, FIRST)
    assert channels.versions("me", SECOND.fingerprint) == fingerprints(SECOND, FIRST)
    assert {channels.newest("me", one.fingerprint) for one in (FIRST, SECOND, THIRD)} == {THIRD.fingerprint}
    assert channels.source("me", FIRST.fingerprint) == Source("a.csv", b"first", {"fill": "none"})
    assert channels.newest("you", FIRST.fingerprint) is None and channels.versions("you", FIRST.fingerprint) == []
    assert {*channels.newest_of_all("me").values()} == {THIRD.fingerprint, version(50).fingerprint}


def test_a_version_keeps_the_file_of_the_one_it_continues(channels):
    channels.save("me", NAMED, continues=FIRST.fingerprint)  # from a tab that has not seen the newer ones
    assert channels.versions("me", NAMED.fingerprint) == fingerprints(NAMED, THIRD, SECOND, FIRST)
    assert channels.source("me", NAMED.fingerprint) == Source("c.csv", b"third", {})
    assert channels.channel("me", NAMED.fingerprint).events == NAMED.events


def test_what_is_known_keeps_its_place(channels):
    channels.save("me", SECOND, Source("again.csv", b"second", {}))
    channels.save("me", THIRD, Source("c.csv", b"third", {}), continues=FIRST.fingerprint)
    assert channels.versions("me", THIRD.fingerprint) == fingerprints(THIRD, SECOND, FIRST)
    assert channels.source("me", SECOND.fingerprint).file == "again.csv"


def test_taking_events_back_makes_the_version_before_the_newest_again(channels):
    channels.save("me", NAMED, continues=THIRD.fingerprint)
    channels.save("me", THIRD, continues=NAMED.fingerprint)
    assert channels.versions("me", THIRD.fingerprint) == fingerprints(THIRD, NAMED, SECOND, FIRST)
    assert list(channels.channels("me").values()).count(("mine", "c.csv")) == 1


def test_all_versions_are_forgotten_with_their_jobs(channels, store):
    run = store.submit("me", FIRST, SETTINGS, name="run")
    channels.forget("me", SECOND.fingerprint)
    assert [name for name, _file in channels.channels("me").values()] == ["other"]
    assert store.run("me", run) is None


def test_a_version_without_runs_and_forecasts_is_dropped_and_the_others_close_up(channels, store):
    run = store.submit("me", FIRST, SETTINGS, name="run")
    asked = JobStore(store.engine).submit("me", THIRD, ForecastRequest(7, RunVersion(run, 1)))
    for one in (FIRST, SECOND, THIRD):
        channels.forget("me", one.fingerprint, unless_used=True)
    assert channels.versions("me", THIRD.fingerprint) == fingerprints(THIRD, FIRST)
    versions = channels.versions("me", THIRD.fingerprint)
    assert [job.id for job in JobStore(store.engine).jobs_on("me", versions, "forecast")] == [asked]


def test_links_that_lead_nowhere_or_in_a_circle_come_to_an_end(channels, store):
    with store.engine.begin() as connection:
        of = channels_table.c.fingerprint
        connection.execute(sa.update(channels_table).where(of == FIRST.fingerprint).values(continues=THIRD.fingerprint))
    assert len(channels.versions("me", SECOND.fingerprint)) == 3
    assert newest_version({"b": "gone"}, "b") == "b"


def test_a_fingerprint_is_that_of_views_and_events_alone():
    assert replace(FIRST, name="renamed").fingerprint == FIRST.fingerprint != NAMED.fingerprint
