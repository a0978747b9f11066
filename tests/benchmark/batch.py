"""What a batch of many channels costs, on processes of this machine and on a Dask cluster, beside statsforecast.

    python -m tests.benchmark.batch write FOLDER [--channels 100]
    python -m tests.benchmark.batch cost [--tasks forecast:linear table ...] [--channels 1 10 100 1000]
    python -m tests.benchmark.batch cluster [--task forecast:linear] [--channels 200] [--rounds 3]
    python -m tests.benchmark.batch killed [--task forecast:linear] [--channels 100]
    python -m tests.benchmark.batch client [--channels 1000 10000] [--together 64]
    python -m tests.benchmark.batch peers --python PYTHON [--methods linear ets] [--channels 1000]

Channels are made (`tests.benchmark.series`, all kinds in turn). A batch is the command, in a process of its own: start,
reading and writing count. `processor` is the time of it and all its workers, `memory` the most that all of them held at
once (shared pages shared out). A task is TASK or TASK:METHOD.

`write` writes a folder of channels as files, every tenth of them broken in one of ten ways.
`cost`: seconds a channel for each task and number of channels.
`cluster`: a Dask worker against two, and Dask against processes of this machine, rounds in turn.
`killed`: a worker is killed in the middle, on either; the table has to equal an undisturbed one.
`client`: what is left for the machine that gives the command where others compute at once, `together` channels a share.
`peers`: AutoETS of statsforecast, in the interpreter PYTHON, on the same channels. Both forecast their last 28 days:
seconds and MASE (over the mean change from week to week), as ratios.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from forecasting.batch import Batch, read, write
from forecasting.batch.results import schema_of
from forecasting.batch.sources import Loaded
from forecasting.jobs.machine import worker_environment
from tests.benchmark.series import KINDS
from tests.support.broken_files import BROKEN

ROOT = Path(__file__).parents[2]
HORIZON = 28
LOOK_SECONDS = 0.2  # between two looks at the memory
PORT = 18786
NO_PROFILE = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}  # as the README advises
TASKS = ("forecast:linear", "forecast:auto", "backtest:linear", "table", "report")


# Channels


def made(number: int) -> pd.Series:
    """A channel by its number: all kinds in turn, each with a seed of its own."""
    return KINDS[number % len(KINDS)](number)


def write_channels(folder: Path, count: int, *, cut: int = 0) -> None:
    """So many files `date,views`, without the last `cut` days."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        views = made(number)
        views[: len(views) - cut].rename("views").to_csv(folder / f"channel_{number:06}.csv", index_label="date")


def write_with_broken(folder: Path, count: int) -> None:
    """The same, every tenth file broken in another way."""
    write_channels(folder, count)
    for place, number in enumerate(range(9, count, 10)):
        file = folder / f"channel_{number:06}.csv"
        name, broken = BROKEN[place % len(BROKEN)]
        file.with_name(f"channel_{number:06}_{name}.csv").write_bytes(broken(file.read_bytes()))
        file.unlink()


# A batch in a process of its own


@dataclass(frozen=True)
class Cost:
    """Of one batch."""

    seconds: float
    processor: float  # seconds
    memory: float  # bytes

    def __str__(self) -> str:
        return f"{self.seconds:7.1f} s, {self.processor:7.1f} s of processor, {self.memory / 1e6:4.0f} MB"


def run_batch(folder: Path, out: Path, task: str, *options: object, watch: Callable[[int], None] | None = None) -> Cost:
    """What the command costs on a folder; `watch` hears of its process again and again."""
    name, _colon, method = task.partition(":")
    methods = ("--method", method) if method else ()
    command = ["-m", "forecasting", "batch", folder, "--task", name, *methods, *options, "--out", out]
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    memory, spent = 0.0, {}
    while process.poll() is None:
        family = descendants(process.pid)
        memory = max(memory, sum(map(held, family)))
        spent |= {one: seconds for one in family if (seconds := processor(one))}
        if watch:
            watch(process.pid)
        time.sleep(LOOK_SECONDS)
    assert process.stderr
    if process.returncode:
        raise SystemExit(process.stderr.read())
    return Cost(time.monotonic() - begun, sum(spent.values()), memory)


