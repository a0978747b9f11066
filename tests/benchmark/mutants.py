"""How many small faults the fast tests see: random one-place changes in forecasting/, each run on the tests it reaches.

    python -m tests.benchmark.mutants [FOLDER] [--mutants 200] [--seed 1] [--seconds 60] [--work FOLDER] [--list]

By hand only: it needs the project with what its tests need, and `pip install cosmic-ray coverage` on top. All tests run
once at first, then a mutant takes about ten seconds of one core. FOLDER is the root of a checkout (this one without);
it is copied and never touched. What is copied and measured stays in --work for another draw of the same code.

What is changed comes from cosmic-ray: an operator for its neighbour, a number by one, a condition turned round, True
for False, a loop that never runs, an exception that is not caught, a decorator gone. A place is drawn first and then
one of its changes, so that a plus with many neighbours counts no more than a number. Left out are charts, types, texts,
and settings of a call that matter only where another fault is (LEFT_OUT, DEFENSIVE, CACHES).

Which tests reach a line is measured: coverage with a context a test, in processes that tests start too. A constant of a
module reaches the tests of functions that name it. The tests of the module's own file come first, then the fastest,
the slow ones last; the first failure ends it. Tests that take more than --seconds together, as measured, are cut off
there, which is said of a survivor.
"""

import argparse
import ast
import contextlib
import hashlib
import importlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).resolve().parents[2]
CODE = "forecasting"
LEFT_OUT = ("forecasting/charts/",)  # looks
DEFENSIVE = {"strict", "frozen", "check", "stacklevel", "maxsize"}  # keywords: zip(strict=True), dataclass(frozen=True)
CACHES = {"cache", "lru_cache", "cached_property"}  # decorators without which the answer is the same
NOT_FAST = ("tests/browser", "tests/benchmark")
NOT_COPIED = (".git", ".venv", "*.pyc", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".coverage*")
PRELOADED = ("torch", "pandas", "sqlalchemy", "altair", "pyarrow", "sklearn.ensemble", "sklearn.svm", "statsmodels.api")
SLOW = 3.0  # seconds, of a test that runs after all others
OUTPUT = "output.txt"  # of the last tests, in the working folder
NEIGHBOURS = re.compile(
    "core/("
    "ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_FloorDiv|Pow_Mul|LShift_RShift|RShift_LShift"
    "|BitOr_BitAnd|BitAnd_BitOr|BitXor_BitOr)"
    "|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Is_IsNot|IsNot_Is)"
    "|ReplaceUnaryOperator_(USub_UAdd|Delete_Not|Delete_Invert)"
    "|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceBreakWithContinue"
    "|ReplaceContinueWithBreak|ExceptionReplacer|NumberReplacer|RemoveDecorator|ZeroIterationForLoop)"
)


class Change(NamedTuple):
    """One change that cosmic-ray can make: the `occurrence`th of its operator in the file."""

    path: str  # from the root
    place: tuple[int, int]  # line from 1, column from 0
    operator: str
    occurrence: int

    @property
    def family(self) -> str:
        """Kind of change; a place has one or two."""
        return self.operator.split("_")[0]


class Mutant(NamedTuple):
    """A changed file."""

    change: Change
    source: str
    what: str  # old line -> new line

    @property
    def where(self) -> str:
        return f"{self.change.path}:{self.change.place[0]}"


class Result(NamedTuple):
    """How a mutant fared."""

    mutant: Mutant
    outcome: str  # caught, survived, timed out
    tests: int
    seconds: float
    note: str = ""


# Changes


class Source:
    """A module: its text, and what is where."""

    def __init__(self, root: Path, path: str) -> None:
        self.path, self.text = path, (root / path).read_text("utf-8")
        self.tree = ast.parse(self.text)

    @cached_property
    def statements(self) -> list[tuple[range, ast.stmt]]:
        """Lines of every statement, decorators included, without the body of those that have one."""
        return [
            (range(_first(node), _head(node) + 1), node) for node in ast.walk(self.tree) if isinstance(node, ast.stmt)
        ]

    @cached_property
    def functions(self) -> list[ast.FunctionDef]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    def statement(self, line: int) -> tuple[range, ast.stmt] | None:
        """The innermost one."""
        found = [each for each in self.statements if line in each[0]]
        return min(found, key=lambda each: len(each[0]), default=None)

    def function(self, line: int) -> ast.FunctionDef | None:
        """The innermost one, its arguments and decorators included."""
        found = [node for node in self.functions if _first(node) <= line <= node.end_lineno]
        return max(found, key=_first, default=None)

    def is_left_out(self, place: tuple[int, int]) -> bool:
        """Whether it is in a type, a text or a setting that is defensive."""
        return any(start <= place < end for start, end in self._left_out)

    @cached_property
    def _left_out(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        found: list[ast.AST] = []
        for node in ast.walk(self.tree):
            found += [getattr(node, name) for name in ("annotation", "returns") if getattr(node, name, None)]
            if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.keyword) and node.arg in DEFENSIVE):
                found.append(node)
            found += [each for each in getattr(node, "decorator_list", ()) if _called(each) in CACHES]
        return [((node.lineno, node.col_offset - 1), (node.end_lineno, node.end_col_offset)) for node in found]


