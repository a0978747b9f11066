"""`batch` does one task with many channels, on the cores of this machine or on a cluster, and writes one table."""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import fields
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import Any

from forecasting.batch import TASKS, Batch, Counts, read, write
from forecasting.batch.executors import BatchExecutor, open_executor
from forecasting.batch.settings import MODELS
from forecasting.cli.channel import add_choice, choice_of
from forecasting.cli.forecasts import add_country
from forecasting.cli.run_settings import add_split, given_split
from forecasting.lectures.card_groups import GROUPS
from forecasting.messages import BadInput, Message
from forecasting.models.registry import METHODS

ENDINGS = (".parquet", ".csv")
SHOWN = 10  # reasons that are printed; all stand in the table
LINE_SECONDS = 30.0  # between two lines of progress where nobody looks at a terminal
BAR = "{percentage:3.0f} % {bar} {n_fmt} of {total_fmt}, {rate_noinv_fmt}, {remaining} left{postfix}"
NO_ENDING = "--out takes a name that ends in {endings}, not {out}"
NOT_WRITTEN = "cannot write {out}: {why}"
CLUSTER_LOST = "The cluster at {scheduler} is gone."
GO_ON = "What is done is kept. The same command goes on from there."
ANSWERED = ("{count} channel answered", "{count} channels answered")
CLUSTER_EMPTY = "it has no worker yet, and the batch waits for one: dask worker {scheduler} --nworkers -1 --nthreads 1"


def add_batch(commands) -> None:
    """The command with all its options."""
    about = "do one task with many channels and write one table; what a table has already is not done again"
    command = commands.add_parser("batch", help=about, description=about)
    command.set_defaults(command="forecasting.cli.batch:batch")
    places = "files, folders, globs and zips of channels, or one long table (unique_id,ds,y)"
    command.add_argument("files", nargs="+", metavar="FILE", help=places)
    command.add_argument("--task", choices=TASKS, default="forecast")
    _add_settings(command)
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="processes of this machine; one a core by default")
    where.add_argument("--scheduler", metavar="tcp://...", help="of a Dask cluster, whose workers do it instead")
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table: .parquet or .csv")
    add_choice(command)


