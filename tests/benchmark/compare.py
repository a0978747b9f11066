"""How long the server takes for the Compare page, with 10 and with 200 runs in the store.

    python -m tests.benchmark.compare

Draws the page for visitors of both stores by turns: opened, which is the first drawing of a new visitor, and drawn
again. Prints the middle of eleven in milliseconds, as the clock and as the processor count them, and the ratio of the
processor's, which other work on the machine does not stretch. A drawing is the page's whole script, four runs ticked.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from forecasting import owners
from forecasting.jobs.database import open_engine
from forecasting.jobs.runs import RunStore
from pages.parts import identity, session
from tests.support.filled_store import fill

ROUNDS = 11
SIZES = (10, 200)
DRAWINGS = ("opened", "drawn again")
APP = Path(__file__).parent.parent.parent / "app.py"


def visitor() -> AppTest:
    """A new tab."""
    return AppTest.from_file(str(APP), default_timeout=60)


def enter(app: AppTest, token: str) -> None:
    """Open the Compare page as the visitor whose browser has this token."""
    app.session_state.token = token
    app.switch_page("pages/compare.py").run()
    assert not app.exception


def timed(draw: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock and of the processor."""
    begun = time.perf_counter(), time.process_time()
    draw()
    return 1000 * (time.perf_counter() - begun[0]), 1000 * (time.process_time() - begun[1])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"VIEWCAST_STORE": f"sqlite:///{Path(folder, 'runs.db').as_posix()}", "VIEWCAST_WORKERS": "1"}
        # AppTest has no cookies, and would draw app.py through the old discovery of pages/.
        identity.browser_token = lambda: st.session_state.get("token", "")
        PagesManager.uses_pages_directory = False
        app_test.PagesManager = type("PagesOfNavigation", (PagesManager,), {})
        store = RunStore(open_engine(os.environ["VIEWCAST_STORE"]))
        for size in SIZES:
            fill(store, owners.browser(f"{size}"), size)
        times = {(name, size): [] for name in DRAWINGS for size in SIZES}
        for _round in range(ROUNDS + 1):
            for size in SIZES:
                app = visitor()
                for name, draw in zip(
                    DRAWINGS, (lambda app=app, size=size: enter(app, f"{size}"), app.run), strict=True
                ):
                    times[name, size].append(timed(draw))
        for name in DRAWINGS:
            middles = {
                size: [statistics.median(part) for part in zip(*times[name, size][1:], strict=True)] for size in SIZES
            }
            for size, (clock, processor) in middles.items():
                print(f"{name:12} {size:4} runs {clock:6.0f} ms by the clock, {processor:5.0f} ms of the processor")
            print(f"{name:12} ratio {middles[SIZES[1]][1] / middles[SIZES[0]][1]:14.2f}")
        session.workers().close()
        store.engine.dispose()


if __name__ == "__main__":
    main()