def changes(source: Source) -> Iterator[Change]:
    """All that cosmic-ray's chosen operators can do to a module."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    tree = get_ast(source.text)
    for name in filter(NEIGHBOURS.fullmatch, sorted(operator_names())):
        operator = get_operator(name)()
        places = ((node, start) for node in ast_nodes(tree) for start, _end in operator.mutation_positions(node))
        for occurrence, (node, start) in enumerate(places):
            signature = node.type == "operator" and node.parent.type in ("parameters", "lambdef", "param")  # *, and /,
            if not signature and not source.is_left_out(start):
                yield Change(source.path, start, name, occurrence)


def draw(sources: dict[str, Source], draw: random.Random) -> Iterator[Mutant]:
    """Mutants in random order: each place once, by one of its changes."""
    places = defaultdict(list)
    for source in sources.values():
        for change in changes(source):
            places[change.path, change.place, change.family].append(change)
    for choices in draw.sample(list(places.values()), len(places)):
        change = draw.choice(choices)
        if mutant := mutated(sources[change.path], change):
            yield mutant


def mutated(source: Source, change: Change) -> Mutant | None:
    """None where the change is none, or leaves no Python."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    text = mutate_code(source.text, get_operator(change.operator)(), change.occurrence)
    with contextlib.suppress(SyntaxError):
        if text and ast.dump(ast.parse(text)) != ast.dump(source.tree):
            return Mutant(change, text, _difference(source.text, text, change.place[0]))
    return None


def _difference(old: str, new: str, line: int) -> str:
    before, after = old.splitlines(), new.splitlines()
    changed = after[line - 1].strip() if len(before) == len(after) else "(gone)"
    return f"{before[line - 1].strip()}  ->  {changed}"


def _head(node: ast.stmt) -> int:
    """The last line of a statement, or of what comes before its body."""
    body = getattr(node, "body", None)
    return max(_first(body[0]) - 1, node.lineno) if body else node.end_lineno


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])


def _called(node: ast.AST) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return getattr(node, "id", getattr(node, "attr", ""))


# Which tests reach a line


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


COVERAGE = """\
[run]
source = {copy}/{code}
data_file = {work}/coverage
parallel = true
disable_warnings = no-data-collected, module-not-imported
context = ${{CURRENT_TEST-}}
"""


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


# Trying


def tried(mutant: Mutant, tests: Tests, copy: Path, limit: float) -> Result:
    """Put the mutant in its place in the copy, run what reaches it, and put things back."""
    chosen, cut = within(tests.reached_by(mutant.change), tests.seconds, limit)
    if not chosen:
        return Result(mutant, "survived", 0, 0.0, "no test reaches it")
    file, begun = copy / mutant.change.path, time.perf_counter()
    before, stamp = file.read_bytes(), file.stat()
    file.write_text(mutant.source, "utf-8")
    os.utime(file, (stamp.st_atime, stamp.st_mtime + 10_000))  # so that no compiled file is taken for its own
    try:
        code = in_process(run_tests, copy, chosen, limit=20 + 3 * sum(tests.seconds[test] for test in chosen))
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    outcome = {None: "timed out", 0: "survived"}.get(code, "caught")
    note = failure(copy) if outcome == "caught" else "tests cut off" if cut and outcome == "survived" else ""
    return Result(mutant, outcome, len(chosen), time.perf_counter() - begun, note)


def failure(copy: Path) -> str:
    """The test that failed, as pytest sums it up."""
    found = re.search(r"^(FAILED|ERROR) (\S+)", (copy.parent / OUTPUT).read_text("utf-8", "replace"), re.MULTILINE)
    return found[2] if found else "it broke down"


