"""All of one owner as a file: another owner in another store has it all, once; a stranger's file changes nothing."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load, save

from forecasting.events import Event
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.belongings import Belongings, belongings, delete_all
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.chapters import ChapterStore
from forecasting.jobs.database import open_engine, url_of
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import ForecastRequest, MethodFit, RunVersion
from forecasting.jobs.runs import RunStore
from forecasting.jobs.saved_work import file as saved_file
from forecasting.jobs.saved_work.file import from_file, to_file
from forecasting.jobs.saved_work.store import collect, merge
from forecasting.jobs.store import JobStore
from forecasting.jobs.worker import work_on
from forecasting.json_records import from_json
from forecasting.messages import BadInput
from forecasting.models.registry import SKILL_BASELINE
from forecasting.networks.checkpoints import load as load_checkpoint
from forecasting.records import Progress, Source
from forecasting.series import Channel, Correction
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from tests.support.tasks import OWNER, trained

DAYS = pd.date_range("2023-01-01", periods=200, name="date")
VIEWS = pd.Series(100 + 10.0 * (np.arange(200) % 7) + np.random.default_rng(0).normal(0, 3, 200), DAYS, name="views")
CHANNEL = Channel(
    "mine",
    VIEWS,
    corrections=(Correction("{count} days were filled in.", (date(2023, 2, 1),), option="fill"),),
    events=(Event(date(2023, 3, 1), "launch", "campaign"),),
)
EARLIER = Channel("mine", VIEWS[:180])
SPLIT = default_split(VIEWS)
SETTINGS = RunSettings(SPLIT, Architecture("linear", window=7), Training(epochs=3, seeds=2))
Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """Two versions of a channel with its file; a trained, pinned and tagged run; two forecasts; a paused run."""
    store = RunStore(open_engine(f"sqlite:///{(tmp_path_factory.mktemp('filled') / 'runs.db').as_posix()}"))
    kept, jobs = ChannelStore(store.engine), JobStore(store.engine)
    kept.save(OWNER, EARLIER, Source("a.csv", b"the file", {"fill": "none"}))
    kept.save(OWNER, CHANNEL, continues=EARLIER.fingerprint)
    run = trained(store, CHANNEL, SETTINGS)
    store.pin(OWNER, [run.id], True)
    store.tag(OWNER, [run.id], add=["good"])
    for forecaster in (run, MethodFit(SKILL_BASELINE, SPLIT)):
        jobs.submit(OWNER, CHANNEL, ForecastRequest(7, forecaster))
        work_on(url_of(store.engine), JobQueue(store.engine).claim_next().id)
    store.submit(OWNER, EARLIER, replace(SETTINGS, split=default_split(EARLIER.views)), name="waits")
    ChapterStore(store.engine).note(OWNER, "momentum", tried=True)
    return store


@pytest.fixture(scope="module")
def packed(filled: RunStore) -> bytes:
    return to_file(collect(filled.engine, OWNER))


def test_another_owner_has_all_of_it_in_another_store(filled: RunStore, packed: bytes, store: RunStore) -> None:
    merge(store.engine, "you", from_file(packed))
    theirs, channels = JobStore(store.engine), ChannelStore(store.engine)
    assert channels.channel("you", CHANNEL.fingerprint).events == CHANNEL.events
    assert channels.channel("you", CHANNEL.fingerprint).corrections == CHANNEL.corrections
    assert channels.source("you", CHANNEL.fingerprint) == Source("a.csv", b"the file", {"fill": "none"})
    assert channels.versions("you", CHANNEL.fingerprint) == [CHANNEL.fingerprint, EARLIER.fingerprint]
    (before,) = (run for run in filled.runs(OWNER) if run.status == "finished")
    run, waits = store.runs("you")
    assert (run.pinned, run.tags, run.settings, run.name) == (True, ("good",), SETTINGS, before.name)
    assert (waits.status, waits.name) == ("paused", "waits")
    pd.testing.assert_frame_equal(store.predictions(run.id), filled.predictions(before.id))
    for name, rows in vars(store.history(run.id)).items():
        np.testing.assert_array_equal(rows, vars(filled.history(before.id))[name])
    here, there = (
        load_checkpoint(one) for one in (store.checkpoint("you", run.id), filled.checkpoint(OWNER, before.id))
    )
    np.testing.assert_array_equal(here[1]["parameters"], there[1]["parameters"])
    asked = [job.request for job in theirs.jobs("you", CHANNEL.fingerprint, "forecast")]
    assert (
        ForecastRequest(7, RunVersion(run.id, 3)) in asked
        and ForecastRequest(7, MethodFit(SKILL_BASELINE, SPLIT)) in asked
    )
    said = [theirs.result("you", job.id) for job in theirs.jobs("you", CHANNEL.fingerprint, "forecast")]
    assert all(len(from_json(ForecastReport, text).forecast.days) == 7 for text in said)
    assert ChapterStore(store.engine).tried("you") == {"momentum": True}


def test_what_was_opened_goes_on_as_if_it_had_never_left(packed: bytes, store: RunStore) -> None:
    merge(store.engine, "you", from_file(packed))
    run, waits = store.runs("you")
    jobs = JobStore(store.engine)
    again = jobs.submit("you", CHANNEL, ForecastRequest(14, RunVersion(run.id, 3)))
    store.resume("you", waits.id)
    for _job in range(2):
        work_on(url_of(store.engine), JobQueue(store.engine).claim_next().id)
    assert jobs.job("you", again).status == store.run("you", waits.id).status == "finished"


def test_opened_twice_nothing_is_there_twice_and_nothing_is_lost(packed: bytes, store: RunStore) -> None:
    merge(store.engine, "you", from_file(packed))
    run = store.runs("you")[0]
    store.rename("you", run.id, "renamed")
    store.tag("you", run.id and [run.id], add=["mine"], drop=["good"])
    before = belongings(store.engine, "you")
    assert not any(vars(merge(store.engine, "you", from_file(packed))).values())
    assert belongings(store.engine, "you") == before
    assert store.runs("you")[0].name == "renamed" and store.runs("you")[0].tags == ("good", "mine")


def test_a_finished_run_takes_the_place_of_the_same_unfinished_one(packed: bytes, store: RunStore) -> None:
    ChannelStore(store.engine).save("you", CHANNEL)
    run_id = store.submit("you", CHANNEL, SETTINGS, name="mine already")
    JobStore(store.engine).cancel("you", run_id)
    merge(store.engine, "you", from_file(packed))
    assert store.run("you", run_id).status == "finished" and store.run("you", run_id).name == "mine already"


def test_a_version_that_goes_on_already_is_not_continued_twice(packed: bytes, store: RunStore) -> None:
    channels, other = ChannelStore(store.engine), Channel("mine", VIEWS[:190])
    channels.save("you", EARLIER)
    channels.save("you", other, continues=EARLIER.fingerprint)
    merge(store.engine, "you", from_file(packed))
    assert channels.versions("you", other.fingerprint) == [other.fingerprint, EARLIER.fingerprint]
    assert channels.versions("you", CHANNEL.fingerprint) == [CHANNEL.fingerprint]


# What a stranger may send


def changed(packed: bytes, name: str, content: Callable[[bytes], bytes] | None) -> bytes:
    """The file with one member as `content` makes it; without it where there is None."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    if content:
        members[name] = content(members.get(name, b""))
    else:
        del members[name]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, data in members.items():
            archive.writestr(one, data)
    return written.getvalue()


