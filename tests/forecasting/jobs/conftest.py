"""A store of its own for each test."""

from collections.abc import Iterator

import pytest

from forecasting.jobs.database import open_engine
from forecasting.jobs.runs import RunStore


@pytest.fixture
def store(store_url: str) -> Iterator[RunStore]:
    store = RunStore(open_engine(store_url))
    yield store
    store.engine.dispose()
