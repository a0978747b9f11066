"""A page is read from the top: what a function takes from the page stands above it, all else is handed to it."""

import ast
import symtable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "pages").rglob("*.py"))


def set_at(tree: ast.Module) -> dict[str, int]:
    """The line that first sets each global, of those that are no function, class or import."""
    defined = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    nodes = [node for part in tree.body if not isinstance(part, defined) for node in ast.walk(part)]
    names = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {name.id: name.lineno for name in reversed(names)}


def read_before_set(source: str) -> set[tuple[str, str]]:
    """(function, global) where the function stands above the line that sets the global it reads."""
    lines, found = set_at(ast.parse(source)), set()
    tables = [symtable.symtable(source, "page", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        if table.get_type() == "function":
            read = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
            found |= {(table.get_name(), name) for name in read if lines.get(name, 0) > table.get_lineno()}
    return found


def test_a_global_that_is_set_below_is_found():
    assert read_before_set("above = 1\ndef draw():\n    return above + below\nbelow = 2\n") == {("draw", "below")}
    assert not read_before_set("def draw(below):\n    return below\nbelow = 2\ndraw(below)\n")


@pytest.mark.parametrize("page", PAGES)
def test_functions_are_handed_what_the_page_works_out_below_them(page):
    assert not read_before_set((ROOT / page).read_text("utf-8"))