def member(packed: bytes, ending: str) -> str:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return next(one for one in archive.namelist() if one.endswith(ending))


def in_manifest(change: Callable[[dict], object]) -> Change:
    def edit(text: bytes) -> bytes:
        manifest = json.loads(text)
        change(manifest)
        return json.dumps(manifest).encode()

    return lambda packed: changed(packed, "manifest.json", edit)


def in_arrays(ending: str, change: Callable[[dict], object]) -> Change:
    def edit(blob: bytes) -> bytes:
        arrays = {name: np.array(array) for name, array in load(blob).items()}
        change(arrays)
        return save(arrays)

    return lambda packed: changed(packed, member(packed, ending), edit)


def the_run(manifest: dict) -> dict:
    return next(run for run in manifest["runs"] if run["status"] == "finished")


def corrections(manifest: dict) -> dict:
    """The first one of a channel that has some."""
    return next(made for kept in manifest["channels"] for made in kept["corrections"])


def unfitting(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array, array])


def nested(_text: bytes) -> bytes:
    return b"[" * 100_000


def twice(packed: bytes) -> bytes:
    file = io.BytesIO(packed)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("manifest.json", b"{}")
    return file.getvalue()


LEAK = {"text": "{days.__class__}", "facts": {"days": {"views": 1.0}}}
WIDE = {"text": "{days:>999999999}", "facts": {"days": 1}}
HOSTILE: dict[str, Change] = {
    "cut off": lambda packed: packed[: len(packed) // 2],
    "a byte turned": lambda packed: packed[:200] + bytes([packed[200] ^ 255]) + packed[201:],
    "a path outside": lambda packed: changed(packed, "../../owned", lambda _: b"x"),
    "a part missing": lambda packed: changed(packed, member(packed, "/views"), None),
    "a member twice": twice,
    "nested without end": lambda packed: changed(packed, "manifest.json", nested),
    "numbers that are none": lambda packed: changed(packed, "manifest.json", lambda text: text.replace(b"1.0", b"NaN")),
    "other views": lambda packed: changed(packed, member(packed, "/views"), lambda views: views[8:] + views[:8]),
    "infinite weights": in_arrays("/last", lambda one: one.update(parameters=one["parameters"] * np.float32(np.inf))),
    "other weights": in_arrays("/last", lambda one: one.update(parameters=unfitting(one["parameters"]))),
    "unknown predictions": in_arrays("/curves", lambda one: one.update(predictions=one["predictions"] * np.nan)),
    "days of elsewhere": in_arrays("/curves", lambda one: one.update(held_out_days=one["held_out_days"] + 9999)),
    "pickled": lambda packed: changed(packed, member(packed, "/curves"), lambda _: b"\x80\x04cos\nsystem\n."),
    "a wide sentence": in_manifest(lambda one: the_run(one).update(reason=WIDE)),
    "a curious sentence": in_manifest(lambda one: the_run(one).update(reason=LEAK)),
    "a wide correction": in_manifest(
        lambda one: [made.update(WIDE) for kept in one["channels"] for made in kept["corrections"]]
    ),
    "settings beyond": in_manifest(lambda one: the_run(one)["settings"]["training"].update(epochs=10**9)),
    "settings of other kinds": in_manifest(lambda one: the_run(one)["settings"]["inputs"].update(log="yes")),
    "a split elsewhere": in_manifest(
        lambda one: the_run(one)["settings"]["split"].update(train={"first": "1990-01-01", "last": "1991-01-01"})
    ),
    "a run that runs": in_manifest(lambda one: the_run(one).update(status="running")),
    "a run of no channel": in_manifest(lambda one: the_run(one).update(fingerprint="0" * 16)),
    "a day of no year": in_manifest(lambda one: one["channels"][0].update(first_day="9999-12-31")),
    "no list": in_manifest(lambda one: one.update(channels=3)),
}


def test_what_the_changes_are_made_with_changes_nothing(packed: bytes) -> None:
    same: list[Change] = [in_manifest(len), *(in_arrays(ending, len) for ending in ("/last", "/curves"))]
    assert all(len(from_file(change(packed)).runs) == 2 for change in same)


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_or_forged_file_is_one_sentence(packed: bytes, change: Change) -> None:
    with pytest.raises(BadInput, match="damaged or was changed"):
        from_file(change(packed))


def test_foreign_newer_and_swollen_files_are_told_apart(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for foreign in (b"", b"Date,Views\n", changed(packed, "manifest.json", None), in_manifest(dict.clear)(packed)):
        with pytest.raises(BadInput, match="no saved work"):
            from_file(foreign)
    with pytest.raises(BadInput, match=r"newer Viewcast.*9\.1"):
        from_file(in_manifest(lambda one: one.update(format=2, viewcast="9.1"))(packed))
    monkeypatch.setattr(saved_file, "LARGEST", 10**6)
    with pytest.raises(BadInput, match="more than"):  # 3 kB that unpack to 3 MB
        from_file(changed(packed, "more", lambda _: bytes(3 * 10**6)))
    monkeypatch.setattr(saved_file, "MOST_MEMBERS", 3)
    with pytest.raises(BadInput, match="damaged"):
        from_file(packed)


# Deleting


def test_deleting_takes_all_of_one_owner_and_a_late_report_brings_nothing_back(packed: bytes, store: RunStore) -> None:
    for owner in ("you", "they"):
        merge(store.engine, owner, from_file(packed))
    run_id, queue = store.runs("you")[1].id, JobQueue(store.engine)
    store.resume("you", run_id)
    queue.claim_next()
    queue.start(run_id, worker=1)
    assert belongings(store.engine, "you").active == 1
    theirs = belongings(store.engine, "they")
    delete_all(store.engine, "you")
    assert queue.requested(run_id, worker=1) == "stop"
    queue.report(run_id, 1, Progress(1.0, status="finished"))
    assert belongings(store.engine, "you") == Belongings() and not belongings(store.engine, "you")
    assert belongings(store.engine, "they") == theirs
    for table in ("channels", "jobs", "chapters", "runs", "rows", "checkpoints"):
        assert not _left(store, table), table


def _left(store: RunStore, table: str) -> int:
    """Rows that belong to nobody who still has something."""
    owned = "owner = 'you'" if table in ("channels", "jobs", "chapters") else "job NOT IN (SELECT id FROM jobs)"
    with store.engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE {owned}").scalar_one()
