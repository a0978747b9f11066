"""Requests and results as version 0.2 wrote them, in the records of today: all that is known of its JSON."""

import json
from collections.abc import Callable, Mapping
from datetime import date

from forecasting.diagnosis.report import DiagnosisReport
from forecasting.evaluation.cross_validation import Ranking
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.requests import (
    AutoSearch,
    CrossValidationRequest,
    DiagnosisRequest,
    ForecastRequest,
    ModelFile,
    PublicScoreRequest,
    RevealRequest,
    RunVersion,
)
from forecasting.jobs.tables import UNREADABLE
from forecasting.json_records import from_record
from forecasting.lectures.public_score import SelectionGame
from forecasting.lectures.reveal import BlindForecast
from forecasting.settings import RunSettings
from forecasting.split import Period, Split


def read_older_job(old: Mapping, epochs: Mapping[str, tuple[float, int]]) -> tuple[object, object | None] | None:
    """Request and result, if any, of a row of the old table; None for one that cannot be read any more.

    `epochs` has when each run was queued and how many epochs it has, by id.
    """
    try:
        request_from, result_from = OLD_KINDS[old["kind"]]
        request = request_from(json.loads(old["request"]), _Asker(old["owner"], old["fingerprint"], epochs))
        return request, result_from(json.loads(old["answer"])) if old["answer"] else None
    except UNREADABLE:
        return None


class _Asker:
    """Whose study it is, and the runs it may be about, which were named by their settings."""

    def __init__(self, owner: str, fingerprint: str, epochs: Mapping[str, tuple[float, int]]) -> None:
        self.owner, self.fingerprint, self.epochs = owner, fingerprint, epochs

    def run_id(self, settings: str) -> str:
        return RunSettings.from_json(settings).run_id(self.fingerprint, self.owner)

    def version(self, old: dict) -> RunVersion:
        """The run as it was asked; one that was queued again since, or is gone, is none that can be asked now."""
        run_id = self.run_id(old["settings"])
        queued, epochs = self.epochs.get(run_id, (0.0, 0))
        return RunVersion(run_id, epochs if queued == old["trained"] else 0)


def _split(old: dict) -> Split:
    return Split(Period.parse(old["train"]), Period.parse(old["held_out"]))


def _diagnosis_request(old: dict, asker: _Asker) -> DiagnosisRequest:
    """A stopped run was asked about with the epochs it had, one that has finished with those it might have had."""
    _queued, done = asker.epochs.get(old["run"], (0.0, 0))
    epochs = min(done, RunSettings.from_json(old["settings"]).training.epochs)
    nested = tuple(asker.run_id(run["settings"]) for run in old["peers"])
    return DiagnosisRequest(RunVersion(old["run"], epochs), nested)


def _forecast_request(old: dict, asker: _Asker) -> ForecastRequest:
    holidays = tuple(map(date.fromisoformat, old.get("holidays", ())))
    return ForecastRequest(old["horizon"], _forecaster(old, asker), holidays)


def _forecaster(old: dict, asker: _Asker) -> AutoSearch | RunVersion | ModelFile:
    if "auto" in old:
        return AutoSearch(float(old["auto"]), _split(old))
    return asker.version(old) if "settings" in old else ModelFile(old["weights"], old["name"])


def _cross_validation_request(old: dict, _asker: _Asker) -> CrossValidationRequest:
    return CrossValidationRequest(tuple(map(RunSettings.from_json, old["models"])), old["kind"], old["folds"])


def _public_score_request(old: dict, _asker: _Asker) -> PublicScoreRequest:
    return PublicScoreRequest(_split(old), old["models"], old["public"])


def _reveal_request(old: dict, asker: _Asker) -> RevealRequest:
    return RevealRequest(asker.version(old), old["days"])


def _diagnosis(old: dict) -> DiagnosisReport:
    record = {"evidence": old["evidence"]}
    if "branch" in old:
        diagnosis = {name: old[name] for name in ("branch", "evidence")}
        diagnosis |= {"also_likely": old["others"], "confidence": old["sure"], "probabilities": old["chances"]}
        diagnosis |= {"next_run": json.loads(old["next_run"]) if old["next_run"] else None}
        record |= {"diagnosis": diagnosis, "single_seed": old["single"], "largest": old["largest"]}
    return from_record(DiagnosisReport, record)


def _forecast(old: dict) -> ForecastReport:
    record = {"trials": old.get("ladder", []), "shares": old.get("shares", []), "forecast": old.get("forecast")}
    return from_record(ForecastReport, record | {"without_holidays": old.get("without", [])})


def _ranking(old: dict) -> Ranking:
    closest = old.get("closest")
    if closest and not closest["enough_seeds"]:
        old = old | {"closest": closest | {"reason": "one seed"}}
    return from_record(Ranking, old)


def _game(old: dict) -> SelectionGame:
    return from_record(SelectionGame, old)


def _blind(old: dict) -> BlindForecast:
    return from_record(BlindForecast, old)


OLD_KINDS: dict[str, tuple[Callable[[dict, _Asker], object], Callable[[dict], object]]] = {
    "diagnosis": (_diagnosis_request, _diagnosis),
    "folds": (_cross_validation_request, _ranking),
    "forecast": (_forecast_request, _forecast),
    "game": (_public_score_request, _game),
    "reveal": (_reveal_request, _blind),
}
