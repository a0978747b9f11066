"""Which tests reach a line: coverage with a context a test, measured once."""

import ast
import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.benchmark.mutants import CODE
from tests.benchmark.mutants.changes import Change, Source

NOT_FAST = ("tests/browser", "tests/benchmark")
SLOW = 3.0  # seconds, of a test that runs after all others
COVERAGE = """\
[run]
source = {copy}/{code}
data_file = {work}/coverage
parallel = true
disable_warnings = no-data-collected, module-not-imported
context = ${{CURRENT_TEST-}}
"""


class Watch:
    """A plugin of pytest: notes for every line which test was at it, and how long each test takes.

    What a fixture of a module or of the session does belongs to all tests that use it.
    """

    def __init__(self, coverage: object) -> None:
        self.coverage, self.seconds, self.users = coverage, {}, defaultdict(list)

    def pytest_collection_modifyitems(self, items) -> None:
        for item in items:
            for name, found in item._fixtureinfo.name2fixturedefs.items():
                self.users[f"{found[-1].baseid} {name}"].append(item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self._switch(item.nodeid)
        begun = time.perf_counter()
        result = yield
        self.seconds[item.nodeid] = time.perf_counter() - begun
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        if fixturedef.scope == "function":
            return (yield)
        test = os.environ["CURRENT_TEST"]
        self._switch(f"{fixturedef.baseid} {fixturedef.argname}")
        result = yield
        self._switch(test)
        return result

    def _switch(self, context: str) -> None:
        self.coverage.switch_context(context)
        os.environ["CURRENT_TEST"] = context  # for processes that are started now


def measure(copy: Path, work: Path) -> None:
    """Run all fast tests once; leaves `coverage.*`, one a process, and `tests.json` in `work`."""
    from coverage import Coverage

    settings = work / "coveragerc"
    settings.write_text(COVERAGE.format(copy=copy, code=CODE, work=work))
    os.environ |= {"COVERAGE_PROCESS_START": str(settings), "CURRENT_TEST": ""}
    coverage = Coverage(config_file=str(settings))
    watch = Watch(coverage)
    coverage.start()
    code = pytest.main(["-q", *(f"--ignore={folder}" for folder in NOT_FAST)], plugins=[watch])
    coverage.stop()
    coverage.save()
    (work / "tests.json").write_text(json.dumps({"seconds": watch.seconds, "users": watch.users}))
    sys.exit(code)


def join(work: Path) -> None:
    """Make one of the files that the processes of `measure` have left."""
    from coverage import CoverageData

    whole = CoverageData(basename=str(work / "coverage"))
    for file in work.glob("coverage.*"):
        part = CoverageData(basename=str(file))
        part.read()
        whole.update(part)
        file.unlink()
    whole.write()


class Tests:
    """What `measure` found."""

    def __init__(self, work: Path, copy: Path, sources: dict[str, Source]) -> None:
        from coverage import CoverageData

        found = json.loads((work / "tests.json").read_text())
        self.seconds: dict[str, float] = found["seconds"]
        self._users: dict[str, list[str]] = found["users"]
        self._copy, self._sources = copy, sources
        self._data = CoverageData(basename=str(work / "coverage"))
        self._data.read()
        self._files = defaultdict(list)
        for test in self.seconds:
            self._files[test.split("::")[0]].append(test)
        self._texts = {file: (copy / file).read_text("utf-8") for file in self._files}

    def reached_by(self, change: Change) -> list[str]:
        """Those that a change may fail, in the order they are to run."""
        source, line = self._sources[change.path], change.place[0]
        own, function = self._own(change.path), source.function(line)
        lines, statement = source.statement(line) or (range(line, line + 1), None)
        if function is None:
            found = self._naming(source, statement)
        elif line >= function.body[0].lineno:
            found = self._at(change.path, lines)
        else:  # arguments and decorators work whenever the function does
            found = self._at(change.path, range(function.body[0].lineno, function.end_lineno + 1))
        own_tests = {test for file in own for test in self._files[file]}
        slow = {test for test in found | own_tests if self.seconds[test] > SLOW}
        return sorted(found | own_tests, key=lambda test: (test in slow, test not in own_tests, self.seconds[test]))

    def _own(self, path: str) -> list[str]:
        """Test files that mirror a module: of its name, or of its package's."""
        names = {f"test_{part.strip('_')}.py" for part in Path(path).with_suffix("").parts[1:]}
        return [file for file in self._files if Path(file).name in names]

    def _at(self, path: str, lines: Iterable[int]) -> set[str]:
        contexts = self._contexts(path)
        found = {context for line in lines for context in contexts.get(line, ())}
        tests = {test for context in found for test in self._users.get(context, [context])}
        return tests & self.seconds.keys()

    def _contexts(self, path: str) -> dict[int, list[str]]:
        return self._data.contexts_by_lineno(str(self._copy / path))

    def _naming(self, source: Source, statement: ast.stmt | None) -> set[str]:
        """Tests that name what a statement at the top of a module or class defines, or reach functions that do."""
        names = self._defined(source, statement)
        found: set[str] = set()
        for other in self._sources.values():
            for function in other.functions:
                if names & _named(function):
                    found |= self._at(other.path, range(function.body[0].lineno, function.end_lineno + 1))
        word = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names)) or "(?!)")
        for file, text in self._texts.items():
            found |= {*self._files[file]} if word.search(text) else set()
        return found

    def _defined(self, source: Source, statement: ast.stmt | None) -> set[str]:
        """Names that a statement gives, and those of constants that are made of these."""
        names = _targets(statement) if statement else set()
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and statement in node.body:
                names.add(node.name)
        while True:
            more = set().union(
                *(
                    _targets(node)
                    for other in self._sources.values()
                    for node in other.tree.body
                    if isinstance(node, ast.Assign | ast.AnnAssign) and _named(node.value) & names
                )
            )
            if more <= names:
                return names
            names |= more


def _targets(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)}


def _named(tree: ast.AST | None) -> set[str]:
    """All names in a piece of code, of attributes and keywords too."""
    nodes = ast.walk(tree) if tree else ()
    return {name for node in nodes for name in (getattr(node, field, None) for field in ("id", "attr", "arg")) if name}
