"""What workers are told about the machine."""

import os
import subprocess
import sys

import pytest

from forecasting.jobs import machine
from forecasting.jobs.machine import (
    SERVER,
    SMALLEST,
    _memory_within,
    _unrecognised_avx512,
    idle_seconds,
    use_one_thread,
    usual_workers,
    worker_environment,
    worker_memory,
)
from forecasting.jobs.readers import ReaderPool

FLAGS = "fpu sse2 avx2 avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("text", "requested"),
    [
        (f"vendor_id\t: AuthenticAMD\nflags\t\t: {FLAGS}\n", True),
        (f"vendor_id\t: GenuineIntel\nflags\t\t: {FLAGS}\n", False),
        ("vendor_id\t: AuthenticAMD\nflags\t\t: fpu sse2 avx2 avx512f\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd\n", False),
    ],
)
def test_only_amd_with_all_of_avx512_is_told_to_use_it(tmp_path, text, requested):
    (tmp_path / "cpuinfo").write_text(text)
    assert _unrecognised_avx512(tmp_path / "cpuinfo") is requested
    assert not _unrecognised_avx512(tmp_path / "nothing")


def test_a_worker_has_one_thread_and_multiplies_matrices_right():
    script = (
        "import numpy as np, threadpoolctl; some = np.random.default_rng(0).random((150, 140), np.float32);"
        "assert all(pool['num_threads'] == 1 for pool in threadpoolctl.threadpool_info());"
        "assert np.allclose(some @ some.T, (some[:, None] * some[None]).sum(axis=2), rtol=1e-4)"
    )
    assert subprocess.run([sys.executable, "-c", script], env=os.environ | worker_environment()).returncode == 0


def test_a_process_can_be_held_to_one_thread():
    import threadpoolctl
    import torch

    use_one_thread()
    assert torch.get_num_threads() == 1
    assert all(pool["num_threads"] == 1 for pool in threadpoolctl.threadpool_info())


def test_a_host_sets_what_a_worker_may_take(monkeypatch):
    monkeypatch.setenv("VIEWCAST_WORKERS", "4")
    quarter = worker_memory()
    monkeypatch.setenv("VIEWCAST_WORKERS", "1")
    assert quarter == pytest.approx(worker_memory() / 4) or quarter == SMALLEST
    monkeypatch.setenv("VIEWCAST_WORKER_MEMORY", "700")
    assert worker_memory() == 700e6


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("0::/", "memory.max"),  # a container
        ("0::/system.slice/viewcast.service", "system.slice/viewcast.service/memory.max"),  # a service of systemd
        ("0::/system.slice/viewcast.service", "system.slice/memory.max"),  # what stands above it
        ("4:memory:/class", "memory/class/memory.limit_in_bytes"),  # the older control groups
        ("7:cpu,memory:/pods/class", "memory/memory.limit_in_bytes"),  # the same, seen from within a container
    ],
)
def test_a_container_or_a_service_bounds_the_machine(tmp_path, line, file):
    groups, root = tmp_path / "cgroup", tmp_path / "groups"
    groups.write_text(f"1:cpuset:/\n{line}\n")
    whole = _memory_within(groups, root)
    limit = root / file
    limit.parent.mkdir(parents=True)
    limit.write_text("1000000000\n")
    assert _memory_within(groups, root) == 1e9 < whole
    limit.write_text("max\n")
    assert _memory_within(groups, root) == _memory_within(tmp_path / "nothing", root) == whole


@pytest.mark.parametrize(
    ("gigabytes", "cores", "workers"), [(1, 2, 1), (1.4, 2, 2), (0.5, 8, 1), (2.7, 2, 2), (64, 8, 8)]
)
def test_workers_are_as_many_as_cores_and_memory_bear(monkeypatch, gigabytes, cores, workers):
    monkeypatch.delenv("VIEWCAST_WORKERS", raising=False)
    monkeypatch.delenv("VIEWCAST_WORKER_MEMORY", raising=False)
    monkeypatch.setattr(machine, "_machine_memory", lambda: gigabytes * 1e9)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert usual_workers() == workers
    if gigabytes >= 1:
        assert worker_memory() == SMALLEST or SERVER + workers * worker_memory() <= gigabytes * 1e9
    assert (idle_seconds() < 200) == (ReaderPool().idle_seconds < 200) == (gigabytes < 4)


@pytest.mark.skipif(not hasattr(os, "nice"), reason="Windows has no nice")
def test_a_worker_stands_back():
    script = "import os; from forecasting.jobs.machine import lower_priority; lower_priority(); print(os.nice(0))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert int(said) > os.nice(0) or os.nice(0) >= 15