def descendants(process: int) -> list[int]:
    """It and all that it started, directly or not, and that is there still."""
    children = [int(one) for path in glob(f"/proc/{process}/task/*/children") for one in _text(path).split()]
    return [process, *(one for child in children for one in descendants(child))]


def _text(path: str) -> str:
    """Empty where the process has ended."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def held(process: int) -> float:
    """Bytes that a process holds: what it shares with others counts in part."""
    rows = _text(f"/proc/{process}/smaps_rollup").splitlines()
    return next((float(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:")), 0.0)


def processor(process: int) -> float:
    """Seconds that a process has computed."""
    fields = _text(f"/proc/{process}/stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, list[int]]]:
    """The address of a Dask scheduler with so many workers of one thread, and their processes."""
    environment = os.environ | worker_environment() | {"PYTHONPATH": str(ROOT), **NO_PROFILE}
    address = f"tcp://127.0.0.1:{PORT}"
    dask = [sys.executable, "-m", "dask"]
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(PORT), "--no-dashboard"]
    worker = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", tempfile.gettempdir()]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": ROOT}
    started = [subprocess.Popen(scheduler, **quiet)]
    try:
        started += [subprocess.Popen(worker, **quiet) for _ in range(workers)]
        _wait_for(address, workers)
        yield address, [one.pid for one in started[1:]]
    finally:
        for one in reversed(started):
            one.terminate()
        for one in started:
            one.wait()


def _wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=120)


# What is measured


def cost(asked: argparse.Namespace) -> None:
    """A line for each task and number of channels."""
    for task in asked.tasks:
        for count in asked.channels:
            with tempfile.TemporaryDirectory() as place:
                write_channels(Path(place) / "channels", count)
                found = run_batch(
                    Path(place) / "channels", Path(place) / "out.parquet", task, "--workers", asked.workers
                )
                a_channel = f"{found.seconds / count:.3f} s, {found.processor / count:.3f} s of processor a channel"
                print(f"{task}, {count} channels: {found}; {a_channel}", flush=True)


def compare_clusters(asked: argparse.Namespace) -> None:
    """Rounds in turn of one Dask worker, two, and as many processes of this machine."""
    found: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "channels"
        write_channels(folder, asked.channels)
        for turn in range(asked.rounds):
            for workers in (1, 2):
                out = Path(place) / f"{workers}_{turn}.parquet"
                with cluster(workers) as (address, processes):
                    before = sum(map(_family_processor, processes))
                    of_dask = run_batch(folder, out, asked.task, "--scheduler", address)
                    computed = sum(map(_family_processor, processes)) - before
                of_dask = Cost(of_dask.seconds, of_dask.processor + computed, of_dask.memory)
                of_loky = run_batch(folder, out.with_suffix(".csv"), asked.task, "--workers", workers)
                for name, one in ((f"Dask {workers}", of_dask), (f"loky {workers}", of_loky)):
                    found.setdefault(name, []).append(one)
                    print(f"round {turn + 1}, {name}: {one}", flush=True)
    for base, other in (("Dask 1", "Dask 2"), ("loky 1", "loky 2"), ("Dask 1", "loky 1"), ("Dask 2", "loky 2")):
        wall, spent = (_ratio(found[base], found[other], part) for part in ("seconds", "processor"))
        print(f"{base} to {other}: {wall:.2f} in time, {spent:.2f} in time of the processor")


def _family_processor(process: int) -> float:
    return sum(map(processor, descendants(process)))


def _ratio(over: Sequence[Cost], under: Sequence[Cost], part: str) -> float:
    """Of the least of each: whatever else the machine does only adds."""
    return min(getattr(one, part) for one in over) / min(getattr(one, part) for one in under)


def kill_workers(asked: argparse.Namespace) -> None:
    """The tables of batches that lost a worker against an undisturbed one."""
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "channels", Path(place) / "out.parquet"
        write_channels(folder, asked.channels)
        run_batch(folder, out, asked.task, "--workers", 2)
        expected = pd.read_parquet(out)
        killed: list[int] = []

        def kill_one(process: int) -> None:
            workers = [one for one in descendants(process) if one != process and processor(one) > asked.after]
            if workers and not killed:
                killed.append(workers[0])
                os.kill(workers[0], signal.SIGKILL)

        for name in ("loky", "Dask"):
            killed.clear()
            out = Path(place) / f"{name}.parquet"
            if name == "loky":
                run_batch(folder, out, asked.task, "--workers", 2, watch=kill_one)
            else:
                with cluster(2) as (address, processes):
                    run_batch(folder, out, asked.task, "--scheduler", address, watch=lambda _: kill_one(processes[0]))
            table = pd.read_parquet(out)
            print(
                f"{name}: {len(killed)} worker killed, {len(table)} rows; equal: {table.equals(expected)}", flush=True
            )


class Answered(Executor):
    """Workers who need no time: the answer is one forecast, under the name of each channel."""

    workers = 1

    def submit(self, _call, batch: Batch, share: Sequence[Loaded]) -> Future:
        """Done at once."""
        columns = schema_of(batch)
        days = pd.DataFrame({"date": pd.date_range("2026-01-01", periods=HORIZON).date, "method": "auto"})
        for field in columns:
            if field.type == pa.float64():
                days[field.name] = np.random.default_rng(0).random(HORIZON)
        named = [days.assign(channel=one.name, file=one.file, identity=batch.identity(one.digest)) for one in share]
        answer: Future = Future()
        rows = pd.concat(named).reindex(columns=columns.names)
        answer.set_result(pa.Table.from_pandas(rows, columns, preserve_index=False))
        return answer


def cost_of_client(asked: argparse.Namespace) -> None:
    """A line for each number of channels, in a process of its own each."""
    for count in asked.channels:
        with tempfile.TemporaryDirectory() as place:
            _write_copies(Path(place) / "channels", count)
            command = ["-m", "tests.benchmark.batch", "client_once", place, "--together", str(asked.together)]
            subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


def _write_copies(folder: Path, count: int) -> None:
    """A usual file, so many times."""
    folder.mkdir()
    text = made(6).rename("views").to_csv(index_label="date")
    for number in range(count):
        (folder / f"channel_{number:07}.csv").write_text(text)


def client_once(asked: argparse.Namespace) -> None:
    """Without the seconds that its workers, who are in this process too, take for their answers."""
    out, executor = asked.folder / "out.parquet", Answered()
    answering = 0.0
    submit = executor.submit

    def timed(*arguments) -> Future:
        nonlocal answering
        begun = time.process_time()
        try:
            return submit(*arguments)
        finally:
            answering += time.process_time() - begun

    executor.submit = timed  # type: ignore[method-assign]
    channels = read(asked.folder / "channels")
    batch = _Shares(together=asked.together)
    begun = time.process_time()
    counts = write(batch, channels, out=out, executor=executor)
    seconds = time.process_time() - begun - answering
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    a_channel = f"{1e3 * seconds / counts.answered:.2f} ms of processor a channel"
    print(f"{counts.answered} channels, {asked.together} a share: {a_channel}, {most / 1e6:.0f} MB", flush=True)


@dataclass(frozen=True)
class _Shares(Batch):
    """A batch whose shares are as large as one likes."""

    together: int = 64

    @property
    def share(self) -> int:
        return self.together


def beside_peers(asked: argparse.Namespace) -> None:
    """Ours and AutoETS on the same channels, one process each."""
    with tempfile.TemporaryDirectory() as place:
        folder, long = Path(place) / "channels", Path(place) / "long.parquet"
        write_channels(folder, asked.channels, cut=HORIZON)
        files = sorted(folder.iterdir())
        frames = [pd.read_csv(file, names=["ds", "y"], header=0, parse_dates=["ds"]) for file in files]
        pd.concat([one.assign(unique_id=file.stem) for file, one in zip(files, frames, strict=True)]).to_parquet(long)
        theirs, seconds = _peer_forecasts(asked.python, long, Path(place) / "theirs.parquet")
        error = errors(theirs, asked.channels)
        print(f"AutoETS: {seconds:.1f} s of processor, MASE {error.mean():.3f}")
        for method in asked.methods:
            out = Path(place) / f"{method}.parquet"
            found = run_batch(folder, out, f"forecast:{method}", "--workers", 1)
            table = pd.read_parquet(out).rename(columns={"channel": "unique_id", "forecast": "y"})
            ours = errors(table, asked.channels)
            both = np.log(ours / error).dropna()
            print(
                f"{method}: {found}, {found.processor / seconds:.2f} of AutoETS' time; MASE {ours.mean():.3f}, ratio "
                f"{np.exp(both.mean()):.3f} as a geometric mean over {len(both)} channels",
                flush=True,
            )


def _peer_forecasts(python: str, long: Path, out: Path) -> tuple[pd.DataFrame, float]:
    script = Path(__file__).parent / "peers_many.py"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NIXTLA_ID_AS_COL": "1"}
    command = [python, str(script), str(long), str(out), str(HORIZON)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return pd.read_parquet(out), float(done.stdout.split()[-1])


def errors(forecasts: pd.DataFrame, channels: int) -> pd.Series:
    """MASE of each channel: over the 28 days, and the mean change from week to week of the days before."""
    found = {}
    for name, rows in forecasts.groupby("unique_id"):
        views = made(int(str(name).split("_")[1]))
        before, after = views[:-HORIZON].to_numpy(), views[-HORIZON:].to_numpy()
        if len(rows) == HORIZON and rows.y.notna().all():
            found[name] = np.abs(rows.y.to_numpy() - after).mean() / np.abs(before[7:] - before[:-7]).mean()
    if len(found) < channels:
        print(f"{channels - len(found)} channels without a forecast")
    return pd.Series(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    writer = what.add_parser("write")
    writer.add_argument("folder", type=Path)
    writer.add_argument("--channels", type=int, default=100)
    writer.set_defaults(run=lambda asked: write_with_broken(asked.folder, asked.channels))
    costs = what.add_parser("cost")
    costs.add_argument("--tasks", nargs="+", default=TASKS)
    costs.add_argument("--channels", nargs="+", type=int, default=[1, 10, 100, 1000])
    costs.add_argument("--workers", type=int, default=2)
    costs.set_defaults(run=cost)
    clusters = what.add_parser("cluster")
    clusters.add_argument("--rounds", type=int, default=3)
    clusters.set_defaults(run=compare_clusters)
    killed = what.add_parser("killed")
    killed.add_argument("--after", type=float, default=5.0, help="seconds of the processor that the worker has had")
    killed.set_defaults(run=kill_workers)
    for one, count in ((clusters, 200), (killed, 200)):
        one.add_argument("--task", default="forecast:linear")
        one.add_argument("--channels", type=int, default=count)
    client = what.add_parser("client")
    client.add_argument("--channels", nargs="+", type=int, default=[1000, 10000])
    client.set_defaults(run=cost_of_client)
    once = what.add_parser("client_once")
    once.add_argument("folder", type=Path)
    once.set_defaults(run=client_once)
    for one in (client, once):
        one.add_argument("--together", type=int, default=64)
    peers = what.add_parser("peers")
    peers.add_argument("--python", required=True, help="an interpreter that has statsforecast")
    peers.add_argument("--methods", nargs="+", default=["linear", "ets"])
    peers.add_argument("--channels", type=int, default=1000)
    peers.set_defaults(run=beside_peers)
    asked = parser.parse_args()
    asked.run(asked)


if __name__ == "__main__":
    main()
