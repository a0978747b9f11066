"""What can be asked about a channel that takes a worker some seconds or minutes, by name.

A study is a generator of findings: each says how much of the work is done and what is known so far. It takes the
channel and a request, both as the run store keeps them; what it finds has to be sayable in JSON.
"""

from collections.abc import Callable, Iterator

import numpy as np

from forecasting.diagnosis.nested_runs import NestedRun
from forecasting.runs import Finding
from forecasting.series import Channel
from forecasting.settings import RunSettings
from forecasting.split import Period, Split

A_STEP = 0.04  # share of the work done between two findings of a study that has thousands


Study = Callable[[Channel, dict], Iterator[Finding]]


def diagnosis(channel: Channel, request: dict) -> Iterator[Finding]:
    """Which branch of the lecture's tree a run is on.

    `settings` of the run (JSON); `peers`, records of judging.peers; `train_loss` (seeds,) and `predicted` (seeds,
    held-out days) in views, which are what the run came to; without them it is run again.
    """
    from forecasting.diagnosis.evidence import gather_in_steps  # noqa: PLC0415
    from forecasting.diagnosis.tree import diagnose, to_record  # noqa: PLC0415  torch and scikit-learn, for workers alone

    nested_runs = [NestedRun.from_record(peer) for peer in request.get("peers", [])]
    names = ("train_loss", "predicted")
    result = {name: np.array(request[name]) for name in names if request.get(name)}
    settings, said = RunSettings.from_json(request["settings"]), []
    for step in gather_in_steps(channel.series, settings, **result):
        if step.found:
            yield Finding(step.share, to_record(diagnose(step.found, nested_runs), step.found))
        else:
            said = [*said, step.said.to_record()]
            yield Finding(step.share, {"evidence": said})


def forecast(channel: Channel, request: dict) -> Iterator[Finding]:
    """The days to come, by Auto, by a run or by a model file; see `outlook.look_ahead`."""
    from forecasting.forecasts.outlook import look_ahead  # noqa: PLC0415

    yield from look_ahead(channel, request)


def folds(channel: Channel, request: dict) -> Iterator[Finding]:
    """How the models of `request["models"]` (JSON) rank on `request["folds"]` folds of a `request["kind"]`."""
    from forecasting.evaluation.cross_validation import rank  # noqa: PLC0415

    models = [RunSettings.from_json(text) for text in request["models"]]
    for share, known in rank(channel, models, request["kind"], request["folds"]):
        yield Finding(share, known.to_record())


def game(channel: Channel, request: dict) -> Iterator[Finding]:
    """How `request["models"]` useless models fare on the held-out days, a share `request["public"]` of them public."""
    from forecasting.lectures.public_score import play_on  # noqa: PLC0415

    split = Split(*(Period.parse(request[period]) for period in ("train", "held_out")))
    models, requested = request["models"], 0.0
    for done, known in play_on(channel, split, models, request["public"]):
        if done == models or done / models - requested > A_STEP:
            requested = done / models
            yield Finding(requested, known.to_record())


def reveal(channel: Channel, request: dict) -> Iterator[Finding]:
    """The last days as a run sees them coming; see `outlook.uncover`."""
    from forecasting.forecasts.outlook import uncover  # noqa: PLC0415

    yield from uncover(channel, request)


KINDS: dict[str, Study] = {
    "diagnosis": diagnosis,
    "folds": folds,
    "forecast": forecast,
    "game": game,
    "reveal": reveal,
}