def _add_settings(command: argparse.ArgumentParser) -> None:
    """Of all tasks, named as the fields of Batch; a task takes no notice of settings that are not its own."""
    of_methods = command.add_argument_group("forecast and backtest")
    methods = of_methods.add_argument("--method", dest="methods", nargs="+", choices=METHODS, metavar="METHOD")
    methods.help = ", ".join(METHODS)
    of_methods.add_argument("--horizon", type=int, metavar="DAYS", help="1 to 90 days ahead")
    of_methods.add_argument("--level", type=float, help="share of days that the interval shall hold")
    of_methods.add_argument("--seconds", type=float, help="the most that Auto may take for a channel")
    add_country(command.add_argument_group("forecast"))
    back = command.add_argument_group("backtest")
    back.add_argument("--origins", type=int, metavar="N", help="forecast from so many days; 0 for every one")
    back.add_argument("--refit", dest="refit_days", type=int, metavar="DAYS", help="fit again after so many days")
    table = command.add_argument_group("table")
    table.add_argument("--models", nargs="+", choices=MODELS, metavar="MODEL", help="; ".join(MODELS))
    table.add_argument("--epochs", type=int, metavar="N")
    table.add_argument("--seeds", type=int, metavar="N")
    card = command.add_argument_group("report")
    card.add_argument("--groups", nargs="+", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    add_split(command.add_argument_group("backtest, table and report"))
    command.set_defaults(**vars(Batch()))


def batch(options: argparse.Namespace) -> None:
    """Write the table; how far it is, what was left without an answer and why go to stderr."""
    _check(options)
    what = _batch_of(options)
    channels = read(options.files, choice_of(options))
    with open_executor(options.workers, options.scheduler) as executor:
        _tell_cluster(executor, options.scheduler)
        with Progress(len(channels)) as progress:
            work = partial(write, what, channels, out=options.out, executor=executor, note=progress.show)
            counts = _done_or_kept(work, progress, options.scheduler)
    _tell_result(counts, options.out)


def _batch_of(options: argparse.Namespace) -> Batch:
    said: dict[str, Any] = {field.name: getattr(options, field.name) for field in fields(Batch)}
    names = {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
    return Batch(**said | names | {"split": given_split(options)})


def _done_or_kept(work: Callable[[], Counts], progress: "Progress", scheduler: str | None) -> Counts:
    """What the work comes to. Where it ends before, says how it goes on."""
    try:
        return work()
    except KeyboardInterrupt:
        progress.close()
        print(f"Stopped. {GO_ON}", file=sys.stderr)
        raise
    except CancelledError:
        progress.close()
        raise BadInput(f"{CLUSTER_LOST} {GO_ON}", scheduler=scheduler) from None


class Progress:
    """How far a batch is: a bar on a terminal, elsewhere a line now and then, on stderr."""

    def __init__(self, total: int) -> None:
        from tqdm import tqdm  # noqa: PLC0415

        self._terminal = sys.stderr.isatty()
        self._quiet = None if self._terminal else open(os.devnull, "w")  # noqa: SIM115  closed by `close`
        # Channels come in shares: the rate is the mean of all.
        how = {"unit": " channels", "bar_format": BAR, "smoothing": 0, "dynamic_ncols": True}
        self._bar = tqdm(total=total, file=self._quiet or sys.stderr, **how)
        self._told = monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()
        if self._quiet:
            self._quiet.close()

    def show(self, counts: Counts) -> None:
        """Say how far it is."""
        self._bar.initial = counts.known  # no part of the rate
        self._bar.set_postfix_str(f"{counts.refused} without an answer" if counts.refused else "", refresh=False)
        self._bar.update(counts.sources - self._bar.n)
        if not self._terminal and monotonic() - self._told > LINE_SECONDS:
            self._told = monotonic()
            print(self._bar, file=sys.stderr, flush=True)


def _check(options: argparse.Namespace) -> None:
    """Raises BadInput before anything is read, rather than after hours of work."""
    if options.workers is not None and options.workers < 1:
        raise BadInput("--workers takes a number from 1 on")
    if options.out.suffix.lower() not in ENDINGS:
        raise BadInput(NO_ENDING, endings=" or ".join(ENDINGS), out=options.out)
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=options.out.parent):
            pass
    except OSError as problem:
        raise BadInput(NOT_WRITTEN, out=options.out, why=problem.strerror) from None


def _tell_cluster(executor: BatchExecutor, scheduler: str | None) -> None:
    if scheduler:
        print(f"cluster: {executor.workers} workers, {executor.dashboard}", file=sys.stderr)
    if scheduler and not executor.workers:
        print("cluster:", CLUSTER_EMPTY.format(scheduler=scheduler), file=sys.stderr)


def _tell_result(counts: Counts, out: Path) -> None:
    """How many have an answer, and why the first of the others have none."""
    reasons = _reasons(out) if counts.refused else []
    for channel, file, reason in reasons[:SHOWN]:
        print(f"{file if channel in file else f'{channel} in {file}'}: {reason}", file=sys.stderr)
    more = f"; column reason of {out} says why" if len(reasons) > SHOWN else ""
    answered = Message(ANSWERED, {"count": counts.answered}).translated()
    print(f"{answered}, {counts.refused} without an answer{more}", file=sys.stderr)


def _reasons(out: Path) -> list[tuple[str, str, str]]:
    """Channel, file and reason of what has no answer."""
    from pyarrow import csv, dataset  # noqa: PLC0415

    columns = ["channel", "file", "reason"]
    texts = csv.ConvertOptions(column_types=dict.fromkeys(columns, "string"))
    kind = "parquet" if out.suffix.lower() == ".parquet" else dataset.CsvFileFormat(convert_options=texts)
    table = dataset.dataset(out, format=kind).to_table(columns, filter=dataset.field("reason") != "")
    return [tuple(row.values()) for row in table.to_pylist()]
