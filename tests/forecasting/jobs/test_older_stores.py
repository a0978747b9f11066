"""A store that version 0.2 wrote is read once and written as one of today; `version_0_2/answers.json` is what it said.

It holds an invented channel of 234 days, four of them missing, with six runs in every state and seven studies.
"""

import json
import math
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from forecasting.diagnosis.report import DiagnosisReport
from forecasting.evaluation.cross_validation import Ranking
from forecasting.forecasts.model_file import load_model
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs import older_jobs
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.database import connect, open_engine, url_of
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import (
    AutoSearch,
    CrossValidationRequest,
    DiagnosisRequest,
    ForecastRequest,
    PublicScoreRequest,
    RevealRequest,
    RunVersion,
)
from forecasting.jobs.runs import RunStore
from forecasting.jobs.store import JobStore
from forecasting.jobs.worker import work_on
from forecasting.json_records import from_json, to_record
from forecasting.lectures.public_score import SelectionGame
from forecasting.lectures.reveal import BlindForecast
from forecasting.records import Job
from forecasting.settings import RunSettings
from forecasting.split import default_split
from tests.support.older_stores import contents, write_released

FOLDER = Path(__file__).parent / "version_0_2"
SAID = json.loads((FOLDER / "answers.json").read_text("utf-8"))
OWNER, IDS, FINGERPRINT = SAID["owner"], SAID["ids"], SAID["channel"]["fingerprint"]
PER_ROW = ("train_loss", "held_out_loss", "gradient_norm", "validation_loss", "learning_rate")


@pytest.fixture
def store(store_url) -> Iterator[RunStore]:
    store = RunStore(open_engine(write_released("0.2.0", store_url)))
    yield store
    store.engine.dispose()


def rows_of(store: RunStore, run_id: str) -> list[dict]:
    history = store.history(run_id)
    return [
        {"epoch": int(epoch)} | {name: np.asarray(getattr(history, name)[at]).tolist() for name in PER_ROW}
        for at, epoch in enumerate(history.epoch)
    ]


@pytest.mark.parametrize("what", SAID["runs"])
def test_runs_are_as_they_were(store, what):
    said = SAID["runs"][what]
    run = store.run(OWNER, IDS[what])
    assert (run.name, run.status, run.pinned, list(run.tags)) == (
        said["name"],
        said["status"],
        said["pinned"],
        said["tags"],
    )
    assert run.settings.to_json() == said["settings"]
    assert (run.reason and run.reason.translated()) == (said["reason"] and said["reason"]["said"])
    assert rows_of(store, run.id) == said["rows"]
    assert store.resumable_epoch(run.id) == said["can go on from"]
    kept = [kind for kind, _epoch in said["checkpoints"]]
    assert (store.checkpoint(OWNER, run.id) is not None) == ("last" in kept)
    losses = store.final_losses(OWNER, run.id)
    if said["final"]:
        assert losses["held_out_seeds"].iloc[0].tolist() == said["final"]["held_out_seeds"]
    predicted = store.predictions(run.id)
    if said["predictions"]:
        assert len(predicted) == said["predictions"]["days"]
        assert predicted.iloc[:3].to_numpy().tolist() == said["predictions"]["first"]
    else:
        assert predicted is None and not store.has_predictions(run.id)


def test_runs_stand_in_their_order(store):
    assert [run.id for run in store.runs(OWNER)] == SAID["order of runs"]


def test_channel_is_as_it_was(store):
    channels, said = ChannelStore(store.engine), SAID["channel"]
    assert channels.channels(OWNER) == {FINGERPRINT: (said["name"], said["file"])}
    channel = channels.channel(OWNER, FINGERPRINT)
    assert channel.fingerprint == FINGERPRINT and channel.views.sum() == said["sum"]
    assert {str(day.date()): channel.views[day] for day in channel.series.filled} == said["filled"]
    assert [one.translated() for one in channel.corrections] == [said for said, _option, _days in said["mends"]]
    assert channels.source(OWNER, FINGERPRINT).file == said["file"] and channels.said(OWNER, FINGERPRINT) == {}


