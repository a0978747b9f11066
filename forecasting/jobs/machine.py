"""What a worker is told about the machine before it loads anything."""

from pathlib import Path

import threadpoolctl

AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def worker_environment() -> dict[str, str]:
    """Environment of a worker process: one thread, and the fastest matrix products its processor has.

    numpy's OpenBLAS takes AMD processors newer than itself for old ones and leaves their AVX-512 unused; told so, its
    products took half the time (105 and 230 GFLOPS a core, measured on one of 2024).
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return threads | ({"OPENBLAS_CORETYPE": "SkylakeX"} if _unrecognised_avx512() else {})


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
