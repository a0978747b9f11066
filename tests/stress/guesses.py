"""Links and states that a visitor forges to see what another has brought: nothing of it may come.

    python -m tests.stress.guesses [--guesses 600]

One visitor brings a channel and trains a run. Another, who has learnt all ids, asks every page for them by its address
and by the states of its controls, as they are and a little changed. Every message that comes is searched for the
channel's name and for its views. The owner asks likewise, to show that the search finds what is there.
"""

import argparse
import asyncio
import itertools
import random
import struct
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.stress.sessions import servers
from tests.stress.visitor import Record, Visitor

NAME, VIEWS, DAYS = "kept-to-oneself", 7_654_321, 400
PARAMETERS = ("channel", "run", "runs", "forecaster", "along", "against", "models")
PAGES = (
    "",
    "train",
    "compare",
    "forecast",
    "goals",
    "past_forecasts",
    "channels",
    "your_data",
    "report_card",
    "three_steps",
)
FIRST_DAY = date(2022, 1, 1)
READING_SECONDS, TRAINING_SECONDS = 30.0, 120.0


class Watcher(Visitor):
    """A visitor who notes whether a message holds what is another's."""

    seen = 0

    def _take(self, message: ForwardMsg) -> None:
        data = message.SerializeToString()
        secrets = (NAME.encode(), str(VIEWS).encode(), f"{VIEWS:,}".encode(), struct.pack("<d", VIEWS))
        self.seen += any(secret in data for secret in secrets)
        super()._take(message)


async def bring(owner: Watcher) -> None:
    """A channel and a run of one's own."""
    await owner.open()
    days = (f"{FIRST_DAY + timedelta(days=day)},{VIEWS}" for day in range(DAYS))
    await owner.upload("upload_", f"{NAME}.csv", "\n".join(["Date,Views", *days]).encode())
    end = time.monotonic() + READING_SECONDS
    while not owner.seen and time.monotonic() < end:
        await owner.go(next(iter(owner.pages)))
    await owner.go("train")
    await owner.set("epochs", int_value=2)
    await owner.press("Train")
    end = time.monotonic() + TRAINING_SECONDS
    while owner.find("Stop") and time.monotonic() < end:
        await asyncio.sleep(1)


def ids_in(database: Path) -> list[str]:
    """What a visitor would have to know: fingerprints, runs and owners, as the store has them."""
    engine = sa.create_engine(f"sqlite:///{database.as_posix()}")
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(query).scalars().all()
            for query in ("select fingerprint from channels", "select id from jobs", "select owner from channels")
        ]
    engine.dispose()
    return [*itertools.chain(*found)]


def forged(ids: list[str], count: int) -> Iterator[tuple[str, str, str]]:
    """(page, parameter, value): every id for every parameter of every page, then ids with a letter changed."""
    chance = random.Random(0)
    exact = [(page, parameter, value) for page in PAGES for parameter in PARAMETERS for value in ids]
    yield from exact[:count]
    for _more in range(count - len(exact)):
        page, parameter, value = chance.choice(exact)
        place = chance.randrange(len(value))
        yield page, parameter, value[:place] + chance.choice("0123456789abcdef/%'\"\0") + value[place + 1 :]


async def guess(watcher: Watcher, ids: list[str], count: int) -> None:
    """Ask for what is another's."""
    first = next(iter(watcher.pages))
    for page, parameter, value in forged(ids, count):
        await watcher.go(page or first, urlencode({parameter: value}))
        if watcher.find(parameter) is not None and watcher.fragments.get(watcher.find(parameter).id) is None:
            await watcher.set(parameter, string_value=value.replace("\0", ""))


async def play(url: str, database: Path, count: int) -> int:
    """The number of messages with what is another's, and of errors."""
    of_owner, of_other = Record(), Record()
    owner, other = Watcher(url, "owner", of_owner), Watcher(url, "other", of_other)
    await bring(owner)
    ids = ids_in(database)
    await other.open()
    await guess(other, ids, count)
    print(
        f"{count} links and {len(of_other.reruns) - count - 1} states forged of {len(ids)} ids, by one who knows them"
    )
    print(f"messages with the other's channel or views: {other.seen} (to the owner {owner.seen})")
    print(f"errors {len(of_other.errors)}", *of_other.errors[:5], sep="\n  ")
    await owner.close()
    await other.close()
    assert owner.seen, "the search finds nothing even where it is"
    return other.seen + len(of_other.errors)


def main() -> int:
    """0 where nothing came."""
    parser = argparse.ArgumentParser(description="Forged links and states between two visitors.")
    parser.add_argument("--guesses", type=int, default=600)
    count = parser.parse_args().guesses
    with servers(workers=1) as (app, _hello):
        return asyncio.run(play(app.url, app.log.parent / "runs.db", count)) and 1


if __name__ == "__main__":
    raise SystemExit(main())
