"""The app as AppTest runs it, with a run store of its own. Every AppTest is another browser session."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from forecasting.jobs.pool import WorkerPool
from pages.parts import file_reading, identity, session

ROOT = Path(__file__).parent.parent.parent
ONCE_AN_HOUR = 3600.0  # seconds


@contextmanager
def app_test_with(url: str) -> Iterator[None]:
    """AppTest runs the app as a server does, with a run store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIEWCAST_STORE", url)
        patch.setenv("VIEWCAST_WORKERS", "1")
        patch.chdir(ROOT)
        # A round of its own would take a run that a test has just put into the store.
        patch.setitem(WorkerPool.__init__.__kwdefaults__, "round_seconds", ONCE_AN_HOUR)
        # AppTest draws nothing by itself: what is brought is read within the run that brings it, however long it takes.
        patch.setattr(file_reading, "SHORT_SECONDS", 60.0)
        # AppTest has no cookies to read: every AppTest is a browser of its own.
        patch.setattr(identity, "browser_token", lambda: st.session_state.setdefault("token", os.urandom(16).hex()))
        # AppTest resets this switch before every run and would draw app.py through the old discovery of pages/.
        patch.setattr(PagesManager, "uses_pages_directory", False)
        patch.setattr(app_test, "PagesManager", type("PagesOfNavigation", (PagesManager,), {}))
        yield
        session.workers().close()
        file_reading.readers().close()
        st.cache_resource.clear()


@pytest.fixture(scope="session", autouse=True)
def store(session_store_url: str) -> Iterator[None]:
    with app_test_with(session_store_url):
        yield


class Visitor:
    """A browser tab. `go` opens a page, as a link with these query parameters does; the session stays."""

    def __init__(self) -> None:
        self.app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        self.app.session_state.opened_folds = {"events", "unusual"}  # what lies folded is drawn once it is opened

    def go(self, page: str, **query: str) -> AppTest:
        for key, value in query.items():
            self.app.query_params[key] = value
        self.app.switch_page(f"pages/{page}.py").run()
        assert not self.app.exception
        return self.app


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture
def visit(visitor: Visitor) -> Callable[..., AppTest]:
    """Open a page, as a link with these query parameters does."""
    return lambda page="data", **query: visitor.go(page, **query)
