"""What a worker is told about the machine before it loads anything."""

import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import threadpoolctl

SERVER = 0.4e9  # bytes that the server takes with fifty visitors
LOADED = 0.35e9  # bytes that a worker takes which trains a small network
SMALLEST = 0.5e9  # bytes: half as much again as a worker takes before it does anything
SMALL_MACHINE = 4e9  # bytes, below which memory is rather free than a worker ready at once
PATIENCE, SHORT_PATIENCE = 900.0, 120.0  # seconds after which a worker with nothing to do leaves
LOWER_PRIORITY = 5  # steps of nice
AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def worker_environment() -> dict[str, str]:
    """Environment of a worker process: one thread, and the fastest matrix products its processor has.

    numpy's OpenBLAS takes AMD processors newer than itself for old ones and leaves their AVX-512 unused; told so, its
    products took half the time (105 and 230 GFLOPS a core, measured on one of 2024).
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return threads | ({"OPENBLAS_CORETYPE": "SkylakeX"} if _unrecognised_avx512() else {})


def worker_memory() -> float:
    """Bytes that one worker may take: VIEWCAST_WORKER_MEMORY (in MB), else its share of what the server leaves.

    A fifth of a large machine stays free.
    """
    if given := float(os.environ.get("VIEWCAST_WORKER_MEMORY") or 0):
        return given * 1e6
    workers = int(os.environ.get("VIEWCAST_WORKERS") or 0) or usual_workers()
    whole = _machine_memory()
    return max(min(0.8 * whole, whole - SERVER) / workers, SMALLEST)


def usual_workers() -> int:
    """How many workers the machine bears: one a core, as far as its memory goes; one at least."""
    room = (_machine_memory() - SERVER) / LOADED
    return int(max(min(os.cpu_count() or 1, room), 1))


def idle_seconds() -> float:
    """After which a worker or a reader with nothing to do leaves; sooner where memory is small."""
    return PATIENCE if _machine_memory() >= SMALL_MACHINE else SHORT_PATIENCE


def lower_priority() -> None:
    """Have this process stand back where others want the same core: pages come before what is trained."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(LOWER_PRIORITY)


def resident_memory(status: Path = Path("/proc/self/statm")) -> float:
    """Bytes that this process takes now; 0 where the system does not tell."""
    try:
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux
        return 0.0


@cache
def _machine_memory() -> float:
    """Read once: every page asks for it several times."""
    return _memory_within(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))


def _memory_within(groups: Path, root: Path) -> float:
    """Bytes of the machine, or of the container or service that this runs in; infinite where the system is silent."""
    try:
        whole = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # Windows
        return math.inf
    return min([whole, *_group_limits(groups, root)])


def _group_limits(groups: Path, root: Path) -> Iterator[float]:
    """Of this process's control group and of all above it; a container sees its own as the root.

    Version 2 has one tree (a line "0::/PATH"), version 1 one for memory alone ("4:memory:/PATH").
    """
    try:
        lines = [line.split(":", 2) for line in groups.read_text().splitlines()]
    except OSError:  # not Linux
        return
    trees = {"": (root, "memory.max"), "memory": (root / "memory", "memory.limit_in_bytes")}
    for _number, controllers, path in lines:
        for folder, name in (trees[one] for one in controllers.split(",") if one in trees):
            group = folder / path.lstrip("/")
            for place in (group, *group.parents):
                if place.is_relative_to(folder):
                    yield from _number_in(place / name)


def _number_in(file: Path) -> Iterator[float]:
    try:
        yield float(file.read_text())
    except (OSError, ValueError):  # not there, or "max"
        return


def use_one_thread() -> None:
    """Hold this process to one thread, where the environment came too late."""
    import torch  # noqa: PLC0415  the server asks for the environment alone, and never loads torch

    torch.set_num_threads(1)
    threadpoolctl.threadpool_limits(1)


def _unrecognised_avx512(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    try:
        text = cpuinfo.read_text()
    except OSError:  # not Linux: leave the choice to OpenBLAS
        return False
    flags = next((line.split(":")[1].split() for line in text.splitlines() if line.startswith("flags")), [])
    return "AuthenticAMD" in text and set(flags) >= AVX512
