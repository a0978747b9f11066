"""Opening a page loads none of the libraries that take seconds: those are for the workers."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pages.parts.chapters import CHAPTERS, CONTENTS, REPORT_CARD
from pages.parts.sidebar_foot import YOUR_DATA

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("torch", "sklearn", "scipy", "statsmodels", "holidays")


def imported_at_the_top() -> set[str]:
    """Modules of ours that some page imports as it is loaded."""
    nodes = [node for page in (ROOT / "pages").rglob("*.py") for node in ast.parse(page.read_text("utf-8")).body]
    ours = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module.startswith("forecasting")]
    below = {f"{node.module}.{name.name}" for node in ours for name in node.names}
    return {node.module for node in ours} | {name for name in below if is_module(name)}


def is_module(name: str) -> bool:
    return (ROOT / f"{name.replace('.', '/')}.py").exists()


def test_pages_load_nothing_heavy():
    modules = sorted(imported_at_the_top())
    assert {"forecasting.forecasts.model_file", "forecasting.settings", "forecasting.lectures.three_steps"} <= set(
        modules
    )
    script = f"import sys\nimport {', '.join(modules)}\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def named_in_app() -> list[str]:
    return [*re.findall(r'"(pages/\w+\.py)"', (ROOT / "app.py").read_text("utf-8")), YOUR_DATA]


def test_every_page_can_be_opened():
    assert {page.relative_to(ROOT).as_posix() for page in (ROOT / "pages").glob("*.py")} == set(named_in_app())
    chapters = {page.relative_to(ROOT).as_posix() for page in (ROOT / "pages" / "walkthrough").glob("*.py")}
    assert chapters == {CONTENTS, REPORT_CARD, *(entry.page for entry in CHAPTERS)}


OPEN_ALL = """
import sys
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test
PagesManager.uses_pages_directory = False
app_test.PagesManager = type("PagesOfNavigation", (PagesManager,), {})
app = AppTest.from_file(sys.argv[1], default_timeout=60)
for page in sys.argv[2:]:
    app.switch_page(page).run()
    assert not app.exception, page
print([name for name in ("torch", "sklearn", "scipy", "statsmodels") if name in sys.modules])
"""


@pytest.mark.slow
def test_a_server_whose_pages_have_all_been_opened_has_loaded_no_torch(tmp_path):
    pages = [*named_in_app(), CONTENTS, REPORT_CARD, *(entry.page for entry in CHAPTERS)]
    store = {"VIEWCAST_STORE": f"sqlite:///{(tmp_path / 'runs.db').as_posix()}"}
    command = [sys.executable, "-W", "ignore", "-c", OPEN_ALL, str(ROOT / "app.py"), *pages]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | store, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr[-2000:]
