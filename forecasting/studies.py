"""What can be asked about a channel that takes a worker some seconds or minutes, by name.

A study is a generator of findings: each says how much of the work is done and what is known so far. It takes the
channel and a request, both as the run store keeps them; what it finds has to be sayable in JSON.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from forecasting.peers import Peer
from forecasting.settings import RunSettings
from forecasting.views import Channel


@dataclass(frozen=True)
class Finding:
    """What is known after `share` (0 to 1) of the work."""

    share: float
    answer: dict | None = None
    weights: bytes | None = None  # safetensors, where the answer comes with a model


Study = Callable[[Channel, dict], Iterator[Finding]]


def diagnosis(channel: Channel, request: dict) -> Iterator[Finding]:
    """Which branch of the lecture's tree a run is on.

    `settings` of the run (JSON); `peers`, records of forecasting.peers; `train_loss` (seeds,) and `predicted` (seeds,
    held-out days) in views, which are what the run came to; without them it is run again.
    """
    from forecasting.diagnosis import diagnose, to_record  # noqa: PLC0415  torch and scikit-learn, for workers alone
    from forecasting.evidence import gather_in_steps  # noqa: PLC0415

    peers = [Peer.from_record(peer) for peer in request.get("peers", [])]
    result = [request.get(name) and np.array(request[name]) for name in ("train_loss", "predicted")]
    settings, said = RunSettings.from_json(request["settings"]), []
    for step in gather_in_steps(channel.views, settings, *result, filled=channel.filled):
        if step.found:
            yield Finding(step.share, to_record(diagnose(step.found, peers), step.found))
        else:
            said = [*said, step.said.to_record()]
            yield Finding(step.share, {"evidence": said})


def forecast(channel: Channel, request: dict) -> Iterator[Finding]:
    """The days to come, by Auto, by a run or by a model file; see `outlook.look_ahead`."""
    from forecasting.outlook import look_ahead  # noqa: PLC0415

    yield from look_ahead(channel, request)


KINDS: dict[str, Study] = {"diagnosis": diagnosis, "forecast": forecast}
