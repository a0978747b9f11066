"""Kinds of jobs that tests can foresee."""

from collections.abc import Iterator
from dataclasses import dataclass

from forecasting.jobs.kinds import Kind, Task
from forecasting.messages import BadInput
from forecasting.records import Progress


@dataclass(frozen=True)
class Count:
    """Sum the first days up to `to`, one after the other."""

    to: int


@dataclass(frozen=True)
class Refuse:
    """Fail half-way."""


@dataclass(frozen=True)
class Weigh:
    """Tell the model file that came along, and bring another unless `keep`."""

    keep: bool = False


def count(task: Task) -> Iterator[Progress]:
    for step in range(1, task.request.to + 1):
        total = float(task.channel.views[:step].sum())
        yield Progress(step / task.request.to, {"sum": total}, b"%d" % step)


def refuse(_task: Task) -> Iterator[Progress]:
    yield Progress(0.5, {"half": True})
    raise BadInput("no more than {count}", count=5)


def weigh(task: Task) -> Iterator[Progress]:
    yield Progress(1.0, {"model": task.model.decode()}, None if task.request.keep else b"another")


KINDS = {
    "count": Kind("tests.support.job_kinds:count", Count),
    "refuse": Kind("tests.support.job_kinds:refuse", Refuse),
    "weigh": Kind("tests.support.job_kinds:weigh", Weigh),
}