def settings_of(what: str) -> RunSettings:
    return RunSettings.from_json(SAID["runs"][what]["settings"])


def found(store: RunStore, request: object, what: str) -> tuple[Job, str | None]:
    """The job that a page finds that asks this, and its result; its state is that of the study `what`."""
    jobs, said = JobStore(store.engine), SAID["studies"][what]
    job = jobs.find(OWNER, FINGERPRINT, request)
    assert (job.status, job.share) == (said["status"], said["share"])
    assert (job.reason and job.reason.translated()) == (said["reason"] and said["reason"]["said"])
    return job, jobs.result(OWNER, job.id)


def test_diagnosis_is_found_again(store):
    _job, text = found(store, DiagnosisRequest(RunVersion(IDS["linear"], 6)), "diagnosis")
    report, said = from_json(DiagnosisReport, text), SAID["studies"]["diagnosis"]["answer"]
    diagnosis = report.diagnosis
    assert (diagnosis.branch, diagnosis.confidence, diagnosis.probabilities) == (
        said["branch"],
        said["sure"],
        said["chances"],
    )
    assert diagnosis.next_run.to_json() == said["next_run"]
    assert report.evidence and all(message.translated() for message in report.evidence) and report.largest


def folds_of(what: str) -> CrossValidationRequest:
    asked = SAID["studies"][what]["request"]
    return CrossValidationRequest(tuple(map(RunSettings.from_json, asked["models"])), asked["kind"], asked["folds"])


def test_cross_validation_is_found_again(store):
    _job, text = found(store, folds_of("folds"), "folds")
    ranking, said = from_json(Ranking, text), SAID["studies"]["folds"]["answer"]
    assert ranking.validation.tolist() == said["validation"] and ranking.errors.tolist() == said["errors"]
    assert ranking.judged and ranking.closest.low == said["closest"]["low"]
    _job, text = found(store, folds_of("failed study"), "failed study")
    assert text is None


def test_ranking_of_single_seeds_still_says_why_it_cannot_tell():
    said = SAID["studies"]["folds"]["answer"]
    _request_from, result_from = older_jobs.OLD_KINDS["folds"]
    assert result_from(said).closest.reason == ""
    assert result_from(said | {"closest": said["closest"] | {"enough_seeds": False}}).closest.reason == "one seed"
    assert result_from(said | {"closest": None}).closest is None


def test_forecast_is_found_again_with_its_model(store):
    job, text = found(store, ForecastRequest(10, RunVersion(IDS["linear"], 6)), "forecast")
    forecast, said = from_json(ForecastReport, text).forecast, SAID["studies"]["forecast"]["answer"]
    assert (forecast.method, forecast.origin) == (said["method"], date.fromisoformat(said["origin"]))
    assert list(forecast.point) == said["point"]
    assert [to_record(band) for band in forecast.bands] == said["bands"]
    own = {one.horizon: (one.mae, one.skill) for one in forecast.judged if one.method == said["method"]}
    assert own == {ahead: (mae, skill) for method, ahead, mae, skill in said["judged"] if method == said["method"]}
    assert load_model(JobStore(store.engine).model(OWNER, job.id)).name == "Linear & small"


def test_search_of_auto_that_was_stopped_is_found_again(store):
    asked = SAID["studies"]["stopped study"]["request"]
    split = default_split(ChannelStore(store.engine).channel(OWNER, FINGERPRINT).views)
    _job, text = found(store, ForecastRequest(asked["horizon"], AutoSearch(asked["auto"], split)), "stopped study")
    report = from_json(ForecastReport, text)
    assert [trial.name for trial in report.trials] == SAID["studies"]["stopped study"]["answer"]["tried"]
    assert report.forecast is None and math.isfinite(report.trials[0].errors[0][1])


def test_public_score_and_reveal_are_found_again(store):
    asked, split = SAID["studies"]["game"]["request"], settings_of("linear").split
    _job, text = found(store, PublicScoreRequest(split, asked["models"], asked["public"]), "game")
    assert json.loads(text) == SAID["studies"]["game"]["answer"]
    assert from_json(SelectionGame, text).models == asked["models"]
    _job, text = found(store, RevealRequest(RunVersion(IDS["trees"], 4), 14), "reveal")
    assert list(from_json(BlindForecast, text).point) == SAID["studies"]["reveal"]["answer"]["point"]


