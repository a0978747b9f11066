"""A batch from its sources to its table: shares go out, their rows come back, and only the client writes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from forecasting.batch.executors import is_lost, open_executor
from forecasting.batch.results import Counts, Results
from forecasting.batch.settings import Batch
from forecasting.batch.sources import Loaded, Source
from forecasting.batch.work import lost, work_on
from forecasting.jobs.machine import usual_workers

AHEAD = 2  # shares a worker that are loaded: one that it works on, one that waits for it
Note = Callable[[Counts], None]


def run(
    channels: Sequence[Source],
    *,
    task: str = "forecast",
    method: str | Sequence[str] = "auto",
    horizon: int = 28,
    workers: int | None = None,
    executor: Executor | None = None,
    out: str | Path | None = None,
    **settings: Any,
) -> pd.DataFrame:
    """The table of a task over channels that `read` has found: columns channel, file, the task's own, and reason.

    `method` is one or several; further `settings` are those of Batch. `workers` processes of this machine do it, one a
    core without, or an `executor` of concurrent.futures, which does so many shares at once. With `out`, a file that
    ends in .parquet or .csv, what is done is kept there, and a second call does only what is missing. Raises BadInput
    where the settings cannot be.
    """
    methods = (method,) if isinstance(method, str) else tuple(method)
    batch = Batch(task, methods, horizon, **settings)
    done = _complete(batch, channels, workers=workers, executor=executor, out=out)
    return done.results.frame(done.identities)


def write(
    batch: Batch,
    channels: Sequence[Source],
    *,
    out: str | Path,
    workers: int | None = None,
    executor: Executor | None = None,
    note: Note = lambda counts: None,
) -> Counts:
    """The same into the file `out` alone, for more channels than memory holds; `note` hears of each share."""
    done = _complete(batch, channels, workers=workers, executor=executor, out=out, note=note)
    return done.counts


def _complete(
    batch: Batch,
    channels: Sequence[Source],
    *,
    workers: int | None,
    executor: Executor | None,
    out: str | Path | None,
    note: Note = lambda counts: None,
) -> "_Run":
    """All is done and written."""
    results = Results(batch, None if out is None else Path(out))
    opened: AbstractContextManager[Any] = nullcontext(executor) if executor else open_executor(workers)
    with opened as working:
        run = _Run(batch, results, working, workers=workers, counts=Counts(total=len(channels)), note=note)
        run.take(channels)
    results.finish(run.identities)
    return run


class _Run:
    """One call: which shares are with the workers, and what has come back."""

    def __init__(
        self, batch: Batch, results: Results, executor: Executor, *, workers: int | None, counts: Counts, note: Note
    ) -> None:
        self.batch, self.results, self.executor = batch, results, executor
        self.workers, self.counts, self.note = workers, counts, note
        self.identities: list[str] = []
        self._out: dict[Future, list[Loaded]] = {}

    def take(self, channels: Sequence[Source]) -> None:
        """Work on what is not known, as much at once as the workers need."""
        for share in self._missing(channels):
            while len(self._out) >= self._most_at_once():
                self._collect()
            self._submit(share)
        while self._out:
            self._collect()

    def _most_at_once(self) -> int:
        """Shares that are with the workers, who may become more or fewer."""
        return AHEAD * (getattr(self.executor, "workers", self.workers) or usual_workers())

    def _missing(self, channels: Sequence[Source]) -> Iterator[list[Loaded]]:
        """Shares of the channels, without those that are known; always the same channels are together."""
        for first in range(0, len(channels), self.batch.share):
            loaded = [source.load() for source in channels[first : first + self.batch.share]]
            identities = [self.batch.identity(one.digest) for one in loaded]
            self.identities += identities
            known = [one for one in identities if one in self.results]
            self._tell(known, known=len(known))
            new = [one for one, identity in zip(loaded, identities, strict=True) if identity not in self.results]
            if new:
                yield new

    def _submit(self, share: list[Loaded]) -> None:
        self._out[self.executor.submit(work_on, self.batch, share)] = share

    def _collect(self) -> None:
        """Take what is done. What ended its worker goes out again channel by channel, so that it stands alone."""
        for future in wait(self._out, return_when=FIRST_COMPLETED).done:
            share = self._out.pop(future)
            if not is_lost(future.exception()):
                self._add(share, future.result())
            elif len(share) == 1:
                self._add(share, lost(self.batch, share[0]))
            else:
                for source in share:
                    self._submit([source])

    def _add(self, share: list[Loaded], piece: pa.Table) -> None:
        self.results.add(piece)
        self._tell([self.batch.identity(one.digest) for one in share])

    def _tell(self, done: list[str], known: int = 0) -> None:
        if done:
            self.counts += self.results.counts(done) + Counts(known=known)
            self.note(self.counts)
