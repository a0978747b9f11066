"""What a stranger trips over, counted: loose arguments, double registries, hidden imports, private words.

    python -m tests.benchmark.house [FOLDER] [--brief]

Reads the sources under FOLDER (this checkout without) and runs none of them, so two states of the code can be compared.
Type errors are counted by `mypy --check-untyped-defs`.
"""

import argparse
import ast
import io
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[2]
ROOMS = ("forecasting", "pages")
WORST = 10  # functions that are listed
CONVERTER = re.compile(
    r"_?(to|of|from)_(record|json|dict|reason)|_?to_(run|study|job|channel)|(\w+_|_)?record|_?(un)?pack(_\w+)?"
)
NO_CONVERTERS = (  # what is called like one and is none
    "forecasting/reading/",  # files are unpacked
    "forecasting/json_records.py",  # the one that stands for all, by a record's hints
)
REGISTRIES = (
    "Family", "FAMILIES", "METHODS", "BASELINES", "NAIVE", "REFERENCES", "REGISTRY", "FORECASTERS", "MODELS",
    "CANDIDATES", "ESTIMATORS", "SKLEARN_MODELS",
)  # fmt: skip
ANSWERS = {"better", "worse", "cannot tell"}

# Private words and what the field calls them. A name in capitals or with an underscore is counted as it stands; the
# words in WITHIN also as a part of other names (ladder in ladder_chart).
WITHIN = {"ladder", "rung", "rungs", "climb", "climbed", "study", "studies", "mend", "mends", "peer", "peers"}
WORDS = {
    "candidates, TrialResult, search": "ladder rung rungs climb climbed",
    "measured, measured_views, causal_fill": "plain unknown known_views seen",
    "sklearn model, reference model, baseline ...": "reference Reference references REFERENCES",
    "JobQueue, HEARTBEAT_..., POLL_SECONDS": "Line SILENCE SIGN GLANCE",
    "Job, Progress, submit, result, report": "study studies Finding ask answer tell follow asked",
    "forecast job, make_forecast, HeldOutScore ...": "outlook look_ahead ahead_of judge_held_out Judged won reach_of",
    "CalibratedForecaster, calibrate, refit": "Fitted adopt fitted_before fit_again",
    "ErrorHistory, update_online ...": "Record _falling _near",
    "report, regret_of_alternatives, composition": "hindsight what_others_cost what_it_is",
    "DEPENDENCE_EXPONENT, CALIBRATION_SIZE ...": "HANGING apart _evened REACH MEMORY STEP",
    "NestedRun, with_lower_train_loss ...": "peer peers telling is_within",
    "set_weights, upstream, sample_batch ...": "_above _turned _drawn disturbances together pace",
    "RunRecorder, watchdog, requested ...": "_Scribe deaf told twin hardest",
    "Correction, corrected, channel_names, translate": "mend mends mended others say",
    "SelectionGame, finite_seeds, OptimismBias": "Game stayed Flattery",
    "confidence, probabilities, marginal ...": "sure chances HONEST FURTHER _alone",
    "session, warn_invalid_query_param ...": "here note_bad_link fall_back unlike take_away takeaway",
}
# Where a word of the table has its plain sense, by file or folder: it is not counted there.
PLAIN_SENSE = {
    "answer": (  # better, worse or cannot tell, as an answer; what a reader answers to a Question about a file
        "forecasting/evaluation", "forecasting/forecasts", "forecasting/lectures", "pages/data.py", "pages/forecast.py",
        "pages/train.py", "pages/parts/losses_table.py", "pages/parts/chapter.py", "pages/walkthrough",
    ),
    "tell": ("forecasting/reading",),  # the method of an open file
    "Line": ("pages/walkthrough", "pages/parts/stage.py", "pages/parts/cross_validation.py"),  # a line that is drawn
}  # fmt: skip
PHRASES = ("left the numbers", "held against", "hang together", "by lot", "no say")
ONE_MEANING = (
    "WEEK", "MOST", "USUAL", "SAMPLE", "TICK", "NAMES", "FEWEST_DAYS", "BASELINES", "SENTENCES", "LEAVES", "CHOICES",
    "BOUNDS", "KINDS", "in_views",
)  # fmt: skip


class Module(NamedTuple):
    """A source file and its syntax tree."""

    path: str  # from the root
    text: str
    tree: ast.Module


class Function(NamedTuple):
    """A function and where it stands."""

    module: Module
    node: ast.FunctionDef

    @property
    def place(self) -> str:
        """path:line name."""
        return f"{self.module.path}:{self.node.lineno} {self.node.name}"

    @property
    def lines(self) -> int:
        """From `def` to the end, docstring included."""
        return self.node.end_lineno - self.node.lineno + 1

    @property
    def arguments(self) -> set[str]:
        """Names of all it takes."""
        given = self.node.args
        return {argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)}

    @property
    def positional(self) -> int:
        """How many arguments it takes by position, `self` and `cls` left out."""
        given = self.node.args
        return sum(argument.arg not in ("self", "cls") for argument in (*given.posonlyargs, *given.args))


