"""A Streamlit server in a process of its own, on the loopback interface, and what it and its workers take."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
# An address of the loopback interface that is not the one of a local user: every browser owns what it brings.
ADDRESS = "127.0.0.2"
WAIT = 60.0  # seconds for a server to answer


@dataclass(frozen=True)
class Memory:
    """What a process has in memory, in bytes. Shared pages count in whole in rss, by their share in pss, not in uss."""

    rss: float
    pss: float
    uss: float


@dataclass(frozen=True)
class Held:
    """What a server holds open."""

    descriptors: int
    threads: int
    sessions: int


class Served:
    """`streamlit run` of one script."""

    def __init__(self, script: Path, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind((ADDRESS, 0))
            self.port = free.getsockname()[1]
        self.url, self.log = f"http://{ADDRESS}:{self.port}", folder / f"{script.stem}.log"
        options = {
            "server.address": ADDRESS,
            "server.port": self.port,
            "server.headless": "true",
            "server.fileWatcherType": "none",
        }
        command = [sys.executable, "-m", "streamlit", "run", str(script)]
        command += [f"--{name}={value}" for name, value in options.items()]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + WAIT
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"{self.url} did not start: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it; its workers leave with it."""
        self.process.terminate()
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def held(self) -> Held:
        """What is open now."""
        process = Path(f"/proc/{self.process.pid}")
        threads = len(list((process / "task").iterdir()))
        return Held(len(list((process / "fd").iterdir())), threads, self._sessions())

    def _sessions(self) -> int:
        with urllib.request.urlopen(f"{self.url}/_stcore/metrics?families=active_sessions", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        counts = [line.split()[-1] for line in lines if line.startswith("active_sessions")]
        return int(float(counts[-1])) if counts else -1

    def memory(self) -> Memory:
        """Of the server alone."""
        return memory_of(self.process.pid) or Memory(0, 0, 0)

    def workers(self) -> dict[int, Memory]:
        """Of each worker process, by its id."""
        found = {pid: memory_of(pid) for pid in children_of(self.process.pid) if is_worker(pid)}
        return {pid: memory for pid, memory in found.items() if memory}

    def whole(self) -> Memory:
        """Of the server with all its processes."""
        found = [memory_of(pid) for pid in (self.process.pid, *children_of(self.process.pid))]
        return Memory(*(sum(getattr(one, name) for one in found if one) for name in ("rss", "pss", "uss")))


def memory_of(pid: int) -> Memory | None:
    """None where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    sizes = {line.split(":")[0]: 1024 * int(line.split()[1]) for line in text.splitlines()[1:]}
    return Memory(sizes["Rss"], sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"])


def children_of(pid: int) -> list[int]:
    """All that descend from a process."""
    parents: dict[int, int] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [pid]
    for parent in found:
        found += [child for child, whose in parents.items() if whose == parent]
    return found[1:]


def seconds_of(pid: int) -> float:
    """Processor seconds that a process has had; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_worker(pid: int) -> bool:
    """Whether a process is one that does jobs."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
    except OSError:
        return False
    return "loky" in command and "resource_tracker" not in command
