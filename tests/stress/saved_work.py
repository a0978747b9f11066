"""Damaged and forged saved work: each is refused in a sentence, or all pages show what came of it.

    python -m tests.stress.saved_work [--count 1000] [--first 0] [--pages 20]

One file with two versions of a channel, a trained run, one that waits, and a forecast is damaged byte by byte, or taken
apart, its manifest, arrays and answers changed where it hurts, and put together again, as a forger would who leaves
the fingerprints alone or knows how to make them. What is taken in is merged into a store, saved again and read again;
of so many files all pages are opened too.
"""

import argparse
import io
import json
import random
import sys
import tempfile
import zipfile
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from safetensors import SafetensorError
from safetensors.numpy import load, save

from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import ForecastRequest
from forecasting.jobs.runs import RunStore
from forecasting.jobs.saved_work.file import MANIFEST, from_file, to_file
from forecasting.jobs.saved_work.store import collect, merge
from forecasting.jobs.store import JobStore
from forecasting.jobs.worker import work_on
from forecasting.messages import BadInput
from forecasting.owners import browser
from forecasting.records import Source
from forecasting.settings import Architecture, RunSettings, Training
from pages.parts.session import store as store_of_pages
from tests.forecasting.jobs.test_saved_work import CHANNEL, EARLIER, SETTINGS, SPLIT
from tests.pages.conftest import Visitor, app_test_with
from tests.stress.ends import end_of
from tests.support.forging import change_array, change_fact, change_number, damage
from tests.support.tasks import OWNER, trained

PAGES = ("data", "train", "compare", "forecast", "past_forecasts", "goals", "your_data")
Members = dict[str, bytes]


def of_an_owner(folder: Path) -> bytes:
    """Work with something of everything."""
    store = RunStore(open_engine(f"sqlite:///{folder / 'filled.db'}"))
    ChannelStore(store.engine).save(OWNER, EARLIER, Source("a.csv", b"the file", {"fill": "none"}))
    ChannelStore(store.engine).save(OWNER, CHANNEL, continues=EARLIER.fingerprint)
    run = trained(store, CHANNEL, SETTINGS)
    store.tag(OWNER, [run.id], add=["good"])
    JobStore(store.engine).submit(OWNER, CHANNEL, ForecastRequest(7, run))
    work_on(url_of(store.engine), JobQueue(store.engine).claim_next().id)
    waits = RunSettings(SPLIT, Architecture("relu", 7, 1, 4), Training(epochs=2, seeds=1))
    store.submit(OWNER, CHANNEL, waits, name="waits")
    return to_file(collect(store.engine, OWNER))


# Changes


def forge(blob: bytes, chance: random.Random) -> bytes:
    """A few changes of what is inside, in a whole zip."""
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _edit in range(chance.choice((1, 1, 1, 2, 3))):
        change = chance.choice((change_manifest, change_manifest, change_manifest, change_member, swap_members))
        with suppress(ValueError, SafetensorError):  # an earlier change has left nothing that can be taken apart
            change(members, chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def change_manifest(members: Members, chance: random.Random) -> None:
    """A fact or a number of the records."""
    members[MANIFEST] = _changed_json(members[MANIFEST], chance)


def change_member(members: Members, chance: random.Random) -> None:
    """Arrays, an answer, or bytes."""
    name = chance.choice([one for one in members if one != MANIFEST])
    content = members[name]
    if content.startswith(b"{"):
        members[name] = _changed_json(content, chance)
    elif b'{"' in content[:10]:
        arrays = load(content)
        change_array(arrays, chance)
        members[name] = save(arrays)
    else:
        members[name] = damage(content, chance)


def swap_members(members: Members, chance: random.Random) -> None:
    """One for another, one that nobody asked for, or one that is missing."""
    name, other = chance.choice([*members]), chance.choice([*members])
    match chance.randrange(3):
        case 0:
            members[name], members[other] = members[other], members[name]
        case 1:
            members[chance.choice(("../x", "extra", name + "/"))] = members[other]
        case 2 if name != MANIFEST:
            del members[name]


def _changed_json(text: bytes, chance: random.Random) -> bytes:
    record = json.loads(text)
    chance.choice((change_fact, change_number))(record, chance)
    return json.dumps(record).encode()


# What comes of it


def judge(blob: bytes, engine: sa.Engine, owner: str) -> str:
    """Refused, or taken in and the same when saved again."""
    try:
        work = from_file(blob)
        merge(engine, owner, work)
    except BadInput as refusal:
        return "refused" if str(refusal).endswith(".") and " " in str(refusal) else "NO SENTENCE"
    again = from_file(to_file(collect(engine, owner)))
    same = len(again.channels) == len(work.channels) and len(again.runs) == len(work.runs)
    return "taken in" if same else "NOT THE SAME"


def open_pages(engine: sa.Engine, token: str) -> str:
    """Every page of every channel that was taken in, without an exception."""
    visitor = Visitor()
    visitor.app.session_state.token = token
    for name, _file in ChannelStore(engine).channels(browser(token)).values():
        for page in PAGES:
            visitor.go(page, channel=name)
    return "shown on all pages"


def main() -> int:
    """Print what came of all; 1 where any end was bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--pages", type=int, default=20, help="so many of those taken in are opened on all pages")
    given = parser.parse_args()
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, app_test_with(f"sqlite:///{folder}/runs.db"):
        whole, engine = of_an_owner(Path(folder)), store_of_pages().engine
        for number in range(given.first, given.first + given.count):
            chance = random.Random(number)
            blob = (damage if chance.random() < 0.2 else forge)(whole, chance)
            token = f"{number:032x}"
            end = end_of(number, partial(judge, blob, engine, browser(token)))
            ends[end] += 1
            if end == "taken in" and ends["shown on all pages"] < given.pages:
                ends[end_of(number, partial(open_pages, engine, token))] += 1
    print(f"{given.count} files:", ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    return any(end.isupper() for end in ends)


if __name__ == "__main__":
    sys.exit(main())
