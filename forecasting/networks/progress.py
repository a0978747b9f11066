"""Where a training stands after its last whole epoch: enough to go on as if it had never stopped."""

from __future__ import annotations

import numpy as np
import torch


class Progress:
    """Parameters, optimizers and generators after `epoch` epochs, and each replica's best validation weights so far."""

    def __init__(self, record: dict | None = None) -> None:
        """At the very start, or at what `record` (of another progress) says."""
        self.record = record
        self.epoch: int = record["epoch"] if record else 0
        self.seconds: float = record["seconds"] if record else 0.0
        self.best: dict[str, torch.Tensor] = dict(record["best"]) if record else {}

    def begin(self, network, groups) -> None:
        """Bring network and groups to where this stands."""
        if self.record is None:
            self.record = self._recorded(network, groups)
        else:
            self.roll_back(network, groups)

    def advance(self, network, groups, row) -> None:
        """Note a whole epoch, its `row` being the last."""
        self.epoch, self.seconds = row.epoch, row.seconds
        if row.validation_loss is not None:
            self._note_best(network, row)
        self.record = self._recorded(network, groups)

    def roll_back(self, network, groups) -> None:
        """Undo what came after the last whole epoch."""
        assert self.record is not None, "training has begun"
        network.parameters.copy_(self.record["parameters"])
        network.running.copy_(self.record["running"])
        for group, record in zip(groups, self.record["groups"], strict=True):
            for generator, state in zip(group.orders + group.noise_generators, record["generators"], strict=True):
                generator.set_state(state)
            for optimizer, state in zip(group.optimizers, record["optimizers"], strict=True):
                current = optimizer.state_dict()["param_groups"]
                optimizer.load_state_dict({"state": {0: _copied(state)} if state else {}, "param_groups": current})

    def exhausted(self, patience: int) -> bool:
        """Whether every replica has gone `patience` epochs without a better validation loss."""
        return bool(patience and self.best and (self.epoch - self.best["epoch"] >= patience).all())

    def take_best(self, network) -> None:
        """Give each replica its best validation weights."""
        if self.best:
            network.parameters.copy_(self.best["parameters"])
            network.running.copy_(self.best["running"])

    def _note_best(self, network, row) -> None:
        """A replica out of patience keeps the best it had: in a stack it goes on, alone it would have stopped."""
        loss, patience = torch.from_numpy(np.asarray(row.validation_loss, float)), network.regularisation.patience
        if not self.best:
            weights = {"parameters": network.parameters.clone(), "running": network.running.clone()}
            self.best = weights | {"loss": loss.clone(), "epoch": torch.full((len(loss),), row.epoch)}
            return
        waiting = row.epoch - self.best["epoch"] <= patience if patience else torch.ones_like(loss, dtype=torch.bool)
        better = (loss < self.best["loss"]) & waiting
        for name, value in (("parameters", network.parameters), ("running", network.running), ("loss", loss)):
            self.best[name][better] = value[better]
        self.best["epoch"][better] = row.epoch

    def _recorded(self, network, groups) -> dict:
        stacks: list[dict] = []
        for group in groups:
            generators = [generator.get_state() for generator in group.orders + group.noise_generators]
            optimizers = [optimizer.state_dict()["state"].get(0, {}) for optimizer in group.optimizers]
            stacks.append({"generators": generators, "optimizers": optimizers})
        record = {"epoch": self.epoch, "seconds": self.seconds, "best": self.best, "groups": stacks}
        record |= {"parameters": network.parameters, "running": network.running}
        return _copied(record, self.record)


def _copied(value, old=None):
    """The same with every tensor cloned, into the memory of `old` where that has a tensor of its shape there."""
    if isinstance(value, torch.Tensor):
        fits = isinstance(old, torch.Tensor) and old.shape == value.shape and old.dtype == value.dtype
        return old.copy_(value) if fits else value.clone()
    if isinstance(value, dict):
        old = old if isinstance(old, dict) else {}
        return {key: _copied(part, old.get(key)) for key, part in value.items()}
    if isinstance(value, list):
        old = old if isinstance(old, list) and len(old) == len(value) else [None] * len(value)
        return [_copied(part, place) for part, place in zip(value, old, strict=True)]
    return value