def within(tests: list[str], seconds: dict[str, float], limit: float) -> tuple[list[str], bool]:
    """As many tests as take `limit` seconds, and whether any were cut off."""
    spent, chosen = 0.0, []
    for test in tests:
        spent += seconds[test]
        if chosen and spent > limit:
            return chosen, True
        chosen.append(test)
    return chosen, False


def run_tests(copy: Path, tests: list[str]) -> None:
    """Up to the first failure."""
    sys.exit(pytest.main(["-x", "-p", "no:cacheprovider", *tests]))


def in_process(do: Callable[..., None], copy: Path, *rest, limit: float | None = None) -> int | None:
    """The exit status of `do` in a fork of this process, which has loaded what is slow to load; None past `limit` s."""
    child = multiprocessing.get_context("fork").Process(target=_alone, args=(do, copy, *rest))
    child.start()
    child.join(limit)
    code = child.exitcode
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # it, and whatever it has started
    child.join()
    return code


def _alone(do: Callable[..., None], copy: Path, *rest) -> None:
    os.setsid()
    os.chdir(copy)
    sys.path[:] = [str(copy), *(place for place in sys.path if Path(place or ".").resolve() != HERE)]
    sys.argv = ["pytest"]
    os.environ["PYTHONPATH"] = str(copy)
    with open(copy.parent / OUTPUT, "w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    do(copy, *rest)


# The whole


def prepare(root: Path, work: Path) -> Path:
    """A copy of the tree in `work`, measured unless it was before."""
    copy, known = work / "copy", work / "digest"
    digest = _digest(root)
    if not (known.exists() and known.read_text() == digest):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        for old in work.glob("coverage*"):
            old.unlink()
        print("measuring which tests reach which lines", flush=True)
        if in_process(measure, copy, work):
            sys.exit(f"The tests do not pass as they are; see {work / OUTPUT}.")
        join(work)
        known.write_text(digest)
    return copy


def _digest(root: Path) -> str:
    files = sorted(file for folder in (CODE, "pages", "tests") for file in (root / folder).rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read(copy: Path) -> dict[str, Source]:
    """Modules that are changed, and those beside them that name things."""
    paths = sorted(str(file.relative_to(copy)) for file in (copy / CODE).rglob("*.py"))
    return {path: Source(copy, path) for path in paths}


def say(result: Result) -> str:
    tests = f"{result.tests} tests, {result.seconds:.1f} s" + (f", {result.note}" if result.note else "")
    return f"{result.outcome:9} {result.mutant.where}  {result.mutant.what}  [{tests}]"


def summary(results: list[Result]) -> str:
    counts = {
        outcome: sum(each.outcome == outcome for each in results) for outcome in ("caught", "survived", "timed out")
    }
    seen = (counts["caught"] + counts["timed out"]) / max(len(results), 1)
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    return f"{len(results)} mutants: {said}; seen {seen:.0%}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="root of a checkout")
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn")
    parser.add_argument("--seconds", type=float, default=60, help="of tests a mutant at most, as measured without it")
    parser.add_argument("--work", type=Path, help="where copy and coverage are kept for the next time")
    parser.add_argument("--list", action="store_true", help="draw and print, try none")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    work = (asked.work or Path(tempfile.mkdtemp(prefix="mutants-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    for module in PRELOADED:
        importlib.import_module(module)
    copy = prepare(asked.folder.resolve(), work)
    sources = read(copy)
    tests = Tests(work, copy, sources)
    changed = {path: source for path, source in sources.items() if not path.startswith(LEFT_OUT)}
    drawn = islice(draw(changed, random.Random(asked.seed)), asked.mutants)
    if asked.list:
        for mutant in drawn:
            print(mutant.where, mutant.what, f"[{len(tests.reached_by(mutant.change))} tests]")
        return
    sys.dont_write_bytecode = True  # compiled files of the copy stay those of the measurement
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    report([shown(tried(mutant, tests, copy, asked.seconds)) for mutant in drawn])


def shown(result: Result) -> Result:
    print(say(result), flush=True)
    return result


def report(results: list[Result]) -> None:
    for outcome in ("survived", "timed out"):
        lines = sorted(say(each) for each in results if each.outcome == outcome)
        print(f"\n{outcome}", *lines, sep="\n")
    print(f"\n{summary(results)}")


if __name__ == "__main__":
    main()
