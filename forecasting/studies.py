"""What can be asked about a channel that takes a worker some seconds or minutes, by name.

A study is a generator of findings: each says how much of the work is done and what is known so far. It takes the
channel and a request, both as the run store keeps them; what it finds has to be sayable in JSON.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
    """Which branch of the lecture's tree the run of `request["settings"]` (JSON) is on."""
    from forecasting.diagnosis import diagnose  # noqa: PLC0415  torch and scikit-learn, which only workers load
    from forecasting.evidence import gather  # noqa: PLC0415

    found = diagnose(gather(channel.views, RunSettings.from_json(request["settings"])))
    next_run = found.next_run.to_json() if found.next_run else None
    said = [sentence.say() for sentence in found.evidence]
    yield Finding(1.0, {"branch": found.branch, "sure": found.sure, "evidence": said, "next_run": next_run})


def forecast(channel: Channel, request: dict) -> Iterator[Finding]:
    """The days to come, by Auto, by a run or by a model file; see `outlook.look_ahead`."""
    from forecasting.outlook import look_ahead  # noqa: PLC0415

    yield from look_ahead(channel, request)


KINDS: dict[str, Study] = {"diagnosis": diagnosis, "forecast": forecast}
