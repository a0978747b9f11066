"""What can be changed in a module, and a random draw of it."""

import ast
import contextlib
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

DEFENSIVE = {"strict", "frozen", "check", "stacklevel", "maxsize"}  # keywords: zip(strict=True), dataclass(frozen=True)
CACHES = {"cache", "lru_cache", "cached_property"}  # decorators without which the answer is the same
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