def read(root: Path) -> list[Module]:
    """Every module of the product."""
    files = sorted(file for room in ROOMS for file in (root / room).rglob("*.py"))
    files += [file for file in (root / "app.py",) if file.exists()]
    return [Module(str(file.relative_to(root)), text := file.read_text("utf-8"), ast.parse(text)) for file in files]


def functions(modules: Iterable[Module]) -> list[Function]:
    """All of them, methods and inner ones too."""
    return [
        Function(module, node)
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


# What is counted: each gives the places found


def loose_series(modules: list[Module]) -> list[str]:
    return [each.place for each in functions(modules) if {"views", "filled"} <= each.arguments]


def filled_taken(modules: list[Module]) -> list[str]:
    return [each.place for each in functions(modules) if "filled" in each.arguments]


def hidden_imports(modules: list[Module]) -> list[str]:
    found = {
        f"{each.module.path}:{node.lineno} in {each.node.name}"
        for each in functions(modules)
        for node in ast.walk(each.node)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    lines = {}
    for place in sorted(found):  # an inner function's import is found in the outer one too
        lines.setdefault(place.split(" ")[0], place)
    return list(lines.values())


def converters(modules: list[Module]) -> list[str]:
    return [
        f"{each.place} ({each.lines} lines)"
        for each in functions(modules)
        if CONVERTER.fullmatch(each.node.name) and not each.module.path.startswith(NO_CONVERTERS)
    ]


def many_positional(modules: list[Module]) -> list[str]:
    """Public functions of forecasting/ that take more than three arguments by position; methods without their first."""
    return [
        f"{each.place} ({many})"
        for each in functions(modules)
        if each.module.path.startswith("forecasting") and not each.node.name.startswith("_")
        if (many := each.positional) > 3
    ]


def registries(modules: list[Module]) -> list[str]:
    return [
        f"{module.path}:{node.lineno} {name}"
        for module in modules
        for node, name in assigned(module)
        if name in REGISTRIES
    ]


def job_tables(modules: list[Module]) -> list[str]:
    """Tables (or mapped classes) with a column of that name."""
    return [
        f"{module.path}:{node.lineno} {owner}"
        for module in modules
        for node, owner in _tables(module.tree)
        if any(isinstance(part, ast.Constant | ast.Name) and _named(part) == "status" for part in ast.walk(node))
    ]


def deciders(modules: list[Module]) -> list[str]:
    """Functions that come to one of the three answers, or hold both ends of an interval against 0."""
    return [each.place for each in functions(modules) if _answers(each.node) or _both_ends(each.node)]


def block_bootstraps(modules: list[Module]) -> list[str]:
    """Functions that draw integers and have a variable for the length of a block."""
    return [each.place for each in functions(modules) if _draws_blocks(each.node)]


def longest(modules: list[Module]) -> list[str]:
    ranked = sorted(functions(modules), key=lambda each: -each.lines)
    return [f"{each.lines:4} {each.place}" for each in ranked[:WORST]]


def most_complex(modules: list[Module]) -> list[str]:
    ranked = sorted(functions(modules), key=lambda each: -complexity(each.node))
    return [f"{complexity(each.node):4} {each.place}" for each in ranked[:WORST]]


def complexity(function: ast.AST) -> int:
    """McCabe's number as radon counts it: one more for each branch, loop, handler, condition and comprehension."""
    found = 1
    for node in ast.walk(function):
        if isinstance(node, ast.BoolOp):
            found += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            found += 1 + len(node.ifs)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.Try):
            found += bool(node.orelse) + (len(node.handlers) if isinstance(node, ast.Try) else 1)
        elif isinstance(node, ast.If | ast.IfExp | ast.Assert | ast.match_case):
            found += 1
    return found


def words(modules: list[Module]) -> list[str]:
    """A line a private name that is still there: how often, in how many files, and what the field says."""
    count, files = _names(modules)
    lines = []
    for better, names in WORDS.items():
        for name in names.split():
            if count[name]:
                lines.append(f"{count[name]:5} {name} in {len(files[name])} files  ->  {better}")
    lines.append(f"{count['_(']:5} _( in {len(files['_('])} files  ->  translate")
    for phrase in PHRASES:
        found = sum(module.text.lower().count(phrase) for module in modules)
        if found:
            lines.append(f"{found:5} “{phrase}” in text")
    return lines


def doubles(modules: list[Module]) -> list[str]:
    """Names that mean several things: defined at the top of more than one module."""
    defined = defaultdict(list)
    for module in modules:
        for node, name in [
            *assigned(module),
            *((n, n.name) for n in module.tree.body if isinstance(n, ast.FunctionDef)),
        ]:
            if name in ONE_MEANING:
                defined[name].append(f"{module.path}:{node.lineno}")
    return [f"{len(places):5} {name}: {', '.join(places)}" for name, places in sorted(defined.items()) if places[1:]]


# How it is found


def assigned(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Names given a value at the top of a module."""
    for node in module.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from ((node, target.id) for target in targets if isinstance(target, ast.Name))


def _tables(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _named(node.func) == "Table" and node.args:
            yield node, _named(node.args[0])
        if isinstance(node, ast.ClassDef) and any("__tablename__" in ast.dump(part) for part in node.body):
            yield node, node.name


def _named(node: ast.AST) -> str:
    """What a node that has a name is called, whatever kind it is."""
    for field in ("id", "attr", "arg", "value"):
        if isinstance(name := getattr(node, field, None), str):
            return name
    return ""


def _answers(function: ast.FunctionDef) -> bool:
    """Whether its branches end in at least two of the answers."""
    ends = []
    for node in ast.walk(function):
        if isinstance(node, ast.IfExp):
            ends += [node.body, node.orelse]
        elif isinstance(node, ast.Return) and node.value:
            ends.append(node.value)
    return len({end.value for end in ends if isinstance(end, ast.Constant) and end.value in ANSWERS}) >= 2


def _both_ends(function: ast.FunctionDef) -> bool:
    """Whether it compares a `low` and a `high` with 0."""
    against_zero = [
        _named(node.left)
        for node in ast.walk(function)
        if isinstance(node, ast.Compare) and any(_is_zero(other) for other in node.comparators)
    ]
    return any("low" in name for name in against_zero) and any("high" in name for name in against_zero)


def _draws_blocks(function: ast.FunctionDef) -> bool:
    nodes = list(ast.walk(function))
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    variables = [node for node in nodes if isinstance(node, ast.Name | ast.arg) and node not in called]
    drawn = any(isinstance(node, ast.Attribute) and node.attr == "integers" for node in called)
    return drawn and any("block" in _named(node).lower() for node in variables)


def _is_zero(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and not isinstance(node.value, bool)


def _names(modules: list[Module]) -> tuple[Counter, dict[str, set[str]]]:
    """How often each private name stands in the code, names of modules and packages too, and in which files."""
    private, count, files = {name for names in WORDS.values() for name in names.split()}, Counter(), defaultdict(set)
    for module in modules:
        tokens = list(tokenize.generate_tokens(io.StringIO(module.text).readline))
        calls = sum(name.string == "_" and after.string == "(" for name, after in pairwise(tokens))
        count["_("] += calls
        files["_("] |= {module.path} if calls else set()
        found = [token.string for token in tokens if token.type == tokenize.NAME]
        for name in [*found, *Path(module.path).with_suffix("").parts]:
            for hit in ({name} & private) | ({part.lower() for part in _parts(name)} & WITHIN):
                if not module.path.startswith(PLAIN_SENSE.get(hit, ())):
                    count[hit] += 1
                    files[hit].add(module.path)
    return count, files


def _parts(name: str) -> list[str]:
    """ladder_chart -> ladder, chart; StudyStore -> Study, Store."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)


COUNTS: dict[str, Callable[[list[Module]], list[str]]] = {
    "functions that take both views and filled": loose_series,
    "functions that take filled": filled_taken,
    "imports inside functions": hidden_imports,
    "hand-written converters": converters,
    "public functions with more than three positional arguments": many_positional,
    "registries of forecasters, by name": registries,
    "tables of jobs (with a column status)": job_tables,
    "functions that decide better / worse / cannot tell": deciders,
    "block bootstraps": block_bootstraps,
    "names with several meanings": doubles,
    "private names left": words,
}
RANKED = {"longest functions, lines": longest, "most complex functions, McCabe": most_complex}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="root of a checkout")
    parser.add_argument("--brief", action="store_true", help="figures alone")
    asked = parser.parse_args()
    modules = read(asked.folder)
    found = {title: count(modules) for title, count in COUNTS.items()}
    print(f"{len(modules):5} modules, {len(functions(modules))} functions")
    for title, places in found.items():
        print(f"{len(places):5} {title}")
    for title, rank in RANKED.items():
        print(f"{rank(modules)[0].split()[0]:>5} {title}")
    if not asked.brief:
        for title, places in (found | {title: rank(modules) for title, rank in RANKED.items()}).items():
            print(f"\n{title}", *(f"  {place}" for place in places), sep="\n")


if __name__ == "__main__":
    main()
