"""Trained weights and where a training stands, as safetensors with the settings inside. No pickle anywhere."""

import json
import struct

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from forecasting.networks.progress import Progress
from forecasting.settings import RunSettings


def save_weights(settings: RunSettings, network) -> bytes:
    """The network as it is: enough to predict, not to go on."""
    return save(settings, {"parameters": network.parameters, "running": network.running})


def save_progress(settings: RunSettings, progress: Progress) -> bytes:
    """All it takes to go on after the last whole epoch."""
    assert progress.record is not None, "training has begun"
    return save(settings, progress.record)


def save(settings: RunSettings, record: dict) -> bytes:
    """Tensors by the path to them in `record`, its outline and the settings as JSON beside them."""
    tensors: dict[str, torch.Tensor] = {}
    outline = _outlined(record, "", tensors)
    return save_tensors(tensors, {"settings": settings.to_json(), "outline": json.dumps(outline)})


def load(blob: bytes) -> tuple[RunSettings, dict]:
    """What `save` was given. `Progress(record)` goes on from a whole progress; `take_weights` suits every kind."""
    (length,) = struct.unpack("<Q", blob[:8])
    facts = json.loads(blob[8 : 8 + length])["__metadata__"]
    return RunSettings.from_json(facts["settings"]), _filled(json.loads(facts["outline"]), load_tensors(blob))


def take_weights(network, record: dict) -> None:
    """Give `network` the weights of a record of the same settings."""
    network.parameters.copy_(record["parameters"])
    network.running.copy_(record["running"])


def _outlined(value, path: str, tensors: dict[str, torch.Tensor]):
    """`value` with every tensor replaced by {"tensor": path}."""
    if isinstance(value, torch.Tensor):
        tensors[path] = value.detach().clone().contiguous()
        return {"tensor": path}
    if isinstance(value, dict):
        return {"dict": {key: _outlined(part, f"{path}.{key}".lstrip("."), tensors) for key, part in value.items()}}
    if isinstance(value, list | tuple):
        return {"list": [_outlined(part, f"{path}.{place}", tensors) for place, part in enumerate(value)]}
    return {"value": value}


def _filled(outline: dict, tensors: dict[str, torch.Tensor]):
    ((kind, content),) = outline.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _filled(part, tensors) for key, part in content.items()}
    return [_filled(part, tensors) for part in content] if kind == "list" else content
