"""Opening a page loads none of the libraries that take seconds: those are for the workers."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("torch", "sklearn", "scipy", "statsmodels", "holidays")


def imported_at_the_top() -> set[str]:
    """Modules of ours that some page imports as it is loaded."""
    nodes = [node for page in (ROOT / "pages").rglob("*.py") for node in ast.parse(page.read_text("utf-8")).body]
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module.startswith("forecasting")}


def test_pages_load_nothing_heavy():
    modules = sorted(imported_at_the_top())
    assert {"forecasting.forecasts.model_file", "forecasting.settings"} <= set(modules)
    script = f"import sys\nimport {', '.join(modules)}\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
