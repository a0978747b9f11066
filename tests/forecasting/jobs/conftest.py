"""A store of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forecasting.jobs.database import open_engine
from forecasting.jobs.runs import RunStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore(open_engine(f"sqlite:///{(tmp_path / 'runs.db').as_posix()}"))
    yield store
    store.engine.dispose()
