"""Where tests keep their stores: SQLite, and a PostgreSQL server of the tests' own.

A test with the mark `both_databases` runs on both. With VIEWCAST_TEST_STORE=postgresql every test does on PostgreSQL.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import postgresql
from tests.support.postgresql import Server

DATABASES = ("sqlite", "postgresql")
BY_DEFAULT = os.environ.get("VIEWCAST_TEST_STORE", "sqlite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of both databases has two, one after the other."""
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", _databases_of(metafunc.definition))


def _databases_of(test: pytest.Item) -> list[str]:
    if test.get_closest_marker("both_databases"):
        return list(DATABASES) if BY_DEFAULT == "sqlite" else [BY_DEFAULT]
    return ["sqlite"] if test.get_closest_marker("sqlite_only") else [BY_DEFAULT]


@pytest.fixture(scope="session")
def database_server() -> Iterator[Server]:
    """PostgreSQL, for all tests that ask for it."""
    with postgresql.running() as server:
        yield server


@pytest.fixture
def store_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new and empty store."""
    with _new_store(database_kind, tmp_path, request) as url:
        yield url


@pytest.fixture(scope="session")
def session_store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same for all tests together, as a server has it."""
    with _new_store(BY_DEFAULT, tmp_path_factory.mktemp("store"), request) as url:
        yield url


@contextmanager
def _new_store(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{(folder / 'runs.db').as_posix()}"
        return
    with request.getfixturevalue("database_server").schema(f"store_{os.urandom(6).hex()}") as url:
        yield url