def test_no_study_is_lost_and_the_same_run_is_not_trained_again(store):
    jobs = JobStore(store.engine)
    kinds = ["diagnose", "forecast", "forecast", "public_score", "reveal", "cross_validation", "cross_validation"]
    assert sorted(job.kind for kind in set(kinds) for job in jobs.jobs(OWNER, FINGERPRINT, kind)) == sorted(kinds)
    channel = ChannelStore(store.engine).channel(OWNER, FINGERPRINT)
    for what in SAID["runs"]:
        assert store.submit(OWNER, channel, settings_of(what), name="again") == IDS[what]
    assert store.run(OWNER, IDS["relu"]).status == "finished"


def test_paused_run_goes_on_from_its_rows(store):
    """It predicts two days at once beside holes: since 0.3 it learns from the one measured day of such a pair too."""
    run_id, said = IDS["paused"], SAID["continued"]
    done = len(rows_of(store, run_id))
    store.resume(OWNER, run_id)
    assert JobQueue(store.engine).claim_next().id == run_id
    work_on(url_of(store.engine), run_id)
    assert store.run(OWNER, run_id).status == said["status"] == "finished"
    rows = rows_of(store, run_id)
    assert [row["epoch"] for row in rows] == list(range(1, 13)) and 0 < done < 12
    for name in PER_ROW:
        found, expected = ([row[name] for row in run] for run in (rows, said["rows"]))
        np.testing.assert_array_equal(found[:done], expected[:done])
        if name != "gradient_norm":  # it jumps from epoch to epoch
            np.testing.assert_allclose(found[done:], expected[done:], rtol=0.01)
    predicted = store.predictions(run_id).iloc[:3].to_numpy()
    np.testing.assert_allclose(predicted, said["predictions"]["first"], rtol=0.01)


def at_once(work: Callable[[], None], times: int) -> list[BaseException]:
    """Do it in so many threads that begin together; what went wrong."""
    barrier, errors = threading.Barrier(times), []

    def begin() -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=begin) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def open_and_close(url: str) -> None:
    open_engine(url).dispose()


@pytest.mark.both_databases
@pytest.mark.parametrize("older", [True, False])
def test_servers_that_open_a_store_at_once_do_not_harm_it(store_url, tmp_path, older):
    alone = f"sqlite:///{(tmp_path / 'alone.db').as_posix()}"
    for url in (store_url, alone) if older else ():
        write_released("0.2.0", url)
    open_and_close(alone)
    assert at_once(lambda: open_and_close(store_url), times=4) == []
    found, expected = contents(store_url), contents(alone)
    assert {table: len(rows) for table, rows in found.items()} == {table: len(rows) for table, rows in expected.items()}


def changed(url: str, *statements: str) -> str:
    """The store of version 0.2.0 with something else in it."""
    engine = connect(write_released("0.2.0", url))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
    return url


def test_a_study_that_cannot_be_read_any_more_is_left_out(store_url):
    url = changed(
        store_url,
        "update studies set answer = '{\"of\": \"an older version\"}' where kind in ('game', 'folds')",
        "update studies set kind = 'unheard of' where kind = 'reveal'",
    )
    store = RunStore(open_engine(url))
    jobs = JobStore(store.engine)
    left = {kind: len(jobs.jobs(OWNER, FINGERPRINT, kind)) for kind in ("forecast", "public_score", "reveal")}
    assert left == {"forecast": 2, "public_score": 0, "reveal": 0}
    assert len(store.runs(OWNER)) == len(SAID["runs"])
    store.engine.dispose()


def test_run_that_was_queued_again_since_is_not_taken_for_the_one_asked_about(store_url):
    engine = open_engine(changed(store_url, f"update runs set queued = queued + 1 where id = '{IDS['linear']}'"))
    assert JobStore(engine).find(OWNER, FINGERPRINT, ForecastRequest(10, RunVersion(IDS["linear"], 6))) is None
    engine.dispose()
